# SPDX-License-Identifier: BSD-3-Clause
"""Pictures: which are drawn, from which kinds of files, and what plot.py and compare.py say when something is wrong.

The models and data are made here with numpy and h5py; gmmpi itself is not needed.
"""

import csv
import json
import math
import os
import sys
import unittest
import unittest.mock

import h5py
import numpy as np

from harness import Case, MALL, SOURCE
from running_plots import run, start

sys.path.insert(0, os.path.join(SOURCE, "scripts"))
import plot
from plotting import comparison, pictures, style  # noqa: F401 (for the copies of this process)
from plotting.labels import read_labels
from plotting.mixture import read_mixture
from plotting.tables import open_table, sample_blocks

ALL = ["data.png", "clusters.png", "log_likelihood.png", "responsibilities.png"]
WITHOUT_LOG = ["data.png", "clusters.png", "responsibilities.png"]


class Pictures(Case):
    def model(self, d, k=3, covariance="full", names=None, weights=None):
        """A model file, and points drawn from it: 300 x d."""
        random = np.random.default_rng(d + 10 * k)
        means = random.normal(0, 5, (k, d))
        matrices = np.array([np.eye(d) * (j + 1) / 2 for j in range(k)])
        shapes = {"full": matrices, "tied": matrices[0], "diag": np.ones((k, d)), "spherical": np.ones(k), "VVE": matrices,
                  "EEI": np.array([matrices[0]] * k), "EII": np.array([matrices[0]] * k)}
        with h5py.File(self.path("model.h5"), "w") as file:
            file["weights"] = np.full(k, 1 / k) if weights is None else weights
            file["means"] = means
            file["covariances"] = shapes[covariance]
            file.attrs["covariance"] = covariance
            if names:
                file.attrs["feature_names"] = names
        self.labels = random.integers(0, k, 300)
        return means[self.labels] + random.standard_normal((300, d))

    def npy(self, points, name="points.npy"):
        np.save(self.path(name), points)
        return self.path(name)

    def log(self):
        return self.write("log.csv", "iteration,log_likelihood,mean_log_likelihood,change,start,seconds\n"
                          "0,-90000,-300,nan,0,0.1\n1,-1300,-4.3,295.7,0,0.1\n2,-1290,-4.3,0.03,0,0.1\n"
                          "0,-1500,-5,,1,0.1\n1,-1295,-4.31,0.6,1,0.1\n")

    def plot(self, data, *arguments, pictures=WITHOUT_LOG, run=run):
        """Draws, and checks that exactly these pictures were written and named."""
        folder = self.path("out of/plots")
        done = run("plot.py", self.path("model.h5"), data, "-o", folder, *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.splitlines(), [os.path.join(folder, name) for name in pictures])
        self.assertEqual(sorted(os.listdir(folder)), sorted(pictures))
        for name in pictures:
            content = self.bytes_of(os.path.join(folder, name))
            self.assertTrue(content.startswith(b"\x89PNG"))
            self.assertGreater(len(content), 8000, name)

    def read(self, data, *arguments):
        """What plot.py would draw: (scene, responsibilities)."""
        with unittest.mock.patch.object(sys, "argv", ["plot.py", self.path("model.h5"), data] + list(arguments)):
            return plot.read_scene(plot.parse())

    def refuse(self, status, pattern, *arguments, script="plot.py", run=run):
        done = run(script, *arguments)
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertRegex(done.stderr, r"\Agmmpi (plot|compare): [^\n]*%s[^\n]*\n\Z" % pattern)
        self.assertEqual(done.stdout, "")

    def test_numbers_of_features_and_components(self):
        for d, k, covariance in ((1, 3, "full"), (2, 1, "tied"), (2, 16, "diag"), (4, 3, "VVE"), (12, 5, "spherical"),
                                 (2, 40, "full")):
            with self.subTest(d=d, k=k, covariance=covariance):
                data = self.npy(self.model(d, k, covariance))
                if d * k <= 12:
                    self.plot(data)
                    continue
                scene, responsibilities = self.read(data)
                n_pairs = min(d, 6) * (min(d, 6) - 1) // 2
                for figure in (pictures.draw_data(scene), pictures.draw_clusters(scene)):
                    self.assertEqual(sum(bool(axes.collections) for axes in figure.axes if not axes.patches), n_pairs)
                self.assertEqual(sum(axes.axison for axes in pictures.draw_responsibilities(scene, responsibilities).axes), min(k, 12))
                style.plt.close("all")

    def test_heights_of_log_likelihoods(self):
        """Their labels are numbers as they are, or differences from the end where they have many digits in common; a start far below is
        left out, and how far below it is is said."""
        for heights, label, start in (([-1800.0, -1790, -1785], "log-likelihood", None),
                                      ([-1755.344273 - 2.5e-5, -1755.344273 - 1e-6, -1755.344273], "log-likelihood less that of the end", "2.5e-05"),
                                      ([-2500.0, -1755.344, -1755.3434], "log-likelihood less that of the end", "745"),
                                      ([-1.5e9, -1.2e9, -1.1e9], "log-likelihood", None)):
            with self.subTest(heights=heights):
                rows = np.column_stack([np.arange(3), heights, [np.nan, 1e-3, 1e-4]])
                figure = pictures.draw_log_likelihood({"0": rows})
                figure.draw_without_rendering()
                axes = figure.axes[0]
                self.assertEqual(axes.get_ylabel(), label)
                shown = axes.yaxis.get_offset_text().get_text().replace("\u2212", "-")
                self.assertRegex(shown, r"\A(1e\d+)?\Z")  # a factor, but nothing that is to be added
                ticks = [(tick.get_position()[1], float(tick.get_text().replace("\u2212", "-"))) for tick in axes.get_yticklabels()
                         if axes.get_ylim()[0] <= tick.get_position()[1] <= axes.get_ylim()[1]]
                self.assertGreater(len(ticks), 2)
                for place, number in ticks:
                    expected = (place - heights[-1] if "less" in label else place) / float(shown or 1)
                    self.assertAlmostEqual(number, expected, delta=1e-9 * abs(heights[-1]))
                said = [text.get_text() for text in axes.texts if "start" in text.get_text()]
                self.assertEqual(said, ["not shown: the start, %s below the end" % start] if start else [])
                style.plt.close(figure)

    def test_everything_it_can_draw(self):
        data = self.npy(self.model(2))
        with h5py.File(self.path("labels.h5"), "w") as file:
            file["labels"] = self.labels.astype("i4")
        self.plot(data, "--log", self.log(), "--labels", self.path("labels.h5"), pictures=ALL, run=start)
        with h5py.File(self.path("labels.h5"), "a") as file:
            file["responsibilities"] = np.eye(3)[self.labels]
        labels = self.write("labels.csv", "label,responsibility_1,responsibility_2,responsibility_3\n" + "".join(
            "%d,%d,%d,%d\n" % (label, label == 0, label == 1, label == 2) for label in self.labels))
        for name in (self.path("labels.h5"), labels):
            scene, responsibilities = self.read(data, "--labels", name)
            np.testing.assert_array_equal(scene.labels, self.labels)
            np.testing.assert_array_equal(responsibilities, np.eye(3)[self.labels])

    def test_kinds_of_text(self):
        points = np.random.default_rng(1).normal(0, 100, (300, 2))
        rows = ["%r%%s%r" % (float(x), float(y)) for x, y in points]
        for header, delimiter in (('"a b",c', ","), ("# made by hand\n#a b,c", ","), ("a b\tc", "\t"), ("a b;c", ";"), ('"a b" c', "  "), (None, " ")):
            with self.subTest(header=header, delimiter=delimiter):
                lines = ([header] if header else []) + [row % delimiter for row in rows]
                table = open_table(self.write("points.txt", "\ufeff" * bool(header) + "\r\n".join(lines) + "\r\n"))
                self.assertEqual(table.names, ["a b", "c"] if header else None)
                self.assertEqual((table.n_rows, table.n_columns), (300, 2))
                np.testing.assert_array_equal(table.read([(0, 300)], [1, 0]), points[:, ::-1])

    def test_columns_of_a_table(self):
        self.model(2)
        columns = ["--columns", "Annual Income (k$),Spending Score (1-100)"]
        customers = np.genfromtxt(MALL, delimiter=",", skip_header=1)
        for words in (columns, ["--columns", "4-5"]):
            np.testing.assert_array_equal(self.read(MALL, *words)[0].points, customers[:, 3:])
        self.refuse(65, r"4 columns for a model of 2 features.*--columns", self.path("model.h5"), MALL)
        self.refuse(65, r"no column 'Income'", self.path("model.h5"), MALL, "--columns", "Income,Age")
        self.refuse(65, r"no column 6", self.path("model.h5"), MALL, "--columns", "5-6")
        self.refuse(65, r"line 2, column Gender: 'Male' is not a number", self.path("model.h5"), MALL, "--columns", "2,3")
        self.model(2, names=["Annual Income (k$)", "Age"])
        self.plot(MALL)
        np.testing.assert_array_equal(self.read(MALL)[0].points, customers[:, [3, 2]])

    def test_missing_values_are_left_out(self):
        points = self.model(2)
        points[7, 1] = np.nan
        points[9] = np.inf
        scene, _ = self.read(self.npy(points))
        np.testing.assert_array_equal(scene.points, np.delete(points, [7, 9], axis=0))
        self.assertEqual(scene.remarks, ["rows with missing values are left out: 2"])
        self.refuse(65, "no row is without missing values", self.path("model.h5"), self.npy(points * np.nan))

    def test_hdf5(self):
        points = self.model(3)
        with h5py.File(self.path("points.h5"), "w") as file:
            file["some/points"] = points
        np.testing.assert_array_equal(self.read(self.path("points.h5"))[0].points, points)
        with h5py.File(self.path("points.h5"), "a") as file:
            file["others"] = points[:, :2].astype("f4")
        np.testing.assert_array_equal(self.read(self.path("points.h5") + ":/some/points")[0].points, points)
        self.refuse(65, "several tables.*/others.*/some/points", self.path("model.h5"), self.path("points.h5"))
        self.refuse(65, "no data set /none", self.path("model.h5"), self.path("points.h5") + ":/none")

    def test_a_sample_of_many_points(self):
        points = self.model(2)
        data = self.npy(np.tile(points, (1000, 1)).astype("f4"))
        with h5py.File(self.path("labels.h5"), "w") as file:
            file["labels"] = np.tile(self.labels, 1000)
        scene, _ = self.read(data, "--labels", self.path("labels.h5"))
        self.assertEqual(scene.count, "a sample of 200,000 of 300,000 points")
        np.testing.assert_array_equal(np.unique(np.column_stack([scene.labels, scene.points]), axis=0), np.unique(
            np.column_stack([self.labels, points.astype("f4")]), axis=0))

    def test_labels_are_those_of_the_sampled_rows(self):
        rows = np.arange(30000)
        np.save(self.path("a.npy"), np.stack([rows, rows], axis=1))
        with h5py.File(self.path("a.h5"), "w") as file:
            file["a"] = np.stack([rows, rows], axis=1)
        self.write("a.csv", "x,y\n" + "".join("%d,%d\n\n" % (row, row) for row in rows))
        blocks = sample_blocks(len(rows), 2000)
        expected = np.concatenate([rows[start:stop] for start, stop in blocks])
        self.assertEqual(len(expected), 2000)
        self.assertEqual(len(np.unique(expected)), 2000)
        self.assertLess(np.abs(np.quantile(expected, [.25, .5, .75]) / 30000 - [.25, .5, .75]).max(), 0.02)
        for name in ("a.npy", "a.h5", "a.csv"):
            table = open_table(self.path(name))
            self.assertEqual(table.n_rows, len(rows))
            np.testing.assert_array_equal(table.read(blocks, [1])[:, 0], expected)

    def test_labels_after_rows_were_dropped(self):
        self.model(2)
        mixture = read_mixture(self.path("model.h5"))
        kept = np.delete(np.arange(300), [0, 7, 8, 299])
        expected = np.full(300, -1)
        expected[kept] = self.labels[kept]
        with h5py.File(self.path("labels.h5"), "w") as file:
            file["labels"] = self.labels[kept]
            file["responsibilities"] = np.eye(3)[self.labels[kept]]
            file["rows"] = kept + 1
        self.write("labels.csv", "label,row\n" + "".join("%d,%d\n" % (self.labels[row], row + 1) for row in kept))
        blocks = [(0, 50), (100, 150), (250, 300)]
        sampled = np.concatenate([expected[start:stop] for start, stop in blocks])
        labels, shares = read_labels(self.path("labels.h5"), 300, mixture, blocks)
        np.testing.assert_array_equal(labels, sampled)
        np.testing.assert_array_equal(shares[labels >= 0], np.eye(3)[sampled[sampled >= 0]])
        np.testing.assert_array_equal(read_labels(self.path("labels.csv"), 300, mixture, blocks)[0], sampled)

    def test_noise(self):
        """Points of the background are the mixture's last label, a share of theirs is in responsibilities, and they are drawn."""
        points = self.model(2)
        with h5py.File(self.path("model.h5"), "a") as file:
            file["weights"][...] *= 0.8
            file.update({"noise_weight": 0.2, "noise_volume": 50.0, "noise_origin": np.full(2, -2.0), "noise_axes": np.diag([10.0, 5.0])})
        mixture = read_mixture(self.path("model.h5"))
        shares = mixture.responsibilities(points[:5])
        densities = np.column_stack([np.exp(mixture.log_densities(points[:5])), np.full(5, 0.2 / 50)])
        np.testing.assert_allclose(shares, densities / densities.sum(axis=1, keepdims=True), rtol=1e-12)
        grid = np.array([-3.0, 3.0, 9.0])
        np.testing.assert_allclose(mixture.noise_density(0, grid), [0, 0.02, 0], atol=2e-3)
        labels = np.where(np.arange(300) % 5 == 0, -1, self.labels)
        self.write("labels.csv", "label,responsibility_1,responsibility_2,responsibility_3,noise\n" + "".join(
            "%d,%s\n" % (label, ",".join(map(str, np.eye(4)[label]))) for label in labels))
        found, shares = read_labels(self.path("labels.csv"), 300, mixture, [(0, 300)])
        np.testing.assert_array_equal(found, np.where(labels < 0, 3, labels))
        np.testing.assert_array_equal(shares.argmax(axis=1), found)
        self.plot(self.npy(points), "--labels", self.path("labels.csv"))

    def test_responsibilities_that_are_computed(self):
        points = self.model(2, k=2, weights=[0.25, 0.75])
        mixture = read_mixture(self.path("model.h5"))
        # Equal to the definition, component by component, with covariances I/2 and I.
        distances = ((points[:, None] - mixture.means) ** 2).sum(axis=2)
        densities = np.array([0.25 / np.pi, 0.75 / (2 * np.pi)]) * np.exp(-distances * [1, 0.5])
        np.testing.assert_allclose(mixture.responsibilities(points), densities / densities.sum(axis=1, keepdims=True),
                                   rtol=1e-9, atol=1e-300)
        for covariance in ("tied", "diag", "spherical", "EEI", "EII"):
            self.model(2, k=2, covariance=covariance)
            mixture = read_mixture(self.path("model.h5"))
            variance = 1 if covariance in ("diag", "spherical") else 0.5
            np.testing.assert_allclose(mixture.log_densities(points), np.log(0.5 / (2 * np.pi * variance)) - (
                (points[:, None] - mixture.means) ** 2).sum(axis=2) / (2 * variance), rtol=1e-12)

    def test_t_distributions(self):
        """Ellipses hold what those of normal components do, by scipy.stats.f.ppf(share, 2, 3) and by the density itself."""
        for d, covariance in ((1, "full"), (2, "full"), (3, "diag")):
            points = self.model(d, k=2, covariance=covariance)
            with h5py.File(self.path("model.h5"), "a") as file:
                file["dof"] = [3.0, 1e7]
            figure = pictures.draw_clusters(self.read(self.npy(points))[0])
            self.assertIn("t components", figure.axes[0].get_title() if d < 3 else figure._suptitle.get_text())
            style.plt.close(figure)
        mixture = read_mixture(self.path("model.h5"))
        for r, quantile in ((1, 0.5934186376291343), (2, 4.190501842024767)):
            share = 1 - math.exp(-r ** 2 / 2)
            self.assertAlmostEqual(mixture.radius(0, r) ** 2 / 2, quantile, delta=1e-9)
            self.assertAlmostEqual(mixture.radius(1, r), r, delta=1e-6)
            # The share of t points within the radius, by the density: polar coordinates, the midpoint rule.
            step = mixture.radius(0, r) / 20000
            radii = (np.arange(20000) + 0.5) * step
            inside = 2 * np.pi * (radii * np.exp(mixture.log_density_at(0, radii ** 2, 2))).sum() * step
            self.assertAlmostEqual(inside, share, delta=1e-8)
        self.assertAlmostEqual(mixture.log_density_at(0, 3.0, 1), -math.log(2 * math.pi * math.sqrt(3)), delta=1e-12)

    def test_dropped_components_are_not_drawn(self):
        self.plot(self.npy(self.model(2, k=3, weights=[0.5, 0, 0.5])))

    def test_wrong_input(self):
        data = self.npy(self.model(2))
        model = self.path("model.h5")
        self.refuse(66, "none.h5: there is no such file", self.path("none.h5"), data)
        self.refuse(66, "none.csv: cannot be read", model, self.path("none.csv"))
        self.refuse(66, "none.h5: cannot be read", model, data, "--labels", self.path("none.h5"))
        self.refuse(65, "not a model file", data, data)
        self.refuse(65, "empty", model, self.write("empty.csv", ""))
        self.refuse(65, "line 3 has 3 fields, the first line has 2", model, self.write("ragged.csv", "a,b\n1,2\n1,2,3\n"))
        self.refuse(65, "not a log", model, data, "--log", self.write("bad.csv", "a,b\n1,2\n"))
        with h5py.File(self.path("labels.h5"), "w") as file:
            file["labels"] = self.labels[:-1]
        self.refuse(65, "labels of 299 points, but there are 300", model, data, "--labels", self.path("labels.h5"))
        with h5py.File(self.path("labels.h5"), "w") as file:
            file["labels"] = self.labels + 1
        self.refuse(65, r"a label is none of this model's \(0 to 2\)", model, data, "--labels", self.path("labels.h5"))
        self.refuse(64, "required", model)
        self.refuse(64, "one character", model, data, "--delimiter", ",,")
        self.refuse(64, "--nonsense", model, data, "--nonsense", run=start)
        self.refuse(73, "cannot be made", model, data, "-o", self.write("file", "") + "/folder")

    def test_comparison(self):
        summaries = [dict(n_components=k, log_likelihood=-100.5 / k, bic=300 + (k - 3) ** 2, aic=200 + (k - 5) ** 2,
                          icl=310 + (k - 2) ** 2) for k in (10, 1, 2, 3, 4, 5)]
        paths = [self.write("%d.json" % i, json.dumps(summary)) for i, summary in enumerate(summaries)]
        done = start("compare.py", *paths, "-o", self.path("out"))
        self.assertEqual(done.returncode, 0, done.stderr)
        table = self.path("out/comparison.csv")
        self.assertEqual(done.stdout.splitlines()[-2:], [table, self.path("out/comparison.png")])
        starred = {line.split()[0]: line.count("*") for line in done.stdout.splitlines()[1:-2]}
        self.assertEqual(starred, {"1": 0, "2": 1, "3": 1, "4": 0, "5": 1, "10": 0})
        with open(table, newline="") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual([int(row["n_components"]) for row in rows], [1, 2, 3, 4, 5, 10])
        self.assertEqual([float(row["bic"]) for row in rows], [304, 301, 300, 301, 304, 349])
        self.assertTrue(self.bytes_of("out/comparison.png").startswith(b"\x89PNG"))
        self.refuse(65, "not a summary", self.write("bad.json", "{}"), script="compare.py")
        self.refuse(66, "cannot be read", self.path("none.json"), script="compare.py")

    def test_the_best_fit_is_kept(self):
        """Two seeds for each number of components; the models lie beside the summaries, or where these say."""
        os.mkdir(self.path("fits"))
        paths = []
        for k, seed, bic, aic in ((2, 0, 300, 210), (2, 1, 290, 220), (3, 0, 280, 230), (3, 1, 295, 200)):
            name = "fits/K%d-seed%d" % (k, seed)
            summary = dict(n_components=k, log_likelihood=-bic / 2, bic=bic, aic=aic, icl=bic, output="elsewhere/" + name + ".h5")
            self.write(name + ".h5", name)
            paths.append(self.write(name + ".json", json.dumps(summary)))
        for criterion, best, column in (("bic", "fits/K3-seed0", [290, 280]), ("aic", "fits/K3-seed1", [300, 295])):
            done = run("compare.py", *paths, "--keep", criterion, self.path("best.h5"), "-o", self.path("out"))
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(self.bytes_of("best.h5").decode(), best)
            with open(self.path("out/comparison.csv"), newline="") as file:
                self.assertEqual([float(row["bic"]) for row in csv.DictReader(file)], column)
        self.refuse(64, "is not bic, aic, icl", *paths, "--keep", "dic", self.path("best.h5"), script="compare.py")
        self.refuse(73, "cannot be copied", *paths, "--keep", "bic", self.path("none/best.h5"), script="compare.py")
        os.unlink(self.path("fits/K3-seed0.h5"))
        self.refuse(66, "cannot be copied", *paths, "--keep", "bic", self.path("best.h5"), script="compare.py")


if __name__ == "__main__":
    unittest.main()
