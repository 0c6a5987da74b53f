#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Checks that every file of code says under which licence it is: one line "SPDX-License-Identifier: BSD-3-Clause" in a comment, the first
line of the file or the one behind "#!". --fix adds the line where it is missing.

    scripts/check_spdx.py [--fix] [FOLDER]     FOLDER: instead of the repository of this script"""

import argparse
import os
import re
import sys

LINE = "SPDX-License-Identifier: BSD-3-Clause"
FOLDERS = ("src", "include", "tests", "scripts", "jobs", "findings", ".ci", "docs")
HASH, STARS, SLASHES = "# {}\n", "/* {} */\n", "// {}\n"
COMMENTS = {".c": STARS, ".h": STARS, ".cpp": SLASHES, ".py": HASH, ".sh": HASH, ".R": HASH, ".slurm": HASH, ".pbs": HASH, ".lsf": HASH, ".zsh": HASH, ".cmake": HASH, ".in": HASH}
SKIPPED = {"__pycache__", "build", "corpus"}


def comment_of(path):
    """How a file of this name has a line of comment, None if it is not code."""
    name = os.path.basename(path)
    if name == "CMakeLists.txt" or os.path.basename(os.path.dirname(path)) == ".ci":
        return HASH
    return COMMENTS.get(os.path.splitext(name)[1])


def files_of_code(root):
    found = [name for name in os.listdir(root) if os.path.isfile(os.path.join(root, name))]
    for folder in FOLDERS:
        for path, folders, names in os.walk(os.path.join(root, folder)):
            folders[:] = sorted(set(folders) - SKIPPED)
            found += [os.path.relpath(os.path.join(path, name), root) for name in names]
    return sorted(path for path in found if comment_of(os.path.join(root, path)))


def place_of(lines):
    """The index of the line that the licence belongs on."""
    return 1 if lines and lines[0].startswith("#!") else 0


def fault_of(lines, comment):
    """What is wrong with a file's lines, None if nothing is; "none" is the only fault that --fix can mend."""
    # A comment alone: scripts that look for such lines, or write them, have the words in strings.
    said = [i for i, line in enumerate(lines) if re.match(r"\s*(#|//|/?\*+)\s*SPDX-License-Identifier:", line)]
    place = place_of(lines)
    if not said:
        return "none"
    if len(said) > 1:
        return f"has {len(said)} lines of licence; leave one"
    if said[0] != place:
        return f"names its licence on line {said[0] + 1}; move it to line {place + 1}"
    if lines[place] != comment.format(LINE):
        return f"line {place + 1} should be: {comment.format(LINE).strip()}"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fix", action="store_true", help="add the line where it is missing")
    parser.add_argument("folder", nargs="?", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
    arguments = parser.parse_args()

    complaints = []
    files = files_of_code(arguments.folder)
    for path in files:
        full = os.path.join(arguments.folder, path)
        comment = comment_of(full)
        with open(full, encoding="utf-8", newline="") as file:
            lines = file.readlines()
        fault = fault_of(lines, comment)
        if fault == "none" and arguments.fix:
            lines.insert(place_of(lines), comment.format(LINE))
            with open(full, "w", encoding="utf-8", newline="") as file:  # in place: its mode stays
                file.writelines(lines)
        elif fault == "none":
            complaints.append(f"{path}: does not name its licence; scripts/check_spdx.py --fix adds the line")
        elif fault:
            complaints.append(f"{path}: {fault}")
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    if not complaints:
        print(f"{len(files)} files: each names its licence")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
