# SPDX-License-Identifier: BSD-3-Clause
"""Figures as SVG inside a page: axes and words as vectors, many points as small images, all identifiers of the picture's own.

The dark scheme turns a picture's brightness over (page.css); its background is transparent.
"""

import io
import re

import matplotlib.collections
from matplotlib.backends.backend_svg import FigureCanvasSVG

from plotting.style import named, plt, without_complaints

from .markup import clean, text

MOST_POINTS = 400  # of a collection that stay vectors; more become an image
MOST_VERTICES = 25000  # of a picture; more, and all that is drawn inside its axes becomes images
RESOLUTION = 120  # per inch, of images
COARSEST = 45
WIDTH_OF_A_PHONE = 20.5  # less the margins, in letters; wider pictures scroll there
BUDGET = 600000  # characters

RC = {"svg.fonttype": "none", "svg.hashsalt": "gmmpi", "svg.image_inline": True}


def label_of(value, length=28):
    """A name as matplotlib can draw it: no formulas, not too long."""
    return named(clean(value), length)


def svg_of(figure, anchor, alt, is_density=False):
    """The figure as SVG, and what is seen on it in words for those who do not see it. is_density: its images have a scale of colours of
    their own, which is as good on a dark page."""
    for part in [figure] + list(figure.subfigs) + list(figure.axes):
        part.patch.set_facecolor("none")
    _make_images(figure)
    with plt.rc_context(RC), without_complaints():  # of letters that no font has: the browser has its own
        # The layout once, not again in every drawing.
        if figure.get_layout_engine() is not None:
            figure.get_layout_engine().execute(figure)
            figure.set_layout_engine("none")
        drawn = _drawn(figure, RESOLUTION)
        if len(drawn) > BUDGET:
            # Noise of many dots packs badly: sizes go with the number of cells to the power of three quarters or so.
            drawn = _drawn(figure, max(COARSEST, int(RESOLUTION * (0.9 * BUDGET / len(drawn)) ** 0.65)))
    sizes = _widths(figure)
    plt.close(figure)
    return _inlined(drawn, anchor, alt, sizes, is_density)


def _drawn(figure, resolution):
    """As savefig does it, but for a first drawing of everything that it makes in order to know the layout."""
    file = io.StringIO()
    figure.set_dpi(resolution)
    FigureCanvasSVG(figure).print_svg(file, metadata={"Date": None, "Creator": None})
    return file.getvalue()


def _make_images(figure):
    """Many points, and everything inside axes where there is very much, as images."""
    lines = [line for axes in figure.axes for line in axes.lines]
    everything = sum(len(line.get_xdata(orig=False)) for line in lines) > MOST_VERTICES
    for axes in figure.axes:
        inside = [artist for artist in axes.collections if isinstance(artist, matplotlib.collections.PathCollection)
                  and len(artist.get_offsets()) > MOST_POINTS]
        if everything:
            inside = list(axes.collections) + list(axes.lines) + list(axes.texts) + list(axes.images)
            # Neighbours in the order of drawing become one image: nothing that stays a vector may stand between them.
            for spine in axes.spines.values():
                spine.set_zorder(0.6)
        for artist in inside:
            artist.set_rasterized(True)


def _widths(figure):
    """The width of a picture on a page where there is room, and the least one, in letters: one pair of axes shrinks to the width of a
    phone, of several the small letters stay readable, and the picture scrolls in its box."""
    inches = figure.get_figwidth()
    if len(figure.axes) <= 2:
        return round(6 * inches), WIDTH_OF_A_PHONE if inches < 8 else round(3.3 * inches, 1)
    return round(6 * inches), round(4.4 * inches, 1)


def _inlined(drawn, anchor, alt, sizes, is_density):
    """Without what belongs to a file of its own; with identifiers that no other picture has, only those that are referred to."""
    drawn = drawn[drawn.index("<svg"):]
    drawn = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", drawn, flags=re.S)
    view = re.search(r'viewBox="([^"]+)"', drawn)[1]
    used = {found for tag in re.findall(r"<[^<>]*>", drawn) for found in re.findall(r'(?:url\(#|href="#)([^)"]+)', tag)}
    # Tags alone: what stands between them are names and numbers.
    drawn = re.sub(r"<[^<>]*>", lambda match: _owned(match[0], anchor, used), drawn[drawn.index(">") + 1:])
    drawn = re.sub(r">\s*\n\s*<", ">\n<", drawn)
    # Blanks with which words begin, as room for a mark, are otherwise none.
    drawn = re.sub(r"(<text[^<>]*>)( +)", lambda match: match[1] + "\u00a0" * len(match[2]), drawn)
    return '<svg role="img"%s aria-label="%s" viewBox="%s" style="width:%drem;min-width:%grem">%s' % (
        ' class="density"' if is_density else "", text(alt), view, *sizes, drawn.strip())


def _owned(tag, anchor, used):
    """A tag with the picture's identifiers, letters that every system has, and places to a hundredth of a point."""
    if "data:image" in tag:
        return tag
    tag = re.sub(r'\bid="([^"]+)"', lambda match: 'id="%s-%s"' % (anchor, match[1]) if match[1] in used else "", tag)
    tag = re.sub(r'(url\(#|href="#)', r"\1%s-" % anchor, tag)
    tag = re.sub(r"(font(?:-family)?: (?:[^;\"']*px )?)'[^;\"]*", r"\1'DejaVu Sans', Verdana, Arial, sans-serif", tag)
    return re.sub(r"(\.\d\d)\d+", r"\1", tag) if tag.startswith("<path") else tag
