# SPDX-License-Identifier: BSD-3-Clause
"""FITS tables and images, written here card by card from the standard, and small ones of astropy's, against numpy."""

import os
import re
import struct
import unittest

import h5py
import numpy

import harness
from running import failing

BLOCK = 2880
FILES = os.path.join(harness.SOURCE, "tests", "files")


def card(key, value):
    if isinstance(value, bool):
        text = f"{'T' if value else 'F':>20}"
    elif isinstance(value, str):
        text = f"'{value:8}'"
    else:
        text = f"{value!r:>20}"
    return f"{key:8}= {text}".ljust(80)


def unit(cards, data=b"", fill=b"\0"):
    """A header and its data, each filled up to whole blocks."""
    head = "".join(card(key, value) for key, value in cards) + "END".ljust(80)
    return head.encode().ljust(-(-len(head) // BLOCK) * BLOCK) + data.ljust(-(-len(data) // BLOCK) * BLOCK, fill)


PRIMARY = unit([("SIMPLE", True), ("BITPIX", 8), ("NAXIS", 0), ("EXTEND", True)])


def table(columns, n_rows, data, name=None, row_bytes=None, kind="BINTABLE"):
    """columns: (name, form, further cards such as {"TNULL": -1})."""
    row_bytes = len(data) // n_rows if row_bytes is None else row_bytes
    cards = [("XTENSION", kind), ("BITPIX", 8), ("NAXIS", 2), ("NAXIS1", row_bytes), ("NAXIS2", n_rows), ("PCOUNT", 0),
             ("GCOUNT", 1), ("TFIELDS", len(columns))]
    for i, (column, form, more) in enumerate(columns, 1):
        cards += [(f"TTYPE{i}", column), (f"TFORM{i}", form)] + [(f"{key}{i}", value) for key, value in more.items()]
    return unit(cards + ([("EXTNAME", name)] if name else []), data, b" " if kind == "TABLE" else b"\0")


def image(array, extension=None, **cards):
    """An array as numpy has it, of big-endian numbers."""
    bitpix = {"u1": 8, "i2": 16, "i4": 32, "i8": 64, "f4": -32, "f8": -64}[array.dtype.str[1:]]
    first = [("XTENSION", "IMAGE")] if extension is not None else [("SIMPLE", True)]
    axes = [(f"NAXIS{i}", extent) for i, extent in enumerate(reversed(array.shape), 1)]
    last = [("PCOUNT", 0), ("GCOUNT", 1), ("EXTNAME", extension)] if extension is not None else []
    return unit(first + [("BITPIX", bitpix), ("NAXIS", array.ndim)] + axes + last + list(cards.items()), array.tobytes())


def has_cfitsio():
    with open(os.path.join(os.environ["GMMPI_BUILD"], "CMakeCache.txt")) as file:
        return re.search(r"^CFITSIO_FOUND:INTERNAL=1", file.read(), re.MULTILINE) is not None


class FitsFiles(harness.Case):
    def make(self, *units, name="x.fits"):
        with open(self.path(name), "wb") as file:
            file.write(b"".join(units))
        return self.path(name)

    def read(self, data, *options, ranks=None):
        """The points and names that gmmpi finds."""
        self.succeed("convert", data, self.path("points.h5"), "-q", *options, ranks=ranks)
        with h5py.File(self.path("points.h5")) as file:
            names = file["points"].attrs.get("feature_names", ())
            return file["points"][()], [name.decode() if isinstance(name, bytes) else name for name in names]

    def check(self, data, expected, *options):
        points, names = self.read(data, *options)
        numpy.testing.assert_array_equal(points, numpy.asarray(expected, dtype=float))
        return names


@unittest.skipIf(has_cfitsio(), "this build reads FITS files")
class WithoutLibrary(FitsFiles):
    def test_it_says_how_to_convert(self):
        self.fail_with(65, "built without cfitsio.*astropy", "fit", self.make(image(numpy.zeros((3, 2), ">f8"))), "-k", 1)


@unittest.skipUnless(has_cfitsio(), "this build has no cfitsio")
class Tables(FitsFiles):
    N = 5
    FORMS = {"u1": "B", "i2": "I", "i4": "J", "i8": "K", "f4": "E", "f8": "D"}

    def test_every_type(self):
        random = numpy.random.default_rng(3)
        types = list(self.FORMS)
        rows = numpy.zeros(self.N, dtype=[(name, ">" + name) for name in types])
        for name in types:
            rows[name] = random.normal(size=self.N) if name[0] == "f" else random.integers(
                numpy.iinfo(name).min, numpy.iinfo(name).max, self.N, dtype=name)
        path = self.make(PRIMARY, table([(name, form, {}) for name, form in self.FORMS.items()], self.N, rows.tobytes()))
        names = self.check(path, numpy.column_stack([rows[name].astype(float) for name in types]))
        self.assertEqual(names, types)
        self.check(path, numpy.column_stack([rows["f8"], rows["i2"].astype(float)]), "--columns", "f8,i2")

    def test_integers_without_a_sign(self):
        """TZERO 2^15, 2^31, 2^63, and -128 of signed bytes; 64 bits are rounded once."""
        kept = [("B", -128, "i1", "u1"), ("I", 1 << 15, "u2", "i2"), ("J", 1 << 31, "u4", "i4"), ("K", 1 << 63, "u8", "i8")]
        for form, zero, meant, stored in kept:
            with self.subTest(meant):
                info = numpy.iinfo(meant)
                values = [info.min, info.min + 1, 3, info.max - 1, info.max, info.max // 3 * 2 + 1]
                numbers = numpy.array([value - zero for value in values], dtype=">" + stored)
                path = self.make(PRIMARY, table([("x", form, {"TSCAL": 1, "TZERO": zero})], 6, numbers.tobytes()))
                self.check(path, [[float(value)] for value in values])
                self.check(path, [[float(number)] for number in numbers.tolist()], "--raw-values")

    def test_scales_and_missing_values(self):
        rows = numpy.array([(10, 7.0), (-1, 8.0), (30, 9.0)], dtype=[("a", ">i2"), ("b", ">f8")])
        path = self.make(PRIMARY, table([("a", "I", {"TNULL": -1, "TSCAL": 0.5, "TZERO": 100.0}), ("b", "1D", {"TSCAL": 2.0})],
                                        3, rows.tobytes()))
        self.check(path, [[105, 14], [115, 18]], "--missing", "drop")
        self.fail_with(65, "1 value is missing.*row 2, column a", "convert", path, self.path("points.h5"))
        self.check(path, [[10, 7], [-1, 8], [30, 9]], "--raw-values")

    def test_logical(self):
        path = self.make(PRIMARY, table([("x", "L", {}), ("y", "D", {})], 3,
                                        b"".join(flag + struct.pack(">d", i) for i, flag in enumerate((b"T", b"F", b"\0")))))
        self.check(path, [[1, 0], [0, 1]], "--missing", "drop")

    def test_arrays_and_text(self):
        rows = numpy.zeros(4, dtype=[("name", "S6"), ("v", ">f4", 3), ("z", ">f4", 2), ("none", ">f8", 0), ("last", ">i4")])
        rows["v"] = numpy.arange(12).reshape(4, 3)
        rows["z"] = numpy.arange(8).reshape(4, 2) / 2
        rows["last"] = 9, 8, 7, 6
        path = self.make(PRIMARY, table([("name", "6A", {}), ("v", "3E", {"TDIM": "(3,1)"}), ("z", "1C", {}), ("none", "0D", {}),
                                         ("last", "J", {})], 4, rows.tobytes()))
        names = self.check(path, numpy.column_stack([rows["v"], rows["z"], rows["last"]]))
        self.assertEqual(names, ["v.0", "v.1", "v.2", "z.real", "z.imag", "last"])
        self.check(path, numpy.column_stack([rows["last"], rows["v"]]), "--columns", "last,v")
        self.check(path, rows["v"][:, [2]], "--columns", "v.2")
        self.fail_with(65, 'column "name" holds text', "convert", path, self.path("points.h5"), "--columns", "v,name")
        self.fail_with(65, 'has no column "x"', "convert", path, self.path("points.h5"), "--columns", "x")

    def test_ascii(self):
        """Numbers as Fortran writes them, the point implied, missing ones; bit for bit what Python reads."""
        columns = [("i", "I5", {"TBCOL": 1, "TNULL": "-999"}), ("d", "D22.15", {"TBCOL": 8}),
                   ("f", "F7.2", {"TBCOL": 30}), ("t", "A3", {"TBCOL": 38})]
        data = "".join(f"{i:>5}  {d:<22}{f:>7} {t:<3}" for i, d, f, t in (
            ("12", "3.141592653589793D+00", "12345", "abc"), ("-7", "-2.5E-300", "-9.9", "def"),
            ("-999", "0.1", "7", "ghi"), ("3", "", "1.", "jkl"))).encode()
        path = self.make(PRIMARY, table(columns, 4, data, kind="TABLE"))
        names = self.check(path, [[12, 3.141592653589793, 123.45], [-7, -2.5e-300, -9.9]], "--missing", "drop")
        self.assertEqual(names, ["i", "d", "f"])
        path = self.make(PRIMARY, table(columns, 4, data.replace(b"-2.5E-300", b"-2.5E-3x0"), kind="TABLE"))
        self.fail_with(65, 'row 2: column "d" holds text that is no number', "convert", path, self.path("points.h5"))

    def test_same_model_from_every_kind(self):
        points = numpy.random.default_rng(5).normal(size=(3001, 3)) + numpy.arange(3001)[:, None] % 3 * 4
        numpy.save(self.path("points.npy"), points)
        rows = numpy.zeros(3001, dtype=[("a", ">f8", 2), ("b", ">i2"), ("c", ">f8")])
        rows["a"], rows["c"] = points[:, :2], points[:, 2]
        path = self.make(PRIMARY, table([("", "2D", {}), ("", "I", {}), ("", "D", {})], 3001, rows.tobytes()))
        pictures = self.make(image(points.astype(">f8")), name="image.fits")
        models = []
        for data, columns, ranks in ((self.path("points.npy"), "1-3", None), (path, "1,2,4", None), (path, "1,2,4", 3),
                                     (pictures, "1-3", 3)):
            self.succeed("fit", data, "--columns", columns, "-k", 3, "-o", self.path("model.h5"), "-q", ranks=ranks)
            with h5py.File(self.path("model.h5")) as file:
                models.append([file[name][()].tobytes() for name in ("weights", "means", "covariances")])
        for model in models[1:]:
            self.assertEqual(model, models[0])

    def test_which_table(self):
        numbers = numpy.arange(6, dtype=">f8")
        one = lambda name, n: table([("x", "D", {})], n, numbers[:n].tobytes(), name)
        path = self.make(PRIMARY, one("EVENTS", 6), one("GTI", 2), one("OLD", 3), one("OLD", 4))
        self.fail_with(65, r"several tables.*x\.fits:/NAME; it has /EVENTS \(table, 6 x 1\), /GTI \(table, 2 x 1\), "
                       r"/3 \(table, 3 x 1\), /4 \(table, 4 x 1\)", "fit", path, "-k", 1)
        for inside, n in (("/GTI", 2), ("/gti", 2), ("/1", 6), ("/4", 4)):
            self.check(path + ":" + inside, numbers[:n, None])
        self.fail_with(65, '2 extensions of the name "OLD"; pick one by number', "fit", path + ":/OLD", "-k", 1)
        self.fail_with(65, 'no extension "NONE"; it has /EVENTS', "fit", path + ":/NONE", "-k", 1)
        self.fail_with(65, "without rows|is empty", "fit", path + ":/0", "-k", 1)
        info = self.succeed("info", path).stdout
        self.assertRegex(info, r"/GTI:\s+shape: +2, 1")
        text = table([("t", "3A", {})], 2, b"abcdef")
        self.check(self.make(PRIMARY, text, one("ONLY", 3)), numbers[:3, None])
        self.fail_with(65, "without columns of numbers", "fit", self.make(PRIMARY, text) + ":/1", "-k", 1)

    def test_astropy(self):
        """tests/files/README.md says what wrote them, and from what."""
        path = os.path.join(FILES, "astropy_table.fits")
        i = numpy.arange(6.0)
        expected = numpy.column_stack([
            (i + 1) * 1e10, [10.5, 11.25, 12.0, 13.75, 14.5, 15.0],
            numpy.array([20.1, 19.2, 21.3, 18.4, 22.5, 17.6], dtype="f4"), [1, 40000, 3, 65535, 5, 6], i + 1, [1, 0, 1, 1, 0, 1],
            numpy.arange(18).reshape(6, 3) / 4])
        names = self.check(path, expected[[0, 1, 3, 4, 5]], "--missing", "drop")
        self.assertEqual(names, ["id", "ra", "mag", "n", "q", "ok", "pos.0", "pos.1", "pos.2"])
        self.fail_with(65, ":/STARS: 1 value is missing.*row 3, column q", "fit", path, "-k", 1)
        packed = os.path.join(FILES, "astropy_packed.fits")
        pixels = numpy.arange(48).reshape(12, 4) * 7 - 60
        self.check(packed, pixels)
        self.check(packed + ":/PACKED", pixels[:, [3, 0]], "--columns", "4,1")


@unittest.skipUnless(has_cfitsio(), "this build has no cfitsio")
class Images(FitsFiles):
    def test_images(self):
        random = numpy.random.default_rng(7)
        for kind in ("u1", "i2", "i4", "i8", "f4", "f8"):
            with self.subTest(kind):
                pixels = (100 * random.random((7, 4))).astype(">" + kind)
                path = self.make(image(pixels))
                self.check(path, pixels)
                self.check(path, pixels[[3, 1]].T, "--transpose", "--columns", "4,2")
        self.check(path, pixels.T, "--transpose")
        self.check(path, pixels[:, [3, 1]], "--columns", "4,2")
        self.check(self.make(image(numpy.arange(5, dtype=">f4"))), numpy.arange(5)[:, None])
        self.check(self.make(image(numpy.arange(6, dtype=">f4").reshape(1, 2, 3))), [[0, 1, 2], [3, 4, 5]])
        self.fail_with(65, "image of 3 dimensions", "fit", self.make(image(numpy.zeros((2, 2, 3), ">f4"))), "-k", 1)

    def test_scales(self):
        pixels = numpy.array([[1, 2], [3, -99], [5, 6]], dtype=">i2")
        path = self.make(PRIMARY, image(pixels, "SCI", BSCALE=0.25, BZERO=10.0, BLANK=-99))
        self.check(path, [[10.25, 10.5], [11.25, 11.5]], "--missing", "drop")
        self.check(path, pixels, "--raw-values")

    def test_refused(self):
        both = self.make(image(numpy.ones((3, 2), ">f4")), image(numpy.ones((4, 2), ">f4"), "B"))
        self.fail_with(65, r"several images.*/0 \(image, 3 x 2\), /B \(image, 4 x 2\)", "fit", both, "-k", 1)
        rows = self.make(PRIMARY, table([("x", "D", {})], 2, bytes(16)))
        self.fail_with(64, "--transpose", "fit", rows, "-k", 1, "--transpose")


@unittest.skipUnless(has_cfitsio(), "this build has no cfitsio")
class Damage(FitsFiles):
    def test_truncated(self):
        """Whatever is missing of the numbers is said, and never taken for zeros."""
        points = numpy.random.default_rng(1).normal(size=(500, 3)).astype(">f8")
        for whole in (PRIMARY + table([(name, "D", {}) for name in "abc"], 500, points.tobytes()), image(points)):
            begin = len(whole) - -(-points.nbytes // BLOCK) * BLOCK
            for n_bytes in (100, begin - 100, begin, begin + BLOCK, begin + points.nbytes - 1):
                with self.subTest(n_bytes=n_bytes):
                    self.fail_with(65, r"x\.fits", "fit", self.make(whole[:n_bytes]), "-k", 1)
            self.check(self.make(whole[:begin + points.nbytes]), points)
            self.check(self.make(whole, b"something else"), points)
        with open(os.path.join(FILES, "astropy_packed.fits"), "rb") as file:
            packed = file.read()
        self.fail_with(65, "incomplete|truncated", "fit", self.make(packed[:2 * BLOCK + 40]), "-k", 1)
        self.fail_with(65, "header of extension 1 is not whole", "fit", self.make(image(points), packed[BLOCK:BLOCK + 2000]),
                       "-k", 1)

    def test_claims(self):
        """Headers that promise more than there is."""
        x = [("x", "D", {})]
        for claim in (table(x, 1 << 40, bytes(80), row_bytes=8), table(x, 1 << 62, bytes(80), row_bytes=8),
                      table([("x", f"{1 << 40}D", {})], 1, bytes(80), row_bytes=1 << 43), table(x, 10, bytes(80), row_bytes=4),
                      table(x, -1, bytes(80), row_bytes=8), table([("x", "99999999999999999999D", {})], 10, bytes(80)),
                      table([("x", "Z", {})], 10, bytes(80)), table([("x", "P", {})], 10, bytes(80), row_bytes=0),
                      table([("a", "I5", {"TBCOL": 5})], 2, b"1234567890", kind="TABLE")):
            self.fail_with(65, r"x\.fits", "fit", self.make(PRIMARY, claim), "-k", 1, timeout=60)

    def test_disk_that_fails(self):
        points = numpy.random.default_rng(1).normal(size=(60_000, 3)).astype(">f8")
        path = self.make(PRIMARY, table([(name, "D", {}) for name in "abc"], 60_000, points.tobytes()))
        for rank in range(3):
            byte = os.path.getsize(path) * (2 * rank + 1) // 6
            self.fail_with(74, r"x\.fits.*: reading failed.*\(Input/output error\); check the disk", "fit", path, "-k", 2, "-o",
                           self.path("model.h5"), ranks=3, env=failing("x.fits", "read", byte=byte, rank=rank))


if __name__ == "__main__":
    unittest.main()
