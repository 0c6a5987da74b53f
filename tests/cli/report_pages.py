# SPDX-License-Identifier: BSD-3-Clause
"""Pages of report.py as their tests see them: their structure by html.parser, and models that are written by hand."""

import html.parser
import re

import h5py
import numpy as np

VOID = {"meta", "br", "link", "input", "img", "hr"}


class Page(html.parser.HTMLParser):
    """elements: (tag, attributes, parents' tags) in order; texts: what stands in an element, by its place in `elements`; problems: tags that
    do not match."""

    def __init__(self, content):
        super().__init__(convert_charrefs=True)
        self.content = content
        self.elements, self.texts, self.problems = [], {}, []
        self.open = []
        self.feed(content)
        self.close()
        self.problems += ["%s is not closed" % self.elements[place][0] for place in self.open]

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes), [self.elements[place][0] for place in self.open]))
        self.texts[len(self.elements) - 1] = ""
        if tag not in VOID:
            self.open.append(len(self.elements) - 1)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes), [self.elements[place][0] for place in self.open]))

    def handle_endtag(self, tag):
        if not self.open or self.elements[self.open[-1]][0] != tag:
            self.problems.append("</%s> where %s is open" % (tag, self.elements[self.open[-1]][0] if self.open else "nothing"))
            return
        self.open.pop()

    def handle_data(self, data):
        for place in self.open:
            self.texts[place] += data

    def found(self, tag, **attributes):
        """(attributes, text) of all elements of a tag that have these attributes (class_ for class)."""
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [(there, self.texts.get(place, "")) for place, (name, there, _) in enumerate(self.elements)
                if name == tag and all(there.get(key) == value for key, value in wanted.items())]

    def table(self, caption):
        """Rows of the table with this caption: for each cell (its data-value, its text)."""
        places = [place for place, (tag, _, _) in enumerate(self.elements) if tag == "caption" and self.texts[place].startswith(caption)]
        rows, place = [], places[0] + 1
        while place < len(self.elements) and self.elements[place][0] not in ("table", "caption"):
            tag, attributes, _ = self.elements[place]
            if tag == "tr":
                rows.append([])
            elif tag in ("td", "th"):
                rows[-1].append((attributes.get("data-value"), self.texts[place].strip()))
            place += 1
        return rows

    def text(self):
        return re.sub(r"\s+", " ", self.texts[next(i for i, (tag, _, _) in enumerate(self.elements) if tag == "body")])


def faults_of(page):
    """What is wrong with a page for keyboards, screen readers and printers: a list, empty where nothing is."""
    faults = list(page.problems)
    tags = [tag for tag, _, _ in page.elements]
    faults += ["%d of %s" % (tags.count(tag), tag) for tag in ("h1", "main", "nav", "header", "footer", "title") if tags.count(tag) != 1]
    levels = [int(tag[1]) for tag in tags if re.fullmatch("h[1-6]", tag)]
    faults += ["h%d follows h%d" % (b, a) for a, b in zip(levels, levels[1:]) if b > a + 1]
    if page.elements[0][1].get("lang") != "en":
        faults.append("no language")
    identifiers = [attributes["id"] for _, attributes, _ in page.elements if "id" in attributes]
    faults += ["identifier %s twice" % name for name in set(identifiers) if identifiers.count(name) > 1]
    for place, (tag, attributes, parents) in enumerate(page.elements):
        words = page.texts.get(place, "").strip()
        target = attributes.get("href") or attributes.get("xlink:href") or ""
        if target.startswith("#") and target[1:] not in identifiers:
            faults.append("%s leads nowhere" % target)
        elif target and not target.startswith(("#", "data:image/png;base64,")):
            faults.append("%s is loaded" % target[:40])
        faults += ["%s is loaded" % attributes[name][:40] for name in ("src", "srcset", "action") if name in attributes]
        if tag == "svg" and "svg" not in parents and not (attributes.get("aria-hidden") == "true" or (
                attributes.get("role") == "img" and len(attributes.get("aria-label", "")) > 30 and re.search(r"\d", attributes["aria-label"]))):
            faults.append("a picture without words")
        if tag == "th" and attributes.get("scope") not in ("col", "row"):
            faults.append("a heading without scope")
        if tag in ("h1", "h2", "h3", "a", "th", "title", "caption") and not words:
            faults.append("an empty %s" % tag)
    faults += ["%d tables, %d captions" % (tags.count("table"), tags.count("caption"))] if tags.count("table") != tags.count("caption") else []
    faults += ["%d figures, %d captions" % (tags.count("figure"), tags.count("figcaption"))] if tags.count("figure") != tags.count("figcaption") else []
    if re.search(r"url\((?!#|data:)|@import|https?://(?!www\.w3\.org/)", page.content):
        faults.append("something is loaded")
    return faults


def write_model(path, k=3, d=2, covariance="full", seed=0, names=None, attributes=None, **arrays):
    """A model file by hand; returns n points of it."""
    random = np.random.default_rng(seed)
    weights = random.dirichlet(np.full(k, 5.0))
    means = random.normal(0, 6, (k, d))
    shapes = {"full": np.array([np.eye(d) * (i + 1) / 2 for i in range(k)]), "tied": np.eye(d), "diag": random.uniform(0.5, 2, (k, d)),
              "spherical": random.uniform(0.5, 2, k)}
    with h5py.File(path, "w") as file:
        for name, value in dict(dict(weights=weights, means=means, covariances=shapes[covariance]), **arrays).items():
            file[name] = value
        file.attrs["covariance"] = covariance
        if names:
            file.attrs["feature_names"] = names
        for name, value in (attributes or {}).items():
            file.attrs[name] = value
        weights, means = file["weights"][:], file["means"][:]
    return means[random.choice(k, 240, p=weights / weights.sum())] + random.standard_normal((240, d))
