# SPDX-License-Identifier: BSD-3-Clause
"""Cells and lines of text tables as programs write them: numbers of many spellings are the doubles of Python's float() of the plain one, words
for missing values are missing, comments and line ends are where they may be, at any number of ranks."""

import unittest

import h5py
import numpy as np

import harness

MINUS = "\u2212"
NBSP, NARROW, THIN = "\u00a0", "\u202f", "\u2009"

# How programs write that there is no value: statistics packages, databases, spreadsheets, C libraries, languages.
MISSING = ["", "NA", "na", "N/A", "n/a", "n.a.", "#N/A", "#N/A N/A", "#NA", "<NA>", "NaN", "-nan", "+NaN", "nan(0x7ff)", "-nan(ind)", "1.#QNAN", "-1.#QNAN0",
           "1.#IND", "-1.#IND00", "1.#SNAN", "NaNQ", "null", "NULL", "(null)", "[NULL]", "\\N", "None", "?", ".", ".a", ".z", ".A", "._", "-", "--", "---",
           "\u2013", "\u2014", "*", "#DIV/0!", "#VALUE!", "#REF!", "#NUM!", "#NULL!", "#NAME?", "#NV", "#WERT!", "NaT", "missing", f"{NBSP}NA", "Indeterminate"]

# (as it is written, the same for float()); for tables that blanks do not separate.
NUMBERS = [("0.18D+02", "18"), ("1d5", "1e5"), ("-0.18455869526770474D+02", "-18.455869526770474"), ("0.12345678901234567890123D0", "0.12345678901234567890123"),
           ("6.2541-101", "6.2541e-101"), ("-0.62541234567890123+101", "-0.62541234567890123e101"), ("1.5Q-3", "1.5e-3"), (f"{MINUS}3.5", "-3.5"),
           (f"{MINUS}1e{MINUS}7", "-1e-7"), ("+2.5", "2.5"), ("1 234", "1234"), ("-1 234 567.125", "-1234567.125"), (f"12{NBSP}345.5", "12345.5"),
           (f"12{NARROW}345{NARROW}678", "12345678"), (f"1{THIN}000", "1000"), ("1'234.5", "1234.5"), ("1\u2019234\u2019567", "1234567"), (f"{NBSP}7", "7"),
           ("TRUE", "1"), ("false", "0"), (".5", ".5"), ("5.", "5"), ("123456789012345678901234567890", "123456789012345678901234567890"),
           ("0.1000000000000000055511151231257827021181583404541015625", "0.1"), ("9007199254740993", "9007199254740993"),
           ("2.2250738585072011e-308", "2.2250738585072011e-308"), ("-0", "-0")]

class TextCells(harness.Case):
    def points(self, text, *arguments, ranks=None):
        """What `gmmpi convert` makes of a text, as an array."""
        with open(self.path("points.txt"), "w", newline="", encoding="utf-8") as file:
            file.write(text)
        self.succeed("convert", self.path("points.txt"), self.path("points.h5"), "-q", *arguments, ranks=ranks)
        with h5py.File(self.path("points.h5")) as file:
            return file["points"][...]

    def same(self, points, expected):
        self.assertEqual(points.tobytes(), np.array(expected, dtype="f8").tobytes())

    def refuse(self, pattern, text, *arguments):
        with open(self.path("bad.txt"), "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        return self.fail_with(65, pattern, "convert", self.path("bad.txt"), self.path("out.h5"), *arguments)

    def test_missing_words(self):
        lines = ["a,b"]
        for i, word in enumerate(MISSING):
            lines += [f"{i},{i + 0.5}", f"{word},{i}", f"{i},{word}", f'"{word}",1']
        text = "\n".join(lines) + "\n"
        self.same(self.points(text, "--missing", "drop"), [(i, i + 0.5) for i in range(len(MISSING))])
        self.refuse(f": {3 * len(MISSING)} values are missing, the first one: line 3, column a;", text)

    def test_words_that_the_user_names(self):
        text = "a,b\n1,2\nn.d.,3\n-999,4\n5,-999.0\n6,<LOD\n7,8\n"
        self.same(self.points(text, "--missing", "drop", "--missing-values", "n.d.,-999,<LOD"), [(1, 2), (7, 8)])
        self.refuse('line 3, column a: "n.d." is not a number; .*--missing-values n.d.$', text)

    def test_infinities(self):
        for word in ("1.#INF", "-1.#INF00"):
            self.refuse("line 3, column b: is infinite", f"a,b\n1,2\n3,{word}\n4,5\n")

    def test_spellings_of_numbers(self):
        expected = [(float(plain), i) for i, (_, plain) in enumerate(NUMBERS)]
        for delimiter in (",", ";", "\t"):
            text = "a" + delimiter + "b\n" + "".join(f"{word}{delimiter}{i}\n" for i, (word, _) in enumerate(NUMBERS))
            self.same(self.points(text), expected)
        fields = [(word, plain) for word, plain in NUMBERS if " " not in word]
        self.same(self.points("".join(f"  {word}   {i}\n" for i, (word, _) in enumerate(fields))), [(float(plain), i) for i, (_, plain) in enumerate(fields)])

    def test_commas_in_numbers(self):
        self.same(self.points('a,b\n1.5,"1,234.5"\n2,"-12,345,678"\n'), [(1.5, 1234.5), (2, -12345678)])
        text = f"a;b\n3,5;1.234,5\n-,25;1.234.567\n1,5e-3;1 234,5\n{MINUS}0,1D2;7\n"
        expected = [(3.5, 1234.5), (-0.25, 1234567), (1.5e-3, 1234.5), (-0.1e2, 7)]
        self.same(self.points(text, "--decimal", ","), expected)
        self.same(self.points('a,b\n"3,5",2\n4,"0,123456789012345678901"\n', "--decimal", ",", "--delimiter", "comma"), [(3.5, 2), (4, 0.123456789012345678901)])
        many = "a,b\n" + "1.5,2.5\n" * 200
        self.refuse('line 202, column b: "1,234" may be 1234 or 1.234; say --delimiter comma --decimal . for the first, --delimiter comma --decimal , for the second', many + '1,"1,234"\n')
        self.assertEqual(self.points(many + '1,"1,234"\n', "--decimal", ".")[-1, 1], 1234)
        self.refuse('line 202, column b: "3,5" is not a number unless a comma .*--delimiter comma --decimal ,', many + '1,"3,5"\n')
        self.refuse("has a point where a comma", "a;b\n" + "1,5;2,5\n" * 200 + "1.5;2,5\n")

    def test_a_column_of_text_is_left_out_a_cell_is_corrected(self):
        rows = "".join(f"{i},word,{i % 7},{i}.5\n" for i in range(150))
        self.refuse('line 2, column b: "word" is not a number; leave a column of text out with --columns 1,3-4$', "a,b,c,d\n" + rows)
        self.same(self.points("a,b,c,d\n" + rows, "--columns", "1,3-4"), [(i, i % 7, i + 0.5) for i in range(150)])
        self.refuse('line 152, column c: "word" .*correct the cell', "a,b,c,d\n" + rows + "1,word,word,2\n", "--columns", "1,3-4")

    def test_nothing_of_a_file_moves_the_cursor(self):
        run = self.refuse(r"\\x1B\[31mred", b"a,b\n1,2\n3,4\n1,\x1b[31mred\n")
        self.assertNotRegex(run.stderr, "[\x00-\x09\x0b-\x1f\x7f-\x9f]")
        run = self.refuse("line 3, column a.\\[1m", b"a\x1b[1m,b\n1,2\nx,3\n")
        self.assertNotIn("\x1b", run.stderr)
        with open(self.path("good.txt"), "wb") as file:
            file.write(b"a\x1b[1m,b\x07\n1,2\n3,4\n6,5\n2,2\n")
        fit = self.succeed("fit", self.path("good.txt"), "-k", "1", "-o", self.path("good.h5"))
        for run in (fit, self.succeed("info", self.path("good.txt")), self.succeed("info", self.path("good.h5"))):
            self.assertNotRegex(run.stdout + run.stderr, "[\x00-\x09\x0b-\x1f\x7f-\x9f]")
        run = self.refuse("its columns are a.\\[1m, b", b"a\x1b[1m,b\n1,2\n3,4\n", "--columns", "c")
        self.assertNotIn("\x1b", run.stderr)

    def test_comments_stand_anywhere_and_count_as_lines(self):
        rng = np.random.default_rng(13)
        for mark, arguments in (("#", ()), ("%", ("--comment", "%"))):
            expected, lines = [], [f"{mark} by a program", "a,b"]
            for i in range(60000):
                row = (round(float(rng.normal()), 6), i)
                kind = int(rng.integers(0, 12))
                if kind == 0:
                    lines.append(" " * int(rng.integers(0, 40)) + "\t" * int(rng.integers(0, 3)) + mark + "x" * int(rng.integers(0, 200)))
                elif kind == 1:
                    lines.append(" " * int(rng.integers(0, 60)))
                elif kind == 2:
                    lines.append(" " * int(rng.integers(0, 40)) + f"#DIV/0!,{i}" if mark == "#" else f"1,{i}{NBSP}")
                    expected += [] if mark == "#" else [(1, i)]
                lines.append(f"{row[0]!r},{i}")
                expected.append(row)
            text = "\n".join(lines) + "\n"
            for ranks in (None, 2, 3, 7) if mark == "#" else (3,):
                self.same(self.points(text, "--missing", "drop", *arguments, ranks=ranks), expected)
            with open(self.path("bad.txt"), "w", encoding="utf-8") as file:
                file.write(text + "1,word\n")
            self.fail_with(65, f"line {len(lines) + 1}, column b: \"word\"", "convert", self.path("bad.txt"), self.path("out.h5"), *arguments, ranks=3)

    def test_a_cell_may_begin_with_the_mark_of_comments(self):
        self.same(self.points('a,b\n1,2\n"#1",3\n', "--missing", "drop", "--columns", "b"), [(2,), (3,)])
        self.same(self.points("colour,x\n#ff0000,1\n#00ff00,2\n#0000ff,4\n", "--columns", "x"), [(1,), (2,), (4,)])
        self.same(self.points("#ff0000,1\n#00ff00,2\n#0000ff,4\n", "--columns", "2"), [(1,), (2,), (4,)])
        self.same(self.points("x,y\n1,2\n#3,4\n5,6\n"), [(1, 2), (5, 6)])
        self.refuse("1 value is missing: line 1, column 1;", "#N/A,1\n2,3\n4,5\n")
        self.refuse("line 2 has 1 field", "x,y\n5\n1,2\n3,4\n")
        self.refuse("line 2 has 1 field", "x,y\n# a comment\n1,2\n", "--comment", "%")

    def test_line_ends(self):
        lines = ["a,b"] + [f"{i},{i}.5" for i in range(300000)]
        expected = [(i, i + 0.5) for i in range(300000)]
        for end in ("\r", "\r\n", "\r\r\n"):
            for ranks in (None, 3) if end == "\r" else (3,):
                self.same(self.points(end.join(lines) + end, ranks=ranks), expected)
        self.same(self.points("a,b\n1,2\r\n3,4\n5,6\r\n"), [(1, 2), (3, 4), (5, 6)])
        self.same(self.points("a,b\r1,2\r\r# three\r3,4"), [(1, 2), (3, 4)])
        self.refuse("line 3, column b: \"x\"", "a,b\r1,2\r3,x\r4,5\r")


if __name__ == "__main__":
    unittest.main()
