#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Components merged into clusters: mclust's clustCombi on published tables, numpy on every kind of mixture."""

import json
import os
import shutil
import sys
import types
import unittest

import h5py
import numpy

from fits import FitCase
from harness import MALL, SOURCE
from test_plot import run

sys.path.insert(0, os.path.join(SOURCE, "scripts"))
from plotting.merging import pictures_of_clusters, read_hierarchy
from plotting.mixture import read_mixture
from plotting.problem import Problem

REFERENCE = os.path.join(SOURCE, "tests", "reference")
FAITHFUL = os.path.join(SOURCE, "data", "faithful.csv")


def t_log_t(t):
    return t * numpy.log(numpy.where(t > 0, t, 1.0))


def combine(t, n_components, weights=1.0):
    """clustCombi from responsibilities, n x K or, with a background's behind them, n x (K + 1): merges, and the entropies of 1 ... K
    clusters."""
    t = t.copy()
    names = list(range(n_components))
    merges, entropies = [], [-(weights * t_log_t(t).T).sum()]
    while len(names) > 1:
        gains = {(a, b): (weights * (t_log_t(t[:, a] + t[:, b]) - t_log_t(t[:, a]) - t_log_t(t[:, b]))).sum()
                 for a in names for b in names if a < b}
        a, b = max(gains, key=gains.get)
        t[:, a] += t[:, b]
        t[:, b] = 0
        names.remove(b)
        merges.append([a, b])
        entropies.insert(0, -(weights * t_log_t(t).T).sum())
    return merges, entropies


class Merging(FitCase):
    def merged(self, *arguments, output="model.h5", **options):
        return self.summary("fit", *arguments, "--merge", "entropy", "-o", self.path(output), **options)

    def hierarchy(self, name="model.h5"):
        with h5py.File(self.path(name)) as file:
            return file["merges"][...].tolist(), file["merge_entropy"][...]

    def predictions(self, model, *arguments, output="out.h5"):
        self.succeed("predict", self.path(model), *arguments, "-o", self.path(output), "-q")
        with h5py.File(self.path(output)) as file:
            return {name: file[name][...] for name in file}


class Published(Merging):
    """The order of merges, the entropies and the suggestion of mclust, for models that Mclust() fitted."""

    def start(self, case):
        start = dict(case["start"])
        shape = {"EEE": lambda all: all[0], "VVI": lambda all: [numpy.diag(one).tolist() for one in all],
                 "V": lambda all: [one[0][0] for one in all]}.get(case["family"], lambda all: all)
        start["covariances"] = shape(start["covariances"])
        return self.write("start.json", json.dumps(start))

    def test_as_mclust(self):
        with open(os.path.join(REFERENCE, "merging.json")) as file:
            cases = json.load(file)["cases"]
        self.assertEqual(len(cases), 10)
        for case in cases:
            with self.subTest(case=case["name"]):
                folder = REFERENCE if case["file"].startswith("baudry") else os.path.join(SOURCE, "data")
                data = (os.path.join(folder, case["file"]), "--columns", ",".join(map(str, case["columns"])))
                summary = self.merged(*data, "-k", len(case["start"]["weights"]), "--covariance", case["family"], "--init",
                                      self.start(case), "--max-iter", 0)
                merges, entropies = self.hierarchy()
                self.assertEqual(merges, case["merges"])
                numpy.testing.assert_allclose(entropies, case["entropy"], rtol=1e-10, atol=1e-10)
                self.assertEqual(summary["merges"], case["merges"])
                self.assertEqual(summary["merge_entropy"], entropies.tolist())
                self.assertEqual(summary["n_clusters_suggested"], case["suggested"])
                labels = self.predictions("model.h5", *data, "--clusters", case["suggested"])["labels"]
                self.assertEqual("".join(map(str, labels)), case["clusters"])
                # What is drawn.
                t = self.predictions("model.h5", *data, "--responsibilities")["responsibilities"]
                drawn = read_hierarchy(self.path("model.h5"), read_mixture(self.path("model.h5")))
                self.assertEqual(drawn.suggested, case["suggested"])
                numpy.testing.assert_allclose(drawn.merged_points(t) * len(t), case["merged_points"], atol=1e-6)


class Kinds(Merging):
    def test_every_kind_of_mixture(self):
        """Steps and entropies from the responsibilities that predict writes, summed by numpy."""
        noise = os.path.join(REFERENCE, "noise.csv")
        for data, n_components, options in ((FAITHFUL, 6, ("--covariance", "VVE")), (FAITHFUL, 5, ("--distribution", "t")),
                                            (noise, 4, ("--noise",)), (noise, 4, ("--noise", "--distribution", "t")),
                                            (FAITHFUL, 4, ("--method", "map", "--covariance", "diag")),
                                            (MALL, 6, ("--columns", "4,5", "--method", "vb", "--prune")),
                                            (MALL, 6, ("--columns", "4,5", "--method", "dp", "--covariance", "diag", "--prune"))):
            with self.subTest(options=options):
                summary = self.merged(data, "-k", n_components, *options)
                columns = options[:2] if "--columns" in options else ()
                t = self.predictions("model.h5", data, *columns, "--responsibilities")["responsibilities"]
                n_components = summary["n_components"]
                self.assertGreater(n_components, 3)
                merges, entropies = combine(t, n_components)
                self.assertEqual(summary["merges"], merges)
                numpy.testing.assert_allclose(summary["merge_entropy"], entropies, rtol=1e-9, atol=1e-9)
                self.assertEqual("--noise" in options, summary["merge_entropy"][0] > 0)

    def test_weights_are_repetitions(self):
        with open(FAITHFUL) as file:
            rows = file.read().split()
        weighted = [rows[0] + ",w"] + [f"{row},{1 + i % 3}" for i, row in enumerate(rows[1:])]
        repeated = [rows[0]] + [row for i, row in enumerate(rows[1:]) for _ in range(1 + i % 3)]
        start = ("-k", 5, "--init", self.path("start.h5"), "--max-iter", 0)
        self.succeed("fit", FAITHFUL, "-k", 5, "-o", self.path("start.h5"), "-q")
        one = self.merged(self.write("weighted.csv", "\n".join(weighted)), *start, "--weights", "w")
        other = self.merged(self.write("repeated.csv", "\n".join(repeated)), *start)
        self.assertEqual(one["merges"], other["merges"])
        numpy.testing.assert_allclose(one["merge_entropy"], other["merge_entropy"], rtol=1e-12)
        self.assertNotAlmostEqual(other["merge_entropy"][-1], self.merged(FAITHFUL, *start)["merge_entropy"][-1], 1)

    def test_known_labels_are_certain(self):
        """Rows whose class is known add nothing; clusters are called as their components are."""
        rows = numpy.genfromtxt(FAITHFUL, delimiter=",", skip_header=1)
        classes = ["early" if i % 7 == 0 and row[0] < 3 else "late" if i % 7 == 1 and row[0] > 3 else "" for i, row in enumerate(rows)]
        data = self.write("known.csv", "\n".join(["a,b,class"] + [f"{row[0]},{row[1]},{one}" for row, one in zip(rows, classes)]))
        summary = self.merged(data, "-k", 4, "--known-labels", "class")
        t = self.predictions("model.h5", data, "--columns", "a,b", "--responsibilities")["responsibilities"]
        merges, entropies = combine(t[[one == "" for one in classes]], 4)
        self.assertEqual(summary["merges"], merges)
        numpy.testing.assert_allclose(summary["merge_entropy"], entropies, rtol=1e-9, atol=1e-9)
        names = ["early", "late", "component 2", "component 3"]
        self.predictions("model.h5", data, "--columns", "a,b", "--clusters", 3)
        with h5py.File(self.path("out.h5")) as file:
            found = [name.decode() if isinstance(name, bytes) else name for name in file["labels"].attrs["names"]]
        a, b = merges[0]
        expected = ["+".join(names[k] for k in ((a, b) if first == a else (first,))) for first in range(4) if first != b]
        self.assertEqual(found, expected)
        self.succeed("predict", self.path("model.h5"), data, "--columns", "a,b", "--clusters", 3, "-o", self.path("out.csv"))
        with open(self.path("out.csv")) as file:
            lines = file.read().split("\n")
        self.assertEqual(lines[0], "label,class")
        self.assertTrue(all(line.split(",")[1] == expected[int(line.split(",")[0])] for line in lines[1:-1]))

    def test_components_of_weight_0(self):
        start = {"weights": [0.3, 0, 0.3, 0.4], "means": [[2, 55], [3, 60], [2.2, 54], [4.3, 80]],
                 "covariances": [[[0.3, 1], [1, 40]]] * 4}
        data = (FAITHFUL, "-k", 4, "--init", self.write("start.json", json.dumps(start)), "--max-iter", 0)
        summary = self.merged(*data)
        self.assertEqual(summary["merges"], [[0, 2], [0, 3]])
        self.assertEqual(len(summary["merge_entropy"]), 3)
        out = self.predictions("model.h5", FAITHFUL, "--clusters", 2, "--responsibilities")
        self.assertEqual(out["responsibilities"].shape[1], 2)
        self.assertEqual(set(out["labels"]), {0, 1})
        self.fail_with(64, "--clusters: 4 is more than the 3 components.*give 1 to 3", "predict", self.path("model.h5"), FAITHFUL,
                       "--clusters", 4, "-o", self.path("out.h5"))
        start["weights"] = [0, 0, 0, 1]
        summary = self.merged(*data[:-2], "--max-iter", 0, "--init", self.write("start.json", json.dumps(start)))
        self.assertEqual((summary["merges"], summary["merge_entropy"], summary["n_clusters_suggested"]), ([], [0], 1))
        out = self.predictions("model.h5", FAITHFUL, "--clusters", 1)
        self.assertEqual(set(out["labels"]), {0})


class Files(Merging):
    def test_one_result(self):
        """The same bytes at any number of ranks and threads."""
        random = numpy.random.default_rng(4)
        data = self.save(numpy.vstack([random.normal(m, s, (900, 2)) for m, s in ((0, 1), (2, 1), (5, 2), (6, 1), (12, 1))]))
        contents = []
        for ranks, threads in ((None, 1), (3, 1), (2, 2)):
            self.succeed("fit", data, "-k", 7, "--covariance", "diag", "--init", "k-means++", "--max-iter", 5, "--merge", "entropy",
                         "-q", "--threads", threads, "-o", self.path("model.h5"), ranks=ranks)
            contents.append(self.bytes_of("model.h5"))
        self.assertTrue(all(content == contents[0] for content in contents))
        merges, entropies = self.hierarchy()
        t = self.predictions("model.h5", data, "--responsibilities")["responsibilities"]
        self.assertEqual(merges, combine(t, 7)[0])
        numpy.testing.assert_allclose(entropies, combine(t, 7)[1], rtol=1e-9, atol=1e-9)

    def test_model_that_exists(self):
        """A model gets its hierarchy later, and stays what it is; a fit that starts from it has none."""
        self.succeed("fit", FAITHFUL, "-k", 4, "--merge", "entropy", "-o", self.path("at once.h5"), "-q")
        self.succeed("fit", FAITHFUL, "-k", 4, "-o", self.path("model.h5"), "-q")
        message = self.fail_with(65, "components were not merged into clusters; do it with gmmpi fit DATA -k 4 --covariance full --init",
                                 "predict", self.path("model.h5"), FAITHFUL, "--clusters", 2, "-o", self.path("out.h5")).stderr
        words = message[message.index("fit DATA"):].replace(self.path("model.h5"), "MODEL").split()
        words = [{"DATA": FAITHFUL, "MODEL": self.path("model.h5"), "MERGED.h5": self.path("later.h5")}.get(word, word) for word in words]
        self.succeed(*words)
        with h5py.File(self.path("later.h5")) as later, h5py.File(self.path("at once.h5")) as once:
            self.assertEqual(set(later), set(once))
            for name in once:
                self.assertTrue((later[name][...] == once[name][...]).all(), name)
            for name in ("merge", "n_clusters_suggested"):
                self.assertEqual(later.attrs[name], once.attrs[name])
        self.succeed("fit", FAITHFUL, "-k", 4, "--init", self.path("later.h5"), "-o", self.path("next.h5"), "-q")
        with h5py.File(self.path("next.h5")) as file:
            self.assertNotIn("merges", file)
            self.assertNotIn("n_clusters_suggested", file.attrs)

    def test_best_of_a_selection(self):
        summary = self.summary("select", FAITHFUL, "-k", "2:4", "--covariance", "EEE", "--merge", "entropy", "-o", self.path("model.h5"))
        t = self.predictions("model.h5", FAITHFUL, "--responsibilities")["responsibilities"]
        self.assertEqual(summary["merges"], combine(t, summary["n_components"])[0])
        self.assertEqual(self.hierarchy()[0], summary["merges"])

    def test_labels_of_clusters(self):
        for options in ((), ("--noise",)):
            with self.subTest(options=options):
                data = os.path.join(REFERENCE, "noise.csv")
                self.merged(data, "-k", 5, *options)
                merges, entropies = self.hierarchy()
                whole = self.predictions("model.h5", data, "--responsibilities", "--log-density")
                members = {k: [k] for k in range(5)}
                for n in (5, 4, 3, 2, 1):
                    if n < 5:
                        a, b = merges[4 - n]
                        members[a] += members.pop(b)
                    groups = [sorted(members[k]) for k in sorted(members)]
                    summary = self.summary("predict", self.path("model.h5"), data, "--clusters", n, "--responsibilities",
                                           "--log-density", "--entropy", "-o", self.path("out.h5"))
                    self.assertEqual(summary["clusters"], groups)
                    with h5py.File(self.path("out.h5")) as file:
                        t, labels, densities, entropy = (file[name][...] for name in ("responsibilities", "labels", "log_density", "entropy"))
                    expected = numpy.column_stack([whole["responsibilities"][:, group].sum(axis=1) for group in groups])
                    if options:
                        expected = numpy.column_stack([expected, whole["responsibilities"][:, 5]])
                        self.assertEqual(summary["n_noise"], (labels == -1).sum())
                    numpy.testing.assert_allclose(t, expected, rtol=1e-14)
                    self.assertTrue((densities == whole["log_density"]).all())
                    self.assertAlmostEqual(entropy.sum(), entropies[n - 1], 9)
                    best = t.argmax(axis=1)
                    self.assertTrue((labels == numpy.where(best == n, -1, best)).all())
                    self.assertEqual(summary["label_counts"], [(labels == i).sum() for i in range(n)])
                self.assertEqual((labels == -1).any(), bool(options))
        text = self.succeed("predict", self.path("model.h5"), data, "--clusters", 2, "--responsibilities", "-o", self.path("out.csv"))
        self.assertRegex(text.stdout, r"\n +0 +\d+ +[\d.]+%  components? 0(, \d)*\n +1 ")
        with open(self.path("out.csv")) as file:
            self.assertEqual(file.readline(), "label,responsibility_1,responsibility_2,noise\n")

    def test_pictures(self):
        """plot.py draws the hierarchy, and clusters as predict has them."""
        start = {"weights": [0.2, 0, 0.2, 0.2, 0.4], "means": [[2, 55], [3, 60], [2.2, 54], [4.3, 80], [4.5, 78]],
                 "covariances": [[[0.1, 0.5], [0.5, 40]]] * 5}
        self.merged(FAITHFUL, "-k", 5, "--init", self.write("start.json", json.dumps(start)), "--max-iter", 0)
        drawn = read_hierarchy(self.path("model.h5"), read_mixture(self.path("model.h5")))
        for n in range(1, 5):
            summary = self.summary("predict", self.path("model.h5"), FAITHFUL, "--clusters", n, "-o", self.path("out.h5"))
            self.assertEqual([[[0, 2, 3, 4][k] for k in members] for members in drawn.cut(n)], summary["clusters"])
        done = run("plot.py", self.path("model.h5"), FAITHFUL, "--clusters", "3", "-o", self.path("plots"))
        self.assertEqual(done.returncode, 0, done.stderr)
        for name in ("merging.png", "merged_clusters.png"):
            self.assertIn(self.path(f"plots/{name}"), done.stdout.splitlines())
            self.assertGreater(len(self.bytes_of(f"plots/{name}")), 8000)
        scene = types.SimpleNamespace(mixture=read_mixture(self.path("model.h5")))
        with self.assertRaisesRegex(Problem, "--clusters: the model has 1 to 4 clusters"):
            pictures_of_clusters(self.path("model.h5"), 5, scene, None)
        with h5py.File(self.path("model.h5"), "r+") as file:
            file["merges"][0] = [0, 1]
        with self.assertRaisesRegex(Problem, "do not fit the components"):
            pictures_of_clusters(self.path("model.h5"), None, scene, None)
        with h5py.File(self.path("model.h5"), "r+") as file:
            del file["merge_entropy"]
        self.assertEqual(pictures_of_clusters(self.path("model.h5"), None, scene, None), [])
        with self.assertRaisesRegex(Problem, "not merged into clusters"):
            pictures_of_clusters(self.path("model.h5"), 2, scene, None)

    def test_info(self):
        summary = self.merged(FAITHFUL, "-k", 4)
        found = json.loads(self.succeed("info", self.path("model.h5"), "--json").stdout)
        self.assertEqual(found["merges"], summary["merges"])
        self.assertEqual(found["merge_entropy"], summary["merge_entropy"])
        self.assertEqual(found["attributes"]["n_clusters_suggested"], summary["n_clusters_suggested"])
        a, b = summary["merges"][0]
        for text in (self.succeed("info", self.path("model.h5")).stdout, self.succeed(
                "fit", FAITHFUL, "-k", 4, "--merge", "entropy", "-o", self.path("model.h5")).stdout):
            self.assertIn(f"merged by entropy: {summary['n_clusters_suggested']} clusters suggested", text)
            self.assertRegex(text, rf"\n +4 +{summary['merge_entropy'][3]:.6g}  {a} and {b}\n")
            self.assertRegex(text, r"\n +1 +0\n")
        self.write("start.json", json.dumps(found))
        self.succeed("fit", FAITHFUL, "-k", 4, "--init", self.path("start.json"), "--max-iter", 0, "-o", self.path("next.h5"))

    def test_refused(self):
        self.fail_with(64, "--merge: .*entropy", "fit", FAITHFUL, "-k", 2, "--merge", "distance", "-o", self.path("model.h5"))
        self.merged(FAITHFUL, "-k", 3)
        for n in (0, -1, "two", 4):
            self.fail_with(64, "--clusters: ", "predict", self.path("model.h5"), FAITHFUL, f"--clusters={n}", "-o", self.path("out.h5"))
        for name, change in (("merges", lambda file: file["merges"].write_direct(numpy.array([[0, 1], [1, 2]]))),
                             ("merge_entropy", lambda file: file["merge_entropy"].write_direct(numpy.array([0, numpy.nan, 1]))),
                             ("merges", lambda file: file.__delitem__("merges"))):
            shutil.copy(self.path("model.h5"), self.path("damaged.h5"))
            with h5py.File(self.path("damaged.h5"), "r+") as file:
                change(file)
            for words in (("info", self.path("damaged.h5")),
                          ("predict", self.path("damaged.h5"), FAITHFUL, "--clusters", 2, "-o", self.path("out.h5"))):
                self.fail_with(65, f"damaged.h5: .*{name}", *words)
        with h5py.File(self.path("damaged.h5"), "r+") as file:
            del file["merge_entropy"]
            file["merge_entropy"] = numpy.zeros(5)
        self.fail_with(65, "merge_entropy is of 5 clusters, but 3 components", "info", self.path("damaged.h5"))


if __name__ == "__main__":
    unittest.main()
