#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Compares what the library offers to programs with the list of it in src/packaging/gmmpi.abi.

  scripts/check_abi.py [--fix] [LIBRARY]

The list has a line for each function of the public headers with its arguments, and for each type whose inside they show. LIBRARY, a
libgmmpi.so, must export these functions and nothing else. --fix writes the list anew: a line more is a new function, and old programs
run on; a line that is changed or gone means that they do not, and the library's SOVERSION has to become larger.
"""

import argparse
import difflib
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HEADERS = os.path.join(ROOT, "include", "gmmpi")
LIST = os.path.join(ROOT, "src", "packaging", "gmmpi.abi")


def header_text():
    text = ""
    for name in sorted(os.listdir(HEADERS)):
        if name.endswith(".h"):
            with open(os.path.join(HEADERS, name), encoding="utf-8") as file:
                text += file.read()
    return re.sub(r"/\*.*?\*/", " ", text, flags=re.S)


def one_line(text):
    return re.sub(r"\( ", "(", re.sub(r"\s+", " ", text)).strip()


def functions(text):
    """Declarations by name."""
    found = {}
    for declaration in re.findall(r"GMMPI_API\s+(?!__attribute__)([^;{}#]+);", text):
        line = one_line(declaration)
        found[re.search(r"(gmmpi_\w+)\s*\(", line).group(1)] = line
    return found


def types(text):
    return [one_line(match.group(0)) for match in re.finditer(r"typedef (?:struct|enum) \w+ \{.*?\} \w+;", text, flags=re.S)]


def exported(library):
    run = subprocess.run(["nm", "-D", "--defined-only", library], capture_output=True, text=True, check=True)
    names = {line.split()[-1].split("@")[0] for line in run.stdout.splitlines() if line.split()[-2] != "A"}
    return names


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fix", action="store_true")
    parser.add_argument("library", nargs="?")
    words = parser.parse_args()
    text = header_text()
    declared = functions(text)
    lines = sorted(types(text)) + [declared[name] for name in sorted(declared)]
    if words.fix:
        with open(LIST, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
    with open(LIST, encoding="utf-8") as file:
        known = file.read().splitlines()
    faults = [line for line in difflib.unified_diff(known, lines, "src/packaging/gmmpi.abi", "include/gmmpi", lineterm="", n=0)]
    if faults:
        faults.append("If it is meant: scripts/check_abi.py --fix, and see there what a line that is changed or gone means.")
    if words.library:
        names = exported(words.library)
        faults += [f"{words.library}: does not export {name}" for name in sorted(set(declared) - names)]
        faults += [f"{words.library}: exports {name}, which no public header declares" for name in sorted(names - set(declared))]
    print("\n".join(faults) if faults else f"{len(lines)} functions and types, as in the list")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
