# SPDX-License-Identifier: BSD-3-Clause
"""What is accepted as points, copied or not, and how it is refused."""

import os
import subprocess
import ctypes
import sys
import types
import warnings
from unittest import mock

import package
from package import clusters, np

import gmmpi
from gmmpi import library

X = clusters()


class Table:
    """As much of a data frame as scikit-learn looks at (pandas is not needed)."""

    def __init__(self, values, columns):
        self.values = values
        self.columns = np.array(columns, dtype=object)
        self.shape = values.shape
        self.dtypes = [values.dtype] * len(columns)

    def __array__(self, dtype=None):
        return np.asarray(self.values, dtype=dtype)

    def __len__(self):
        return len(self.values)


def watch_calls(name):
    """A stand-in for a function of the library that notes its arguments, and calls it."""
    real = getattr(library.library(), name)
    seen = []

    def noting(*arguments):
        seen.append(arguments)
        return real(*arguments)

    return mock.patch.object(library.library(), name, noting), seen


class Copies(package.Case):
    def address_given(self, name, index, X, **words):
        patch, seen = watch_calls(name)
        with patch:
            gmmpi.GaussianMixture(2, **words).fit(X)
        return seen[0][index]

    def test_contiguous_arrays_are_not_copied(self):
        single = X.astype(np.float32)
        self.assertEqual(self.address_given("gmmpi_points_create", 1, X), X.ctypes.data)
        self.assertEqual(self.address_given("gmmpi_points_create_single", 1, single), single.ctypes.data)
        self.assertNotEqual(self.address_given("gmmpi_points_create", 1, X[::2]), X.ctypes.data)

    def test_nor_to_predict(self):
        fitted = gmmpi.GaussianMixture(2).fit(X)
        for rows, name in ((X, "gmmpi_predictor_predict"), (X.astype(np.float32), "gmmpi_predictor_predict_single")):
            patch, seen = watch_calls(name)
            with patch:
                fitted.predict(rows)
            self.assertEqual(seen[0][1], rows.ctypes.data)

    def test_other_forms_are_the_same_points(self):
        fitted = gmmpi.GaussianMixture(2).fit(X)
        for other in (np.asfortranarray(X), X.tolist(), np.repeat(X, 2, axis=0)[::2], X.astype(">f8")):
            self.same(gmmpi.GaussianMixture(2).fit(other).means_, fitted.means_)
            self.same(fitted.predict_proba(other), fitted.predict_proba(X))
        whole = (X * 10).astype(int)
        self.same(gmmpi.GaussianMixture(2).fit(whole).means_, gmmpi.GaussianMixture(2).fit(whole.astype(float)).means_)


class Names(package.Case):
    def test_names_of_columns(self):
        table = Table(X, ["height", "width"])
        fitted = gmmpi.GaussianMixture(2).fit(table)
        self.same(fitted.feature_names_in_, ["height", "width"])
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            fitted.predict(table)
        with self.assertWarnsRegex(UserWarning, "does not have valid feature names"):
            fitted.predict(X)
        with self.assertRaisesRegex(ValueError, "feature names should match"):
            fitted.predict(Table(X, ["width", "height"]))
        self.same(fitted.model_.feature_names, ["height", "width"])
        self.assertFalse(hasattr(fitted.fit(X), "feature_names_in_"))
        self.assertIsNone(fitted.model_.feature_names)


class Version(package.Case):
    def test_it_is_the_program_s(self):
        said = subprocess.run([os.environ["GMMPI"], "--version"], capture_output=True, text=True, check=True).stdout
        self.assertEqual(said.split()[1], gmmpi.__version__)


class Refusals(package.Case):
    def test_words(self):
        for words in ({"n_components": 0}, {"tol": "small"}, {"covariance_type": "round"}, {"max_iter": -1}, {"n_init": 0},
                      {"init_params": "luck"}, {"random_state": -1}, {"threads": 0}, {"reg_covar": -1.0},
                      {"n_components": 2.5}, {"comm": 3}, {"n_components": "3"}, {"options": ["noise"]}):  # fmt: skip
            with self.assertRaises((ValueError, OSError), msg=str(words)):
                gmmpi.GaussianMixture(**{"n_components": 2, **words}).fit(X)

    def test_numbers(self):
        fitted = gmmpi.GaussianMixture(2).fit(X)
        for value in (np.nan, np.inf):
            wrong = X.copy()
            wrong[7, 1] = value
            for rows in (wrong, wrong.astype(np.float32), wrong.tolist()):
                for use in (gmmpi.GaussianMixture(2).fit, fitted.predict, fitted.score_samples):
                    with self.assertRaisesRegex(ValueError, "NaN|infinity"):
                        use(rows)
        for rows in (X[0], X[:, :1], np.zeros((0, 2)), [["a", "b"]], X[:, :, np.newaxis]):
            with self.assertRaises(ValueError):
                fitted.predict(rows)
        with self.assertRaises(ValueError):
            gmmpi.GaussianMixture(len(X) + 1).fit(X)
        with self.assertRaises(gmmpi.NotFittedError):
            gmmpi.GaussianMixture(2).predict(X)

    def test_missing_values_may_be_dropped(self):
        holes = X.copy()
        holes[3, 0] = np.nan
        own = gmmpi.GaussianMixture(2, options={"missing": "drop"}).fit(holes)
        self.same(own.means_, gmmpi.GaussianMixture(2).fit(np.delete(X, 3, axis=0)).means_)
        self.assertEqual(own.summary_["n_dropped"], 1)

    def test_exceptions_are_pickled(self):
        import pickle

        for kind in (gmmpi.WrongUsage, gmmpi.BadData, gmmpi.NoInput, gmmpi.NoMemory, gmmpi.NoOutput):
            same = pickle.loads(pickle.dumps(kind("what; what to do", 3)))
            self.assertEqual((type(same), str(same), same.place), (kind, "what; what to do", 3))

    def test_every_function_of_the_table_is_public(self):
        lib = ctypes.CDLL(package.os.environ["GMMPI_LIBRARY"])
        for name in library.SIGNATURES:
            self.assertTrue(hasattr(lib, name), name)
        self.assertIsInstance(sys.modules["gmmpi"], types.ModuleType)


if __name__ == "__main__":
    package.main()
