# SPDX-License-Identifier: BSD-3-Clause
"""Pieces of HTML. Whatever comes from a file goes through text() or clean(), and so cannot break the page."""

import html
import re
import unicodedata

import numpy as np


def clean(value):
    """A text without what has no place in a document: control characters, halves of characters."""
    value = str(value).encode("utf-8", "replace").decode("utf-8")
    return "".join("\ufffd" if unicodedata.category(c) in ("Cc", "Cs", "Cn") else c for c in value)


def text(value):
    """Escaped, for content and for attributes in double quotes."""
    return html.escape(clean(value), quote=True)


def name(value):
    """A name from a file: its direction of writing does not change that of its neighbours."""
    return "<bdi>%s</bdi>" % text(value)


def number(value, digits=4):
    """A number as people read it: so many digits, thousands apart, no exponent where it can be helped."""
    value = float(value)
    if not np.isfinite(value):
        return "none" if np.isnan(value) else "∞" if value > 0 else "−∞"
    if value == int(value) and abs(value) < 1e15:
        return "{:,}".format(int(value)).replace("-", "−")
    size = abs(value)
    if 1e-4 <= size < 1e15:
        places = max(0, digits - 1 - int(np.floor(np.log10(size))))
        word = "{:,.{}f}".format(value, places)
        word = word.rstrip("0").rstrip(".") if "." in word else word
    else:
        word = "%.*g" % (digits, value)
    return re.sub(r"^-", "−", re.sub(r"e-", "e−", word))


def count(n, one, many=None):
    """"1 point", "1,200 points"."""
    return "{:,} {}".format(n, one if n == 1 else many or one + "s")


def seconds(value):
    """A span of time in words."""
    if value < 1e-3:
        return "%.3g µs" % (value * 1e6)
    if value < 1:
        return "%.3g ms" % (value * 1e3)
    if value < 120:
        return "%.3g s" % value
    if value < 7200:
        return "%.3g min" % (value / 60)
    return "%.3g h" % (value / 3600)


NUMBERS = (int, float, np.number)


class Cell:
    """One cell. content: HTML; value: what it is sorted by, a number or a text (None: its content); header: it names its row."""

    def __init__(self, content, value=None, header=False):
        self.content = content
        self.value = value
        self.header = header

    def is_right(self):
        """Is it a number, which ends at the right of its column?"""
        return isinstance(self.value, NUMBERS) and not self.header and "<" not in self.content

    def html(self):
        is_number = isinstance(self.value, NUMBERS)
        value = "" if self.value is None else ' data-value="%s"' % (repr(float(self.value)) if is_number else text(self.value))
        kind = ' class="n"' if self.is_right() else ""
        tag = 'th scope="row"' if self.header else "td"
        return "<%s%s%s>%s</%s>" % (tag, kind, value, self.content, tag[:2])


def of_number(value, digits=4):
    """A cell of one number."""
    return Cell(text(number(value, digits)), float(value))


def table(caption, headings, rows, sortable=False, note=None):
    """A table in a box that scrolls by itself. headings: HTML; rows: lists of Cells; caption, note: HTML."""
    heads = "".join('<th scope="col"%s>%s</th>' % (' class="n"' if _is_of_numbers(rows, j) else "", heading)
                    for j, heading in enumerate(headings))
    body = "\n".join("<tr>%s</tr>" % "".join(cell.html() for cell in row) for row in rows)
    label = re.sub(r"<[^>]*>", "", caption).replace('"', "&quot;")
    return ('<div class="scroll" role="group" tabindex="0" aria-label="Table: %s">\n<table%s>\n<caption>%s</caption>\n'
            '<thead><tr>%s</tr></thead>\n<tbody>\n%s\n</tbody>\n</table>\n</div>\n%s') % (
        label, ' class="sortable"' if sortable else "", caption, heads, body, '<p class="note">%s</p>\n' % note if note else "")


def _is_of_numbers(rows, j):
    return bool(rows) and all(row[j].is_right() or row[j].content == "–" for row in rows)


def figure(svg, caption):
    """A picture with its caption (HTML). The picture has its own words for those who do not see it."""
    return '<figure>\n<div class="scroll picture" role="group" tabindex="0" aria-label="Picture">%s</div>\n' \
           '<figcaption>%s</figcaption>\n</figure>\n' % (svg, caption)


def paragraphs(*sentences):
    return "".join("<p>%s</p>\n" % sentence for sentence in sentences if sentence)


def items(sentences):
    return "<ul>\n%s\n</ul>\n" % "\n".join("<li>%s</li>" % sentence for sentence in sentences)


MOST_CARDS = 6  # in a row, where there is room


def cards_in_a_row(n):
    """So many that rows are about equally long: no card is alone in the last one."""
    n_rows = -(-n // MOST_CARDS)
    return -(-n // max(1, n_rows))


def facts(pairs, kind="facts"):
    """Names and values (HTML) as cards, or as lines of a kind of their own."""
    at_most = ' style="--in-a-row:%d"' % cards_in_a_row(len(pairs)) if kind == "facts" and pairs else ""
    return '<dl class="%s"%s>\n%s\n</dl>\n' % (kind, at_most, "\n".join("<div><dt>%s</dt><dd>%s</dd></div>" % pair for pair in pairs))


class Section:
    """A part of the page: an anchor, a heading (plain text), and its HTML."""

    def __init__(self, anchor, heading, body):
        self.anchor = anchor
        self.heading = heading
        self.body = body

    def html(self):
        return '<section id="%s" aria-labelledby="h-%s">\n<h2 id="h-%s">%s</h2>\n%s</section>\n' % (
            self.anchor, self.anchor, self.anchor, text(self.heading), self.body)


def subheading(words):
    return "<h3>%s</h3>\n" % text(words)
