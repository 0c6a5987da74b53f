# SPDX-License-Identifier: BSD-3-Clause
"""A uniform background: fits, volumes and counts as mclust has them, starts that find it, and whatever goes over models."""

import csv
import json
import os
import unittest

import h5py
import numpy

from harness import SOURCE, Case

REFERENCE = os.path.join(SOURCE, "tests", "reference")
POINTS = os.path.join(REFERENCE, "noise.csv")
LABELS = os.path.join(REFERENCE, "noise_labels.csv")  # 3, 5 and -1

with open(os.path.join(REFERENCE, "noise.json")) as stored:
    MCLUST = json.load(stored)


def clusters_in_noise(n, d, share, seed=0):
    """Five well separated clusters in 20^d, and the share of points that is uniform in 26^d; and which points are."""
    random = numpy.random.default_rng(seed)
    means = numpy.array([[6, 6], [-6, 6], [6, -6], [-6, -6], [0, 0]], dtype=float)
    means = numpy.hstack([means, numpy.zeros((5, d - 2))])
    labels = random.integers(0, 5, n)
    labels[random.uniform(size=n) < share] = -1
    points = means[labels] + random.normal(size=(n, d)) * random.uniform(0.3, 1.2, (5, d))[labels]
    points[labels < 0] = random.uniform(-13, 13, ((labels < 0).sum(), d))
    return points, labels


class Noise(Case):
    def fit(self, data, *arguments, out="model.h5", **options):
        return self.summary("fit", data, "--noise", "-o", self.path(out), *arguments, **options)

    def from_labels(self, *arguments, **options):
        return self.fit(POINTS, "-k", 2, "--init", LABELS, *arguments, **options)

    def arrays(self, name="model.h5"):
        with h5py.File(self.path(name)) as file:
            return {key: file[key][...] for key in file}

    def save(self, points, name="points.npy"):
        numpy.save(self.path(name), points)
        return self.path(name)

    def warnings_of(self, *arguments):
        return self.succeed("fit", *arguments, "-o", self.path("model.h5"), "-q").stderr

    # --- as mclust ---

    def test_fits_of_all_families(self):
        """From the same labels; of VVE mclust's own M-step ends before it has converged."""
        for family, expected in MCLUST["fits"].items():
            with self.subTest(family=family):
                slack = 1e-6 if family == "VVE" else 1e-12
                summary = self.from_labels("--covariance", family, "--reg-covar", 0, "--tol", "1e-15", "--max-iter", 5000)
                size = abs(expected["log_likelihood"])
                self.assertGreaterEqual(summary["log_likelihood"], expected["log_likelihood"] - 1e-12 * size)
                self.assertLessEqual(summary["log_likelihood"], expected["log_likelihood"] + slack * size)
                self.assertEqual(summary["n_parameters"], expected["n_parameters"])
                self.assertAlmostEqual(summary["bic"], expected["bic"], delta=2 * slack * size)
                if family == "VVE":
                    continue
                model = self.arrays()
                numpy.testing.assert_allclose(model["means"], expected["means"], atol=1e-7)
                numpy.testing.assert_allclose(model["weights"], expected["weights"], atol=1e-8)
                self.assertAlmostEqual(summary["noise_weight"], expected["noise_weight"], delta=1e-8)
                self.assertAlmostEqual(model["weights"].sum() + model["noise_weight"], 1.0, delta=1e-14)

    def test_volumes(self):
        volumes = MCLUST["volumes"]
        points = numpy.loadtxt(POINTS, delimiter=",", skiprows=1)
        iris = os.path.join(SOURCE, "data", "iris.csv")
        faithful = os.path.join(SOURCE, "data", "faithful.csv")
        for name, data in (("noise", [POINTS]), ("aslant", [self.save(points[80:160])]), ("line", [POINTS, "--columns", "x"]),
                           ("iris", [iris, "--columns", "1-4"]), ("faithful", [faithful])):
            with self.subTest(name=name):
                summary = self.fit(*data, "-k", 2, "--max-iter", 0, "--init", "random_from_data")
                self.assertAlmostEqual(summary["noise_volume"], volumes[name], delta=1e-12 * volumes[name])
                model = self.arrays()
                self.assertAlmostEqual(abs(numpy.linalg.det(model["noise_axes"])), volumes[name], delta=1e-9 * volumes[name])

    def test_with_a_prior(self):
        """me() of mclust with its default prior and noise."""
        for family, expected in MCLUST["with_prior"].items():
            with self.subTest(family=family):
                summary = self.from_labels("--covariance", family, "--method", "map", "--reg-covar", 0, "--tol", "1e-15",
                                           "--max-iter", 5000, "--prior-scale", "mclust")
                self.assertAlmostEqual(summary["log_likelihood"], expected["log_likelihood"], delta=1e-6)
                self.assertAlmostEqual(summary["noise_weight"], expected["noise_weight"], delta=1e-7)

    def test_weights(self):
        """Are repetitions; a row of weight 0 is none, also where it would widen the box."""
        points = numpy.loadtxt(POINTS, delimiter=",", skiprows=1)
        weights = numpy.random.default_rng(3).integers(0, 4, len(points))
        weights[0], points[0] = 0, (1e3, -1e3)
        labels = numpy.loadtxt(LABELS, dtype=int)
        summaries = []
        for name, data, given, more in (
                ("weighted", points, labels, ("--weights", self.write("weights.csv", "\n".join(map(str, weights)) + "\n"))),
                ("repeated", numpy.repeat(points, weights, axis=0), numpy.repeat(labels, weights), ())):
            numpy.savetxt(self.path("labels.txt"), given, fmt="%d")
            summaries.append(self.fit(self.save(data), "-k", 2, "--init", self.path("labels.txt"), *more, out=name + ".h5"))
        weighted, repeated = summaries
        self.assertAlmostEqual(weighted["log_likelihood"], repeated["log_likelihood"], delta=1e-12 * abs(repeated["log_likelihood"]))
        self.assertEqual(weighted["noise_volume"], repeated["noise_volume"])
        self.assertEqual(weighted["n_parameters"], repeated["n_parameters"])
        expected = self.arrays("repeated.h5")
        for key, value in self.arrays("weighted.h5").items():
            numpy.testing.assert_allclose(value, expected[key], rtol=1e-9, atol=1e-9, err_msg=key)

    # --- starts ---

    def test_default_start_finds_it(self):
        """As good as from the labels that the points were made with, and the share within four standard errors."""
        for d, n, share in ((2, 1000, 0.5), (5, 1000, 0.3), (2, 40000, 0.1)):
            points, labels = clusters_in_noise(n, d, share, seed=d)
            self.save(points)
            numpy.savetxt(self.path("labels.txt"), labels, fmt="%d")
            best = self.fit(self.path("points.npy"), "-k", 5, "--init", self.path("labels.txt"))
            for seed in (0, 1) if n == 1000 else (0,):
                with self.subTest(d=d, n=n, seed=seed):
                    found = self.fit(self.path("points.npy"), "-k", 5, "--seed", seed)
                    self.assertGreater(found["mean_log_likelihood"], best["mean_log_likelihood"] - 1e-5)
                    error = numpy.sqrt(share * (1 - share) / n)
                    self.assertAlmostEqual(found["noise_weight"], (labels < 0).mean(), delta=4 * error)

    def test_every_start_has_a_background(self):
        for init in ("k-means++", "random_from_data", "random"):
            summary = self.fit(POINTS, "-k", 2, "--init", init, "--max-iter", 0)
            self.assertAlmostEqual(summary["noise_weight"], 0.25, delta=1e-15, msg=init)

    def test_labels_without_noise(self):
        numpy.savetxt(self.path("labels.txt"), numpy.arange(200) % 2, fmt="%d")
        summary = self.fit(POINTS, "-k", 2, "--init", self.path("labels.txt"), "--max-iter", 0)
        self.assertAlmostEqual(summary["noise_weight"], 0.25, delta=1e-15)
        self.fail_with(65, "more than 2 distinct values", "fit", POINTS, "-k", 2, "--init", LABELS, "-o", self.path("m.h5"))
        summary = self.from_labels("--max-iter", 0)
        self.assertAlmostEqual(summary["noise_weight"], 0.2, delta=1e-15)

    def test_json_starts(self):
        self.from_labels("--max-iter", 3)
        start = json.loads(self.succeed("info", self.path("model.h5"), "--json").stdout)
        self.assertAlmostEqual(start["noise_volume"], MCLUST["volumes"]["noise"], delta=1e-9)
        first = self.arrays()
        path = self.write("start.json", json.dumps(start))
        self.fit(POINTS, "-k", 2, "--init", path, "--max-iter", 0)
        for name, value in self.arrays().items():
            numpy.testing.assert_array_equal(value, first[name], name)
        self.fail_with(65, "has a background .noise_weight.; give --noise", "fit", POINTS, "-k", 2, "--init", path, "-o",
                       self.path("m.h5"))
        self.fit(POINTS, "-k", 2, "--init", path, "--max-iter", 0, "--noise-volume", 1000)
        self.assertEqual(self.arrays()["noise_volume"], 1000)
        for name in ("noise_origin", "noise_axes"):
            del start[name]
        self.fit(POINTS, "-k", 2, "--init", self.write("start.json", json.dumps(start)), "--max-iter", 0)
        self.assertEqual(self.arrays()["noise_volume"], start["noise_volume"])
        self.assertFalse(self.arrays()["noise_axes"].any())
        self.fail_with(65, "does not say where", "sample", self.path("model.h5"), "-n", 10, "-o", self.path("s.h5"))
        for wrong in (0, -1):
            path = self.write("wrong.json", json.dumps(dict(start, noise_volume=wrong)))
            self.fail_with(65, "noise_volume is", "fit", POINTS, "-k", 2, "--noise", "--init", path, "-o", self.path("m.h5"))
        del start["noise_volume"]
        self.fail_with(65, "noise_volume must be 1 number", "fit", POINTS, "-k", 2, "--noise", "--init",
                       self.write("wrong.json", json.dumps(start)), "-o", self.path("m.h5"))

    def test_model_without_a_background_as_start(self):
        self.succeed("fit", POINTS, "-k", 2, "-o", self.path("plain.h5"), "-q")
        summary = self.fit(POINTS, "-k", 2, "--init", self.path("plain.h5"), "--max-iter", 0)
        self.assertAlmostEqual(summary["noise_weight"], 0.25, delta=1e-15)
        numpy.testing.assert_allclose(self.arrays()["weights"], 0.75 * self.arrays("plain.h5")["weights"], rtol=1e-14)

    def test_objective_never_falls(self):
        """Nor does acceleration lose the background."""
        points, _ = clusters_in_noise(600, 2, 0.02, seed=4)
        for accelerate in ("none", "anderson", "squarem"):
            summary = self.fit(self.save(points), "-k", 5, "--accelerate", accelerate, "--init", "k-means++", "--tol", "1e-10",
                               "--log", self.path("log.csv"))
            with open(self.path("log.csv"), newline="") as file:
                values = [float(row["log_likelihood"]) for row in csv.DictReader(file)]
            self.assertTrue((numpy.diff(values) > -1e-9 * abs(values[-1])).all())
            self.assertGreater(summary["noise_weight"], 0.001)

    # --- one result ---

    def test_same_bits(self):
        points, labels = clusters_in_noise(12000, 3, 0.3)
        data = self.save(points)
        expected = None
        for ranks, threads in ((None, 1), (3, 1), (2, 2)):
            self.succeed("fit", data, "-k", 5, "--noise", "-o", self.path("model.h5"), "--labels", self.path("labels.h5"), "-q",
                         "--threads", threads, "--max-iter", 10, "--tol", 0, ranks=ranks)
            found = self.bytes_of("model.h5"), self.bytes_of("labels.h5")
            self.assertTrue(expected is None or found == expected)
            expected = found
        options = ("fit", data, "-k", 5, "--noise", "-q", "-o", self.path("again.h5"))
        self.succeed(*options, "--max-iter", 4, "--checkpoint-every", 1, "--tol", 0)
        self.succeed(*options, "--max-iter", 10, "--tol", 0, "--restart", "auto")
        self.assertTrue(self.bytes_of("again.h5") == expected[0])

    # --- using a model ---

    def test_predictions(self):
        """Shares, labels and densities by numpy."""
        self.from_labels("--max-iter", 5)
        model = self.arrays()
        points = numpy.loadtxt(POINTS, delimiter=",", skiprows=1)
        shares = numpy.empty((len(points), 3))
        for k in range(2):
            y = points - model["means"][k]
            distance = numpy.einsum("ij,jk,ik->i", y, numpy.linalg.inv(model["covariances"][k]), y)
            shares[:, k] = model["weights"][k] * numpy.exp(-distance / 2) / (2 * numpy.pi) / numpy.sqrt(
                numpy.linalg.det(model["covariances"][k]))
        shares[:, 2] = model["noise_weight"] / model["noise_volume"]
        density = shares.sum(axis=1)
        shares /= density[:, None]
        labels = numpy.array([0, 1, -1])[shares.argmax(axis=1)]
        summary = self.summary("predict", self.path("model.h5"), POINTS, "-o", self.path("out.h5"), "--responsibilities",
                               "--log-density")
        found = self.arrays("out.h5")
        numpy.testing.assert_allclose(found["responsibilities"], shares, atol=1e-13)
        numpy.testing.assert_allclose(found["log_density"], numpy.log(density), atol=1e-12)
        numpy.testing.assert_array_equal(found["labels"], labels)
        self.assertEqual(summary["label_counts"], [(labels == 0).sum(), (labels == 1).sum()])
        self.assertEqual(summary["n_noise"], (labels == -1).sum())
        self.assertAlmostEqual(summary["log_likelihood"], numpy.log(density).sum(), delta=1e-9)
        self.succeed("predict", self.path("model.h5"), POINTS, "-o", self.path("out.csv"), "--responsibilities")
        with open(self.path("out.csv"), newline="") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual(list(rows[0]), ["label", "responsibility_1", "responsibility_2", "noise"])
        numpy.testing.assert_array_equal([float(row["noise"]) for row in rows], found["responsibilities"][:, 2])
        self.assertRegex(self.succeed("predict", self.path("model.h5"), POINTS, "-o", self.path("out.csv")).stdout,
                         r"noise +%d +%.1f%%" % ((labels < 0).sum(), 100 * (labels < 0).mean()))
        self.assertRegex(self.succeed("info", self.path("model.h5")).stdout, "noise +0.18.* uniform in a volume of 438.117")

    def test_samples(self):
        """The share of noise, its region (the box aslant) and that it is uniform there."""
        points = numpy.loadtxt(POINTS, delimiter=",", skiprows=1)[80:160]
        self.fit(self.save(points), "-k", 1, "--max-iter", 0, "--init", "random_from_data")
        self.succeed("sample", self.path("model.h5"), "-n", 20000, "-o", self.path("sample.h5"), "--seed", 1)
        sample = self.arrays("sample.h5")
        model = self.arrays()
        noise = sample["points"][sample["labels"] == -1]
        self.assertAlmostEqual(len(noise) / 20000, 0.25, delta=4 * numpy.sqrt(0.25 * 0.75 / 20000))
        inside = (noise - model["noise_origin"]) @ numpy.linalg.inv(model["noise_axes"])
        self.assertTrue((inside > -1e-12).all() and (inside < 1 + 1e-12).all())
        numpy.testing.assert_allclose(inside.mean(axis=0), 0.5, atol=4 / numpy.sqrt(12 * len(noise)))
        numpy.testing.assert_allclose(inside.var(axis=0), 1 / 12, rtol=0.1)
        own = (points - model["noise_origin"]) @ numpy.linalg.inv(model["noise_axes"])
        numpy.testing.assert_allclose([own.min(axis=0), own.max(axis=0)], [[0, 0], [1, 1]], atol=1e-12)

    def test_region_of_a_given_volume(self):
        """Has the box's middle; 0 is that of the box."""
        volume = MCLUST["volumes"]["noise"]
        self.from_labels("--max-iter", 0, "--noise-volume", 0)
        box = self.arrays()
        self.assertAlmostEqual(box["noise_volume"], volume, delta=1e-9)
        self.from_labels("--max-iter", 0, "--noise-volume", 4 * volume)
        wide = self.arrays()
        numpy.testing.assert_allclose(wide["noise_axes"], 2 * box["noise_axes"], rtol=1e-12)
        numpy.testing.assert_allclose(wide["noise_origin"] + wide["noise_axes"].sum(axis=0) / 2,
                                      box["noise_origin"] + box["noise_axes"].sum(axis=0) / 2, rtol=1e-12)

    # --- doubts and refusals ---

    def test_data_of_no_volume(self):
        points, _ = clusters_in_noise(300, 2, 0.3)
        for name, column in (("constant", numpy.full(300, 7.0)), ("dependent", points[:, 0] - 2 * points[:, 1])):
            data = self.save(numpy.column_stack([points, column]), name + ".npy")
            self.fail_with(65, "is 0: a column is constant, or columns depend on each other; give it with --noise-volume", "fit", data,
                           "-k", 2, "--noise", "-o", self.path("m.h5"), ranks=2)
            self.fit(data, "-k", 2, "--noise-volume", 1000)
            self.assertEqual(self.arrays()["noise_volume"], 1000)

    def test_a_background_alone(self):
        # A ridge that is very much larger than the data spreads every component over nothing.
        points = 1e-150 * clusters_in_noise(100, 2, 0)[0]
        data = self.path("tiny.npy")
        numpy.save(data, points)
        self.fail_with(65, "no component is left", "fit", data, "-k", 2, "--noise", "-o", self.path("m.h5"), ranks=2)

    def test_warnings(self):
        points, _ = clusters_in_noise(500, 2, 0.7)
        self.assertRegex(self.warnings_of(self.save(points), "-k", 5, "--noise"), "more than half of the points are noise .weight 0.7")
        self.assertRegex(self.warnings_of(POINTS, "-k", 2, "--noise", "--noise-volume", 43.8117395790751),
                         "--noise-volume is 0.1 of the volume of a box about the points")
        self.assertEqual(self.warnings_of(POINTS, "-k", 2, "--noise", "--init", LABELS), "")

    def test_no_noise(self):
        """Its share goes to 0, and the fit to that without."""
        random = numpy.random.default_rng(0)
        self.save(random.normal(size=(300, 2)))
        summary = self.fit(self.path("points.npy"), "-k", 1, "--max-iter", 5000, "--tol", "1e-12", "--noise-volume", 1e4)
        self.assertLess(summary["noise_weight"], 1 / 300)
        self.assertRegex(summary["events"][-1], "the noise has less than one point")
        plain = self.summary("fit", self.path("points.npy"), "-k", 1, "-o", self.path("plain.h5"))
        self.assertAlmostEqual(summary["log_likelihood"], plain["log_likelihood"], delta=1e-3)

    def test_refusals(self):
        options = ("fit", POINTS, "-k", 2, "-o", self.path("m.h5"))
        self.fail_with(64, "--noise-volume", *options, "--noise-volume", 5)
        for wrong in ("-1", "nan", "x"):
            self.fail_with(64, "--noise-volume", *options, "--noise", "--noise-volume", wrong)
        for method in ("vb", "dp"):
            self.fail_with(64, "--noise: ", *options, "--noise", "--method", method)
        self.succeed("fit", POINTS, "-k", 2, "-o", self.path("from.h5"), "-q")
        self.fail_with(64, "--noise: ", *options, "--noise", "--method", "adapt", "--from", self.path("from.h5"))

    def test_files_of_fits_without_it(self):
        self.succeed("fit", POINTS, "-k", 2, "-o", self.path("plain.h5"), "-q")
        with h5py.File(self.path("plain.h5")) as file:
            self.assertFalse([name for name in [*file, *file.attrs] if "noise" in name])


if __name__ == "__main__":
    unittest.main()
