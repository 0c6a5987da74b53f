# SPDX-License-Identifier: BSD-3-Clause
"""report.py without a browser: what the page has, that its numbers are the model's, that names cannot break it, and refusals."""

import json
import os
import re
import shlex
import sys
import types
import unittest
import unittest.mock

import h5py
import numpy as np

from harness import Case, MALL, SOURCE
from report_pages import Page, faults_of, write_model
from running_plots import run, start

sys.path.insert(0, os.path.join(SOURCE, "scripts"))
from plotting import style  # noqa: E402
from plotting.mixture import read_mixture  # noqa: E402
from plotting.problem import Problem  # noqa: E402
from reporting import again, markup, model_page, page, source, svg, units, words  # noqa: E402

MIB = 1 << 20
INCOME, SPENDING = "Annual Income (k$)", "Spending Score (1-100)"
NASTY = ["<script>alert(1)</script>", "a&amp;\"b\" 'c' $x$ $", "Größe 温度 \u202eεπ", "x" * 300]


class Report(Case):
    def report(self, *arguments, run=run, name="report.html"):
        """Makes a page, and checks what holds for all."""
        done = run("report.py", *arguments, "-o", self.path(name))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout, self.path(name) + "\n")
        content = self.bytes_of(name)
        self.assertLess(len(content), 3 * MIB)
        self.assertEqual([file for file in os.listdir(self.folder) if "partial" in file], [])
        page = Page(content.decode())
        self.assertEqual(faults_of(page), [])
        return page

    def refuse(self, status, pattern, *arguments):
        before = sorted(os.listdir(self.folder))
        done = run("report.py", *arguments)
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertRegex(done.stderr, r"\Agmmpi report: [^\n]*%s[^\n]*\n\Z" % pattern)
        self.assertEqual((done.stdout, sorted(os.listdir(self.folder))), ("", before))

    def points(self, name="points.npy", **options):
        np.save(self.path(name), write_model(self.path("model.h5"), **options))
        return self.path(name)

    def test_everything_of_a_fit(self):
        """Numbers are those of the model, its log and its summary."""
        fit = self.succeed("fit", MALL, "--columns", "4,5", "-k", 5, "-o", self.path("model.h5"), "--log", self.path("log.csv"), "--json")
        summary = json.loads(fit.stdout)
        self.write("fit.json", fit.stdout)
        self.write("table.csv", "n_components,covariance,bic,aic,icl,converged,spurious\n4,VVV,3700,3600,3710,true,false\n5,VVV,3650.5,3590,3660,true,false\n"
                   "6,VVV,3660,,3680,false,true\n")
        arguments = [self.path("model.h5"), MALL, "--log", self.path("log.csv"), "--summary", self.path("fit.json"), "--selection", self.path("table.csv")]
        page = self.report(*arguments)
        with h5py.File(self.path("model.h5")) as file:
            weights, means, covariances, events = file["weights"][:], file["means"][:], file["covariances"][:], file.attrs["events"]
        rows = page.table("Components")
        self.assertEqual([text for _, text in rows[0]], ["component", "weight", "points", INCOME, SPENDING])
        self.assertEqual(len(rows), 6)
        for k, row in enumerate(rows[1:]):
            self.assertEqual([float(value) for value, _ in row], [k, weights[k], weights[k] * 200, *means[k]])
            for j in range(2):
                centre, deviation = row[3 + j][1].split(" ± ")
                self.assertAlmostEqual(float(centre), means[k, j], delta=0.06)
                self.assertAlmostEqual(float(deviation) / np.sqrt(covariances[k, j, j]), 1, delta=5e-3)
        spent = {row[0][1]: float(row[1][0]) for row in page.table("Seconds")[1:]}
        self.assertEqual(spent["looking for a start"], summary["seconds"]["init"])
        self.assertGreaterEqual(sum(spent.values()), 0.99 * summary["seconds"]["total"])  # more where parts were done at the same time
        self.assertLessEqual(max(spent.values()), 1.01 * summary["seconds"]["total"])
        for event in events:
            self.assertEqual(page.text().count(event), 1)
        candidates = page.table("Candidates")
        self.assertEqual([row[0][1] for row in candidates[1:]], ["5", "4", "6"])
        self.assertEqual(candidates[1][2][0], "3650.5")
        self.assertIn("BIC is best with 5 components, VVV", page.text())
        self.assertIn("not converged, spurious", page.text())
        self.assertEqual(len(page.found("figure")), 5)
        self.assertEqual([there["aria-labelledby"][2:] for there, _ in page.found("section")],
                         ["warnings", "data", "components", "responsibilities", "selection", "fit", "again", "file"])
        alt = next(there["aria-label"] for there, _ in page.found("svg") if "ellipses" in there.get("aria-label", ""))
        self.assertIn("component 0 (weight 0.413) at %s 55.9, %s 49.4" % (INCOME, SPENDING), alt)

    def test_the_command_makes_the_model_again(self):
        for options in (["-k", 3, "--distribution", "t", "--dof", "common", "--max-iter", 7, "--seed", 3, "--no-coarse-to-fine", "--init", "random"],
                        ["-k", 3, "--transform", "log10:%s,standardize" % INCOME, "--noise", "--covariance", "VVE", "--tol", "1e-4"],
                        ["-k", 4, "--method", "dp", "--prune", "--weight-concentration-prior", 0.3, "--max-iter", 20, "--accelerate", "none"],
                        ["-k", "1:3", "--by", "Gender", "--criterion", "icl"]):
            with self.subTest(options=options):
                self.succeed("fit", MALL, "--columns", "4,5", *options, "-o", self.path("model.h5"), "-q")
                if "--by" in options or "t" in options:
                    page = self.report(self.path("model.h5"), MALL, *(["--by", "Gender"] if "--by" in options else []))
                    (_, command), = page.found("pre", class_="command")
                    line = shlex.split(command)
                else:
                    arguments = types.SimpleNamespace(model=self.path("model.h5"), data=MALL, header="auto", delimiter=None, weights=None)
                    line = model_page.command_of(source.read_attributes(arguments.model), read_mixture(arguments.model), arguments).words
                self.assertEqual(line[:3] + line[-2:], ["gmmpi", "fit", MALL, "-o", self.path("model.h5")])
                self.succeed(*line[1:-1], self.path("again.h5"), "-q")
                self.assertEqual(self.bytes_of("again.h5"), self.bytes_of("model.h5"))

    def test_what_the_file_does_not_keep_is_to_be_filled_in(self):
        """And without it the same model is not promised."""
        attributes = {"least_components": 1, "by": "Gender", "covariance": "full"}
        for more, words in (({}, "does not keep what CRITERION stands for; fill in what the fit had, and on the same data"),
                            ({"criterion": "icl"}, "On the same data")):
            body = Page(again.body_of(again.command_of(dict(attributes, **more), 3, None, "points.csv", "groups.h5", []))).content
            text = re.sub("<[^>]*>", "", body)
            self.assertIn(words, text)
            self.assertIn("--criterion " + more.get("criterion", "CRITERION"), text)
            self.assertEqual(text.count("CRITERION"), 0 if more else 3)

    def test_names_cannot_break_the_page(self):
        data = self.points(d=4, names=NASTY, attributes={"component_names": ["<b>", "&lt;", "ok"], "events": ["<img src=x onerror=alert(1)>"],
                                                         "n_samples": 240})
        page = self.report(self.path("model.h5"), data)
        self.assertEqual([text for _, text in page.table("Components")[0]][3:], [markup.clean(name) for name in NASTY])
        self.assertEqual(page.table("Components")[1][0][1].split()[-1], "<b>")
        self.assertEqual(len(page.found("script")), 1)
        self.assertEqual((page.found("img"), page.found("b")), ([], []))
        self.assertIn("<img src=x onerror=alert(1)>", page.text())
        labels = [text for _, text in page.found("text")]
        self.assertIn("a&amp;\"b\" 'c' $x$ $", labels)
        self.assertTrue(any(label.startswith("<script>alert") for label in labels))

    def test_control_characters(self):
        self.assertEqual(markup.clean("a\x00b\x1b[1m\ud800c"), "a\ufffdb\ufffd[1m?c")

    def test_kinds_of_models(self):
        """One after the other, each with what is its own, and with the weights in its table."""
        box = dict(noise_weight=0.1, noise_volume=900.0, noise_origin=[-15.0, -15.0], noise_axes=30 * np.eye(2))
        vb = {"method": "vb", "mean_lower_bound": -3.25, "n_samples": 240, "sum_of_weights": 480.0, "converged": False, "n_iter": 9}
        cases = [(dict(dof=[3.0, 5.0, 400.0], covariance="tied", **box), ["t distributions", "uniform background of weight 0.1", "one covariance for all"]),
                 (dict(k=1, d=1, covariance="diag"), ["1 component of", "1 feature", "diagonal"]),
                 (dict(d=1, covariance="spherical", weights=[0.5, 0.0, 0.5], attributes=vb),
                  ["each with one variance", "has one component of weight 0", "It had not converged after 9 iterations", "−3.25", "with weights, whose sum is 480"]),
                 (dict(merges=[[0, 1], [0, 2]], merge_entropy=[0.0, 0.5, 3.0], attributes={"n_clusters_suggested": 2, "derived_by": "marginal"}),
                  ["2 clusters of 3 components", "some of a larger model"])]
        for options, patterns in cases:
            with self.subTest(patterns=patterns):
                page = self.report(self.path("model.h5"), self.points(**options))
                for pattern in patterns:
                    self.assertIn(pattern, page.text())
                rows = page.table("Components")
                with h5py.File(self.path("model.h5")) as file:
                    weights = file["weights"][:][file["weights"][:] > 0]
                self.assertEqual([float(row[1][0]) for row in rows[1:]], [*weights] + [0.1] * ("noise_weight" in options))
                if options.get("attributes") == vb:
                    self.assertEqual([float(row[2][0]) for row in rows[1:]], [240, 240])
                if "dof" in options:
                    self.assertEqual([float(row[2][0]) for row in rows[1:4]], options["dof"])

    def test_many_features_and_components(self):
        self.points(k=40, d=50, covariance="diag")
        page = self.report(self.path("model.h5"))
        with h5py.File(self.path("model.h5")) as file:
            means = file["means"][:]
        blocks = [page.table("Features by component, %s" % words) for words in ("components 0 to 5", "components 36 to 39")]
        self.assertEqual([[float(value) for value, _ in row[1:]] for row in blocks[0][1:]], means[:6].T.tolist())
        self.assertEqual([[float(value) for value, _ in row[1:]] for row in blocks[1][1:]], means[36:].T.tolist())
        self.assertEqual(sum("farthest" in there.get("aria-label", "") for there, _ in page.found("svg")), 2)

    def test_without_data_points_are_drawn(self):
        """And the same inputs make the same page."""
        write_model(self.path("model.h5"))
        page = self.report(self.path("model.h5"), run=start)
        first = self.bytes_of("report.html")
        self.report(self.path("model.h5"))
        self.assertEqual(self.bytes_of("report.html"), first)
        self.assertIn("the points in pictures are 4,000 drawn from the model", page.text())
        self.assertEqual([there["id"] for there, _ in page.found("section")], ["warnings", "components", "again", "file"])

    def test_many_points_are_densities(self):
        points = np.tile(write_model(self.path("model.h5"), d=3), (1000, 1)) + np.random.default_rng(2).normal(0, 0.1, (240000, 3))
        np.save(self.path("many.npy"), points.astype("f4"))
        page = self.report(self.path("model.h5"), self.path("many.npy"))
        self.assertIn("Density maps of all pairs of 3 features of a sample of 200,000 of 240,000 points", page.text())

    def test_units_of_the_data(self):
        values = np.array([0.5, 2.0, 1000.0])
        for text, taken in (("log10", np.log10(values)), ("log2,standardize=1.5:0.25", (np.log2(values) - 1.5) / 0.25), ("log", np.log(values)),
                            ("log1p", np.log(1 + values)), ("sqrt", values ** 0.5), ("arcsinh=150", np.arcsinh(values / 150)),
                            ("standardize=-3:7", (values + 3) / 7), ("", values)):
            np.testing.assert_allclose(units.untransformed(taken, text), values, rtol=1e-12)
        names = ["mass", "flux"]
        data = self.points(names=names, attributes={"transforms": ["log10", "standardize=10:2"]}, means=[[1.0, 0.0], [2.0, 1.0], [3.0, -1.0]],
                           covariances=[np.eye(2) * 0.25] * 3)
        np.save(self.path("raw.npy"), np.exp(np.load(data)))
        rows = self.report(self.path("model.h5"), self.path("raw.npy")).table("Components")
        self.assertEqual([[text for _, text in row[2:]] for row in rows[1:]], [
            ["10 (3.162 … 31.62)", "10.00 ± 1.00"], ["100 (31.62 … 316.2)", "12.00 ± 1.00"], ["1,000 (316.2 … 3,162)", "8.00 ± 1.00"]])

    def test_groups(self):
        self.succeed("fit", MALL, "--columns", "4,5", "--by", "Gender", "-k", 2, "-o", self.path("groups.h5"), "-q")
        page = self.report(self.path("groups.h5"), MALL, "--by", "Gender")
        with h5py.File(self.path("groups.h5")) as file:
            expected = [[key.decode(), str(n), str(k), likelihood / n] for key, n, k, likelihood in zip(
                file["keys"][:], file["n_samples"][:], file["n_components"][:], file["log_likelihood"][:])]
        self.assertEqual([[row[0][1], row[1][1], row[2][1], float(row[3][0])] for row in page.table("Groups")[1:]], expected)
        self.assertEqual(len(page.found("figure")), 2)
        self.refuse(64, "give one of the two", self.path("groups.h5"), MALL, "-o", self.path("x.html"))
        self.refuse(64, "--log: .*goes with one model", self.path("groups.h5"), "--log", "x", "-o", self.path("x.html"))

    def test_features_are_found_by_name(self):
        """As predict finds them: data of other names are not drawn under the model's."""
        points = self.points(names=["height", "width"])
        table = np.column_stack([np.arange(240.0), np.load(points)[:, ::-1]])
        np.savetxt(self.path("named.csv"), table, delimiter=",", header="row,width,height", comments="")
        np.savetxt(self.path("other.csv"), table[:, :2], delimiter=",", header="row,width", comments="")
        np.savetxt(self.path("bare.csv"), np.load(points), delimiter=",")
        model = self.path("model.h5")
        self.refuse(65, 'other.csv: has the columns "row", "width"; of the model\'s features "height" is missing; .*--columns', model,
                    self.path("other.csv"), "-o", self.path("x.html"))
        captions = [self.report(model, *arguments).found("svg")[0][0]["aria-label"] for arguments in (
            [self.path("named.csv")], [self.path("named.csv"), "--columns", "2,3"], [self.path("bare.csv")])]
        self.assertIn("height from", captions[0])
        self.assertEqual(captions, captions[:1] * 3)
        done = run("report.py", model, self.path("other.csv"), "--columns", "1,2", "-o", self.path("x.html"))
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stderr, r'\Agmmpi warning: .*other.csv: column "row" is taken as the model\'s "height", as --columns says\n\Z')

    def test_columns_are_those_of_the_data_beside_standard_errors(self):
        self.succeed("fit", MALL, "--columns", "4,5", "-k", 2, "-o", self.path("model.h5"), "-q")
        self.succeed("bootstrap", self.path("model.h5"), MALL, "--replicates", 40, "-o", self.path("boot.h5"), "-q")
        page = self.report(self.path("model.h5"), MALL, "--columns", "4,5", "--bootstrap", self.path("boot.h5"))
        self.assertTrue({"mean of " + INCOME, "mean of " + SPENDING} <= {text for _, text in page.found("text")})
        page = self.report(self.path("model.h5"), "--columns", "2", "--bootstrap", self.path("boot.h5"))
        self.assertNotIn("mean of " + INCOME, [text for _, text in page.found("text")])
        done = run("plot.py", self.path("model.h5"), MALL, "--columns", "4,5", "--bootstrap", self.path("boot.h5"), "-o", self.path("pictures"))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertTrue(os.path.exists(self.path("pictures/standard_errors.png")))

    def test_refusals(self):
        data = self.points(names=["a", "b"], attributes={"log_likelihood": -5.0})
        model, page = self.path("model.h5"), self.path("x.html")
        self.refuse(64, "-o/--output", model)
        self.refuse(64, "--largest: goes with a file of gmmpi fit --by", model, "--largest", "-o", page)
        self.refuse(64, "--criterion goes with --selection", model, "--criterion", "bic", "-o", page)
        self.refuse(64, "is being read", model, data, "-o", data)
        self.refuse(65, "not a model file", MALL, "-o", page)
        self.refuse(65, "gmmpi fit DATA --init", self.write("p.json", "{}"), "-o", page)
        self.refuse(65, "3 columns for a model of 2 features", model, MALL, "-o", page, "--columns", "3-5")
        self.refuse(65, "another fit .log_likelihood is -6.0 there", model, "-o", page, "--summary",
                    self.write("s.json", '{"log_likelihood": -6.0, "seconds": {}}'))
        self.refuse(65, "not the summary of a fit", model, "-o", page, "--summary", self.write("s.json", "[1]"))
        self.refuse(66, "there is no such file", self.path("none.h5"), "-o", page)
        self.refuse(66, "cannot be read", model, self.path("none.csv"), "-o", page)
        self.refuse(73, "there is no folder", model, data, "-o", self.path("no/x.html"))
        self.refuse(73, "is a folder", model, data, "-o", self.folder)
        for form, pattern in (("gmmpi checkpoint", "a checkpoint, not a model.*--restart auto"), ("gmmpi bootstrap", "--bootstrap")):
            with h5py.File(self.path("other.h5"), "w") as file:
                file.attrs["format"] = form
            self.refuse(65, pattern, self.path("other.h5"), "-o", page)
        with h5py.File(self.path("other.h5"), "w") as file:
            file["labels"] = [1, 2]
        self.refuse(65, "labels, not a model; .*--labels", self.path("other.h5"), "-o", page)

    def test_a_page_is_written_whole_or_not_at_all(self):
        path = self.write("old.html", "old")
        with unittest.mock.patch("os.replace", side_effect=OSError(28, "No space left on device")):
            with self.assertRaisesRegex(Problem, "old.html: cannot be written .No space left on device.") as caught:
                page.write(path, "new")
        self.assertEqual((caught.exception.status, self.bytes_of("old.html"), os.listdir(self.folder)), (73, b"old", ["old.html"]))
        page.write(path, "new")
        self.assertEqual((self.bytes_of("old.html"), os.listdir(self.folder)), (b"new", ["old.html"]))

    def test_a_log_of_another_fit_is_said(self):
        data = self.points(d=1, attributes={"log_likelihood": -5.0, "n_samples": 240})
        log = self.write("log.csv", "iteration,log_likelihood,mean_log_likelihood,change,start,seconds\n0,-90,-0.3,,0,0.5\n1,-80,-0.3,0.1,0,0.25\n")
        page = self.report(self.path("model.h5"), data, "--log", log)
        self.assertIn("The log ends at -80, the model has a log-likelihood of -5", page.text())
        self.assertIn("2 iterations took 750 ms, in the median 375 ms each", page.text())


class Words(unittest.TestCase):
    def test_numbers(self):
        for value, expected in ((0, "0"), (-3, "−3"), (12345.678, "12,346"), (0.41273, "0.4127"), (1.5e-9, "1.5e−09"), (np.nan, "none"),
                                (-np.inf, "−∞"), (0.1, "0.1")):
            self.assertEqual(markup.number(value), expected)

    def test_families(self):
        self.assertEqual(words.family_in_words("VVE"), "with covariances of equal orientation, variable volume and shape (VVE)")
        self.assertIn("spherical", words.family_in_words("EII"))
        self.assertIn("axes along the features", words.family_in_words("EVI"))

    def test_no_card_is_alone(self):
        for n in range(1, 31):
            width = markup.cards_in_a_row(n)
            self.assertLessEqual(width, markup.MOST_CARDS)
            self.assertTrue(n == 1 or n % width != 1, n)

    def test_names_in_lists(self):
        self.assertEqual(again.listed(["a", 'b,"c"']), 'a,"b,""c"""')
        self.assertEqual(again.transform_words(["log10", ""], ["a", "b"]), "log10:a")
        self.assertEqual(again.transform_words(["arcsinh=5"] * 2, None), "arcsinh=5")
        self.assertIsNone(again.transform_words(["", ""], None))

    def test_words_in_pictures(self):
        """They stay as they are, also such as look like what is changed in tags, and with the blanks before them."""
        words = ['  two', 'url(#a) id="b" 1.23456', 'href="#c" font: 3px \'x\'']
        figure, axes = style.plt.subplots()
        axes.set(title=words[0], xlabel=words[1], ylabel=words[2])
        picture = Page(svg.svg_of(figure, "here", 'a "picture"'))
        drawn = [text.replace("\u00a0", " ") for _, text in picture.found("text") if not re.fullmatch(r"[\d.]+", text)]
        self.assertEqual(sorted(drawn), sorted(words))
        self.assertEqual(picture.found("svg")[0][0]["aria-label"], 'a "picture"')
        self.assertTrue(all(there.get("id", "here-").startswith("here-") for _, there, _ in picture.elements))

    def test_columns_without_names(self):
        """gmmpi calls them x1, x2, ..., and takes their numbers."""
        self.assertEqual(again.columns_of(["x1", "x2"], False), ["1", "2"])
        self.assertEqual(again.columns_of(["x1", "x2"], True), ["x1", "x2"])
        self.assertEqual(again.columns_of(["x1", "y"], False), ["x1", "y"])
        self.assertEqual(again.ranges(["1", "2", "3", "7", "5"]), "1-3,7,5")
        self.assertEqual(again.ranges(["a,b", "3"]), '"a,b",3')


def schemes():
    """Colours by name of the light and the dark scheme of the page."""
    with open(os.path.join(SOURCE, "scripts", "reporting", "page.css"), encoding="utf-8") as file:
        blocks = re.findall(r":root \{([^}]*)\}", file.read())
    return [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block)) for block in blocks]


def contrast(a, b):
    """WCAG 2.1: (L1 + 0.05) / (L2 + 0.05) of relative luminances."""
    def luminance(colour):
        parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    light, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


class Colours(unittest.TestCase):
    def test_contrast(self):
        self.assertAlmostEqual(contrast("#000000", "#ffffff"), 21)
        both = schemes()
        self.assertEqual(len(both), 2)
        self.assertEqual(both[0].keys(), both[1].keys())
        for colours in both:
            for front, back in (("ink", "paper"), ("ink", "card"), ("ink", "alert-card"), ("soft", "paper"), ("soft", "card"), ("accent", "paper")):
                self.assertGreaterEqual(contrast(colours[front], colours[back]), 4.5, (front, back, colours))

    def test_components_on_a_dark_page(self):
        """The filter of pictures leaves every colour of a component a contrast of 3, as on white; W3C, Filter Effects: feColorMatrix."""
        with open(os.path.join(SOURCE, "scripts", "reporting", "page.css"), encoding="utf-8") as file:
            amount, angle = map(float, re.search(r"svg \{ filter: invert\(([\d.]+)\) hue-rotate\((\d+)deg\)", file.read()).groups())
        c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
        base = np.array([[0.213, 0.715, 0.072]] * 3)
        turn = base + c * (np.eye(3) - base) + s * np.array([[-0.213, -0.715, 0.928], [0.143, 0.140, -0.283], [-0.787, 0.715, 0.072]])
        for colour in style.PALETTE + [style.NOISE]:
            parts = np.array([int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)])
            shown = np.clip(turn @ (parts * (1 - 2 * amount) + amount), 0, 1)
            shown = "#" + "".join("%02x" % round(255 * part) for part in shown)
            self.assertGreaterEqual(contrast(shown, schemes()[1]["paper"]), 3, (colour, shown))


if __name__ == "__main__":
    unittest.main()
