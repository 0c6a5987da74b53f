# SPDX-License-Identifier: BSD-3-Clause
"""gmmpi marginal and gmmpi condition: against the textbook's formulas in long double, scipy's densities, and sums over a grid."""

import unittest

import h5py
import numpy
import scipy.stats

from conditionals import conditional, log_normal, matrices, write_model
from harness import Case

NAMES = ["A", "B", "C", "D"]
WEIGHTS = [0.5, 0.3, 0.2]
MEANS = [[0, 1, -2, 3], [2, -1, 0, 0], [-3, 2, 1, -1]]
FULL = matrices(3, 4)


class ConditionCase(Case):
    def model(self, name="model.h5", covariance="full", covariances=FULL, **others):
        others.setdefault("names", NAMES)
        return write_model(self.path(name), covariance, WEIGHTS, MEANS, covariances, **others)

    def read(self, name="part.h5"):
        with h5py.File(self.path(name)) as file:
            return {key: file[key][()] for key in file}, dict(file.attrs)

    def part(self, command, words, model="model.h5", **options):
        option = "--given" if command == "condition" else "--features"
        self.succeed(command, self.path(model), option, words, "-o", self.path("part.h5"), "-q", **options)
        return self.read()

    def log_density(self, model, points):
        numpy.save(self.path("points.npy"), numpy.asarray(points, dtype=float))
        self.succeed("predict", self.path(model), self.path("points.npy"), "--log-density", "-o", self.path("out.h5"), "-q")
        with h5py.File(self.path("out.h5")) as file:
            return file["log_density"][...]

    def dense(self, name="part.h5"):
        """The covariances as matrices, whatever the family."""
        arrays, facts = self.read(name)
        covariances, d = arrays["covariances"], arrays["means"].shape[1]
        if facts["covariance"] == "tied":
            return numpy.repeat(covariances[None], len(arrays["weights"]), axis=0)
        if facts["covariance"] == "diag":
            return numpy.array([numpy.diag(variances) for variances in covariances])
        if facts["covariance"] == "spherical":
            return numpy.array([variance * numpy.eye(d) for variance in covariances])
        return covariances

    def close(self, found, wanted, relative=1e-12, absolute=1e-14):
        numpy.testing.assert_allclose(found, numpy.asarray(wanted, dtype=float), rtol=relative, atol=absolute)


class Marginal(ConditionCase):
    def test_blocks_in_the_order_that_is_named(self):
        self.model(components=["one", "two", "three"])
        arrays, facts = self.part("marginal", "D,1,B")
        chosen = [3, 0, 1]
        self.assertEqual(list(facts["feature_names"]), ["D", "A", "B"])
        self.assertEqual(list(facts["component_names"]), ["one", "two", "three"])
        numpy.testing.assert_array_equal(arrays["weights"], WEIGHTS)
        numpy.testing.assert_array_equal(arrays["means"], numpy.array(MEANS)[:, chosen])
        numpy.testing.assert_array_equal(arrays["covariances"], FULL[:, chosen][:, :, chosen])
        self.assertEqual(facts["derived_by"], "marginal")
        for gone in ("log_likelihood", "bic", "n_iter", "n_samples"):
            self.assertNotIn(gone, facts)

    def test_what_others_do_with_it(self):
        self.model()
        self.part("marginal", "2-3")
        self.assertIn("3 components in 2 features", self.succeed("info", self.path("part.h5")).stdout)
        self.succeed("sample", self.path("part.h5"), "-n", 500, "-o", self.path("drawn.csv"), "-q")
        wanted = [numpy.logaddexp.reduce([float(numpy.log(w) + log_normal(x, numpy.array(m)[[1, 2]], c[1:3, 1:3]))
                                          for w, m, c in zip(WEIGHTS, MEANS, FULL)]) for x in ([0, 0], [5, -3])]
        self.close(self.log_density("part.h5", [[0, 0], [5, -3]]), wanted)
        summary = self.summary("fit", self.path("drawn.csv"), "--columns", "B,C", "-k", 3, "--init", self.path("part.h5"),
                               "-o", self.path("fitted.h5"))
        self.assertEqual(summary["n_components"], 3)

    def test_mistakes(self):
        self.model()
        out = ("-o", self.path("part.h5"))
        marginal = ("marginal", self.path("model.h5"))
        self.fail_with(65, 'has no feature "a" .--features.; did you mean "A"', *marginal, "--features", "a", *out)
        self.fail_with(65, "its features are A, B, C, D", *marginal, "--features", "E", *out)
        self.fail_with(64, "feature 2 is given twice", *marginal, "--features", "B,2", *out)
        self.fail_with(64, "--features is missing", *marginal, *out)
        self.fail_with(64, "would overwrite", *marginal, "--features", "A", "-o", self.path("model.h5"))


class Condition(ConditionCase):
    def check(self, given, values, relative=1e-12):
        arrays, facts = self.part("condition", ",".join(f"{NAMES[j]}={value!r}" for j, value in zip(given, values)))
        weights, means, covariances, log_density = conditional(WEIGHTS, MEANS, FULL, given, values)
        self.close(arrays["weights"], weights, relative=1e-10)
        self.close(arrays["means"], means, relative)
        self.close(arrays["covariances"], covariances, relative)
        self.close(facts["given_log_density"], log_density)
        return facts

    def test_textbook(self):
        self.model()
        self.check([1], [0.25])
        facts = self.check([3, 0], [1.5, -2.0])
        self.assertEqual(list(facts["feature_names"]), ["B", "C"])
        self.assertEqual(list(facts["given_features"]), ["D", "A"])
        numpy.testing.assert_array_equal(facts["given_values"], [1.5, -2.0])

    def test_far_values(self):
        """Densities of what is given that no number can hold."""
        self.model()
        self.check([0, 2], [3e4, -5e4])
        self.check([1], [1e150])
        self.fail_with(64, "so far from all components", "condition", self.path("model.h5"), "--given", "A=1.7e308", "-o",
                       self.path("part.h5"))

    def test_nearly_singular(self):
        """Hilbert's matrix in units that are far apart: condition 1e10 and more; what rounding makes of the matrix itself is allowed,
        which depends on how it is correlated and not on units."""
        d = 6
        units = numpy.array([1e6, 1, 1e-6, 1e3, 1, 1e-3])
        hilbert = 1 / (numpy.add.outer(numpy.arange(d), numpy.arange(d)) + 1.0)
        covariance = (hilbert * units[:, None] * units)[None]
        write_model(self.path("model.h5"), "full", [1], numpy.zeros((1, d)), covariance)
        arrays, _ = self.part("condition", "1=1e6,2=2,4=-500")
        weights, means, covariances, _ = conditional([1], numpy.zeros((1, d)), covariance, [0, 1, 3], [1e6, 2, -500])
        bound = d * numpy.finfo(float).eps * numpy.linalg.cond(hilbert)
        self.assertLess(bound, 1e-6)
        self.close(arrays["means"], means, bound, 0)
        self.close(arrays["covariances"], covariances, bound, 0)
        self.assertGreater(numpy.linalg.eigvalsh(arrays["covariances"][0] / numpy.outer(units[[2, 4, 5]], units[[2, 4, 5]]))[0], 0)

    def test_families(self):
        """What is surely of a narrower family stays in it, and has the numbers of its matrices."""
        shared = FULL[0]
        shape, scales = numpy.array([2.0, 1, 0.5, 1]), numpy.array([0.5, 1, 3])
        diagonals = numpy.array([[1, 2, 3, 4], [2, 1, 4, 3], [0.5, 0.25, 8, 24]], dtype=float)
        as_matrices = lambda rows: numpy.array([numpy.diag(row) for row in rows])
        turned = numpy.linalg.qr(FULL[1])[0]
        scaled, oriented = scales[:, None, None] * shared, numpy.array([turned @ numpy.diag(v) @ turned.T for v in diagonals])
        cases = {"tied": (shared, "tied"), "diag": (diagonals, "diag"), "spherical": (scales, "spherical"),
                 "EEI": (as_matrices([diagonals[0]] * 3), "EEI"),
                 "VEI": (as_matrices(scales[:, None] * shape), "VEI"), "EVI": (as_matrices(diagonals), "diag"),
                 "VEE": (scaled, "VEE"), "VVE": (oriented, "full"), "EEV": (oriented, "full")}
        for family, (covariances, expected) in cases.items():
            with self.subTest(family):
                self.model(covariance=family, covariances=covariances)
                dense = {"tied": lambda: [shared] * 3, "diag": lambda: as_matrices(diagonals),
                         "spherical": lambda: as_matrices(scales[:, None] * numpy.ones(4))}.get(family, lambda: covariances)()
                arrays, facts = self.part("condition", "B=0.5")
                self.assertEqual(facts["covariance"], expected)
                weights, means, conditionals, _ = conditional(WEIGHTS, MEANS, dense, [1], [0.5])
                self.close(arrays["weights"], weights)
                self.close(arrays["means"], means)
                self.close(self.dense(), conditionals)
                if family not in ("spherical", "VEI", "EEV"):
                    continue
                arrays, facts = self.part("marginal", "D,A")
                self.assertEqual(facts["covariance"], expected)
                self.close(self.dense(), numpy.array(dense)[:, [3, 0]][:, :, [3, 0]])
        self.part("marginal", "D,A,B,C")  # another order of all
        self.assertEqual(self.read()[1]["covariance"], family)

    def test_student_t(self):
        """p(b | a) = p(a, b) / p(a), by scipy's densities."""
        dof = [3.0, 0.7, 40.0]
        points = numpy.array([[0.3, -1], [4, 4], [-20, 7]])
        joint = lambda x, features: sum(
            w * scipy.stats.multivariate_t.pdf(x, numpy.array(m)[features], c[numpy.ix_(features, features)], nu)
            for w, m, c, nu in zip(WEIGHTS, MEANS, FULL, dof))
        self.model(dof=dof)
        arrays, _ = self.part("condition", "A=1.5,D=-6")
        self.close(arrays["dof"], numpy.array(dof) + 2)
        whole = [joint(numpy.array([1.5, b, c, -6]), [0, 1, 2, 3]) for b, c in points]
        self.close(self.log_density("part.h5", points), numpy.log(whole) - numpy.log(joint(numpy.array([1.5, -6]), [0, 3])), 1e-10)
        arrays, _ = self.part("marginal", "C,B")
        self.close(arrays["dof"], dof)
        self.close(self.log_density("part.h5", points), [numpy.log(joint(x, [2, 1])) for x in points], 1e-10)
        self.model(covariance="tied", covariances=FULL[0], dof=dof)  # each covariance gets a factor of its own
        self.assertEqual(self.part("condition", "A=1.5")[1]["covariance"], "VEE")

    def test_noise(self):
        region = {"noise_weight": 0.2, "noise_volume": 8.0 * 5 * 10 * 2, "noise_origin": [-4.0, -1, -5, 0],
                  "noise_axes": numpy.diag([8.0, 5, 10, 2])}
        write_model(self.path("model.h5"), "full", 0.8 * numpy.array(WEIGHTS), MEANS, FULL, names=NAMES, **region)
        arrays, _ = self.part("marginal", "D,B")
        self.close([arrays["noise_weight"], arrays["noise_volume"]], [0.2, 10])
        self.close(arrays["noise_origin"], [0, -1])
        self.close(arrays["noise_axes"], [[2, 0], [0, 5]])
        arrays, _ = self.part("condition", "A=1,C=2")
        _, _, _, log_density = conditional(WEIGHTS, MEANS, FULL, [0, 2], [1, 2])
        known = 0.8 * numpy.exp(float(log_density))
        self.close(arrays["noise_weight"], 0.2 / 80 / (0.2 / 80 + known))
        self.close(arrays["weights"].sum() + arrays["noise_weight"], 1)
        self.close(arrays["noise_volume"], 10)
        turned = dict(region, noise_axes=numpy.linalg.qr(FULL[0])[0] * 8, noise_volume=8.0 ** 4)
        self.model("turned.h5", **turned)
        self.fail_with(64, "is no box along the features", "condition", self.path("turned.h5"), "--given", "A=1", "-o", self.path("part.h5"))
        self.model("lost.h5", noise_weight=0.1, noise_volume=10.0)
        self.fail_with(64, "is not known", "marginal", self.path("lost.h5"), "--features", "A", "-o", self.path("part.h5"))

    def test_posterior(self):
        """Of a variational posterior: the marginal's density is the integral of what predict says of the whole."""
        random = numpy.random.default_rng(4)
        points = numpy.concatenate([random.normal(size=(40, 2)), random.normal(size=(40, 2)) * 0.7 + 4])
        numpy.save(self.path("data.npy"), points)
        self.succeed("fit", self.path("data.npy"), "-k", 2, "--method", "vb", "--covariance", "tied", "-o", self.path("vb.h5"), "-q")
        self.part("marginal", "x1", "vb.h5")
        grid = numpy.linspace(-400, 400, 160001)
        whole = self.log_density("vb.h5", numpy.column_stack([numpy.full(grid.size, 1.7), grid]))
        integral = numpy.exp(whole).sum() * (grid[1] - grid[0])
        self.close(self.log_density("part.h5", [[1.7]]), numpy.log(integral), 1e-7)
        self.part("condition", "1=1.7", "vb.h5")
        at = [[-1.0], [3.0], [30.0]]
        self.close(self.log_density("part.h5", at), self.log_density("vb.h5", [[1.7, x[0]] for x in at]) - numpy.log(integral), 1e-7)

    def test_transforms(self):
        """Values are given in the units of the data; what is left keeps its transforms."""
        transforms = ["log10", "", "arcsinh=5", "sqrt,standardize=1.5:0.25"]
        self.model(transforms=transforms)
        arrays, facts = self.part("condition", "A=100,D=4")
        weights, means, covariances, _ = conditional(WEIGHTS, MEANS, FULL, [0, 3], [2, (2 - 1.5) / 0.25])
        self.close(arrays["weights"], weights)
        self.close(arrays["means"], means)
        self.assertEqual(list(facts["transforms"]), ["", "arcsinh=5"])
        numpy.testing.assert_array_equal(facts["given_values"], [100, 4])
        self.assertNotIn("given_log_density", facts)  # it would be one of transformed values
        self.fail_with(64, "A = -1 has no log10", "condition", self.path("model.h5"), "--given", "A=-1", "-o", self.path("part.h5"))
        self.assertNotIn("transforms", self.part("marginal", "B")[1])

    def test_mistakes(self):
        self.model(names=["A", "b,c", "d=e", "D"])
        condition = ("condition", self.path("model.h5"), "-o", self.path("part.h5"), "--given")
        self.fail_with(64, "feature 1 is given twice", *condition, "A=1,1=2")
        self.fail_with(64, "all 4 features", *condition, "1=0,2=0,3=0,4=0")
        for value in ("nan", "1e999"):
            self.fail_with(64, f'"{value}" is no value of A', *condition, f"A={value}")
        self.fail_with(64, "has no value", *condition, "A")
        self.succeed(*condition, '"b,c"=3,"d=e"=4', "-q")
        self.assertEqual(self.read()[0]["means"].shape, (3, 2))

    def test_ranks_and_summary(self):
        self.model()
        self.part("condition", "A=1")
        alone = self.bytes_of("part.h5")
        summary = self.summary("condition", self.path("model.h5"), "--given", "A=1", "-o", self.path("part.h5"), ranks=3)
        self.assertEqual(self.bytes_of("part.h5"), alone)
        self.assertEqual(summary["feature_names"], ["B", "C", "D"])
        self.close(summary["weights"], self.read()[0]["weights"])


if __name__ == "__main__":
    unittest.main()
