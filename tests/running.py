# SPDX-License-Identifier: BSD-3-Clause
"""Jobs that a test starts and does not wait for, and what is done to their system calls.

What a test does to a running job must find it running, however fast or slow the machine is: the job is held at a system call of its
own (holding, Running.until_held), it is asked or harmed, and then it goes on.
"""

import atexit
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time

import harness
from harness import PATIENCE

_shim = None


def shim():
    """The library's path without blanks, which separate the names in LD_PRELOAD."""
    global _shim
    if _shim is None:
        folder = tempfile.mkdtemp(prefix="gmmpi-shim-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        _shim = shutil.copy(os.environ["GMMPI_FAULT_SHIM"], folder)
    return _shim


def failing(file, call, does="EIO", byte=0, skip=0, rank=None, times=0):
    """The environment in which a call on files whose names end with `file` fails; see fault_shim.c."""
    settings = {"LD_PRELOAD": shim(), "GMMPI_FAULT_FILE": file, "GMMPI_FAULT_CALL": call, "GMMPI_FAULT_DOES": does,
                "GMMPI_FAULT_BYTE": str(byte), "GMMPI_FAULT_SKIP": str(skip), "GMMPI_FAULT_TIMES": str(times),
                # The sanitizer's library wants to be the first one that is loaded.
                "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}
    if rank is not None:
        settings["GMMPI_FAULT_RANK"] = str(rank)
    return settings


def holding(file, call, byte=0, skip=0, rank=0, times=1):
    """The environment in which a rank stops before such a call, until it is continued: the first one but `skip`, or so many more
    of them (0: all)."""
    return failing(file, call, "STOP", byte=byte, skip=skip, rank=rank, times=times)


def children_of(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            direct = [int(word) for word in file.read().split()]
    except OSError:
        return []
    return direct + [below for child in direct for below in children_of(child)]


def status_of(pid, name):
    """A line of /proc/PID/status; empty when the process is gone."""
    try:
        with open(f"/proc/{pid}/status") as file:
            found = re.search(rf"^{name}:\s*(.*)$", file.read(), re.MULTILINE)
    except OSError:
        return ""
    return found.group(1) if found else ""


def _has(pid, name, number):
    return bool(int(status_of(pid, name) or "0", 16) >> (number - 1) & 1)


def catches(pid, number):
    """Has the process a handler for this signal?"""
    return _has(pid, "SigCgt", number)


def is_pending(pid, number):
    """Has the process been sent this signal, and not seen it yet?"""
    return _has(pid, "SigPnd", number) or _has(pid, "ShdPnd", number)


def is_held(pid):
    """Are all of its threads stopped?"""
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return False
    return all(status_of(f"{pid}/task/{thread}", "State").startswith("T") for thread in threads)


class Running:
    """A job that was started and is not waited for."""

    def __init__(self, words, environment, output, **more):
        self.output = output
        with open(output, "w") as file:
            self.process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=file, env=environment,
                                            start_new_session=True, **more)

    def by_rank(self):
        """The processes of gmmpi by their ranks."""
        found = {}
        for pid in [self.process.pid] + children_of(self.process.pid):
            try:
                if os.path.samefile(f"/proc/{pid}/exe", harness.GMMPI):
                    with open(f"/proc/{pid}/environ", "rb") as file:
                        variables = dict(part.split(b"=", 1) for part in file.read().split(b"\0") if b"=" in part)
                    found[int(variables.get(b"OMPI_COMM_WORLD_RANK", b"0"))] = pid
            except OSError:
                pass
        return found

    def ranks(self):
        """The processes of gmmpi, in the order of their ranks."""
        return [pid for _, pid in sorted(self.by_rank().items())]

    def until(self, condition, what):
        """Waits while the job runs; what the condition gave."""
        limit = time.monotonic() + PATIENCE
        while not (outcome := condition()):
            if self.process.poll() is not None:
                raise AssertionError(f"ended with status {self.process.returncode} before {what}: {self.errors()}")
            if time.monotonic() > limit:
                raise AssertionError(f"no {what} in {PATIENCE} s: {self.errors()}")
            time.sleep(0.005)
        return outcome

    def until_held(self, rank=0):
        """Waits until a rank has come to the call at which it is held (see holding): its process."""
        def held():
            pid = self.by_rank().get(rank)
            return pid if pid is not None and is_held(pid) else None
        return self.until(held, f"call at which rank {rank} is held")

    def let_go(self, pid):
        """Continues a rank as often as it is held, until the job ends or PATIENCE does."""
        limit = time.monotonic() + PATIENCE
        while self.process.poll() is None and time.monotonic() < limit:
            if is_held(pid):
                os.kill(pid, signal.SIGCONT)
            time.sleep(0.002)

    def wait(self):
        return self.process.wait(timeout=PATIENCE)

    def errors(self):
        with open(self.output) as file:
            return file.read()

    def kill_everything(self):
        """As when the machines lose power: nobody can react."""
        everyone = [self.process.pid] + children_of(self.process.pid)
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in everyone:
                try:
                    os.kill(pid, number)
                except OSError:
                    pass
        self.wait()
