# SPDX-License-Identifier: BSD-3-Clause
"""The options of ``gmmpi fit`` by their names, with ``_`` or ``-`` between words."""

import ctypes
import difflib
import functools

import numpy as np

from .errors import WrongUsage
from .library import WARNING, bytes_of, call, create, library, text_of


@functools.lru_cache(maxsize=None)
def _names():
    return frozenset(option_table())


def option_table():
    """All options there are, each with what it does, as the command line says it."""
    lib = library()
    return {
        text_of(lib.gmmpi_options_name(i)).replace("-", "_"): text_of(lib.gmmpi_options_help(i))
        for i in range(lib.gmmpi_options_count())
    }


def text_of_value(value):
    """A value as the command line has it: yes and no for truth, commas between the numbers of an array."""
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    if isinstance(value, (float, np.floating)):
        return repr(float(value))
    if isinstance(value, (list, tuple, np.ndarray)):
        return ",".join(text_of_value(one) for one in np.ravel(np.asarray(value, dtype=object)))
    return value


class Options:
    """gmmpi_options."""

    def __init__(self, values=None):
        self.pointer = create("gmmpi_options_create")
        try:
            for name, value in (values or {}).items():
                self.set(name, value)
        except BaseException:
            self.destroy()
            raise

    def collect_warnings(self):
        """A list to which the library adds, as bytes, what it finds doubtful. It calls a function that is not Python's
        own, within which no signal is handled."""
        self._warnings = []
        self._on_warning = WARNING(list.append)
        library().gmmpi_options_on_warning(self.pointer, self._on_warning, id(self._warnings))
        return self._warnings

    def set(self, name, value):
        """Gives an option a value; None leaves it as it is."""
        if value is None:
            return
        text = text_of_value(value)
        if not isinstance(name, str) or not (isinstance(text, (str, bytes)) or hasattr(text, "__fspath__")):
            raise WrongUsage("the option %r cannot be %r; give a text, a number or truth" % (name, value))
        word = name.replace("-", "_")
        if word not in _names():
            near = difflib.get_close_matches(word, _names(), 1)
            hint = "did you mean %r?" % near[0] if near else "gmmpi.option_table() lists them"
            raise WrongUsage("there is no option %r; %s" % (name, hint))
        call("gmmpi_options_set", self.pointer, word.replace("_", "-").encode(), bytes_of(text))

    def get(self, name):
        """The option's value as text."""
        text = ctypes.create_string_buffer(1 << 16)
        call("gmmpi_options_get", self.pointer, name.replace("_", "-").encode(), text, len(text))
        return text.value.decode("utf-8", "surrogateescape")

    def set_start(self, model):
        """Starts from a model in memory."""
        call("gmmpi_options_set_start", self.pointer, model.pointer)

    def destroy(self):
        """Gives the memory back."""
        library().gmmpi_options_destroy(self.pointer)
        self.pointer = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.destroy()
