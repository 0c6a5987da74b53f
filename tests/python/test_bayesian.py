# SPDX-License-Identifier: BSD-3-Clause
"""BayesianGaussianMixture against scikit-learn's."""

import warnings

import package
from package import clusters, np
from sklearn import mixture

import gmmpi

X = clusters(n=120, d=2, distance=4)
TYPES = ("dirichlet_process", "dirichlet_distribution")
ARRAYS = (
    "weights_", "means_", "covariances_", "precisions_", "precisions_cholesky_", "mean_precision_", "degrees_of_freedom_",
    "weight_concentration_prior_", "mean_precision_prior_", "mean_prior_", "degrees_of_freedom_prior_", "covariance_prior_",
)  # fmt: skip


def priors(kind):
    scale = {"full": np.diag([2.0, 3.0]), "tied": np.diag([2.0, 3.0]), "diag": np.array([2.0, 3.0]), "spherical": 2.5}
    return {
        "weight_concentration_prior": 0.3,
        "mean_precision_prior": 0.5,
        "mean_prior": np.array([1.0, 2.0]),
        "degrees_of_freedom_prior": 4.5,
        "covariance_prior": scale[kind],
    }


class Bayesian(package.Case):
    def go_on(self, own):
        """scikit-learn's, from where the own fit ended: one more step must change nothing."""
        peer = own.to_sklearn()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return peer.set_params(warm_start=True, max_iter=1).fit(X)

    def test_a_fixed_point_of_scikit_learn(self):
        for type_of_weights in TYPES:
            for kind in ("full", "tied", "diag", "spherical"):
                with self.subTest((type_of_weights, kind)):
                    own = gmmpi.BayesianGaussianMixture(
                        n_components=4,
                        covariance_type=kind,
                        weight_concentration_prior_type=type_of_weights,
                        tol=1e-13,
                        reg_covar=0,
                        max_iter=20000,
                        **priors(kind),
                    ).fit(X)
                    own.set_params(reg_covar=1e-30)
                    peer = self.go_on(own)
                    for name in ARRAYS:
                        self.assertEqual(np.shape(getattr(own, name)), np.shape(getattr(peer, name)), name)
                        self.close(getattr(own, name), getattr(peer, name), rtol=1e-3, atol=1e-4)
                    self.assertEqual(type(own.weight_concentration_), type(peer.weight_concentration_))
                    self.close(own.weight_concentration_, peer.weight_concentration_, rtol=1e-3)
                    self.close(own.lower_bound_, peer.lower_bound_, rtol=1e-6)

    def test_what_it_says_of_points(self):
        for type_of_weights in TYPES:
            own = gmmpi.BayesianGaussianMixture(n_components=5, weight_concentration_prior_type=type_of_weights).fit(X)
            peer = own.to_sklearn()
            self.same(own.predict(X), peer.predict(X))
            self.close(own.predict_proba(X), peer.predict_proba(X), atol=1e-10)
            self.close(own.score_samples(X), peer.score_samples(X), rtol=1e-9)
            self.assertTrue((own.log_density(X) != own.score_samples(X)).all())

    def test_predictive_density(self):
        """Of one component: Student's t (Bishop 2006, eq. 10.81)."""
        from scipy.stats import multivariate_t

        own = gmmpi.BayesianGaussianMixture().fit(X)
        nu, beta = own.degrees_of_freedom_[0], own.mean_precision_[0]
        dof = nu + 1 - 2
        shape = own.covariances_[0] * (1 + beta) * nu / (beta * dof)
        self.close(own.log_density(X), multivariate_t(own.means_[0], shape, df=dof).logpdf(X), rtol=1e-9)

    def test_few_components_are_used(self):
        own = gmmpi.BayesianGaussianMixture(n_components=8, weight_concentration_prior=1e-3).fit(X)
        self.assertEqual((own.weights_ > 0.01).sum(), 3)
        pruned = gmmpi.BayesianGaussianMixture(n_components=8, weight_concentration_prior=1e-3, options={"prune": True}).fit(X)
        self.assertEqual(pruned.means_.shape, (3, 2))

    def test_warm_start_and_back_from_scikit_learn(self):
        peer = mixture.BayesianGaussianMixture(n_components=3, random_state=0, max_iter=1000, tol=1e-9).fit(X)
        own = gmmpi.from_sklearn(peer)
        self.close(own.predict_proba(X), peer.predict_proba(X), atol=1e-10)
        self.assertEqual(own.lower_bound_, peer.lower_bound_)
        own.set_params(warm_start=True, tol=1e-9).fit(X)
        self.close(own.means_, peer.means_, rtol=1e-3, atol=1e-3)
        self.assertLess(own.n_iter_, 20)

    def test_wrong_words(self):
        for wrong in ({"weight_concentration_prior_type": "cake"}, {"mean_precision_prior": -1}, {"mean_prior": [1.0]},
                      {"covariance_type": "VVE"}, {"covariance_prior": np.eye(3)}):  # fmt: skip
            with self.assertRaises(ValueError):
                gmmpi.BayesianGaussianMixture(n_components=2, **wrong).fit(X)


if __name__ == "__main__":
    package.main()
