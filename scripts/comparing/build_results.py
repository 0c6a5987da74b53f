# SPDX-License-Identifier: BSD-3-Clause
"""How what two builds left is compared: bit for bit, but for times, memory and the version of the program.

Left out are, in logs, columns of seconds; in what --json prints, UNEQUAL; in HDF5 files, the attribute program_version: files
that differ in it are compared by their data sets, attributes and storage, all others byte by byte."""

import csv
import json
import os

import h5py
import numpy as np

VERSION = "program_version"
# Of the printed summary. Of warnings, whose words are no result, the number is compared.
UNEQUAL = {VERSION, "seconds", "seconds_per_iteration", "imbalance", "peak_memory", "instruction_set"}


def differences(old, new):
    """Lines about what differs between two folders."""
    names = sorted({name for folder in (old, new) for name in os.listdir(folder) if ".checkpoint" not in name})
    lines = []
    for name in names:
        paths = [os.path.join(folder, name) for folder in (old, new)]
        if not all(os.path.exists(path) for path in paths):
            lines.append("%s is only in the %s" % (name, "old" if os.path.exists(paths[0]) else "new"))
            continue
        contents = [bytes_of(path) for path in paths]
        if contents[0] != contents[1]:
            said = comparison_of(name)(*paths)
            if said:
                lines.append("%s: %s" % (name, said))
    return lines


def comparison_of(name):
    if name == "log.csv":
        return compare_logs
    if name.startswith("printed-"):
        return compare_printed
    return compare_hdf5 if name.endswith(".h5") else compare_text


def bytes_of(path):
    with open(path, "rb") as file:
        return file.read()


def compare_text(old, new):
    lines = [bytes_of(path).split(b"\n") for path in (old, new)]
    for number, (a, b) in enumerate(zip(*lines), 1):
        if a != b:
            return "line %d" % number
    return "%d lines, %d before" % (len(lines[1]), len(lines[0]))


def compare_logs(old, new):
    tables = [log_without_times(path) for path in (old, new)]
    for number, (a, b) in enumerate(zip(*tables), 1):
        if a != b:
            return "line %d: %s, %s before" % (number, ",".join(b), ",".join(a))
    if len(tables[0]) != len(tables[1]):
        return "%d lines, %d before" % (len(tables[1]), len(tables[0]))
    return None


def log_without_times(path):
    with open(path, newline="") as file:
        rows = list(csv.reader(file))
    kept = [place for place, name in enumerate(rows[0]) if "seconds" not in name]
    return [[row[place] for place in kept if place < len(row)] for row in rows]


def compare_printed(old, new):
    """What only the newer build says is no difference."""
    texts = [printed(path) for path in (old, new)]
    keys = sorted(texts[0])
    differing = [key for key in keys if texts[0].get(key) != texts[1].get(key)]
    if not differing:
        return None
    return "; ".join("%s is %s, %s before" % (key, shown(texts[1].get(key)), shown(texts[0].get(key))) for key in differing[:2]) + more(differing, 2)


def printed(path):
    """The numbers as they were printed, each by the names that lead to it."""
    with open(path) as file:
        text = json.load(file, parse_float=str, parse_int=str)
    return dict(leaves(text, ""))


def leaves(value, name):
    if isinstance(value, dict):
        for key, inner in value.items():
            if key not in UNEQUAL:
                yield from leaves(inner, name + "/" + key if name else key)
    elif name == "warnings":
        yield name, len(value)
    else:
        yield name, value


def more(names, n_shown):
    return " and %d more" % (len(names) - n_shown) if len(names) > n_shown else ""


def shown(value):
    text = repr(value)
    return text if len(text) < 60 else text[:57] + "..."


def compare_hdf5(old, new):
    with h5py.File(old, "r") as a, h5py.File(new, "r") as b:
        contents = [contents_of(file) for file in (a, b)]
        versions = [str(file.attrs.get(VERSION)) for file in (a, b)]
    keys = sorted(set(contents[0]) | set(contents[1]))
    differing = [key for key in keys if contents[0].get(key) != contents[1].get(key)]
    if differing:
        return ", ".join(differing[:8]) + more(differing, 8)
    # The same version and other bytes: something else than data sets and attributes.
    return "the bytes, though no data set or attribute" if versions[0] == versions[1] else None


def contents_of(file):
    """By the names of data sets and attributes: types, shapes, bytes, and how they are stored."""
    contents = {}

    def take(name, thing):
        if isinstance(thing, h5py.Dataset):
            contents["/" + name] = (str(thing.dtype), thing.shape, raw(thing[()]), thing.chunks, thing.compression, thing.compression_opts, thing.shuffle)
        else:
            contents["/" + name] = "group"
        for key in thing.attrs:
            if key != VERSION:
                value = thing.attrs[key]
                kind = thing.attrs.get_id(key).dtype
                contents["%s@%s" % ("/" + name, key)] = (str(kind), np.shape(value), raw(value))

    take("", file)
    file.visititems(take)
    return contents


def raw(value):
    array = np.asarray(value)
    return repr(array.tolist()) if array.dtype == object else array.tobytes()
