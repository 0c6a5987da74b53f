# SPDX-License-Identifier: BSD-3-Clause
"""How the values of a feature lie on an axis: evenly, by their logarithms, or by the function that the model took them by; always with
ticks in the units of the data.

Three numbers stand for a value: x in the units of the data, u as the model has it (after its transforms), and v, its place on the axis.
v is linear on the axis, so that images, histograms and ellipses are drawn as on any other.
"""

import math

import matplotlib.ticker
import numpy as np

from .transforms import steps_of

LOG_DECADES = 3  # from the 1st to the 99th percentile, for a logarithmic axis
LOG_SKEWNESS = 0.6


def spans_decades(x):
    """Whether values are better seen on a logarithmic axis: all are positive, they span three decades from the first to the last
    hundredth, and lie far to one side: (q95 + q5 - 2 q50) / (q95 - q5), Bowley's skewness with other quantiles, is above 0.6."""
    if len(x) < 8 or not x.min() > 0:
        return False
    q1, q5, q50, q95, q99 = np.quantile(x, [0.01, 0.05, 0.5, 0.95, 0.99])
    return bool(q99 >= 10.0 ** LOG_DECADES * q1 and q95 > q5 and q95 + q5 - 2 * q50 > LOG_SKEWNESS * (q95 - q5))


class Scale:
    """Of one feature. text: its transforms; x is its values where the scale is to be chosen by them (None: no logarithms but the model's)."""

    def __init__(self, text="", x=None):
        self.steps = steps_of(text)
        functions = [step for step in self.steps if not step.is_affine]
        self.is_own = bool(functions)  # the model's function: v = u
        self.is_log = not self.is_own and x is not None and spans_decades(x)
        self.is_even = not self.is_own and not self.is_log
        self.kind = "log" if self.is_log or self.is_own and functions[0].name in ("log10", "log2", "log") else \
            functions[0].name if functions else ""
        self.is_decimal = self.is_log or self.is_own and text == "log10"
        # Below the smallest value by so much that no line to it is seen to bend: what is not positive is drawn there.
        self.floor = x.min() * 1e-30 if self.is_log else None

    def to_data(self, u):
        """x of u."""
        for step in reversed(self.steps):
            u = step.undo(u)
        return u

    def place(self, x):
        """v of x."""
        if self.is_own:
            for step in self.steps:
                x = step.apply(x)
            return x
        return np.log10(np.maximum(x, self.floor)) if self.is_log else x

    def of_model(self, u):
        """v of u."""
        return u if self.is_own else self.place(self.to_data(u))

    def value(self, v):
        """x of v."""
        return self.to_data(v) if self.is_own else 10.0 ** v if self.is_log else v

    def to_model(self, v):
        """u of v, and du/dv: by it densities in u become densities on the axis."""
        if self.is_own:
            return v, np.ones_like(v)
        u, slope = self.value(v), np.ones_like(v)
        if self.is_log:
            slope = u * math.log(10)
        for step in self.steps:
            u, slope = step.apply(u), slope / step.scale
        return u, slope

    def label(self, name):
        return "%s (%s scale)" % (name, self.kind) if self.kind else name

    def dress(self, axis, low, high, n_ticks):
        """Ticks of an axis from v = low to high."""
        if self.is_even:
            axis.set_major_locator(matplotlib.ticker.MaxNLocator(n_ticks, steps=[1, 2, 5, 10]))
            return
        major, minor = ticks(self, low, high, n_ticks)
        axis.set_major_locator(matplotlib.ticker.FixedLocator([self.place(x) for x in major]))
        axis.set_major_formatter(matplotlib.ticker.FixedFormatter(number_texts(major)))
        axis.set_minor_locator(matplotlib.ticker.FixedLocator([self.place(x) for x in minor]))
        axis.set_minor_formatter(matplotlib.ticker.NullFormatter())


def ticks(scale, low, high, wanted):
    """Values for ticks with a number and for small ones between. The former are zero and powers of ten where they are a share of
    1 / wanted of the axis apart, then halves and fifths of them, or where there are no three of these, even steps."""
    with np.errstate(all="ignore"):
        first, last = (float(scale.value(np.float64(v))) for v in (low, high))
        gap = (high - low) / max(wanted, 1)
        largest = max(abs(first), abs(last))
        top = math.floor(math.log10(largest)) if 0 < largest < math.inf else 0
        lowest = max(math.floor(math.log10(max(min(abs(first), abs(last)), 1e-300))), top - 60) if first * last > 0 else next(
            power for power in range(top, top - 60, -1) if power == top - 59 or scale.place(10.0 ** power) - scale.place(0.0) < 0.03 * (high - low))
        decades = range(top, lowest - 1, -1)
        found = {}

        def take(values):
            for x in values:
                v = scale.place(np.float64(x))
                if first <= x <= last and np.isfinite(v) and all(abs(v - other) >= 0.999 * gap for other in found.values()):
                    found[x] = float(v)

        signs = (1, -1) if first < 0 else (1,)
        take([0.0])
        # Powers of one tenth or of one thousandth, not now these and now those.
        step = next((step for step in (1, 2, 3, 6, 12) if _are_apart(scale, decades, step, gap)), 24)
        take(sign * 10.0 ** power for power in decades if power % step == 0 for sign in signs)
        for mantissas in ((5, 2), (3, 7, 4, 8, 6, 9, 1.5)):
            if len(found) < 3:
                take(sign * mantissa * 10.0 ** power for mantissa in mantissas for power in decades for sign in signs)
        if len(found) < 3:
            found.clear()
            even = matplotlib.ticker.MaxNLocator(wanted).tick_values(first, last)
            take(float(x) for x in even)
        minor = [sign * mantissa * 10.0 ** power for power in decades for mantissa in (range(1, 10) if len(decades) <= 7 else (1,))
                 for sign in signs]
    return sorted(found), [x for x in minor if first <= x <= last and x not in found]


def _are_apart(scale, decades, step, gap):
    """Whether the two largest powers of ten that are multiples of a step are a gap apart on the axis."""
    powers = [power for power in decades if power % step == 0][:2]
    return len(powers) < 2 or scale.place(10.0 ** powers[0]) - scale.place(10.0 ** powers[1]) >= gap


def number_texts(values):
    """Short numbers for ticks, all as 0.02 or 500, or, where one would be long, all with powers of ten."""
    if all(x == 0 or 1e-3 <= abs(x) < 99999.5 for x in values):
        return [("%.6g" % x).replace("-", "\N{MINUS SIGN}") for x in values]
    return ["0" if x == 0 else _power_text(x) for x in values]


def _power_text(x):
    mantissa, power = ("%.2e" % x).split("e")
    mantissa = "%g" % float(mantissa)
    return r"$%s10^{%d}$" % ({"1": "", "-1": "-"}.get(mantissa, mantissa + r"\cdot "), int(power))
