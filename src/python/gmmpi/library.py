# SPDX-License-Identifier: BSD-3-Clause
"""The shared library: what its functions take, and how its errors become exceptions."""

import ctypes
import functools
import os
from ctypes import POINTER, c_bool, c_char_p, c_double, c_int, c_int64, c_size_t, c_uint64, c_void_p

from .errors import WrongUsage, raise_status
from .loading import load


class ErrorStruct(ctypes.Structure):
    """gmmpi_error."""

    _fields_ = [("status", c_int), ("place", c_int64), ("message", ctypes.c_char * 1024)]


ERROR = POINTER(ErrorStruct)
OUT = POINTER(c_void_p)
COMM = c_uint64  # a pointer or an int, by the MPI, which are passed in the same way
REPORT = ctypes.CFUNCTYPE(None, ctypes.py_object, c_void_p)
WARNING = ctypes.CFUNCTYPE(None, ctypes.py_object, c_char_p)
QUESTION = ctypes.CFUNCTYPE(c_bool, c_void_p)

# The result and the arguments of each function; c_int with an ERROR at the end is a status.
SIGNATURES = {
    "gmmpi_version": (c_char_p,),
    "gmmpi_options_create": (c_int, OUT, ERROR),
    "gmmpi_options_destroy": (None, c_void_p),
    "gmmpi_options_set": (c_int, c_void_p, c_char_p, c_char_p, ERROR),
    "gmmpi_options_get": (c_int, c_void_p, c_char_p, c_char_p, c_size_t, ERROR),
    "gmmpi_options_set_start": (c_int, c_void_p, c_void_p, ERROR),
    "gmmpi_options_on_warning": (None, c_void_p, WARNING, c_void_p),
    "gmmpi_options_count": (c_int64,),
    "gmmpi_options_name": (c_char_p, c_int64),
    "gmmpi_options_help": (c_char_p, c_int64),
    "gmmpi_points_create": (c_int, COMM, c_void_p, c_int64, c_int64, c_void_p, OUT, ERROR),
    "gmmpi_points_create_weighted": (c_int, COMM, c_void_p, c_void_p, c_int64, c_int64, c_void_p, OUT, ERROR),
    "gmmpi_points_create_single": (c_int, COMM, c_void_p, c_void_p, c_int64, c_int64, c_void_p, OUT, ERROR),
    "gmmpi_points_open": (c_int, COMM, c_char_p, c_void_p, OUT, ERROR),
    "gmmpi_points_destroy": (None, c_void_p),
    "gmmpi_points_n_samples": (c_int64, c_void_p),
    "gmmpi_points_n_features": (c_int64, c_void_p),
    "gmmpi_points_sum_of_weights": (c_double, c_void_p),
    "gmmpi_points_feature_name": (c_char_p, c_void_p, c_int64),
    "gmmpi_points_set_feature_names": (c_int, c_void_p, POINTER(c_char_p), ERROR),
    "gmmpi_observer_create": (c_int, OUT, ERROR),
    "gmmpi_observer_destroy": (None, c_void_p),
    "gmmpi_observer_on_progress": (None, c_void_p, REPORT, c_void_p),
    "gmmpi_observer_on_question": (None, c_void_p, QUESTION, c_void_p),
    "gmmpi_observer_ask_every": (None, c_void_p, c_double),
    "gmmpi_progress_start": (c_int64, c_void_p),
    "gmmpi_progress_iteration": (c_int64, c_void_p),
    "gmmpi_progress_level": (c_int64, c_void_p),
    "gmmpi_progress_n_samples": (c_int64, c_void_p),
    "gmmpi_progress_log_likelihood": (c_double, c_void_p),
    "gmmpi_progress_change": (c_double, c_void_p),
    "gmmpi_progress_seconds": (c_double, c_void_p),
    "gmmpi_fit": (c_int, c_void_p, c_void_p, c_void_p, OUT, OUT, ERROR),
    "gmmpi_summary_destroy": (None, c_void_p),
    "gmmpi_summary_n_passes": (c_double, c_void_p),
    "gmmpi_summary_objective": (c_double, c_void_p),
    "gmmpi_summary_n_events": (c_int64, c_void_p),
    "gmmpi_summary_event": (c_char_p, c_void_p, c_int64),
    "gmmpi_model_create": (c_int, c_int64, c_int64, c_char_p, c_void_p, c_void_p, c_void_p, OUT, ERROR),
    "gmmpi_model_destroy": (None, c_void_p),
    "gmmpi_model_read": (c_int, c_char_p, OUT, ERROR),
    "gmmpi_model_write": (c_int, c_void_p, c_char_p, ERROR),
    "gmmpi_model_image": (c_int, c_void_p, OUT, POINTER(c_size_t), ERROR),
    "gmmpi_model_facts": (c_int, c_void_p, OUT, ERROR),
    "gmmpi_model_from_json": (c_int, c_char_p, c_char_p, OUT, ERROR),
    "gmmpi_model_array": (c_int, c_void_p, c_char_p, POINTER(c_int), POINTER(c_int64), c_void_p, ERROR),
    "gmmpi_model_n_parameters": (c_int64, c_void_p),
    "gmmpi_model_n_components": (c_int64, c_void_p),
    "gmmpi_model_n_features": (c_int64, c_void_p),
    "gmmpi_model_covariance": (c_char_p, c_void_p),
    "gmmpi_model_feature_name": (c_char_p, c_void_p, c_int64),
    "gmmpi_model_transform": (c_char_p, c_void_p, c_int64),
    "gmmpi_model_component_name": (c_char_p, c_void_p, c_int64),
    "gmmpi_predictor_create": (c_int, c_void_p, c_int, OUT, ERROR),
    "gmmpi_predictor_destroy": (None, c_void_p),
    "gmmpi_predictor_predict": (
        c_int, c_void_p, c_void_p, c_int64, c_void_p, c_void_p, c_void_p, c_void_p, ERROR),
    "gmmpi_predictor_predict_single": (
        c_int, c_void_p, c_void_p, c_int64, c_void_p, c_void_p, c_void_p, c_void_p, ERROR),
    "gmmpi_sample": (c_int, c_void_p, c_int64, c_uint64, c_void_p, c_void_p, ERROR),
}  # fmt: skip


# The same of the library beside it, which begins MPI in a process that is no MPI program.
SIGNATURES_ALONE = {
    "gmmpi_alone_begin": (c_int, ERROR),
    "gmmpi_alone_end": (None,),
    "gmmpi_alone_communicator": (c_int, POINTER(COMM), ERROR),
    "gmmpi_alone_release": (None, POINTER(COMM)),
}


def prepared(loaded, signatures):
    """A library whose functions know what they take."""
    for name, (result, *arguments) in signatures.items():
        function = getattr(loaded, name)
        function.restype = result
        function.argtypes = arguments
    return loaded


@functools.lru_cache(maxsize=None)
def library():
    return prepared(load(), SIGNATURES)


@functools.lru_cache(maxsize=None)
def alone():
    return prepared(load("gmmpi_alone"), SIGNATURES_ALONE)


def call(name, *arguments, of=library):
    """Calls a function that returns a status and takes a gmmpi_error last; raises what went wrong. of: its library."""
    error = ErrorStruct()
    status = getattr(of(), name)(*arguments, error)
    if status != 0:
        raise_status(status, error.message.decode("utf-8", "replace"), error.place)


def create(name, *arguments):
    """The same of a function whose last argument but one is where it puts a new object, which is returned."""
    made = c_void_p()
    call(name, *arguments, made)
    return made


def take_bytes(pointer, length):
    """A copy of memory that is to be freed, as bytes."""
    free = ctypes.CDLL(None).free
    free.argtypes = [c_void_p]
    free.restype = None
    try:
        return ctypes.string_at(pointer, length)
    finally:
        free(pointer)


def take_text(pointer):
    """The same of a text that ends with a zero."""
    return take_bytes(pointer, len(ctypes.cast(pointer, c_char_p).value)).decode("utf-8", "surrogateescape")


def text_of(pointer_value):
    """A text of the library's, or None."""
    return None if pointer_value is None else pointer_value.decode("utf-8", "surrogateescape")


def bytes_of(text):
    """A text or a path for the library."""
    try:
        made = os.fsencode(text)
    except UnicodeEncodeError:
        raise WrongUsage("%r cannot be written as UTF-8; give another text" % (text,)) from None
    if b"\0" in made:
        raise WrongUsage("%r has a zero byte, with which texts end; give another text" % (text,))
    return made
