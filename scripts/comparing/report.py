# SPDX-License-Identifier: BSD-3-Clause
"""Tables as text or Markdown."""


def render(header, rows, markdown=False):
    """Lines of a table; the first column is words, the others are numbers."""
    cells = [[str(cell) for cell in row] for row in [header] + rows]
    if markdown:
        lines = ["| " + " | ".join(row) + " |" for row in cells]
        return [lines[0], "|---|" + "---:|" * (len(header) - 1)] + lines[1:]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    return [(row[0].ljust(widths[0]) + "".join("  " + cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))).rstrip()
            for row in cells]


def seconds(value):
    return "%.3g" % value if value < 100 else "%.0f" % value
