# SPDX-License-Identifier: BSD-3-Clause
"""scikit-learn's own checks of estimators, and what estimators are put into."""

import copy
import pickle
import unittest
import warnings

import package
from package import clusters, np
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

import gmmpi

# Checks that cannot hold, each with the reason. There are none; one that held after all would be noticed, too.
EXPECTED_FAILURES = {"GaussianMixture": {}, "BayesianGaussianMixture": {}}
X = clusters()


def estimators():
    return gmmpi.GaussianMixture(3), gmmpi.BayesianGaussianMixture(n_components=3)


class Checks(package.Case):
    def test_check_estimator(self):
        for kind in (gmmpi.GaussianMixture, gmmpi.BayesianGaussianMixture):
            failed = {}
            checks = list(check_estimator(kind(), generate_only=True))
            self.assertGreater(len(checks), 20)
            for estimator, check in checks:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    try:
                        check(estimator)
                    except unittest.SkipTest as reason:  # of pandas, which need not be there
                        self.assertIn("is not installed", str(reason))
                    except Exception as exception:
                        failed[check.func.__name__] = repr(exception)
            self.assertEqual(failed.keys(), EXPECTED_FAILURES[kind.__name__].keys(), failed)

    def test_parameters_have_scikit_learn_s_names_and_order(self):
        from inspect import signature

        from sklearn import mixture

        for name in ("GaussianMixture", "BayesianGaussianMixture"):
            peers = list(signature(getattr(mixture, name)).parameters.values())
            own = list(signature(getattr(gmmpi, name)).parameters.values())
            self.assertEqual([(p.name, p.kind) for p in own[: len(peers)]], [(p.name, p.kind) for p in peers])
            other = [p.name for p, q in zip(own, peers) if p.default != q.default]
            self.assertEqual(other, ["tol", "max_iter"])
            more = {p.name: p.default for p in own[len(peers) :]}
            self.assertEqual(more, dict.fromkeys(("threads", "comm", "options", "on_progress")))


class Use(package.Case):
    def test_clone_copy_and_pickle(self):
        for estimator in estimators():
            bare = clone(estimator.set_params(options={"coarse_to_fine": False}))
            self.assertEqual(bare.get_params(), estimator.get_params())
            estimator.set_params(options=None).fit(X)
            for same in (pickle.loads(pickle.dumps(estimator)), copy.deepcopy(estimator), copy.copy(estimator)):
                self.same(same.predict_proba(X), estimator.predict_proba(X))
                for name in ("weights_", "means_", "precisions_cholesky_", "lower_bound_", "summary_"):
                    self.same(getattr(same, name), getattr(estimator, name))
                self.assertEqual(same.model_.image(), estimator.model_.image())
            self.assertFalse(hasattr(clone(estimator), "means_"))

    def test_pipeline_and_grid_search(self):
        steps = make_pipeline(StandardScaler(), gmmpi.GaussianMixture(3))
        labels = steps.fit_predict(X * [1, 1000])
        self.same(labels, steps.predict(X * [1, 1000]))
        self.assertEqual(len(set(labels)), 3)
        steps.fit(X, gaussianmixture__sample_weight=np.ones(len(X)))
        search = GridSearchCV(gmmpi.GaussianMixture(), {"n_components": [1, 3], "covariance_type": ["full", "EII"]}).fit(X)
        self.assertEqual(search.best_params_["n_components"], 3)
        own = gmmpi.GaussianMixture(3)
        two = cross_val_score(own, X, n_jobs=2)
        self.same(two, cross_val_score(own, X))


if __name__ == "__main__":
    package.main()
