# SPDX-License-Identifier: BSD-3-Clause
"""Means and spreads in the data's own units, of models whose features were transformed before they were fitted."""

import numpy as np

from plotting.scales import steps_of

WORDS = {"log10": "the logarithm to base 10", "log2": "the logarithm to base 2", "log": "the natural logarithm", "log1p": "the logarithm of 1 + x",
         "sqrt": "the square root"}


def is_curved(transform):
    """Is it more than a shift and a scale? Then a mean of the model is not the mean of the data."""
    return any(not step.is_affine for step in steps_of(transform or ""))


def untransformed(values, transform):
    """Values of the model's feature in the data's units. A root below 0, as a standard deviation below a small mean may be, is one of 0."""
    values = np.asarray(values, dtype=float)
    with np.errstate(over="ignore"):
        for step in reversed(steps_of(transform or "")):
            values = step.undo(np.maximum(values, 0) if step.name == "sqrt" else values)
    return values


def in_words(transform):
    """What was done to a feature."""
    parts = []
    for step in steps_of(transform or ""):
        if step.is_affine:
            parts.append("less %.6g, divided by %.6g" % (step.shift, step.scale))
        elif step.name == "arcsinh":
            parts.append("the inverse hyperbolic sine of x / %.6g" % step.unit)
        else:
            parts.append(WORDS[step.name])
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
