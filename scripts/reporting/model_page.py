# SPDX-License-Identifier: BSD-3-Clause
"""The sections about one model."""

import os

import numpy as np

from plotting import merging, pictures
from plotting.mixture import read_log, read_mixture
from plotting.tables import features_of, open_table

from . import again, certainty, components, convergence, parallel, selecting, source, units, words
from .markup import Section, clean, count, facts, figure, number, paragraphs, text
from .svg import label_of, svg_of

DRAWN_POINTS = 4000  # from the model, where no data are given
PARALLEL_FEATURES = 3  # with so many there are parallel coordinates
MAP_COMPONENTS = 9  # with so many a map of the means, too


class Model:
    """What the sections share: the mixture, its attributes, a scene with points of the data or drawn from the model, and
    responsibilities (n x K, with noise one column more)."""

    def __init__(self, arguments, read_scene):
        self.arguments = arguments
        self.attributes = source.read_attributes(arguments.model)
        self.mixture = read_mixture(arguments.model)
        names = self.mixture.names
        if arguments.data:
            self.scene, self.shares = read_scene(arguments)
            names = names or list(self.scene.names)
        else:
            self.scene, self.shares = drawn_scene(self.mixture)
        self.names = names or features_of(self.mixture.n_features)
        self.features, _ = self.scene.selection()
        self.scene.names = [clean(name) for name in self.names]
        self.spreads = units.spreads_of(self.mixture)
        self.hierarchy = merging.read_hierarchy(arguments.model, self.mixture)
        self.summary = source.read_summary(arguments.summary) if arguments.summary else None
        if self.summary:
            source.check_summary(arguments.summary, self.summary, self.attributes)
        self.log = read_log(arguments.log) if arguments.log else None
        self.total = self.attributes.get("sum_of_weights", self.attributes.get("n_samples"))
        self.naming = components.Naming([clean(name) for name in self.names], self.attributes.get("component_names"), self._clusters())

    def _clusters(self):
        """Of each component the number of its cluster; None where components were not merged."""
        if self.hierarchy is None or self.hierarchy.n < 2:
            return None
        clusters = self.hierarchy.cut(self.arguments.clusters or self.hierarchy.suggested)
        return [next(i for i, members in enumerate(clusters) if k in members) for k in range(self.mixture.n_components)]


def drawn_scene(mixture):
    """Points drawn from the mixture's components, for pictures without data."""
    random = np.random.default_rng(0)
    counts = random.multinomial(DRAWN_POINTS, mixture.weights / mixture.weights.sum())
    points = []
    for k, n in enumerate(counts):
        covariance = mixture.covariance_of(k, range(mixture.n_features))
        drawn = random.multivariate_normal(np.zeros(mixture.n_features), covariance, n, method="eigh") if n else np.zeros((0, mixture.n_features))
        if mixture.dof is not None:
            drawn *= np.sqrt(mixture.dof[k] / random.chisquare(mixture.dof[k], n))[:, None]
        points.append(mixture.means[k] + drawn)
    points = np.concatenate(points)
    scene = pictures.Scene(mixture, points, features_of(mixture.n_features), len(points), np.repeat(np.arange(mixture.n_components), counts))
    return scene, mixture.responsibilities(points)


def sections(arguments, read_scene):
    """Title, lead (HTML) and Sections."""
    model = Model(arguments, read_scene)
    parts = [Section("warnings", "Warnings and events", convergence.warnings_body(model.attributes, model.summary, model.attributes["events"]))]
    if arguments.data:
        parts.append(Section("data", "The data", data_body(model)))
    parts.append(Section("components", "Components", components_body(model)))
    if model.mixture.n_features >= PARALLEL_FEATURES:
        parts.append(Section("features", "All features", features_body(model)))
    if arguments.data and model.shares.shape[1] > 1:
        parts.append(Section("responsibilities", "How clear the components are", shares_body(model)))
    if model.naming.clusters is not None:
        parts.append(Section("clusters", "Clusters of several components", clusters_body(model)))
    if arguments.bootstrap:
        parts.append(Section("errors", "How certain the numbers are", certainty.section_body(arguments.bootstrap, arguments.columns, bool(arguments.data))))
    if arguments.selection:
        parts.append(Section("selection", "How many components", selecting.section_body(arguments.selection, arguments.criterion, model.attributes)))
    if "n_samples" in model.attributes or arguments.log or arguments.summary:
        parts.append(Section("fit", "The course of the fit", convergence.section_body(arguments, model.log, model.summary, model.attributes)))
    command = command_of(model.attributes, model.mixture, arguments)
    parts.append(Section("again", "The command to do it again", again.body_of(command)))
    parts.append(Section("file", "What the file says", file_body(model.attributes)))
    title = words.title_of(model.mixture, os.path.basename(arguments.data) if arguments.data else os.path.basename(arguments.model))
    lead = words.lead(model.mixture, model.attributes) + facts(words.cards(cards_of(model)))
    if not arguments.data:
        lead += paragraphs("No data were given: the points in pictures are %s drawn from the model." % "{:,}".format(model.scene.n))
    return title, lead, parts


def columns_of(names, arguments):
    """How options name the features."""
    if not arguments.data:
        return again.columns_of(names, None)
    return again.columns_of(names, bool(open_table(arguments.data, arguments.header, arguments.delimiter).names))


def command_of(attributes, mixture, arguments):
    """The command that makes the model again."""
    priors = source.read_numbers(arguments.model, [name for name, _ in again.PRIORS])
    n = again.began_with(priors, mixture.n_stored) if attributes.get("prune") == "yes" else mixture.n_stored
    asked = asked_of(arguments) + again.asked_priors(priors, n, mixture.n_features)
    return again.command_of(attributes, n, columns_of(mixture.names, arguments), arguments.data, arguments.model, asked)


def cards_of(model):
    return dict({"n_features": model.mixture.n_features}, **dict(model.attributes, n_components=model.mixture.n_components))


def asked_of(arguments):
    """Words about how the data are read."""
    asked = ["--header", arguments.header] if arguments.header != "auto" else []
    asked += ["--weights", arguments.weights] if arguments.weights else []
    return asked + (["--delimiter", "tab" if arguments.delimiter == "\t" else arguments.delimiter] if arguments.delimiter else [])


def ranges_in_words(model, features):
    """From where to where the points lie, in the data's units."""
    parts = []
    for j in features:
        feature = model.scene.feature(j)
        low, high = (float(feature.scale.value(place)) for place in (feature.places.min(), feature.places.max()))
        parts.append("%s from %s to %s" % (model.scene.names[j], number(low, 3), number(high, 3)))
    return ", ".join(parts)


def is_dense(model):
    """Are there densities instead of points in the first picture of two features?"""
    return len(model.features) > 1 and any(model.scene.is_dense(i, j) for place, i in enumerate(model.features) for j in model.features[:place])


def kind_in_words(model):
    """What sort of picture points are on."""
    d = model.mixture.n_features
    what = "A histogram" if d == 1 else "A density map" if is_dense(model) else "A scatter plot"
    if d > 2:
        what = ("Density maps" if is_dense(model) else "Scatter plots") + " of all pairs of %d features" % len(model.features)
    return "%s of %s" % (what, model.scene.count)


def ellipses_in_words(mixture):
    """Which ellipses there are."""
    if mixture.n_features > 2 and mixture.n_components > pictures.MANY_COMPONENTS:
        return "ellipses of one standard deviation" if mixture.dof is None else "ellipses that hold 39 % of each component"
    return "ellipses of one and two standard deviations" if mixture.dof is None else "ellipses that hold 39 % and 86 % of each component"


def remark_on_features(model):
    d = model.mixture.n_features
    return "" if len(model.features) == d else " Of %d features the %d in which the components differ most." % (d, len(model.features))


def data_body(model):
    alt = "%s: %s." % (kind_in_words(model), ranges_in_words(model, model.features))
    drawn = svg_of(pictures.draw_data(model.scene), "data-picture", alt, is_dense(model))
    return figure(drawn, text("%s.%s" % (kind_in_words(model), remark_on_features(model))))


def components_body(model):
    mixture = model.mixture
    shown = [clean(name) for name in model.names]
    where = components.centres_in_words(mixture, shown, model.spreads, model.features)
    with_what = "the components' densities" if mixture.n_features == 1 else ellipses_in_words(mixture)
    alt = "%s%s with %s: %s." % (kind_in_words(model), "" if mixture.n_features == 1 else ", coloured by component,", with_what, where)
    caption = "%s by component, with %s%s.%s" % (model.scene.count.capitalize(), with_what, "; dashed: the mixture's" if mixture.n_features == 1 else "",
                                                 remark_on_features(model))
    parts = [figure(svg_of(pictures.draw_clusters(model.scene), "clusters-picture", alt), text(caption)),
             components.component_table(mixture, model.naming, model.spreads, model.features, model.total),
             components.transform_table(mixture, model.naming)]
    return "".join(parts)


def features_body(model):
    profile = parallel.Profile(model.mixture)
    shown = model.mixture.shown_names or model.names
    labels = [label_of(shown[j], 24) for j in profile.features]
    described = parallel.in_words(model.mixture, profile, [clean(name) for name in shown])
    k, m = model.mixture.n_components, len(profile.features)
    caption = "Means of the components in %s, in standard deviations from the mean of all points%s%s." % (
        "all %d features" % m if m == model.mixture.n_features else "the %d of %d features in which they differ most" % (m, model.mixture.n_features),
        "; bands: one standard deviation of the component" if k <= parallel.BAND_COMPONENTS else "",
        "; the %d of greatest weight in colour" % parallel.MOST_LINES if k > parallel.MOST_LINES else "")
    drawn = svg_of(parallel.draw_parallel(model.mixture, profile, labels), "parallel", "Parallel coordinates: %s." % described)
    parts = [figure(drawn, text(caption))]
    if k >= MAP_COMPONENTS:
        drawn = svg_of(parallel.draw_map(model.mixture, profile, labels), "means-map",
                       "A map of the same means, a row for each component: %s." % described)
        parts.append(figure(drawn, text("The same means of all components, by weight.")))
    if model.mixture.n_features > components.TABLE_FEATURES:
        parts.append(components.all_means(model.mixture, model.naming, model.spreads))
    return "".join(parts)


def shares_body(model):
    summary = components.summary_of_points(model.shares, model.scene.weights)
    alt = "For each component a histogram of its responsibilities for %s, on a logarithmic scale. %s" % (model.scene.count, summary)
    return paragraphs(text(summary)) + figure(svg_of(pictures.draw_responsibilities(model.scene, model.shares), "shares", alt), text(
        "The probability of each component given the point, over %s: bars at 0 and 1 alone mean that components are apart." % model.scene.count))


def clusters_body(model):
    drawn = merging.pictures_of_clusters(model.arguments.model, model.arguments.clusters, model.scene, model.shares)
    n = max(model.naming.clusters) + 1
    members = "; ".join("cluster %d: %s" % (i, ", ".join(str(model.mixture.numbers[k]) for k in range(model.mixture.n_components)
                                                        if model.naming.clusters[k] == i)) for i in range(n))
    alts = {"merging.png": "The entropy of memberships against the number of clusters, and the tree by which components were merged: %s." % members,
            "merged_clusters.png": "%s by cluster: %s." % (kind_in_words(model), members)}
    captions = {"merging.png": "The tree of mergers and its entropies.", "merged_clusters.png": "%s of %d components; %s." % (
        count(n, "cluster").capitalize(), model.mixture.n_components, members)}
    return "".join(figure(svg_of(draw(), name.split(".")[0], alts[name]), text(captions[name])) for name, draw in drawn)


def file_body(attributes):
    """All attributes."""
    shown = [(name, value) for name, value in attributes.items() if name not in ("events", "feature_names", "transforms", "component_names")]
    if not shown:
        return paragraphs("The file has no attributes beside its numbers.")
    return facts([("<code>%s</code>" % text(name), words.attribute_value(value)) for name, value in shown], "attributes")
