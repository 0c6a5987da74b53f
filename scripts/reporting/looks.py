# SPDX-License-Identifier: BSD-3-Clause
"""The colour and the marker of a component, as its pictures have them, for tables."""

import matplotlib.markers

from plotting.style import component_colour, component_marker

PATHS = {"x": "M-4-4L4 4M-4 4L4-4"}


def _path_of(marker):
    """The outline of a marker of matplotlib as a path of SVG, in a box from -6 to 6."""
    if marker not in PATHS:
        style = matplotlib.markers.MarkerStyle(marker)
        outline = style.get_path().transformed(style.get_transform())
        PATHS[marker] = "".join("M%.2f %.2f" % (9.5 * x, -9.5 * y) if i == 0 else "L%.2f %.2f" % (9.5 * x, -9.5 * y)
                                for i, (x, y) in enumerate(outline.to_polygons()[0])) + "Z"
    return PATHS[marker]


def mark_of(number):
    """A small picture of the look of a component, by its number in the file; -1: of noise."""
    path, colour = _path_of(component_marker(int(number))), component_colour(int(number))
    return '<svg class="mark" viewBox="-6 -6 12 12" aria-hidden="true"><path d="%s" %s/></svg>' % (
        path, ('fill="none" stroke="%s" stroke-width="2"' if number < 0 else 'fill="%s"') % colour)
