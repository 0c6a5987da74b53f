# SPDX-License-Identifier: BSD-3-Clause
"""Tables of records, as HDF5 compound data sets and structured NPY files: what gmmpi reads of them against numpy."""

import os
import unittest

import h5py
import numpy

import harness
import streaming

FOUR_FEATURES = [("x", "f8"), ("y", "f8"), ("z", "f8"), ("w", "f8")]


def filled(dtype, n, seed=0):
    """A structured array of any bytes, so that each number of it is of its type's whole range; floats are finite."""
    generator = numpy.random.default_rng(seed)
    table = numpy.frombuffer(generator.bytes(numpy.dtype(dtype).itemsize * n), dtype).copy()
    fill(table, generator)
    return table


def fill(table, generator):
    for name in table.dtype.names:
        column = table[name]
        if column.dtype.names:
            fill(column, generator)
        elif column.dtype.kind == "f":
            column[...] = generator.normal(size=column.shape) * 100
        elif column.dtype.kind == "b":
            column[...] = generator.random(column.shape) < 0.5
        elif column.dtype.kind in "SU":
            column[...] = "text"


class Tables(harness.Case):
    def read(self, data, *options, ranks=None):
        """(names, numbers) that gmmpi reads."""
        self.succeed("convert", data, self.path("read.h5"), *options, ranks=ranks)
        with h5py.File(self.path("read.h5")) as file:
            names = [name if isinstance(name, str) else name.decode() for name in file["points"].attrs["feature_names"]]
            return names, file["points"][:]

    def check(self, data, expected, *options, ranks=None):
        """expected: {name: column}, in order."""
        names, numbers = self.read(data, *options, ranks=ranks)
        self.assertEqual(names, list(expected))
        for i, (name, column) in enumerate(expected.items()):
            numpy.testing.assert_array_equal(numbers[:, i], column.astype(numpy.float64), f"{data} {name}")

    def both(self, table, name="t", **layout):
        """The table as structured NPY file and as HDF5 compound data set."""
        numpy.save(self.path(name + ".npy"), table)
        with h5py.File(self.path(name + ".h5"), "w") as file:
            file.create_dataset("table", data=table, **layout)
        return self.path(name + ".npy"), self.path(name + ".h5") + ":/table"


class Fields(Tables):
    def test_types(self):
        """Every type of number, in either byte order, read directly, from chunks, and unpacked."""
        kinds = [order + kind for kind in ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8") for order in "<>"]
        dtype = [(f"{i} {kind[1:]}", kind) for i, kind in enumerate(kinds)] + [("ok", "?")]
        table = filled(dtype, 500)
        expected = {name: table[name] for name in table.dtype.names}
        for layout in ({}, {"chunks": (64,)}, {"chunks": (100,), "compression": "gzip", "shuffle": True}):
            for data in self.both(table, **layout):
                self.check(data, expected)
                self.check(data, {"ok": table["ok"], "4 f8": table["4 f8"]}, "--columns", '"ok","4 f8"')

    def test_nested_arrays_and_padding(self):
        dtype = numpy.dtype([("id", "i4"), ("position", "<f4", (3,)), ("cell", [("i", "u1"), ("more", [("j", ">i2", (2,))])]),
                             ("m", "f8", (2, 2)), ("z", "c16")], align=True)
        table = filled(dtype, 77)
        table["z"] = numpy.arange(77) - 1j
        expected = {"id": table["id"], **{f"position.{i}": table["position"][:, i] for i in range(3)},
                    "cell.i": table["cell"]["i"], **{f"cell.more.j.{i}": table["cell"]["more"]["j"][:, i] for i in range(2)},
                    **{f"m.{i}": table["m"].reshape(-1, 4)[:, i] for i in range(4)},
                    "z.r": table["z"].real, "z.i": table["z"].imag}
        for data in self.both(table):
            self.check(data, expected)
            self.check(data, {name: expected[name] for name in ("position.0", "position.1", "position.2", "id")},
                       "--columns", "position,id")
            self.check(data, {name: expected[name] for name in ("m.2", "position.1")}, "--columns", "m.2,position.1")

    def test_fields_of_records_in_arrays(self):
        table = filled([("p", [("x", "f4"), ("s", "S3"), ("k", "i2")], (2,)), ("q", "f8")], 50)
        expected = {f"p.{i}.{name}": table["p"][:, i][name] for i in range(2) for name in "xk"}
        expected["q"] = table["q"]
        for data in self.both(table):
            self.check(data, expected)

    def test_text_is_left_out(self):
        table = filled([("name", "S5"), ("x", "f8"), ("y", "i4")], 40)
        for data in self.both(table):
            self.check(data, {"x": table["x"], "y": table["y"]})
            self.fail_with(65, 'column "name" holds text; pick columns of numbers', "convert", data, self.path("o.h5"),
                           "--columns", "x,name")
            self.fail_with(65, 'no column "nam"', "convert", data, self.path("o.h5"), "--columns", "nam")
        text = numpy.zeros(9, [("a", "S2"), ("b", "S9")])
        for data in self.both(text, "text"):
            self.fail_with(65, r"none of its fields is a number \(a, b\)", "convert", data, self.path("o.h5"))

    def test_masks(self):
        """As astropy 5.2 stores columns with gaps: a boolean field beside each."""
        table = filled([("x", "f8"), ("x.mask", "?"), ("v", "f4", (2,)), ("v.mask", "?", (2,)), ("y", "i4"), ("y.masks", "?")], 40)
        x = numpy.where(table["x.mask"], numpy.nan, table["x"])
        v = numpy.where(table["v.mask"], numpy.nan, table["v"])
        whole = ~numpy.isnan(x) & ~numpy.isnan(v).any(axis=1)
        expected = {"x": x, "v.0": v[:, 0], "v.1": v[:, 1], "y": table["y"], "y.masks": table["y.masks"]}
        for data in self.both(table):
            self.fail_with(65, "values are missing", "convert", data, self.path("o.h5"))
            summary = self.summary("fit", data, "-k", 1, "--missing", "drop", "-o", self.path("m.h5"))
            self.assertEqual(summary["n_samples"], whole.sum())
            with h5py.File(self.path("m.h5")) as file:
                self.assertEqual([str(name) for name in file.attrs["feature_names"]], list(expected))
                numpy.testing.assert_allclose(file["means"][0], [column[whole].mean() for column in expected.values()])
            self.check(data, {"x.mask": table["x.mask"], "y": table["y"]}, "--columns", "x.mask,y")
            self.check(data, {name: table[name] for name in ("x", "y", "y.masks")}, "--columns", "x,y,y.masks", "--raw-values")

    def test_index(self):
        """As pandas' DataFrame.to_records has it."""
        table = filled([("index", "i8"), ("a", "f8"), ("b", "i4")], 30)
        for data in self.both(table):
            self.check(data, {"a": table["a"], "b": table["b"]})
            self.check(data, {"b": table["b"], "index": table["index"]}, "--columns", "b,index")
        index = filled([("index", "f8"), ("a", "f8")], 30)
        for data in self.both(index):
            self.check(data, {"index": index["index"], "a": index["a"]})

    def test_what_the_library_converts(self):
        """Text of any length, references and long doubles: records are not read as they are stored."""
        dtype = numpy.dtype([("name", h5py.string_dtype()), ("x", ">f4"), ("long", numpy.longdouble), ("k", "i2", (2,)),
                             ("link", h5py.ref_dtype), ("in", [("word", h5py.string_dtype()), ("v", "f8")])])
        table = numpy.zeros(300, dtype)
        values = numpy.random.default_rng(3).normal(size=(300, 3)).round(2)
        table["x"], table["long"], table["in"]["v"] = values.T
        table["k"] = numpy.arange(600).reshape(300, 2)
        table["name"] = "a name"
        table["in"]["word"] = "word"
        with h5py.File(self.path("t.h5"), "w") as file:
            table["link"] = file.ref
            for name, layout in (("flat", {}), ("chunks", {"chunks": (33,), "compression": "gzip"})):
                file.create_dataset(name, data=table, **layout)
        expected = {"x": table["x"], "long": table["long"], "k.0": table["k"][:, 0], "k.1": table["k"][:, 1],
                    "in.v": table["in"]["v"]}
        for name in ("flat", "chunks"):
            self.check(f"{self.path('t.h5')}:/{name}", expected, ranks=2 if name == "chunks" else None)
            self.check(f"{self.path('t.h5')}:/{name}", {"in.v": expected["in.v"], "k.1": expected["k.1"]},
                       "--columns", "in.v,k.1")

    def test_pairs_of_types_that_are_none(self):
        colours = h5py.enum_dtype({"RED": 0, "GREEN": 1}, basetype="i1")
        table = numpy.zeros(20, [("colour", colours), ("x", "f8"), ("bytes", "V3")])
        table["x"] = numpy.arange(20) / 4
        with h5py.File(self.path("t.h5"), "w") as file:
            file["t"] = table
        self.check(self.path("t.h5"), {"x": table["x"]})
        self.fail_with(65, 'column "colour" holds words', "convert", self.path("t.h5"), self.path("o.h5"), "--columns", "colour")


class Shapes(Tables):
    def test_only_table_is_taken(self):
        table = filled(FOUR_FEATURES, 30)
        with h5py.File(self.path("t.h5"), "w") as file:
            file["deep/points"] = table
            file["words"] = numpy.array([b"a", b"b"])
        self.check(self.path("t.h5"), {name: table[name] for name in "xyzw"})

    def test_one_column_of_records(self):
        table = filled(FOUR_FEATURES, 30)
        for data in self.both(table.reshape(30, 1)):
            self.check(data, {name: table[name] for name in "xyzw"})

    def test_shapes_that_are_refused(self):
        square = filled(FOUR_FEATURES, 36).reshape(6, 6)
        for data in self.both(square):
            self.fail_with(65, "records in (two|2) dimensions", "convert", data, self.path("o.h5"))
        for data in self.both(square[:0, :1]):
            self.fail_with(65, "holds 0 (records|rows)", "convert", data, self.path("o.h5"))
        for data in self.both(square.ravel()):
            self.fail_with(64, "--transpose", "convert", data, self.path("o.h5"), "--transpose")

    def test_records_that_nobody_wrote(self):
        table = filled([("n", "S2"), ("x", "f8"), ("k", "i4")], 128)
        with h5py.File(self.path("t.h5"), "w") as file:
            data_set = file.create_dataset("t", (250,), table.dtype, chunks=(16,))
            data_set[:128] = table
        self.fail_with(65, "values are missing, the first one: row 129, column x", "fit", self.path("t.h5"), "-k", 1, "-o",
                       self.path("m.h5"), ranks=2)
        summary = self.summary("fit", self.path("t.h5"), "-k", 1, "-o", self.path("m.h5"), "--missing", "drop")
        self.assertEqual(summary["n_samples"], 128)
        with h5py.File(self.path("m.h5")) as file:
            numpy.testing.assert_allclose(file["means"][0], [table["x"].mean(), table["k"].mean()])

    def test_objects(self):
        numpy.save(self.path("t.npy"), numpy.zeros(3, [("a", "f8"), ("b", "O")]), allow_pickle=True)
        self.fail_with(65, "Python objects", "convert", self.path("t.npy"), self.path("o.h5"))

    def test_records_of_no_bytes(self):
        """A damaged type, which the library opens all the same."""
        data = self.path("t.h5")
        with h5py.File(data, "w") as file:
            file["t"] = numpy.zeros(5, dtype=[("a", "f8"), ("b", "f8")])
        content = bytearray(self.bytes_of("t.h5"))
        at = content.index(b"\x16\x02\x00\x00\x10\x00\x00\x00")  # version and class, two members, 16 bytes
        content[at + 4] = 0
        with open(data, "wb") as file:
            file.write(content)
        self.fail_with(65, "truncated or damaged", "info", data)
        self.fail_with(65, "truncated or damaged", "convert", data, self.path("o.h5"), ranks=2)

    def test_truncated(self):
        for data in self.both(filled(FOUR_FEATURES, 3000)):
            path = data.split(":")[0]
            os.truncate(path, os.path.getsize(path) // 2)
            self.fail_with(65, "too short|truncated", "convert", data, self.path("o.h5"), ranks=2)


class SameFit(streaming.Case, Tables):
    """The same numbers give the same model, bit for bit, from every kind and way of reading."""

    def same(self, data, expected, *words, ranks=None):
        self.succeed("fit", data, *words, "-o", self.path("m.h5"), ranks=ranks)
        with h5py.File(self.path("m.h5")) as file:
            for name, values in expected.items():
                numpy.testing.assert_array_equal(file[name][...], values)

    def test_same_model(self):
        generator = numpy.random.default_rng(5)
        points = numpy.r_[generator.normal(size=(200_000, 6)), generator.normal(size=(200_000, 6)) + 5].astype("f4")
        table = numpy.zeros(400_000, [("id", "S4"), ("a", ">f4"), ("b", "f8"), ("v", "f4", (4,))])
        table["a"], table["b"], table["v"] = points[:, 0], points[:, 1], points[:, 2:]
        numpy.save(self.path("plain.npy"), points)
        words = ["-k", 2, "--seed", 3, "--no-coarse-to-fine", "--max-iter", 3, "--init", "random_from_data", "-q"]
        self.succeed("fit", self.path("plain.npy"), *words, "-o", self.path("plain.model"))
        with h5py.File(self.path("plain.model")) as file:
            expected = {name: file[name][...] for name in ("weights", "means", "covariances")}
        for data in self.both(table, chunks=(5000,), compression="gzip", compression_opts=1):
            self.same(data, expected, *words, ranks=2)
            self.streaming("fit", data, *words[:-1], "-o", self.path("m.h5"))
            with h5py.File(self.path("m.h5")) as file:
                self.assertEqual([str(name) for name in file.attrs["feature_names"]], ["a", "b", "v.0", "v.1", "v.2", "v.3"])
                for name, values in expected.items():
                    numpy.testing.assert_array_equal(file[name][...], values)


class Pandas(Tables):
    """As pandas 1.5.3 with PyTables 3.7.0 writes a frame: attributes hold pickles of lists of names."""

    def write_frame(self, names=b"(lp0\nVsecond\np1\naVf\\u00fcrst\np2\na."):
        table = filled([("index", "i8"), ("values_block_0", "f8", (2,)), ("values_block_1", "i8", (1,)), ("values_block_2", "S3", (1,)),
                        ("k", "i4")], 60)
        with h5py.File(self.path("frame.h5"), "w") as file:
            group = file.create_group("df")
            group.attrs["pandas_type"] = numpy.bytes_("frame_table")
            group.attrs["non_index_axes"] = numpy.bytes_("(lp0\n(I1\n(lp1\nVf\\u00fcrst\np2\naVwhen\np3\naVk\np4\naVsecond\np5\naVs\np6\natp7\na.")
            data_set = group.create_dataset("table", data=table, chunks=(32,))
            data_set.attrs["index_kind"] = numpy.bytes_("integer")
            data_set.attrs["values_block_0_kind"] = numpy.void(names) if b"\0" in names else numpy.bytes_(names)
            data_set.attrs["values_block_1_kind"] = numpy.bytes_("(lp0\nVwhen\np1\na.")
            data_set.attrs["values_block_1_dtype"] = numpy.bytes_("datetime64")
            data_set.attrs["values_block_2_kind"] = numpy.bytes_("(lp0\nVs\np1\na.")
            data_set.attrs["k_kind"] = numpy.bytes_("(lp0\nVk\np1\na.")
        return table, self.path("frame.h5")

    def test_names_and_order(self):
        table, data = self.write_frame()
        expected = {"fürst": table["values_block_0"][:, 1], "k": table["k"], "second": table["values_block_0"][:, 0]}
        for inside in ("/df", "/df/table"):
            self.check(f"{data}:{inside}", expected)
        self.check(data, expected, ranks=2)
        self.check(data + ":/df", {"index": table["index"], "when": table["values_block_1"][:, 0], "k": table["k"]},
                   "--columns", "index,when,k")
        self.fail_with(65, 'column "s" holds text', "convert", data + ":/df", self.path("o.h5"), "--columns", "s")

    def test_categories(self):
        """A column of categories keeps them in a table of its own, which is not what is meant."""
        table, data = self.write_frame()
        with h5py.File(data, "a") as file:
            group = file.create_group("df/meta/values_block_2/meta")
            group.attrs["pandas_type"] = numpy.bytes_("series_table")
            group["table"] = filled([("index", "i8"), ("values", "f8")], 2)
        self.check(data, {"fürst": table["values_block_0"][:, 1], "k": table["k"], "second": table["values_block_0"][:, 0]})

    def test_nothing_is_executed(self):
        """A pickle with an instruction that calls something, and lists that do not fit: fields keep their own names."""
        for names in (b"cos\nsystem\n(Vfalse\ntR.", b"(lp0\nVone\np1\na.", b"(lp0\nVone\n", b"", b"(lp0\nVa\naVb\na"):
            table, data = self.write_frame(names)
            self.check(data + ":/df", {"k": table["k"], "values_block_0.0": table["values_block_0"][:, 0],
                                       "values_block_0.1": table["values_block_0"][:, 1]})

    def test_names_of_several_levels(self):
        """Tuples, in which what stands twice is kept and recalled."""
        table, data = self.write_frame(b"(lp0\n(Vsize\np1\nVx\np2\ntp3\na(g1\nVy\np4\ntp5\na.")
        self.check(data + ":/df", {"k": table["k"], "size.x": table["values_block_0"][:, 0],
                                   "size.y": table["values_block_0"][:, 1]})

    def test_integer_names(self):
        table, data = self.write_frame(b"(lp0\nI2019\naI2020\na.")
        self.check(data + ":/df", {"2020": table["values_block_0"][:, 1]}, "--columns", "2020")


class Sparse(streaming.Case, Tables):
    """Sparse matrices as AnnData and 10x Genomics store them; what is right is put together entry by entry."""

    def matrix(self, n_rows, n_columns, seed=0):
        """(row, column, value) of each entry, some of them twice, some 0; the matrix."""
        generator = numpy.random.default_rng(seed)
        n = n_rows * n_columns // 5
        rows, columns = generator.integers(0, n_rows, n), generator.integers(0, n_columns, n)
        values = generator.integers(0, 9, n).astype(float)
        rows[rows == 1] = 0  # a row without an entry
        dense = numpy.zeros((n_rows, n_columns))
        numpy.add.at(dense, (rows, columns), values)
        return (rows, columns, values), dense

    def lists(self, lines, places, values, n_lines):
        order = numpy.argsort(lines, kind="stable")
        pointers = numpy.concatenate([[0], numpy.cumsum(numpy.bincount(lines, minlength=n_lines))])
        return {"data": values[order], "indices": places[order], "indptr": pointers}

    def store(self, group, lists, types=("f4", "i4", "i8"), **layout):
        for (name, values), kind in zip(lists.items(), types):
            group.create_dataset(name, data=values.astype(kind), **layout)
        return group

    def anndata(self, name, entries, shape, by="csr", inside="X", old=False, names=None, **more):
        rows, columns, values = entries
        lists = self.lists(*((rows, columns) if by == "csr" else (columns, rows)), values, shape[by == "csc"])
        with h5py.File(self.path(name), "w") as file:
            group = self.store(file.create_group(inside), lists, **more)
            group.attrs["h5sparse_format" if old else "encoding-type"] = by if old else by + "_matrix"
            group.attrs["h5sparse_shape" if old else "shape"] = numpy.array(shape)
            if names is not None:
                frame = file.create_group("raw/var" if inside.startswith("raw") else "var")
                frame.attrs["_index"] = "gene_ids"
                frame.create_dataset("gene_ids", data=names, dtype=h5py.string_dtype())
        return f"{self.path(name)}:/{inside}"

    def numbers(self, data, *options, ranks=None):
        self.succeed("convert", data, self.path("read.h5"), *options, ranks=ranks)
        with h5py.File(self.path("read.h5")) as file:
            return file["points"][:]

    def test_anndata(self):
        entries, dense = self.matrix(90, 12)
        names = [f"gene {i}" for i in range(12)]
        expected = {name: dense[:, i] for i, name in enumerate(names)}
        packed = {"chunks": (13,), "compression": "gzip"}
        for number, (by, inside, more) in enumerate((
                ("csr", "X", {}), ("csr", "layers/counts", packed), ("csr", "raw/X", {"types": ("u2", "u8", "u4"), **packed}),
                ("csc", "X", packed), ("csc", "layers/counts", {"types": (">f8", ">i4", "i4")}), ("csr", "X", {"old": True}))):
            data = self.anndata("a.h5ad", entries, dense.shape, by, inside, names=names, **more)
            self.check(data, expected, ranks=3 if number == 1 else None)
            self.check(data, {names[i]: dense[:, i] for i in (11, 0, 7)}, "--columns", "gene 11,gene 0,8")
        data = self.anndata("a.h5ad", entries, dense.shape, inside="obsm/anything")
        numpy.testing.assert_array_equal(self.numbers(data), dense)

    def test_10x(self):
        entries, dense = self.matrix(70, 9)  # the file has it the other way round
        ids, names = [f"ENSG{i}" for i in range(9)], [f"g{i // 2}" for i in range(9)]
        lists = self.lists(entries[0], entries[1], entries[2], 70)
        for inside, of_ids, of_names in (("matrix", "features/id", "features/name"), ("GRCh38", "genes", "gene_names")):
            with h5py.File(self.path("10x.h5"), "w") as file:
                group = self.store(file.create_group(inside), lists, ("i4", "i8", "i8"), chunks=(50,), compression="gzip")
                group["shape"] = numpy.array([9, 70], "i4")
                group["barcodes"] = numpy.array([f"b{i}-1" for i in range(70)], "S18")
                group[of_ids], group[of_names] = numpy.array(ids, "S"), numpy.array(names, "S")
            data = f"{self.path('10x.h5')}:/{inside}"
            self.check(data, {name: dense[:, i] for i, name in enumerate(ids)})
            self.check(data, {"ENSG2": dense[:, 2], "ENSG3": dense[:, 3], "ENSG0": dense[:, 0]}, "--columns", "g1,ENSG0")
            with h5py.File(self.path("10x.h5"), "a") as file:
                file[inside][of_names][:] = numpy.array([f"n{i}" for i in range(9)], "S")
            self.check(data, {"n4": dense[:, 4], "n1": dense[:, 1]}, "--columns", "n4,ENSG1")

    def test_same_model(self):
        entries, dense = self.matrix(60_000, 40, seed=4)
        dense = dense.astype("f4").astype(float)
        numpy.save(self.path("dense.npy"), dense)
        words = ["-k", 2, "--seed", 3, "--no-coarse-to-fine", "--max-iter", 2, "--init", "random_from_data", "--covariance", "diag"]
        self.succeed("fit", self.path("dense.npy"), *words, "-o", self.path("dense.model"))
        with h5py.File(self.path("dense.model")) as file:
            expected = {name: file[name][...] for name in ("weights", "means", "covariances")}
        for by in ("csr", "csc"):
            data = self.anndata("a.h5ad", entries, dense.shape, by, chunks=True, compression="gzip", compression_opts=1)
            for run in (lambda: self.succeed("fit", data, *words, "-o", self.path("m.h5"), ranks=3),
                        lambda: self.streaming("fit", data, *words, "-o", self.path("m.h5"))):
                run()
                with h5py.File(self.path("m.h5")) as file:
                    for name, values in expected.items():
                        numpy.testing.assert_array_equal(file[name][...], values)

    def test_damage(self):
        entries, dense = self.matrix(40, 6)

        def damage(pattern, change, by="csr", ranks=None):
            data = self.anndata("a.h5ad", entries, dense.shape, by)
            with h5py.File(self.path("a.h5ad"), "a") as file:
                change(file["X"])
            self.fail_with(65, pattern, "convert", data, self.path("o.h5"), ranks=ranks)

        def put(name, place, value):
            def change(group):
                group[name][place] = value
            return change

        def replace(name, values):
            def change(group):
                del group[name]
                group[name] = values
            return change

        pointers = self.lists(*entries, 40)["indptr"]
        damage(r"row 31 has an entry at index 6, there are 6 columns", put("indices", pointers[30], 6), ranks=3)
        damage(r"row 31 has an entry at index -1, ", put("indices", pointers[30], -1))
        damage(r"column 1 has an entry at index 40, there are 40 rows", put("indices", 0, 40), "csc")
        damage(r"its indptr 21 is \d+, which is not between", put("indptr", 20, pointers[19] - 1))
        damage(r"its indptr 21 is 1000000,", put("indptr", 20, 1_000_000))
        damage(r"its indptr go from 1 to", put("indptr", 0, 1))
        damage(r"its indptr go from 0 to 3 where", put("indptr", 40, 3))
        damage(r"has 41 indptr where its shape wants 51", lambda group: group.attrs.modify("shape", [50, 6]))
        damage(r"has \d+ data and 3 indices", replace("indices", numpy.arange(3)))
        damage(r"its indices are no list of integers", replace("indices", numpy.zeros(len(entries[0]))))
        damage(r"its data are no list of numbers", replace("data", numpy.array([b"a"] * len(entries[0]))))
        damage(r"without a shape", lambda group: group.attrs.pop("shape"))
        damage(r"holds -1 rows of 6 columns", lambda group: group.attrs.modify("shape", [-1, 6]))
        damage(r"claims \d+ columns, more than", lambda group: group.attrs.modify("shape", [40, 2**62]))

        def never_written(group):
            n = len(group["data"])
            del group["data"]
            group.create_dataset("data", (n,), "f4", chunks=(10,))
        damage(r"its data were never written, or not all", never_written)
        data = self.anndata("a.h5ad", entries, dense.shape)
        self.fail_with(64, "--transpose", "convert", data, self.path("o.h5"), "--transpose")
        os.truncate(self.path("a.h5ad"), os.path.getsize(self.path("a.h5ad")) - 400)
        self.fail_with(65, "truncated", "convert", data, self.path("o.h5"), ranks=2)


if __name__ == "__main__":
    unittest.main()
