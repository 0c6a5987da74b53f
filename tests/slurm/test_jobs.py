# SPDX-License-Identifier: BSD-3-Clause
"""The scripts of jobs/, edited as their headers say and submitted to a real SLURM, which is started here and taken down again.

Whatever happens to a job on its way, its model is to the last byte that of a fit that was run here without SLURM.
"""

import os
import re
import shlex
import shutil
import sys
import time
import unittest

import h5py
import numpy as np

import harness
import namespaces
from cluster import Cluster, NOTHING_TO_EDIT, edited, obstacle

JOBS = os.path.join(harness.SOURCE, "jobs")
# A fit without end, and once it was interrupted one of thirty more iterations.
WITHOUT_END = """--tol 0 --log "${model%.h5}.csv" -q
  --max-iter "$([ "${SLURM_RESTART_COUNT:-0}" = 0 ] && echo 1000000 || echo $(($(wc -l <"${model%.h5}.csv") + 30)))\""""


def make_points(path, n=60_000, d=4, k=4):
    """Overlapping clusters, on which EM takes its time."""
    generator = np.random.default_rng(5)
    centres = 1.5 * generator.normal(size=(k, d))
    np.save(path, centres[generator.integers(k, size=n)] + generator.normal(size=(n, d)))


class Jobs(harness.Case):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster()
        cls.addClassCleanup(cls.cluster.stop)

    def setUp(self):
        super().setUp()
        self.data = self.path("points.npy")
        make_points(self.data)

    # --- what a user does ----------------------------------------------------------------

    def script(self, name, settings, batch, to=None):
        """Puts jobs/NAME into the test's folder, edited."""
        with open(os.path.join(JOBS, name)) as file:
            text = file.read()
        settings = dict({"data": "points.npy", "components": "4"}, **settings)
        settings = {key: value for key, value in settings.items()
                    if key == "PATH" or "\n%s=" % key in text.split(NOTHING_TO_EDIT)[0]}
        settings.setdefault("PATH", '"%s:$PATH"' % os.path.dirname(harness.GMMPI))
        return self.write(to or name, edited(text, settings, batch))

    def submit(self, script, *words):
        return self.cluster.sbatch(*words, script, cwd=self.folder)

    def printed(self, job):
        """What the job has printed, all its restarts together."""
        found = [name for name in os.listdir(self.folder) if name.endswith("-%s.out" % job)]
        if not found:
            return ""
        with open(self.path(found[0])) as file:
            return file.read()

    def complete(self, job):
        """Waits for the job, which must end well; what it printed."""
        facts = self.cluster.wait_for(job)
        self.assertEqual((facts["JobState"], facts["ExitCode"]), ("COMPLETED", "0:0"), self.printed(job) + self.cluster.logs())
        return self.printed(job)

    # --- what must come out --------------------------------------------------------------

    def assert_undisturbed(self, model, *options, data=None):
        """The model is that of one fit without SLURM that nothing happened to, and its log has every iteration once."""
        with h5py.File(self.path(model), "r") as file:
            iterations = int(file.attrs["n_iter"])
        self.succeed("fit", data or self.data, "-k", "4", *(options or ("--tol", "0", "--max-iter", iterations)), "-o",
                     self.path("undisturbed.h5"), "--checkpoint", "none", "-q")
        self.assertEqual(self.bytes_of(model), self.bytes_of("undisturbed.h5"))
        log = self.path(model[:-len(".h5")] + ".csv")
        if os.path.exists(log):
            numbers = np.loadtxt(log, delimiter=",", skiprows=1, usecols=0, dtype=int)
            self.assertEqual(numbers.tolist(), list(range(iterations + 1)))
        self.assertEqual([name for name in os.listdir(self.folder) if name.startswith(model + ".")], [])

    def assert_went_on(self, printed, restarts=1):
        self.assertEqual(printed.count("stopped early, all that was reached is saved"), restarts, printed)
        self.assertEqual(printed.count("restart %d" % restarts), 1, printed)

    # --- tests ---------------------------------------------------------------------------

    def test_single_job_by_either_launcher(self):
        jobs = []
        for launch, model in (("(srun --mpi=pmix)", "srun.h5"), ("(mpirun)", "mpirun.h5")):
            script = self.script("fit.slurm", {"launch": launch, "model": model, "options": "-q"},
                                 {"nodes": 2, "ntasks-per-node": 1, "time": "00:05:00"}, to="fit-%s.slurm" % model)
            jobs.append(self.submit(script))
        for job, model in zip(jobs, ("srun.h5", "mpirun.h5")):
            self.assertRegex(self.complete(job), "2 tasks\n.*done: " + model)
            self.assert_undisturbed(model, "--tol", "1e-6")

    def test_chain_at_its_time_limit(self):
        """SLURM's own signal before the limit; the job goes back into the queue and on."""
        script = self.script("chain.slurm", {"launch": "(mpirun)", "options": WITHOUT_END},
                             {"nodes": 2, "ntasks-per-node": 1, "time": "00:01:00", "signal": "B:USR1@50"})
        self.cluster.wait_for_time_limit_check(3)
        job = self.submit(script)
        printed = self.complete(job)
        self.assert_went_on(printed)
        self.assertIn("stopped by SIGUSR1", printed)
        self.assert_undisturbed("model.h5")

    def test_chain_pushed_aside(self):
        """A job of a partition with precedence takes the node away."""
        script = self.script("chain.slurm", {"launch": "(srun --mpi=pmix)", "options": WITHOUT_END},
                             {"nodes": 1, "ntasks-per-node": 2, "time": "00:05:00"})
        job = self.submit(script)
        self.cluster.wait_until(lambda: self.rows() > 10, "the job makes no progress")
        self.cluster.run("scancel", "--batch", "--signal=USR2", job)
        self.cluster.wait_until(lambda: "status: start 1 of 1" in self.printed(job), "the job does not say how far it is")
        urgent = self.submit(self.write("urgent.sh", "#!/bin/sh\nsleep 1\n"), "--partition=urgent", "--nodes=2",
                             "--ntasks-per-node=2", "--time=1")
        self.complete(urgent)
        self.assert_went_on(self.complete(job))
        self.assert_undisturbed("model.h5")

    def rows(self):
        try:
            return self.bytes_of("model.csv").count(b"\n")
        except OSError:
            return 0

    def test_chain_stops_where_going_on_is_no_use(self):
        self.write("bad.csv", "1,2\n3,4\n5,inf\n")
        one = {"nodes": 1, "ntasks-per-node": 1, "time": "00:05:00"}
        wrong = self.submit(self.script("chain.slurm", {"data": "bad.csv", "options": "", "launch": "(srun --mpi=pmix)"}, one))
        # This one saves nothing and never gets anywhere.
        os.mkdir(self.path("idle"))
        os.chmod(self.write("idle/gmmpi", "#!/bin/sh\necho until $SLURM_JOB_END_TIME\nexit 1\n"), 0o755)
        script = self.script("chain.slurm", {"PATH": '"%s:$PATH"' % self.path("idle"), "model": "idle.h5", "options": "",
                                             "launch": "(srun)", "most_idle": "1"}, one, to="idle.slurm")
        idle = self.submit(script)
        facts = self.cluster.wait_for(wrong)
        self.assertEqual((facts["JobState"], facts["ExitCode"], facts["Restarts"]), ("FAILED", "65:0", "0"), self.printed(wrong))
        self.assertIn("the message above says what to change", self.printed(wrong))
        facts = self.cluster.wait_for(idle)
        self.assertEqual((facts["JobState"], facts["ExitCode"], facts["Restarts"]), ("FAILED", "75:0", "2"), self.printed(idle))
        self.assertIn("gives up: 1 restarts in a row", self.printed(idle))
        end = time.mktime(time.strptime(facts["StartTime"], "%Y-%m-%dT%H:%M:%S")) + 300
        told = [int(word) for word in re.findall(r"^until (\d+)$", self.printed(idle), re.MULTILINE)]
        self.assertEqual(len(told), 2, self.printed(idle))
        self.assertTrue(end - 100 < told[0] < told[1] <= end, (told, end))

    def test_pipeline(self):
        with open(self.path("table.csv"), "w") as file:
            np.savetxt(file, np.load(self.data), fmt="%.17g", delimiter=",", header="a,b,c,d", comments="")
        self.script("chain.slurm", {"data": "points.h5", "launch": "(srun --mpi=pmix)", "options": "-q"},
                    {"nodes": 2, "ntasks-per-node": 1, "time": "00:05:00"})
        self.script("pipeline.sh", {"table": "table.csv", "data": "points.h5", "launch": '"srun --mpi=pmix"', "labels": "'its labels.h5'",
                                    "resources": "--nodes=1 --ntasks-per-node=2"}, {})
        words = self.cluster.run("bash", "pipeline.sh", cwd=self.folder).split()
        self.complete(words[-1])
        self.assert_undisturbed("model.h5", "--tol", "1e-6", data=self.path("table.csv"))
        self.succeed("predict", self.path("model.h5"), self.path("table.csv"), "--responsibilities", "-o", self.path("here.h5"))
        self.assertEqual(self.bytes_of("its labels.h5"), self.bytes_of("here.h5"))

    def test_pipeline_without_its_data(self):
        """The jobs after one that failed leave the queue."""
        self.script("chain.slurm", {"launch": "(srun --mpi=pmix)", "data": "none.npy", "options": "-q"},
                    {"nodes": 1, "ntasks-per-node": 1, "time": "00:05:00"})
        self.script("pipeline.sh", {"table": "", "resources": "--nodes=1 --ntasks-per-node=1"}, {})
        words = self.cluster.run("bash", "pipeline.sh", cwd=self.folder).replace(",", "").split()
        self.assertEqual(self.cluster.wait_for(words[2])["ExitCode"], "66:0")
        self.assertEqual(self.cluster.wait_for(words[-1])["JobState"], "CANCELLED")

    def test_array_and_gather(self):
        shutil.copy(harness.MALL, self.path("points.csv"))
        array = self.script("array.slurm", {"data": "points.csv", "numbers": "(3 5)", "seeds": "(0 1)", "launch": "(mpirun)",
                                            "options": "--columns 4,5"},
                            {"array": "0-3", "nodes": 1, "ntasks-per-node": 1, "time": "00:05:00"})
        gather = self.script("gather.slurm", {"compare": shlex.quote(os.path.join(harness.SOURCE, "scripts", "compare.py"))}, {})
        first = self.submit(array)
        printed = self.complete(self.submit(gather, "--dependency=afterok:" + first, "--kill-on-invalid-dep=yes"))
        values = {}
        for k in (3, 5):
            for seed in (0, 1):
                name = self.path("K%d-seed%d.h5" % (k, seed))
                summary = self.summary("fit", self.path("points.csv"), "--columns", "4,5", "-k", k, "--seed", seed, "-o", name)
                self.assertEqual(self.bytes_of("fits/" + os.path.basename(name)), self.bytes_of(name))
                values[summary["bic"]] = name
        self.assertEqual(self.bytes_of("best.h5"), self.bytes_of(values[min(values)]), printed)
        self.assertTrue(os.path.exists(self.path("fits/comparison.csv")))

        again = self.submit(array)
        self.cluster.wait_for(again)
        with open(self.path("gmmpi-array-%s-2.out" % again)) as file:
            self.assertIn("K5-seed0.json is there already", file.read())
        wrong = self.submit(array, "--array=0-2")
        self.assertEqual(self.cluster.wait_for(wrong)["ExitCode"], "64:0")


if __name__ == "__main__":
    reason = obstacle()
    if reason:
        namespaces.skip(reason)
    namespaces.enter("ipc")  # without them kill_children has to do
    namespaces.adopt_orphans()
    program = unittest.main(exit=False)
    namespaces.kill_children()
    sys.exit(not program.result.wasSuccessful())
