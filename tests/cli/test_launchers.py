# SPDX-License-Identifier: BSD-3-Clause
"""Alone, or under a launcher that MPI does not understand: what the environment tells."""

import contextlib
import os
import shutil
import subprocess
import time
import unittest

import harness

ALONE = {name: value for name, value in os.environ.items()
         if not name.startswith(("SLURM_", "PMI", "PALS_", "FLUX_", "PBS_", "OMPI_COMM_", "MV2_COMM_"))}


class Launchers(harness.Case):
    def setUp(self):
        super().setUp()
        self.data = self.write("points.csv", "".join("%d,%d\n" % (i * 7 % 11, i * 13 % 17) for i in range(50)))

    def errors(self, ranks=None, **variables):
        words = harness.command(ranks, "fit", self.data, "-k", 1, "-o", self.path("model.h5"), "-q")
        run = subprocess.run(words, capture_output=True, text=True, timeout=harness.PATIENCE, env=dict(ALONE, **variables))
        self.assertEqual(run.returncode, 0, run.stderr)
        return run.stderr

    def test_lost_tasks(self):
        """One line that names who says so and what to do."""
        for who, n, remedy, variables in (
                ("SLURM", 3, "srun --mpi=pmix", {"SLURM_STEP_ID": "0", "SLURM_STEP_NUM_TASKS": "3", "SLURM_PROCID": "0"}),
                ("PALS", 4, "mpiexec", {"PALS_RANKID": "0", "PALS_LOCAL_SIZE": "4"}),
                ("PALS", 8, "mpiexec", {"PALS_RANKID": "7"}),
                ("PMI", 2, "mpirun", {"PMI_RANK": "1", "PMI_SIZE": "2"}),
                ("Flux", 2, "flux run", {"FLUX_TASK_RANK": "0", "FLUX_JOB_SIZE": "2"}),
                ("MVAPICH", 2, "mpirun", {"MV2_COMM_WORLD_RANK": "0", "MV2_COMM_WORLD_SIZE": "2"}),
                ("PBS", 2, "pbsdsh", {"PBS_TASKNUM": "2"})):
            with self.subTest(who=who):
                lines = self.errors(**variables).splitlines()
                self.assertEqual(len(lines), 1, lines)
                self.assertRegex(lines[0], rf"^gmmpi warning: {who} says that this is one of {n} tasks, but MPI has one rank: .*"
                                           rf"{remedy}")

    def test_nothing_is_lost(self):
        """A script in an allocation of several tasks, a shell in a step, mpirun within srun, one task, nonsense."""
        batch = {"SLURM_JOB_ID": "7", "SLURM_NTASKS": "4", "SLURM_PROCID": "0", "SLURM_LOCALID": "0", "PBS_NP": "4",
                 "PBS_TASKNUM": "1"}
        step = {"SLURM_STEP_ID": "0", "SLURM_STEP_NUM_TASKS": "4", "SLURM_PROCID": "0"}
        for ranks, variables in ((None, batch), (None, dict(step, SLURM_PTY_PORT="4711")), (1, step),
                                 (None, {"SLURM_STEP_NUM_TASKS": "1"}), (None, {"SLURM_STEP_NUM_TASKS": "many"}), (2, step)):
            with self.subTest(ranks=ranks, variables=variables):
                self.assertEqual(self.errors(ranks, **variables), "")

    # --- no daemon -------------------------------------------------------------------------------

    @contextlib.contextmanager
    def running_fit(self, **variables):
        """The number of a process that fits, and that nobody has launched."""
        words = harness.command(None, "fit", self.data, "-k", 2, "--tol", 0, "--max-iter", 10**9, "--checkpoint-every", 1, "-o",
                                self.path("model.h5"), "-q", "--threads", 1)
        job = subprocess.Popen(words, stderr=subprocess.DEVNULL, env=dict(ALONE, **variables))
        try:
            limit = time.monotonic() + harness.PATIENCE
            while not os.path.exists(self.path("model.h5.checkpoint")):
                self.assertIsNone(job.poll())
                self.assertLess(time.monotonic(), limit)
                time.sleep(0.01)
            yield job.pid
        finally:
            job.terminate()
            job.wait()
            for ending in ("", ".prev"):
                if os.path.exists(self.path("model.h5.checkpoint" + ending)):
                    os.unlink(self.path("model.h5.checkpoint" + ending))

    def children_and_session(self, **variables):
        """How many programs it has started, and whether Open MPI has a session folder."""
        session = harness.session_folder()
        with self.running_fit(OMPI_MCA_orte_tmpdir_base=session, **variables) as number:
            with open(f"/proc/{number}/task/{number}/children") as file:
                return len(file.read().split()), os.path.exists(session)

    @unittest.skipUnless(os.path.exists("/etc/debian_version"), "another OpenBLAS may have no threads")
    @unittest.skipIf(os.environ.get("GMMPI_SANITIZED") == "ON", "sanitizers are not ready when it is asked not to")
    def test_openblas_starts_no_threads(self):
        """Unless somebody wants them, who need not have all that a shell sets."""
        numbers = []
        for variables in ({"OPENBLAS_NUM_THREADS": "1"}, {"SHLVL": "1"}, {"OPENBLAS_NUM_THREADS": "3", "SHLVL": "1"}):
            with self.running_fit(**variables) as number:
                numbers.append(len(os.listdir(f"/proc/{number}/task")))
        self.assertEqual(numbers[1], numbers[0])
        if len(os.sched_getaffinity(0)) > 1:
            self.assertGreater(numbers[2], numbers[0])

    def test_alone(self):
        self.assertEqual(self.children_and_session(), (0, False))

    @unittest.skipUnless(shutil.which("orted"), "Open MPI has no daemon of that name")
    def test_what_the_user_has_set_stays(self):
        self.assertEqual(self.children_and_session(OMPI_MCA_ess_singleton_isolated="0"), (1, True))


if __name__ == "__main__":
    unittest.main()
