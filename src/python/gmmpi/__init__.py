# SPDX-License-Identifier: BSD-3-Clause
"""gmmpi: Gaussian mixtures by expectation-maximisation, as scikit-learn has them, on one process or many.

>>> import gmmpi
>>> mixture = gmmpi.GaussianMixture(3).fit(points)          # n x d numbers, or the name of a file
>>> mixture.predict(points)

docs/python.md is the manual.
"""

from .loading import load as _load_library

_load_library()  # before scikit-learn loads OpenMP: it looks once how threads are to wait

from .bayesian_mixture import BayesianGaussianMixture
from .errors import (
    BadData,
    ConvergenceWarning,
    Error,
    FitWarning,
    InputFailed,
    Internal,
    NoInput,
    NoMemory,
    NoOutput,
    NotFittedError,
    WrongUsage,
)
from .files import from_sklearn, load
from .gaussian_mixture import GaussianMixture
from .library import library as _library
from .options import option_table
from .watch import Progress

__version__ = _library().gmmpi_version().decode()

__all__ = [
    "BadData", "BayesianGaussianMixture", "ConvergenceWarning", "Error", "FitWarning", "GaussianMixture", "InputFailed",
    "Internal", "NoInput", "NoMemory", "NoOutput", "NotFittedError", "Progress", "WrongUsage", "from_sklearn", "load",
    "option_table",
]  # fmt: skip
