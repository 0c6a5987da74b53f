# SPDX-License-Identifier: BSD-3-Clause
"""Tables of strings for the terminal and in Markdown, and numbers for people."""

import statistics

NOTHING = "–"


def number(value, digits=3):
    """Three significant digits, without an exponent where people would write none."""
    if value == 0:
        return "0"
    if abs(value) >= 10 ** digits:
        return "%.0f" % value
    text = "%.*g" % (digits, value)
    return "%.6f" % value if "e" in text and abs(value) > 1e-5 else text


def with_range(values, form=number):
    """median (least – largest)"""
    if len(values) == 1:
        return form(values[0])
    return "%s (%s–%s)" % (form(statistics.median(values)), form(min(values)), form(max(values)))


def percent(value):
    return "%.0f %%" % (100 * value)


def cell(values, form=number):
    return with_range(values, form) if values else NOTHING


class Table:
    """A heading, columns' names, rows of strings, and a note."""

    def __init__(self, heading, names, rows, note=""):
        self.heading = heading
        self.names = names
        self.rows = rows
        self.note = note

    def terminal(self):
        lines = [self.names] + self.rows
        widths = [max(len(line[i]) for line in lines) for i in range(len(self.names))]
        text = [self.heading]
        for line in lines:
            cells = [c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(line, widths))]
            text.append("  " + "  ".join(cells).rstrip())
        return "\n".join(text + (["  " + self.note] if self.note else []))

    def markdown(self):
        text = ["**%s**" % self.heading, "", "| %s |" % " | ".join(self.names), "|%s" % ("---|" * len(self.names))]
        text += ["| %s |" % " | ".join(row) for row in self.rows]
        return "\n".join(text + (["", self.note] if self.note else []))
