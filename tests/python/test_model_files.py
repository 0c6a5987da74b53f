# SPDX-License-Identifier: BSD-3-Clause
"""Files: the same bytes as the command line's, points from files and streams, models that come back."""

import os
import warnings

import package
import test_input
from package import clusters, np
from sklearn import mixture

import gmmpi

X = clusters(n=200, d=3)


class ModelFiles(package.Case):
    def command_line(self, data, *words):
        """The bytes of the model of gmmpi fit."""
        self.succeed("fit", data, "-o", self.path("cli.h5"), "-q", *words)
        return self.bytes_of("cli.h5")

    def saved(self, estimator):
        estimator.save(self.path("own.h5"))
        return self.bytes_of("own.h5")

    def test_bytes_of_the_command_line(self):
        data = self.path("points.npy")
        np.save(data, X)
        many = [
            ({"n_components": 3}, ["-k", 3]),
            ({"n_components": 4, "covariance_type": "VEE", "random_state": 5, "tol": 1e-4, "reg_covar": 1e-5},
             ["-k", 4, "--covariance", "VEE", "--seed", 5, "--tol", "1e-4", "--reg-covar", "1e-5"]),
            ({"n_components": 2, "n_init": 3, "init_params": "random_from_data", "max_iter": 500,
              "options": {"coarse_to_fine": False, "distribution": "t", "dof": 4}},
             ["-k", 2, "--n-init", 3, "--init", "random_from_data", "--max-iter", 500, "--no-coarse-to-fine",
              "--distribution", "t", "--dof", 4]),
        ]  # fmt: skip
        for words, line in many:
            self.assertEqual(self.saved(gmmpi.GaussianMixture(**words).fit(data)), self.command_line(data, *line))
        prior = {"mean_prior": X[0], "mean_precision_prior": 0.1}
        own = gmmpi.BayesianGaussianMixture(n_components=3, **prior).fit(data)
        line = ["--mean-prior", ",".join(map(repr, X[0].tolist())), "--mean-precision-prior", "0.1"]
        self.assertEqual(self.saved(own), self.command_line(data, "-k", 3, "--method", "dp", *line))

    def test_bytes_of_points_in_memory(self):
        """A table with names is a CSV file with names; numbers without names are called x1, x2, ... by the command line."""
        text = "height,width\n" + "".join("%r,%r\n" % tuple(row) for row in X[:, :2].tolist())
        data = self.write("table.csv", text)
        own = gmmpi.GaussianMixture(3).fit(test_input.Table(np.ascontiguousarray(X[:, :2]), ["height", "width"]))
        self.assertEqual(self.saved(own), self.command_line(data, "-k", 3))
        np.save(self.path("plain.npy"), X)
        own = gmmpi.GaussianMixture(3).fit(X)
        self.assertEqual(self.saved(own), self.command_line(self.path("plain.npy"), "-k", 3))

    def test_adapted_model(self):
        data = self.path("points.npy")
        np.save(data, X[:50])
        gmmpi.GaussianMixture(2).fit(X).save(self.path("all.h5"))
        own = gmmpi.GaussianMixture(options={"method": "adapt", "from": self.path("all.h5")}).fit(data)
        line = ["--method", "adapt", "--from", self.path("all.h5")]
        self.assertEqual(self.saved(own), self.command_line(data, *line))

    def test_loaded_models(self):
        for own in (
            gmmpi.GaussianMixture(3, covariance_type="EEV", random_state=4, tol=1e-5).fit(X),
            gmmpi.GaussianMixture(2, options={"noise": True}).fit(X),
            gmmpi.BayesianGaussianMixture(n_components=3, covariance_type="tied", mean_prior=X[0]).fit(X),
            gmmpi.BayesianGaussianMixture(n_components=2, weight_concentration_prior_type="dirichlet_distribution").fit(X),
        ):
            image = self.saved(own)
            same = gmmpi.load(self.path("own.h5"))
            self.assertIs(type(same), type(own))
            self.same(same.predict_proba(X), own.predict_proba(X))
            for name in ("weights_", "means_", "covariances_", "precisions_cholesky_", "lower_bound_", "n_iter_", "events_",
                         "converged_", "n_features_in_"):  # fmt: skip
                self.same(getattr(same, name), getattr(own, name))
            for name in ("n_components", "covariance_type", "tol", "reg_covar", "max_iter"):
                self.assertEqual(getattr(same, name), getattr(own, name))
            self.assertEqual(self.saved(same), image)
            same.fit(X)  # goes on from there as any other
        self.assertRaises(gmmpi.NoInput, gmmpi.load, self.path("nowhere.h5"))
        self.assertRaises(FileNotFoundError, gmmpi.load, self.path("nowhere.h5"))
        self.assertRaises(gmmpi.BadData, gmmpi.load, self.write("text.h5", "no model"))
        self.assertRaises(OSError, own.save, self.path("no/folder.h5"))
        self.assertRaises(gmmpi.NotFittedError, gmmpi.GaussianMixture().save, self.path("x.h5"))

    def test_to_scikit_learn_and_back(self):
        for kind in ("full", "tied", "diag", "spherical"):
            peer = mixture.GaussianMixture(3, covariance_type=kind, random_state=0).fit(X)
            own = gmmpi.from_sklearn(peer)
            self.close(own.score_samples(X), peer.score_samples(X), rtol=1e-10)
            self.close(own.bic(X), peer.bic(X), rtol=1e-10)
            again = own.to_sklearn()
            self.same(again.means_, peer.means_)
            self.close(again.covariances_, peer.covariances_, rtol=1e-14)
            self.assertEqual(again.get_params(), dict(peer.get_params(), init_params=again.init_params))
            self.assertEqual((again.n_iter_, again.lower_bound_), (peer.n_iter_, peer.lower_bound_))
        self.assertRaises(ValueError, gmmpi.from_sklearn, mixture.GaussianMixture())


class Descriptors:
    """Is a file open while a fit goes on?"""

    def __init__(self, path):
        self.path = path
        self.is_read = False

    def look(self, progress):
        folder = "/proc/self/fd"
        self.is_read |= any(os.path.realpath(os.path.join(folder, name)) == self.path for name in os.listdir(folder))


class Points(package.Case):
    def test_a_file_is_its_rows(self):
        import h5py

        with h5py.File(self.path("points.h5"), "w") as file:
            file["some/x"] = X
        own = gmmpi.GaussianMixture(3).fit(self.path("points.h5") + ":/some/x")
        self.same(own.means_, gmmpi.GaussianMixture(3).fit(X).means_)
        self.assertEqual(own.n_features_in_, 3)
        self.assertFalse(hasattr(own, "feature_names_in_"))
        from pathlib import Path

        np.save(self.path("points.npy"), X)
        self.same(gmmpi.GaussianMixture(3).fit(Path(self.path("points.npy"))).means_, own.means_)
        with self.assertRaisesRegex(ValueError, "gmmpi predict"):
            own.predict(self.path("points.npy"))

    def test_names_columns_and_weights(self):
        weights = np.arange(len(X)) % 3
        lines = ["w,a,b"] + ["%d,%r,%r" % (w, *row) for w, row in zip(weights, X[:, :2].tolist())]
        data = self.write("table.csv", "\n".join(lines) + "\n")
        own = gmmpi.GaussianMixture(3, options={"weights": "w"}).fit(data)
        self.same(own.feature_names_in_, ["a", "b"])
        self.same(own.means_, gmmpi.GaussianMixture(3).fit(X[:, :2], sample_weight=weights).means_)
        one = gmmpi.GaussianMixture(2, options={"columns": ["b"]}).fit(data)
        self.assertEqual(one.n_features_in_, 1)
        with self.assertRaisesRegex(ValueError, "column"):
            own.fit(data, sample_weight=weights)
        self.assertRaises(FileNotFoundError, own.fit, self.path("nowhere.csv"))
        self.write("bad.csv", "a,b\n1,2\n3,many\n")
        with self.assertRaises(gmmpi.BadData) as caught:
            own.set_params(options=None).fit(self.path("bad.csv"))
        self.assertEqual(caught.exception.place, 3)

    def test_transforms_and_known_classes(self):
        positive = np.exp(X[:, :2] / 10)
        classes = np.where(X[:, 0] > 8, "far", "")
        lines = ["a,b,c"] + ["%r,%r,%s" % (*row, name) for row, name in zip(positive.tolist(), classes)]
        data = self.write("table.csv", "\n".join(lines) + "\n")
        own = gmmpi.GaussianMixture(2, options={"columns": "a,b", "transform": "log", "known_labels": "c"}).fit(data)
        self.same(own.component_names_, ["far", "component 1"])
        own.save(self.path("own.h5"))
        same = gmmpi.load(self.path("own.h5"))
        self.assertTrue(all(same.model_.transforms))
        self.same(same.component_names_, own.component_names_)
        plain = gmmpi.GaussianMixture(2, weights_init=own.weights_, means_init=own.means_, precisions_init=own.precisions_)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # rows without names
            self.same(same.predict(positive), own.predict(positive))
            plain.set_params(max_iter=0).fit(np.log(positive))
            self.close(plain.predict_proba(np.log(positive)), own.predict_proba(positive), atol=1e-9)
        self.assertRaisesRegex(ValueError, "does not transform", own.to_sklearn)
        self.assertEqual(plain.model_.transforms, ["", ""])

    def test_streamed(self):
        import h5py

        many = clusters(n=200_000, d=8, K=2)
        with h5py.File(self.path("big.h5"), "w") as file:
            file["x"] = many
        data = self.path("big.h5") + ":/x"
        words = {"init_params": "random_from_data", "covariance_type": "diag", "threads": 1}
        held = gmmpi.GaussianMixture(2, **words).fit(many)
        with self.assertRaises(MemoryError):
            gmmpi.GaussianMixture(2, options={"memory_limit": "1M"}, **words).fit(data)
        with open("/proc/self/statm") as file:  # what the interpreter holds counts, too
            limit = int(file.read().split()[1]) * 4096 + (42 << 20)
        files = Descriptors(self.path("big.h5"))
        words["on_progress"] = files.look
        streamed = gmmpi.GaussianMixture(2, options={"memory_limit": limit}, **words).fit(data)
        self.assertTrue(files.is_read)
        self.same(streamed.means_, held.means_)


if __name__ == "__main__":
    package.main()
