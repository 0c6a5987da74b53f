# SPDX-License-Identifier: BSD-3-Clause
"""Who watches a fit: signals of Python (Ctrl-C), a function of the caller's, lines on the screen.

The library calls from within its passes, where an exception has nowhere to go. So it calls generators, by functions that
are not Python's own: a pending signal is handled where a generator goes on, which is within its ``try``. What was raised
there is kept, the fit is asked to stop, and it is raised again afterwards.
"""

import threading
import types
from collections import namedtuple

from .communicator import is_ending
from .library import QUESTION, REPORT, create, library

#: What one pass over the points found. start: which of n_init, from 0; iteration: M-steps before it, on this level;
#: level: 0 all points, 1 and more nested subsamples of n_samples; log_likelihood: total; change: of the mean
#: log-likelihood per point since the iteration before, NaN in the first one; seconds: of the pass.
Progress = namedtuple("Progress", "start iteration level n_samples log_likelihood change seconds")

_SECONDS_BETWEEN_QUESTIONS = 0.02
_SECONDS_IN_OTHER_THREADS = 0.2  # where the only question is whether the interpreter ends


def _progress_at(pointer):
    lib = library()
    return Progress(*(getattr(lib, "gmmpi_progress_" + name)(pointer) for name in Progress._fields))


class Watch:
    """gmmpi_observer. on_progress: called with a :class:`Progress` after each pass, stops the fit where it returns
    True; or None. show: called likewise, its result has no meaning; or None."""

    def __init__(self, on_progress=None, show=None):
        self.exception = None
        self.is_stopped = False
        self._on_progress = on_progress
        self._show = show
        self.pointer = create("gmmpi_observer_create")
        lib = library()
        reports = on_progress is not None or show is not None
        if reports:
            self._reports = self._listen()
            next(self._reports)
            self._report = REPORT(types.GeneratorType.send)
            lib.gmmpi_observer_on_progress(self.pointer, self._report, id(self._reports))
        gets_signals = threading.current_thread() is threading.main_thread()
        self._questions = self._answer()
        next(self._questions)
        self._question = QUESTION(self._questions.send)
        lib.gmmpi_observer_on_question(self.pointer, self._question, None)
        seconds = _SECONDS_BETWEEN_QUESTIONS if gets_signals else _SECONDS_IN_OTHER_THREADS
        lib.gmmpi_observer_ask_every(self.pointer, 0.0 if reports else seconds)

    def _answer(self):
        while True:
            try:
                while True:
                    if is_ending():
                        self._keep(SystemExit("the interpreter ends"))
                    yield self.is_stopped
            except GeneratorExit:
                return
            except BaseException as exception:
                self._keep(exception)

    def _listen(self):
        while True:
            try:
                while True:
                    progress = _progress_at((yield))
                    if self.exception is None:
                        if self._show is not None:
                            self._show(progress)
                        if self._on_progress is not None and self._on_progress(progress) is True:
                            self.is_stopped = True
            except GeneratorExit:
                return
            except BaseException as exception:
                self._keep(exception)

    def _keep(self, exception):
        self.is_stopped = True
        if self.exception is None:
            self.exception = exception

    def __enter__(self):
        return self

    def __exit__(self, *_):
        library().gmmpi_observer_destroy(self.pointer)
        self.pointer = None


class Screen:
    """Prints a line for every so many iterations on all points."""

    def __init__(self, interval, max_iter):
        self.interval = max(1, int(interval))
        self.max_iter = max_iter

    def __call__(self, progress):
        if progress.iteration % self.interval == 0:
            where = "" if progress.level == 0 else " on %d points" % progress.n_samples
            change = "" if progress.change != progress.change else ", change %.3g" % progress.change
            start = "" if progress.start == 0 else "start %d, " % progress.start
            print(
                "%siteration %d of %d%s: mean log-likelihood %.8g%s"
                % (
                    start,
                    progress.iteration,
                    self.max_iter,
                    where,
                    progress.log_likelihood / progress.n_samples,
                    change,
                ),
                flush=True,
            )
