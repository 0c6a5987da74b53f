# SPDX-License-Identifier: BSD-3-Clause
"""A mixture for each group (fit --by, --by-index): to the last bit what gmmpi fit makes of each group's rows alone."""

import csv
import json
import os
import signal
import unittest

import h5py
import numpy

import harness
from running import Running, holding

SIZES = {-4: 1, 7: 60, 10: 130, 11: 64, 25: 900, 1000: 257}  # keys and rows: the first group is too small
FACTS = ("n_samples", "n_components", "log_likelihood", "n_iter", "converged", "status")
FAST = ("--no-coarse-to-fine", "--tol", "1e-3")


def scattered():
    """Keys and rows of all groups, well mixed; and whole numbers as weights."""
    draw = numpy.random.default_rng(5)
    keys = draw.permutation(numpy.repeat(list(SIZES), list(SIZES.values())))
    centres = {key: 4 * draw.normal(size=(3, 2)) for key in SIZES}
    rows = numpy.array([centres[key][draw.integers(3)] for key in keys]) + draw.normal(size=(keys.size, 2))
    return keys, rows, draw.integers(1, 4, size=keys.size)


class Groups(harness.Case):
    def setUp(self):
        super().setUp()
        self.keys, self.rows, self.weights = scattered()
        self.data = self.path("all.npy")
        numpy.save(self.data, numpy.column_stack([self.rows, self.keys, self.weights]))

    def by(self, *words, name="groups.h5", ranks=None, data=None, keys=("--by", 3), columns=("--columns", "1,2")):
        self.succeed("fit", data or self.data, *keys, *columns, "-q", *words, "-o", self.path(name), ranks=ranks)
        return self.read(name)

    def read(self, name):
        with h5py.File(self.path(name)) as file:
            return {**dict(file.attrs), **{key: file[key][...] for key in file}}

    def alone(self, key, *words):
        """What gmmpi fit makes of the group's rows: its arrays and facts, or its status and message."""
        own = self.keys == key
        path = self.path(f"group{key}.npy")
        numpy.save(path, numpy.column_stack([self.rows, self.keys, self.weights])[own])
        run = harness.gmmpi("fit", path, "--columns", "1,2", "-q", *words, "-o", self.path("alone.h5"))
        return self.read("alone.h5") if run.returncode == 0 else (run.returncode, run.stderr)

    def compare(self, groups, g, alone):
        """Every array of the model alone, to the last bit, behind which come padded components."""
        if isinstance(alone, tuple):
            self.assertEqual((groups["status"][g], groups["n_components"][g]), (alone[0], 0))
            self.assertTrue(numpy.isnan(groups["means"][g]).all() and not groups["weights"][g].any())
            return
        names = [name for name in alone if isinstance(alone[name], numpy.ndarray) and name in groups and name not in FACTS
                 and name != "feature_names"]
        self.assertTrue({"weights", "means", "covariances"} <= set(names))
        for name in names:
            stacked = groups[name][g]
            if stacked.shape != alone[name].shape:
                K = int(groups["n_components"][g])
                self.assertTrue(numpy.isnan(stacked[K:]).all() if name != "weights" else not stacked[K:].any())
                stacked = stacked[:K]
            self.assertEqual(stacked.tobytes(), alone[name].tobytes(), name)
        for name in ("n_samples", "n_components", "log_likelihood", "n_iter", "converged"):
            if name in alone:
                self.assertEqual(groups[name][g], alone[name], name)
        remarks = [text for group, kind, text in groups["events"] if group == g]
        self.assertEqual([text.decode() for text in remarks], list(alone.get("events", [])))

    def check_options(self, *words, sample=tuple(SIZES), ranks=None):
        groups = self.by(*words, ranks=ranks)
        self.assertEqual(list(groups["keys"]), sorted(SIZES))
        self.assertEqual(list(groups["n_samples"]), [SIZES[key] for key in sorted(SIZES)])
        for key in sample:
            self.compare(groups, list(groups["keys"]).index(key), self.alone(key, *words))
        return groups

    def test_each_group_is_what_it_is_alone(self):
        self.by("-k", 3, *FAST)
        whole = self.bytes_of("groups.h5")
        groups = self.check_options("-k", 3, *FAST, ranks=3)
        self.assertEqual(self.bytes_of("groups.h5"), whole)
        self.assertEqual(list(groups["status"]), [65, 0, 0, 0, 0, 0])
        group, kind, text = groups["events"][0]
        self.assertEqual((group, kind), (0, b"failed"))
        self.assertIn(b"3 components are too many for 1 point", text)
        self.assertEqual((groups["groups"], groups["n_failed"], groups["n_converged"]), (6, 1, 5))

    def test_other_options(self):
        few = (11, 1000)
        self.check_options("-k", 2, "--covariance", "VEI", "--n-init", 2, *FAST, sample=few)
        self.check_options("-k", 2, "--covariance", "tied", "--distribution", "t", "--noise", *FAST, sample=few)
        self.check_options("-k", 3, "--method", "vb", "--precision", "single", sample=few, ranks=2)
        self.check_options("-k", 2, "--weights", 4, "--weights-sum", "n", "--method", "map", *FAST, sample=few)
        self.check_options("-k", 2, "--max-iter", 3, sample=(7,))  # with the search for a start

    def test_start_from_a_model(self):
        start = self.path("start.h5")
        self.succeed("fit", self.data, "--columns", "1,2", "-k", 2, "--max-iter", 1, "-q", "-o", start)
        self.check_options("-k", 2, "--init", start, *FAST, sample=(7, 25))
        self.check_options("--method", "adapt", "--from", start, sample=(-4, 25))

    def test_number_of_components_by_a_criterion(self):
        """Of fits with 1 to 3 components each group has the one of the lowest BIC; those that are impossible do not count."""
        groups = self.by("-k", "1:3", "--criterion", "bic", *FAST, ranks=2)
        chosen = []
        for g, key in enumerate(sorted(SIZES)):
            fits = [self.alone(key, "-k", K, *FAST) for K in (1, 2, 3)]
            best = min((fit for fit in fits if not isinstance(fit, tuple)), key=lambda fit: fit["bic"])
            self.compare(groups, g, best)
            chosen.append(int(best["n_components"]))
        self.assertEqual(list(groups["n_components"]), chosen)
        self.assertGreater(len(set(chosen)), 1)
        self.assertEqual((groups["least_components"], groups["criterion"]), (1, "bic"))
        self.assertNotIn("criterion", self.by("-k", 2, *FAST))

    def test_keys(self):
        """Numbers, texts, a file, and offsets of sorted rows name the same groups."""
        expected = self.by("-k", 2, *FAST)
        order = numpy.argsort(self.keys, kind="stable")
        sorted_keys = sorted(SIZES)
        ends = numpy.cumsum([SIZES[key] for key in sorted_keys])
        numpy.save(self.path("sorted.npy"), self.rows[order])
        numpy.save(self.path("offsets.npy"), numpy.concatenate([[0], ends]))
        numpy.save(self.path("starts.npy"), numpy.concatenate([[0], ends[:-1]]))
        numpy.save(self.path("keys.npy"), self.keys + 0.5)
        numpy.save(self.path("rows.npy"), self.rows)
        names = {key: f"cell {chr(97 + i)}" for i, key in enumerate(sorted_keys)}
        lines = [f"{a!r},{b!r},{names[key]}\n" for (a, b), key in zip(self.rows.tolist(), self.keys.tolist())]
        text = self.write("text.csv", "a,b,cell\n" + "".join(lines) + "1,2,\n")
        ways = {"offsets": ("sorted.npy", ("--by-index", self.path("offsets.npy")), range(6)),
                "starts": ("sorted.npy", ("--by-index", self.path("starts.npy")), range(6)),
                "file": ("rows.npy", ("--by", self.path("keys.npy")), [key + 0.5 for key in sorted_keys]),
                "text": ("text.csv", ("--by", "cell"), [names[key].encode() for key in sorted_keys])}
        self.assertTrue(os.path.exists(text))
        for way, (data, keys, expected_keys) in ways.items():
            found = self.by("-k", 2, *FAST, name="way.h5", data=self.path(data), keys=keys, columns=(), ranks=2)
            self.assertEqual(list(found["keys"]), list(expected_keys), way)
            for name in ("weights", "means", "covariances", "log_likelihood", "n_iter", "status", "events"):
                self.assertEqual(found[name].tobytes(), expected[name].tobytes(), f"{way}: {name}")
        self.assertEqual(found["n_without_group"], 1)

    def test_predict_and_sample(self):
        """Each point by its group's model, as gmmpi predict says it of that model; and points from each of them."""
        self.by("-k", 2, "--noise", *FAST)
        keys = self.keys.copy()
        keys[:3] = 12345
        numpy.save(self.path("new.npy"), numpy.column_stack([self.rows, keys]))
        words = ("--responsibilities", "--log-density", "-q")
        self.succeed("predict", self.path("groups.h5"), self.path("new.npy"), "--by", 3, *words, "-o", self.path("p.h5"), ranks=3)
        several = self.bytes_of("p.h5")
        self.succeed("predict", self.path("groups.h5"), self.path("new.npy"), "--by", 3, *words, "-o", self.path("p.h5"))
        self.assertEqual(self.bytes_of("p.h5"), several)
        found = self.read("p.h5")
        without = (keys == 12345) | (keys == -4)
        self.assertTrue((found["labels"][without] == -2).all() and numpy.isnan(found["log_density"][without]).all())
        self.assertTrue(numpy.isnan(found["responsibilities"][without]).all())
        for key in (7, 25):
            self.alone(key, "-k", 2, "--noise", *FAST)
            own = keys == key
            numpy.save(self.path("own.npy"), self.rows[own])
            self.succeed("predict", self.path("alone.h5"), self.path("own.npy"), *words, "-o", self.path("one.h5"))
            for name, expected in self.read("one.h5").items():
                self.assertEqual(found[name][own].tobytes(), expected.tobytes(), f"{key}: {name}")

        self.succeed("sample", self.path("groups.h5"), "--by", "-n", 500, "-q", "-o", self.path("s.csv"), ranks=2)
        with open(self.path("s.csv"), newline="") as file:
            drawn = list(csv.DictReader(file))
        self.assertEqual([int(row["key"]) for row in drawn], [key for key in sorted(SIZES) if key != -4 for _ in range(500)])
        groups = self.read("groups.h5")
        for i, g in enumerate(range(1, 6)):  # no background: its points are anywhere
            x = numpy.array([[float(row["x1"]), float(row["x2"])] for row in drawn[500 * i:500 * i + 500] if row["label"] != "-1"])
            share = groups["weights"][g] / groups["weights"][g].sum()
            mean = share @ groups["means"][g]
            spread = numpy.sqrt(share @ (groups["means"][g] ** 2 + numpy.diagonal(groups["covariances"][g], axis1=1, axis2=2)) - mean**2)
            self.assertTrue((abs(x.mean(axis=0) - mean) < 5 * spread / len(x) ** 0.5).all())

    def test_info_and_summary(self):
        run = self.succeed("fit", self.data, "--by", 3, "--columns", "1,2", "-k", 3, *FAST, "--json", "-o", self.path("groups.h5"), ranks=2)
        summary = json.loads(run.stdout)
        self.assertEqual((summary["n_groups"], summary["n_failed"], summary["n_converged"]), (6, 1, 5))
        groups = self.read("groups.h5")
        self.assertEqual(summary["iterations"], groups["n_iter"].sum())
        self.assertRegex(summary["warnings"][0], r"^1 of 6 groups could not be fitted: -4 \(3 components are too many")
        info = self.summary("info", self.path("groups.h5"))
        self.assertEqual((info["kind"], info["groups"], info["largest_group"], info["first_key"]), ("models of groups", 6, 900, "-4"))

    def test_damaged_file(self):
        self.by("-k", 2, *FAST)
        content = bytearray(self.bytes_of("groups.h5"))
        content[len(content) // 2] ^= 1
        with open(self.path("damaged.h5"), "wb") as file:
            file.write(content)
        self.fail_with(65, "is damaged", "sample", self.path("damaged.h5"), "--by", "-n", 1, "-o", self.path("s.h5"))

    def test_dropped_rows(self):
        """Rows with missing values are left out of their groups; one that has no other rows fails, the rest are the same."""
        expected = self.by("-k", 2, *FAST)
        rows = numpy.column_stack([self.rows, self.keys, self.weights]).astype(float)
        holes = numpy.column_stack([numpy.full((2, 3), numpy.nan), numpy.ones(2)])
        holes[:, 2] = [7, 2000]
        numpy.save(self.path("holes.npy"), numpy.concatenate([holes, rows]))
        self.fail_with(65, "2 of|4 values are missing", "fit", self.path("holes.npy"), "--by", 3, "--columns", "1,2", "-k", 2,
                       "-o", self.path("x.h5"))
        found = self.by("-k", 2, *FAST, "--missing", "drop", data=self.path("holes.npy"), ranks=2)
        self.assertEqual(found["means"][:6].tobytes(), expected["means"].tobytes())
        self.assertEqual((found["keys"][6], found["status"][6], found["n_dropped"]), (2000, 65, 2))

    def test_numbers_that_are_one_as_doubles(self):
        self.write("large.csv", "a,b,cell\n" + "".join(f"{row},{row % 5},{2**53 + row % 2}\n" for row in range(40)))
        found = self.by("-k", 1, *FAST, data=self.path("large.csv"), keys=("--by", "cell"), columns=())
        self.assertEqual(found["keys"].tolist(), [b"9007199254740992", b"9007199254740993"])
        self.assertEqual(found["n_samples"].tolist(), [20, 20])

    def test_restart(self):
        """Stopped, or killed, between groups: going on, with any number of ranks, gives the same bytes."""
        words = ("fit", self.data, "--by", 3, "--columns", "1,2", "-k", 2, *FAST, "-q", "-o", self.path("m.h5"), "--checkpoint-every", 1)
        self.succeed(*words)
        expected = self.bytes_of("m.h5")
        checkpoint = self.path("m.h5.checkpoint")
        self.assertFalse(os.path.exists(checkpoint))
        for number, ranks in ((signal.SIGTERM, 2), (signal.SIGKILL, None)):
            os.remove(self.path("m.h5"))
            environment = dict(os.environ, **holding("m.h5.checkpoint", "write", skip=2))
            job = Running(harness.command(None, *words), environment, self.path("errors"))
            pid = job.until_held()
            os.kill(pid, number)
            job.let_go(pid)
            self.assertEqual(job.wait(), 75 if number == signal.SIGTERM else -number)
            done = self.summary("info", checkpoint)
            self.assertEqual(done["groups"], 6)
            self.assertIn(done["groups_done"], (2, 3))
            if number == signal.SIGTERM:
                self.assertRegex(job.errors(), r"stopped by SIGTERM after \d of 6 groups; go on with --restart auto")
                self.fail_with(65, "was made with another --components", *words, "-k", 3, "--restart", checkpoint, "-o", self.path("other.h5"))
                self.fail_with(65, "was made for other data", *words, "--columns", "1,4", "--restart", checkpoint, "-o", self.path("other.h5"))
            self.succeed(*words, "--restart", "auto", ranks=ranks)
            self.assertEqual(self.bytes_of("m.h5"), expected)
            self.assertFalse(os.path.exists(checkpoint))

    def test_refusals(self):
        words = ("fit", self.data, "--by", 3, "-o", self.path("m.h5"))
        self.fail_with(64, "leave one of them away", *words, "-k", 2, "--by-index", self.data)
        self.fail_with(64, "--known-labels", *words, "-k", 2, "--known-labels", 4)
        self.fail_with(64, "gmmpi predict --by", *words, "-k", 2, "--labels", self.path("l.h5"))
        self.fail_with(64, "a range needs a criterion.*; give --criterion", *words, "-k", "1:3")
        self.fail_with(64, "does not ascend", *words, "-k", "3:3", "--criterion", "bic")
        self.fail_with(64, "no maximum of a likelihood", *words, "-k", "1:3", "--criterion", "icl", "--method", "vb")
        self.fail_with(64, "a range is for the groups of --by", "fit", self.data, "-k", "1:3", "-o", self.path("m.h5"))
        self.fail_with(65, "neither a column of it nor a file", "fit", self.data, "--by", "none", "-k", 2, "-o", self.path("m.h5"))
        self.fail_with(65, "none of 6 groups could be fitted", *words, "-k", 5000)
        self.fail_with(65, "row 2: -1 is no beginning", "fit", self.data, "--by-index", self.write("o.csv", "0\n-1\n9\n"), "-k", 2, "-o", self.path("m.h5"))
        offsets = self.write("o.csv", "0\n9\n")
        self.fail_with(64, "o.csv would overwrite", "fit", self.data, "--by-index", offsets, "-k", 2, "-o", offsets)
        self.assertEqual(self.bytes_of("o.csv"), b"0\n9\n")
        numpy.save(self.path("large.npy"), numpy.full(len(self.keys), 2.0**53))
        self.fail_with(65, "too large to be told from others", "fit", self.data, "--by", self.path("large.npy"), "-k", 2, "-o", self.path("m.h5"))
        self.fail_with(71, "must fit into memory", *words, "-k", 2, "--memory-limit", "10M")
        self.by("-k", 2, *FAST)
        self.fail_with(65, "give --by", "predict", self.path("groups.h5"), self.data, "-o", self.path("p.h5"))
        self.fail_with(65, "give --by", "sample", self.path("groups.h5"), "-n", 3, "-o", self.path("p.h5"))
        self.alone(7, "-k", 2, *FAST)
        self.fail_with(65, "no models of groups", "sample", self.path("alone.h5"), "--by", "-n", 3, "-o", self.path("p.h5"))
        self.fail_with(64, "--by goes with", "predict", self.path("groups.h5"), self.data, "--by", 3, "--outlier-weights", "-o", self.path("p.h5"))


if __name__ == "__main__":
    unittest.main()
