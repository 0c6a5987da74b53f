#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What the pages of the worked examples show of what the scripts print.

    pages.py FOLDER     takes the numbers on all pages anew from FOLDER/NAME/output.txt, which all.sh wrote

A block that begins with ```text on a page of docs/examples is an excerpt: its lines come in the order in which they are printed, and commands
are among them ("$ ..."; a line that ends with \\ goes on in the next). "..." stands for what is left out."""

import glob
import os
import re
import sys

NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?(?![\w])")


def blocks(page):
    """The page's blocks of output, as lists of lines, continued ones in one."""
    found = re.findall(r"(?ms)^```text\n(.*?)^```", page)
    return [[line.rstrip() for line in re.sub(r"\s*\\\n\s*", " ", block).splitlines() if line.strip()] for block in found]


def excerpts(page):
    """The lines of all blocks, without those that stand for others."""
    return [line for block in blocks(page) for line in block if line.strip() != "..."]


def is_progress(line):
    """A line about how far a command is, of which there are as many as it takes seconds."""
    return re.match(r"(?!gmmpi)[a-z][\w ,.-]*(: .*(\d %|iteration \d|done)|, iteration \d)|reading ", line) is not None


def unmarked(page, printed, are_alike):
    """Lines of blocks behind which lines of what is printed are left out without "...". The next command ends what a block shows.
    How far a command is is no such line."""
    printed = [line for line in printed if line.strip() and not is_progress(line)]
    place, found = -1, []
    for block in blocks(page):
        last = None  # the line before, where nothing says that some are left out
        for line in block:
            if line.strip() == "...":
                last = None
                continue
            here = next(i for i in range(place + 1, len(printed)) if are_alike(line, printed[i]))
            if last is not None and here > place + 1:
                found.append(last)
            place, last = here, line
        if last is not None and place + 1 < len(printed) and not printed[place + 1].startswith(("$ ", "pictures in ")):
            found.append(last)
    return found


def layout(line):
    """A line without its numbers, and with single blanks."""
    return " ".join(NUMBER.sub("#", line).split())


def refreshed(page, printed):
    """The page with the lines of its blocks as they are printed now; commands are left as they are."""
    place, result, inside, command = 0, [], False, False
    for line in page.splitlines():
        if line.startswith("```"):
            inside = line == "```text"
        elif inside and line.strip() not in ("", "...") and not line.startswith("$ ") and not command:
            found = next((i for i in range(place, len(printed)) if layout(printed[i]) == layout(line)), None)
            if found is None:
                sys.exit("%r is not printed any more" % line)
            line, place = printed[found].rstrip(), found + 1
        elif inside and line.startswith("$ "):
            words = line.rstrip("\\").rstrip()
            place = next((i + 1 for i in range(place, len(printed)) if printed[i].startswith(words)), place)
        command = inside and line.endswith("\\")
        result.append(line)
    return "\n".join(result) + "\n"


def main():
    pages = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..", "docs", "examples")
    for path in sorted(glob.glob(os.path.join(pages, "*.md"))):
        name = os.path.basename(path)[:-3]
        if name == "README":
            continue
        with open(os.path.join(sys.argv[1], name, "output.txt")) as file:
            printed = file.read().splitlines()
        with open(path) as file:
            page = file.read()
        with open(path, "w") as file:
            file.write(refreshed(page, printed))


if __name__ == "__main__":
    main()
