# SPDX-License-Identifier: BSD-3-Clause
"""One call of gmmpi_fit."""

from ctypes import c_void_p

from .errors import STOPPED, raise_status
from .library import ErrorStruct, library, text_of
from .model import Model


class Outcome:
    """What a fit came to. status: 0 or STOPPED; model: None where it was stopped before there was one; exception: what
    was raised while the library returned."""

    def __init__(self):
        self.status = STOPPED
        self.exception = None
        self.model = None
        self.events = []
        self.n_passes = 0.0
        self.objective = None


def fit_points(points, options, watch=None):
    """The outcome of a fit; raises what went wrong."""
    lib = library()
    error = ErrorStruct()
    model, summary = c_void_p(), c_void_p()
    outcome = Outcome()
    returned = []
    try:
        watching = None if watch is None else watch.pointer
        returned.append(lib.gmmpi_fit(points.pointer, options.pointer, watching, model, summary, error))
    except BaseException as exception:  # a signal that came too late for a question
        outcome.exception = exception
    if model:
        outcome.model = Model(model)
    if summary:
        n_events = lib.gmmpi_summary_n_events(summary)
        outcome.events = [text_of(lib.gmmpi_summary_event(summary, i)) for i in range(n_events)]
        outcome.n_passes = lib.gmmpi_summary_n_passes(summary)
        outcome.objective = lib.gmmpi_summary_objective(summary)
        lib.gmmpi_summary_destroy(summary)
    if error.status not in (0, STOPPED):
        raise_status(error.status, error.message.decode("utf-8", "replace"), error.place)
    outcome.status = error.status
    return outcome
