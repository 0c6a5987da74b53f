# SPDX-License-Identifier: BSD-3-Clause
"""FCS files of flow cytometers, written here byte by byte from the standard, against numpy."""

import os
import unittest

import h5py
import numpy

import harness
from running import failing


def fcs(parameters, data, version="3.1", delimiter="/", keywords=None, header=None, text_begin=58, tail=b""):
    """parameters: dictionaries such as {"B": 16, "R": 1024, "E": "0,0", "N": "FSC-H"}; keywords: further ones, or None for one
    that is left out; header: offsets of DATA other than where it is."""
    event = sum(int(parameter["B"]) for parameter in parameters) // 8
    words = {"$BEGINANALYSIS": "0", "$ENDANALYSIS": "0", "$BEGINSTEXT": "0", "$ENDSTEXT": "0", "$MODE": "L", "$NEXTDATA": "0",
             "$PAR": str(len(parameters)), "$TOT": str(len(data) // event if event else 0), "$DATATYPE": "F",
             "$BYTEORD": "1,2,3,4"}
    for i, parameter in enumerate(parameters, 1):
        for letter, value in {"E": "0,0", "R": "262144", "N": f"P{i}", **parameter}.items():
            words[f"$P{i}{letter}"] = str(value)
    words.update(keywords or {})
    words = {key: value for key, value in words.items() if value is not None}

    def text(begin):
        there = {"$BEGINDATA": f"{begin:08}", "$ENDDATA": f"{begin + len(data) - 1:08}", **words}
        escaped = (part.replace(delimiter, 2 * delimiter) for pair in there.items() for part in pair)
        return (delimiter + delimiter.join(escaped) + delimiter).encode("utf-8", "surrogateescape")

    begin = text_begin + len(text(0))
    offsets = [text_begin, begin - 1] + list(header if header is not None else (begin, begin + len(data) - 1)) + [0, 0]
    head = f"FCS{version}    " + "".join(f"{offset:>8}" for offset in offsets)
    return head.encode().ljust(text_begin) + text(begin) + data + tail


def integers(array, widths, order):
    """The bytes of rows of integers of so many bytes each."""
    return b"".join(int(value).to_bytes(width, order) for row in array.tolist() for value, width in zip(row, widths))


class FcsFiles(harness.Case):
    def make(self, content, name="x.fcs"):
        with open(self.path(name), "wb") as file:
            file.write(content)
        return self.path(name)

    def read(self, data, *options, ranks=None):
        """The points, the names, and what gmmpi warned of."""
        run = self.succeed("convert", data, self.path("points.h5"), "-q", *options, ranks=ranks)
        with h5py.File(self.path("points.h5")) as file:
            names = [name.decode() if isinstance(name, bytes) else name for name in file["points"].attrs["feature_names"]]
            return file["points"][()], names, run.stderr

    def check(self, content, expected, *options):
        points, names, warnings = self.read(self.make(content), *options)
        numpy.testing.assert_array_equal(points, numpy.asarray(expected, dtype=float))
        self.assertEqual(warnings, "")
        return names

    def refuse(self, pattern, content, *options, status=65):
        self.fail_with(status, r"x\.fcs: .*" + pattern, "fit", self.make(content), "-k", 1, "-o", self.path("model.h5"), *options)


FLOATS = [{"B": 32, "N": "FSC-A"}, {"B": 32, "N": "FL1-A", "S": "CD3"}, {"B": 32, "N": "Time"}]


def some_floats(n=7, d=3):
    return numpy.random.default_rng(2).normal(size=(n, d)).astype("f4")


class Values(FcsFiles):
    def test_floats(self):
        for code, kind, bits in (("F", "f4", 32), ("D", "f8", 64)):
            for order, words in (("<", "1,2,3,4"), (">", "4,3,2,1")):
                for version in ("2.0", "3.0", "3.1", "3.2"):
                    if (version == "2.0") != (order == "<" and code == "F"):
                        continue
                    with self.subTest(code=code, order=order, version=version):
                        points = some_floats().astype(order + kind)
                        parameters = [dict(parameter, B=bits) for parameter in FLOATS]
                        content = fcs(parameters, points.tobytes(), version, keywords={"$DATATYPE": code, "$BYTEORD": words})
                        self.assertEqual(self.check(content, points), ["FSC-A", "FL1-A", "Time"])
        self.check(content, points[:, [1, 0]], "--columns", "CD3,FSC-A")
        self.check(content, points[:, [2]], "--columns", "3")

    def test_integers(self):
        """Sizes of whole bytes, masked to the least power of two that $PnR asks for."""
        widths = (1, 2, 4, 8, 3)
        ranges = (256, 1024, 262144, 1 << 52, 1000)
        random = numpy.random.default_rng(4)
        numbers = numpy.array([[int(random.integers(1 << 8 * min(width, 7))) for width in widths] for _ in range(6)])
        masks = numpy.array([256, 1024, 262144, 1 << 52, 1024]) - 1
        parameters = [{"B": 8 * width, "R": most} for width, most in zip(widths, ranges)]
        for order, words in (("little", "1,2,3,4"), ("big", "4,3,2,1"), ("big", "2,1")):
            content = fcs(parameters, integers(numbers, widths, order), keywords={"$DATATYPE": "I", "$BYTEORD": words})
            self.check(content, numbers & masks)
            self.check(content, numbers & masks, "--raw-values")

    def test_mixed_byte_order(self):
        """As a PDP-11 wrote long integers: the high half first, each half with its low byte first."""
        numbers = numpy.array([[0x01020304, 0x0506], [0x11223344, 0x7788]])
        data = b"".join(bytes([a >> 16 & 255, a >> 24, a & 255, a >> 8 & 255, b & 255, b >> 8]) for a, b in numbers.tolist())
        content = fcs([{"B": 32, "R": 1 << 32}, {"B": 16, "R": 65536}], data, "2.0",
                      keywords={"$DATATYPE": "I", "$BYTEORD": "3,4,1,2"})
        self.check(content, numbers)

    def test_scales(self):
        """f2 10^(f1 x / R) of integers on a logarithmic scale; x / g of those on a linear one, and of floats."""
        numbers = numpy.array([[0, 0, 40, 7], [256, 100, 50, 9], [1023, 1000, 60, 3]])
        parameters = [{"B": 16, "R": 1024, "E": "4,0"}, {"B": 16, "R": 1000, "E": "4.5, 0.1"},
                      {"B": 16, "R": 1024, "E": "0,0", "G": "2.5"}, {"B": 16, "R": 1024, "E": "0.0,0.0", "G": "0"}]
        content = fcs(parameters, integers(numbers, (2,) * 4, "little"), keywords={"$DATATYPE": "I"})
        x = numbers.astype(float)
        expected = numpy.column_stack([10 ** (4 * x[:, 0] / 1024), 0.1 * 10 ** (4.5 * x[:, 1] / 1000), x[:, 2] / 2.5, x[:, 3]])
        points, _, warnings = self.read(self.make(content))
        numpy.testing.assert_allclose(points, expected, rtol=1e-14)
        self.assertEqual(warnings, "")
        self.check(content, numbers, "--raw-values")
        floats = some_floats()
        content = fcs([dict(FLOATS[0], G="4"), dict(FLOATS[1], E="4,1"), FLOATS[2]], floats.tobytes())
        self.check(content, floats.astype(float) / [4, 1, 1])

    def test_types_of_their_own(self):
        rows = numpy.zeros(4, dtype=[("t", "<u2"), ("x", "<f4"), ("y", "<f8")])
        rows["t"], rows["x"], rows["y"] = [1, 2, 3, 60000], some_floats(4, 1)[:, 0], [0.1, 0.2, 0.3, 0.4]
        content = fcs([{"B": 16, "R": 65536, "DATATYPE": "I"}, {"B": 32}, {"B": 64, "DATATYPE": "D"}], rows.tobytes(), "3.2",
                      keywords={"$MODE": None})
        self.check(content, numpy.column_stack([rows["t"].astype(float), rows["x"].astype(float), rows["y"]]))


class Keywords(FcsFiles):
    def test_delimiters(self):
        points = some_floats()
        for delimiter in "/|\\\f\t!":
            content = fcs([dict(FLOATS[0], N=f"a{delimiter}b" if delimiter in "/|!" else "ab"), *FLOATS[1:]], points.tobytes(),
                          delimiter=delimiter, keywords={"$COM": f"1{delimiter}{delimiter}2"})
            names = self.check(content, points)
            self.assertEqual(names[0], f"a{delimiter}b" if delimiter in "/|!" else "ab")

    def test_values_of_no_length(self):
        """The standard has none, some programs write them: a keyword behind one must not be lost."""
        numbers = numpy.array([[10, 20, 30], [40, 50, 60]])
        parameters = [{"B": 16, "R": 1024, "S": "", "E": "4,1"}, {"B": 16, "R": 1024, "S": "", "E": "0,0"},
                      {"B": 16, "R": 1024, "E": "0,0"}]
        content = fcs(parameters, integers(numbers, (2,) * 3, "little"), keywords={"$DATATYPE": "I"})
        reordered = content.replace(b"$P1E/4,1/", b"").replace(b"$P1S//", b"$P1S//$P1E/4,1/")
        self.assertEqual(len(reordered), len(content))
        points, names, _ = self.read(self.make(reordered))
        numpy.testing.assert_allclose(points, numpy.column_stack([10 ** (4 * numbers[:, 0] / 1024), numbers[:, 1:]]), rtol=1e-14)
        self.assertEqual(names, ["P1", "P2", "P3"])

    def test_cases_and_places(self):
        """Keywords in lower case; TEXT later in the file; offsets that the header has no room for; $TOT left out."""
        points = some_floats()
        content = fcs(FLOATS, points.tobytes(), text_begin=256, header=(0, 0))
        self.check(content, points)
        self.check(content.replace(b"$P1B", b"$p1b").replace(b"$TOT", b"$Tot"), points)
        self.check(fcs(FLOATS, points.tobytes(), "2.0", keywords={"$TOT": None}), points)
        self.check(fcs(FLOATS, points.tobytes(), tail=b"00000000" + bytes(1000)), points)
        begin = content.index(points.tobytes())
        header = content[:26] + f"{begin:>8}{begin + points.nbytes - 2:>8}".encode() + content[42:]
        self.check(header, points)  # its last byte forgotten

    def test_doubtful(self):
        points = some_floats()
        more = points.tobytes() + bytes(24)
        cases = [(fcs(FLOATS, more, keywords={"$TOT": "7"}), "has room for 9 events, but .TOT says 7"),
                 (fcs(FLOATS, points.tobytes(), header=(70, 100)), "but its header or .BEGINDATA says 70")]
        first = fcs(FLOATS, points.tobytes(), keywords={"$NEXTDATA": "00000000"})
        cases.append((first.replace(b"$NEXTDATA/00000000", f"$NEXTDATA/{len(first):08}".encode()) + first, "first of its data sets"))
        for content, pattern in cases:
            read, _, warnings = self.read(self.make(content))
            numpy.testing.assert_array_equal(read, points.astype(float))
            self.assertRegex(warnings, pattern)
        nowhere = first.replace(b"$NEXTDATA/00000000", b"$NEXTDATA/00000099")
        self.check(nowhere, points)

    def test_names(self):
        points = some_floats(5, 4)
        parameters = [{"B": 32, "N": "FL1-A", "S": "CD3"}, {"B": 32, "N": "FL1-H", "S": "CD3"}, {"B": 32, "N": "", "S": "CD4"},
                      {"B": 32, "N": "b\x1b[2J\udcb5"}]
        content = fcs(parameters, points.tobytes())
        names = self.check(content, points[:, [2, 1]], "--columns", "CD4,FL1-H")
        self.assertEqual(names[1], "FL1-H")
        self.refuse('has no column "CD3"', content, "--columns", "CD3")
        run = self.succeed("info", self.make(content))
        self.assertNotIn("\x1b", run.stdout + run.stderr)


class Refused(FcsFiles):
    def test_what_is_not_supported(self):
        data = some_floats().tobytes()
        for keywords, pattern in (({"$MODE": "C"}, "holds histograms"), ({"$DATATYPE": "A"}, "numbers as text"),
                                  ({"$DATATYPE": "X"}, "its .DATATYPE is none"), ({"$BYTEORD": "1,2,2,4"}, "its .BYTEORD is none"),
                                  ({"$P2B": "10"}, "size in bits .* of parameter 2 is \"10\""),
                                  ({"$P2B": "64"}, "size in bits"), ({"$P2E": "4"}, "scale"), ({"$P2G": "x"}, "gain"),
                                  ({"$PAR": "0"}, "no parameters"), ({"$TOT": "0"}, "has no events"),
                                  ({"$TOT": "many"}, "number of events"), ({"$PAR": "4"}, "keywords are damaged"),
                                  ({"$PAR": "999999999999"}, "keywords are damaged"), ({"$P3B": None}, "keywords are damaged"),
                                  ({"$DATATYPE": "I", "$P1E": "4,1", "$P1R": "0"}, "range")):
            with self.subTest(keywords):
                self.refuse(pattern, fcs(FLOATS, data, keywords=keywords))
        self.refuse("--transpose", fcs(FLOATS, data), "--transpose", status=64)

    def test_damaged(self):
        points = some_floats(500)
        whole = fcs(FLOATS, points.tobytes())
        begin = whole.index(points.tobytes())
        for n_bytes in (30, 58, 100, begin - 1, begin, begin + 1, begin + 3000, len(whole) - 1):
            with self.subTest(n_bytes=n_bytes):
                self.refuse("", whole[:n_bytes])
        for keywords in ({"$TOT": "999999999999999999"}, {"$TOT": "501"}, {"$BEGINDATA": "99999999", "$ENDDATA": "99999999"}):
            with self.subTest(keywords):
                self.refuse("", fcs(FLOATS, points.tobytes(), keywords=keywords, header=(0, 0)))
        for place, word in ((10, b"99999999"), (10, b"      -1"), (18, b"      12"), (26, b"x       ")):
            self.refuse("", whole[:place] + word + whole[place + 8:])

    def test_disk_that_fails(self):
        path = self.make(fcs(FLOATS, some_floats(60_000).tobytes()))
        for rank in range(3):
            byte = os.path.getsize(path) * (2 * rank + 1) // 6
            self.fail_with(74, r"x\.fcs: reading failed.*\(Input/output error\); check the disk", "fit", path, "-k", 2, "-o",
                           self.path("model.h5"), ranks=3, env=failing("x.fcs", "read", byte=byte, rank=rank))


class OneModel(FcsFiles):
    def test_same_model_from_every_kind(self):
        points = (some_floats(3001) + numpy.arange(3001)[:, None] % 3 * 4).astype("f4")
        numpy.save(self.path("points.npy"), points)
        path = self.make(fcs([dict(parameter, N=f"x{i}") for i, parameter in enumerate(FLOATS, 1)], points.tobytes()))
        models = []
        for data, ranks in ((self.path("points.npy"), None), (path, None), (path, 3)):
            self.succeed("fit", data, "-k", 3, "-o", self.path("model.h5"), "-q", ranks=ranks)
            with h5py.File(self.path("model.h5")) as file:
                models.append([file[name][()].tobytes() for name in ("weights", "means", "covariances")])
        self.assertEqual(models[1], models[0])
        self.assertEqual(models[2], models[0])


if __name__ == "__main__":
    unittest.main()
