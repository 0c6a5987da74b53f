# SPDX-License-Identifier: BSD-3-Clause
"""The scripts of jobs/ as far as they can be tried without a batch system; tests/slurm/ submits them to a real SLURM.

qsub and bsub are not tried: fit.pbs and fit.lsf are run as PBS and LSF would start them, by bash, with what these put into the
environment.
"""

import os
import re
import shlex
import shutil
import signal
import subprocess
import time
import unittest

import h5py
import numpy as np

import harness
from harness import PATIENCE

JOBS = os.path.join(harness.SOURCE, "jobs")

# Notes the folder of its session, which must be there, and ends when so many others have.
LAUNCHER = """echo "$OMPI_MCA_orte_tmpdir_base" >"$NOTES.$$" && mv "$NOTES.$$" "$NOTES/$$"
[ -z "$OMPI_MCA_orte_tmpdir_base" ] || [ -d "$OMPI_MCA_orte_tmpdir_base" ] || exit 9
while [ "$(ls "$NOTES" | wc -l)" -lt "$COUNT" ]; do sleep 0.01; done
"""
# Keeps what it is to run.
SBATCH = """#!/bin/bash
mkdir -p wrapped
[ "${*: -2:1}" = --wrap ] && echo "${*: -1}" >"wrapped/$$"
echo 17
"""


def text_of(name):
    with open(os.path.join(JOBS, name)) as file:
        return file.read()


def scripts():
    return sorted(name for name in os.listdir(JOBS) if name != "README.md")


class JobScripts(harness.Case):
    def test_every_script_is_explained(self):
        explained = text_of("README.md")
        for name in scripts():
            self.assertIn("| `%s` |" % name, explained)
            self.assertRegex(text_of(name), r"\A#!/usr/bin/env bash\n# [^#]*(\n#[^\n]*)*\n# Edit ")

    @unittest.skipUnless(shutil.which("shellcheck"), "shellcheck is not there")
    def test_shellcheck(self):
        done = subprocess.run(["shellcheck"] + [os.path.join(JOBS, name) for name in scripts()], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_common_lines_are_the_same(self):
        """Each script is one file, so that it can be copied and submitted alone; what they share is written in each."""
        common = [re.search(r"^set -u\n.*?^run\(\).*?^}\n", text_of(name + ".slurm"), re.MULTILINE | re.DOTALL).group()
                  for name in ("fit", "chain", "array")]
        self.assertEqual(common[1:], common[:1] * 2)


class Sessions(harness.Case):
    """Launches of Open MPI on one node do not share the folder of their sessions, and leave none; others are left alone. gmmpi and the
    launcher are not the real ones here: each fit begins when all others have, so that all are there at the same time."""

    def setUp(self):
        super().setUp()
        os.mkdir(self.path("bin"))
        for name, text in (("mpirun", LAUNCHER), ("srun", LAUNCHER), ("squeue", ""), ("gmmpi", "")):
            os.chmod(self.write("bin/" + name, "#!/bin/sh\n" + text), 0o755)
        self.environment = {"PATH": self.path("bin") + ":" + os.environ["PATH"], "NOTES": self.path("notes"), "SLURM_ARRAY_TASK_COUNT": "12",
                            "SLURM_ARRAY_TASK_MAX": "11", "SLURM_JOB_NUM_NODES": "1", "TMPDIR": self.path("tmp")}
        os.mkdir(self.path("notes"))
        os.mkdir(self.path("tmp"))

    def script(self, name, launch):
        text, count = re.subn(r"^launch=.*", "launch=%s" % launch, text_of(name), flags=re.MULTILINE)
        self.assertEqual(count, 1)
        return self.write(name, text)

    def noted(self, count):
        """The folders that so many launches were given; "" for none."""
        found = [self.bytes_of("notes/" + name).decode().strip() for name in os.listdir(self.path("notes"))]
        shutil.rmtree(self.path("notes"))
        os.mkdir(self.path("notes"))
        self.assertEqual(len(found), count)
        self.assertEqual(os.listdir(self.path("tmp")), [])
        return found

    def folders(self, name, launch, count=1, **variables):
        """The folders that launches of a script at the same time are given."""
        path = self.script(name, launch)
        jobs = [subprocess.Popen(["bash", path], cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                 env=dict(self.environment, SLURM_ARRAY_TASK_ID=str(i), COUNT=str(count), **variables)) for i in range(count)]
        for job in jobs:
            printed = job.communicate(timeout=PATIENCE)[0]
            self.assertEqual(job.returncode, 0, printed)
        return self.noted(count)

    def test_each_its_own(self):
        for script in ("array.slurm", "fit.slurm", "chain.slurm", "fit.pbs", "fit.lsf"):
            with self.subTest(script=script):
                count = 3 if script == "array.slurm" else 1
                found = self.folders(script, "(mpirun -x A)", count)
                self.assertEqual(len(set(found)), count)
                for folder in found:
                    self.assertRegex(folder, "^%s/gm-[A-Za-z0-9]{6}$" % re.escape(self.path("tmp")))
                self.assertEqual(self.folders(script, "(srun)"), [""])

    def test_several_nodes(self):
        """The folder would stay on the others."""
        self.assertEqual(self.folders("chain.slurm", "(mpirun)", SLURM_JOB_NUM_NODES="2"), [""])
        self.assertEqual(self.folders("fit.pbs", "(mpirun)", PBS_NODEFILE=self.write("nodes", "n1\nn1\nn2\n")), [""])
        self.assertNotEqual(self.folders("fit.pbs", "(mpirun)", PBS_NODEFILE=self.write("nodes", "n1\nn1\n")), [""])
        self.assertEqual(self.folders("fit.lsf", "(mpirun)", LSB_MCPU_HOSTS="n1 16 n2 16"), [""])
        self.assertNotEqual(self.folders("fit.lsf", "(mpirun)", LSB_MCPU_HOSTS="n1 16"), [""])

    def test_where_the_user_wants_it(self):
        os.mkdir(self.path("elsewhere"))
        (found,) = self.folders("fit.slurm", "(/usr/bin/env mpirun)", OMPI_MCA_orte_tmpdir_base=self.path("elsewhere"))
        self.assertEqual(found, self.path("elsewhere"))  # not known to be a launcher of Open MPI
        (found,) = self.folders("fit.slurm", "(mpirun)", OMPI_MCA_orte_tmpdir_base=self.path("elsewhere"))
        self.assertEqual(os.path.dirname(found), self.path("elsewhere"))
        self.assertEqual(os.listdir(self.path("elsewhere")), [])

    def test_pipeline(self):
        """What it submits is run here, by a sbatch that prints a number."""
        os.chmod(self.write("bin/sbatch", SBATCH), 0o755)
        for launch, own in (("mpirun", True), ("srun", False)):
            environment = dict(os.environ, **self.environment, COUNT="1")
            subprocess.run(["bash", self.script("pipeline.sh", launch)], env=environment, cwd=self.folder, check=True, capture_output=True)
            for name in os.listdir(self.path("wrapped")):
                done = subprocess.run(["sh", self.path("wrapped/" + name)], env=environment)
                self.assertEqual(done.returncode, 0)
            self.assertEqual([bool(folder) for folder in self.noted(2)], [own] * 2)
            shutil.rmtree(self.path("wrapped"))


class OfOtherSystems(harness.Case):
    """A script of a system that is not here, edited as its header says. Some tests are the same for each."""

    name = None
    submit = None
    signal = signal.SIGTERM  # what deletes a job

    def setUp(self):
        super().setUp()
        generator = np.random.default_rng(5)
        rows = 1.5 * generator.normal(size=(3, 4))[generator.integers(3, size=20_000)] + generator.normal(size=(20_000, 4))
        np.save(self.path("points.npy"), rows)
        self.write("nodes", "n1\nn1\n")
        self.environment = dict(os.environ, **self.variables())

    def script(self, *, iterations, walltime=3600):
        text = text_of(self.name)
        for pattern, line in ((r"^#PATH=.*", 'PATH="%s:$PATH"' % os.path.dirname(harness.GMMPI)),
                              (r"^data=.*", "data=points.npy"),
                              (r"^components=.*", "components=3"),
                              (r"^options=\([^)]*\)", "options=(--tol 0 --max-iter %d --log log.csv -q)" % iterations),
                              (r"^walltime=.*", "walltime=%d" % walltime),
                              (r"^launch=.*", "launch=(%s)" % shlex.join([harness.MPIRUN, "--oversubscribe", "-n", "2"]))):
            text, count = re.subn(pattern, lambda _: line, text, flags=re.MULTILINE)
            self.assertEqual(count, 1, pattern)
        return self.write(self.name, text)

    def start(self, **settings):
        # A copy of the script is started, elsewhere.
        job = subprocess.Popen(["bash", self.script(**settings)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                               env=self.environment, cwd="/")
        self.addCleanup(job.stdout.close)
        self.addCleanup(job.kill)
        return job

    def end(self, job, status):
        printed = job.communicate(timeout=PATIENCE)[0]
        self.assertEqual(job.returncode, status, printed)
        return printed

    def rows(self):
        try:
            return self.bytes_of("log.csv").count(b"\n")
        except OSError:
            return 0

    def wait_for_rows(self, job, count):
        limit = time.monotonic() + PATIENCE
        while self.rows() < count:
            self.assertIsNone(job.poll())
            self.assertLess(time.monotonic(), limit, "the job makes no progress")
            time.sleep(0.01)

    def check_stopped_and_continued(self):
        """By its own clock, then by the signal that comes when a job is deleted."""
        printed = self.end(self.start(iterations=10_000_000, walltime=4), 75)
        self.assertIn("stopped by the time limit", printed)
        self.assertRegex(printed, "job 17.server, 2 ranks\n")
        self.assertIn(f"submit this script again with {self.submit}", printed)
        job = self.start(iterations=10_000_000)
        self.wait_for_rows(job, self.rows() + 20)
        job.send_signal(signal.SIGUSR2)
        self.wait_for_rows(job, self.rows() + 20)
        job.send_signal(self.signal)
        printed = self.end(job, 75)
        self.assertIn("stopped by SIGUSR1", printed)
        self.assertRegex(printed, r"(?m)^status: .*iteration \d+")
        total = self.rows() + 20
        self.assertIn("done: model.h5", self.end(self.start(iterations=total), 0))
        with h5py.File(self.path("model.h5"), "r") as model:
            self.assertEqual(model.attrs["n_iter"], total)
        self.succeed("fit", self.path("points.npy"), "-k", "3", "--tol", "0", "--max-iter", total, "-o",
                     self.path("undisturbed.h5"), "-q")
        self.assertEqual(self.bytes_of("model.h5"), self.bytes_of("undisturbed.h5"))

    def check_failures_are_passed_on(self):
        os.unlink(self.path("points.npy"))
        self.assertIn("the message above says what to change", self.end(self.start(iterations=10), 66))


class Pbs(OfOtherSystems):
    name = "fit.pbs"
    submit = "qsub"

    def variables(self):
        return {"PBS_O_WORKDIR": self.folder, "PBS_JOBID": "17.server", "PBS_NODEFILE": self.path("nodes")}

    def test_stopped_and_continued(self):
        self.check_stopped_and_continued()

    def test_failures_are_passed_on(self):
        self.check_failures_are_passed_on()


class Lsf(OfOtherSystems):
    name = "fit.lsf"
    submit = "bsub"
    signal = signal.SIGINT  # the first one of bkill

    def variables(self):
        return {"LS_SUBCWD": self.folder, "LSB_JOBID": "17.server", "LSB_DJOB_NUMPROC": "2", "LSB_MCPU_HOSTS": "n1 2"}

    def test_stopped_and_continued(self):
        self.check_stopped_and_continued()

    def test_failures_are_passed_on(self):
        self.check_failures_are_passed_on()

    def test_limits_agree(self):
        """The run limit that LSF is told is the one that gmmpi is told."""
        hours, minutes = re.search(r"(?m)^#BSUB -W (\d+):(\d+)$", text_of(self.name)).groups()
        (seconds,) = re.search(r"(?m)^walltime=(\d+)", text_of(self.name)).groups()
        self.assertEqual(60 * (60 * int(hours) + int(minutes)), int(seconds))


if __name__ == "__main__":
    unittest.main()
