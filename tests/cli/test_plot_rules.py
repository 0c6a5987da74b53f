# SPDX-License-Identifier: BSD-3-Clause
"""What pictures of one fit keep to: frames that hold the ellipses, colours by component, legends that cover nothing, logarithmic axes where
data span decades, cells where points are many. All is looked at in matplotlib's objects; scenes are made here, gmmpi is not needed."""

import os
import sys
import unittest

import h5py
import matplotlib.colors
import matplotlib.text
import numpy as np

from harness import Case, SOURCE
from running_plots import run

sys.path.insert(0, os.path.join(SOURCE, "scripts"))
from plotting import frames, legends, merging, pictures, scales, scene, style
from plotting.mixture import Mixture


def blobs(k, d, n=400, spread=6.0, seed=1, weights=None, **options):
    """A scene of components that lie around, each with its ellipse, and of points from them."""
    random = np.random.default_rng(seed)
    means = random.normal(0, spread, (k, d))
    factors = random.normal(0, 0.6, (k, d, d)) + np.eye(d)
    weights = random.dirichlet(np.full(k, 5.0)) if weights is None else np.array(weights)
    labels = random.choice(np.flatnonzero(weights), n)
    points = means[labels] + np.einsum("nij,nj->ni", factors[labels], random.normal(size=(n, d)))
    names = options.pop("names", ["x%d" % (j + 1) for j in range(d)])
    mixture = Mixture(weights, means, factors @ factors.transpose(0, 2, 1), "full", names, **options)
    return scene.Scene(mixture, points, names, n, np.searchsorted(mixture.numbers, labels))


def around(points, means, deviations, weights=None, transforms=None):
    """A scene of points (n x d) and of components without correlations."""
    points, means = np.asarray(points, dtype=float), np.asarray(means, dtype=float)
    k, d = means.shape
    mixture = Mixture(np.full(k, 1 / k) if weights is None else np.array(weights), means, np.asarray(deviations, dtype=float) ** 2, "diag",
                      None, transforms=transforms)
    points = mixture.transformed(points)
    return scene.Scene(mixture, points, ["x%d" % (j + 1) for j in range(d)], len(points), mixture.responsibilities(points).argmax(axis=1))


def panels_of(figure):
    """The axes in which points are drawn, or densities."""
    return [axes for axes in figure.axes if axes.axison and axes.get_label() != "<colorbar>"]


def ellipses_of(axes):
    return [line for line in axes.lines if len(line.get_xdata()) == 120]


def legend_of(figure):
    found = figure.legends + [axes.get_legend() for axes in figure.axes if axes.get_legend()]
    return found[0] if found else None


class Closing(Case):
    def tearDown(self):
        style.plt.close("all")
        super().tearDown()


class Frames(Closing):
    def test_ellipses_are_whole(self):
        for k, d, dof in ((3, 2, None), (30, 2, None), (3, 2, 4.0), (30, 3, None), (3, 7, None)):
            with self.subTest(k=k, d=d, dof=dof):
                figure = pictures.draw_clusters(blobs(k, d, dof=None if dof is None else np.full(k, dof)))
                panels = [axes for axes in panels_of(figure) if ellipses_of(axes)]
                m = min(d, scene.PAIR_FEATURES)
                self.assertEqual(len(panels), m * (m - 1) // 2)
                for axes in panels:
                    self.assertEqual(len(ellipses_of(axes)), k * (1 if d > 2 and k > 10 else 2))
                    for line in ellipses_of(axes):
                        for (low, high), values in ((axes.get_xlim(), line.get_xdata()), (axes.get_ylim(), line.get_ydata())):
                            self.assertTrue(low < values.min() and values.max() < high)

    def test_points_far_out_are_left_out_and_counted(self):
        points = np.random.default_rng(2).normal(size=(500, 2))
        points[[3, 7]] = [[1e6, 0], [0, -1e5]]
        shown = around(points, [[0, 0]], [[1, 1]])
        axes, = panels_of(pictures.draw_clusters(shown))
        self.assertTrue(max(np.abs(axes.get_xlim() + axes.get_ylim())) < 6)
        self.assertIn("outside of the frame: 2 points", axes.get_title())
        # All points of distributions that are no more than skewed are there.
        for values in (points[10:, 0], np.exp(points[10:, 0] / 2), np.array([1.0, 3.0]), np.array([5.0])):
            axes, = panels_of(pictures.draw_clusters(around(values[:, None], [[values.mean()]], [[max(values.std(), 0.1)]])))
            self.assertTrue(axes.get_xlim()[0] < values.min() and values.max() < axes.get_xlim()[1])
            self.assertNotIn("outside", axes.get_title())

    def test_components_far_out(self):
        """Those of some weight are shown; those of hardly any are not, nor are ellipses far larger than the data; the title says so."""
        points = np.random.default_rng(3).normal(size=(1000, 2))
        points[:50] += [300, 0]
        axes, = panels_of(pictures.draw_clusters(around(points, [[0, 0], [300, 0]], [[1, 1], [1, 1]], [0.95, 0.05])))
        self.assertTrue(302 < axes.get_xlim()[1] < 340)
        axes, = panels_of(pictures.draw_clusters(around(points[50:], [[0, 0], [300, 0]], [[1, 1], [1, 1]], [0.999, 0.001])))
        self.assertLess(axes.get_xlim()[1], 10)
        self.assertIn("outside of the frame: component 1", axes.get_title())
        axes, = panels_of(pictures.draw_clusters(around(points[50:], [[0, 0], [4, 0]], [[1, 1], [90, 90]], [0.7, 0.3])))
        self.assertTrue(4 < axes.get_xlim()[1] < 10)
        self.assertIn("cut, being far larger than the data: component 1", axes.get_title())

    def test_columns_without_width(self):
        points = np.column_stack([np.arange(50.0), np.full(50, 7.25)])
        shown = around(points, [[25, 7.25]], [[14, 1e-3]])
        low, high = shown.feature(1).limits
        self.assertTrue(7.248 > low > 7.24 and 7.252 < high < 7.26)
        frame = frames.frame_of(np.full(3, 4.0), frames.Extents(*[np.array([4.0])] * 3, np.array([1.0])))
        self.assertTrue(frame.low < 4 < frame.high)


class Components(Closing):
    def check_points(self, axes, shown, looks):
        """Each point has the look of its component."""
        found = {}
        for collection in axes.collections:
            if len(collection.get_offsets()) and len(collection.get_paths()) == 1:
                colours = np.broadcast_to(collection.get_facecolors(), (len(collection.get_offsets()), 4))
                vertices = collection.get_paths()[0].vertices.tobytes()
                found.update({tuple(place): (matplotlib.colors.to_hex(colour).upper(), vertices)
                              for place, colour in zip(collection.get_offsets().data, colours)})
        shapes = {marker: matplotlib.markers.MarkerStyle(marker) for marker in style.MARKERS}
        shapes = {marker: shape.get_path().transformed(shape.get_transform()).vertices.tobytes() for marker, shape in shapes.items()}
        for place, label in zip(np.column_stack([shown.feature(0).places, shown.feature(1).places]), shown.labels):
            colour, marker = looks[label]
            self.assertEqual(found[tuple(place)], (colour, shapes[marker]))

    def test_look_depends_on_the_index_alone(self):
        """Also where components have no weight, and beyond ten."""
        weights = np.full(33, 1.0)
        weights[[0, 4, 20]] = 0
        shown = blobs(33, 2, weights=weights / 30)
        axes, = panels_of(pictures.draw_clusters(shown))
        numbers = shown.mixture.numbers
        self.assertEqual(list(numbers), [k for k in range(33) if weights[k]])
        self.check_points(axes, shown, [(style.component_colour(k), style.component_marker(k)) for k in numbers])
        order = np.argsort(-shown.mixture.weights, kind="stable")
        for line, k in zip(ellipses_of(axes), np.repeat(order, 2)):
            self.assertEqual(matplotlib.colors.to_hex(line.get_color()).upper(), style.component_colour(numbers[k]))
            np.testing.assert_allclose(np.mean([line.get_xdata()[:-1], line.get_ydata()[:-1]], axis=1), shown.mixture.means[k], rtol=1e-8)
        entries = legend_of(axes.figure).get_lines()
        self.assertEqual([(matplotlib.colors.to_hex(entry.get_color()).upper(), entry.get_marker()) for entry in entries],
                         [(style.component_colour(k), style.component_marker(k)) for k in numbers])

    def test_merged_clusters_look_like_their_lowest_component(self):
        shown = blobs(14, 2)
        shares = np.eye(14)[shown.labels]
        clusters = [[0, 13], [1], [2, 3, 4, 5, 6], [7, 8, 9, 10], [11, 12]]
        axes, = panels_of(merging.draw_merged_clusters(clusters, shown, shares))
        lowest = {k: members[0] for members in clusters for k in members}
        self.check_points(axes, shown, [(style.component_colour(lowest[k]), style.component_marker(lowest[k])) for k in range(14)])
        self.assertEqual([(matplotlib.colors.to_hex(entry.get_color()).upper(), entry.get_marker()) for entry in legend_of(axes.figure).get_lines()],
                         [(style.component_colour(k), style.component_marker(k)) for k in (0, 1, 2, 7, 11)])

    def test_numbers_do_not_lie_on_each_other(self):
        for k, means in ((30, 0.3 * np.random.default_rng(4).normal(size=(30, 2))), (3, np.zeros((3, 2)))):
            shown = around(np.random.default_rng(5).normal(size=(300, 2)), means, np.full((k, 2), 0.2))
            figure = pictures.draw_clusters(shown)
            axes, = panels_of(figure)
            figure.draw_without_rendering()
            self.assertEqual(sorted(int(text.get_text()) for text in axes.texts), list(range(k)))
            boxes = [matplotlib.text.Text.get_window_extent(text) for text in axes.texts]
            self.assertFalse([(a, b) for a in range(k) for b in range(a) if _overlap(boxes[a], boxes[b], 2)])


def _number(word):
    """Of a tick's text."""
    return float(word.strip("$").replace("\N{MINUS SIGN}", "-").replace("10^{", "1e").replace("}", ""))


def _overlap(first, second, slack=0.5):
    """Of two boxes, but for so many pixels."""
    return min(first.x1, second.x1) - max(first.x0, second.x0) > slack and min(first.y1, second.y1) - max(first.y0, second.y0) > slack


class Legends(Closing):
    def test_they_cover_nothing(self):
        for k, d in ((3, 1), (30, 1), (3, 2), (30, 2), (58, 2), (30, 3), (30, 4), (3, 6)):
            with self.subTest(k=k, d=d):
                figure = pictures.draw_clusters(blobs(k, d))
                figure.draw_without_rendering()
                box = legend_of(figure).get_window_extent()
                self.assertEqual(len(legend_of(figure).get_texts()), k + (d == 1))
                self.assertTrue(figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1 and figure.bbox.y0 <= box.y0 and box.y1 <= figure.bbox.y1)
                for axes in panels_of(figure):
                    self.assertFalse(_overlap(box, axes.get_window_extent()))
                for axes in panels_of(figure):
                    self.assertGreater(axes.get_window_extent().width, 1.3 * figure.dpi)

    def test_none_where_it_would_be_too_long(self):
        figure = pictures.draw_clusters(blobs(70, 2))
        self.assertIsNone(legend_of(figure))
        self.assertEqual(len(panels_of(figure)[0].texts), 70)


class Scales(Closing):
    def test_when_axes_are_logarithmic(self):
        random = np.random.default_rng(6)
        normal, even = random.normal(size=5000), random.uniform(size=5000)
        for values in (np.exp(2 * normal), 10 ** (4 * even), 1e-9 * np.exp(3 * normal)):
            self.assertTrue(scales.spans_decades(values))
        for values in (normal, even, np.exp(0.5 * normal), random.exponential(size=5000), np.append(np.exp(2 * normal), 0), -np.exp(2 * normal),
                       np.append(np.full(5000, 5.0), 1e9), 1e6 - np.exp(2 * normal[normal < 3]), np.array([1, 1e5])):
            self.assertFalse(scales.spans_decades(values))

    def test_logarithmic_axes(self):
        """Of a model of the data themselves: an ellipse's vertices are logarithms, its limits hold it, densities are those of the axis."""
        random = np.random.default_rng(7)
        values = np.exp(random.normal(0, 2, (2000, 2)))
        shown = around(values, [[100, 100], [1, 1]], [[30, 30], [1, 0.3]], [0.5, 0.5])
        axes, = panels_of(pictures.draw_clusters(shown))
        self.assertEqual((axes.get_xlabel(), axes.get_ylabel()), ("x1 (log scale)", "x2 (log scale)"))
        closed = next(line for line in ellipses_of(axes) if line.get_xdata().min() > 1.5)
        radii = np.hypot(10 ** closed.get_xdata() - 100, 10 ** closed.get_ydata() - 100)
        np.testing.assert_allclose(radii, 30 if radii[0] < 45 else 60, rtol=1e-9)
        self.assertLess(closed.get_xdata().max(), axes.get_xlim()[1])
        self.assertIn("ellipses that reach zero, where a log scale never comes: component 1", axes.get_title())
        places = {text.get_text(): tick for tick, text in zip(axes.get_xticks(), axes.get_xticklabels())}
        self.assertEqual((places["1"], places["100"]), (0, 2))
        self.assertLess(max(marks.get_offsets().max() for marks in axes.collections if len(marks.get_offsets())), 10)
        feature = shown.feature(0)
        grid = np.linspace(-3, 3, 20001)
        inside = 0.5 * np.mean(np.abs(random.standard_normal(200000) * 30 + 100 - 500) < 500 - 1e-3)
        self.assertAlmostEqual(np.trapz(feature.density(shown.mixture, 0, grid), grid), inside, delta=2e-3)

    def test_the_model_s_own_functions(self):
        """Places are those of the model, ticks in the units of the data, also behind a shift and a scale."""
        values = np.exp(np.random.default_rng(8).normal(2, 2, (500, 1)))
        for text, function, kind in (("log10,standardize=1:0.5", lambda x: (np.log10(x) - 1) / 0.5, " (log scale)"), ("log", np.log, " (log scale)"),
                                     ("arcsinh=5", lambda x: np.arcsinh(x / 5), " (arcsinh scale)"), ("sqrt", np.sqrt, " (sqrt scale)"),
                                     ("log1p", np.log1p, " (log1p scale)"), ("standardize=3:4", None, "")):
            with self.subTest(text=text):
                model_values = function(values) if function else (values - 3) / 4
                shown = around(values, [[model_values.mean()]], [[model_values.std()]], transforms=[text])
                axes, = panels_of(pictures.draw_clusters(shown))
                self.assertEqual(axes.get_xlabel(), "x1" + (kind or " (log scale)"))
                np.testing.assert_allclose(shown.feature(0).places, (function or np.log10)(values)[:, 0], rtol=1e-9, atol=1e-12)
                low, high = axes.get_xlim()
                ticks = [(tick, text.get_text()) for tick, text in zip(axes.get_xticks(), axes.get_xticklabels()) if low <= tick <= high]
                self.assertGreaterEqual(len(ticks), 3)
                for tick, word in ticks:
                    self.assertAlmostEqual(float((function or np.log10)(_number(word))), tick, delta=1e-9)
                if function:
                    self.assertAlmostEqual(np.trapz(axes.lines[-1].get_ydata(), axes.lines[-1].get_xdata()), 1, delta=0.05)
                area = sum(bar.get_height() * bar.get_width() for bar in axes.patches)
                self.assertAlmostEqual(area, shown.feature(0).inside.mean(), delta=1e-9)

    def test_shift_and_scale_are_taken_back(self):
        points = np.random.default_rng(9).normal(50, 4, (300, 2))
        axes, = panels_of(pictures.draw_clusters(around(points, [[0, 0]], [[1, 1]], transforms=["standardize=50:4"] * 2)))
        line = ellipses_of(axes)[0]
        np.testing.assert_allclose(np.hypot(line.get_xdata() - 50, line.get_ydata() - 50), 4)

    def test_ticks(self):
        log = scales.Scale("log10")
        for low, high, expected in ((-2, 3, [0.01, 0.1, 1, 10, 100, 1000]), (-12.5, 12.5, [1e-12, 1e-9, 1e-6, 1e-3, 1, 1e3, 1e6, 1e9, 1e12]), (0.9, 2.1, [10, 20, 50, 100])):
            np.testing.assert_allclose(scales.ticks(log, low, high, 9)[0][:len(expected)], expected)
        found, small = scales.ticks(log, 0.31, 0.33, 5)
        self.assertTrue(len(found) >= 3 and 10 ** 0.31 <= found[0] and found[-1] <= 10 ** 0.33 and not small)
        arcsinh = scales.Scale("arcsinh=5")
        found, small = scales.ticks(arcsinh, -6, 8, 8)
        self.assertEqual([x for x in found if x in (-100, 0, 100, 1000)], [-100, 0, 100, 1000])
        self.assertGreater(np.diff(arcsinh.place(np.array(found))).min(), 14 / 8 - 0.01)
        self.assertIn(-20, small)
        self.assertEqual(scales.number_texts([-1000, 0, 0.02, 50]), ["\N{MINUS SIGN}1000", "0", "0.02", "50"])
        self.assertEqual(scales.number_texts([-1e9, 0, 2e-7, 1, 1e6]), ["$-10^{9}$", "0", r"$2\cdot 10^{-7}$", "$10^{0}$", "$10^{6}$"])


class Points(Closing):
    def test_many_points_are_cells(self):
        random = np.random.default_rng(10)
        n = scene.SCATTER_POINTS + 1
        shown = around(random.normal(size=(n, 2)), [[0, 0], [1, 1]], np.ones((2, 2)))
        for draw in (pictures.draw_data, pictures.draw_clusters):
            axes = panels_of(draw(shown))[0]
            self.assertEqual((len(axes.images), len(axes.collections)), (1, 0))
        cells = pictures.draw_data(shown).axes[0].images[0].get_array()
        self.assertEqual(cells.sum(), n - np.sum(~(shown.feature(0).inside & shown.feature(1).inside)))
        few = around(shown.points[:500], [[0, 0], [1, 1]], np.ones((2, 2)))
        self.assertFalse(panels_of(pictures.draw_clusters(few))[0].images)

    def test_cells_of_whole_numbers(self):
        """Each cell has equally many of them, however many points there are; where most are alone they are points."""
        random = np.random.default_rng(11)
        points = np.column_stack([random.integers(0, 7, 700), 0.1 * random.integers(0, 200, 700)])
        shown = around(points, [[3, 10]], [[2, 6]])
        self.assertEqual((shown.feature(0).step, round(shown.feature(1).step, 6)), (1, 0.1))
        edges = shown.feature(0).edges(70)
        np.testing.assert_allclose(edges % 1, 0.5)
        self.assertEqual(len(set(np.diff(np.round(shown.feature(1).edges(70) / 0.05)))), 1)
        self.assertFalse(shown.is_dense(0, 1))
        shown = around(np.repeat(points[:100], 3, axis=0), [[3, 10]], [[2, 6]])
        self.assertTrue(shown.is_dense(0, 1))
        self.assertIsNone(scene.step_of(random.normal(size=400)))
        self.assertIsNone(scene.step_of(np.repeat(random.normal(size=20), 30)))
        self.assertIsNone(scene.step_of(np.full(9, 2.0)))

    def test_weights_are_repetitions(self):
        random = np.random.default_rng(12)
        points, counts = np.round(random.normal(0, 3, (300, 2)), 2), random.integers(1, 5, 300)
        repeated = around(np.repeat(points, counts, axis=0), [[0, 0]], [[3, 3]])
        weighted = around(points, [[0, 0]], [[3, 3]])
        weighted.weights = counts.astype(float)
        edges = repeated.feature(0).edges(20)
        heights = [np.histogram(shown.mixture.transformed(shown.points)[:, 0], edges, weights=pictures._shares(shown, edges))[0]
                   for shown in (repeated, weighted)]
        np.testing.assert_allclose(*heights)
        self.assertAlmostEqual((heights[0] * np.diff(edges)).sum(), 1, delta=0.02)

    def test_options_of_plot(self):
        """--weights by a column and by a file, --format, and names with dollars and with letters that a font may lack."""
        random = np.random.default_rng(13)
        shown = blobs(2, 2, names=["cost ($) of $x$ \u6e29\u5ea6", r"$\frac$"])
        with h5py.File(self.path("model.h5"), "w") as file:
            for name in ("weights", "means", "covariances"):
                file[name] = getattr(shown.mixture, name)
            file.attrs.update({"covariance": "full", "feature_names": shown.names})
        weights = random.integers(0, 4, len(shown.points))
        table = self.write("points.csv", "count,%s,%s,less\n" % tuple(shown.names) + "".join("%d,%r,%r,-1\n" % (weight, float(x), float(y)) for weight, (x, y) in zip(weights, shown.points)))
        other = self.write("weights.csv", "w\n" + "".join("%d\n" % weight for weight in weights))
        for options, kind, start in ((["--weights", "count", "--format", "svg"], "svg", b"<?xml"),
                                     (["--columns", "2,3", "--weights", other, "--format", "pdf"], "pdf", b"%PDF")):
            done = run("plot.py", self.path("model.h5"), table, "-o", self.path("out"), *options)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            files = [os.path.join(self.path("out"), name + "." + kind) for name in ("data", "clusters", "responsibilities")]
            self.assertEqual(done.stdout.splitlines(), files)
            for path in files:
                self.assertTrue(self.bytes_of(path).startswith(start))
        for options, status, words in ((["--weights", "nothing"], 66, "cannot be read"), (["--weights", self.write("w.csv", "w\n1\n")], 65, "1 rows and 1 columns"),
                                       (["--weights", "less"], 65, "missing or negative")):
            done = run("plot.py", self.path("model.h5"), table, "-o", self.path("none"), *options)
            self.assertEqual(done.returncode, status, done.stderr)
            self.assertRegex(done.stderr, r"\Agmmpi plot: [^\n]*%s[^\n]*\n\Z" % words)

    def test_names_are_drawn_letter_by_letter(self):
        self.assertEqual(style.plain("a $x$\n b"), r"a \$x\$ b")
        self.assertEqual(style.plain(style.plain("5 $")), r"5 \$")
        self.assertEqual(style.named("a" * 30 + " " + "b" * 30, 32), "a" * 30 + "…")


if __name__ == "__main__":
    unittest.main()
