# SPDX-License-Identifier: BSD-3-Clause
"""What the numbers were measured on: processor, cores, versions."""

import datetime
import os
import platform
import re
import subprocess


def first_line(words):
    """The first line that a command prints, or None."""
    try:
        run = subprocess.run(words, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return (run.stdout or run.stderr).strip().split("\n")[0] if run.returncode == 0 else None


def processor_name():
    """As /proc/cpuinfo has it, with family and model, since virtual machines are often nameless there."""
    try:
        with open("/proc/cpuinfo") as file:
            text = file.read()
    except OSError:
        return platform.processor() or platform.machine()
    fields = {}
    for name, value in re.findall(r"^([\w ]+?)\s*:\s*(.*)$", text, re.MULTILINE):
        fields.setdefault(name, value)
    name = fields.get("model name") or platform.machine()
    if "cpu family" in fields and "model" in fields:
        name += " (family %s, model %s)" % (fields["cpu family"], fields["model"])
    return re.sub(r"\s+", " ", name)


def n_cores():
    """Physical cores that this process may use."""
    usable = os.sched_getaffinity(0)
    try:
        listing = subprocess.run(["lscpu", "-p=cpu,core,socket"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return len(usable)
    rows = [line.split(",") for line in listing.splitlines() if line and not line.startswith("#")]
    cores = {(row[1], row[2]) for row in rows if int(row[0]) in usable}
    return len(cores) or len(usable)


def describe(gmmpi, cores, frequency_bits):
    """Facts for the report, by name."""
    facts = {
        "date": datetime.date.today().isoformat(),
        "processor": processor_name(),
        "cores used": cores,
        "vector bits": frequency_bits,
        "gmmpi": first_line([gmmpi, "--version"]),
        "MPI": first_line(["mpirun", "--version"]),
        "compiler": first_line(["cc", "--version"]),
        "load before": "%.2f" % os.getloadavg()[0],
    }
    return facts
