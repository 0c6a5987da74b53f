# SPDX-License-Identifier: BSD-3-Clause
"""Means and spreads in the data's own units, of models whose features were transformed before they were fitted."""

import numpy as np

INVERSES = {"log10": lambda x: 10.0 ** x, "log2": np.exp2, "log": np.exp, "log1p": np.expm1, "sqrt": lambda x: np.maximum(x, 0) ** 2}


def steps(transform):
    """ "log10,standardize=1.5:0.25" as [("log10", []), ("standardize", [1.5, 0.25])]."""
    result = []
    for item in filter(None, (transform or "").split(",")):
        name, _, numbers = item.partition("=")
        result.append((name, [float(x) for x in numbers.split(":")] if numbers else []))
    return result


def is_curved(transform):
    """Is it more than a shift and a scale? Then a mean of the model is not the mean of the data."""
    return any(name != "standardize" for name, _ in steps(transform))


def untransformed(values, transform):
    """Values of the model's feature in the data's units."""
    values = np.asarray(values, dtype=float)
    with np.errstate(over="ignore"):
        for name, numbers in reversed(steps(transform)):
            if name == "standardize":
                values = values * numbers[1] + numbers[0]
            elif name == "arcsinh":
                values = numbers[0] * np.sinh(values)
            else:
                values = INVERSES[name](values)
    return values


def in_words(transform):
    """What was done to a feature."""
    words = {"log10": "the logarithm to base 10", "log2": "the logarithm to base 2", "log": "the natural logarithm",
             "log1p": "the logarithm of 1 + x", "sqrt": "the square root"}
    parts = []
    for name, numbers in steps(transform):
        if name == "standardize":
            parts.append("less %.6g, divided by %.6g" % tuple(numbers))
        elif name == "arcsinh":
            parts.append("the inverse hyperbolic sine of x / %.6g" % numbers[0])
        else:
            parts.append(words[name])
    return "; then ".join(parts) or "as it is"


class Spread:
    """Of one feature, for all components (K each), in the data's units: centre, low and high ends of one standard deviation about it.
    The centre is the mean, of a curved transform the median."""

    def __init__(self, means, deviations, transform):
        self.is_curved = is_curved(transform)
        self.centre = untransformed(means, transform)
        self.low = untransformed(means - deviations, transform)
        self.high = untransformed(means + deviations, transform)
        self.deviation = (self.high - self.low) / 2


def spreads_of(mixture):
    """A Spread for each feature. Of t distributions the scale stands for the standard deviation."""
    variances = np.array([[mixture.covariance_of(k, [j])[0, 0] for j in range(mixture.n_features)] for k in range(mixture.n_components)])
    transforms = mixture.transforms or [""] * mixture.n_features
    deviations = np.sqrt(np.maximum(variances, 0))
    return [Spread(mixture.means[:, j], deviations[:, j], transforms[j]) for j in range(mixture.n_features)]
