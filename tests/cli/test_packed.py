# SPDX-License-Identifier: BSD-3-Clause
"""Standard input, pipes and compressed files: the numbers of the plain file, at any number of ranks, or an error; nothing is left
of the copies."""

import bz2
import gzip
import io
import lzma
import os
import pty
import shutil
import subprocess
import threading
import unittest

import h5py
import numpy

import harness
import running

POINTS = numpy.random.default_rng(3).normal(size=(3000, 3))
CSV = "a,b,c\n" + "".join(f"{x!r},{y!r},{z!r}\n" for x, y, z in POINTS.tolist())


def zstd(content):
    return subprocess.run(["zstd", "-q", "-c"], input=content, capture_output=True, check=True).stdout


def as_npy(points):
    file = io.BytesIO()
    numpy.save(file, points)
    return file.getvalue()


class Packed(harness.Case):
    def setUp(self):
        super().setUp()
        os.mkdir(self.path("copies"))
        self.env = {"TMPDIR": self.path("copies")}

    def tearDown(self):
        left = [name for name in os.listdir(self.path("copies")) if name.startswith("gmmpi-")]
        self.assertEqual(left, [])

    def put(self, name, content):
        with open(self.path(name), "wb") as file:
            file.write(content)
        return self.path(name)

    def h5(self, name="x.h5"):
        with h5py.File(self.path(name), "w") as file:
            file.create_dataset("x", data=POINTS)
        return self.path(name)

    def read(self, data, *options, ranks=None, **more):
        out = self.path("read.h5")
        self.succeed("convert", data, out, "-q", *options, ranks=ranks, env=self.env, **more)
        with h5py.File(out) as file:
            return file["points"][:]

    def refuse(self, status, pattern, data, ranks=None, **more):
        self.fail_with(status, pattern, "convert", data, self.path("out.h5"), ranks=ranks, env=more.pop("env", self.env), **more)

    def test_gzip(self):
        text = CSV.encode()
        whole = self.put("x.csv.gz", gzip.compress(text))
        for ranks in (None, 3):
            numpy.testing.assert_array_equal(self.read(whole, ranks=ranks), POINTS)
        # Several members, one of nothing, and what fills up a tape's last block.
        several = b"".join(gzip.compress(part) for part in (text[:777], b"", text[777:])) + bytes(512)
        numpy.testing.assert_array_equal(self.read(self.put("several", several), "--columns", "c,a"), POINTS[:, [2, 0]])
        numpy.testing.assert_array_equal(self.read(self.put("x.npy.gz", gzip.compress(as_npy(POINTS))), ranks=3), POINTS)
        with open(self.h5(), "rb") as file:
            packed = self.put("x.h5.gz", gzip.compress(gzip.compress(file.read())))
        numpy.testing.assert_array_equal(self.read(packed + ":/x", ranks=3), POINTS)
        self.refuse(65, "x.csv.gz: is a CSV file, which has no data sets", whole + ":/x")

    @unittest.skipUnless(shutil.which("zstd"), "needs zstd")
    def test_zstd(self):
        whole = zstd(CSV.encode())
        path = self.put("x.csv.zst", whole)
        run = harness.gmmpi("info", path, env=self.env)
        if "built without" in run.stderr:
            self.skipTest("gmmpi was built without zstd")
        numpy.testing.assert_array_equal(self.read(path, ranks=3), POINTS)
        self.put("x.csv.zst", zstd(CSV[:500].encode()) + zstd(CSV[500:].encode()))
        numpy.testing.assert_array_equal(self.read(path), POINTS)
        for end in (5, 1000, len(whole) - 1):
            self.put("x.csv.zst", whole[:end])
            self.refuse(65, "x.csv.zst: the compressed file ends before", path)
        self.put("x.csv.zst", whole[:2000] + bytes([whole[2000] ^ 255]) + whole[2001:])
        self.refuse(65, "x.csv.zst: the compressed file is damaged", path)
        self.put("x.csv.zst", whole + b"x,y,z")
        self.refuse(65, "x.csv.zst: (has something behind|the compressed file)", path)

    def test_never_a_shorter_table(self):
        whole = gzip.compress(CSV.encode())
        for end in (11, 1000, len(whole) // 2, len(whole) - 9, len(whole) - 1):
            self.refuse(65, "x.csv.gz: the compressed file ends before its content does", self.put("x.csv.gz", whole[:end]))
        for byte in (len(whole) // 2, len(whole) - 7):
            harmed = whole[:byte] + bytes([whole[byte] ^ 255]) + whole[byte + 1:]
            self.refuse(65, "x.csv.gz: the compressed file is damaged", self.put("x.csv.gz", harmed), ranks=2)
        self.refuse(65, "x.csv.gz: has something behind the end", self.put("x.csv.gz", whole + b"7,8,9\n"))
        self.refuse(65, "x.csv.gz: is empty", self.put("x.csv.gz", gzip.compress(b"")))
        packed = CSV.encode()
        for _ in range(9):
            packed = gzip.compress(packed, 0)
        self.refuse(65, "compressed several times", self.put("x.csv.gz", packed))

    def test_standard_input(self):
        for ranks in (None, 3):
            numpy.testing.assert_array_equal(self.read("-", ranks=ranks, input=CSV), POINTS)
        self.put("x.csv.gz", gzip.compress(CSV.encode()))
        for name in ("-", "/dev/stdin"):
            with open(self.path("x.csv.gz"), "rb") as file:
                numpy.testing.assert_array_equal(self.read(name, stdin=file), POINTS)
        with open(self.h5(), "rb") as file:
            numpy.testing.assert_array_equal(self.read("/dev/stdin:/x", ranks=2, stdin=file), POINTS)
        self.refuse(65, "standard input: is empty", "-", ranks=2, input="")
        self.refuse(65, "standard input: line 3, column b", "-", input="a,b\n1,2\n3,inf\n")
        self.assertEqual(self.summary("info", "-", input=CSV)["n_samples"], len(POINTS))
        self.write("-", "1,2\n")
        numpy.testing.assert_array_equal(self.read("./-", cwd=self.folder), [[1, 2]])

    def test_opened_twice(self):
        """predict looks for the names of the features first, and then at all columns; fit reads weights of another file."""
        model, out = self.path("m.h5"), self.path("labels.h5")
        self.succeed("fit", self.put("x.npy", as_npy(POINTS)), "-k", 1, "-o", model, "-q")
        for ranks in (None, 3):
            for text in (CSV, CSV.replace("a,b,c\n", "")):
                run = harness.gmmpi("predict", model, "-", "-o", out, "--json", ranks=ranks, env=self.env, input=text)
                self.assertIn(f'"n_samples": {len(POINTS)}', run.stdout, run.stderr)
        with open(self.h5(), "rb") as file:
            self.succeed("predict", model, "-", "-o", out, ranks=2, env=self.env, stdin=file)

    def test_pipe_with_a_name(self):
        pipe = self.path("pipe")
        os.mkfifo(pipe)

        def send():
            with open(pipe, "wb") as file:
                file.write(gzip.compress(CSV.encode()))

        for command in (["convert", pipe, self.path("read.h5"), "-q"], ["info", pipe]):
            for ranks in (None, 2):
                sender = threading.Thread(target=send)
                sender.start()
                self.succeed(*command, ranks=ranks, env=self.env)
                sender.join()
        with h5py.File(self.path("read.h5")) as file:
            numpy.testing.assert_array_equal(file["points"][:], POINTS)
        self.write("list", "pipe\n")
        self.refuse(66, "pipe: is a pipe, which cannot be one of several", "@" + self.path("list"), ranks=2)

    def test_terminal(self):
        ours, theirs = pty.openpty()
        self.refuse(64, "standard input: is a terminal", "-", stdin=theirs)
        os.close(ours)
        os.close(theirs)

    def test_parts(self):
        for i, ends in enumerate(((0, 700), (700, 700), (700, 3000))):
            rows = "".join(CSV.splitlines(True)[1:][slice(*ends)])
            self.put(f"part-{i}.csv.gz", gzip.compress(("a,b,c\n" + rows).encode()))
        for ranks in (None, 3):
            numpy.testing.assert_array_equal(self.read(self.path("part-*.csv.gz"), ranks=ranks), POINTS)

    def test_output_is_no_input(self):
        packed = self.put("x.csv.gz", gzip.compress(CSV.encode()))
        self.fail_with(64, "x.csv.gz", "convert", packed, packed, env=self.env)

    def test_hdf5_of_other_files(self):
        """Virtual, linked and raw parts of every layout: of the copy they would be looked for elsewhere."""
        layout = h5py.VirtualLayout(POINTS.shape, "f8")
        layout[:] = h5py.VirtualSource(self.h5(), "x", shape=POINTS.shape)
        records = numpy.zeros(9, [("a", "f8"), ("b", "f8")])
        with h5py.File(self.path("other.h5"), "w") as file:
            file["x"], file["records"] = POINTS, records
        records.tofile(self.put("raw", b""))
        with h5py.File(self.path("all.h5"), "w") as file:
            file.create_virtual_dataset("virtual", layout)
            for name in ("x", "records"):
                file["linked_" + name] = h5py.ExternalLink(self.path("other.h5"), "/" + name)
            file["gone"] = h5py.ExternalLink("gone.h5", "/x")
            for name, dtype in (("raw", "f8"), ("raw_records", records.dtype), ("sparse/data", "f8"), ("group/a", "f8")):
                file.create_dataset(name, (9,), dtype, external=[(self.path("raw"), 0, h5py.h5f.UNLIMITED)])
            file["group/b"] = numpy.arange(9.0)
            file["sparse/indices"], file["sparse/indptr"] = numpy.zeros(9, "i8"), numpy.arange(10)
            file["sparse"].attrs["encoding-type"], file["sparse"].attrs["shape"] = "csr_matrix", [9, 2]
        with open(self.path("all.h5"), "rb") as file:
            packed = self.put("all.h5.gz", gzip.compress(file.read()))
        for i, name in enumerate(("virtual", "linked_x", "linked_records", "raw", "raw_records", "sparse", "group", "gone")):
            self.refuse(65, f"all.h5.gz:/{name}(/a)?: is made of other files", packed + ":/" + name, ranks=2 if i == 0 else None)
        numpy.testing.assert_array_equal(self.read(packed + ":/group", "--columns", "b"), numpy.arange(9.0)[:, None])

    def test_no_room(self):
        packed = self.put("x.csv.gz", gzip.compress(CSV.encode()))
        self.refuse(73, r"x.csv.gz: no file can be made in /nowhere .*TMPDIR", packed, ranks=2, env={"TMPDIR": "/nowhere"})
        self.refuse(73, "standard input: no file can be made", "-", ranks=2, env={"TMPDIR": "/nowhere"}, input=CSV)
        limited = f'ulimit -f 64; exec "$@"'
        run = subprocess.run(["bash", "-c", limited, "-", *harness.command(None, "fit", packed, "-k", "1")], env=dict(os.environ, **self.env),
                             capture_output=True, text=True, cwd=self.folder)
        self.assertEqual(run.returncode, 73, run.stderr)
        self.assertRegex(run.stderr, "x.csv.gz: there is no room in .*copies .*TMPDIR")

    def test_disk_that_fails(self):
        packed = self.put("x.csv.gz", gzip.compress(CSV.encode()))
        env = dict(self.env, **running.failing("x.csv.gz", "read", byte=5000))
        self.refuse(74, "x.csv.gz: reading failed", packed, ranks=2, env=env)

    def test_what_is_not_unpacked(self):
        for name, content, command in (("x y.bz2", bz2.compress(CSV.encode()), "bzip2 -dc '"),
                                       ("x y.xz", lzma.compress(CSV.encode()), "xz -dc '")):
            self.refuse(65, f"is compressed with .*: {command}.*{name}.unpacked'$", self.put(name, content))


if __name__ == "__main__":
    unittest.main()
