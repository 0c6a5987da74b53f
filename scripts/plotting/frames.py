# SPDX-License-Identifier: BSD-3-Clause
"""From where to where the axis of a feature goes: all points but a few that are far out, and all ellipses but those that are far larger
than the data."""

import numpy as np

MARGIN = 0.04
POINT_REACH = 1.5  # widths of the data's middle part, beyond which points are left out
ELLIPSE_REACH = 1.0  # widths of the data, beyond which ellipses are cut
NOTABLE_WEIGHT = 0.01  # of components that are shown however far out they are


class Frame:
    """low, high: the limits; whole, centred: of each ellipse whether it, and whether its centre, is within them."""

    def __init__(self, low, high, ellipses):
        self.low, self.high = low, high
        self.whole = (ellipses.lows >= low) & (ellipses.highs <= high)
        self.centred = self.holds(ellipses.centres)

    @property
    def limits(self):
        return self.low, self.high

    def holds(self, values):
        """Which values are inside."""
        return (values >= self.low) & (values <= self.high)


class Extents:
    """Of ellipses on one axis: lows, centres, highs and the components' weights, arrays of one length."""

    def __init__(self, lows, centres, highs, weights):
        self.lows, self.centres, self.highs, self.weights = lows, centres, highs, weights

    def extend(self, low, high):
        """The interval with the ellipses that are near it, or that have some weight and are not far larger than it; and the centres of
        those that are too large."""
        width = high - low
        notable = (self.weights >= NOTABLE_WEIGHT) & (self.highs - self.lows <= (1 + 2 * ELLIPSE_REACH) * width)
        lows = self.lows[notable | (self.lows >= low - ELLIPSE_REACH * width)]
        highs = self.highs[notable | (self.highs <= high + ELLIPSE_REACH * width)]
        centres = self.centres[(self.centres >= low - ELLIPSE_REACH * width) & (self.centres <= high + ELLIPSE_REACH * width)]
        return min([low, *lows, *centres]), max([high, *highs, *centres])


def frame_of(values, ellipses):
    """The Frame of values, which are places on an axis, and of ellipses (Extents)."""
    low, high = _range_of(values, ellipses)
    if not high > low:
        widths = ellipses.highs - ellipses.lows
        half = widths.max() / 2 if len(widths) and widths.max() > 1e-12 * abs(low) else max(abs(low), 1) * 0.02
        low, high = low - half, high + half
    low, high = ellipses.extend(low, high)
    margin = MARGIN * (high - low)
    return Frame(low - margin, high + margin, ellipses)


def _range_of(values, ellipses):
    """The least and the greatest value that are not far out: farther from the middle 96 % of the values and from the ellipses than
    POINT_REACH times what both are wide."""
    low, high = sorted(np.quantile(values, q, method=method) for q, method in ((0.02, "higher"), (0.98, "lower")))
    if not high > low:
        return values.min(), values.max()
    low, high = ellipses.extend(low, high)
    reach = POINT_REACH * (high - low)
    kept = values[(values >= low - reach) & (values <= high + reach)]
    return kept.min(), kept.max()
