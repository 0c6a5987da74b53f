"""What the tests of faults share: a system call that fails, small jobs and their models, disks without room."""

import atexit
import os
import re
import shutil
import signal
import subprocess
import tempfile

import numpy as np

import harness

PATIENCE = 120  # seconds after which a job counts as hung


_shim = None


def shim():
    """The library's path without blanks, which separate the names in LD_PRELOAD."""
    global _shim
    if _shim is None:
        folder = tempfile.mkdtemp(prefix="gmmpi-shim-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        _shim = shutil.copy(os.environ["GMMPI_FAULT_SHIM"], folder)
    return _shim


def failing(file, call, does="EIO", byte=0, skip=0, rank=None):
    """The environment in which a call on files whose names end with `file` fails; see fault_shim.c."""
    settings = {"LD_PRELOAD": shim(), "GMMPI_FAULT_FILE": file, "GMMPI_FAULT_CALL": call,
                "GMMPI_FAULT_DOES": does, "GMMPI_FAULT_BYTE": str(byte), "GMMPI_FAULT_SKIP": str(skip),
                # The sanitizer's library wants to be the first one that is loaded.
                "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}
    if rank is not None:
        settings["GMMPI_FAULT_RANK"] = str(rank)
    return settings


def make_points(path, n, d=3, k=4, seed=1):
    """Overlapping clusters, as an NPY file."""
    generator = np.random.default_rng(seed)
    centres = 1.5 * generator.normal(size=(k, d))
    points = centres[generator.integers(k, size=n)] + generator.normal(size=(n, d))
    np.save(path, points)
    return points


def children_of(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            direct = [int(word) for word in file.read().split()]
    except OSError:
        return []
    return direct + [below for child in direct for below in children_of(child)]


def catches(pid, number):
    """Has the process a handler for this signal?"""
    try:
        with open(f"/proc/{pid}/status") as file:
            caught = re.search(r"^SigCgt:\s*([0-9a-f]+)$", file.read(), re.MULTILINE).group(1)
    except (OSError, AttributeError):
        return False
    return bool(int(caught, 16) >> (number - 1) & 1)


class Running:
    """A job that was started and is not waited for."""

    def __init__(self, words, environment, output, **more):
        self.output = output
        with open(output, "w") as file:
            self.process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=file, env=environment,
                                            start_new_session=True, **more)

    def ranks(self):
        """The processes of gmmpi, in the order of their ranks."""
        everyone = [self.process.pid] + children_of(self.process.pid)
        found = []
        for pid in everyone:
            try:
                if os.path.samefile(f"/proc/{pid}/exe", harness.GMMPI):
                    with open(f"/proc/{pid}/environ", "rb") as file:
                        variables = dict(part.split(b"=", 1) for part in file.read().split(b"\0") if b"=" in part)
                    found.append((int(variables.get(b"OMPI_COMM_WORLD_RANK", b"0")), pid))
            except OSError:
                pass
        return [pid for _, pid in sorted(found)]

    def wait(self):
        return self.process.wait(timeout=PATIENCE)

    def errors(self):
        with open(self.output) as file:
            return file.read()

    def kill_everything(self):
        """As when the machines lose power: nobody can react."""
        everyone = [self.process.pid] + children_of(self.process.pid)
        for pid in everyone:
            try:
                os.kill(pid, signal.SIGSTOP)
            except OSError:
                pass
        for pid in everyone:
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass
        self.wait()


class SmallJob(harness.Case):
    """A job of many short iterations, each with a checkpoint, whose model is known."""

    OPTIONS = ["-k", "4", "--init", "k-means++", "--tol", "0", "--max-iter", "80", "--checkpoint-every", "1", "-q"]
    EXPECTED = {}

    def setUp(self):
        super().setUp()
        self.data = self.path("points.npy")
        make_points(self.data, 3000)
        self.model = self.path("model.h5")
        self.checkpoint = self.path("model.h5.checkpoint")

    def words(self, *more):
        return ["fit", self.data, *self.OPTIONS, "-o", self.model, *more]

    def undisturbed(self):
        """The bytes of the model of a job that nothing happens to."""
        if "model" not in self.EXPECTED:
            expected = self.path("undisturbed.h5")
            self.succeed("fit", self.data, *self.OPTIONS, "-o", expected, "--checkpoint", "none")
            self.EXPECTED["model"] = self.bytes_of("undisturbed.h5")
        return self.EXPECTED["model"]

    def assert_undisturbed(self):
        self.assertEqual(self.bytes_of("model.h5"), self.undisturbed())
        self.assertEqual([name for name in os.listdir(self.folder) if "checkpoint" in name or "partial" in name], [])

    def stop_after(self, iterations):
        """Kills a job when it has written so many checkpoints: the last one and the one before stay."""
        run = harness.gmmpi(*self.words(), env=failing("model.h5.checkpoint", "link", "KILL", skip=iterations))
        self.assertEqual(run.returncode, -9, run.stderr)

    def small_disk(self, size="256k"):
        disk = self.path("disk")
        os.mkdir(disk)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=" + size, "tmpfs", disk], capture_output=True,
                                 text=True)
        if mounted.returncode != 0:
            self.skipTest("no small disk can be mounted: " + mounted.stderr.strip())
        self.addCleanup(subprocess.run, ["umount", "-l", disk], capture_output=True)
        return disk


def fill(disk, pages_left=0):
    """Takes a disk's space but for so many pages."""
    page = os.sysconf("SC_PAGESIZE")
    filler = os.path.join(disk, "filler")
    with open(filler, "wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * page)
        except OSError:
            pass
        file.truncate(file.tell() // page * page - pages_left * page)
    return filler
