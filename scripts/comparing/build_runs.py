# SPDX-License-Identifier: BSD-3-Clause
"""Runs the fits of build_fits.py with one program and keeps what they leave."""

import hashlib
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time

from plotting.problem import INPUT_FAILED, NO_INPUT, Problem

from . import build_fits

PATIENCE = 300  # seconds after which a run counts as hung
MEGABYTE = 1 << 20
ROWS = 6        # of the log after which a fit is interrupted: the header, the start and some iterations
ATTEMPTS = 5    # to interrupt a fit before it is done


def digest(*paths):
    """Of the contents of files."""
    state = hashlib.sha256()
    for path in paths:
        with open(path, "rb") as file:
            while block := file.read(MEGABYTE):
                state.update(block)
    return state.hexdigest()


class Build:
    """A program, the data, and a folder in which each case has a folder of its results."""

    def __init__(self, program, data, data_mark, results):
        self.program = os.path.abspath(program)
        if not os.access(self.program, os.X_OK) or os.path.isdir(self.program):
            raise Problem(NO_INPUT, "%s: not a program; give the paths of two builds of gmmpi" % program)
        self.data = data
        self.data_mark = data_mark
        self.results = os.path.join(results, digest(self.program)[:24])
        self.sessions = tempfile.mkdtemp(prefix="gm-", dir="/tmp")  # Open MPI's; short, as sockets in it must be
        self.session_numbers = itertools.count()
        self.limits = {}  # by the number of ranks: megabytes that leave no room for points, or hardly any
        self.lock = threading.Lock()

    def close(self):
        shutil.rmtree(self.sessions, ignore_errors=True)

    def folder_of(self, case):
        mark = hashlib.sha256((repr(case) + self.data_mark).encode()).hexdigest()[:24]
        return os.path.join(self.results, mark)

    def run(self, case):
        """The folder with the results of a case; it is run unless they are there."""
        folder = self.folder_of(case)
        if os.path.isdir(folder):
            return folder
        draft = folder + ".draft"
        shutil.rmtree(draft, ignore_errors=True)
        os.makedirs(draft)
        os.symlink(self.data, os.path.join(draft, "data"))
        for number, step in enumerate(case.steps):
            output = Runs(self, case, draft).take(step)
            if "--json" in step.words:
                with open(os.path.join(draft, "printed-%d.json" % number), "w") as file:
                    file.write(output)
        os.remove(os.path.join(draft, "data"))
        os.rename(draft, folder)
        return folder


class Runs:
    """The runs of one case in its folder."""

    def __init__(self, build, case, folder):
        self.build = build
        self.case = case
        self.folder = folder

    def take(self, step):
        """What a step printed, in the end."""
        if step.how == "run":
            return self.checked(step, self.run(step.words, step.ranks))
        if step.how == "stream":
            return self.checked(step, self.stream(step.words, step.ranks)[0])
        words = step.words
        if step.how == "stream, stop":
            _, limit = self.stream(words + ["--max-iter", "1", "--checkpoint", "none"], step.ranks)
            # What libraries hold differs a little from run to run.
            words = words + ["--memory-limit", "%dM" % (limit + 2)]
        self.interrupt(step, words)
        restart_ranks = step.restart_ranks or step.ranks
        return self.checked(step, self.run(step.words + ["--restart", "auto"], restart_ranks))

    def launch(self, words, ranks):
        launcher = []
        # Ranks and threads that wait leave the core to others.
        environment = dict(os.environ, OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1", OMPI_MCA_mpi_yield_when_idle="1",
                           OMP_WAIT_POLICY="passive")
        session = os.path.join(self.build.sessions, str(next(self.build.session_numbers)))
        environment["OMPI_MCA_orte_tmpdir_base"] = session
        # What launchers that are killed leave behind goes there, too.
        environment["OMPI_MCA_btl_vader_backing_directory"] = self.build.sessions
        if ranks is not None:
            launcher = ["mpirun", "--oversubscribe", "--bind-to", "none", "-n", str(ranks)]
        return subprocess.Popen(launcher + [self.build.program] + words, cwd=self.folder, env=environment, text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def run(self, words, ranks):
        with self.launch(words, ranks) as job:
            return self.finish(job, words)

    def finish(self, job, words):
        try:
            out, err = job.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            job.kill()
            raise Problem(INPUT_FAILED, "%s %s has run for %d s" % (self.build.program, " ".join(words), PATIENCE))
        return subprocess.CompletedProcess(words, job.returncode, out, err)

    def checked(self, step, run):
        if run.returncode != step.status:
            lines = [line for line in run.stderr.splitlines() if line.startswith("gmmpi: ")] or run.stderr.splitlines()[-1:]
            raise Problem(INPUT_FAILED, "%s %s ended with status %d: %s" % (
                self.build.program, " ".join(run.args), run.returncode, " ".join(lines)))
        return run.stdout

    # --- streamed ------------------------------------------------------------------------

    def first_limit(self, ranks):
        """What a rank holds that has hardly any points, in megabytes."""
        with self.build.lock:
            if ranks not in self.build.limits:
                with tempfile.TemporaryDirectory() as folder:
                    words = ["fit", "data/five_rows.npy", "-k", "1", "--json", "-q", "-o", os.path.join(folder, "tiny.h5")]
                    tiny = self.checked(build_fits.step(), self.run(words, ranks))
                self.build.limits[ranks] = json.loads(tiny)["peak_memory"] // MEGABYTE
            return self.build.limits[ranks]

    def stream(self, words, ranks):
        """A run with about the smallest limit that is not refused, found by what refusals say; and that limit."""
        limit = self.first_limit(ranks)
        words = [word for word in words if word != "-q"]
        while True:
            run = self.run(words + ["--memory-limit", "%dM" % limit], ranks)
            if run.returncode == 0 and "it streams them" not in run.stderr:
                if limit <= 12:
                    raise Problem(INPUT_FAILED, "%s %s streamed nothing, whatever the limit" % (self.build.program, " ".join(words)))
                limit -= 12  # it was too large a guess
                continue
            said = re.search(r"needs (\S+) GB and has (\S+) GB", run.stderr)
            if run.returncode != 71 or not said:
                return run, limit
            needed, has = (float(number) * 1e9 / MEGABYTE for number in said.groups())
            if has == 0:
                with self.build.lock:
                    self.build.limits[ranks] = max(limit, self.build.limits[ranks])
            limit += 4 if has == 0 else int(needed - has) + 2

    # --- interrupted ---------------------------------------------------------------------

    def interrupt(self, step, words):
        """Leaves a checkpoint of a fit that was stopped or killed."""
        for _ in range(ATTEMPTS):
            with self.launch(words, step.ranks) as job:
                self.wait(job, step.how.endswith("early"))
                if "kill" in step.how:
                    job.kill()
                else:  # mpirun hands SIGUSR1 on; SIGTERM would end it
                    job.send_signal(signal.SIGTERM if step.ranks is None else signal.SIGUSR1)
                run = self.finish(job, words)
            if run.returncode != 0:  # 0: it was faster
                early = (-signal.SIGTERM,) if "early" in step.how else ()  # before it listens to signals
                if run.returncode not in ((-signal.SIGKILL,) if "kill" in step.how else (75,) + early):
                    self.checked(step, run)
                return
            for name in ("model.h5", "log.csv", "labels.h5"):
                os.remove(os.path.join(self.folder, name))
        if not step.how.endswith("early"):
            raise Problem(INPUT_FAILED, "%s %s was done before it was interrupted, %d times" % (self.build.program, " ".join(words), ATTEMPTS))

    def wait(self, job, early):
        """For some iterations, or for a moment in which the search has begun."""
        if early:
            time.sleep(0.35)
            return
        limit = time.monotonic() + PATIENCE
        while job.poll() is None and self.n_rows() < ROWS and time.monotonic() < limit:
            time.sleep(0.002)

    def n_rows(self):
        try:
            with open(os.path.join(self.folder, "log.csv"), "rb") as file:
                return file.read().count(b"\n")
        except OSError:
            return 0
