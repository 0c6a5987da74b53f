# SPDX-License-Identifier: BSD-3-Clause
"""Ctrl-C, and whatever else ends a fit from outside: the last measured model is kept, and the exception comes through."""

import contextlib
import io
import os
import signal
import subprocess
import sys
import warnings

import harness
import package
from package import clusters, np

import gmmpi

X = clusters(n=200, distance=1)
ENDLESS = {"tol": 0, "max_iter": 10**9, "options": {"coarse_to_fine": False}}

# Says that it is asked for the third time whether to stop: at least one pass is behind it, and the fit goes on.
PROGRAM = """
import os, signal, sys
import numpy as np
import gmmpi
import gmmpi.mixture
import gmmpi.watch

class Watch(gmmpi.watch.Watch):
    n_questions = 0

    @property
    def is_stopped(self):
        self.n_questions += 1
        if self.n_questions == 4:  # the generator has looked once before the fit
            print("asked", flush=True)
        return self._stopped

    @is_stopped.setter
    def is_stopped(self, value):
        self._stopped = value

gmmpi.mixture.Watch = Watch
gmmpi.watch._SECONDS_BETWEEN_QUESTIONS = 0.0

class Alarm(Exception):
    pass

def alarm(number, frame):
    raise Alarm()

signal.signal(signal.SIGUSR1, alarm)
before = [signal.getsignal(number) for number in range(1, 32)]
X = np.load(sys.argv[1])
words = dict(tol=0, max_iter=10**9, options={"coarse_to_fine": False}, init_params="random_from_data")
if sys.argv[2] == "start":
    words = dict(n_init=10**6, tol=1e-12)
if sys.argv[2] == "report":
    words["on_progress"] = lambda progress: None
own = gmmpi.GaussianMixture(3, **words)
try:
    own.fit(X)
except (KeyboardInterrupt, Alarm) as stopped:
    print(type(stopped).__name__, getattr(own, "converged_", None), hasattr(own, "means_"), flush=True)
assert [signal.getsignal(number) for number in range(1, 32)] == before
if sys.argv[2] != "start":
    assert own.predict(X).shape == (len(X),) and own.n_iter_ >= 1
gmmpi.mixture.Watch = gmmpi.watch.Watch
print(own.set_params(tol=1e-3, n_init=1, on_progress=None).fit(X).converged_)
"""


class Signals(package.Case):
    def interrupt(self, how, number):
        np.save(self.path("x.npy"), X)
        words = [sys.executable, "-B", "-W", "ignore", "-c", PROGRAM, self.path("x.npy"), how]
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
            self.assertEqual(program.stdout.readline(), "asked\n", None if program.poll() is None else program.stderr.read())
            os.kill(program.pid, number)
            output, errors = program.communicate(timeout=harness.PATIENCE)
        self.assertEqual((program.returncode, errors), (0, ""))
        return output.splitlines()

    def test_ctrl_c(self):
        self.assertEqual(self.interrupt("plain", signal.SIGINT), ["KeyboardInterrupt False True", "True"])

    def test_ctrl_c_with_a_function_that_is_called(self):
        self.assertEqual(self.interrupt("report", signal.SIGINT), ["KeyboardInterrupt False True", "True"])

    def test_ctrl_c_while_a_start_is_looked_for(self):
        self.assertEqual(self.interrupt("start", signal.SIGINT)[0].split()[0], "KeyboardInterrupt")

    def test_a_handler_of_the_user_s(self):
        self.assertEqual(self.interrupt("plain", signal.SIGUSR1), ["Alarm False True", "True"])


class Progress(package.Case):
    def test_what_is_reported(self):
        seen = []
        own = gmmpi.GaussianMixture(3, on_progress=seen.append, options={"coarse_to_fine": False}, tol=1e-9).fit(X)
        self.assertTrue(all(isinstance(one, gmmpi.Progress) for one in seen))
        self.assertEqual([one.iteration for one in seen], list(range(len(seen))))
        self.assertEqual({(one.level, one.n_samples, one.start) for one in seen}, {(0, len(X), 0)})
        self.close(max(one.log_likelihood for one in seen) / len(X), own.lower_bound_)
        self.assertTrue(np.isnan(seen[0].change))
        self.close(seen[1].change, (seen[1].log_likelihood - seen[0].log_likelihood) / len(X))

    def test_true_stops(self):
        """After the next pass, the first one that is asked."""
        with self.assertWarnsRegex(gmmpi.ConvergenceWarning, "stopped by on_progress after 5 iterations"):
            own = gmmpi.GaussianMixture(3, on_progress=lambda progress: progress.iteration == 4, **ENDLESS).fit(X)
        self.assertEqual((own.converged_, own.n_iter_), (False, 5))

    def test_exceptions_come_through(self):
        def fail(progress):
            raise LookupError("mine")

        own = gmmpi.GaussianMixture(3, on_progress=fail, **ENDLESS)
        with self.assertRaisesRegex(LookupError, "mine"):
            own.fit(X)
        self.assertFalse(own.converged_)

    def test_verbose(self):
        for words, pattern in (
            ({}, r"^iteration 0 of 30: mean log-likelihood -[\d.]+$\niteration 5 of 30: mean .*, change [-\d.e]+$"),
            ({"n_init": 2}, r"^start 1, iteration 0 of 30"),
        ):
            with contextlib.redirect_stdout(io.StringIO()) as screen, warnings.catch_warnings():
                warnings.simplefilter("ignore")
                options = {"coarse_to_fine": False}
                gmmpi.GaussianMixture(
                    3, verbose=1, verbose_interval=5, max_iter=30, tol=0, options=options, init_params="random", **words
                ).fit(X)
            self.assertRegex(screen.getvalue(), "(?m)" + pattern)


if __name__ == "__main__":
    package.main()
