# SPDX-License-Identifier: BSD-3-Clause
"""HDF5 files with one data set for each quantity, and with names beside the numbers, laid out as simulations, catalogues, netCDF,
pandas and AnnData do: against what h5py and numpy read."""

import json
import os
import unittest

import h5py
import numpy

import harness
import streaming

TEXT = h5py.string_dtype()


def numbers(n_rows, n_columns, seed=0):
    return numpy.random.default_rng(seed).normal(size=(n_rows, n_columns)).round(3)


class Groups(harness.Case):
    def read(self, data, *options, ranks=None):
        """What gmmpi reads: names of the features, or None, and numbers."""
        self.succeed("convert", data, self.path("read.h5"), *options, ranks=ranks)
        with h5py.File(self.path("read.h5")) as file:
            points = file["points"]
            names = points.attrs.get("feature_names")
            return None if names is None else [name.decode() if isinstance(name, bytes) else name for name in names], points[:]

    def has(self, data, names, points, *options, ranks=None):
        seen = self.read(data, *options, ranks=ranks)
        self.assertEqual(seen[0], names)
        numpy.testing.assert_array_equal(seen[1], points)

    def snapshot(self, name, n, seed=0):
        """As Gadget and SWIFT write one: contiguous and packed data sets, integers, single precision."""
        points = numbers(n, 7, seed)
        with h5py.File(self.path(name), "w") as file:
            file.create_group("Header").attrs["NumPart_ThisFile"] = numpy.array([n, 0, 0, 0, 0, 0], "u4")
            if n > 0:
                gas = file.create_group("PartType0")
                gas["Coordinates"] = points[:, :3]
                gas.create_dataset("Velocities", data=points[:, 3:6].astype("f4"), chunks=(min(n, 97), 2), compression="gzip")
                gas.create_dataset("Density", data=points[:, 6], dtype=">f8")
                gas["ParticleIDs"] = numpy.arange(n, dtype="u8")
            file["Cells/Centres"] = numbers(4, 3)
        points[:, 3:6] = points[:, 3:6].astype("f4")
        return points


class Snapshots(Groups):
    def test_columns(self):
        points = self.snapshot("snap.h5", 1003)
        gas = self.path("snap.h5") + ":/PartType0"
        names = [f"Coordinates.{i}" for i in range(3)] + ["Density"] + [f"Velocities.{i}" for i in range(3)]
        for ranks in (None, 3):
            self.has(gas, ["Coordinates.0", "Coordinates.1", "Coordinates.2", "Velocities.0", "Velocities.1", "Velocities.2",
                           "Density"], points, "--columns", "Coordinates,Velocities,Density", ranks=ranks)
        self.has(gas, ["Velocities.2", "Density", "Coordinates.1"], points[:, [5, 6, 1]], "--columns",
                 "Velocities.2,Density,Coordinates.1", ranks=2)
        self.has(gas, names[:4], points[:, [0, 1, 2, 6]], "--columns", "1-4")
        everything = self.succeed("convert", gas, self.path("all.h5"))
        self.assertRegex(everything.stderr, r'"ParticleIDs" seems to number the rows.*--columns Coordinates.0,\S*Velocities.2\b')
        with h5py.File(self.path("all.h5")) as file:
            self.assertEqual(file["points"].shape, (1003, 8))

    def test_paths(self):
        """Without a path behind the file's name, columns are named by theirs."""
        points = self.snapshot("snap.h5", 50)
        self.has(self.path("snap.h5"), ["PartType0/Density", "PartType0/Coordinates.0"], points[:, [6, 0]], "--columns",
                 "PartType0/Density,PartType0/Coordinates.0")
        self.has(self.path("snap.h5") + ":/", ["PartType0/Density"], points[:, 6:], "--columns", "PartType0/Density")
        self.has(self.path("snap.h5"), ["Density"], points[:, 6:], "--columns", "Density")

    def test_transpose_without_a_matrix(self):
        self.snapshot("snap.h5", 50)
        with h5py.File(self.path("snap.h5"), "a") as file:
            file["PartType0/Mass"] = numpy.arange(50.0)
        self.fail_with(64, "--transpose: each of its data sets has one dimension", "convert", self.path("snap.h5") + ":/PartType0",
                       self.path("out.h5"), "--columns", "Density,Mass", "--transpose", ranks=2)

    def test_of_several_lengths(self):
        self.snapshot("snap.h5", 50)
        self.fail_with(65, r'"PartType0/Density" has 50 rows, "Cells/Centres" has 4; pick data sets of one length', "convert",
                       self.path("snap.h5"), self.path("out.h5"), "--columns", "PartType0/Density,Cells/Centres", ranks=2)
        self.fail_with(65, 'no column "Mass".*Coordinates.0, ', "convert", self.path("snap.h5") + ":/PartType0",
                       self.path("out.h5"), "--columns", "Density,Mass")

    def test_several_files(self):
        """One of them has no gas, which its header says."""
        points = [self.snapshot(f"snap.{i}.h5", n, i) for i, n in enumerate((300, 0, 7))]
        self.has(self.path("snap.*.h5") + ":/PartType0", ["Density", "Velocities.0"], numpy.vstack(points)[:, [6, 3]],
                 "--columns", "Density,Velocities.0", ranks=2)
        self.fail_with(65, "snap.1.h5:/PartType0: has no particles of this type", "convert",
                       self.path("snap.1.h5") + ":/PartType0", self.path("out.h5"))
        with h5py.File(self.path("snap.1.h5"), "a") as file:
            del file["Header"]
        self.fail_with(65, 'snap.1.h5: has no data set "/PartType0"', "convert", self.path("snap.*.h5") + ":/PartType0",
                       self.path("out.h5"), "--columns", "Density", ranks=3)

    def test_predicted(self):
        """The same model from columns side by side as from one data set; predict finds them by name."""
        points = self.snapshot("snap.h5", 1000)
        gas = self.path("snap.h5") + ":/PartType0"
        self.has(gas, [f"Coordinates.{i}" for i in range(3)], points[:, :3], "--columns", "Coordinates")
        options = ["-k", 2, "--max-iter", 3, "--no-coarse-to-fine", "-q"]
        self.succeed("fit", self.path("read.h5"), *options, "-o", self.path("one.h5"))
        self.succeed("fit", gas, "--columns", "Coordinates", *options, "-o", self.path("members.h5"), ranks=2)
        self.assertEqual(self.bytes_of("members.h5"), self.bytes_of("one.h5"))
        for data, out in ((gas, "a.csv"), (self.path("read.h5"), "b.csv")):
            self.succeed("predict", self.path("members.h5"), data, "-o", self.path(out), "-q")
        self.assertEqual(self.bytes_of("a.csv"), self.bytes_of("b.csv"))

    def test_linked(self):
        """Members in other files: these are inputs, too."""
        self.snapshot("snap.h5", 100)
        points = numbers(100, 2)
        with h5py.File(self.path("part.h5"), "w") as file:
            file["x"] = points[:, 0]
            file["more/y"] = points[:, 1]
        with h5py.File(self.path("master.h5"), "w") as file:
            file["all/x"] = h5py.ExternalLink("part.h5", "/x")
            file["all/y"] = h5py.ExternalLink("part.h5", "/more/y")
            file["all/z"] = h5py.ExternalLink("nowhere.h5", "/z")
            layout = h5py.VirtualLayout(shape=(100,), dtype="f8")
            layout[:] = h5py.VirtualSource("part.h5", "x", shape=(100,))
            file.create_virtual_dataset("all/v", layout)
        self.has(self.path("master.h5") + ":/all", ["v", "x", "y"], points[:, [0, 0, 1]], ranks=2)
        run = self.fail_with(64, "part.h5", "convert", self.path("master.h5") + ":/all", self.path("part.h5"), "--columns", "y")
        self.assertIn("part.h5", run.stderr)


class Streamed(streaming.Case):
    def test_same_bits(self):
        points = numbers(700_000, 3)
        with h5py.File(self.path("x.h5"), "w") as file:
            file.create_dataset("points", data=points).attrs["feature_names"] = numpy.array(["a", "b.0", "b.1"], dtype=TEXT)
            file["cat/a"], file["cat/b"] = points[:, 0], points[:, 1:]
        options = ["-k", 2, "--max-iter", 2, "--no-coarse-to-fine", "--init", "random_from_data"]
        self.succeed("fit", self.path("x.h5") + ":/points", *options, "-o", self.path("one.h5"), ranks=2)
        self.streaming("fit", self.path("x.h5") + ":/cat", *options, "-o", self.path("streamed.h5"), ranks=2)
        self.assertEqual(self.bytes_of("streamed.h5"), self.bytes_of("one.h5"))


class OtherLayouts(Groups):
    def test_records_of_openpmd(self):
        points = numbers(60, 4)
        with h5py.File(self.path("particles.h5"), "w") as file:
            file.attrs["openPMD"] = numpy.bytes_("1.1.0")
            for i, name in enumerate(("position/x", "position/y", "momentum/x", "momentum/y")):
                data_set = file.create_dataset("data/7/particles/e/" + name, data=points[:, i])
                data_set.attrs["unitSI"] = 2.0**(i - 1)
        scaled = points * [0.5, 1, 2, 4]
        where = self.path("particles.h5") + ":/data/7/particles/e"
        self.has(where, ["position/x", "position/y", "momentum/y"], scaled[:, [0, 1, 3]], "--columns", "position,momentum/y")
        self.has(self.path("particles.h5"), ["momentum/x", "momentum/y", "position/x", "position/y"], scaled[:, [2, 3, 0, 1]])
        self.has(where, ["position/x"], points[:, :1], "--columns", "position/x", "--raw-values")

    def variables(self, name, scales=()):
        """As netCDF-4 writes variables along one dimension, in the order in which they were made."""
        points = numbers(80, 3)
        with h5py.File(self.path(name), "w", track_order=True) as file:
            file.attrs["_NCProperties"] = numpy.bytes_("version=2,netcdf=4.9.0,hdf5=1.10.8")
            if scales:
                time = file.create_dataset("time", data=numpy.arange(80.0))
                time.make_scale("time")
                time.attrs["bounds"] = "time_bnds"
                file["time_bnds"] = numpy.c_[numpy.arange(80.0) - 0.5, numpy.arange(80.0) + 0.5]
            else:
                file.create_dataset("obs", shape=(80,), dtype=">f4").make_scale(
                    "This is a netCDF dimension but not a netCDF variable.        80")
            for i, variable in enumerate(("tas", "pr", "huss")):
                file[variable] = points[:, i]
                file[variable].dims[0].attach_scale(file["time" if scales else "obs"])
        return points

    def test_variables(self):
        points = self.variables("variables.nc")
        self.has(self.path("variables.nc"), ["tas", "pr", "huss"], points)
        self.has(self.path("variables.nc"), ["pr", "tas"], points[:, [1, 0]], "--columns", "pr,tas", ranks=2)

    def test_variables_with_bounds(self):
        """The bounds of time are the only data set of two dimensions, and not what is meant."""
        points = self.variables("cf.nc", scales=True)
        self.fail_with(65, r"several data sets, .*cf.nc:/; there are: / \(3 columns of 80 rows: tas, pr, huss\).*"
                           r"/time \(80, a dimension scale\).*/time_bnds \(80 x 2, bounds of another\)", "convert",
                       self.path("cf.nc"), self.path("out.h5"), ranks=2)
        self.has(self.path("cf.nc"), ["huss", "tas"], points[:, [2, 0]], "--columns", "huss,tas")
        self.has(self.path("cf.nc") + ":/", ["tas", "pr", "huss"], points)
        facts = json.loads(self.succeed("info", self.path("cf.nc"), "--json").stdout)
        self.assertEqual(facts["datasets"]["/time_bnds"]["shape"], [80, 2])
        self.assertEqual(facts["tables"], [{"path": "/", "n_rows": 80, "columns": ["tas", "pr", "huss"], "data":
                                            self.path("cf.nc") + ":/", "left_out": "time (a dimension scale), time_bnds "
                                            "(bounds of another)"}])

    def test_larger_than_the_only_matrix(self):
        """A catalogue with bin edges, images with a calibration: the small matrix is not taken without being told."""
        points = numbers(600, 3)
        with h5py.File(self.path("catalogue.h5"), "w") as file:
            file["meta/bin_edges"] = numbers(10, 2)
            for i, name in enumerate("xyz"):
                file["cat/" + name] = points[:, i]
            file["cat/id"] = numpy.arange(600)
        self.fail_with(65, r"/meta/bin_edges \(10 x 2\), but the table /cat is larger.*"
                           r"/cat \(4 columns of 600 rows: id, x, y, z\)", "convert", self.path("catalogue.h5"),
                       self.path("out.h5"))
        self.has(self.path("catalogue.h5"), ["z", "x"], points[:, [2, 0]], "--columns", "z,x")
        with h5py.File(self.path("images.h5"), "w") as file:
            file["frames"], file["dark"] = numpy.zeros((5, 8, 8)), numbers(8, 8)
        self.fail_with(65, r"/dark \(8 x 8\), but /frames \(3-D\) is larger", "convert", self.path("images.h5"),
                       self.path("out.h5"))
        self.has(self.path("images.h5") + ":/dark", None, numbers(8, 8))

    def test_columns_without_a_convention(self):
        """Data sets of one length side by side may be anything: they are named, not taken."""
        with h5py.File(self.path("x.h5"), "w") as file:
            file["cat/x"], file["cat/y"], file["cat/id"] = numbers(9, 1)[:, 0], numbers(9, 1)[:, 0], numpy.arange(9)
        self.fail_with(65, r"x.h5:/cat --columns x,y; there are: /cat \(3 columns of 9 rows: id, x, y\)", "convert",
                       self.path("x.h5"), self.path("out.h5"))


class Names(Groups):
    def test_dimension_scales(self):
        """xarray's coordinates: text, numbers, and what only counts."""
        points = numbers(30, 3)
        for scale, names in ((numpy.array(["a", "Ö", "c c"], dtype=TEXT), ["a", "Ö", "c c"]),
                             (numpy.array([b"r", b"s", b"t"]), ["r", "s", "t"]),
                             (numpy.array([400.0, 410.5, 420.0]), ["band=400", "band=410.5", "band=420"]),
                             (numpy.arange(3), None)):
            with h5py.File(self.path("x.nc"), "w") as file:
                file["X"], file["band"] = points, scale
                file["band"].make_scale("band")
                file["X"].dims[1].attach_scale(file["band"])
            self.has(self.path("x.nc"), names, points)

    def frame(self, **blocks):
        """As pandas' to_hdf(format="fixed") lays a frame out; numbers by their columns' names."""
        with h5py.File(self.path("frame.h5"), "w") as file:
            group = file.create_group("df")
            group.attrs["pandas_type"] = numpy.bytes_("frame")
            group["axis0"] = numpy.array([b"mass", b"n", b"age"])
            group["axis1"] = numpy.arange(20)
            for i, (items, values) in enumerate(blocks.items()):
                group[f"block{i}_items"] = numpy.array([item.encode() for item in items.split("_")])
                group[f"block{i}_values"] = values
        return self.path("frame.h5")

    def test_blocks_of_pandas(self):
        """Columns of one type are one block; they are in the frame's order."""
        points = numbers(20, 2)
        data = self.frame(age_mass=points, n=numpy.arange(20)[:, None])
        expected = numpy.c_[points[:, 1], numpy.arange(20), points[:, 0]]
        self.has(data, ["mass", "n", "age"], expected)
        self.has(data + ":/df", ["age", "mass"], points, "--columns", "age,mass", ranks=2)
        self.has(data + ":/df/block0_values", ["age", "mass"], points)

    def test_anndata(self):
        points, embedding = numbers(40, 3), numbers(40, 2)
        with h5py.File(self.path("cells.h5ad"), "w") as file:
            file.attrs["encoding-type"] = "anndata"
            file["X"], file["layers/counts"], file["obsm/X_pca"] = points, points + 1, embedding
            file["var/gene"] = numpy.array(["CD3", "CD4", "CD8"], dtype=TEXT)
            file["var"].attrs["_index"] = "gene"
            frame = file.create_group("obsm/df")
            frame.attrs["encoding-type"], frame.attrs["_index"] = "dataframe", "_index"
            frame.attrs["column-order"] = numpy.array(["v", "u", "kind"], dtype=TEXT)
            frame["u"], frame["v"], frame["_index"] = points[:, 0], points[:, 1], numpy.arange(40)
            frame["kind/codes"], frame["kind/categories"] = numpy.zeros(40, "i1"), numpy.array(["a"], dtype=TEXT)
        data = self.path("cells.h5ad")
        self.has(data, ["CD3", "CD4", "CD8"], points)
        self.has(data, ["CD8"], points[:, 2:], "--columns", "CD8")
        self.has(data + ":/layers/counts", ["CD3", "CD4", "CD8"], points + 1)
        self.has(data + ":/obsm/X_pca", ["X_pca.0", "X_pca.1"], embedding)
        self.has(data + ":/obsm/df", ["v", "u"], points[:, [1, 0]])


if __name__ == "__main__":
    unittest.main()
