# SPDX-License-Identifier: BSD-3-Clause
"""Text tables of other programs from the command line: however they are laid out, the same points to the bit."""

import os
import unittest

import h5py
import numpy

import harness


def table(points, separator=",", decimal=".", header=None, index=None, end="\n"):
    """The text of a table; index: a function of the row's number, from 0."""
    lines = [] if header is None else [header]
    for number, row in enumerate(points):
        cells = [repr(float(value)).replace(".", decimal) for value in row]
        lines.append(separator.join(([] if index is None else [index(number)]) + cells))
    return "".join(line + end for line in lines)


class TextLayouts(harness.Case):
    def setUp(self):
        super().setUp()
        random = numpy.random.default_rng(5)
        self.points = random.normal(size=(250, 3)) * [1, 100, 0.01]

    def converted(self, text, *options, ranks=None):
        data = self.write("data.txt", text)
        run = self.succeed("convert", data, self.path("out.h5"), "-q", *options, ranks=ranks)
        with h5py.File(self.path("out.h5")) as file:
            found = file["points"][...]
        os.remove(self.path("out.h5"))
        return found, run.stderr

    def test_same_points_from_every_layout(self):
        layouts = {
            "pandas, columns without names": table(self.points, header=",0,1,2", index=str),
            "R's write.csv": table(self.points, header='"","x","y","z"', index=lambda i: f'"{i + 1}"'),
            "R's write.table": table(self.points, " ", header='"x" "y" "z"', index=lambda i: f'"{i + 1}"'),
            "a German spreadsheet": table(self.points, ";", ",", header="sep=;\r\nx;y;z", end="\r\n"),
            "units": table(self.points, "\t", header="x\ty\tz\nkm\ts\t-"),
            "psql": table(self.points, " | ", header=" x | y | z \n---+---+---"),
            "years": table(self.points, header="2019,2020,2021"),
            "delimiters at the end": table(self.points, header="x,y,z", end=",\n"),
        }
        for ranks, (name, text) in zip((None, 3, None, 2, None, None, 2, 3), layouts.items()):
            with self.subTest(name):
                found, said = self.converted(text, ranks=ranks)
                numpy.testing.assert_array_equal(found, self.points)
                self.assertNotIn("warning", said)

    def test_one_column_with_decimal_commas(self):
        found, said = self.converted(table(self.points[:, :1], decimal=","))
        numpy.testing.assert_array_equal(found.ravel(), self.points[:, 0])
        self.assertNotIn("warning", said)

    def test_doubt_is_one_warning_that_helps(self):
        """A fit opens its data more than once and warns once; what the warning says settles it."""
        counts = numpy.random.default_rng(6).integers(10, 90, size=(60, 3))
        data = self.write("counts.csv", "0,1,2\n" + "".join("%d,%d,%d\n" % tuple(row) for row in counts))
        run = self.succeed("fit", data, "-k", 1, "-o", self.path("m.h5"), ranks=2)
        self.assertEqual(run.stderr.count("taken for a header; say --header no if it is a point, or --header yes"), 1)
        for word, rows in (("yes", 60), ("no", 61)):
            fitted = harness.gmmpi("fit", data, "-k", 1, "-o", self.path("m.h5"), "--json", "--header", word)
            self.assertNotIn("warning: " + data, fitted.stderr)
            self.assertIn('"n_samples": %d,' % rows, fitted.stdout)

    def test_index_is_kept_on_request(self):
        found, _ = self.converted(table(self.points, header=",x,y,z", index=str), "--keep-index")
        numpy.testing.assert_array_equal(found, numpy.c_[numpy.arange(250), self.points])

    def test_advice_on_a_counting_column_names_the_others(self):
        for n_others, words in (1, "--columns 2,"), (3, "--columns 2-4,"):
            rows = "".join(",".join([str(i)] + ["%.3f" % ((i * 7 % 11) / 8)] * n_others) + "\n" for i in range(20))
            run = self.succeed("convert", self.write("counts.csv", rows), self.path("counts.h5"))
            self.assertIn("column 1 counts the rows and is read as a feature; leave it out with " + words, run.stderr)

    def test_title_and_wrapped_rows(self):
        text = "measured on Monday\n\n" + table(self.points, header="x,y,z")
        self.fail_with(65, "say --skip-lines 2", "convert", self.write("data.txt", text), self.path("out.h5"), ranks=3)
        found, _ = self.converted(text, "--skip-lines", 2)
        numpy.testing.assert_array_equal(found, self.points)
        wrapped = "".join("%r %r\n%r\n" % tuple(float(value) for value in row) for row in self.points)
        self.fail_with(65, "wrapped over 2 lines each \\(of 2 and 1 fields", "convert", self.write("data.txt", wrapped),
                       self.path("out.h5"))

    def test_a_delimiter_that_is_not_there(self):
        data = self.write("d.csv", "a,b,c\n" + "1.5,2,3\n" * 5)
        run = self.fail_with(65, "d.csv", "convert", data, self.path("out.h5"), "--delimiter", ";")
        self.assertIn('have no ";" (--delimiter), so that it has one column; say --delimiter ,', run.stderr)
        run = self.succeed("convert", self.write("one.csv", "a\n1\n2\n"), self.path("out.h5"), "--delimiter", ";")
        self.assertEqual(run.stderr, "")

    def test_missing_words_with_commas(self):
        data = self.write("m.csv", 'a,b\n1,2\n"not, measured",3\n5,-\n7,x y\n')
        run = self.succeed("convert", data, self.path("out.h5"), "--missing", "drop", "--missing-values", '"not, measured", x y')
        self.assertIn("1 point of 2 features", run.stdout)
        self.fail_with(64, "quote is not closed", "convert", data, self.path("out.h5"), "--missing-values", '"not, measured')

    def test_units_above_decimal_commas(self):
        for n, units, odd in ((20, "s;°C;hPa", ""), (3, "s;°C;hPa", ""), (20, "[s];[°C];[hPa]", "k.A.;k.A.;k.A.\n")):
            rows = "".join("%d,0;%d,26;106%d,9\n" % (i, 20 + i % 5, i % 7) for i in range(n))
            data = self.write("m.csv", "Zeit;Temperatur;Druck\n" + units + "\n" + rows + odd)
            run = self.succeed("convert", data, self.path("out.h5"), "--missing-values", "k.A.", "--missing", "drop")
            self.assertIn("%d points of 3 features" % n, run.stdout)
            self.assertIn("has decimal commas", run.stdout)
            with h5py.File(self.path("out.h5")) as file:
                self.assertEqual(list(file["points"][1]), [1, 21.26, 1061.9])


if __name__ == "__main__":
    unittest.main()
