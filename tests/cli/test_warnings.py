# SPDX-License-Identifier: BSD-3-Clause
"""Warnings of a fit: values that may be fill values are named by column and line; --json has every warning."""

import unittest

import numpy

from fits import FitCase


class Warnings(FitCase):
    def said(self, *arguments, **options):
        """The warnings on standard error, which are those of the summary."""
        lines = []
        run = self.succeed("fit", *arguments, "-k", 1, "-q", "--json", "-o", self.path("m.h5"), **options)
        for line in run.stderr.splitlines():
            if line.startswith("gmmpi warning: "):
                lines.append(line[len("gmmpi warning: "):])
        self.assertEqual(self.summary("fit", *arguments, "-k", 1, "-q", "-o", self.path("m.h5"), **options)["warnings"], lines)
        return lines

    def test_fill_values(self):
        points = numpy.random.default_rng(2).normal(size=(3000, 3))
        self.assertEqual(self.said(self.save(points)), [])
        points[[1234, 1300, 2999], 1] = 1e20, 1e20, -999999999
        points[70, 2] = 9.96921e36
        expected = ["column 2: 3 values lie beyond 1000000 times the interquartile range, the first 1e+20 in row 1235; "
                    "if this is a fill value leave such rows out, or mark them as missing",
                    "column 3: 1 value lies beyond 1000000 times the interquartile range, the first 9.96921e+36 in row 71; "
                    "if this is a fill value leave such rows out, or mark them as missing"]
        data = self.save(points)
        for ranks in (None, 3):
            self.assertEqual(self.said(data, ranks=ranks), [f"{data}: {line}" for line in expected])

        cells = [[repr(float(value)) for value in row] for row in points]
        cells[5][0] = ""
        text = 'x,"the ""flux"", Jy",z\n' + "".join(",".join(row) + "\n" for row in cells)
        lines = self.said(self.write("x.csv", text), "--missing", "drop", ranks=2)
        self.assertEqual(len(lines), 2)
        self.assertRegex(lines[0], r'x\.csv: column "the "flux", Jy": 3 values .* the first 1e\+20 in line 1236;')
        self.assertRegex(lines[1], r'column "z": 1 value lies .* in line 72;')

        self.save(points[:1000], "part-1.npy")
        self.save(points[1000:], "part-2.npy")
        lines = self.said(self.path("part-*.npy"), "--columns", "3,2")
        self.assertRegex(lines[0], r"column 3: .* in row 71 of .*part-1\.npy;")
        self.assertRegex(lines[1], r"column 2: .* in row 235 of .*part-2\.npy;")

    def test_constants_and_usual_fill_values(self):
        rows = "".join("%d.5,7,%d\n" % (i % 13, i % 11) for i in range(60))
        data = self.write("c.csv", "a,b,c\n" + rows + "3.5,7,-999\n")
        for ranks in (None, 2):
            run = self.succeed("fit", data, "-k", 1, "-o", self.path("m.h5"), "-q", ranks=ranks)
            self.assertIn('feature "b" is constant (7)', run.stderr)
            self.assertIn('feature "c" goes down to -999,', run.stderr)
            self.assertEqual(run.stderr.count("gmmpi warning: "), 2, run.stderr)
        run = self.succeed("fit", data, "-k", 1, "-o", self.path("m.h5"), "-q", "--columns", "a,c", "--missing-values", "-999",
                           "--missing", "drop")
        self.assertEqual(run.stderr, "")


if __name__ == "__main__":
    unittest.main()
