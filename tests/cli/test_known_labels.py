# SPDX-License-Identifier: BSD-3-Clause
"""--known-labels: rows whose class is known stay in its component, and components are called as classes."""

import csv
import json
import os
import signal
import subprocess
import time
import unittest

import h5py
import numpy

import harness
import streaming

IRIS = os.path.join(harness.SOURCE, "data", "iris.csv")


def iris():
    """150 x 4 numbers and the 150 species."""
    with open(IRIS) as file:
        rows = list(csv.reader(file))[1:]
    return numpy.array([row[:4] for row in rows], float), [row[4] for row in rows]


def log_densities(points, weights, means, covariances):
    """N x K: log of weight times normal density, by the formula."""
    parts = []
    for weight, mean, covariance in zip(weights, means, covariances):
        difference = points - mean
        square = (difference * numpy.linalg.solve(covariance, difference.T).T).sum(axis=1)
        parts.append(numpy.log(weight) - 0.5 * (square + numpy.linalg.slogdet(2 * numpy.pi * covariance)[1]))
    return numpy.stack(parts, axis=1)


class KnownLabels(streaming.Case):
    def setUp(self):
        super().setUp()
        self.points, self.species = iris()
        self.names = sorted(set(self.species))
        self.truth = numpy.array([self.names.index(one) for one in self.species])

    def table(self, name, labels, points=None):
        points = self.points if points is None else points
        lines = [",".join(map(repr, row)) + f",{label}\n" for row, label in zip(points.tolist(), labels)]
        return self.write(name, ",".join("abcd"[:points.shape[1]]) + ",species\n" + "".join(lines))

    def some(self, share=0.1, seed=3):
        """The species of some rows; the others' cells are empty."""
        known = numpy.random.default_rng(seed).random(150) < share
        return ["" if not is_known else one for one, is_known in zip(self.species, known)], known

    def fit(self, *words, k=3, model="m.h5", ranks=None):
        summary = self.summary("fit", *words, "-k", k, "-o", self.path(model), ranks=ranks)
        with h5py.File(self.path(model)) as file:
            found = {name: file[name][:] for name in ("weights", "means", "covariances")}
            found["names"] = list(file.attrs["component_names"]) if "component_names" in file.attrs else None
        return found, summary

    def test_all_labels_are_known(self):
        """The model is each class's share, mean and covariance; there is nothing left to iterate, and no entropy in ICL."""
        model, summary = self.fit(self.table("all.csv", self.species), "--known-labels", "species", "--reg-covar", 0)
        self.assertEqual((model["names"], summary["component_names"]), (self.names, self.names))
        for k in range(3):
            own = self.points[self.truth == k]
            numpy.testing.assert_allclose(model["weights"][k], 1 / 3, rtol=1e-14)
            numpy.testing.assert_allclose(model["means"][k], own.mean(axis=0), rtol=1e-14)
            numpy.testing.assert_allclose(model["covariances"][k], numpy.cov(own.T, bias=True), rtol=1e-12, atol=1e-15)
        density = log_densities(self.points, model["weights"], model["means"], model["covariances"])
        numpy.testing.assert_allclose(summary["log_likelihood"], density[numpy.arange(150), self.truth].sum(), rtol=1e-12)
        self.assertEqual((summary["n_samples"], summary["n_parameters"], summary["n_features"]), (150, 44, 4))
        self.assertEqual(summary["icl"], summary["bic"])
        numpy.testing.assert_allclose(summary["bic"], 44 * numpy.log(150) - 2 * summary["log_likelihood"], rtol=1e-14)

    def test_some_labels_are_known(self):
        """A tenth of iris: the fixed point of EM in which they stay, computed here, and nearly all species right, by name."""
        labels, known = self.some()
        data = self.table("some.csv", labels)
        model, summary = self.fit(data, "--known-labels", "species", "--tol", 1e-12, "--max-iter", 10000, "--reg-covar", 0)
        self.assertTrue(summary["converged"])
        density = log_densities(self.points, model["weights"], model["means"], model["covariances"])
        total = numpy.logaddexp.reduce(density, axis=1)
        share = numpy.exp(density - total[:, None])
        share[known] = numpy.eye(3)[self.truth[known]]
        numpy.testing.assert_allclose(summary["log_likelihood"],
                                      numpy.where(known, density[numpy.arange(150), self.truth], total).sum(), rtol=1e-12)
        numpy.testing.assert_allclose(model["weights"], share.mean(axis=0), rtol=1e-4)
        numpy.testing.assert_allclose(model["means"], share.T @ self.points / share.sum(axis=0)[:, None], rtol=1e-4)
        found = self.summary("predict", self.path("m.h5"), data, "-o", self.path("p.csv"))
        with open(self.path("p.csv")) as file:
            rows = list(csv.DictReader(file))
        called = [row["class"] for row in rows]
        self.assertEqual([self.names[int(row["label"])] for row in rows], called)
        self.assertGreaterEqual(sum(one == other for one, other in zip(called, self.species)), 144)
        self.assertEqual(found["class_counts"], {name: called.count(name) for name in self.names})
        said = self.succeed("predict", self.path("m.h5"), data, "-o", self.path("p.h5")).stdout
        self.assertRegex(said, r"share  class\n +0 +50 +33.3%  setosa\n")
        with h5py.File(self.path("p.h5")) as file:
            self.assertEqual(list(file["labels"].attrs["names"]), self.names)
        self.assertRegex(self.succeed("info", self.path("m.h5")).stdout, " +1 +0.2995 .*called versicolor\n")
        self.succeed("sample", self.path("m.h5"), "-n", 5, "-o", self.path("s.csv"))
        self.assertEqual(self.bytes_of("s.csv").splitlines()[0], b"a,b,c,d,label,class")

    def test_known_rows_stay(self):
        """Whatever the points say: setosa called virginica are virginica, also in --labels; predict goes by the points."""
        labels, _ = self.some()
        labels[:5] = ["virginica"] * 5
        data = self.table("wrong.csv", labels)
        self.fit(data, "--known-labels", "species", "--labels", self.path("l.csv"))
        with open(self.path("l.csv")) as file:
            self.assertEqual([row["class"] for row in csv.DictReader(file)][:5], ["virginica"] * 5)

    def test_more_components_than_classes(self):
        """One species is known, the other components are called by their numbers, as no class is."""
        model, _ = self.fit(self.table("one.csv", ["" if one != "setosa" else "component 2" for one in self.species]),
                            "--known-labels", "species")
        self.assertEqual(model["names"], ["component 2", "component 1", "component 2'"])
        numpy.testing.assert_allclose(model["means"][0], self.points[:50].mean(axis=0), rtol=1e-3)

    def test_where_labels_are(self):
        """A column by name or number, a file of text or numbers, in which classes of numbers are in their order."""
        labels, known = self.some()
        data = self.table("some.csv", labels)
        plain = self.write("plain.csv", "a,b,c,d\n" + "".join(",".join(map(repr, row)) + "\n" for row in self.points.tolist()))
        texts = self.write("labels.csv", "species\n" + "".join((one or "NA") + "\n" for one in labels))
        numbers = self.path("numbers.npy")
        numpy.save(numbers, numpy.where(known, 10.0 * self.truth, numpy.nan))
        expected = None
        for words in ((data, "--known-labels", "species"), (data, "--known-labels", 5), (plain, "--known-labels", texts)):
            self.fit(*words)
            expected = expected or self.bytes_of("m.h5")
            self.assertEqual(self.bytes_of("m.h5"), expected, words)
        self.assertEqual(self.fit(plain, "--known-labels", numbers)[0]["names"], ["0", "10", "20"])

    def test_ranks_threads_and_streams(self):
        """The same bytes, with weights of which some are 0, whose rows name no class."""
        labels, _ = self.some()
        weights = numpy.arange(150) % 3
        lines = [",".join(map(repr, row)) + f",{'none' if weight == 0 else label},{weight}\n"
                 for row, label, weight in zip(self.points.tolist(), labels, weights)]
        words = (self.write("w.csv", "a,b,c,d,species,w\n" + "".join(lines)), "--known-labels", "species", "--weights", "w")
        model, _ = self.fit(*words)
        self.assertEqual(model["names"], self.names)
        expected = self.bytes_of("m.h5")
        for how in ({"ranks": 3}, {"more": ("--threads", 2)}):
            self.fit(*words, *how.pop("more", ()), **how)
            self.assertEqual(self.bytes_of("m.h5"), expected)
        there = self.table("there.csv", numpy.array(labels)[weights > 0], self.points[weights > 0])
        self.write("v.txt", "w\n" + "".join(f"{weight}\n" for weight in weights[weights > 0]))
        self.fit(there, "--known-labels", "species", "--weights", self.path("v.txt"))
        self.assertEqual(self.bytes_of("m.h5"), expected)

        n = 200000
        random = numpy.random.default_rng(2)
        truth = numpy.arange(n) % 2
        with h5py.File(self.path("d.h5"), "w") as file:
            file["x"] = random.normal(size=(n, 6)) + 3.0 * truth[:, None]
            file["y"] = numpy.where(random.random(n) < 0.3, truth + 1.0, numpy.nan)
        words = (self.path("d.h5") + ":/x", "--known-labels", self.path("d.h5") + ":/y", "-k", 2, "--max-iter", 3, "-o", self.path("m.h5"))
        self.succeed("fit", *words)
        expected = self.bytes_of("m.h5")
        self.streaming("fit", *words)
        self.assertEqual(self.bytes_of("m.h5"), expected)

    def test_starts_by_name(self):
        """A start with names is found by them, whatever its order, and keeps them without labels; JSON is such a start."""
        labels, _ = self.some()
        data = self.table("some.csv", labels)
        model, _ = self.fit(data, "--known-labels", "species")
        start = json.loads(self.succeed("info", "--json", self.path("m.h5")).stdout)
        self.assertEqual(start["component_names"], self.names)
        order = [2, 0, 1]
        turned = {name: [start[name][k] for k in order] for name in ("weights", "means", "covariances", "component_names")}
        turned = self.write("turned.json", json.dumps(turned | {"covariance": "full"}))
        again, _ = self.fit(data, "--known-labels", "species", "--init", turned, "--max-iter", 1, model="t.h5", ranks=2)
        self.assertEqual(again["names"], self.names)
        numpy.testing.assert_allclose(again["means"], model["means"], atol=1e-3)
        kept, _ = self.fit(data, "--columns", "1-4", "--init", turned, "--max-iter", 1, model="t.h5")
        self.assertEqual(kept["names"], [self.names[k] for k in order])
        unnamed, _ = self.fit(data, "--columns", "1-4", model="u.h5")
        self.assertIsNone(unnamed["names"])
        words = ("fit", "--known-labels", "species", "-o", self.path("t.h5"))
        other = self.table("other.csv", ["iris" if one == "setosa" else one for one in labels])
        self.fail_with(65, 'turned.json: no component has the name of the class "iris"', *words, other, "-k", 3, "--init", turned)
        self.fail_with(64, "have no names", *words, data, "--method", "adapt", "--from", self.path("u.h5"), ranks=2)
        adapted = self.summary(*words, data, "--method", "adapt", "--from", self.path("m.h5"))
        self.assertEqual(adapted["component_names"], self.names)
        twice = self.write("twice.json", json.dumps({"weights": [1, 1], "means": [[0] * 4] * 2, "covariances": [1, 2],
                                                     "component_names": ["a", "a"]}))
        self.fail_with(65, 'two components have the name "a"', "fit", data, "--columns", "1-4", "-k", 2, "--covariance", "spherical",
                       "--init", twice)

    def test_a_class_of_one_row(self):
        """Its covariance is singular: a ridge, no other place; its row stays. With --on-collapse error it is one."""
        labels = ["" if i != 149 else "last" for i in range(150)]
        words = (self.table("one.csv", labels), "--known-labels", "species", "--reg-covar", 0)
        for policy in ("reseed", "drop"):
            model, summary = self.fit(*words, "--max-iter", 1, "--init", self.write("start.json", json.dumps({
                "weights": [1e-9, 1.0], "means": [[1e3] * 4, self.points.mean(axis=0).tolist()],
                "covariances": [numpy.eye(4).tolist()] * 2})), "--on-collapse", policy, "--spurious", "keep", k=2, ranks=2)
            numpy.testing.assert_allclose(model["means"][0], self.points[149], rtol=1e-12)
            numpy.testing.assert_allclose(model["weights"], [1 / 150, 149 / 150], rtol=1e-12)
            self.assertEqual(summary["events"], ["start 1, iteration 1: component 0 lost its positive definite covariance; a ridge was added"])
        self.fail_with(65, "component 0 lost its positive definite covariance", "fit", *words, "-k", 2, "--init", self.path("start.json"),
                       "--on-collapse", "error", "-o", self.path("m.h5"))

    def test_what_makes_no_sense(self):
        data = self.table("all.csv", self.species)
        words = ("fit", data, "-o", self.path("m.h5"))
        labels = ("--known-labels", "species")
        self.fail_with(64, "there are 3 classes, and 2 components; give -k 3", *words, *labels, "-k", 2, ranks=2)
        self.fail_with(64, "--coarse-to-fine: a subsample may lack a known class", *words, *labels, "-k", 3, "--coarse-to-fine")
        self.fail_with(64, "--prune: known classes", *words, *labels, "-k", 3, "--method", "vb", "--prune")
        self.fail_with(65, "neither a column of it nor a file", *words, "--known-labels", "genus", "-k", 3)
        empty = self.table("none.csv", [""] * 150)
        self.fail_with(65, "none.csv: no row has a label", "fit", empty, *labels, "-k", 3)

    def test_restart(self):
        """Labels are part of what a checkpoint is of."""
        labels, _ = self.some()
        data = self.table("some.csv", labels)
        words = ("--known-labels", "species", "-k", 3, "--accelerate", "none", "--tol", 0, "-q", "-o", self.path("m.h5"))
        checkpoint = self.path("m.h5.checkpoint")
        job = subprocess.Popen(harness.command(None, "fit", data, *words, "--max-iter", 10**9, "--checkpoint-every", 3),
                               stderr=subprocess.DEVNULL)
        while not os.path.exists(checkpoint) and job.poll() is None:
            time.sleep(0.01)
        job.send_signal(signal.SIGTERM)
        self.assertEqual(job.wait(harness.PATIENCE), 75)
        words += ("--max-iter", self.summary("info", checkpoint)["iteration"] + 5)
        labels[labels.index("virginica")] = "setosa"
        self.fail_with(65, "m.h5.checkpoint: ", "fit", self.table("other.csv", labels), *words, "--restart", checkpoint)
        self.succeed("fit", data, *words, "--restart", checkpoint, ranks=2)
        resumed = self.bytes_of("m.h5")
        self.succeed("fit", data, *words)
        self.assertEqual(self.bytes_of("m.h5"), resumed)


if __name__ == "__main__":
    unittest.main()
