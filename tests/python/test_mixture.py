# SPDX-License-Identifier: BSD-3-Clause
"""GaussianMixture against scikit-learn's and numpy: parameters, what they say of points, starts, weights, criteria."""

import warnings

import package
from package import clusters, np
from sklearn import mixture

import gmmpi

X = clusters(n=150, d=3, distance=2.5)
KINDS = ("full", "tied", "diag", "spherical")


class Fits(package.Case):
    def test_optimum_is_that_of_scikit_learn(self):
        for kind in KINDS:
            with self.subTest(kind):
                own = gmmpi.GaussianMixture(3, covariance_type=kind, tol=1e-12).fit(X)
                start = {"weights_init": own.weights_, "means_init": own.means_, "precisions_init": own.precisions_}
                peer = mixture.GaussianMixture(3, covariance_type=kind, tol=1e-14, max_iter=5, **start).fit(X)
                for name in ("weights_", "means_", "covariances_", "precisions_", "precisions_cholesky_"):
                    self.assertEqual(getattr(own, name).shape, getattr(peer, name).shape)
                    self.close(getattr(own, name), getattr(peer, name), rtol=1e-4, atol=1e-5)
                self.assertTrue(own.converged_)
                best = mixture.GaussianMixture(3, covariance_type=kind, tol=1e-10, max_iter=2000, n_init=5, random_state=0)
                self.assertGreaterEqual(own.lower_bound_, best.fit(X).score(X) - 1e-7)

    def test_what_it_says_of_points(self):
        for kind in KINDS:
            with self.subTest(kind):
                own = gmmpi.GaussianMixture(3, covariance_type=kind).fit(X)
                peer = own.to_sklearn()
                self.same(own.predict(X), peer.predict(X))
                self.close(own.predict_proba(X), peer.predict_proba(X), atol=1e-10)
                self.close(own.score_samples(X), peer.score_samples(X), rtol=1e-10)
                self.close(own.score(X), own.lower_bound_)
                self.close([own.bic(X), own.aic(X)], [peer.bic(X), peer.aic(X)], rtol=1e-10)
                self.close(own.bic(X), own.summary_["bic"])
                for value, expected in ((own.predict(X), np.int64), (own.predict_proba(X), np.float64)):
                    self.assertEqual(value.dtype, expected)
                self.assertEqual(own.summary_["n_samples"], len(X))
                self.assertGreater(own.summary_["n_passes"], 0)

    def test_many_rows_by_threads(self):
        many = np.random.default_rng(5).normal(size=(200_000, 3)) * 4
        own = gmmpi.GaussianMixture(3, threads=1).fit(X)
        one = own.predict_proba(many)
        self.same(own.set_params(threads=3).predict_proba(many), one)
        self.same(own.set_params(threads=None).predict_proba(many), one)
        self.close(one[:1000], own.to_sklearn().predict_proba(many[:1000]), atol=1e-10)

    def test_single_precision(self):
        single = X.astype(np.float32)
        own = gmmpi.GaussianMixture(3).fit(single)
        same = gmmpi.GaussianMixture(3).fit(single.astype(np.float64))
        self.same(own.means_, same.means_)
        self.same(own.predict_proba(single), same.predict_proba(single.astype(np.float64)))
        half = gmmpi.GaussianMixture(3, options={"precision": "single"}).fit(X)
        self.same(half.means_, gmmpi.GaussianMixture(3, options={"precision": "single"}).fit(single).means_)

    def test_families_of_mclust(self):
        own = gmmpi.GaussianMixture(3, covariance_type="EII").fit(X)
        self.assertEqual(own.covariances_.shape, (3, 3, 3))
        self.close(own.covariances_, np.broadcast_to(own.covariances_[0, 0, 0] * np.eye(3), (3, 3, 3)))
        self.close(own.precisions_ @ own.covariances_, np.broadcast_to(np.eye(3), (3, 3, 3)), atol=1e-9)
        self.assertEqual(own.to_sklearn().covariance_type, "full")
        self.close(own.score_samples(X), own.to_sklearn().score_samples(X), rtol=1e-10)
        self.assertEqual(gmmpi.GaussianMixture(3, covariance_type="VVV").fit(X).covariances_.shape, (3, 3, 3))

    def test_sample(self):
        own = gmmpi.GaussianMixture(3, random_state=1).fit(clusters(d=2, distance=30))
        points, labels = own.sample(6000)
        self.same(labels, own.predict(points))
        self.close(np.bincount(labels) / 6000, own.weights_, atol=0.03)
        for k in range(3):
            self.close(points[labels == k].mean(axis=0), own.means_[k], atol=0.15)
        self.same(own.sample(10)[0], points[:10])
        free = own.set_params(random_state=None)
        self.assertFalse((free.sample(5)[0] == free.sample(5)[0]).all())
        with self.assertRaisesRegex(ValueError, "at least one sample"):
            own.sample(0)

    def test_noise_and_other_options(self):
        away = np.concatenate([X, np.random.default_rng(1).uniform(-60, 60, (60, 3))])
        own = gmmpi.GaussianMixture(3, options={"noise": True}).fit(away)
        self.assertGreater((own.predict(away) == -1).sum(), 30)
        self.close(own.weights_.sum() + own.noise_weight_, 1)
        shares = own.predict_proba(away).sum(axis=1)
        self.assertLess(shares.min(), 1e-3)
        self.assertRaises(gmmpi.WrongUsage, own.to_sklearn)
        tails = gmmpi.GaussianMixture(2, options={"distribution": "t", "dof": 4}).fit(X)
        self.same(tails.dof_, [4, 4])
        self.assertFalse(hasattr(tails.set_params(options=None).fit(X), "dof_"))
        same = gmmpi.GaussianMixture(3, options={"coarse-to-fine": False}).fit(X)
        self.same(gmmpi.GaussianMixture(3, options={"coarse_to_fine": "no"}).fit(X).means_, same.means_)
        for wrong in ({"nois": True}, {"noise": []}, {"components": 3}, {"tol": 1}, {3: 4}, {"method": None, "dof": "many"}):
            with self.assertRaises(gmmpi.WrongUsage):
                gmmpi.GaussianMixture(3, options=wrong).fit(X)
        with self.assertRaisesRegex(gmmpi.WrongUsage, "did you mean 'noise'"):
            gmmpi.GaussianMixture(3, options={"nois": True}).fit(X)
        self.assertFalse(hasattr(gmmpi.GaussianMixture(3, options={"noise": False}).fit(X), "noise_weight_"))
        self.assertIn("coarse_to_fine", gmmpi.option_table())

    def test_adaptation(self):
        gmmpi.GaussianMixture(2).fit(X).save(self.path("all.h5"))
        some = X[:40]
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            own = gmmpi.GaussianMixture(options={"method": "adapt", "from": self.path("all.h5"), "relevance": 16}).fit(some)
        old = gmmpi.load(self.path("all.h5"))
        shares = old.predict_proba(some)
        counts = shares.sum(axis=0)
        alpha = (counts / (counts + 16))[:, np.newaxis]
        expected = alpha * (shares.T @ some) / counts[:, np.newaxis] + (1 - alpha) * old.means_
        self.close(own.means_, expected, rtol=1e-9)
        self.same(own.covariances_, old.covariances_)


class Starts(package.Case):
    """Of max_iter=0 the start is what comes back; scikit-learn's after one iteration is one M-step further."""

    def start(self, **words):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", gmmpi.ConvergenceWarning)
            return gmmpi.GaussianMixture(3, max_iter=0, **words).fit(X)

    def test_all_parameters(self):
        own = gmmpi.GaussianMixture(3).fit(X)
        for kind in KINDS:
            some = gmmpi.GaussianMixture(3, covariance_type=kind).fit(X)
            start = self.start(
                covariance_type=kind, weights_init=[0.5, 0.25, 0.25], means_init=own.means_, precisions_init=some.precisions_
            )
            self.same(start.weights_, [0.5, 0.25, 0.25])
            self.same(start.means_, own.means_)
            self.close(start.covariances_, some.covariances_, rtol=1e-9)
        one = {"max_iter": 1, "tol": 1e-30, "weights_init": start.weights_, "means_init": start.means_ + 0.3}
        one.update(covariance_type="spherical", precisions_init=start.precisions_)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            step = gmmpi.GaussianMixture(3, **one).fit(X)
            peer = mixture.GaussianMixture(3, **one).fit(X)
        self.close(step.means_, peer.means_, rtol=1e-9)
        self.close(step.covariances_, peer.covariances_, rtol=1e-9)

    def test_some_parameters(self):
        means = X[:3]
        start = self.start(means_init=means, n_init=3)
        usual = self.start(options={"coarse_to_fine": False})
        self.same(start.means_, means)
        self.same(start.weights_, usual.weights_)
        self.same(start.covariances_, usual.covariances_)
        for wrong in ({"means_init": means[:2]}, {"weights_init": [1, 2]}, {"precisions_init": np.ones((3, 3))}):
            with self.assertRaisesRegex(ValueError, "should have the shape of"):
                self.start(**wrong)
        with self.assertRaises(ValueError):
            self.start(weights_init=[1, 0, 0], means_init=means, precisions_init=-np.ones((3, 3, 3)))

    def test_seeds(self):
        def fit(seed):
            return gmmpi.GaussianMixture(4, init_params="random_from_data", random_state=seed, tol=1e-2).fit(X).means_

        self.same(fit(None), fit(0))
        self.same(fit(np.int64(3)), fit(3))
        self.same(fit(np.random.RandomState(1)), fit(np.random.RandomState(1)))
        self.assertFalse(np.array_equal(fit(1), fit(2)))

    def test_warm_start(self):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", gmmpi.ConvergenceWarning)
            own = gmmpi.GaussianMixture(3, max_iter=2, tol=1e-9, warm_start=True, init_params="random_from_data", n_init=2)
            first = own.fit(X).lower_bound_
            bounds = [own.fit(X).lower_bound_ for _ in range(3)]
        self.assertEqual(sorted([first, *bounds]), [first, *bounds])
        self.assertLess(first, bounds[-1])


class Weights(package.Case):
    weights = np.random.default_rng(3).integers(0, 4, len(X))

    def test_weights_are_repetitions(self):
        start = {"weights_init": [0.3, 0.3, 0.4], "means_init": X[:3], "precisions_init": np.broadcast_to(np.eye(3), (3, 3, 3))}
        start["tol"] = 1e-13
        own = gmmpi.GaussianMixture(3, **start).fit(X, sample_weight=self.weights)
        same = gmmpi.GaussianMixture(3, **start).fit(np.repeat(X, self.weights, axis=0))
        self.close(own.means_, same.means_, rtol=1e-5)
        self.close(own.lower_bound_, same.lower_bound_)
        self.close(own.score(X, sample_weight=self.weights), own.lower_bound_)
        self.assertEqual(own.summary_["sum_of_weights"], self.weights.sum())
        single = gmmpi.GaussianMixture(3, **start).fit(X.astype(np.float32), sample_weight=self.weights)
        self.close(single.means_, own.means_, rtol=1e-4)
        self.same(own.fit_predict(X, sample_weight=self.weights), own.predict(X))

    def test_wrong_weights(self):
        for wrong in (self.weights[:-1], -np.ones(len(X)), np.full(len(X), np.nan)):
            with self.assertRaises(ValueError):
                gmmpi.GaussianMixture(3).fit(X, sample_weight=wrong)


class Doubts(package.Case):
    def test_not_converged(self):
        with self.assertWarnsRegex(gmmpi.ConvergenceWarning, "not converged after 1 iterations") as caught:
            own = gmmpi.GaussianMixture(3, max_iter=1, tol=1e-12, init_params="random_from_data").fit(X)
        self.assertEqual(caught.filename, __file__)
        self.assertFalse(own.converged_)
        self.assertEqual(own.n_iter_, 1)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            gmmpi.GaussianMixture(3, max_iter=2, tol=0).fit(X)

    def test_events(self):
        repeated = np.repeat(X[:2], 20, axis=0)
        with self.assertWarns(gmmpi.FitWarning) as caught:
            own = gmmpi.GaussianMixture(4, reg_covar=0, options={"on_collapse": "drop"}).fit(repeated)
        self.assertIn(str(caught.warning), own.events_)
        with self.assertRaises(gmmpi.Error):
            gmmpi.GaussianMixture(4, reg_covar=0, options={"on_collapse": "error"}).fit(repeated)


if __name__ == "__main__":
    package.main()
