# SPDX-License-Identifier: BSD-3-Clause
"""What is measured: covariances, points, features and components, and the arithmetic that one iteration needs."""

from typing import NamedTuple

from plotting.problem import WRONG_USAGE, Problem


COVARIANCES = ("full", "tied", "diag", "spherical")


class Configuration(NamedTuple):
    covariance: str
    n: int  # points
    d: int  # features
    K: int  # components
    peer_n: int = None  # points for the peers, where they could not hold all of them in memory
    armadillo_n: int = None  # points for Armadillo, where one iteration over all would take minutes

    @property
    def name(self):
        return "%s %s x %d, K = %d" % (self.covariance, short(self.n), self.d, self.K)

    @property
    def key(self):
        return "%s:%d:%d:%d" % (self.covariance, self.n, self.d, self.K)

    @property
    def flops(self):
        """Per iteration: half of it for distances, half for sums. full: z = W(x - mean) with a triangular W, and one half of
        a symmetric matrix; diag: products with x and its squares; spherical: with x alone; tied: as spherical, and W x and the
        symmetric matrix once for all components."""
        if self.covariance == "tied":
            return self.n * (2 * self.d ** 2 + 4 * self.d * self.K)
        per_pair = {"full": 2 * self.d ** 2, "diag": 8 * self.d, "spherical": 4 * self.d}
        return self.n * self.K * per_pair[self.covariance]


def short(number):
    """1000000 as 1e6, other numbers as they are."""
    text = "%e" % number
    mantissa, exponent = text.split("e")
    mantissa = mantissa.rstrip("0").rstrip(".")
    return "%se%d" % (mantissa, int(exponent)) if number >= 1000 and len(mantissa) <= 3 else "%d" % number


STANDARD = [Configuration(*c) for c in (
    ("full", 1000000, 2, 5), ("full", 1000000, 8, 16), ("full", 500000, 16, 32), ("full", 400000, 32, 32),
    ("full", 200000, 64, 32), ("full", 100000, 128, 64, None, 20000), ("diag", 1000000, 32, 64))]
# Covariances in common, which Armadillo has not.
SHARED = [Configuration(*c) for c in (("tied", 1000000, 16, 32), ("tied", 200000, 64, 32))]
# The size of vector search. scikit-learn holds several arrays of n x K numbers, so the peers get fewer points.
LARGE = [Configuration(*c) for c in (
    ("spherical", 1000000, 128, 1024, 40000), ("diag", 1000000, 128, 1024, 40000))]
QUICK = [Configuration(*c) for c in (("full", 5000, 16, 32), ("diag", 10000, 8, 16))]


class Sizes(NamedTuple):
    """How large the parts of a benchmark are."""
    effective: list           # where the effective rate is measured on overlapping and on separated data
    converged: list           # fits from data to a converged model: (configuration, separation of its data)
    beginning: Configuration  # where initialisation is counted in iterations
    hdf5_bytes: float
    csv_bytes: float
    repeated: tuple           # two numbers of features, to tell apart what goes with their square and with their cube
    messages: list            # bytes of the Allreduce


FULL_SIZES = Sizes(
    effective=[Configuration(*c) for c in (("full", 500000, 16, 32), ("full", 400000, 32, 32), ("full", 200000, 64, 32))],
    converged=[(Configuration("full", 100000, 8, 16), 3.0), (Configuration("full", 100000, 16, 16), 8.0)],
    beginning=Configuration("full", 1000000, 8, 16), hdf5_bytes=1.024e9, csv_bytes=2e8, repeated=(32, 128),
    messages=[8, 1024, 16384, 131072, 1048576, 8388608, 33554432])
QUICK_SIZES = Sizes(
    effective=[Configuration("full", 5000, 16, 32)], converged=[(Configuration("full", 3000, 4, 4), 4.0)],
    beginning=Configuration("full", 20000, 4, 4), hdf5_bytes=1e7, csv_bytes=2e6, repeated=(8, 16),
    messages=[8, 1024, 131072])


def parse_configurations(text):
    """full:1e6:8:16,diag:1e6:32:64 as a list of configurations; standard, shared, large and quick stand for whole lists."""
    lists = {"standard": STANDARD, "shared": SHARED, "large": LARGE, "quick": QUICK}
    picked = []
    for word in text.split(","):
        if word in lists:
            picked += lists[word]
            continue
        parts = word.split(":")
        try:
            covariance, (n, d, K) = parts[0], [int(float(part)) for part in parts[1:]]
        except ValueError:
            raise Problem(WRONG_USAGE, "--configurations: '%s' is not COVARIANCE:N:D:K; try full:1e6:8:16" % word)
        if covariance not in COVARIANCES or min(n, d, K) < 1:
            raise Problem(WRONG_USAGE, "--configurations: '%s' asks for what is not there" % word)
        known = [c for c in STANDARD + SHARED + LARGE if c[:4] == (covariance, n, d, K)]
        picked += known or [Configuration(covariance, n, d, K)]
    return picked
