# SPDX-License-Identifier: BSD-3-Clause
"""A disk that fails while it is read, on one rank: the job ends soon, with status 74 and one message that names the file."""

import os
import unittest

import numpy as np

import harness
from running import failing

N, D = 60_000, 4


class ReadErrors(harness.Case):
    @classmethod
    def setUpClass(cls):
        cls.points = np.random.default_rng(7).normal(size=(N, D))

    def make(self, kind):
        import h5py
        path = self.path("points." + ("csv" if kind == "csv" else "npy" if kind.startswith("npy") else "h5"))
        if kind == "csv":
            np.savetxt(path, self.points, fmt="%.9g", delimiter=",")
        elif kind == "npy":
            np.save(path, self.points)
        elif kind == "npy fortran":
            np.save(path, np.asfortranarray(self.points))
        elif kind == "npy records":
            np.save(path, self.records())
        elif kind == "sparse":
            with h5py.File(path, "w") as file:
                file.attrs["encoding-type"] = "anndata"
                group = file.create_group("X")
                group.attrs["encoding-type"], group.attrs["shape"] = "csr_matrix", np.array([N, D])
                group["indptr"] = np.arange(N + 1) * D
                group["indices"] = np.tile(np.arange(D), N)
                group["data"] = self.points.ravel()
        else:
            layout = {"contiguous": {}, "chunked": {"chunks": (500, D)}, "packed": {"chunks": (500, D), "compression": 1},
                      "records": {}, "packed records": {"chunks": (500,), "compression": 1}}
            with h5py.File(path, "w") as file:
                file.create_dataset("points", data=self.records() if "records" in kind else self.points, **layout[kind])
        return path

    def records(self):
        table = np.zeros(N, [("id", "S2"), ("x", "f8"), ("y", ">f4"), ("z", "f4"), ("w", "f8")])
        for name, column in zip("xyzw", self.points.T):
            table[name] = column
        return table

    def fail_reading(self, path, *words, **fault):
        name = os.path.basename(path)
        self.fail_with(74, rf"{name}.*: reading .*failed.*\(Input/output error\); check the disk", *words, ranks=3,
                       env=failing(name, "read", **fault))

    def fit(self, path):
        return ["fit", path, "-k", "3", "--max-iter", "3", "-o", self.path("model.h5"), "-q"]

    def check(self, kind):
        path = self.make(kind)
        size = os.path.getsize(path)
        for rank in (0, 1, 2):
            with self.subTest(rank=rank):
                self.fail_reading(path, *self.fit(path), byte=size * (2 * rank + 1) // 6, rank=rank)
        with self.subTest("its first byte"):
            self.fail_reading(path, *self.fit(path))
        self.assertEqual(os.listdir(self.folder), [os.path.basename(path)])

    def test_csv(self):
        self.check("csv")

    def test_npy(self):
        self.check("npy")

    def test_hdf5_contiguous(self):
        self.check("contiguous")

    def test_hdf5_chunked(self):
        self.check("chunked")

    def test_hdf5_compressed(self):
        self.check("packed")

    def test_records(self):
        for kind in ("npy records", "records", "packed records", "sparse"):
            with self.subTest(kind):
                path = self.make(kind)
                self.fail_reading(path, *self.fit(path), byte=os.path.getsize(path) * (3 if kind == "sparse" else 2) // 4, rank=1)
                os.unlink(path)

    def test_prediction(self):
        for kind in ("csv", "packed"):
            with self.subTest(kind):
                path = self.make(kind)
                model = self.path("model.h5")
                self.succeed(*self.fit(path), ranks=2)
                self.write("old.h5", "kept")
                self.fail_reading(path, "predict", model, path, "-o", self.path("old.h5"), rank=2,
                                  byte=os.path.getsize(path) * 5 // 6)
                self.assertEqual(self.bytes_of("old.h5"), b"kept")
                os.unlink(path)

    def test_models_and_starts(self):
        """Of a model's file every part is read by its own call; wherever that fails, it is the disk's fault."""
        path = self.make("npy")
        model, json_file, labels = self.path("start.h5"), self.path("start.json"), self.path("start.csv")
        self.succeed("fit", path, "-k", "3", "--max-iter", "3", "-o", model, "-q")
        with open(json_file, "w") as file:
            file.write(self.succeed("info", model, "--json").stdout)
        np.savetxt(labels, np.arange(N) % 3, fmt="%d")
        size = os.path.getsize(model)
        for byte in (0, 8, size // 2, size - 100):
            with self.subTest(byte=byte):
                for words in (["predict", model, path, "-o", self.path("out.h5")], ["info", model],
                              [*self.fit(path), "--init", model]):
                    self.fail_reading(model, *words, byte=byte)
        for start in (json_file, labels):
            with self.subTest(start=start):
                self.fail_reading(start, *self.fit(path), "--init", start)

    def test_the_same_job_without_the_fault(self):
        path = self.make("csv")
        self.succeed(*self.fit(path), ranks=3, env=failing("other.csv", "read"))


if __name__ == "__main__":
    unittest.main()
