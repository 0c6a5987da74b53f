# SPDX-License-Identifier: BSD-3-Clause
"""Model files in R: mclust's own functions on models of gmmpi, mclust's fits in files of gmmpi, and the pages of the manual."""

import csv
import functools
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

import h5py
import numpy

import harness

IRIS = os.path.join(harness.SOURCE, "data", "iris.csv")
SCRIPT = os.path.join(harness.SOURCE, "tests", "cli", "models_in_r.R")
FAMILIES = ("EII", "VII", "EEI", "VEI", "EVI", "VVI", "EEE", "VEE", "EVE", "VVE", "EEV", "VEV", "EVV", "VVV")
OWN = FAMILIES + ("noise", "XXX", "XII", "XXI", "density", "V", "E", "X")
PACKAGES = ("rhdf5", "hdf5r")
SOME = ("EII", "VII", "VVI", "EEE", "EVE", "VVV")  # every shape that an array of a file has, for the second package


@functools.lru_cache(None)
def without(package):
    """Why there is nothing to run, or "" where the package, mclust and R are there."""
    if shutil.which("Rscript") is None:
        return "Rscript is not there"
    words = f"cat(requireNamespace('mclust', quietly = TRUE), requireNamespace('{package}', quietly = TRUE))"
    there = subprocess.run(["Rscript", "-e", words], capture_output=True, text=True, check=False).stdout.split()
    missing = [name for name, answer in zip(("mclust", package), there) if answer != "TRUE"]
    return "R has no package " + ", ".join(missing) if missing or len(there) != 2 else ""


def environment():
    """R finds gmmpi in the path."""
    return dict(os.environ, PATH=os.path.dirname(os.path.abspath(harness.GMMPI)) + os.pathsep + os.environ["PATH"], LC_ALL="C.UTF-8")


class Models(harness.Case):
    """The models are fitted once; R runs once for each of the packages that read HDF5."""

    said = {}

    @classmethod
    def setUpClass(cls):
        cls.models = tempfile.mkdtemp(prefix="gmmpi r ")
        cls.addClassCleanup(shutil.rmtree, cls.models, ignore_errors=True)
        if all(without(package) for package in PACKAGES):
            return
        shutil.copy(IRIS, cls.models)
        cls.in_folder("labels.txt", "\n".join(str(i // 50) for i in range(150)))
        for family in FAMILIES:
            cls.fit(family, "--covariance", family, "--init", cls.at("labels.txt"), "--max-iter", 5)
        one = ("--columns", 1)
        for name, options in (("E", one), ("V", one), ("one_noise", (*one, "--noise", "--covariance", "V"))):
            cls.fit(name, *(("--covariance", name) if len(name) == 1 else ()), "--init", cls.at("labels.txt"), "--max-iter", 5, *options)
        cls.fit("noise", "--noise", "--max-iter", 5, "--init", cls.at("labels.txt"))
        cls.fit("pair", "--columns", "2,4", "--covariance", "EVE", "--max-iter", 5, predict=False)
        cls.fit("map", "--method", "map", "--max-iter", 5, "--init", cls.at("labels.txt"), predict=False)
        cls.fit("classes", "--known-labels", "Species", predict=False)
        cls.fit("t", "--distribution", "t", "--max-iter", 1, "--init", "random", predict=False)
        cls.fit("vb", "--method", "vb", "--max-iter", 1, "--init", "random", predict=False)
        cls.fit("standardized", "--transform", "standardize", "--max-iter", 1, "--init", "random", predict=False)
        cls.fit("groups", "--by", "Species", "--max-iter", 1, "--init", "random", predict=False)

    @classmethod
    def at(cls, name):
        return os.path.join(cls.models, name)

    @classmethod
    def in_folder(cls, name, text):
        with open(cls.at(name), "w", encoding="utf-8") as file:
            file.write(text + "\n")

    @classmethod
    def run_gmmpi(cls, *arguments):
        run = harness.gmmpi(*arguments)
        if run.returncode != 0:
            raise AssertionError(run.stderr)
        return run

    @classmethod
    def fit(cls, name, *options, predict=True):
        columns = () if "--columns" in options else ("--columns", "1-4")
        model = cls.at(name + ".h5")
        cls.run_gmmpi("fit", IRIS, "-k", 3, *columns, "-o", model, "-q", *options)
        if predict:
            cls.run_gmmpi("predict", model, IRIS, "-o", cls.at(name + ".csv"), "--log-density", "--responsibilities", "-q")
            cls.reorder(cls.at(name + ".csv"))

    @staticmethod
    def reorder(path):
        """Label, log density, responsibilities."""
        with open(path, encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
        order = [rows[0].index("label"), rows[0].index("log_density")]
        order += [i for i, name in enumerate(rows[0]) if name.startswith("responsibility_") or name == "noise"]
        with open(path, "w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([[row[i] for i in order] for row in rows])

    def numbers(self, package):
        """What models_in_r.R prints: {(case, check): text}."""
        if without(package):
            self.skipTest(without(package))
        if package not in self.said:
            families = self.families_of(package)
            run = subprocess.run(["Rscript", SCRIPT, harness.SOURCE, self.models, package, *families], capture_output=True, text=True, check=False,
                                 env=environment())
            self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
            self.said[package] = {tuple(line.split()[:2]): line.split()[2] for line in run.stdout.splitlines() if line.count(" ") >= 2}
        return self.said[package]

    @staticmethod
    def families_of(package):
        return FAMILIES if package == next(name for name in PACKAGES if not without(name)) else SOME

    def check_models(self, package):
        said = self.numbers(package)
        cases = {case for case, _ in said}
        self.assertLessEqual({*self.families_of(package), "E", "V", "noise", "one_noise", "names", "half", "prior", "classes", "fit"}, cases)
        exact = {"labels", "n_parameters", "name", "layout", "drawn", "of_means", "names", "classes"}
        loose = {"log_likelihood": 1e-9, "bic": 1e-9, "icl": 1e-9}
        for (case, check), text in said.items():
            if case == "refused":
                continue
            with self.subTest(case=case, check=check):
                allowed = 0 if check in exact else loose.get(check, 1e-10)
                if case == "fit" and check == "log_likelihood":
                    allowed = 1e-7
                self.assertLessEqual(float(text), allowed)
        with open(self.at(f"pictures_{package}.pdf"), "rb") as file:
            self.assertGreaterEqual(len(re.findall(rb"/Type /Page\b", file.read())), 16)

    def check_refusals(self, package):
        said = {case: text.replace("_", " ") for (kind, case), text in self.numbers(package).items() if kind == "refused"}
        expected = {"t": "t distributions.*use gmmpi predict", "vb": "posterior.*gmmpi fit --init", "standardized": "transformed features.*without --transform",
                    "groups": "for each group.*predict --by", "nothing": "is not there", "text": "no model file", "missing": "missing values; leave",
                    "columns": "3 columns, not all of the model's 4 features .Sepal.Length, ", "discriminant": "one by one",
                    "no parameters": "no mixture", "option": "VXV", "program": "no such program.*program =", "words": "not numbers"}
        self.assertEqual({case.replace("_", " ") for case in said}, set(expected))
        for case, text in said.items():
            self.assertRegex(text, expected[case.replace("_", " ")])
            self.assertNotIn("\n", text)

    def test_models_by_hdf5r(self):
        self.check_models("hdf5r")

    def test_models_by_rhdf5(self):
        self.check_models("rhdf5")

    def test_refusals(self):
        for package in PACKAGES:
            if not without(package):
                self.check_refusals(package)

    def test_fits_of_mclust(self):
        """gmmpi predict says of mclust's fits what mclust does; both packages write the same."""
        packages = [package for package in PACKAGES if not without(package)]
        if not packages:
            self.skipTest(without(PACKAGES[0]))
        for package in packages:
            self.numbers(package)
        for case in OWN:
            with self.subTest(case=case):
                models = [self.at(f"own_{case}_{package}.h5") for package in packages]
                columns = ("--columns", "1" if case in "VEX" else "1-4")
                self.succeed("predict", models[0], IRIS, *columns, "-o", self.path("p.h5"), "--log-density", "--responsibilities", "-q")
                expected = numpy.loadtxt(self.at(f"own_{case}.csv"), delimiter=",", skiprows=1)
                with h5py.File(self.path("p.h5")) as file:
                    numpy.testing.assert_allclose(file["log_density"][:], expected[:, 0], rtol=1e-10, atol=1e-10)
                    numpy.testing.assert_allclose(file["responsibilities"][:], expected[:, 1:], atol=1e-10)
                summary = self.summary("fit", IRIS, *columns, "-k", expected.shape[1] - 1 - (case == "noise"), "--init", models[0], "--max-iter", 0,
                                       "--covariance", self.covariance_of(models[0]), "-o", self.path("m.h5"), *(["--noise"] if case == "noise" else []))
                self.assertAlmostEqual(summary["log_likelihood"], expected[:, 0].sum(), delta=1e-9 * abs(expected[:, 0].sum()))
                self.check_file(models[0], summary)
                for other in models[1:]:
                    if case in SOME or case not in FAMILIES:
                        self.check_same(models[0], other)

    @staticmethod
    def covariance_of(model):
        with h5py.File(model) as file:
            return file.attrs["covariance"]

    def check_file(self, model, summary):
        """Factors are upper triangular and those of the covariances; the numbers beside them are gmmpi's of this model."""
        with h5py.File(model) as file:
            covariances, factors = file["covariances"][:], file["precisions_cholesky"][:]
            self.assertEqual(covariances.shape, factors.shape)
            if file.attrs["covariance"] in ("diag", "spherical"):
                numpy.testing.assert_allclose(covariances * factors**2, 1)
            else:
                covariances, factors = numpy.atleast_3d(covariances.T).T, numpy.atleast_3d(factors.T).T
                for covariance, factor in zip(covariances, factors):
                    numpy.testing.assert_array_equal(factor, numpy.triu(factor))
                    numpy.testing.assert_allclose(factor.T @ covariance @ factor, numpy.eye(len(factor)), atol=1e-10)
            if "log_likelihood" in file.attrs:
                for name in ("log_likelihood", "bic", "aic", "n_parameters", "n_samples"):
                    self.assertAlmostEqual(file.attrs[name], summary[name], delta=1e-9 * abs(summary[name]), msg=name)

    def check_same(self, one, other):
        with h5py.File(one) as first, h5py.File(other) as second:
            self.assertEqual(set(first), set(second))
            self.assertEqual(set(first.attrs), set(second.attrs))
            for name in first:
                numpy.testing.assert_array_equal(first[name][()], second[name][()])
            for name in first.attrs:
                self.assertEqual(numpy.all(first.attrs[name] == second.attrs[name]), True, name)

    def test_noise_can_be_drawn(self):
        """The box of the background is in the file where the fit had its data."""
        if without(PACKAGES[0]):
            self.skipTest(without(PACKAGES[0]))
        self.numbers(PACKAGES[0])
        with h5py.File(self.at("noise.h5")) as first, h5py.File(self.at("noise_again.h5")) as second:
            for name in ("noise_origin", "noise_axes"):
                corners = [numpy.abs(file["noise_axes"][:]).sum(axis=0) for file in (first, second)]
                numpy.testing.assert_allclose(corners[0], corners[1], rtol=1e-9)
            middles = [file["noise_origin"][:] + file["noise_axes"][:].sum(axis=0) / 2 for file in (first, second)]
            numpy.testing.assert_allclose(middles[0], middles[1], rtol=1e-9)
        self.succeed("sample", self.at("noise_again.h5"), "-n", 100, "-o", self.path("s.csv"))

    def test_pages(self):
        """Every block of docs/r.md and every one of R's in docs/from-mclust.md runs, in one folder and one session of R."""
        package = next((name for name in PACKAGES if not without(name)), None)
        if package is None:
            self.skipTest(without(PACKAGES[0]))
        for page in ("r.md", "from-mclust.md"):
            with self.subTest(page=page), open(os.path.join(harness.SOURCE, "docs", page), encoding="utf-8") as file:
                blocks = re.findall(r"(?m)(?:^    .*\n)+", file.read())
                self.assertGreaterEqual(len(blocks), 2)
                self.run_blocks(page, blocks)

    def run_blocks(self, page, blocks):
        """Blocks of the shell begin with gmmpi; R stays what it was between its blocks. R's pictures go to a file."""
        folder = self.path(page)
        os.mkdir(folder)
        for source in (IRIS, os.path.join(harness.SOURCE, "data", "faithful.csv"), os.path.join(harness.SOURCE, "scripts", "gmmpi.R")):
            shutil.copy(source, folder)
        script = ["stop_on_error <- function(words) if (system(words) != 0) stop(words)"]
        for block in blocks:
            lines = [line[4:] for line in block.splitlines()]
            if lines[0].startswith("gmmpi "):
                script += [f"stop_on_error({json.dumps(line)})" for line in lines]
            else:
                script += lines
        with open(os.path.join(folder, "blocks.R"), "w", encoding="utf-8") as file:
            file.write("\n".join(script) + "\n")
        run = subprocess.run(["Rscript", "blocks.R"], cwd=folder, capture_output=True, text=True, check=False, env=environment())
        self.assertEqual(run.returncode, 0, "\n".join(script) + run.stdout + run.stderr)


if __name__ == "__main__":
    unittest.main()
