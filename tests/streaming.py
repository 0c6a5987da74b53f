# SPDX-License-Identifier: BSD-3-Clause
"""What the tests of points that do not fit into --memory-limit share."""

import re

import harness

MEGABYTE = 1 << 20


class Case(harness.Case):
    too_small = {}  # by the number of ranks: a limit that leaves no room at all, or hardly any

    def first_limit(self, ranks):
        """From what a rank holds that has hardly any points."""
        if ranks not in self.too_small:
            tiny = self.summary("fit", harness.MALL, "--columns", "4,5", "-k", 2, "--max-iter", 1, "-o", self.path("tiny.h5"),
                                ranks=ranks)
            self.too_small[ranks] = tiny["peak_memory"] // MEGABYTE
        return self.too_small[ranks]

    def streaming(self, *words, ranks=None, **options):
        """Runs with about the smallest limit that is not refused, found by what refusals say; the points must not all fit."""
        limit = self.first_limit(ranks)
        while True:
            run = harness.gmmpi(*words, "--memory-limit", f"{limit}M", ranks=ranks, **options)
            if run.returncode == 0 and "it streams them" not in run.stderr:  # the guess was too large
                self.too_small[ranks] = limit = limit - 12
                continue
            if run.returncode != 71:
                break
            said = re.search(r"needs (\S+) GB and has (\S+) GB", harness.own_lines(run.stderr)[0])
            needed, has = (float(number) * 1e9 / MEGABYTE for number in said.groups())
            if has == 0:
                self.too_small[ranks] = limit
            limit += 4 if has == 0 else int(needed - has) + 2
        self.assertEqual(run.returncode, 0, run.stderr)
        return run, limit * MEGABYTE

    def lasting_limit(self, *words, ranks):
        """A limit for other runs: what libraries hold differs a little from run to run."""
        _, limit = self.streaming(*words, ranks=ranks)
        return limit + 2 * MEGABYTE
