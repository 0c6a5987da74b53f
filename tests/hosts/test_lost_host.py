# SPDX-License-Identifier: BSD-3-Clause
"""A job over three hosts loses one of them: it ends, says so, and goes on to the same model without it."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import h5py
import numpy as np

import harness
import namespaces
from harness import PATIENCE
from network import Network

HOSTS = 3
# mpirun looks after hosts it has not heard of for 2 seconds, twice; jobs/README.md has this with longer times.
KEEP_ALIVE = {"OMPI_MCA_oob_tcp_keepalive_time": "2", "OMPI_MCA_oob_tcp_keepalive_intvl": "1",
              "OMPI_MCA_oob_tcp_keepalive_probes": "2"}


class LostHost(harness.Case):
    @classmethod
    def setUpClass(cls):
        cls.network = Network(SHARED, HOSTS)

    def setUp(self):
        super().setUp()
        generator = np.random.default_rng(5)
        rows = 1.5 * generator.normal(size=(3, 4))[generator.integers(3, size=60_000)] + generator.normal(size=(60_000, 4))
        np.save(self.path("points.npy"), rows)

    def start(self, hosts, iterations, messages="eth0", stall_seconds=3600):
        """mpirun on the first of the hosts, one rank on each, with messages on the network of that name."""
        words = ["mpirun", "--mca", "orte_tmpdir_base", harness.session_folder(), "--mca", "plm_rsh_agent", self.network.agent,
                 "--mca", "btl", "tcp,self", "--mca", "oob_tcp_if_include", "eth0", "--mca", "btl_tcp_if_include", messages, "--host",
                 ",".join(name + ":1" for name in hosts), "-n", len(hosts), harness.GMMPI, "fit", self.path("points.npy"), "-k", 3,
                 "--tol", 0, "--max-iter", iterations, "--log", self.path("log.csv"), "-o", self.path("model.h5"), "--restart",
                 "auto", "--stall-seconds", stall_seconds, "-q"]
        with open(self.path("errors.txt"), "w") as errors:
            job = subprocess.Popen(self.network.words(hosts[0], *words), stdout=subprocess.DEVNULL, stderr=errors,
                                   env=dict(os.environ, **KEEP_ALIVE))
        self.addCleanup(lambda: job.poll() is None and (job.kill(), job.wait()))
        return job

    def errors(self):
        with open(self.path("errors.txt")) as file:
            return file.read()

    def rows(self):
        try:
            return self.bytes_of("log.csv").count(b"\n")
        except OSError:
            return 0

    def wait_until(self, condition, complaint):
        limit = time.monotonic() + PATIENCE
        while not condition():
            self.assertLess(time.monotonic(), limit, complaint + "\n" + self.errors())
            time.sleep(0.05)

    def running_job(self, **choices):
        job = self.start(self.network.names, 10_000_000, **choices)
        self.wait_until(lambda: self.rows() > 20 or job.poll() is not None, "the job makes no progress")
        self.assertIsNone(job.poll(), self.errors())
        return job

    def assert_goes_on_without(self, lost):
        rows = self.rows() - 1
        with h5py.File(self.path("model.h5.checkpoint"), "r") as checkpoint:
            # Nothing is lost but what was under way: a row may be written before the next model is made.
            self.assertGreaterEqual(checkpoint["climber_0/iteration"][()], rows - 1)
        total = rows + 20
        job = self.start([name for name in self.network.names if name != lost], total)
        self.assertEqual(job.wait(timeout=PATIENCE), 0, self.errors())
        self.succeed("fit", self.path("points.npy"), "-k", "3", "--tol", "0", "--max-iter", total, "-o",
                     self.path("undisturbed.h5"), "--checkpoint", "none", "-q")
        self.assertEqual(self.bytes_of("model.h5"), self.bytes_of("undisturbed.h5"))
        numbers = np.loadtxt(self.path("log.csv"), delimiter=",", skiprows=1, usecols=0, dtype=int)
        self.assertEqual(numbers.tolist(), list(range(total + 1)))

    def assert_ended(self, job, lost):
        self.assertNotEqual(job.wait(timeout=PATIENCE), 0)
        self.assertRegex(self.errors(), r"lost communication with a remote daemon[^-]*HNP daemon[^\n]*on node h1\n[^\n]* on node " + lost)
        self.assert_nobody_left()

    def assert_nobody_left(self):
        """Nobody waits for ever, not on the other side of the cut either."""
        self.wait_until(lambda: not any(self.network.processes(name) for name in self.network.names), "some ranks are left")

    def test_cut_off(self):
        """The others see of it what they would see of a power failure: nothing."""
        job = self.running_job()
        self.network.cut_off("h3")
        self.addCleanup(self.network.reconnect, "h3")
        self.assert_ended(job, "h3")
        self.assert_goes_on_without("h3")

    def test_processes_killed(self):
        job = self.running_job()
        self.network.kill_processes("h2")
        self.assert_ended(job, "h2")
        self.assert_goes_on_without("h2")

    def test_network_of_the_messages_lost(self):
        """mpirun still hears all hosts; the ranks no longer hear each other, for which Open MPI would wait for ever."""
        job = self.running_job(messages="eth1", stall_seconds=4)
        self.network.cut_off("h2", ["eth1"])
        self.addCleanup(self.network.reconnect, "h2")
        self.assertEqual(job.wait(timeout=PATIENCE), 75, self.errors())
        self.assertRegex(self.errors(), r"(?m)^gmmpi: .*model\.h5\.checkpoint: rank 0 has waited too long for the others")
        self.assert_nobody_left()
        self.assert_goes_on_without("h2")


if __name__ == "__main__":
    for program in ("ip", "unshare", "mount"):
        if shutil.which(program) is None:
            namespaces.skip("%s is not there (scripts/install_dependencies.sh --tests)" % program)
    if os.geteuid() != 0:
        namespaces.skip("only root can make network namespaces")
    reason = namespaces.enter("ipc", "net")
    if reason:
        namespaces.skip("this machine permits no network namespaces: " + reason)
    SHARED = tempfile.mkdtemp(prefix="gmmpi-hosts-")
    try:
        program = unittest.main(exit=False)
    finally:
        shutil.rmtree(SHARED, ignore_errors=True)
    sys.exit(not program.result.wasSuccessful())
