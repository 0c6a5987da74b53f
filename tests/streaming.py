# SPDX-License-Identifier: BSD-3-Clause
"""What the tests of points that do not fit into --memory-limit share."""

import re

import harness

MEGABYTE = 1 << 20


class Case(harness.Case):
    LIBRARY_BYTES = 24 * MEGABYTE  # library_bytes in fit/memory_plan.c, which no rank has for its points
    just_above = {}  # by the number of ranks: a limit that leaves hardly any room

    def first_limit(self, ranks):
        """From what a rank holds that has hardly any points."""
        if ranks not in self.just_above:
            tiny = self.summary("fit", harness.MALL, "--columns", "4,5", "-k", 2, "--max-iter", 1, "-o", self.path("tiny.h5"),
                                ranks=ranks)
            self.just_above[ranks] = (tiny["peak_memory"] + self.LIBRARY_BYTES) // MEGABYTE + 1
        return self.just_above[ranks]

    def streaming(self, *words, ranks=None, **options):
        """Runs with about the smallest limit that is not refused, found by what refusals say; the points must not all fit."""
        limit = self.first_limit(ranks)
        step = 4
        while True:
            run = harness.gmmpi(*words, "--memory-limit", f"{limit}M", ranks=ranks, **options)
            if run.returncode == 0 and "it streams them" not in run.stderr:  # the guess was too large
                self.just_above[ranks] = limit = limit - 4
                step = 1
                continue
            if run.returncode != 71:
                break
            said = re.search(r"needs (\S+) GB and has (\S+) GB", harness.own_lines(run.stderr)[0])
            needed, has = (float(number) * 1e9 / MEGABYTE for number in said.groups())
            if has == 0:
                limit += step
                self.just_above[ranks] = limit
            else:
                self.just_above[ranks] = limit - int(has)
                limit += int(needed - has) + 2
        self.assertEqual(run.returncode, 0, run.stderr)
        return run, limit * MEGABYTE

    def lasting_limit(self, *words, ranks):
        """A limit for other runs: what libraries hold differs a little from run to run."""
        _, limit = self.streaming(*words, ranks=ranks)
        return limit + 2 * MEGABYTE
