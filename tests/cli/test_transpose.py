# SPDX-License-Identifier: BSD-3-Clause
"""Points that are the columns of a file: --transpose, what leads to it, and files of programs that write them so."""

import os
import unittest

import h5py
import numpy as np

import harness
import streaming

FILES = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "files")
X = 10.0 * np.arange(20)[:, None] + np.arange(3) + 0.5  # what the real files hold


def real(name):
    return os.path.join(FILES, name)


class Transposed(streaming.Case):
    def setUp(self):
        super().setUp()
        self.out = self.path("out.h5")

    def converted(self, *arguments, ranks=None):
        """The points, and what was said on the way."""
        run = self.succeed("convert", *arguments, self.out, ranks=ranks)
        with h5py.File(self.out, "r") as file:
            return file["points"][...], run.stderr

    def assert_points(self, expected, *arguments, ranks=None):
        points, said = self.converted(*arguments, ranks=ranks)
        np.testing.assert_array_equal(points, expected)
        self.assertEqual(said, "")

    # --- the same as the file the other way round ---

    def write_both(self, n=20_000):
        """The same points as rows and as columns, of every kind."""
        generator = np.random.default_rng(3)
        points = generator.normal(size=(n, 5)) + 6.0 * generator.integers(2, size=(n, 1))
        names = np.array(list("abcde"), dtype="S1")
        with h5py.File(self.path("rows.h5"), "w") as file:
            file["x"] = points
            file["x"].attrs["feature_names"] = names
        with h5py.File(self.path("columns.h5"), "w") as file:
            file["flat"] = points.T
            file.create_dataset("packed", data=points.T, chunks=(2, min(n, 3000)), compression="gzip", compression_opts=1)
            for name in file:
                file[name].attrs["feature_names"] = names
        np.save(self.path("rows.npy"), points)
        np.save(self.path("columns.npy"), points.T.copy())
        np.save(self.path("columns_f.npy"), np.asfortranarray(points.T))
        return points

    def model_of(self, *arguments, ranks=None):
        self.succeed("fit", *arguments, "-k", 2, "--max-iter", 5, "-o", self.path("m.h5"), "--labels", self.path("l.h5"), ranks=ranks)
        return self.bytes_of("m.h5"), self.bytes_of("l.h5")

    def test_a_fit_has_the_same_bits(self):
        self.write_both(7000)
        expected = self.model_of(self.path("rows.h5"))
        for name in ("columns.h5:/flat", "columns.h5:/packed"):
            self.assertEqual(self.model_of(self.path(name), "--transpose", ranks=3), expected, name)
        self.assertEqual(self.model_of(self.path("columns.h5:/packed"), "--transpose"), expected)
        self.assertEqual(self.model_of(self.path("columns.h5:/flat"), "--transpose", "--threads", 2), expected)
        expected = self.model_of(self.path("rows.npy"))
        for name in ("columns.npy", "columns_f.npy"):
            self.assertEqual(self.model_of(self.path(name), "--transpose", ranks=2), expected, name)

    def test_streamed(self):
        self.write_both(200_000)
        expected = self.model_of(self.path("rows.h5"))
        for name in ("flat", "packed"):
            run, _ = self.streaming("fit", self.path(f"columns.h5:/{name}"), "--transpose", "-k", 2, "--max-iter", 5, "-o", self.path("s.h5"))
            self.assertIn("streams", run.stderr)
            self.assertEqual(self.bytes_of("s.h5"), expected[0], name)

    def test_predict_and_columns(self):
        points = self.write_both()
        self.model_of(self.path("rows.h5"))
        self.succeed("predict", self.path("m.h5"), self.path("columns.h5:/packed"), "--transpose", "-o", self.path("p.h5"))
        self.succeed("predict", self.path("m.h5"), self.path("rows.h5"), "-o", self.path("q.h5"))
        self.assertEqual(self.bytes_of("p.h5"), self.bytes_of("q.h5"))
        self.assert_points(points[:, [3, 0]], self.path("columns.h5:/flat"), "--transpose", "--columns", "d,1", ranks=2)

    def test_places(self):
        points = self.write_both(100).T
        points[3, 41] = np.nan
        with h5py.File(self.path("columns.h5"), "w") as file:
            file["x"] = points
        np.save(self.path("columns.npy"), points)
        for name in ("columns.h5", "columns.npy"):
            self.fail_with(65, "1 value is missing: point 42, feature 4;", "convert", self.path(name), self.out,
                           "--transpose", ranks=2)

    def test_truncated(self):
        self.write_both()
        for name in ("columns.h5", "columns.npy"):
            whole = self.bytes_of(name)
            with open(self.path(name), "wb") as file:
                file.write(whole[:len(whole) // 3])
            inside = ":/flat" if name.endswith("h5") else ""
            self.fail_with(65, name, "fit", self.path(name) + inside, "--transpose", "-k", 2, ranks=2)

    def test_text_is_read_by_rows(self):
        self.fail_with(64, "--transpose: CSV files are read by rows; turn it into HDF5 with gmmpi convert", "fit",
                       self.write("x.csv", "1,2,3\n4,5,6\n"), "--transpose", "-k", 1)
        self.converted(self.path("x.csv"))
        os.rename(self.out, self.path("x.h5"))
        self.assert_points([[1, 4], [2, 5], [3, 6]], self.path("x.h5"), "--transpose")

    # --- what leads to the option ---

    def warning_of(self, *arguments):
        said = self.converted(*arguments)[1]
        self.assertEqual(said.count("\n"), 1, said)
        self.assertRegex(said, "^gmmpi warning: ")
        return said

    def write_x(self, numbers, **attributes):
        with h5py.File(self.path("x.h5"), "w") as file:
            file["X"] = numbers
            for name, value in attributes.items():
                file["X"].attrs[name] = value
        return self.path("x.h5")

    def test_fewer_rows_than_columns(self):
        said = self.warning_of(self.write_x(X.T))
        self.assertIn("its 3 rows of 20 columns are taken as 3 points of 20 features; if the points are the columns, say "
                      "--transpose", said)
        self.assert_points(X, self.path("x.h5"), "--transpose")
        np.save(self.path("x.npy"), X.T)
        self.assertIn("say --transpose", self.warning_of(self.path("x.npy")))
        self.assertIn("turn it into HDF5 with gmmpi convert, and read that with --transpose", self.warning_of(self.write("x.csv", "1,2,3\n4,5,6\n")))
        self.assert_points(X, self.write_x(X))
        self.assert_points(X[:2, :2], self.write_x(X[:2]), "--columns", "1-2")

    def test_marks(self):
        for attribute, value, writer in (("MATLAB_class", np.bytes_("double"), "MATLAB"), ("rhdf5-NA.OK", [1], "R")):
            said = self.warning_of(self.write_x(X.T, **{attribute: value}))
            self.assertIn(f"was written by {writer}, whose matrices lie column by column: its 3 rows of 20 columns", said)
            self.assert_points(X, self.path("x.h5"), "--transpose")
            self.assert_points(X, self.write_x(X, **{attribute: value}))  # turned on purpose: nothing is said
        for header, writer in ((b"HDF5-based Julia Data Format, version 0.1.1\0", r"Julia \(JLD2\)"),
                               (b"MATLAB 7.3 MAT-file, Platform: GLNXA64", "MATLAB")):
            with h5py.File(self.path("x.h5"), "w", userblock_size=512) as file:
                file["X"] = X.T
            with open(self.path("x.h5"), "r+b") as file:
                file.write(header)
            self.assertRegex(self.warning_of(self.path("x.h5")), f"was written by {writer}, whose matrices")
            self.assert_points(X, self.path("x.h5"), "--transpose")

    def test_memory(self):
        """What is too wide to be fitted may be the wrong way round."""
        np.save(self.path("wide.npy"), np.zeros((4, 60_000)))
        self.fail_with(71, "its 4 rows of 60000 columns are taken as points; if the points are the columns, say --transpose",
                       "fit", self.path("wide.npy"), "-k", 2, "--memory-limit", "200M")

    # --- real files ---

    def test_octave(self):
        for name in ("octave.h5", "octave.h5:/X", "octave.h5:/X/value", "octave_more.h5:/X"):
            self.assertIn("written by Octave", self.warning_of(real(name)))
            self.assert_points(X, real(name), "--transpose")
        self.assert_points(X[:4].T, real("octave_more.h5:/f"), "--transpose")
        for inside, words in (("s", "is a text"), ("e", "an empty matrix"), ("r", "does not hold integers or floats"),
                              ("q", "has 0 dimensions")):
            self.fail_with(65, words, "convert", real("octave.h5:/" + inside), self.out)
        self.fail_with(65, "is a sparse matrix of Octave, points are dense; save full", "convert", real("octave_more.h5:/S"),
                       self.out)

    def test_r(self):
        self.assertIn("written by R", self.warning_of(real("rhdf5.h5")))
        self.assertIn("3 rows of 20 columns", self.warning_of(real("hdf5r.h5")))
        for name in ("rhdf5.h5", "hdf5r.h5"):
            self.assert_points(X, real(name), "--transpose", ranks=2)

    def test_loom(self):
        for option in ((), ("--transpose",)):
            self.assert_points(X, real("cells.loom"), *option)
            with h5py.File(self.out, "r") as file:
                self.assertEqual(list(file["points"].attrs["feature_names"]), ["CD3", "CD4", "CD8"])
        self.assert_points(X[:, [2, 0]], real("cells.loom:/matrix"), "--columns", "CD8,CD3", ranks=3)

    def test_loom_with_layers(self):
        with h5py.File(self.path("layers.loom"), "w") as file:
            file["matrix"], file["layers/spliced"] = X.T, X.T + 1
            file["row_attrs/Gene"], file["col_attrs/CellID"] = np.array([b"a", b"b", b"c"]), np.arange(len(X))
        self.assert_points(X, self.path("layers.loom"))
        self.assert_points(X + 1, self.path("layers.loom:/layers/spliced"))

    # --- what MATLAB writes beside matrices, as its format describes it ---

    def test_matlab(self):
        with h5py.File(self.path("x.mat"), "w", userblock_size=512) as file:
            file["X"] = X.T
            file["X"].attrs["MATLAB_class"] = np.bytes_("double")
            file["word"] = np.array([[104], [105]], dtype=np.uint16)
            file["word"].attrs["MATLAB_class"] = np.bytes_("char")
            file["T"] = np.zeros((1, 6), dtype=np.uint32)
            file["T"].attrs["MATLAB_class"] = np.bytes_("table")
            file["none"] = np.zeros(2, dtype=np.uint64)
            file["none"].attrs["MATLAB_class"] = np.bytes_("double")
            file["none"].attrs["MATLAB_empty"] = np.uint8(1)
            file["#refs#/a"] = X
            sparse = file.create_group("S")
            sparse.attrs["MATLAB_sparse"] = np.uint64(20)
            for name in ("data", "ir", "jc"):
                sparse[name] = np.zeros(4)
        data = self.path("x.mat")
        self.assert_points(X, data, "--transpose")
        for inside, words in (("S", "is a sparse matrix of MATLAB, points are dense; save full"),
                              ("T", "class table, which only MATLAB can read"), ("word", "is a text of MATLAB"),
                              ("none", "is an empty matrix")):
            self.fail_with(65, words, "convert", f"{data}:/{inside}", self.out)


if __name__ == "__main__":
    unittest.main()
