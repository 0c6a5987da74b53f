# SPDX-License-Identifier: BSD-3-Clause
"""The command that makes a model again, from what its file says about its options."""

import csv
import io
import re
import shlex

from plotting.scales import steps_of

from .markup import items, paragraphs, text

# Options by their attributes, with what they are where nobody asks; an attribute that is not there was not asked for.
OPTIONS = [("covariance", "full"), ("distribution", "gaussian"), ("dof", "each"), ("reg_covar", 1e-6), ("on_collapse", "reseed"),
           ("method", "ml"), ("prior_mean", "data"), ("prior_shrinkage", 0.01), ("prior_dof", "auto"), ("prior_scale", "auto"),
           ("relevance", 16.0), ("adapt", "means"), ("tol", 1e-6), ("max_iter", 1000), ("accelerate", "auto"), ("arithmetic", "double"),
           ("n_init", 1), ("init", "kmeans"), ("init_covariance", "sample"), ("seed", "0"), ("spurious", "avoid"), ("precision", "double"),
           ("merge", None), ("criterion", None)]
FLAGS = [("noise", "yes", "--noise"), ("prune", "yes", "--prune"), ("coarse_to_fine", "yes", "--coarse-to-fine"),
         ("coarse_to_fine", "no", "--no-coarse-to-fine")]
STARTS = {"kmeans", "k-means++", "random_from_data", "random"}
# Numbers of a variational posterior's prior: what they are where nobody asks, of n components in d features.
PRIORS = [("weight_concentration_prior", lambda n, d: 1 / n), ("mean_precision_prior", lambda n, d: 1.0),
          ("degrees_of_freedom_prior", lambda n, d: float(d))]


def listed(names):
    """Names as --columns takes them."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(names)
    return line.getvalue()


def columns_of(names, has_names):
    """Features as options name them: by their names, or by numbers where the data have no names, so that gmmpi called column 3 "x3".
    has_names: of the data; None: not known. None where nothing is known."""
    if not names or has_names or not all(re.fullmatch(r"x[1-9]\d*", name) for name in names):
        return names
    return [name[1:] for name in names]


def ranges(columns):
    """--columns of names or of numbers, ascending neighbours of which become ranges."""
    if not all(column.isdigit() for column in columns):
        return listed(columns)
    runs = []
    for number in map(int, columns):
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join("%d-%d" % (first, last) if last > first else str(first) for first, last in runs)


def transform_words(transforms, columns):
    """What --transform had: an item for all features where they have it in common, else one a feature. None where nothing was done."""
    chains = [[step.name if step.name != "arcsinh" else "arcsinh=%.17g" % step.unit for step in steps_of(text)] for text in transforms or []]
    if not any(chains):
        return None
    if all(chain == chains[0] for chain in chains):
        return listed(chains[0])
    # The items of a feature come in the order in which they are applied.
    return listed(["%s:%s" % (item, columns[j] if columns else j + 1) for j, chain in enumerate(chains) for item in chain])


def value_of(value):
    return "%.15g" % value if isinstance(value, float) else str(value)


class Command:
    """words: of the command; remarks: HTML, what is not in the file and stands for something."""

    def __init__(self, words, remarks):
        self.words = words
        self.remarks = remarks

    def to_be_filled_in(self):
        """Words in capitals that stand for what the file does not keep: each has a remark that begins with it."""
        return [match[1] for match in (re.match(r"<code>([A-Z]+)</code>:", remark) for remark in self.remarks) if match]

    def html(self):
        words = [text(word if word.isidentifier() and word.isupper() else shlex.quote(word)) for word in self.words]
        # A hyphen of an option is no place for a new line.
        line = " ".join('<span class="one-line">%s</span>' % word if word.startswith("-") else word for word in words)
        return '<pre class="command"><code>%s</code></pre>\n' % line + (
            items(self.remarks) if self.remarks else "")


def asked_priors(priors, n_components, n_features):
    """Options of the priors of a variational posterior that are not what they are by themselves. priors: numbers by name."""
    return [word for name, usual in PRIORS if name in priors and priors[name] != usual(n_components, n_features)
            for word in ("--" + name.replace("_", "-"), "%.17g" % priors[name])]


def began_with(priors, n_stored):
    """With how many components a fit began whose empty ones were left out: as many as its prior is the inverse of, where it is of some."""
    guess = round(1 / priors["weight_concentration_prior"]) if priors.get("weight_concentration_prior") else 0
    return guess if guess > n_stored and priors["weight_concentration_prior"] == 1 / guess else n_stored


def command_of(attributes, n_components, columns, data, output, asked):
    """Of a model or of models of groups. columns: of the data, or None; data: None where it is not known; asked: words about how the data
    are read, and others that the attributes do not have."""
    if "derived_by" in attributes:
        return _derived(attributes, columns, output)
    words, remarks = ["gmmpi", "fit", data or "DATA"], [] if data else ["<code>DATA</code>: the points, which are not named in the file"]
    if columns:
        words += ["--columns", ranges(columns)]
    words += asked
    method = attributes.get("method", "ml")
    if "least_components" in attributes and attributes["least_components"] != n_components:
        words += ["-k", "%d:%d" % (attributes["least_components"], n_components)]
        if "criterion" not in attributes:
            words += ["--criterion", "CRITERION"]
            remarks.append("<code>CRITERION</code>: bic, aic or icl, by which each group's number of components was chosen, which this file "
                           "does not say")
    elif method != "adapt":
        words += ["-k", str(n_components)]
    for name, value in _asked_for(attributes, method):
        words += ["--" + name.replace("_", "-"), value_of(value)]
    words += [flag for name, value, flag in FLAGS if attributes.get(name) == value and not (method == "adapt" and name == "coarse_to_fine")]
    changed = transform_words(attributes.get("transforms"), columns)
    words += ["--transform", changed] if changed else []
    _add_files(attributes, method, words, remarks)
    if attributes.get("init", "kmeans") not in STARTS and method != "adapt":
        words += ["--init", "START"]
        remarks.append("<code>START</code>: the file that the fit started from (%s), which the model does not name" % text(attributes["init"]))
    if attributes.get("n_dropped"):
        words += ["--missing", "drop"]
        remarks.append("%d rows were left out, for missing values or, with <code>--infinite drop</code>, for infinite ones" % attributes["n_dropped"])
    if "selected_by" in attributes:
        remarks.append("The model was chosen by %s among %s candidates: <code>gmmpi select</code> with the ranges that were tried makes "
                       "the choice again; this command fits the one that was chosen" % (
                           text(str(attributes["selected_by"]).upper()), attributes.get("n_candidates", "several")))
    return Command(words + ["-o", output], remarks)


def _asked_for(attributes, method):
    for name, usual in OPTIONS:
        value = attributes.get(name)
        if value is None or value == usual or name == "init" and value not in STARTS:
            continue
        if method == "adapt" and (name in ("spurious", "init") or (name, value) in (("tol", 0.0), ("max_iter", 1))):
            continue
        yield name, value


def _add_files(attributes, method, words, remarks):
    """Options that take a file or a column whose name the model does not have."""
    if method == "adapt":
        words += ["--from", "MODEL"]
        remarks.append("<code>MODEL</code>: the model that was adapted; the hash of its numbers is <code>%s</code>" % text(
            attributes.get("adapted_from", "not said")))
    if "sum_of_weights" in attributes and "--weights" not in words:
        words += ["--weights", "WEIGHTS"]
        remarks.append("<code>WEIGHTS</code>: the column or file of weights, whose sum was %s" % text("%.10g" % attributes["sum_of_weights"]))
    if "sum_of_weights" in attributes and attributes["sum_of_weights"] == attributes.get("n_samples"):
        remarks.append("as weights sum to the number of rows, the fit may have had <code>--weights-sum n</code>")
    if "component_names" in attributes:
        words += ["--known-labels", "CLASSES"]
        remarks.append("<code>CLASSES</code>: the column or file of known classes")
    if attributes.get("noise") == "yes":
        remarks.append("<code>--noise-volume %.15g</code> is what the noise had, given or found" % attributes["noise_volume"]
                       if "noise_volume" in attributes else "the noise's volume may have been given")
    if attributes.get("prune") == "yes":
        remarks.append("with <code>--prune</code> components were left out in the end; with how many the fit began is not in the file: "
                       "<code>-k</code> is what the prior of weights suggests")
    if method in ("vb", "dp"):
        remarks.append("<code>--mean-prior</code> and <code>--covariance-prior</code> may have been given; else the data's mean and covariance "
                       "are the prior's. The file has both")
    if "by" in attributes and "--by" not in words:
        words += ["--by", str(attributes["by"])]


def _derived(attributes, names, output):
    """Of a part of another model."""
    kind = attributes["derived_by"]
    if kind == "condition":
        given = ",".join("%s=%.17g" % (_quoted(name), value) for name, value in zip(
            attributes.get("given_features", []), attributes.get("given_values", [])))
        words = ["gmmpi", "condition", "MODEL", "--given", given]
    else:
        words = ["gmmpi", kind, "MODEL"] + (["--features", listed(names)] if names else [])
    return Command(words + ["-o", output], ["<code>MODEL</code>: the model that it is a part of; the hash of its numbers is <code>%s</code>" % text(
        attributes.get("derived_from", "not said"))])


def _quoted(name):
    """A name in --given."""
    return '"%s"' % name.replace('"', '""') if any(c in name for c in ',="') else name


def body_of(command):
    places = ["<code>%s</code>" % word for word in command.to_be_filled_in()]
    same = "on the same data this gives the same model, to the last bit, at any number of processes and threads."
    if places:
        same = "The file does not keep what %s %s for; fill in what the fit had, and %s" % (
            " and ".join(places), "stands" if len(places) == 1 else "stand", same)
    return paragraphs("%s Options that are not there had their defaults." % (same[0].upper() + same[1:])) + command.html()
