# SPDX-License-Identifier: BSD-3-Clause
"""Features by name: what a fit starts from and what predict is given, in any order of columns, against numpy; and what is
said where a feature is missing, there twice, or written otherwise."""

import json
import os
import signal
import subprocess
import time
import unittest

import h5py
import numpy

import mixtures
from fits import FitCase
from harness import GMMPI

NAMES = ["Age", 'a "b", c', "2", " Body  mass"]
ORDER = [2, 0, 3, 1]
PLAIN = ("--max-iter", 0, "-q")


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def start(family="full"):
    generator = numpy.random.default_rng(3)
    factors = generator.standard_normal((3, 4, 4))
    full = factors @ factors.swapaxes(1, 2) + numpy.eye(4)
    covariances = {"full": full, "tied": full[0], "diag": generator.uniform(0.5, 4, (3, 4)), "spherical": [0.5, 2, 3]}
    return mixtures.Mixture([0.5, 0.2, 0.3], generator.normal(0, 4, (3, 4)), covariances[family], NAMES, family)


class Names(FitCase):
    def setUp(self):
        super().setUp()
        self.points = numpy.random.default_rng(4).normal(0, 4, (300, 4))

    def table(self, name, names, columns, points=None):
        points = self.points if points is None else points
        lines = [",".join(map(quoted, names))] + [",".join(map(repr, map(float, row))) for row in points[:, columns]]
        return self.write(name, "\n".join(lines) + "\n")

    def sorted_table(self, name="new.csv"):
        return self.table(name, [NAMES[j] for j in ORDER], ORDER)

    def check(self, mixture, data, init, order, *options, ranks=None):
        """The start as it is, with its features in this order, and its log-likelihood by numpy."""
        summary = self.fit(data, "-k", 3, "--covariance", mixture.family, "--init", init, *PLAIN, *options, ranks=ranks)
        self.assertAlmostEqual(summary["mean_log_likelihood"], mixture.log_density(self.points).mean(), delta=1e-11)
        model = self.model()
        self.assertEqual(list(model["feature_names"]), [NAMES[j] for j in order])
        numpy.testing.assert_array_equal(model["means"], mixture.means[:, order])
        expected = mixture.covariances
        if mixture.family in ("full", "tied"):
            expected = expected[..., order, :][..., order]
        elif mixture.family == "diag":
            expected = expected[:, order]
        numpy.testing.assert_allclose(model["covariances"], expected, rtol=1e-15)

    def test_start_in_another_order(self):
        """From HDF5 and JSON, of each family; at any number of ranks the same bytes."""
        data = self.sorted_table()
        for family in ("full", "tied", "diag", "spherical"):
            mixture = start(family)
            self.check(mixture, data, mixture.write(self.path("start.h5")), ORDER)
        text = self.succeed("info", "--json", self.path("start.h5")).stdout
        self.check(mixture, data, self.write("start.json", text), ORDER)
        mixture = start()
        self.check(mixture, data, mixture.write(self.path("start.h5")), ORDER)
        alone = self.bytes_of("model.h5")
        self.check(mixture, data, self.path("start.h5"), ORDER, ranks=3)
        self.assertEqual(self.bytes_of("model.h5"), alone)

    def test_kinds_of_data(self):
        """Names of HDF5's attribute, of several files, of columns that were picked."""
        mixture = start()
        init = mixture.write(self.path("start.h5"))
        with h5py.File(self.path("new.h5"), "w") as file:
            file["points"] = self.points[:, ORDER]
            file["points"].attrs["feature_names"] = [NAMES[j] for j in ORDER]
        self.check(mixture, self.path("new.h5"), init, ORDER)
        names = [NAMES[j] for j in ORDER]
        self.table("part-1.csv", names, ORDER, self.points[:100])
        self.table("part-2.csv", names, ORDER, self.points[100:])
        self.check(mixture, self.path("part-*.csv"), init, ORDER, ranks=2)
        more = self.table("more.csv", ["id"] + NAMES, [0, 0, 1, 2, 3])
        self.check(mixture, more, init, [3, 2, 1, 0], "--columns", ",".join(quoted(name) for name in NAMES[::-1]))

    def test_positions_without_names(self):
        """Where one side has no names, or only numbers, columns are taken as they come."""
        mixture = start()
        init = mixture.write(self.path("start.h5"))
        expected = mixture.log_density(self.points).mean()
        mixture.names = None
        nameless = mixture.write(self.path("nameless.h5"))
        mixture.names = ["x1", "x2", "x3", "x4"]
        numbered = mixture.write(self.path("numbered.h5"))
        for data, model in ((self.save(self.points), init), (self.table("old.csv", NAMES, [0, 1, 2, 3]), nameless),
                            (self.path("old.csv"), numbered)):
            summary = self.fit(data, "-k", 3, "--init", model, *PLAIN)
            self.assertAlmostEqual(summary["mean_log_likelihood"], expected, delta=1e-11)

    def refuse(self, pattern, data, *options, ranks=None):
        self.fail_with(65, pattern, "fit", data, "-k", 3, "--init", self.path("start.h5"), "-o", self.path("m.h5"), *options,
                       ranks=ranks)

    def test_refused_starts(self):
        start().write(self.path("start.h5"))
        other = self.table("other.csv", ["Age", "height", "2", "weight"], [0, 1, 2, 3])
        self.refuse(r'other\.csv: .*start\.h5.*"a "b", c", " Body  mass" are missing', other, ranks=2)
        cased = self.table("cased.csv", ["age"] + NAMES[1:], [0, 1, 2, 3])
        self.refuse('"Age" is missing .*did you mean "age"', cased)
        blanks = self.table("blanks.csv", NAMES[:3] + ["Body_mass"], [0, 1, 2, 3])
        self.refuse('" Body  mass" is missing .*did you mean "Body_mass"', blanks)
        more = self.table("more.csv", ["id"] + NAMES + ["score"], [0, 0, 1, 2, 3, 1])
        self.refuse('more.csv: has 6 features.*without "id", "score"; leave them out with --columns', more)
        self.refuse('"2" is missing', more, "--columns", "Age," + quoted(NAMES[1]) + "," + quoted(NAMES[3]))
        twice = self.table("twice.csv", NAMES + ["Age"], [3, 1, 2, 0, 0])
        self.refuse('columns 1 and 5 are both named "Age"', twice, ranks=2)
        self.refuse('columns 5 and 1 are both named "Age"', twice, "--columns", "5,1-4")

    def test_names_that_stand_twice_on_both_sides(self):
        """The same file again is the same features again."""
        data = self.table("twice.csv", ["a", "a", "b"], [0, 1, 2])
        first = self.fit(data, "-k", 2, "-q")
        again = self.summary("fit", data, "-k", 2, "--init", self.path("model.h5"), *PLAIN, "-o", self.path("again.h5"))
        self.assertEqual(again["log_likelihood"], first["log_likelihood"])
        self.succeed("predict", self.path("model.h5"), data, "-o", self.path("out.csv"))
        turned = self.table("turned.csv", ["b", "a", "a"], [2, 0, 1])
        for words in (("fit", turned, "-k", 2, "--init", self.path("model.h5")), ("predict", self.path("model.h5"), turned)):
            self.fail_with(65, 'both named "a"', *words, "-o", self.path("m.csv"))

    def test_predict(self):
        """In any order, also of what --columns picks; what is missing or there twice is named, among text columns too."""
        mixture = start()
        model = mixture.write(self.path("start.h5"))
        expected = mixture.log_density(self.points).mean()
        out = ("-o", self.path("out.h5"))
        data = self.sorted_table()
        given = ",".join(quoted(name) for name in NAMES[::-1])
        for options in ((), ("--columns", given)):
            run = self.succeed("predict", model, data, *out, "--json", *options, ranks=2)
            self.assertEqual(run.stderr, "")
            self.assertAlmostEqual(json.loads(run.stdout)["mean_log_likelihood"], expected, delta=1e-11)
        text = self.write("text.csv", 'who,Age,"a ""b"", c"," Body  mass"\nx,1,2,3\ny,2,3,4\n')
        self.fail_with(65, r'text\.csv.*"who".*start\.h5.*"2" is missing', "predict", model, text, *out, ranks=2)
        twice = self.table("twice.csv", NAMES + ["2"], [3, 1, 2, 0, 0])
        self.fail_with(65, 'columns 3 and 5 are both named "2"', "predict", model, twice, *out)
        self.fail_with(65, 'has 3 features, .*"Age" is missing', "predict", model, twice, "--columns", "2-4", *out)
        lower = self.table("lower.csv", [name.lower() for name in NAMES], [0, 1, 2, 3])
        self.fail_with(65, 'did you mean "age" by "Age"', "predict", model, lower, *out)

    def test_a_restart(self):
        """Starts that differ in their names alone are told apart by checkpoints."""
        mixture = start()
        mixture.write(self.path("start.h5"))
        mixture.names = NAMES[::-1]
        mixture.write(self.path("other.h5"))
        data = self.sorted_table()
        words = ["fit", data, "-k", "3", "--tol", "0", "--checkpoint-every", "1", "-q", "-o", self.path("m.h5"),
                 "--max-iter", str(10**9)]
        job = subprocess.Popen([GMMPI, *words, "--init", self.path("start.h5")])
        while not os.path.exists(self.path("m.h5.checkpoint")):
            self.assertIsNone(job.poll())
            time.sleep(0.01)
        job.send_signal(signal.SIGTERM)
        self.assertEqual(job.wait(), 75)
        words += ["--restart", "auto", "--max-iter", "1"]
        self.fail_with(65, "content of --init", *words, "--init", self.path("other.h5"))
        self.succeed(*words, "--init", self.path("start.h5"), ranks=2)
        self.assertGreater(self.model("m.h5")["n_iter"], 0)

    def test_weights_that_do_not_sum_to_one(self):
        """A warning says the sum, from HDF5 and from JSON; the weights are divided by it."""
        mixture = start()
        data = self.sorted_table()
        for factor, said in ((0.9, "0.9"), (1 + 2e-6, "1.000002"), (1 + 2e-7, None)):
            shares = mixture.weights
            mixture.weights = factor * shares
            mixture.write(self.path("start.h5"))
            mixture.weights = shares
            parameters = {"weights": (factor * shares).tolist(), "means": mixture.means.tolist(),
                          "covariances": mixture.covariances.tolist(), "feature_names": NAMES}
            self.write("start.json", json.dumps(parameters))
            for name in ("start.h5", "start.json"):
                run = self.succeed("fit", data, "-k", 3, "--init", self.path(name), *PLAIN, "--json", "-o", self.path("m.h5"))
                about = [line for line in run.stderr.splitlines() if "weights" in line]
                self.assertEqual(len(about), 0 if said is None else 1, run.stderr)
                if said is not None:
                    self.assertRegex(about[0], rf"^gmmpi warning: .*{name}: its weights sum to {said},")
                summary = json.loads(run.stdout)
                self.assertAlmostEqual(summary["mean_log_likelihood"], mixture.log_density(self.points).mean(), delta=1e-11)


if __name__ == "__main__":
    unittest.main()
