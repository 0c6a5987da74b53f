# SPDX-License-Identifier: BSD-3-Clause
"""What `gmmpi fit --transform` did to features, as a model's file says it: "log10,standardize=1.5:0.25" for each feature."""

import numpy as np

FUNCTIONS = {"log10": (np.log10, lambda v: 10.0 ** v), "log2": (np.log2, np.exp2), "log": (np.log, np.exp), "log1p": (np.log1p, np.expm1),
             "sqrt": (np.sqrt, np.square)}


class Step:
    """One transform of a feature, as a model's file has it: "log10", "arcsinh=5", "standardize=SHIFT:SCALE"."""

    def __init__(self, text):
        name, _, numbers = text.partition("=")
        self.is_affine = name == "standardize"
        self.name = name
        if self.is_affine:
            self.shift, self.scale = map(float, numbers.split(":"))
            self.apply = lambda x: (x - self.shift) / self.scale
            self.undo = lambda u: u * self.scale + self.shift
        elif name == "arcsinh":
            self.unit = float(numbers)
            self.apply = lambda x: np.arcsinh(x / self.unit)
            self.undo = lambda u: np.sinh(u) * self.unit
        else:
            self.apply, self.undo = FUNCTIONS[name]


def steps_of(text):
    """The transforms of one feature; none of an empty text."""
    return [Step(item) for item in filter(None, text.split(","))]


def transform(values, text):
    """The values of one feature as the model takes them."""
    for step in steps_of(text):
        values = step.apply(values)
    return values


def transformed(points, transforms):
    """The points (n x d) as the model takes them; what has no value then is NaN. transforms: a text for each feature, or None."""
    if not transforms:
        return points
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.column_stack([transform(points[:, j], text) for j, text in enumerate(transforms)])


def shown_names_of(names, transforms):
    """Names of features with the functions that were applied to them; None where there are no names."""
    if not names or not transforms:
        return names
    return [" ".join(filter(None, [text.split(",")[0].split("=")[0], name])) for name, text in zip(names, transforms)]
