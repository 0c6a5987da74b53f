# SPDX-License-Identifier: BSD-3-Clause
"""Pictures of many mixtures: criteria of a selection, standard errors of a bootstrap, a mixture for each group.

The files are made here as gmmpi writes them; gmmpi itself is not needed. What is drawn is looked at twice: as numbers that the figures
hold, and as pictures of the right size.
"""

import csv
import os
import sys
import types
import unittest

import h5py
import matplotlib.colors
import numpy as np

from harness import Case, SOURCE
from running_plots import run, size_of, start

sys.path.insert(0, os.path.join(SOURCE, "scripts"))
from plotting import bootstrap, bootstrap_picture, group_points, groups, groups_picture, selection, selection_picture, style
from plotting.problem import Problem

FAMILIES = "EII VII EEI VEI EVI diag tied VEE EVE VVE EEV VEV EVV full".split()
DPI = 120

# What colour-blind eyes make of linear RGB, at full severity (Machado, Oliveira, Fernandes 2009, table of their matrices).
EYES = {"usual": np.eye(3),
        "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
        "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
        "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]}


def lab(linear):
    """CIE L*a*b* of linear sRGB, n x 3."""
    xyz = np.clip(linear, 0, 1) @ np.array([[.4124, .2126, .0193], [.3576, .7152, .1192], [.1805, .0722, .9505]]) / [.9505, 1, 1.089]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.column_stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])])


class ManyPictures(Case):
    def draw(self, *arguments, pictures, run=run):
        """Runs plot.py, checks which pictures there are, and returns their sizes."""
        folder = self.path("out/of plots")
        done = run("plot.py", *arguments, "-o", folder)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout.splitlines(), [os.path.join(folder, name) for name in pictures])
        self.assertEqual(sorted(os.listdir(folder)), sorted(pictures))
        return [size_of(os.path.join(folder, name)) for name in pictures]

    def refuse(self, status, pattern, *arguments):
        done = run("plot.py", *arguments, "-o", self.path("none"))
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertRegex(done.stderr, r"\Agmmpi plot: [^\n]*%s[^\n]*\n\Z" % pattern)
        self.assertEqual(done.stdout, "")
        self.assertFalse(os.path.exists(self.path("none")))


class Looks(Case):
    def test_components_can_be_told_apart(self):
        looks = [style.look_of(k) for k in range(70)]
        self.assertEqual(len(set(looks)), 70)
        self.assertEqual([look[0] for look in looks], style.colours(70))
        marks = [(style.component_colour(k), style.component_marker(k)) for k in range(-1, 70)]
        self.assertEqual(len(set(marks)), 71)
        self.assertEqual(marks[1:11], [(colour, "o") for colour in style.PALETTE])
        self.assertEqual([colour for colour, _ in marks[11:21]], style.PALETTE)
        self.assertEqual(marks[0], (style.NOISE, "x"))

    def test_colours_differ_for_every_eye(self):
        for colours in (style.PALETTE + [style.NOISE], [colour for colour, _ in selection.PAIRS.values()]):
            coded = np.array([[int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)] for colour in colours])
            linear = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
            self.assertLess(lab(linear)[:, 0].max(), 75)  # on white, whose L is 100
            for eye, matrix in EYES.items():
                seen = lab(linear @ np.transpose(matrix))
                distances = np.linalg.norm(seen[:, None] - seen, axis=2)[np.triu_indices(len(seen), 1)]
                self.assertGreater(distances.min(), 15, eye)

    def test_colours_of_components_are_seen_on_white(self):
        """The contrast that WCAG 2 asks of graphics is 3."""
        for colour in style.PALETTE + [style.NOISE]:
            coded = np.array(matplotlib.colors.to_rgb(colour))
            linear = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
            self.assertGreaterEqual(1.05 / (linear @ [0.2126, 0.7152, 0.0722] + 0.05), 3, colour)

    def test_labels_are_spread(self):
        np.testing.assert_array_equal(style.spread([0.9, 0.1, 0.5], 0.2, 0, 1), [0.9, 0.1, 0.5])
        np.testing.assert_allclose(style.spread([0.5, 0.5], 0.2, 0, 1), [0.4, 0.6])
        np.testing.assert_allclose(style.spread([0.0, 0.01, 0.9], 0.2, 0, 1), [0, 0.2, 0.9])
        np.testing.assert_allclose(style.spread([1.0, 0.99], 0.2, 0, 1), [1, 0.8])
        places = np.random.default_rng(1).uniform(0, 1, 14)
        spread = style.spread(places, 0.05, 0, 1)
        np.testing.assert_array_equal(np.argsort(spread), np.argsort(places))
        self.assertGreaterEqual(np.diff(np.sort(spread)).min(), 0.05 - 1e-12)
        self.assertGreaterEqual(spread.min(), 0)
        self.assertLessEqual(spread.max(), 1 + 1e-12)
        self.assertEqual(len(style.spread([], 0.1, 0, 1)), 0)


class Selection(ManyPictures):
    def table(self, largest, families, cv=False, missing=()):
        """A table as gmmpi select writes it: (path, rows)."""
        random = np.random.default_rng(largest)
        fields = "n_components,covariance,log_likelihood,n_parameters,bic,aic,icl,cv,cv_standard_error,converged".split(",")
        rows = []
        for f, family in enumerate(families):
            for k in range(1, largest + 1):
                bic = 10000 / k + 30 * k * (1 + f) + random.normal()
                rows.append(dict(zip(fields, (k, family, -bic / 2, k, bic, bic - 50 * k, bic + 10 * k, -bic / 900 if cv else "", 0.02 if cv else "",
                                              "false" if (k + f) % 7 == 3 else "true"))))
        with open(self.path("table.csv"), "w", newline="") as file:
            writer = csv.DictWriter(file, [field for field in fields if field not in missing], lineterminator="\n", extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows)
        return self.path("table.csv"), rows

    def test_pictures(self):
        for largest, families, cv, wide, options in (
                (40, FAMILIES, True, True, ["--criterion", "icl"]), (3, ["VVV"], False, True, [])):
            with self.subTest(largest=largest, families=families):
                (width, height), = self.draw("--selection", self.table(largest, families, cv)[0], *options, pictures=["selection.png"])
                self.assertEqual(width, 12.5 * DPI if wide else 8.5 * DPI)
                self.assertGreater(height, 7 * DPI)

    def test_numbers_are_those_of_the_table(self):
        path, rows = self.table(12, FAMILIES, cv=True)
        candidates = selection.read_selection(path)
        self.assertEqual(selection.order_of(candidates, None, path), ["bic", "icl", "aic", "cv"])
        self.assertEqual(selection.order_of(candidates, "aic", path), ["aic", "bic", "icl", "cv"])
        for criterion, best in (("bic", min), ("aic", min), ("icl", min), ("cv", max)):
            expected = best(rows, key=lambda row: row[criterion])
            found = selection.best_of(candidates, criterion)
            self.assertEqual((found.covariance, found.n_components), (expected["covariance"], expected["n_components"]))
            for line, family in zip(selection.lines_of(candidates, criterion), FAMILIES):
                of_family = [row for row in rows if row["covariance"] == family]
                self.assertEqual(line.label, family)
                self.assertEqual(list(line.numbers), list(range(1, 13)))
                self.assertEqual(list(line.values), [row[criterion] for row in of_family])
                self.assertEqual(list(line.converged), [row["converged"] == "true" for row in of_family])
                self.assertEqual(set(line.errors), {0.02 if criterion == "cv" else 0})

    def test_spurious_candidates_are_not_the_best(self):
        path, _ = self.table(12, ["VVV"], cv=False)
        with open(path, newline="") as file:
            rows = list(csv.DictReader(file))
        best = min(rows, key=lambda row: float(row["bic"]))
        rows = [dict(row, spurious="true" if row is best else "false") for row in rows]
        with open(path, "w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        candidates = selection.read_selection(path)
        found = selection.best_of(candidates, "bic").n_components
        self.assertEqual(found, int(min((row for row in rows if row["spurious"] == "false"), key=lambda row: float(row["bic"]))["n_components"]))
        figure = selection_picture.draw_selection(candidates, ["bic", "icl", "aic"])
        hollow = {x for line in figure.subfigs[0].axes[0].lines if line.get_markerfacecolor() == "white" for x in line.get_xdata()}
        self.assertIn(int(best["n_components"]), hollow)

    def test_what_is_drawn(self):
        path, rows = self.table(12, FAMILIES, cv=True)
        candidates = selection.read_selection(path)
        figure = selection_picture.draw_selection(candidates, ["bic", "icl", "aic", "cv"])
        panels = figure.subfigs[0].axes
        self.assertEqual(len(panels), 2)
        for family in FAMILIES:
            colour, marker, line_style = selection.look_of_family(family)
            of_family = [row for row in rows if row["covariance"] == family]
            drawn = [line for line in panels[0].lines if line.get_color() == colour and len(line.get_xdata()) > 3]
            self.assertIn([row["bic"] for row in of_family], [list(line.get_ydata()) for line in drawn])
        hollow = [tuple(point) for line in panels[0].lines if line.get_markerfacecolor() == "white" for point in zip(*line.get_data())]
        self.assertEqual(sorted(hollow), sorted((row["n_components"], row["bic"]) for row in rows if row["converged"] == "false"))
        names = {text.get_text(): text.xy[1] for text in panels[0].texts if text.get_text()}
        self.assertEqual(set(names), set(FAMILIES))
        self.assertGreater(np.diff(sorted(names.values())).min(), 0.03)
        best = min(rows, key=lambda row: row["bic"])
        for panel in panels:
            ring, = [line for line in panel.lines if line.get_markerfacecolor() == "none"]
            self.assertEqual((ring.get_xdata()[0], ring.get_ydata()[0]), (best["n_components"], best["bic"]))
        low, high = panels[1].get_ylim()
        self.assertLess(low, best["bic"])
        near = sum(low <= row["bic"] <= high for row in rows)
        self.assertTrue(0.25 * len(rows) < near < 0.4 * len(rows), near)
        errors = figure.subfigs[1].axes[2].containers
        self.assertEqual(len(errors), len(FAMILIES))
        style.plt.close(figure)

    def test_keys_do_not_look_like_lines(self):
        """What joins a line with its name is dotted and grey; no family has a star, which in tables is at the best."""
        for n, families in ((4, ["full"]), (6, ["VVV", "EEE", "EII"])):
            candidates = selection.read_selection(self.table(n, families)[0])
            figure = selection_picture.draw_selection(candidates, ["bic"])
            leaders = [text.arrow_patch for text in figure.axes[0].texts if getattr(text, "arrow_patch", None)]
            self.assertEqual(len(leaders), len(families))
            for leader in leaders:
                self.assertEqual(leader.get_edgecolor(), matplotlib.colors.to_rgba(style.GREY))
                self.assertEqual(leader.get_linestyle(), selection_picture.LEADER)
            style.plt.close(figure)
        self.assertNotIn("*", {selection.look_of_family(family)[1] for family in FAMILIES})

    def test_looks_of_families(self):
        looks = {selection.look_of_family(family) for family in FAMILIES}
        self.assertEqual(len(looks), 14)
        for name, code in (("full", "VVV"), ("tied", "EEE"), ("diag", "VVI"), ("spherical", "VII"), ("E", "EII"), ("V", "VII")):
            self.assertEqual(selection.look_of_family(name), selection.look_of_family(code))

    def test_candidates_without_values(self):
        path, rows = self.table(3, ["VVV", "EEE"])
        lines = self.bytes_of("table.csv").decode().splitlines()
        fields = lines[5].split(",")
        fields[4] = fields[5] = ""
        fields[6] = "nan"
        self.write("table.csv", "\n".join(lines[:5] + [",".join(fields)] + lines[6:]) + "\n")
        candidates = selection.read_selection(path)
        self.assertEqual([len(line.numbers) for line in selection.lines_of(candidates, "bic")], [3, 2])
        self.assertEqual(selection.order_of(candidates, None, path), ["bic", "icl", "aic"])
        self.draw("--selection", path, pictures=["selection.png"])

    def test_a_close_look_where_there_is_need(self):
        def reach(values, sign=1, error=0):
            return selection.reach_of([types.SimpleNamespace(values=np.array(values), errors=np.full(len(values), error))], sign)

        values = np.array([1000.0, 500, 20, 12, 11, 10, 13, 14, 15, 16])
        self.assertAlmostEqual(reach(values), 5)
        self.assertAlmostEqual(reach(-values, -1), 5)
        self.assertAlmostEqual(reach(-values, -1, 5), 11)
        self.assertIsNone(reach(values, 1, 200))
        self.assertIsNone(reach(np.arange(10.0)))
        self.assertIsNone(reach(values[:5]))
        self.assertIsNone(reach(np.ones(9)))

    def test_wrong_tables(self):
        path, _ = self.table(3, ["VVV"])
        self.refuse(64, "--criterion cv: .* has only bic, icl, aic", "--selection", path, "--criterion", "cv")
        self.refuse(66, "cannot be read", "--selection", self.path("none.csv"))
        self.refuse(65, "there is no column covariance; `gmmpi select --table`", "--selection", self.table(3, ["VVV"], missing=["covariance"])[0])
        self.refuse(65, "there is no column bic or icl or aic or cv", "--selection", self.table(
            3, ["VVV"], missing=["bic", "icl", "aic", "cv"])[0])
        self.refuse(65, "row 2: 'XYZ' is no family", "--selection", self.table(3, ["XYZ"])[0])
        self.refuse(65, "no candidate has a criterion", "--selection", self.table(0, ["VVV"])[0])
        self.refuse(65, "row 2: fields are missing", "--selection", self.write("short.csv", "n_components,covariance,bic,converged\n2,VVV\n"))
        self.refuse(65, "row 2: could not convert", "--selection", self.write("bad.csv", "n_components,covariance,bic,converged\n2,VVV,x,1\n"))
        self.refuse(65, "converged is 'perhaps'", "--selection", self.write("bad.csv", "n_components,covariance,bic,converged\n2,VVV,1,perhaps\n"))
        self.refuse(64, "--criterion goes with --selection", "--criterion", "bic", "--bootstrap", path)


class StandardErrors(ManyPictures):
    def boot(self, k, d, weights=None, **attributes):
        """What gmmpi bootstrap writes: (path, estimates by name)."""
        random = np.random.default_rng(10 * k + d)
        factors = random.normal(size=(k, d, d))
        estimates = {"weights": random.dirichlet(np.ones(k)) if weights is None else np.array(weights), "means": random.normal(0, 9, (k, d)),
                     "covariances": factors @ factors.transpose(0, 2, 1) + np.eye(d)}
        with h5py.File(self.path("boot.h5"), "w") as file:
            for name, values in estimates.items():
                for part, drawn in (("estimate", values), ("standard_error", 0.1 * abs(values)), ("lower", values - 0.15 * abs(values)),
                                    ("upper", values + 0.25 * abs(values))):
                    file["%s/%s" % (name, part)] = drawn
            file.attrs.update(dict(n_replicates=999, n_failed=0, type="wlbs", level=0.95, seed=1), **attributes)
        return self.path("boot.h5"), estimates

    def test_pictures(self):
        for k, d, n_pages, options in ((3, 1, 1, []), (3, 12, 1, []), (40, 12, 2, ["--columns", "1-2,5,8"])):
            with self.subTest(k=k, d=d):
                names = ["standard_errors.png", "standard_errors_2.png"][:n_pages]
                for width, height in self.draw("--bootstrap", self.boot(k, d)[0], *options, pictures=names, run=run if k > 3 else start):
                    self.assertTrue(6 * DPI < width < 25 * DPI, width)
                    self.assertTrue((9 if k > 3 else 1.5) * DPI < height < 14 * DPI, height)
                for name in names:
                    os.unlink(os.path.join(self.path("out/of plots"), name))

    def test_numbers_are_those_of_the_file(self):
        path, estimates = self.boot(5, 4, feature_names=["a", "b", "c", "d"], component_names=["v", "w", "x", "", "z"], n_failed=7)
        found = bootstrap.read_bootstrap(path)
        self.assertEqual(found.names, ["v", "w", "x", "3", "z"])
        self.assertRegex(found.about, "999 weighted-likelihood bootstrap replicates, 7 of them failed\n.*2.5 % to 97.5 %")
        np.testing.assert_array_equal(found.singles[0].estimate, estimates["weights"])
        np.testing.assert_array_equal(found.means[2].upper, estimates["means"][:, 2] + 0.25 * abs(estimates["means"][:, 2]))
        variances = estimates["covariances"][:, 3, 3]
        deviations = found.deviations[3]
        self.assertEqual((found.means[3].heading, deviations.heading), ("mean of d", "s.d. of d"))
        np.testing.assert_allclose(deviations.estimate, np.sqrt(variances), rtol=1e-14)
        np.testing.assert_allclose(deviations.lower, np.sqrt(0.85 * variances), rtol=1e-14)
        # The delta method, by a difference quotient.
        h = 1e-6 * variances
        np.testing.assert_allclose(deviations.error, 0.1 * variances * (np.sqrt(variances + h) - np.sqrt(variances - h)) / (2 * h), rtol=1e-8)

    def test_what_is_drawn(self):
        path, estimates = self.boot(4, 2, weights=[0.5, 0.3, 0, 0.2])
        found = bootstrap.read_bootstrap(path)
        page, = bootstrap.pages_of(found)
        figure = bootstrap_picture.draw_page(found, page)
        bars = [axes for axes in figure.axes if axes.collections]
        self.assertEqual(len(bars), 5)
        means = estimates["means"][:, 1]
        interval, *_, error, markers = bars[2].collections
        drawn = [0, 1, 3]
        for collection, reach in ((interval, (-0.15, 0.25)), (error, (-0.1, 0.1))):
            for k, segment in zip(drawn, collection.get_segments()):
                np.testing.assert_allclose(segment, [[means[k] + share * abs(means[k]), k] for share in reach], rtol=1e-12)
        np.testing.assert_allclose(markers.get_offsets(), [[means[k], k] for k in drawn])
        np.testing.assert_allclose(error.get_colors()[:, :3], [style.look_of(k)[0] for k in drawn])
        texts = [text.get_text() for text in figure.texts]
        self.assertEqual(texts.count("–"), 5)
        self.assertIn("0.500 ± 0.050", texts)
        style.plt.close(figure)

    def test_noise_and_tails(self):
        path, _ = self.boot(3, 2, feature_names=["a", "b"], transforms=["log10", ""], type="poisson")
        with h5py.File(path, "a") as file:
            for part, dof, noise in (("estimate", [3.0, 4, 5], 0.2), ("standard_error", [1.0, 1, 1], 0.01), ("lower", [2.0, 3, 4], 0.18),
                                     ("upper", [6.0, 7, 8], 0.23)):
                file["dof/" + part] = dof
                file["noise_weight/" + part] = [noise]
        found = bootstrap.read_bootstrap(path, "a")
        self.assertRegex(found.about, r"^999 Poisson bootstrap replicates; noise has weight 0.200 ± 0.010 \(0.18 to 0.23\)\n")
        page, = bootstrap.pages_of(found)
        self.assertEqual([column.heading for column in page[0]], ["weight", "degrees of freedom", "mean of log10 a", "scale of log10 a"])
        self.assertEqual(page[0][1].text(1), "4.0 ± 1.0")
        self.draw("--bootstrap", path, pictures=["standard_errors.png"])

    def test_numbers_with_errors(self):
        for value, error, text in ((2.0361, 0.0692, "2.036 ± 0.069"), (-1439.2, 84.6, "-1439 ± 85"), (0.5, 0, "0.500 ± 0.000"),
                                   (3, np.nan, "3"), (np.nan, 1, "–"), (1.234e7, 2.5e5, "(1.234 ± 0.025)e7"), (0.0, 0.021, "0.000 ± 0.021"),
                                   (2.5e-6, 1e-7, "(2.50 ± 0.10)e-6")):
            self.assertEqual(bootstrap.with_error(value, error), text)

    def test_pages(self):
        for k, d, n_pages, n_blocks in ((3, 2, 1, 1), (3, 12, 1, 4), (40, 12, 4, 1), (40, 64, 8, 1), (9, 64, 8, 3)):
            found = bootstrap.read_bootstrap(self.boot(k, d)[0])
            pages = bootstrap.pages_of(found)
            self.assertEqual((len(pages), len(pages[0])), (n_pages, n_blocks))
            headings = [column.heading for page in pages for block in page for column in block if column and column.heading != "weight"]
            self.assertTrue(all(len(block) == 1 + 2 * min(d, 3) for page in pages for block in page))
            n_drawn = min(d, n_pages * n_blocks * 3)
            self.assertEqual(sorted(headings), sorted(kind + " of x%d" % (j + 1) for kind in ("mean", "s.d.") for j in range(n_drawn)))
            self.assertEqual(found.remark, "" if n_drawn == d else "the first %d of %d features; pick others with --columns" % (n_drawn, d))
        found = bootstrap.read_bootstrap(self.boot(40, 64, feature_names=["f%d" % j for j in range(64)])[0], "f60,2")
        self.assertEqual([column.heading for column in found.means], ["mean of f60", "mean of f1"])

    def test_narrow_pages_have_the_same_columns(self):
        for k, d in ((3, 2), (3, 12), (40, 64)):
            found = bootstrap.read_bootstrap(self.boot(k, d)[0])
            wide, narrow = (bootstrap.pages_of(found, narrow) for narrow in (False, True))
            self.assertEqual(*([{id(column) for block in page for column in block if column} for page in pages] for pages in (wide, narrow)))
            self.assertEqual({len(block) for page in narrow for block in page}, {1 + min(d, 3)})
            style.plt.close(bootstrap_picture.draw_page(found, narrow[0]))

    def test_wrong_files(self):
        path, _ = self.boot(3, 2)
        self.refuse(65, "there is no column 'y'", "--bootstrap", path, "--columns", "y")
        with h5py.File(path, "a") as file:
            del file["means/lower"]
        self.refuse(65, "there is no data set /means/lower; give a file that `gmmpi bootstrap` wrote", "--bootstrap", path)
        with h5py.File(path, "a") as file:
            file["means/lower"] = np.zeros((2, 2))
        self.refuse(65, "do not fit together", "--bootstrap", path)
        with h5py.File(path, "a") as file:
            del file["means/lower"]
            file["means/lower"] = ["a"]
        self.refuse(65, "/means/lower is of type", "--bootstrap", path)
        self.refuse(65, "not an HDF5 file", "--bootstrap", self.write("a.csv", "a\n"))
        self.refuse(66, "no such file", "--bootstrap", self.path("none.h5"))


class GroupPictures(ManyPictures):
    SHAPES = {"full": lambda g, k, d: np.tile(np.eye(d) / 2, (g, k, 1, 1)), "tied": lambda g, k, d: np.tile(np.eye(d) / 2, (g, 1, 1)),
              "diag": lambda g, k, d: np.full((g, k, d), 0.5), "spherical": lambda g, k, d: np.full((g, k), 0.5)}

    def groups(self, g, k, d, covariance="full", keys=None, failed=(), **extra):
        """What gmmpi fit --by writes; group i has 100 + i points, and a log-likelihood of -(i * 7 % g) per point."""
        random = np.random.default_rng(g + k)
        self.means = random.normal(0, 5, (g, k, d))
        weights = random.dirichlet(np.ones(k), g)
        status, numbers = np.zeros(g, dtype="i4"), 1 + np.arange(g) % k
        for i, number in enumerate(numbers):
            weights[i, number:] = 0
        weights /= weights.sum(axis=1, keepdims=True)
        self.means[weights == 0] = np.nan
        for i in failed:
            status[i], weights[i], self.means[i] = 65, 0, np.nan
        self.weights = weights
        n_samples = 100 + np.arange(g)
        with h5py.File(self.path("groups.h5"), "w") as file:
            file.update(dict(weights=weights, means=self.means, covariances=self.SHAPES[covariance](g, k, d), n_samples=n_samples,
                             keys=np.arange(g) * 5 if keys is None else keys, n_components=numbers, n_iter=np.arange(g) % 50 + 1,
                             log_likelihood=np.where(status == 0, -(np.arange(g) * 7 % g) * n_samples, np.nan),
                             converged=(np.arange(g) % 10 != 1).astype("u1"), status=status))
            file.attrs.update(dict(groups=g, covariance=covariance), **extra)
        return self.path("groups.h5")

    def points(self, keys, name="points.csv", rows=30):
        """So many points of each key, in turn, around its number in the list: x = 1000 number + row, y = row."""
        lines = ["%d,%s,%d" % (1000 * i + row, key, row) for row in range(rows) for i, key in enumerate(keys)]
        return self.write(name, "x,key,y\n" + "\n".join(lines) + "\n")

    def test_pictures(self):
        both = ["groups.png", "groups_overview.png"]
        for g, k, d, covariance, options in ((3, 40, 1, "full", []), (12, 40, 2, "tied", ["--largest"]), (1, 3, 12, "diag", ["--columns", "x2,x12"])):
            with self.subTest(g=g, k=k, d=d):
                sizes = self.draw("--groups", self.groups(g, k, d, covariance, failed=range(4, g, 10)), *options, pictures=both)
                self.assertEqual(sizes[1], (1440, 792))
                self.assertTrue(all(4 * DPI < side < 14 * DPI for side in sizes[0]), sizes)
        with h5py.File(self.groups(5, 3, 2), "a") as file:
            file["dof"] = np.full((5, 3), 4.0)
        self.draw("--groups", self.path("groups.h5"), self.points(range(0, 25, 5)), "--by", "key", pictures=both)
        self.draw("--groups", self.groups(2, 2, 2, failed=[0, 1]), pictures=both)

    def test_which_groups_are_drawn(self):
        found = groups.read_groups(self.groups(48, 3, 2))
        self.assertEqual(groups.pick_groups(found), (list(range(48)), ""))
        failed = list(range(10, 1000, 40))
        found = groups.read_groups(self.groups(1000, 3, 2, failed=failed))
        chosen, remark = groups.pick_groups(found)
        self.assertEqual(remark, "48 groups, at even steps of log-likelihood per point, lowest first, of 1,000; 2 of 25 that failed")
        self.assertEqual(chosen[46:], [10, 970])
        likelihood = -(np.array(chosen[:46]) * 7 % 1000)
        self.assertTrue((np.diff(likelihood) > 0).all())
        self.assertEqual((likelihood[0], likelihood[-1]), (-999, 0))
        self.assertTrue((np.diff(likelihood) < 26).all())
        chosen, remark = groups.pick_groups(found, largest=True)
        self.assertEqual(chosen[:31], [999 - i for i in range(30) if 999 - i not in failed] + [969, 968])
        self.assertRegex(remark, "48 groups, the largest of 1,000")

    def test_what_is_drawn(self):
        found = groups.read_groups(self.groups(12, 3, 2, keys=["k%d" % i for i in range(12)], failed=[5], feature_names=["u", "v"]))
        figure = groups_picture.draw_groups(found, groups.pick_groups(found), None)
        panels = figure.axes[:12]
        self.assertEqual([panel.get_title(loc="left") for panel in panels], ["k%d" % i for i in range(12)])
        self.assertEqual(panels[4].get_title(loc="right"), "n = 104, K = 2")
        self.assertEqual(len({panel.get_xlim() for panel in panels}), 1)
        for g, panel in enumerate(panels):
            texts = [text.get_text() for text in panel.texts]
            self.assertEqual(texts, ["failed (65)\nbad data"] if g == 5 else ["not converged"] if g in (1, 11) else [])
            self.assertEqual(bool(panel.patch.get_hatch()), g == 5)
            expected = {tuple(np.round(self.means[g, k], 8)): np.array(style.look_of(k)[0]) for k in range(3) if self.weights[g, k] > 0}
            self.assertEqual([len(shapes.get_paths()) for shapes in panel.collections[:2]], [len(expected)] * 2 if expected else [])
            self.assertEqual({tuple(np.round(place, 8)) for marks in panel.collections[2:] for place in marks.get_offsets()}, set(expected))
            for shapes, radius in zip(panel.collections[:2], (1, 2)):
                for path, colour in zip(shapes.get_paths(), shapes.get_edgecolors()):
                    x = path.vertices[:119]  # the last is the first
                    centre = x.mean(axis=0)
                    np.testing.assert_allclose(np.hypot(*(x - centre).T), radius * np.sqrt(0.5), rtol=1e-9)
                    np.testing.assert_allclose(colour[:3], expected[tuple(np.round(centre, 8))])
        self.assertEqual({text.get_text() for text in figure.texts} & {"u", "v"}, {"u", "v"})
        style.plt.close(figure)

    def test_points_have_the_colour_of_their_component(self):
        found = groups.read_groups(self.groups(4, 3, 2, feature_names=["u", "v"]))
        shown = groups.pick_groups(found)
        picked = [g for g in range(4) if found.fitted[g]]
        points = [self.means[g][self.weights[g] > 0] if g in picked else np.empty((0, 2)) for g in range(4)]
        figure = groups_picture.draw_groups(found, shown, points)
        for g in picked:
            drawn = figure.axes[g].collections[0]
            np.testing.assert_allclose(drawn.get_offsets(), points[g])
            np.testing.assert_allclose(drawn.get_facecolors()[:, :3], [style.look_of(k)[0] for k in np.flatnonzero(self.weights[g] > 0)])
        self.assertGreater(len(picked), 1)
        style.plt.close(figure)

    def test_axes_of_all_panels(self):
        """They hold the ellipses of all groups, but not what one group has far out; a model's logarithms have ticks in the data's units."""
        path = self.groups(14, 14, 2, feature_names=["u", "v $x$"], transforms=["log10", ""])
        with h5py.File(path, "a") as file:
            file["means"][3, 2] = [900, 900]
        found = groups.read_groups(path)
        figure = groups_picture.draw_groups(found, groups.pick_groups(found), None)
        panel = figure.axes[0]
        low, high = zip(panel.get_xlim(), panel.get_ylim())
        corners = np.concatenate([path.vertices for axes in figure.axes if axes.axison
                                  for path in axes.collections[0].get_paths()])
        outside = ((corners < low) | (corners > high)).any(axis=1)
        self.assertTrue((corners[outside] > 800).all())
        self.assertEqual(outside.any(), self.weights[3, 2] > 0)
        self.assertEqual({text.get_text() for text in figure.texts} & {"u (log scale)", r"v \$x\$"}, {"u (log scale)", r"v \$x\$"})
        for tick, text in zip(panel.get_xticks(), panel.xaxis.get_major_formatter().seq):
            self.assertAlmostEqual(np.log10(float(text.strip("$").replace("10^{", "1e").replace("}", ""))), tick)
        entries = figure.legends[0].get_lines()
        self.assertEqual([(entry.get_color(), entry.get_marker()) for entry in entries], [style.look_of(k)[:2] for k in range(14)])
        figure.draw_without_rendering()
        box = figure.legends[0].get_window_extent()
        self.assertFalse([axes for axes in figure.axes if axes.axison and axes.get_window_extent().overlaps(box)])
        style.plt.close(figure)

    def test_densities(self):
        with h5py.File(self.groups(6, 3, 1, covariance="diag"), "a") as file:
            file["weights"][...] *= 0.9
            file.update({"noise_weight": np.full(6, 0.1), "noise_volume": 10.0 + np.arange(6)})
        found = groups.read_groups(self.path("groups.h5"))
        figure = groups_picture.draw_groups(found, groups.pick_groups(found), None)
        for g in range(6):
            x, y = figure.axes[g].lines[-1].get_data()
            expected = 0.1 / (10 + g) + sum(0.9 * weight * np.exp(-(x - mean[0]) ** 2) / np.sqrt(np.pi)  # variance 1/2
                           for weight, mean in zip(self.weights[g], self.means[g]) if weight > 0)
            np.testing.assert_allclose(y, expected, rtol=1e-9, atol=1e-300)
        style.plt.close(figure)

    def test_features(self):
        path = self.groups(4, 3, 12, feature_names=["f%d" % j for j in range(12)])
        with h5py.File(path, "a") as file:
            file["means"][:, :, [4, 9]] *= 100
        found = groups.read_groups(path)
        self.assertEqual(groups.drawn_features(found, groups.read_mixtures(found, range(4))), [4, 9])
        found = groups.read_groups(path, "f7")
        self.assertEqual(groups.drawn_features(found, groups.read_mixtures(found, range(4))), [7])

    def test_points_of_groups(self):
        """Text keys and numbers, from CSV, NPY and HDF5, features by name or the columns that are left."""
        def read(data, by, by_index=None):
            found = groups.read_groups(self.path("groups.h5"))
            points = group_points.read_points(found, [3, 1], types.SimpleNamespace(
                data=data, by=by, by_index=by_index, header="auto", delimiter=None))
            for i, part in zip((3, 1), points):
                np.testing.assert_array_equal(part, [[1000 * i + row, row] for row in range(30)])

        for names in ({}, {"feature_names": ["x", "y"]}):
            self.groups(4, 2, 2, keys=["north", "south", "east one", "west"], **names)
            read(self.points(["north", "south", "east one", "west"]), "key")
            self.groups(4, 2, 2, **names)
            read(self.points(range(0, 20, 5)), "key")
            self.groups(4, 2, 2, keys=np.arange(4) / 8, **names)
            read(self.points(np.arange(4) / 8), "2")
        table = np.array([[1000 * i + row, i / 8, row] for i in range(4) for row in range(30)])
        np.save(self.path("points.npy"), table)
        read(self.path("points.npy"), "2")
        np.save(self.path("points.npy"), table[:, [0, 2]])
        read(self.path("points.npy"), self.write("keys.csv", "k\n" + "".join("%r\n" % key for key in table[:, 1])))
        self.groups(4, 2, 2, keys=np.arange(4))
        read(self.path("points.npy"), None, self.write("offsets.txt", "0\n30\n60\n90\n"))
        read(self.path("points.npy"), None, self.write("offsets.txt", "0\n30\n60\n90\n120\n"))
        for word, option, content in (("not the rows with which 4 groups begin", "--by-index", "0\n30\n60\n"),
                                      ("3 rows and 1 columns of keys for 120 rows", "--by", "0\n30\n60\n")):
            self.refuse(65, word, "--groups", self.path("groups.h5"), self.path("points.npy"), option, self.write("offsets.txt", content))
        self.groups(4, 2, 2, keys=(2 ** 60 + np.arange(4)), feature_names=["y", "x"])
        table = np.array([[row, 1000 * i + row, 2 ** 60 + i] for i in range(4) for row in range(30)])
        with h5py.File(self.path("points.h5"), "w") as file:
            file["points"] = table
            file["points"].attrs["feature_names"] = ["b", "a", "key"]
        with self.assertRaisesRegex(Problem, 'points: has the columns "b", "a", "key"; of the model\'s features "y", "x" are missing; give data'):
            read(self.path("points.h5"), "key")
        with h5py.File(self.path("points.h5"), "a") as file:
            file["points"].attrs["feature_names"] = ["y", "x", "key"]
            file.close()
        self.groups(4, 2, 2, keys=(2 ** 60 + np.arange(4)), feature_names=["x", "y"])
        read(self.path("points.h5"), "key")

    def test_many_points_and_missing_ones(self):
        self.groups(2, 2, 2, transforms=["log10", "standardize=1:2"], feature_names=["x", "y"])
        lines = ["%d,0,%s" % (row, row if row % 2 else "NA") for row in range(4000)] + ["-5,5,7", "100,5,7"]
        found = groups.read_groups(self.path("groups.h5"))
        many, few = group_points.read_points(found, [0, 1], types.SimpleNamespace(
            data=self.write("points.csv", "x,key,y\n" + "\n".join(lines) + "\n"), by="key", by_index=None, header="auto", delimiter=None))
        np.testing.assert_array_equal(few, [[2, 3]])
        self.assertEqual(many.shape, (group_points.MOST_POINTS, 2))
        rows = 2 * many[:, 1] + 1
        np.testing.assert_allclose(np.log10(rows), many[:, 0])
        self.assertEqual(set(rows % 2), {1})
        self.assertLess(abs(np.median(rows) - 2000), 300)

    def test_overview(self):
        found = groups.read_groups(self.groups(100, 3, 2, failed=[5, 15]))
        self.assertEqual(groups.outcomes(found), [("converged", 88), ("not converged", 10), ("failed: bad data", 2)])
        sorted_weights = groups_picture.sorted_weights(found)
        second = np.sort(np.delete(self.weights, [5, 15], axis=0), axis=1)[:, -2]
        np.testing.assert_allclose(sorted_weights[:, 1], np.quantile(second[second > 0], [0.05, 0.25, 0.5, 0.75, 0.95]))
        figure = groups_picture.draw_overview(found)
        for axes, n in zip(figure.axes[:3], (98, 98, 100)):
            self.assertAlmostEqual(sum(bar.get_height() for bar in axes.patches), n)
        self.assertEqual([bar.get_height() for bar in figure.axes[4].patches], [33, 33, 32])
        style.plt.close(figure)

    def test_bins(self):
        edges, is_log = groups_picture.bins_of(np.array([3.0, 3, 7]), True)
        self.assertEqual((list(edges), is_log), ([2.5, 3.5, 4.5, 5.5, 6.5, 7.5], False))
        edges, is_log = groups_picture.bins_of(np.array([1.0, 5, 5000]), True)
        self.assertTrue(is_log and edges[0] <= 1 and edges[-1] > 5000 and (edges == edges.round()).all())
        edges, _ = groups_picture.bins_of(np.array([-2.0, -2]), False)
        self.assertTrue(edges[0] < -2 < edges[-1])
        values = np.concatenate([np.linspace(0, 1, 101), [1e6]])
        edges, _ = groups_picture.bins_of(values, False)
        self.assertEqual(edges[0], 0)
        self.assertTrue(1 < edges[-1] < 3)

    def test_wrong_files(self):
        path = self.groups(4, 2, 2)
        data = self.points(range(0, 20, 5))
        self.refuse(64, "give one of the two", "--groups", path, data)
        self.refuse(64, "DATA is missing", "--groups", path, "--by", "key")
        self.refuse(64, "in a command of its own", "--groups", path, data, data, "--by", "key")
        self.refuse(64, "--by goes with --groups", "--bootstrap", path, "--by", "key")
        self.refuse(64, "--by-index goes with --groups", "--bootstrap", path, "--by-index", "key")
        self.refuse(64, "--largest goes with --groups", "--bootstrap", path, "--largest")
        self.refuse(64, "--log goes with MODEL.h5 DATA", "--groups", path, "--log", data)
        self.refuse(64, "3 features for pictures of groups", "--groups", self.groups(4, 2, 3), "--columns", "1-3")
        self.refuse(65, "2 columns beside the key for a model of 3 features", "--groups", path, data, "--by", "key")
        self.groups(4, 2, 2)
        self.refuse(65, "there is no column 'station'; it has x, key, y", "--groups", path, data, "--by", "station")
        self.refuse(64, "2 columns; give one", "--groups", path, data, "--by", "1-2")
        self.refuse(65, "no row belongs to a group", "--groups", path, self.points(["a", "b"]), "--by", "key")
        self.refuse(66, "cannot be read", "--groups", path, self.path("none.csv"), "--by", "key")
        self.refuse(66, "no such file", "--groups", self.path("none.h5"))
        self.refuse(65, "not an HDF5 file", "--groups", data)
        self.refuse(65, "with a mixture for each group; give it with --groups", path, data)
        for name in ("keys", "status", "means"):
            with h5py.File(self.groups(4, 2, 2), "a") as file:
                del file[name]
            self.refuse(65, "there is no data set /%s; give a file that `gmmpi fit --by` wrote" % name, "--groups", path)
        with h5py.File(self.groups(4, 2, 2), "a") as file:
            file.attrs["covariance"] = "diag"
        done = run("plot.py", "--groups", path, "-o", self.path("out"))
        self.assertEqual(done.returncode, 65)
        self.assertRegex(done.stderr, r"covariances of shape .* do not fit diag")


class Together(ManyPictures):
    def test_several_in_one_command(self):
        boot, _ = StandardErrors.boot(self, 2, 1)
        table, _ = Selection.table(self, 3, ["VVV"])
        self.draw("--selection", table, "--bootstrap", boot, pictures=["selection.png", "standard_errors.png"])

    def test_nothing_to_draw(self):
        self.refuse(64, "MODEL.h5 and DATA are required, or --selection, --bootstrap or --groups")
        self.refuse(64, "only MODEL.h5 and DATA are expected", "a", "b", "c")


if __name__ == "__main__":
    unittest.main()
