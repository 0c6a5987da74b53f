# SPDX-License-Identifier: BSD-3-Clause
"""What kind of file it is, and what its attributes say. Kinds that have no page are refused, with what to do."""

import json

import h5py
import numpy as np

from plotting.problem import BAD_DATA, NO_INPUT, Problem
from plotting.tables import words_of

REMEDIES = {"gmmpi checkpoint": "a checkpoint, not a model; let its fit end, with --restart auto, and give the model that it writes",
            "gmmpi groups checkpoint": "a checkpoint, not a file of models; let its fit end, with --restart auto, and give what it writes",
            "gmmpi bootstrap": "what gmmpi bootstrap wrote; give the model, and this file with --bootstrap"}


def kind_of(path):
    """ "model" or "groups"."""
    try:
        with h5py.File(path, "r") as file:
            form = (words_of(file.attrs.get("format")) or [""])[0]
            if form == "gmmpi groups" or "groups" in file.attrs and "keys" in file:
                return "groups"
            if form == "gmmpi model" or all(isinstance(file.get(name), h5py.Dataset) for name in ("weights", "means", "covariances")):
                return "model"
            has_labels = "labels" in file
    except FileNotFoundError:
        raise Problem(NO_INPUT, "%s: there is no such file" % path)
    except PermissionError:
        raise Problem(NO_INPUT, "%s: permission denied" % path)
    except OSError:
        raise Problem(BAD_DATA, "%s: not a model file; `gmmpi fit` writes one%s" % (path, _of_text(path)))
    remedy = REMEDIES.get(form) or ("a checkpoint, not a model; give what its fit writes in the end" if "checkpoint" in form else
                                    "labels, not a model; give the model, and this file with --labels" if has_labels else
                                    "not a model file; `gmmpi fit` writes one")
    raise Problem(BAD_DATA, "%s: %s" % (path, remedy))


def _of_text(path):
    """A hint, of parameters as gmmpi info --json prints them."""
    try:
        with open(path, "rb") as file:
            if file.read(1) == b"{":
                return "; parameters in JSON become one by `gmmpi fit DATA --init %s --max-iter 0`" % path
    except OSError:
        pass
    return ""


def _plain(value):
    """An attribute as a number, a text, a truth or a list of them."""
    if isinstance(value, (bytes, str)):
        return words_of(value)[0]
    if isinstance(value, np.ndarray):
        return [_plain(item) for item in value]
    return value.item() if isinstance(value, np.generic) else value


def read_attributes(path):
    """All attributes of the file; events are a list."""
    with h5py.File(path, "r") as file:
        attributes = {name: _plain(value) for name, value in file.attrs.items()}
    events = attributes.get("events", [])
    attributes["events"] = [events] if isinstance(events, str) else list(events)
    return attributes


def read_numbers(path, names):
    """Data sets of one number, by name; those that there are."""
    with h5py.File(path, "r") as file:
        return {name: float(file[name][()]) for name in names if isinstance(file.get(name), h5py.Dataset) and file[name].shape == ()}


def read_summary(path):
    """What `gmmpi fit --json` or `gmmpi select --json` printed."""
    try:
        with open(path, encoding="utf-8") as file:
            summary = json.load(file)
    except OSError as error:
        raise Problem(NO_INPUT, "%s: cannot be read (%s)" % (path, error.strerror))
    except ValueError:
        summary = None
    if not isinstance(summary, dict) or not isinstance(summary.get("seconds"), dict):
        raise Problem(BAD_DATA, "%s: not the summary of a fit; gmmpi fit --json prints one" % path)
    return summary


def check_summary(path, summary, attributes):
    """The summary and the model are of one fit: they agree on every number that both have."""
    for name in ("n_samples", "n_features", "n_components", "n_iter", "log_likelihood", "lower_bound"):
        if name in attributes and summary.get(name) is not None and summary[name] != attributes[name]:
            raise Problem(BAD_DATA, "%s: the summary of another fit (%s is %s there, %s in the model); give that of this model" % (
                path, name, summary[name], attributes[name]))
