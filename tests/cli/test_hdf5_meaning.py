# SPDX-License-Identifier: BSD-3-Clause
"""What numbers of HDF5 files stand for, where they are, and which were never written."""

import os
import subprocess
import sys
import unittest

import h5py
import numpy

import harness

FILES = os.path.join(harness.SOURCE, "tests", "files")


class Case(harness.Case):
    def converted(self, data, *options, ranks=None, env=None):
        run = self.succeed("convert", data, self.path("read.h5"), *options, ranks=ranks, env=env)
        with h5py.File(self.path("read.h5")) as file:
            return file["points"][:], run.stderr

    def same(self, data, expected, *options, ranks=None, env=None):
        points, said = self.converted(data, *options, ranks=ranks, env=env)
        numpy.testing.assert_array_equal(points, expected)
        return said

    def data_set(self, values, fill=None, chunks=None, name="x.h5", **attributes):
        with h5py.File(self.path(name), "w") as file:
            created = file.create_dataset("x", data=values, fillvalue=fill, chunks=chunks)
            for attribute, value in attributes.items():
                created.attrs[attribute] = value
        return self.path(name)


class Attributes(Case):
    def test_files_of_netcdf(self):
        """As netCDF4 writes them, and its own library reads them."""
        data = os.path.join(FILES, "conventions.nc") + ":/"
        points = numpy.arange(24.0).reshape(12, 2) / 2
        whole = numpy.delete(points, 2, axis=0)
        for name in "packed", "fill", "missing_value", "range":
            self.fail_with(65, "1 value is missing: row 3, column 2", "convert", data + name, self.path("o.h5"))
            self.same(data + name, whole, "--missing", "drop")
        self.same(data + "packed", whole, "--missing", "drop", ranks=3)
        self.same(data + "packed", numpy.where(points == 2.5, -32768, points * 2 - 6), "--raw-values")
        self.same(data + "unsigned", points * 20)
        self.assertIn("rows 5 to 8 were never written", self.same(
            data + "unlimited", numpy.delete(points, range(4, 8), axis=0), "--missing", "drop", ranks=2))
        self.fail_with(65, "8 values are missing, the first one: row 5,", "convert", data + "unlimited", self.path("o.h5"))
        self.assertEqual(self.converted(data + "unlimited", "--raw-values")[0][4, 0], numpy.float64(9.969209968386869e36))

    def test_integers_of_r(self):
        numbers = numpy.arange(1.0, 13).reshape(2, 6).T
        marked = os.path.join(FILES, "rhdf5_integers.h5")
        silent = os.path.join(FILES, "hdf5r_integers.h5")
        rest = numpy.delete(numbers, 1, axis=0)
        self.fail_with(65, "1 value is missing: row 2, column 1", "convert", marked, self.path("o.h5"))
        self.same(marked, rest, "--missing", "drop")
        self.assertIn("--missing-values=-2147483648", self.converted(silent)[1])
        self.assertEqual(self.same(silent, rest, "--missing-values=-2147483648", "--missing", "drop").count("warning"), 0)
        self.assertEqual(self.converted(silent, "--raw-values")[1].count("warning"), 0)

    def test_fills_are_those_of_the_type(self):
        """A float of the file is its fill when that becomes a float as well; limits of floats are inclusive."""
        values = numpy.array([[0.1, 1], [-999.9, 2], [0.7, 3], [0.70001, 4]], "f4")
        self.same(self.data_set(values, missing_value=-999.9, valid_max=0.7, valid_min=[0.1]),
                  numpy.delete(values[:, :1].astype("f8"), [1, 3], axis=0), "--columns", "1", "--missing", "drop")
        self.same(self.data_set(numpy.array([[1], [2], [3], [4]], ">i2"), _FillValue=numpy.int16(2), missing_value=[3, 9]),
                  [[1], [4]], "--missing", "drop")
        self.same(self.data_set(numpy.array([[1], [-999.9], [numpy.float32(-999.9)]]), missing_value=numpy.float32(-999.9)), [[1]],
                  "--missing", "drop")
        with_nan = numpy.array([[1.0], [numpy.nan], [2.0]])
        self.same(self.data_set(with_nan, _FillValue=numpy.nan), [[1], [2]], "--missing", "drop")

    def test_limits_of_values(self):
        """Floats for packed integers: NetCDF Users Guide, valid_range. Integers: those of the numbers."""
        packed = numpy.arange(10, dtype="i2").reshape(10, 1)
        self.same(self.data_set(packed, scale_factor=0.5, valid_range=[1.0, 2.0]), [[1], [1.5], [2]], "--missing", "drop")
        self.same(self.data_set(packed, scale_factor=-0.5, valid_range=numpy.array([1, 2], "i2")), [[-0.5], [-1]], "--missing",
                  "drop")

    def test_signs(self):
        stored = numpy.array([[0], [127], [-128], [-1], [-2]], "i1")
        self.same(self.data_set(stored, _Unsigned="true", _FillValue=numpy.int8(-1), scale_factor=2.0),
                  [[0], [254], [256], [508]], "--missing", "drop")
        self.same(self.data_set(stored, _Unsigned="true", valid_range=numpy.array([1, -2], "i1")), [[127], [128], [254]],
                  "--missing", "drop")
        self.same(self.data_set(stored.view("u1"), _Unsigned="false"), stored)

    def test_what_is_no_convention(self):
        """HDF5's fill value is one only where it is netCDF's; text and lists do not scale, and say so."""
        values = numpy.array([[0.0], [1], [7]])
        self.assertEqual(self.same(self.data_set(values, fill=7, chunks=(2, 1)), values), "")
        self.assertIn("scale_factor has no effect, for it is text", self.same(self.data_set(values, scale_factor="0.5"), values))
        self.assertIn("add_offset has no effect", self.same(self.data_set(values, add_offset=[1.0, 2.0]), values))
        self.assertIn("scale_factor has no effect", self.same(self.data_set(values, scale_factor=0.0), values))
        self.assertEqual(self.same(self.data_set(values, missing_value="NA", scale_factor=1.0, units="K", unitSI=9.0), values), "")
        huge = numpy.float32(9.969209968386869e36)
        self.same(self.data_set(numpy.array([[1], [huge]], "f4"), fill=huge, chunks=(2, 1)), [[1]], "--missing", "drop")
        self.assertEqual(len(self.same(self.data_set(values, missing_value=numpy.arange(1000.0)), values).splitlines()), 1)

    def test_units_of_openpmd(self):
        path = self.data_set(numpy.array([[1.0], [2.0]]), unitSI=1000.0)
        with h5py.File(path, "a") as file:
            file.attrs["openPMD"] = numpy.bytes_("1.1.0")
        self.same(path, [[1000], [2000]])
        self.same(path, [[1], [2]], "--raw-values")


class Unwritten(Case):
    points = numpy.arange(7000.0).reshape(1000, 7)

    def test_chunks(self):
        with h5py.File(self.path("x.h5"), "w") as file:
            rows = file.create_dataset("rows", (1000, 7), "f8", chunks=(100, 3))
            rows[:300], rows[400:] = self.points[:300], self.points[400:]
            columns = file.create_dataset("columns", (1000, 7), "f8", chunks=(300, 3))
            columns[:, :3], columns[:, 6:] = self.points[:, :3], self.points[:, 6:]
            file.create_dataset("none", (1000, 7), "f8", chunks=(100, 3))
            file.create_dataset("late", (1000, 7), "f8")
            one = file.create_dataset("one", (1000,), "i4", chunks=(1,))
            one[:5], one[6:] = 1, 1
        data = self.path("x.h5") + ":/"
        expected = numpy.delete(self.points, range(300, 400), axis=0)
        for ranks in None, 3:
            self.assertIn("rows 301 to 400 were never written", self.same(data + "rows", expected, "--missing", "drop", ranks=ranks))
        self.same(data + "rows", expected[:, [5, 0]], "--columns", "6,1", "--missing", "drop")
        self.fail_with(65, "700 values are missing, the first one: row 301, column 1", "convert", data + "rows", self.path("o.h5"))
        raw, said = self.converted(data + "rows", "--raw-values")
        self.assertEqual((raw[300:400].any(), said), (False, ""))
        self.same(data + "columns", self.points[:, [0, 1, 2, 6]], "--columns", "1-3,7")
        self.fail_with(65, "3000 values are missing, the first one: row 1, column 4", "convert", data + "columns", self.path("o.h5"))
        self.assertIn("row 6 was never written", self.converted(data + "one", "--missing", "drop")[1])
        for name in "none", "late":
            self.fail_with(65, "nothing was ever written to it", "fit", data + name, "-k", "1", ranks=2)

    def test_virtual(self):
        with h5py.File(self.path("piece.h5"), "w") as file:
            file["all"] = self.points
            half = file.create_dataset("half", (1000, 7), "f8", chunks=(100, 7))
            half[:500] = self.points[:500]
        with h5py.File(self.path("v.h5"), "w") as file:
            source = h5py.VirtualSource(self.path("piece.h5"), "all", (1000, 7))
            gap = h5py.VirtualLayout((1000, 7), "f8")
            gap[:300], gap[350:] = source[:300], source[350:]
            file.create_virtual_dataset("gap", gap, fillvalue=-1)
            file.create_virtual_dataset("whole", self.layout(self.path("piece.h5"), "all"))
            file.create_virtual_dataset("half", self.layout(self.path("piece.h5"), "half"))
        data = self.path("v.h5") + ":/"
        expected = numpy.delete(self.points, range(300, 350), axis=0)
        for ranks in None, 3:
            self.assertIn("rows 301 to 350 were never", self.same(data + "gap", expected, "--missing", "drop", ranks=ranks))
        self.assertEqual(self.same(data + "whole", self.points), "")
        self.fail_with(65, "piece.h5:half was never written from its row 501 on", "convert", data + "half", self.path("o.h5"), ranks=3)

    def layout(self, file, name):
        whole = h5py.VirtualLayout((1000, 7), "f8")
        whole[:] = h5py.VirtualSource(file, name, (1000, 7))
        return whole


class Links(Case):
    points = numpy.arange(40.0).reshape(10, 4)

    def setUp(self):
        super().setUp()
        os.makedirs(self.path("sub/deep"))
        with h5py.File(self.path("sub/deep/end.h5"), "w") as file:
            file["d"] = self.points
        with h5py.File(self.path("sub/middle.h5"), "w") as file:
            file["m"] = h5py.ExternalLink("deep/end.h5", "/d")
            whole = h5py.VirtualLayout((10, 4), "f8")
            whole[:] = h5py.VirtualSource("deep/end.h5", "d", (10, 4))
            file.create_virtual_dataset("v", whole)
        with h5py.File(self.path("master.h5"), "w") as file:
            file["other"] = numpy.zeros((1000, 4))
            file["chain"] = h5py.ExternalLink("sub/middle.h5", "/m")
            file["group"] = h5py.ExternalLink("sub/deep/end.h5", "/")
            file["virtual"] = h5py.ExternalLink("sub/middle.h5", "/v")
            file["soft"] = h5py.SoftLink("/chain")
            file["gone"] = h5py.ExternalLink("gone.h5", "/d")
            file["empty"] = h5py.ExternalLink("sub/middle.h5", "/x")
            file["nowhere"] = h5py.SoftLink("/not/there")

    def test_numbers_and_inputs(self):
        data = self.path("master.h5") + ":/"
        for name in "chain", "soft", "group/d", "virtual":
            self.same(data + name, self.points)
        self.same(data + "virtual", self.points, ranks=3)
        os.link(self.path("sub/deep/end.h5"), self.path("hard.h5"))
        os.symlink("sub/middle.h5", self.path("symbolic.h5"))
        for name, output in (("soft", "sub/middle.h5"), ("chain", "sub/deep/end.h5"), ("virtual", "sub/deep/end.h5"),
                             ("group/d", "hard.h5"), ("chain", "symbolic.h5")):
            self.fail_with(64, "would overwrite an input", "convert", data + name, self.path(output))
            self.fail_with(64, "would overwrite the data", "fit", data + name, "-k", "1", "--log", self.path(output),
                           "-o", self.path("m.h5"))
        self.same(data + "chain", self.points)

    def test_links_that_lead_nowhere(self):
        data = self.path("master.h5") + ":/"
        for status, name, message in ((66, "gone", "its link /gone leads to gone.h5:/d, and there is no such file"),
                                      (65, "empty", "leads to sub/middle.h5:/x, and the file has no such object"),
                                      (65, "nowhere", "its link /nowhere leads to /not/there, which is not in the file")):
            self.fail_with(status, message, "convert", data + name, self.path("o.h5"))
        os.makedirs(self.path("moved"))
        os.rename(self.path("sub/deep/end.h5"), self.path("moved/gone.h5"))
        self.same(data + "gone", self.points, env={"HDF5_EXT_PREFIX": self.path("moved")})

    def test_only_links(self):
        with h5py.File(self.path("links.h5"), "w") as file:
            file["data"] = h5py.ExternalLink("sub/deep/end.h5", "/d")
        self.same(self.path("links.h5"), self.points)
        self.fail_with(65, "/other .1000 x 4., .*/chain .10 x 4.", "convert", self.path("master.h5"), self.path("o.h5"))
        os.remove(self.path("sub/deep/end.h5"))
        self.fail_with(66, "its link /data leads to sub/deep/end.h5:/d", "convert", self.path("links.h5"), self.path("o.h5"))

    def test_raw_files(self):
        """HDF5 reads zeros where such a file ends too early."""
        names = [self.path("a.raw"), self.path("b.raw")]
        content = self.points.tobytes()
        with open(names[0], "wb") as first, open(names[1], "wb") as second:
            first.write(content[:160])
            second.write(b"12345678" + content[160:])
        properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        properties.set_external(names[0].encode(), 0, 160)
        properties.set_external(names[1].encode(), 8, h5py.h5f.UNLIMITED)
        with h5py.File(self.path("x.h5"), "w") as file:
            h5py.h5d.create(file.id, b"x", h5py.h5t.IEEE_F64LE, h5py.h5s.create_simple((10, 4)), properties)
        self.same(self.path("x.h5"), self.points, ranks=2)
        self.fail_with(64, "would overwrite an input", "convert", self.path("x.h5"), names[1])
        os.truncate(names[1], 100)
        self.fail_with(65, "b.raw, which ends at byte 100 and has not all of them", "convert", self.path("x.h5"), self.path("o.h5"))
        os.remove(names[0])
        self.fail_with(66, "a.raw, which cannot be read", "convert", self.path("x.h5"), self.path("o.h5"))


class Drivers(Case):
    points = numpy.arange(4000.0).reshape(1000, 4)

    def test_family(self):
        with h5py.File(self.path("100%%%03d.h5"), "w", driver="family", memb_size=8192) as file:
            file["x"] = self.points
        with h5py.File(self.path("run7.h5"), "w") as file:
            file["x"] = self.points[:5]
        first = self.path("100%000.h5")
        self.same(first, self.points, ranks=2)
        self.same(self.path("run7.h5") + ":/x", self.points[:5])
        self.fail_with(65, "give .*100%000.h5, which stands for all", "convert", self.path("100%002.h5"), self.path("o.h5"))
        self.fail_with(64, "would overwrite an input", "convert", first, self.path("100%003.h5"))
        os.remove(self.path("100%001.h5"))
        self.fail_with(65, "is the first of a family of files.*h5repart -family_to_single", "convert", first, self.path("o.h5"))

    def test_pattern_and_pair(self):
        with h5py.File(self.path("f%d.h5"), "w", driver="family", memb_size=8192) as file:
            file["x"] = self.points
        with h5py.File(self.path("pair"), "w", driver="split") as file:
            file["x"] = self.points
        for data in "f%d.h5", "f%d.h5:/x", "pair", "pair:/x", "pair-m.h5":
            self.same(self.path(data), self.points)
        self.fail_with(64, "would overwrite an input", "convert", self.path("pair"), self.path("pair-r.h5"))
        self.fail_with(65, "give .*pair-m.h5, which stands for all", "convert", self.path("pair-r.h5"), self.path("o.h5"))
        os.remove(self.path("pair-r.h5"))
        self.fail_with(65, "split or multi driver", "convert", self.path("pair-m.h5"), self.path("o.h5"))

    def test_user_blocks(self):
        for n_bytes in 512, 4096, 8192, 1 << 20:
            with h5py.File(self.path("block.h5"), "w", userblock_size=n_bytes) as file:
                file["x"] = self.points
            self.same(self.path("block.h5"), self.points)

    def test_killed_writer(self):
        path = self.path("killed.h5")
        subprocess.run([sys.executable, "-c", "import h5py, os, sys\n"
                        "file = h5py.File(sys.argv[1], 'w', libver='latest')\n"
                        "file['x'] = [[1.0, 2.0]]\nfile.flush()\nos._exit(0)\n", path], check=True)
        self.fail_with(65, "was not closed by the program that wrote it; .* h5clear -s", "convert", path, self.path("o.h5"), ranks=2)

    def test_filters_that_no_chunk_needs(self):
        """Of a filter that is optional and gained nothing; 32001 is blosc, which HDF5 does not have."""
        with h5py.File(self.path("x.h5"), "w") as file:
            for name, skipped in ("skipped", 1), ("needed", 0):
                properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
                properties.set_chunk((100, 4))
                properties.set_filter(32001, h5py.h5z.FLAG_OPTIONAL, (2, 2, 8, 3200, 5, 1, 1))
                data_set = h5py.h5d.create(file.id, name.encode(), h5py.h5t.IEEE_F64LE, h5py.h5s.create_simple((1000, 4)), properties)
                for i in range(0, 1000, 100):
                    data_set.write_direct_chunk((i, 0), self.points[i:i + 100].tobytes(), skipped)
        self.same(self.path("x.h5") + ":/skipped", self.points)
        self.fail_with(65, "filter 32001", "convert", self.path("x.h5") + ":/needed", self.path("o.h5"))


if __name__ == "__main__":
    unittest.main()
