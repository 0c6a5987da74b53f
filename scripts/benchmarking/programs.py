# SPDX-License-Identifier: BSD-3-Clause
"""Running what is compared: gmmpi, scikit-learn, Armadillo, and the small programs that measure the machine itself."""

import copy
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile

from plotting.problem import NO_LIBRARY, Problem

HERE = os.path.dirname(os.path.realpath(__file__))
INTERNAL = 70
PLAIN_EM = ["--accelerate", "none", "--no-coarse-to-fine"]

COMPILED = {
    "peak": ["cc", "-O2", "-march=native", "-ffp-contract=fast", "-pthread", "peak.c"],
    "plain_read": ["cc", "-O2", "plain_read.c"],
    "allreduce": ["mpicc", "-O3", "-march=native", "allreduce.c"],
    "armadillo_em": ["c++", "-O3", "-march=native", "-fopenmp", "armadillo_em.cpp", "-lopenblas"],
}


def missing_peers():
    """What scikit-learn and Armadillo need and is not there."""
    missing = [] if importlib.util.find_spec("sklearn") else ["scikit-learn"]
    if shutil.which("c++") is None:
        return missing + ["a C++ compiler", "Armadillo"]
    probe = subprocess.run(["c++", "-E", "-x", "c++", "-"], input="#include <armadillo>\n", capture_output=True, text=True)
    return missing + ([] if probe.returncode == 0 else ["Armadillo"])


class Programs:
    """gmmpi and the compiled programs in `folder`; `cores` is the number of ranks or threads that each may use."""

    def __init__(self, gmmpi, folder, cores, with_peers):
        self.gmmpi = gmmpi
        self.folder = folder
        self.cores = cores
        self.with_peers = with_peers
        for name in COMPILED:
            if with_peers or name != "armadillo_em":
                self._compile(name)
        self.has_threads = "--threads" in self._run([gmmpi, "fit", "--help"])

    def _compile(self, name):
        words = COMPILED[name]
        sources = [os.path.join(HERE, word) if word.endswith((".c", ".cpp")) else word for word in words]
        if shutil.which(words[0]) is None:
            raise Problem(NO_LIBRARY, "%s was not found; scripts/install_dependencies.sh installs it" % words[0])
        self._run(sources + ["-o", os.path.join(self.folder, name)])

    def of_build(self, gmmpi):
        """The same with another build of gmmpi."""
        other = copy.copy(self)
        other.gmmpi = gmmpi
        return other

    def _run(self, words, environment=None):
        """The standard output of a program that must succeed; a variable that is None is taken out of the environment."""
        merged = {name: value for name, value in dict(os.environ, **(environment or {})).items() if value is not None}
        run = subprocess.run([str(word) for word in words], capture_output=True, text=True, env=merged, cwd=self.folder)
        if run.returncode != 0:
            raise Problem(INTERNAL, "%s ended with status %d: %s" % (
                " ".join(str(word) for word in words[:6]), run.returncode, (run.stderr or run.stdout).strip()[-800:]))
        return run.stdout

    def _tool(self, name, *arguments, ranks=None):
        return self._json([os.path.join(self.folder, name), *arguments], ranks)

    def _json(self, words, ranks):
        """What a program prints, alone (ranks=None) or under mpirun, which gets a folder of its own for its session: those that share one
        find it being made or removed. The path is short, as sockets in it must be."""
        environment = {}
        if os.geteuid() == 0:  # Open MPI refuses to run as root unless told so
            environment = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
        with tempfile.TemporaryDirectory(prefix="gm-", dir="/tmp") as session:
            environment["OMPI_MCA_orte_tmpdir_base"] = session
            return json.loads(self._run(self._launcher(ranks) + words, environment))

    def _launcher(self, ranks):
        """The words before a program that is to run on so many ranks, each bound to a core where there are enough."""
        if ranks is None:
            return []
        mapping = ["--bind-to", "core"] if ranks <= self.cores else ["--oversubscribe", "--bind-to", "none"]
        return ["mpirun", *mapping, "-n", ranks]

    def peak(self, threads=None, seconds=0.25):
        """Fused multiply-adds that the cores can do, in flops per second, all together."""
        return self._tool("peak", threads or self.cores, seconds)

    def plain_read(self, path, offset, n_bytes):
        return self._tool("plain_read", path, offset, n_bytes, self.cores)["seconds"]

    def allreduce(self, ranks, sizes):
        return self._tool("allreduce", *sizes, ranks=ranks)

    def fit(self, data, *options, ranks=None, threads=None, log=None):
        """What `gmmpi fit --json` says; ranks=None: without mpirun."""
        words = [self.gmmpi, "fit", data, *options, "--json", "--checkpoint", "none",
                 "-o", os.path.join(self.folder, "model.h5")]
        if threads is not None:
            words += ["--threads", threads]
        if log is not None:
            words += ["--log", log]
        return self._json(words, ranks)

    def iterate(self, sample, iterations, *options, ranks=None, threads=None):
        """Plain EM from the sample's start; adds the mean log-likelihood of the start to the summary."""
        log = os.path.join(self.folder, "log.csv")
        configuration = sample.configuration
        summary = self.fit(sample.points, "-k", configuration.K, "--covariance", configuration.covariance, "--init",
                           sample.start, *PLAIN_EM, *options, "--tol", 0, "--max-iter", iterations, ranks=ranks, threads=threads, log=log)
        with open(log) as file:
            names, first = [line.strip().split(",") for line in file][:2]
        os.remove(log)
        summary["first_mean_log_likelihood"] = float(first[names.index("mean_log_likelihood")])
        return summary

    def _peer_environment(self):
        """OpenBLAS chooses the kernel that is best on this processor, whatever was chosen for other programs."""
        return {"OMP_NUM_THREADS": str(self.cores), "OPENBLAS_NUM_THREADS": str(self.cores), "OPENBLAS_CORETYPE": None}

    def scikit_learn(self, *arguments):
        words = [sys.executable, "-B", os.path.join(HERE, "scikit_learn_em.py"), *arguments]
        return json.loads(self._run(words, self._peer_environment()))

    def armadillo(self, sample, rows, seconds, iterations):
        c = sample.configuration
        words = [os.path.join(self.folder, "armadillo_em"), c.covariance, sample.points, sample.offset, rows, c.d, c.K,
                 sample.raw_start, seconds, iterations]
        return json.loads(self._run(words, self._peer_environment()))
