# SPDX-License-Identifier: BSD-3-Clause
"""Virtual data sets whose pieces grow in number or length: all points or an error, and no output in the place of a piece."""

import os
import unittest

import h5py
import numpy

import harness

UNLIMITED = h5py.h5s.UNLIMITED


def numbers(n, d, seed=7):
    return numpy.random.default_rng(seed).normal(size=(n, d))


class Growing(harness.Case):
    def setUp(self):
        super().setUp()
        self.points = numbers(500, 3)
        self.data = self.path("virtual.h5") + ":/x"
        self.out = self.path("out.h5")

    def converted(self, ranks=None):
        self.succeed("convert", self.data, self.out, ranks=ranks)
        with h5py.File(self.out) as file:
            return file["points"][:]

    def create(self, properties, space):
        with h5py.File(self.path("virtual.h5"), "w", libver="latest") as file:
            h5py.h5d.create(file.id, b"x", h5py.h5t.NATIVE_DOUBLE, space, properties)

    def row_of_pieces(self, file_name, inside):
        """A hundred rows from each of the pieces that %b numbers."""
        properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        space = h5py.h5s.create_simple((0, 3), (UNLIMITED, 3))
        space.select_hyperslab((0, 0), (UNLIMITED, 1), (100, 1), (100, 3))
        used = h5py.h5s.create_simple((100, 3))
        properties.set_virtual(space, file_name.encode(), inside.encode(), used)
        self.create(properties, space)

    def pieces_in_files(self):
        for i in range(5):
            with h5py.File(self.path(f"100%-{i}.h5"), "w") as file:
                file.create_dataset("values", data=self.points[100 * i:100 * i + 100], chunks=(30, 2), compression="gzip")
        self.row_of_pieces("100%%-%b.h5", "values")

    def test_pieces_in_files(self):
        self.pieces_in_files()
        for ranks in (None, 2, 3):
            numpy.testing.assert_array_equal(self.converted(ranks), self.points)
        self.fail_with(64, "100%-3.h5 would overwrite an input", "convert", self.data, self.path("100%-3.h5"), ranks=2)
        self.fail_with(64, "100%-4.h5 would overwrite the data", "fit", self.data, "-k", "2", "-o", self.path("100%-4.h5"))

    def test_missing_and_damaged_pieces(self):
        """The library would leave them out, or fill them in."""
        self.pieces_in_files()
        away = self.path("away.h5")
        for i, status, words in ((0, 66, "its piece 100%-0.h5 is not there"),
                                 (2, 65, "its pieces have 200 rows without a gap and 500 with what is missing")):
            os.rename(self.path(f"100%-{i}.h5"), away)
            for ranks in (None, 3):
                self.fail_with(status, words, "convert", self.data, self.out, ranks=ranks)
            os.rename(away, self.path(f"100%-{i}.h5"))
        last = self.path("100%-4.h5")
        whole = self.bytes_of("100%-4.h5")
        for ranks in (None, 2, 4):
            with open(last, "wb") as file:
                file.write(whole[:1500])
            self.fail_with(65, "100%-4.h5: is an HDF5 file, but truncated", "convert", self.data, self.out, ranks=ranks)
        with h5py.File(last, "w") as file:
            file["values"] = self.points[:60]
        self.fail_with(65, "100%-4.h5:values has not the size that is used of it", "convert", self.data, self.out)
        self.assertFalse(os.path.exists(self.out))

    def test_pieces_in_one_file(self):
        with h5py.File(self.path("all.h5"), "w") as file:
            for i in range(5):
                file[f"piece {i}"] = self.points[100 * i:100 * i + 100]
        self.row_of_pieces("all.h5", "piece %b")
        numpy.testing.assert_array_equal(self.converted(2), self.points)
        self.fail_with(64, "all.h5 would overwrite an input", "convert", self.data, self.path("all.h5"))
        with h5py.File(self.path("all.h5"), "r+") as file:
            del file["piece 1"]
        self.fail_with(65, "its pieces have 100 rows without a gap and 500", "convert", self.data, self.out)

    def test_pieces_without_an_end(self):
        """Columns from two files, as many rows as both have."""
        properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        space = h5py.h5s.create_simple((0, 6), (UNLIMITED, 6))
        used = h5py.h5s.create_simple((0, 3), (UNLIMITED, 3))
        used.select_hyperslab((0, 0), (1, 1), (1, 1), (UNLIMITED, 3))
        for i, name in enumerate(("left.h5", "right.h5")):
            with h5py.File(self.path(name), "w") as file:
                file.create_dataset("values", data=self.points[::1 - 2 * i], maxshape=(None, 3))
            space.select_hyperslab((0, 3 * i), (1, 1), (1, 1), (UNLIMITED, 3))
            properties.set_virtual(space, name.encode(), b"values", used)
        space.select_all()
        self.create(properties, space)
        numpy.testing.assert_array_equal(self.converted(3), numpy.hstack([self.points, self.points[::-1]]))
        self.fail_with(64, "right.h5 would overwrite an input", "convert", self.data, self.path("right.h5"))
        with h5py.File(self.path("left.h5"), "r+") as file:
            file["values"].resize(450, 0)
        for ranks in (None, 2):
            self.fail_with(65, "its pieces have 450 rows without a gap and 500", "convert", self.data, self.out, ranks=ranks)

    def test_fixed_pieces_are_inputs_too(self):
        layout = h5py.VirtualLayout(shape=(500, 3), dtype="f8")
        os.mkdir(self.path("parts"))
        for i in range(5):
            with h5py.File(self.path(f"parts/{i}.h5"), "w") as file:
                file["values"] = self.points[100 * i:100 * i + 100]
            layout[100 * i:100 * i + 100] = h5py.VirtualSource(f"parts/{i}.h5", "values", shape=(100, 3))
        with h5py.File(self.path("virtual.h5"), "w") as file:
            file.create_virtual_dataset("x", layout)
        os.link(self.path("parts/2.h5"), self.path("link.h5"))
        before = self.bytes_of("parts/2.h5")
        for name in ("parts/2.h5", "link.h5", "virtual.h5"):
            self.fail_with(64, "would overwrite", "convert", self.data, self.path(name), ranks=2)
        self.assertEqual(self.bytes_of("parts/2.h5"), before)

    def fixed(self, name, pieces):
        """A virtual data set x of a hundred rows from x in each of these files."""
        layout = h5py.VirtualLayout(shape=(100 * len(pieces), 3), dtype="f8")
        for i, piece in enumerate(pieces):
            layout[100 * i:100 * i + 100] = h5py.VirtualSource(piece, "x", shape=(100, 3))
        with h5py.File(self.path(name), "w") as file:
            file.create_virtual_dataset("x", layout)

    def test_pieces_of_pieces(self):
        with h5py.File(self.path("first.h5"), "w") as file:
            file["x"] = self.points[:100]
        self.fixed("second.h5", ["first.h5"])
        self.fixed("virtual.h5", ["second.h5", "first.h5"])
        numpy.testing.assert_array_equal(self.converted(2), numpy.vstack([self.points[:100]] * 2))
        self.fixed("virtual.h5", ["second.h5"])
        os.rename(self.path("first.h5"), self.path("away.h5"))
        for ranks in (None, 2):
            self.fail_with(66, "virtual.h5:/x: its piece first.h5 is not there", "convert", self.data, self.out, ranks=ranks)

    def test_pieces_of_themselves(self):
        self.fixed("virtual.h5", ["virtual.h5"])
        self.fail_with(65, "virtual.h5:/x: is made of itself", "convert", self.data, self.out)
        self.fixed("virtual.h5", ["other.h5"])
        self.fixed("other.h5", ["virtual.h5"])
        self.fail_with(65, "virtual.h5:/x: is made of itself", "convert", self.data, self.out, ranks=3)


if __name__ == "__main__":
    unittest.main()
