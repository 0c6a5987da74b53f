"""gmmpi fit as users see it: closed forms, starts, collapses, summary, model file, errors."""

import csv
import json
import os
import unittest

import h5py
import numpy

from harness import MALL, Case

PAIR = ("--columns", "Annual Income (k$),Spending Score (1-100)")


def log_density(x, weights, means, covariances):
    """log p(x) for full covariances, from numpy's own inverse and determinant."""
    terms = []
    for weight, mean, covariance in zip(weights, means, covariances):
        if weight == 0:
            continue
        y = x - mean
        distance = numpy.einsum("ij,jk,ik->i", y, numpy.linalg.inv(covariance), y)
        terms.append(numpy.log(weight) - 0.5 * (distance + numpy.linalg.slogdet(covariance)[1] + x.shape[1] * numpy.log(2 * numpy.pi)))
    terms = numpy.array(terms)
    top = terms.max(axis=0)
    return top + numpy.log(numpy.exp(terms - top).sum(axis=0))


class Fit(Case):
    def fit(self, *arguments, **options):
        return self.summary("fit", *arguments, "-o", self.path("model.h5"), **options)

    def save(self, x, name="points.npy"):
        numpy.save(self.path(name), numpy.asarray(x, dtype=float))
        return self.path(name)

    def model(self, name="model.h5"):
        with h5py.File(self.path(name)) as file:
            content = {key: file[key][...] for key in ("weights", "means", "covariances", "precisions_cholesky")}
            content.update(file.attrs)
            return content

    def mall(self):
        with open(MALL, newline="") as file:
            return numpy.array([[float(row[3]), float(row[4])] for row in list(csv.reader(file))[1:]])

    # --- closed forms -------------------------------------------------------------------------------------------------

    def test_one_component_is_mean_and_covariance(self):
        x = self.mall()
        for covariance, expected in (("full", numpy.cov(x.T, bias=True)), ("tied", numpy.cov(x.T, bias=True)),
                                     ("diag", x.var(axis=0)), ("spherical", x.var(axis=0).mean())):
            with self.subTest(covariance=covariance):
                summary = self.fit(MALL, *PAIR, "-k", 1, "--reg-covar", 0.25, "--covariance", covariance)
                model = self.model()
                ridge = 0.25 * numpy.eye(2) if covariance in ("full", "tied") else 0.25
                numpy.testing.assert_allclose(model["means"][0], x.mean(axis=0), rtol=1e-14)
                numpy.testing.assert_allclose(numpy.squeeze(model["covariances"]), expected + ridge, rtol=1e-13)
                numpy.testing.assert_allclose(model["weights"], [1.0])
                self.assertTrue(summary["converged"])
                self.assertEqual(summary["n_parameters"], {"full": 5, "tied": 5, "diag": 4, "spherical": 3}[covariance])

    def test_log_likelihood_and_criteria(self):
        summary = self.fit(MALL, *PAIR, "-k", 3, ranks=2)
        model = self.model()
        x = self.mall()
        density = log_density(x, model["weights"], model["means"], model["covariances"])
        self.assertAlmostEqual(summary["log_likelihood"], density.sum(), delta=1e-9 * abs(density.sum()))
        self.assertAlmostEqual(summary["mean_log_likelihood"], density.mean(), delta=1e-11)
        parameters = 2 + 3 * 2 + 3 * 3
        self.assertEqual(summary["n_parameters"], parameters)
        self.assertAlmostEqual(summary["bic"], -2 * density.sum() + parameters * numpy.log(200), places=6)
        self.assertAlmostEqual(summary["aic"], -2 * density.sum() + parameters * 2, places=6)
        shares = []
        for weight, mean, covariance in zip(model["weights"], model["means"], model["covariances"]):
            shares.append(log_density(x, [weight], [mean], [covariance]) - density)
        self.assertAlmostEqual(summary["icl"], summary["bic"] - 2 * numpy.max(shares, axis=0).sum(), places=6)

    def test_change_of_units_changes_nothing(self):
        """From one start, nothing but rounding; a search has starts in raw coordinates, too, but ends in the same optimum."""
        x = self.mall()
        for options, difference in ((("--no-coarse-to-fine",), 1e-7), ((), 200 * 1e-6)):
            with self.subTest(options=options):
                plain = self.fit(self.save(x), "-k", 4, "--reg-covar", 0, *options)
                scaled = self.fit(self.save(x * [1e-4, 1e5]), "-k", 4, "--reg-covar", 0, *options)
                if options:
                    self.assertEqual(plain["n_iter"], scaled["n_iter"])
                self.assertAlmostEqual(plain["log_likelihood"], scaled["log_likelihood"] + 200 * numpy.log(10.0), delta=difference)

    # --- iterations ---------------------------------------------------------------------------------------------------

    def log_rows(self, name="log.csv"):
        with open(self.path(name), newline="") as file:
            return list(csv.DictReader(file))

    def test_log_and_limits(self):
        plain = ("--accelerate", "none", "--no-coarse-to-fine")
        summary = self.fit(MALL, *PAIR, "-k", 3, "--log", self.path("log.csv"), *plain, ranks=2)
        rows = self.log_rows()
        self.assertEqual([int(row["iteration"]) for row in rows], list(range(summary["n_iter"] + 1)))
        self.assertEqual(summary["n_passes"], summary["n_iter"] + 1)
        means = [float(row["mean_log_likelihood"]) for row in rows]
        for before, row, mean in zip(means, rows[1:], means[1:]):
            self.assertAlmostEqual(float(row["change"]), mean - before, delta=1e-12)
            self.assertGreater(float(row["change"]), -1e-12)
        self.assertLess(abs(float(rows[-1]["change"])), 1e-6)
        self.assertGreaterEqual(abs(float(rows[-2]["change"])), 1e-6)
        self.assertEqual(float(rows[-1]["log_likelihood"]), summary["log_likelihood"])

        limited = self.fit(MALL, *PAIR, "-k", 3, "--max-iter", 2, *plain)
        self.assertEqual((limited["n_iter"], limited["converged"]), (2, False))
        self.assertEqual(limited["log_likelihood"], float(rows[2]["log_likelihood"]))
        endless = self.fit(MALL, *PAIR, "-k", 3, "--tol", 0, "--max-iter", 60)
        self.assertEqual((endless["n_iter"], endless["converged"]), (60, False))

    def test_no_iteration_measures_the_start(self):
        start = {"weights": [2, 2], "means": [[40, 40], [80, 60]], "covariances": [numpy.eye(2).tolist()] * 2}
        self.write("start.json", json.dumps(start))
        summary = self.fit(MALL, *PAIR, "-k", 2, "--init", self.path("start.json"), "--max-iter", 0)
        model = self.model()
        numpy.testing.assert_array_equal(model["weights"], [0.5, 0.5])
        numpy.testing.assert_array_equal(model["means"], start["means"])
        numpy.testing.assert_array_equal(model["covariances"], start["covariances"])
        expected = log_density(self.mall(), [0.5, 0.5], numpy.array(start["means"]), numpy.array(start["covariances"])).sum()
        self.assertAlmostEqual(summary["log_likelihood"], expected, delta=1e-10 * abs(expected))

    def test_random_from_data(self):
        self.fit(MALL, *PAIR, "-k", 5, "--init", "random_from_data", "--init-covariance", "identity", "--max-iter", 0)
        model = self.model()
        x = self.mall()
        for mean in model["means"]:
            self.assertTrue((x == mean).all(axis=1).any())
        numpy.testing.assert_array_equal(model["covariances"], [numpy.eye(2)] * 5)
        numpy.testing.assert_allclose(model["weights"], 0.2)
        self.fit(MALL, *PAIR, "-k", 5, "--init", "random_from_data", "--max-iter", 0)
        numpy.testing.assert_allclose(self.model()["covariances"], [numpy.cov(x.T, bias=True)] * 5, rtol=1e-7)

    def test_labels_as_start(self):
        x = self.mall()
        labels = numpy.where(x[:, 0] < 50, 7, -3)
        numpy.savetxt(self.path("labels.txt"), labels, fmt="%d")
        self.fit(MALL, *PAIR, "-k", 2, "--init", self.path("labels.txt"), "--max-iter", 0, "--reg-covar", 0, ranks=3)
        model = self.model()
        for k, label in enumerate((-3, 7)):
            group = x[labels == label]
            self.assertAlmostEqual(model["weights"][k], len(group) / 200, places=14)
            numpy.testing.assert_allclose(model["means"][k], group.mean(axis=0), rtol=1e-13)
            numpy.testing.assert_allclose(model["covariances"][k], numpy.cov(group.T, bias=True), rtol=1e-12)

    def test_model_as_start_goes_on(self):
        plain = ("--accelerate", "none", "--no-coarse-to-fine")
        whole = self.fit(MALL, *PAIR, "-k", 3, "--tol", 0, *plain, "--max-iter", 20)
        self.succeed("fit", MALL, *PAIR, "-k", 3, "--tol", 0, *plain, "--max-iter", 12, "-o", self.path("first.h5"))
        second = self.fit(MALL, *PAIR, "-k", 3, "--tol", 0, *plain, "--max-iter", 8, "--init", self.path("first.h5"))
        self.assertEqual(second["log_likelihood"], whole["log_likelihood"])
        text = self.succeed("info", "--json", self.path("first.h5")).stdout
        third = self.fit(MALL, *PAIR, "-k", 3, "--tol", 0, *plain, "--max-iter", 8, "--init", self.write("first.json", text))
        self.assertAlmostEqual(third["log_likelihood"], whole["log_likelihood"], delta=1e-9 * abs(whole["log_likelihood"]))

    def test_data_far_from_the_origin(self):
        random = numpy.random.default_rng(1)
        x = numpy.concatenate([random.normal(-3, 1, (400, 2)), random.normal(3, 1, (400, 2))])
        near = self.fit(self.save(x), "-k", 2)
        far = self.fit(self.save(x + 2.0 ** 30), "-k", 2)  # the sum is rounded to multiples of 2^-22
        self.assertAlmostEqual(near["log_likelihood"], far["log_likelihood"], delta=1e-3)

    def test_clusters_that_are_tiny_and_far_apart(self):
        random = numpy.random.default_rng(7)
        group = random.integers(0, 3, 900)
        x = (random.normal(size=(3, 5)) * 1e6)[group] + random.normal(size=(900, 5)) * 1e-3
        for reg in (1e-6, 0):
            summary = self.fit(self.save(x), "-k", 3, "--reg-covar", reg)
            self.assertEqual(summary["events"], [])
            # So far apart that each point belongs to its own group alone: a closed form.
            parameters = [(numpy.mean(group == k), x[group == k].mean(axis=0),
                           numpy.cov((x[group == k] - x[group == k].mean(axis=0)).T, bias=True) + reg * numpy.eye(5)) for k in range(3)]
            expected = sum(log_density(x[group == k], *([p] for p in parameters[k])).sum() for k in range(3))
            self.assertAlmostEqual(summary["log_likelihood"], expected, delta=1e-6 * abs(expected))

    def test_one_value_out_of_all_proportion(self):
        x = numpy.random.default_rng(1).normal(size=(1000, 1))
        for huge in (1e9, 1e15, 1e18, 1e37):
            with self.subTest(huge=huge):
                x[0] = huge
                start = {"weights": [0.5, 0.5], "means": [[0], [huge]], "covariances": [1, 1]}
                self.fit(self.save(x), "-k", 2, "--covariance", "spherical", "--init", self.write("start.json", json.dumps(start)), ranks=2)
                self.assertAlmostEqual(self.model()["covariances"][0], x[1:].var() + 1e-6, delta=1e-12)
        x = numpy.random.default_rng(2).normal(size=(900, 4))
        x[:5] = -1e9  # "missing"
        self.fit(self.save(x), "-k", 2)
        model = self.model()
        small = int(numpy.argmin(model["weights"]))
        numpy.testing.assert_allclose(model["means"][small], -1e9)
        numpy.testing.assert_allclose(model["covariances"][1 - small], numpy.cov(x[5:].T, bias=True) + 1e-6 * numpy.eye(4), atol=1e-9)

    # --- collapses ----------------------------------------------------------------------------------------------------

    def assert_sound(self, summary, components):
        model = self.model()
        for key in ("weights", "means", "covariances", "precisions_cholesky"):
            self.assertTrue(numpy.isfinite(model[key]).all(), key)
        self.assertEqual(len(model["weights"]), components)
        self.assertAlmostEqual(model["weights"].sum(), 1.0, places=12)
        self.assertTrue(numpy.isfinite(summary["log_likelihood"]))
        again = self.summary("predict", self.path("model.h5"), self.data, "-o", self.path("labels.h5"))
        self.assertAlmostEqual(again["log_likelihood"], summary["log_likelihood"], delta=1e-9 * abs(summary["log_likelihood"]))

    def test_degenerate_data(self):
        random = numpy.random.default_rng(2)
        x = random.normal(0, 1, (200, 2))
        tables = {
            "identical": numpy.full((200, 3), 7.25),
            "duplicated column": numpy.column_stack([x, x[:, 0]]),
            "constant column": numpy.column_stack([x, numpy.full(200, 1e6)]),
            "two values": numpy.repeat([[0.0, 0.0], [1.0, 1.0]], 100, axis=0),
            "line": numpy.column_stack([x[:, 0], 2 * x[:, 0] + 1e6]),
            "one huge outlier": numpy.vstack([x, [1e12, -1e12]]),
            "tiny": x * 1e-9,
            "huge": x * 1e100,
        }
        for name, table in tables.items():
            self.data = self.save(table)
            for covariance in ("full", "tied", "diag", "spherical"):
                for reg, policy in (("1e-6", "reseed"), ("0", "reseed" if covariance == "full" else "drop")):
                    with self.subTest(table=name, covariance=covariance, reg=reg, policy=policy):
                        summary = self.fit(self.data, "-k", 3, "--covariance", covariance, "--reg-covar", reg,
                                           "--on-collapse", policy, "--max-iter", 50)
                        self.assert_sound(summary, 3)

    def test_far_too_many_components(self):
        random = numpy.random.default_rng(3)
        self.data = self.save(random.normal(0, 1, (60, 2)))
        for components, init, policy in ((30, "kmeans", "drop"), (30, "random", "reseed"), (59, "kmeans", "reseed"),
                                         (59, "k-means++", "drop"), (60, "kmeans", "reseed"), (60, "k-means++", "reseed"),
                                         (60, "random_from_data", "drop"), (60, "random", "drop")):
            with self.subTest(components=components, init=init, policy=policy):
                summary = self.fit(self.data, "-k", components, "--init", init, "--reg-covar", 0, "--max-iter", 30,
                                   "--on-collapse", policy)
                self.assert_sound(summary, components)

    def start_with_a_lost_component(self):
        start = {"weights": [0.5, 0.5], "means": [[60, 50], [1e7, 1e7]], "covariances": [(400 * numpy.eye(2)).tolist(), numpy.eye(2).tolist()]}
        return self.write("lost.json", json.dumps(start))

    def test_policies(self):
        start = self.start_with_a_lost_component()
        arguments = (MALL, *PAIR, "-k", 2, "--init", start)
        reseeded = self.fit(*arguments)
        self.assertEqual(len(reseeded["events"]), 1, reseeded["events"])
        self.assertRegex(reseeded["events"][0], "component 1.*empty.*reseeded")
        self.assertGreater(self.model()["weights"].min(), 0.01)
        x = self.mall()
        one_step = self.fit(*arguments, "--max-iter", 1)
        self.assertEqual(len(one_step["events"]), 1)
        # The point of lowest density under the start, whose first component is round: the one farthest from its mean.
        worst = x[numpy.argmax(((x - [60, 50]) ** 2).sum(axis=1))]
        numpy.testing.assert_array_equal(self.model()["means"][1], worst)

        dropped = self.fit(*arguments, "--on-collapse", "drop")
        self.assertRegex(dropped["events"][0], "component 1.*empty.*dropped")
        numpy.testing.assert_array_equal(self.model()["weights"], [1.0, 0.0])
        numpy.testing.assert_allclose(self.model()["means"][0], x.mean(axis=0), rtol=1e-12)

        run = self.fail_with(65, "component 1 became empty", "fit", *arguments, "--on-collapse", "error", "-o", self.path("none.h5"), ranks=2)
        self.assertFalse(os.path.exists(self.path("none.h5")), run.stderr)

    def test_reseeded_components_are_no_twins(self):
        random = numpy.random.default_rng(4)
        x = numpy.vstack([random.normal(size=(300, 2)), numpy.full((6, 2), 9.0)])
        start = {"weights": [0.2] * 5, "means": [[0, 0], [1, 1], [-1, 1], [1e5, 1e5], [-1e5, 1e5]], "covariances": [numpy.eye(2).tolist()] * 5}
        summary = self.fit(self.save(x), "-k", 5, "--init", self.write("start.json", json.dumps(start)), "--max-iter", 1)
        self.assertEqual(len(summary["events"]), 2)
        self.assertEqual(len(numpy.unique(self.model()["means"].round(9), axis=0)), 5)

    def test_shared_covariance_that_is_not_definite(self):
        x = self.save(numpy.repeat([[0.0, 1.0], [2.0, 3.0], [5.0, -1.0]], 20, axis=0))
        # One k-means start, whose clusters are the three places: a search would look for another model.
        options = ("-k", 3, "--covariance", "tied", "--reg-covar", 0, "--no-coarse-to-fine")
        self.fail_with(65, "positive definite", "fit", x, *options, "--on-collapse", "error", "-o", self.path("m.h5"), ranks=2)
        summary = self.fit(x, *options)
        self.assertRegex(summary["events"][0], "shared covariance")
        self.assertTrue(numpy.linalg.eigvalsh(self.model()["covariances"]).min() > 0)

    def test_events_are_warnings(self):
        run = self.succeed("fit", MALL, *PAIR, "-k", 2, "--init", self.start_with_a_lost_component(), "-o", self.path("m.h5"), ranks=2)
        warnings = [line for line in run.stderr.splitlines() if line.startswith("gmmpi warning: ")]
        self.assertEqual(len([line for line in warnings if "became empty" in line]), 1, run.stderr)

    def test_large_ridge_is_a_warning(self):
        self.save(self.mall() * 1e-4)
        run = self.succeed("fit", self.path("points.npy"), "-k", 2, "-o", self.path("m.h5"))
        self.assertRegex(run.stderr, "gmmpi warning: .*reg-covar")
        run = self.succeed("fit", MALL, *PAIR, "-k", 2, "-o", self.path("m.h5"))
        self.assertNotRegex(run.stderr, "reg-covar")

    # --- outputs ------------------------------------------------------------------------------------------------------

    def test_model_file(self):
        self.fit(MALL, *PAIR, "-k", 3, "--labels", self.path("labels.h5"), ranks=3)
        model = self.model()
        self.assertEqual(list(model["feature_names"]), ["Annual Income (k$)", "Spending Score (1-100)"])
        self.assertEqual(model["covariances"].shape, (3, 2, 2))
        for factor, covariance in zip(model["precisions_cholesky"], model["covariances"]):
            numpy.testing.assert_allclose(factor @ factor.T, numpy.linalg.inv(covariance), rtol=1e-9)
            numpy.testing.assert_array_equal(numpy.tril(factor, -1), 0)
        x = self.mall()
        shares = [log_density(x, [w], [m], [c]) for w, m, c in zip(model["weights"], model["means"], model["covariances"])]
        with h5py.File(self.path("labels.h5")) as file:
            self.assertEqual(file["labels"].dtype, numpy.int32)
            numpy.testing.assert_array_equal(file["labels"][...], numpy.argmax(shares, axis=0))

    def test_summary(self):
        summary = self.fit(MALL, *PAIR, "-k", 3, ranks=2)
        for key in ("n_samples", "n_features", "n_components", "covariance", "converged", "n_iter", "n_passes", "log_likelihood",
                    "mean_log_likelihood", "n_parameters", "bic", "aic", "icl", "events", "seconds", "seconds_per_iteration",
                    "ranks", "threads", "instruction_set", "peak_memory", "output"):
            self.assertIn(key, summary)
        for key in ("read", "init", "e_step", "allreduce", "m_step", "checkpoint"):
            self.assertGreaterEqual(summary["seconds"][key], 0.0)
        self.assertEqual((summary["n_samples"], summary["n_features"], summary["n_components"], summary["ranks"]), (200, 2, 3, 2))
        quiet = self.succeed("fit", MALL, *PAIR, "-k", 2, "-q", "-o", self.path("m.h5"))
        self.assertEqual(quiet.stdout + quiet.stderr, "")
        people = self.succeed("fit", MALL, *PAIR, "-k", 2, "-o", self.path("m.h5"))
        self.assertIn("log-likelihood", people.stdout)
        self.assertFalse(os.path.exists(self.path("m.h5.checkpoint")))

    # --- errors -------------------------------------------------------------------------------------------------------

    def test_sizes(self):
        out = ("-o", self.path("m.h5"))
        self.fail_with(65, "200 points", "fit", MALL, *PAIR, "-k", 201, *out, ranks=2)
        for k in ("0", "-1", "2.5", "many", "", "99999999999999999999"):
            self.fail_with(64, "components", "fit", MALL, *PAIR, "-k", k, *out)
        self.fail_with(64, "-k", "fit", MALL, *PAIR, *out, ranks=2)
        self.assertEqual(self.fit(MALL, *PAIR, "-k", 200, "--max-iter", 1)["n_components"], 200)

    def test_values_out_of_range(self):
        for option, value in (("--tol", "-1"), ("--tol", "nan"), ("--max-iter", "-1"), ("--reg-covar", "-1e-9"), ("--n-init", "0"),
                              ("--seed", "-1"), ("--seed", "x"), ("--covariance", "VVV"), ("--covariance", "round"),
                              ("--on-collapse", "cry"), ("--accelerate", "newton"), ("--missing", "em"), ("--header", "maybe"), ("--precision", "half"),
                              ("--checkpoint-every", "0"), ("--checkpoint-seconds", "-1"), ("--init-covariance", "none")):
            with self.subTest(option=option, value=value):
                self.fail_with(64, option, "fit", MALL, *PAIR, "-k", 2, option, value, "-o", self.path("m.h5"))
        for option in ("--weights", "--prior", "--method",
                       "--noise", "--t-dist", "--nonsense"):
            with self.subTest(option=option):
                self.fail_with(64, option, "fit", MALL, *PAIR, "-k", 2, option, "1", "-o", self.path("m.h5"))

    def test_contradictions(self):
        start = self.write("start.json", json.dumps({"weights": [1], "means": [[0, 0]], "covariances": [[[1, 0], [0, 1]]]}))
        for options in (("-q", "-v"), ("--init-covariance", "identity"), ("--n-init", 2, "--init", start), ("--log", self.path("m.h5")),
                        ("--labels", self.path("m.h5")), ("--restart", "auto", "--checkpoint", "none")):
            with self.subTest(options=options):
                self.fail_with(64, ";", "fit", MALL, *PAIR, "-k", 1, *options, "-o", self.path("m.h5"), ranks=2)
        data = self.save(self.mall())
        before = self.bytes_of("points.npy")
        self.fail_with(64, "overwrite", "fit", data, "-k", 2, "-o", data)
        self.assertTrue(self.bytes_of("points.npy") == before)
        with h5py.File(self.path("points.h5"), "w") as file:
            file["points"] = self.mall()
        before = self.bytes_of("points.h5")
        os.symlink("points.h5", self.path("link.h5"))
        for output in ("points.h5", "./points.h5", "link.h5"):
            for option in ("-o", "--labels", "--log"):
                options = (option, output) if option == "-o" else (option, output, "-o", "m.h5")
                self.fail_with(64, "overwrite", "fit", "points.h5:/points", "-k", 2, *options, cwd=self.folder)
        self.assertTrue(self.bytes_of("points.h5") == before)
        self.fail_with(64, "both name", "fit", data, "-k", 2, "-o", "new.h5", "--labels", "./new.h5", cwd=self.folder)

    def test_files_that_are_needed(self):
        """What a fit starts from or goes on from, and the checkpoint before the last one, are no place for outputs."""
        data = self.save(self.mall())
        self.succeed("fit", data, "-k", 2, "-o", self.path("start.h5"), "-q")
        for options in (("-o", "start.h5"), ("-o", "./start.h5"), ("--labels", "start.h5"), ("--log", "start.h5"),
                        ("--checkpoint", "start.h5"), ("--checkpoint", "start.h5", "-o", "start.h5.prev")):
            with self.subTest(options=options):
                self.fail_with(64, "start.h5(.prev)?(; name different files| would overwrite the file to start from; name another file)$",
                               "fit", data, "-k", 2, "--init", "start.h5", *options, cwd=self.folder)
        os.rename(self.path("start.h5"), self.path("x.prev"))
        for option in ("-o", "--labels", "--log"):
            self.fail_with(64, r"both name x\.prev; name different files$", "fit", data, "-k", 2, "--checkpoint", "x", option,
                           "x.prev", cwd=self.folder)
        self.fail_with(64, "-o: x.prev would overwrite the checkpoint to go on from; name another file$", "fit", data, "-k", 2,
                       "--restart", "x.prev", "-o", "x.prev", cwd=self.folder)
        self.fail_with(64, "x.prev would overwrite the data", "fit", "x.prev:/means", "-k", 1, "--checkpoint", "x", "-o", "m.h5",
                       cwd=self.folder)
        self.succeed("info", self.path("x.prev"))

    def test_one_of_everything(self):
        """Where there is one of something, messages say so."""
        one = self.write("one.csv", "3\n")
        two = self.write("two.csv", "1\n2\n")
        self.fail_with(65, "has 1 point, too few for 2 components", "fit", one, "-k", 2, "-o", self.path("m.h5"))
        text = self.succeed("fit", one, "-k", 1, "-o", self.path("m.h5")).stdout
        self.assertRegex(text, r"^1 component, full covariances, fitted to 1 point of 1 feature\n")
        self.assertRegex(text, r"on 1 rank \(")
        self.assertIn("1 point of 1 feature drawn from 1 component ",
                      self.succeed("sample", self.path("m.h5"), "-n", 1, "-o", self.path("s.csv")).stdout)
        self.assertIn(": 1 point, ", self.succeed("predict", self.path("m.h5"), one, "-o", self.path("p.csv")).stdout)
        self.fail_with(65, "has 1 label for 2 points", "fit", two, "-k", 1, "--init", one, "-o", self.path("m.h5"))

    def test_starts_that_do_not_fit(self):
        good = {"weights": [0.5, 0.5], "means": [[0, 0], [9, 9]], "covariances": [numpy.eye(2).tolist()] * 2}
        cases = {
            "not JSON": "{\"weights\": [0.5",
            "no means": json.dumps({"weights": [0.5, 0.5]}),
            "three components": json.dumps(dict(good, weights=[1, 1, 1])),
            "one component": json.dumps({"weights": [1], "means": [[0, 0]], "covariances": [numpy.eye(2).tolist()]}),
            "three features": json.dumps({"weights": [1, 1], "means": [[0, 0, 0]] * 2, "covariances": [numpy.eye(3).tolist()] * 2}),
            "not symmetric": json.dumps(dict(good, covariances=[[[1, 0.5], [0, 1]]] * 2)),
            "not definite": json.dumps(dict(good, covariances=[[[1, 2], [2, 1]]] * 2)),
            "negative weight": json.dumps(dict(good, weights=[1.5, -0.5])),
            "all weights 0": json.dumps(dict(good, weights=[0, 0])),
            "text": json.dumps(dict(good, weights=["a", "b"])),
            "diagonal covariances": json.dumps(dict(good, covariances=[[1, 1]] * 2)),
            "array": "[1, 2, 3]",
            "empty": "",
        }
        for name, text in cases.items():
            with self.subTest(start=name):
                path = self.write("start.json", text)
                self.fail_with(65, "start.json", "fit", MALL, *PAIR, "-k", 2, "--init", path, "-o", self.path("m.h5"), ranks=2)
        self.fail_with(66, "no_such", "fit", MALL, *PAIR, "-k", 2, "--init", self.path("no_such"), "-o", self.path("m.h5"))
        self.write("few.txt", "1\n2\n1\n")
        self.fail_with(65, "3 labels", "fit", MALL, *PAIR, "-k", 2, "--init", self.path("few.txt"), "-o", self.path("m.h5"))
        numpy.savetxt(self.path("three.txt"), numpy.arange(200) % 3, fmt="%d")
        for k in (2, 4):
            self.fail_with(65, "labels", "fit", MALL, *PAIR, "-k", k, "--init", self.path("three.txt"), "-o", self.path("m.h5"), ranks=2)
        numpy.savetxt(self.path("halves.txt"), numpy.arange(200) % 2 + 0.5)
        self.fail_with(65, "line 1.*not an integer|not an integer.*1", "fit", MALL, *PAIR, "-k", 2, "--init", self.path("halves.txt"), "-o", self.path("m.h5"))

    def test_outputs_that_cannot_be(self):
        os.mkdir(self.path("folder"))
        for output in (self.path("nowhere/m.h5"), self.path("folder"), "/proc/m.h5"):
            with self.subTest(output=output):
                self.fail_with(73, ";", "fit", self.path("no such data"), "-k", 2, "-o", output, ranks=2)
        for option in ("--labels", "--log", "--checkpoint"):
            with self.subTest(option=option):
                self.fail_with(73, ";", "fit", self.path("no such data"), "-k", 2, "-o", self.path("m.h5"), option, self.path("nowhere/x"), ranks=2)
        self.fail_with(73, "/dev/full", "fit", MALL, *PAIR, "-k", 2, "-o", "/dev/full", "--checkpoint", "none", ranks=2)

    def test_a_pipe_is_no_input_and_nobody_waits_for_it(self):
        os.mkfifo(self.path("pipe"))
        for arguments in (("--init", self.path("pipe")), ("--restart", self.path("pipe"))):
            self.fail_with(66, "pipe", "fit", MALL, *PAIR, "-k", 2, *arguments, "-o", self.path("m.h5"), timeout=60)
        self.fail_with(66, "pipe", "fit", self.path("pipe"), "-k", 2, "-o", self.path("m.h5"), timeout=60)

    def test_outputs_through_links(self):
        os.symlink("target.h5", self.path("link.h5"))
        for _ in range(2):  # the target is not there, then it is
            self.fit(MALL, *PAIR, "-k", 2)
            self.succeed("fit", MALL, *PAIR, "-k", 2, "-o", self.path("link.h5"))
            self.assertTrue(os.path.islink(self.path("link.h5")))
            self.assertTrue(self.bytes_of("target.h5") == self.bytes_of("model.h5"))

    def test_not_enough_memory(self):
        wide = self.save(numpy.zeros((20, 60000)), "wide.npy")
        self.fail_with(71, "wide.npy", "fit", wide, "-k", 20, "-o", self.path("m.h5"), ranks=2)


if __name__ == "__main__":
    unittest.main()
