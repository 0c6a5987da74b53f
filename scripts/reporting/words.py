# SPDX-License-Identifier: BSD-3-Clause
"""The first lines of the page: what the model is and how well it was fitted, in sentences and in numbers."""

from .markup import count, number, paragraphs, text

FAMILIES = {"full": "each with a covariance of its own", "tied": "with one covariance for all", "diag": "each with a diagonal covariance",
            "spherical": "each with one variance"}
WHAT = ("volume", "shape", "orientation")
METHODS = {"map": "the mode of a posterior under a conjugate prior", "vb": "variational Bayes",
           "dp": "variational Bayes with weights by stick-breaking (a Dirichlet process)", "adapt": "adaptation of another model"}


def family_in_words(covariance):
    """A family of covariances, also by mclust's codes."""
    if covariance in FAMILIES:
        return FAMILIES[covariance]
    if covariance in ("E", "V"):
        return "with one variance for all" if covariance == "E" else "each with a variance of its own"
    words = {letter: [what for what, code in zip(WHAT, covariance) if code == letter] for letter in "EVI"}
    parts = []
    if words["E"]:
        parts.append("equal " + " and ".join(words["E"]))
    if words["V"]:
        parts.append("variable " + " and ".join(words["V"]))
    if "shape" in words["I"]:
        parts.append("spherical")
    elif "orientation" in words["I"]:
        parts.append("axes along the features")
    return "with covariances of %s (%s)" % (", ".join(parts), covariance)


def title_of(mixture, subject):
    return "%s%s" % (count(mixture.n_components, "component"), " of " + subject if subject else "")


def lead(mixture, attributes):
    """What the model is, in one or two sentences (HTML)."""
    kind = "normal" if mixture.dof is None else "t"
    words = "A mixture of %s in %s, %s" % (count(mixture.n_components, kind + " distribution"), count(mixture.n_features, "feature"),
                                           family_in_words(attributes.get("covariance", "full")))
    if mixture.n_components == 1 and words.find(", each with") > 0:
        words = words.replace(", each with", ", with")
    if mixture.noise:
        words += ", and a uniform background of weight %s for points that belong to none" % number(mixture.noise[0])
    sentences = [words + "."]
    if "n_samples" in attributes:
        what = "Fitted to %s" % count(attributes["n_samples"], "point")
        if "sum_of_weights" in attributes:
            what += " with weights, whose sum is %s" % number(attributes["sum_of_weights"], 10)
        if attributes.get("method", "ml") in METHODS:
            what += ", by " + METHODS[attributes["method"]]
        sentences.append(what + "." + _convergence(attributes))
    if "derived_by" in attributes:
        sentences.append({"marginal": "The distribution of some of a larger model's features, whatever the others are.",
                          "condition": "The distribution of a larger model's other features where some are known."}.get(
                              attributes["derived_by"], "A part of a larger model."))
    empty = mixture.n_stored - mixture.n_components
    if empty:
        sentences.append("The file has %s of weight 0, left out here." % ("one component" if empty == 1 else "%d components" % empty))
    return paragraphs(" ".join(text(sentence) for sentence in sentences)).replace("<p>", '<p class="lead">', 1)


def _convergence(attributes):
    if "converged" not in attributes or "n_iter" not in attributes:
        return ""
    iterations = count(attributes["n_iter"], "iteration")
    if attributes.get("method") == "adapt":
        return " %s made." % (iterations + (" was" if attributes["n_iter"] == 1 else " were"))
    return " It converged after %s." % iterations if attributes["converged"] else " It had not converged after %s." % iterations


# Attributes that are shown as cards: heading, digits.
CARDS = [("n_samples", "points", 10), ("n_features", "features", 10), ("n_components", "components", 10),
         ("mean_log_likelihood", "log-likelihood per point", 7), ("mean_lower_bound", "lower bound per point", 7),
         ("bic", "BIC (lower is better)", 7), ("aic", "AIC", 7), ("icl", "ICL", 7), ("n_parameters", "parameters", 10)]


def cards(attributes):
    return [(text(heading), text(number(attributes[name], digits))) for name, heading, digits in CARDS
            if isinstance(attributes.get(name), (int, float)) and attributes[name] == attributes[name]]


def attribute_value(value):
    """An attribute as HTML."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return text("%.10g" % value)
    if isinstance(value, list):
        shown = ["%.10g" % item if isinstance(item, float) else str(item) for item in value]
        return "%d values" % len(value) if len(value) > 50 else text(", ".join(shown))
    return text(value)
