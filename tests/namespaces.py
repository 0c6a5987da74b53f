# SPDX-License-Identifier: BSD-3-Clause
"""Tests that start daemons or change networks run in namespaces of their own: whatever happens to the test, nothing of it stays."""

import ctypes
import os
import signal
import subprocess
import sys
import time

INSIDE = "GMMPI_TEST_NAMESPACES"
PR_SET_CHILD_SUBREAPER = 36
SKIPPED = 77  # CTest's SKIP_RETURN_CODE


def skip(reason):
    """Ends the program: CTest counts the test as skipped and shows why."""
    print("skipped: " + reason, flush=True)
    sys.exit(SKIPPED)


def mount(kind, target):
    """A file system of our own at target, for this mount namespace alone."""
    subprocess.run(["mount", "-t", kind, kind, target], check=True)


def enter(*kinds):
    """Starts this program again as the first process of a new PID namespace, with a new mount namespace and those named.

    When that process ends, by itself or killed with the program that was started first, the kernel kills all others. Returns
    None inside, where /dev/shm is empty, or the reason why this machine does not permit it.
    """
    if os.environ.get(INSIDE):
        mount("tmpfs", "/dev/shm")
        return None
    words = ["unshare", "--fork", "--pid", "--mount-proc", "--kill-child"] + ["--" + kind for kind in kinds]
    tried = subprocess.run(words + ["true"], capture_output=True, text=True)
    if tried.returncode != 0:
        return tried.stderr.strip() or "unshare: status %d" % tried.returncode
    sys.stdout.flush()
    os.environ[INSIDE] = "1"
    os.execvp("unshare", words + [sys.executable, "-B"] + sys.argv)


def adopt_orphans():
    """Processes below this one become its children when their parents are gone: none gets out of sight."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def children_of(pid):
    """All processes below pid."""
    try:
        with open("/proc/%d/task/%d/children" % (pid, pid)) as file:
            direct = [int(word) for word in file.read().split()]
    except OSError:
        return []
    return direct + [below for child in direct for below in children_of(child)]


def kill_children():
    """Ends everything below this process; for the very end, after adopt_orphans."""
    for _ in range(100):
        everyone = children_of(os.getpid())
        if not everyone:
            return
        for pid in everyone:
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass
        try:
            while os.waitpid(-1, os.WNOHANG)[0] != 0:
                pass
        except ChildProcessError:
            pass
        time.sleep(0.02)
