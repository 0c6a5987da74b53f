# SPDX-License-Identifier: BSD-3-Clause
"""HDF5 files as h5py and other programs write them: what gmmpi reads of them against what h5py and numpy read."""

import os
import unittest

import h5py
import numpy

import harness

TYPES = [">f8", "<f8", ">f4", "<f4", ">f2", "<f2"] + [order + kind + size for order in "<>" for kind in "iu"
                                                      for size in "1248"]


def numbers(n_rows, n_columns, seed=0):
    return numpy.random.default_rng(seed).normal(size=(n_rows, n_columns)).round(3)


class Hdf5(harness.Case):
    def points(self, data, *options, ranks=None):
        """What gmmpi reads, as float64."""
        self.succeed("convert", data, self.path("read.h5"), *options, ranks=ranks)
        with h5py.File(self.path("read.h5")) as file:
            self.assertEqual(file["points"].dtype, numpy.float64)
            return file["points"][:]

    def create(self, name, **data_sets):
        with h5py.File(self.path(name), "w") as file:
            for inside, values in data_sets.items():
                file[inside] = values
        return self.path(name)


class Numbers(Hdf5):
    def test_types(self):
        """Extreme and random values of every type, in either byte order."""
        generator = numpy.random.default_rng(1)
        layouts = ({}, {"chunks": (7, 2)}, {"chunks": (7, 3), "compression": "gzip", "shuffle": True},
                   {"chunks": (20, 3), "fletcher32": True})
        expected = {}
        with h5py.File(self.path("types.h5"), "w") as file:
            for number, kind in enumerate(TYPES):
                dtype = numpy.dtype(kind)
                if dtype.kind == "f":
                    limits = numpy.finfo(dtype)
                    special = [min(float(limits.max), 1e140), limits.smallest_normal, limits.smallest_subnormal, -0.0]
                    values = generator.normal(size=60) * 100
                else:
                    limits = numpy.iinfo(dtype)
                    special = [limits.min, limits.max, limits.max - 1, limits.max // 2 + 1, limits.max // 3 * 2 + 1]
                    values = generator.integers(limits.min, limits.max, 60, dtype=dtype.newbyteorder("="),
                                                endpoint=True)
                values = numpy.concatenate([numpy.array(special, dtype=dtype), values.astype(dtype)])
                values = values[:len(values) // 3 * 3].reshape(-1, 3)
                name = kind[1:] + (" big" if kind[0] == ">" else " little")
                file.create_dataset(name, data=values, dtype=dtype, **layouts[number % len(layouts)])
                expected[name] = values.astype(numpy.float64)
        for name, values in expected.items():
            numpy.testing.assert_array_equal(self.points(f"{self.path('types.h5')}:/{name}"), values, name)

    def test_large_unsigned(self):
        """Integers that no double holds are rounded to even, as by numpy."""
        values = numpy.array([2**53 + 1, 2**53 + 3, 2**63 + 1024, 2**63 + 1025, 2**63 + 3072, 2**64 - 1, 2**64 - 1025],
                             dtype=numpy.uint64)
        data = self.create("x.h5", x=values)
        numpy.testing.assert_array_equal(self.points(data)[:, 0], values.astype(numpy.float64))

    def test_booleans(self):
        values = numpy.random.default_rng(2).random((100, 3)) < 0.5
        data = self.create("x.h5", x=values)
        numpy.testing.assert_array_equal(self.points(data), values.astype(float))
        numpy.testing.assert_array_equal(self.points(data, "--columns", "3,1"), values[:, [2, 0]].astype(float))
        with h5py.File(data, "w") as file:  # as PyTables writes them
            kind = h5py.h5t.STD_B8LE
            space = h5py.h5s.create_simple(values.shape)
            data_set = h5py.h5d.create(file.id, b"x", kind, space)
            data_set.write(h5py.h5s.ALL, h5py.h5s.ALL, values.astype(numpy.uint8), mtype=h5py.h5t.NATIVE_B8)
        numpy.testing.assert_array_equal(self.points(data, ranks=2), values.astype(float))

    def test_other_types_are_refused(self):
        colours = h5py.enum_dtype({"RED": 0, "GREEN": 1}, basetype="i1")
        data = self.create("x.h5", text=numpy.array([[b"a", b"b"]]),
                           complex=numpy.zeros((2, 2), dtype=complex), colour=numpy.zeros((4, 2), dtype=colours))
        for inside in ("text", "complex", "colour"):
            self.fail_with(65, f"x.h5:/{inside}: does not hold integers or floats", "convert", f"{data}:/{inside}",
                           self.path("out.h5"))
        self.fail_with(65, "no data set of numbers.*/colour \\(not numeric\\)", "convert", data, self.path("out.h5"))

    def test_row_counts(self):
        """Fewer rows than ranks, and row counts that no number of ranks divides."""
        for n_rows in (1, 5, 4097, 20011):
            points = numbers(n_rows, 3)
            data = self.create("x.h5", x=points)
            for ranks in (None, 3):
                numpy.testing.assert_array_equal(self.points(data, ranks=ranks), points)


class WhichDataSet(Hdf5):
    def annotated(self):
        """A file as AnnData writes it: a sparse matrix, annotations, embeddings."""
        with h5py.File(self.path("cells.h5ad"), "w") as file:
            file.attrs["encoding-type"] = "anndata"
            matrix = file.create_group("X")
            matrix.attrs["encoding-type"] = "csr_matrix"
            matrix.attrs["shape"] = numpy.array([50, 200])
            matrix["data"], matrix["indices"] = numpy.ones(9, "f4"), numpy.arange(9, dtype="i4")
            matrix["indptr"] = numpy.minimum(numpy.arange(51), 9).astype("i4")
            file["obs/_index"] = numpy.array([f"cell{i}" for i in range(50)], dtype=h5py.string_dtype())
            file["obs/total_counts"] = numpy.arange(50.0)
            for name, width in (("X_pca", 10), ("X_umap", 2)):
                data_set = file.create_dataset(f"obsm/{name}", data=numbers(50, width).astype("f4"),
                                               compression="gzip")
                data_set.attrs["encoding-type"] = "array"
        return self.path("cells.h5ad")

    def test_anndata(self):
        data = self.annotated()
        numpy.testing.assert_array_equal(self.points(data + ":/obsm/X_pca", ranks=3),
                                         numbers(50, 10).astype("f4").astype(float))
        numpy.testing.assert_array_equal(self.points(data + ":/obsm/X_umap"), numbers(50, 2).astype("f4"))
        out = self.path("out.h5")
        matrix = numpy.zeros((50, 200))
        matrix[range(9), range(9)] = 1
        numpy.testing.assert_array_equal(self.points(data, ranks=2), matrix)
        numpy.testing.assert_array_equal(self.points(data + ":/X", "--columns", "9,10"), matrix[:, 8:10])
        numpy.testing.assert_array_equal(self.points(data + ":/obsm", ranks=2),
                                         numpy.c_[numbers(50, 10), numbers(50, 2)].astype("f4"))
        self.fail_with(65, r'no data set "/obsm/X_tsne"; .*/obsm/X_pca', "convert", data + ":/obsm/X_tsne", out)


class Virtual(Hdf5):
    def virtual(self, n_parts=3, fill=0.0):
        """A virtual data set of parts in files of their own, each compressed in another way."""
        points = numbers(100 * n_parts, 4)
        os.mkdir(self.path("parts"))
        layout = h5py.VirtualLayout(shape=points.shape, dtype="f8")
        for i in range(n_parts):
            rows = slice(100 * i, 100 * i + 100)
            with h5py.File(self.path(f"parts/{i}.h5"), "w") as file:
                file.create_dataset("values", data=points[rows], chunks=(17, 4), compression="gzip" if i % 2 else None)
            layout[rows] = h5py.VirtualSource(f"parts/{i}.h5", "values", shape=(100, 4))
        with h5py.File(self.path("virtual.h5"), "w") as file:
            file.create_virtual_dataset("x", layout, fillvalue=fill)
        return points

    def test_numbers(self):
        points = self.virtual()
        for ranks in (None, 2, 4):
            numpy.testing.assert_array_equal(self.points(self.path("virtual.h5"), ranks=ranks), points)
        os.mkdir(self.path("elsewhere"))  # as seen from another folder, and through a prefix
        for name in ("parts/1.h5", "parts/2.h5"):
            os.makedirs(self.path("elsewhere/parts"), exist_ok=True)
            os.rename(self.path(name), self.path("elsewhere/" + name))
        run = self.succeed("convert", self.path("virtual.h5"), self.path("read.h5"),
                           env={"HDF5_VDS_PREFIX": self.path("elsewhere")}, cwd="/")
        self.assertIn("300 points", run.stdout)
        with h5py.File(self.path("read.h5")) as file:
            numpy.testing.assert_array_equal(file["points"][:], points)

    def test_damaged_parts(self):
        """The library would deliver fill values for each of them."""
        self.virtual()
        data, out, part = self.path("virtual.h5"), self.path("out.h5"), self.path("parts/1.h5")
        os.rename(part, part + ".away")
        for ranks in (None, 3):
            self.fail_with(66, "virtual.h5:/x: its piece parts/1.h5 is not there", "convert", data, out, ranks=ranks)
        with open(part, "wb") as file:
            file.write(self.bytes_of("parts/1.h5.away")[:3000])
        for ranks in (None, 2, 3):
            self.fail_with(65, "parts/1.h5: is an HDF5 file, but truncated", "convert", data, out, ranks=ranks)
        with h5py.File(part, "w") as file:
            file["other"] = numbers(100, 4)
        self.fail_with(65, 'parts/1.h5 has no data set "values"', "convert", data, out)
        with h5py.File(part, "w") as file:
            file["values"] = numbers(99, 4)
        self.fail_with(65, "parts/1.h5:values has not the size that is used of it", "convert", data, out)
        self.assertNotIn("out.h5", os.listdir(self.folder))


class Damaged(Hdf5):
    def test_truncated(self):
        points = numbers(1000, 4)
        for options in ({}, {"chunks": (100, 4), "compression": "gzip"}):
            with h5py.File(self.path("x.h5"), "w") as file:
                file.create_dataset("x", data=points, **options)
            whole = self.bytes_of("x.h5")
            for part in (0.1, 0.9, 1):
                with open(self.path("x.h5"), "wb") as file:
                    file.write(whole[:int(part * len(whole)) - 1])
                self.fail_with(65, "x.h5: is an HDF5 file, but truncated.*; copy or write it anew", "convert",
                               self.path("x.h5"), self.path("out.h5"), ranks=None if part == 0.1 else 3)

    def test_missing_filter(self):
        """A data set packed with a filter that only a plugin has."""
        with h5py.File(self.path("x.h5"), "w") as file:
            file.create_dataset("x", data=numbers(1000, 4), chunks=(100, 4), compression="lzf")
        for ranks in (None, 2):
            self.fail_with(65, r"x.h5:/x: is packed with filter 32000 \(lzf\), .*HDF5_PLUGIN_PATH", "convert",
                           self.path("x.h5"), self.path("out.h5"), ranks=ranks)

    def test_plugin(self):
        """A filter that is found once the folder of its plugin is named."""
        plugins = os.environ["GMMPI_PLUGINS"]
        points = numbers(1000, 4)
        h5py.h5pl.replace(plugins.encode(), 0)
        with h5py.File(self.path("x.h5"), "w") as file:
            properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
            properties.set_chunk((100, 4))
            properties.set_filter(300, 0)
            data_set = h5py.h5d.create(file.id, b"x", h5py.h5t.IEEE_F64LE, h5py.h5s.create_simple(points.shape),
                                       properties)
            data_set.write(h5py.h5s.ALL, h5py.h5s.ALL, points)
        self.assertNotIn(points[:100].tobytes(), self.bytes_of("x.h5"))
        words = ("convert", self.path("x.h5"), self.path("out.h5"))
        self.fail_with(65, r"x.h5:/x: is packed with filter 300 \(turned bits\), .*HDF5_PLUGIN_PATH", *words, ranks=2)
        self.succeed(*words, ranks=2, env={"HDF5_PLUGIN_PATH": plugins})
        with h5py.File(self.path("out.h5")) as file:
            numpy.testing.assert_array_equal(file["points"][:], points)

    def test_nothing_inside(self):
        data = self.create("x.h5", rows=numpy.zeros((0, 3)), columns=numpy.zeros((3, 0)), cube=numpy.zeros((2, 2, 2)))
        with h5py.File(data, "a") as file:
            file["null"] = h5py.Empty("f8")
        out = self.path("out.h5")
        self.fail_with(65, "/rows: holds 0 rows of 3 columns", "convert", data + ":/rows", out)
        self.fail_with(65, "/columns: holds 3 rows of 0 columns", "convert", data + ":/columns", out)
        self.fail_with(65, "/cube: has 3 dimensions", "convert", data + ":/cube", out)
        self.fail_with(65, "/null: has 0 dimensions", "convert", data + ":/null", out)


if __name__ == "__main__":
    unittest.main()
