# SPDX-License-Identifier: BSD-3-Clause
"""Several files as one data set: patterns and lists, of any kind of file, against numpy's concatenation."""

import os
import unittest

import h5py
import numpy

import harness


def numbers(n_rows, seed=0):
    return numpy.random.default_rng(seed).normal(size=(n_rows, 3)) * 100


class Parts(harness.Case):
    def write_h5(self, name, points, inside="x", names=None, **options):
        with h5py.File(self.path(name), "w") as file:
            file.create_dataset(inside, data=points, **options)
            if names:
                file[inside].attrs["feature_names"] = names
        return self.path(name)

    def write_csv(self, name, points, names=("a", "b", "c")):
        rows = [",".join(repr(float(value)) for value in row) for row in points]
        return self.write(name, "\n".join([",".join(names)] + rows) + "\n")

    def points(self, data, *options, ranks=None):
        self.succeed("convert", data, self.path("read.h5"), *options, ranks=ranks)
        with h5py.File(self.path("read.h5")) as file:
            return file["points"][:]

    def test_pattern(self):
        """In byte order of the names, whatever order the folder has; part sizes that no blocks divide."""
        parts = {name: numbers(n, n) for name, n in (("part-10.h5", 701), ("part-9.h5", 5000), ("part-B.h5", 1),
                                                      ("part-a.h5", 4096), ("part-á.h5", 13))}
        for name in reversed(parts):
            self.write_h5(name, parts[name], compression="gzip" if len(parts[name]) > 1000 else None)
        self.write_h5("other.h5", numbers(3))
        expected = numpy.concatenate(list(parts.values()))
        for ranks in (None, 2, 7):
            numpy.testing.assert_array_equal(self.points(self.path("part-*.h5"), ranks=ranks), expected)
        numpy.testing.assert_array_equal(self.points(self.path("part-[0-9a]*.h5"), "--columns", "3"),
                                         numpy.concatenate([parts[name] for name in ("part-10.h5", "part-9.h5",
                                                                                     "part-a.h5")])[:, 2:])
        self.assertEqual(self.summary("info", self.path("part-*.h5"))["n_samples"], len(expected))

    def test_path_of_data_set(self):
        for i in range(3):
            with h5py.File(self.path(f"{i}.h5"), "w") as file:
                file["deep/x"], file["y"] = numbers(10, i), numbers(20, i)
        numpy.testing.assert_array_equal(self.points(self.path("?.h5") + ":/deep/x", ranks=2),
                                         numpy.concatenate([numbers(10, i) for i in range(3)]))
        self.fail_with(65, "0.h5: has several data sets", "convert", self.path("?.h5"), self.path("out.h5"), ranks=2)
        self.fail_with(65, "0.h5: has no data set \"/z\"", "convert", self.path("?.h5") + ":/z", self.path("out.h5"))

    def test_parts_without_rows(self):
        """Of no bytes, with a header alone, 0 x d, or a list of nothing: zero rows, wherever they are among the parts."""
        points = numbers(40)
        self.write("0.csv", "")
        self.write("1.csv", "a,b,c\n")
        self.write_csv("2.csv", points[:13])
        self.write("3.csv", "\n\n")
        self.write_csv("4.csv", points[13:])
        self.write_h5("0.h5", numpy.array([]))
        self.write_h5("1.h5", points[:5])
        self.write_h5("2.h5", points[:0])
        self.write_h5("3.h5", points[5:])
        numpy.save(self.path("0.npy"), points[:0])
        numpy.save(self.path("1.npy"), points[:20])
        numpy.save(self.path("2.npy"), numpy.array([]))
        numpy.save(self.path("3.npy"), points[20:])
        for pattern in ("?.csv", "?.h5", "?.npy"):
            for ranks in (None, 3):
                numpy.testing.assert_array_equal(self.points(self.path(pattern), ranks=ranks), points)
        numpy.testing.assert_array_equal(self.points(self.path("[124].csv"), "--columns", "c,a"), points[:, [2, 0]])
        self.write("1.csv", "a,b,d\n")
        self.fail_with(65, '1.csv: feature 3 is "d", in .*2.csv it is "c"', "convert", self.path("?.csv"), self.path("o.h5"),
                       ranks=2)
        for pattern in ("[013].csv", "[02].h5", "[02].npy"):
            self.fail_with(65, "none of its files has rows", "convert", self.path(pattern), self.path("o.h5"), ranks=2)

    def test_list(self):
        """In the list's order, relative to the list; each line may have its data set and its kind of file."""
        os.mkdir(self.path("lists"))
        os.mkdir(self.path("lists/parts"))
        self.write_h5("lists/parts/first.h5", numbers(100, 1))
        with h5py.File(self.write_h5("second.h5", numbers(50, 2), "y"), "a") as file:
            file["z"] = numbers(20, 4)
        numpy.save(self.path("lists/third.npy"), numbers(7, 3))
        listed = self.write("lists/all", f"# the parts\r\nthird.npy\r\n\n  parts/first.h5\n{self.folder}/second.h5:/y")
        expected = numpy.concatenate([numbers(7, 3), numbers(100, 1), numbers(50, 2)])
        for ranks in (None, 3):
            numpy.testing.assert_array_equal(self.points("@" + listed, ranks=ranks), expected)
        listed = self.write("lists/h5", "../second.h5:/z\n../second.h5\n")
        numpy.testing.assert_array_equal(self.points("@" + listed + ":/y"),
                                         numpy.concatenate([numbers(20, 4), numbers(50, 2)]))

    def test_many(self):
        """More files than are open at a time, more ranks than files have rows."""
        for i in range(70):
            self.write_h5(f"{i:02}.h5", numbers(i % 3 + 1, i))
        expected = numpy.concatenate([numbers(i % 3 + 1, i) for i in range(70)])
        for ranks in (None, 3):
            numpy.testing.assert_array_equal(self.points(self.path("*.h5"), ranks=ranks), expected)
            os.remove(self.path("read.h5"))

    def test_csv(self):
        """Text parts, and a fit to them that is the fit to all in one file."""
        clusters = numbers(900) + 900 * (numpy.arange(900) % 2)[:, None]
        for i in range(3):
            self.write_csv(f"{i}.csv", clusters[300 * i:300 * i + 300])
        self.write_csv("all.text", clusters)
        for ranks in (None, 2, 5):
            self.succeed("fit", self.path("?.csv"), "-k", 2, "-q", "-o", self.path("parts.h5"), ranks=ranks)
            self.succeed("fit", self.path("all.text"), "-k", 2, "-q", "-o", self.path("all.h5"))
            self.assertEqual(self.bytes_of("parts.h5"), self.bytes_of("all.h5"))
        self.succeed("predict", self.path("all.h5"), self.path("?.csv"), "-o", self.path("labels.h5"), ranks=2)
        with h5py.File(self.path("labels.h5")) as file:
            self.assertEqual(len(set(file["labels"][::2])), 1)
            self.assertEqual(file["labels"].shape, (900,))

    def test_other_rules(self):
        """Files that are read in different ways: each as it says, and that is said; the same on any rank."""
        for i in range(6):
            path = self.write_h5(f"{i}.h5", numpy.arange(6 + 3 * i, dtype="i2").reshape(-1, 3))
            with h5py.File(path, "r+") as file:
                if i in (2, 5):
                    file["x"].attrs["scale_factor"] = 0.5
                if i == 4:
                    file["x"].attrs["scale_factor"] = "many"
                if i == 3:
                    file["x"].attrs["scale_factor"] = "3"
        expected = numpy.concatenate([numpy.arange(6 + 3 * i).reshape(-1, 3) * (0.5 if i in (2, 5) else 1)
                                      for i in range(6)])
        for ranks in (None, 3):
            run = self.succeed("convert", self.path("?.h5"), self.path("read.h5"), ranks=ranks)
            with h5py.File(self.path("read.h5")) as file:
                numpy.testing.assert_array_equal(file["points"][:], expected)
            os.remove(self.path("read.h5"))
            self.assertRegex(run.stdout, r"(?m)^  note: 3 of its files are read otherwise than the first, as .*2\.h5; ")
            warnings = [line for line in run.stderr.splitlines() if "warning" in line]
            self.assertEqual(len(warnings), 1, run.stderr)
            self.assertRegex(warnings[0], r"3\.h5: its attribute scale_factor has no effect, for it is text")
        self.assertNotIn("note", self.succeed("convert", self.path("[01].h5"), self.path("read.h5")).stdout)
        with h5py.File(self.path("0.h5"), "r+") as file:
            file["x"].attrs["scale_factor"] = 2
        os.remove(self.path("read.h5"))
        run = self.succeed("convert", self.path("[01].h5"), self.path("read.h5"))
        self.assertRegex(run.stdout, r"note: its numbers are packed: times 2 .*\n  note: 1 of its files is read otherwise")

    def test_bad_rows(self):
        """The file and its row are named."""
        for i in range(3):
            self.write_csv(f"{i}.csv", numbers(3000, i))
        with open(self.path("1.csv"), "a") as file:
            file.write("1,,3\n\n4,5,inf\n")
        pattern, out = self.path("?.csv"), self.path("out.h5")
        for ranks in (None, 4):
            self.fail_with(65, r"row 3002 of .*/1.csv, column c: is infinite", "convert", pattern, out, ranks=ranks)
            self.fail_with(65, r"1 value is missing: row 3001 of .*/1.csv, column b;", "convert", pattern, out,
                           "--columns", "a,b", ranks=ranks)
            numpy.testing.assert_array_equal(
                self.points(pattern, "--columns", "b", "--missing", "drop", ranks=ranks)[:, 0],
                numpy.concatenate([numbers(3000, 0)[:, 1], numbers(3000, 1)[:, 1], [5], numbers(3000, 2)[:, 1]]))
        with open(self.path("1.csv"), "a") as file:
            file.write("word,2,3\n")
        self.fail_with(65, r"1.csv: line 3005, column a: \"word\" is not a number", "convert", pattern, out,
                       "--columns", "a", ranks=3)

    def test_parts_that_differ(self):
        self.write_h5("0.h5", numbers(10), names=["a", "b", "c"])
        pattern, out = self.path("?.h5"), self.path("out.h5")
        for i in range(1, 5):
            self.write_h5(f"{i}.h5", numbers(10), names=["a", "b", "c"])
        self.write_h5("3.h5", numbers(10)[:, :2])
        for ranks in (None, 2, 4):
            self.fail_with(65, "3.h5:/x: has 2 features, .*0.h5 has 3", "convert", pattern, out, ranks=ranks)
        self.write_h5("3.h5", numbers(10), names=["a", "c", "b"])
        self.write_h5("4.h5", numbers(10)[:, :2])
        for ranks in (None, 2, 4):
            self.fail_with(65, "3.h5:/x: feature 2 is \"c\", in .*0.h5 it is \"b\"", "convert", pattern, out,
                           ranks=ranks)
        os.remove(self.path("4.h5"))
        numpy.testing.assert_array_equal(self.points(pattern, "--columns", "a,b,c")[30:],
                                         numbers(10)[:, [0, 2, 1]])
        self.write_h5("3.h5", numbers(10))
        self.fail_with(65, "3.h5:/x: has no names for its features, .*0.h5 has names", "convert", pattern, out, ranks=2)
        with open(self.path("3.h5"), "wb") as file:
            file.write(self.bytes_of("2.h5")[:1000])
        self.fail_with(65, "3.h5: is an HDF5 file, but truncated", "convert", pattern, out, ranks=3)

    def test_names_that_lead_nowhere(self):
        self.write_h5("0.h5", numbers(10))
        out = self.path("out.h5")
        self.fail_with(66, r"part-\*.h5: matches no file", "convert", self.path("part-*.h5"), out, ranks=2)
        self.fail_with(66, "nothing: cannot be read", "convert", "@" + self.path("nothing"), out, ranks=2)
        self.fail_with(65, "empty: names no files", "convert", "@" + self.write("empty", "# nothing\n\n"), out)
        self.fail_with(66, "/missing.h5: cannot be read", "convert", "@" + self.write("list", "0.h5\nmissing.h5\n"),
                       out, ranks=3)
        self.fail_with(66, "is a folder", "convert", "@" + self.write("list", "0.h5\n.\n"), out)
        self.fail_with(65, "no text", "convert", "@" + self.path("0.h5"), out)

    def test_no_input_is_overwritten(self):
        self.write_h5("0.h5", numbers(10))
        self.write_h5("1.h5", numbers(10))
        before = self.bytes_of("1.h5")
        listed = self.write("list", "0.h5\n")
        for arguments in (("convert", self.path("?.h5"), self.path("1.h5")),
                          ("convert", "@" + listed, listed),
                          ("fit", self.path("?.h5:/x"), "-k", 1, "-o", self.path("1.h5"))):
            self.fail_with(64, "would overwrite", *arguments, ranks=2)
        self.assertEqual(self.bytes_of("1.h5"), before)

    def test_names_with_wildcards(self):
        """A file that is called like a pattern or a list is meant itself."""
        for name in ("a*.h5", "@a.h5"):
            self.write_h5("ab.h5", numbers(10, 1))
            self.write_h5(name, numbers(20, 2))
            self.succeed("convert", name, "read.h5", cwd=self.folder)
            with h5py.File(self.path("read.h5")) as file:
                numpy.testing.assert_array_equal(file["points"][:], numbers(20, 2))


if __name__ == "__main__":
    unittest.main()
