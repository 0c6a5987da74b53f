#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Holds the #includes of src/ against the table of rooms (docs/design/README.md): a room includes those above it only, and no two files, nor
folders, include each other in a circle. A pair x.h, x.c counts as one file.

    scripts/check_includes.py [FOLDER]     FOLDER: instead of src beside this script"""

import os
import re
import sys

# From the ground up: a room may include those before it, or only these of them. Without suffix, a name ends with ".h".
ROOMS = {
    "support": (),
    "sources": None,
    "points": None,
    "mixture": ("support",),
    "kernels": ("support", "points", "mixture"),
    "passes": None,
    "em": None,
    "starts": None,
    "fit": None,
    "job": ("support", "sources", "points", "mixture", "kernels", "passes", "em/state", "em/state_fields", "em/event", "em/observer", "em/timings"),
    "apply": ("support", "sources", "points", "mixture", "kernels"),
    "alone": ("support",),
    "cli": None,
}

# The folders of formats know the face of a source, and nothing of each other.
FACE_OF_SOURCES = ("sources/source", "sources/band", "sources/feature_names", "sources/records", "sources/record_columns",
                    "sources/written_files")
THE_TABLE_OF_SOURCES = "sources/kinds"


def includes_of(folder):
    """{file without suffix: {(included file without suffix, where)}} of all .c and .h files under folder."""
    found = {}
    for path, _, names in sorted(os.walk(folder)):
        for name in sorted(names):
            if not name.endswith((".c", ".h")):
                continue
            full = os.path.join(path, name)
            unit = os.path.relpath(full, folder)[:-2]
            with open(full, encoding="utf-8") as file:
                for number, line in enumerate(file, 1):
                    match = re.match(r'\s*#\s*include\s*(["<])([^">]+?)(?:\.[ch])?[">]', line)
                    if match and match.group(2) != unit and (match.group(1) == '"' or room_of(match.group(2)) in ROOMS):
                        found.setdefault(unit, set()).add((match.group(2), f"{os.path.relpath(full, folder)}:{number}"))
            found.setdefault(unit, set())
    return found


def room_of(unit):
    return unit.split("/")[0]


def is_allowed(room, target):
    order = list(ROOMS)
    if room_of(target) == room:
        return True
    if ROOMS[room] is None:
        return order.index(room_of(target)) < order.index(room)
    return any(target == allowed or room_of(target) == allowed for allowed in ROOMS[room])


def wrong_rooms(found):
    for unit, targets in sorted(found.items()):
        room = room_of(unit)
        if room not in ROOMS:
            yield f"{unit}: no room of this name is in the table"
            continue
        for target, where in sorted(targets):
            if room_of(target) == "gmmpi":  # the public headers are the language of all rooms
                continue
            if target not in found:
                yield f"{where}: includes {target}.h, which is not there"
            elif not is_allowed(room, target):
                yield f"{where}: {room} may not include {target}.h"


def format_of(unit):
    """The folder of a format that the file is in, such as "sources/csv", or None."""
    parts = unit.split("/")
    return "/".join(parts[:2]) if parts[0] == "sources" and len(parts) > 2 else None


def wrong_formats(found):
    """A format includes the face of sources and its own files; no one but the table includes a format's."""
    for unit, targets in sorted(found.items()):
        own = format_of(unit)
        for target, where in sorted(targets):
            if own and room_of(target) == "sources" and format_of(target) != own and target not in FACE_OF_SOURCES:
                yield f"{where}: a format includes source.h and its own files only, not {target}.h"
            elif not own and format_of(target) and unit != THE_TABLE_OF_SOURCES:
                yield f"{where}: only the table of kinds knows the formats, {unit} includes {target}.h"


def circles(graph):
    """Strongly connected parts of more than one node (Tarjan 1972), each sorted."""
    index, low, stack, on_stack, found = {}, {}, [], set(), []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        on_stack.add(node)
        for other in sorted(graph.get(node, ())):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in on_stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            part = []
            while not part or part[-1] != node:
                part.append(stack.pop())
                on_stack.discard(part[-1])
            if len(part) > 1:
                found.append(sorted(part))

    sys.setrecursionlimit(10000)
    for node in sorted(graph):
        if node not in index:
            visit(node)
    return found


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "src")
    found = includes_of(folder)
    complaints = list(wrong_rooms(found)) + list(wrong_formats(found))
    files = {unit: {target for target, _ in targets if target in found} for unit, targets in found.items()}
    rooms = {}
    for unit, targets in files.items():
        rooms.setdefault(room_of(unit), set()).update(room_of(target) for target in targets if room_of(target) != room_of(unit))
    complaints += [f"these files include each other in a circle: {', '.join(part)}" for part in circles(files)]
    complaints += [f"these rooms include each other in a circle: {', '.join(part)}" for part in circles(rooms)]
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    if not complaints:
        print(f"{len(found)} files in {len(ROOMS)} rooms: no include goes up, none goes round")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
