# SPDX-License-Identifier: BSD-3-Clause
"""A mixture as the library has it: what it is made of, what its file notes, what it says of points."""

import json
import tempfile
from ctypes import c_int, c_int64, c_size_t, c_void_p

import numpy as np

from .errors import WrongUsage
from .library import bytes_of, call, create, library, take_bytes, take_text, text_of


class Model:
    """gmmpi_model, which never changes: a copy of it is itself. It is pickled as the bytes of its file."""

    def __init__(self, pointer):
        self.pointer = pointer
        self._predictors = {}  # by threads: those that are not in use
        lib = library()
        self.n_components = lib.gmmpi_model_n_components(pointer)
        self.n_features = lib.gmmpi_model_n_features(pointer)
        self.covariance_type = text_of(lib.gmmpi_model_covariance(pointer))

    @classmethod
    def create(cls, covariance_type, weights, means, covariances):
        """From parameters in scikit-learn's shapes."""
        weights, means, covariances = (
            np.ascontiguousarray(array, dtype=np.float64) for array in (weights, means, covariances)
        )
        shapes = {
            "full": (*means.shape, means.shape[-1]),
            "tied": 2 * means.shape[-1:],
            "diag": means.shape,
            "spherical": weights.shape,
        }
        if means.shape != (len(weights), means.shape[-1]) or covariances.shape != shapes[covariance_type]:
            raise WrongUsage(
                "weights %s, means %s and %s covariances %s do not go together"
                % (weights.shape, means.shape, covariance_type, covariances.shape)
            )
        return cls(
            create(
                "gmmpi_model_create",
                *means.shape,
                covariance_type.encode(),
                *(array.ctypes.data for array in (weights, means, covariances)),
            )
        )

    @classmethod
    def from_json(cls, covariance_type, parameters):
        """From parameters by their names in files, for posteriors."""
        text = json.dumps({name: np.asarray(array).tolist() for name, array in parameters.items()})
        return cls(create("gmmpi_model_from_json", text.encode(), covariance_type.encode()))

    @classmethod
    def read(cls, path):
        """From a file that gmmpi wrote."""
        return cls(create("gmmpi_model_read", bytes_of(path)))

    def write(self, path):
        """The file, which replaces path as a whole or not at all."""
        call("gmmpi_model_write", self.pointer, bytes_of(path))

    def image(self):
        """The file as bytes."""
        data, length = c_void_p(), c_size_t()
        call("gmmpi_model_image", self.pointer, data, length)
        return take_bytes(data, length.value)

    @classmethod
    def from_image(cls, image):
        """From the bytes of a file."""
        with tempfile.NamedTemporaryFile(prefix="gmmpi-", suffix=".h5") as file:
            file.write(image)
            file.flush()
            return cls.read(file.name)

    def __reduce__(self):
        return (Model.from_image, (self.image(),))

    def __copy__(self):
        return self

    def __deepcopy__(self, _):
        return self

    def __del__(self):
        pointer, self.pointer = getattr(self, "pointer", None), None
        if pointer is not None:
            for free in self._predictors.values():
                for predictor in free:
                    library().gmmpi_predictor_destroy(predictor)
            library().gmmpi_model_destroy(pointer)

    def array(self, name):
        """One of its arrays by its name in files."""
        n_dimensions, shape = c_int(), (c_int64 * 3)()
        call("gmmpi_model_array", self.pointer, name.encode(), n_dimensions, shape, None)
        numbers = np.empty(tuple(shape[: n_dimensions.value]))
        call("gmmpi_model_array", self.pointer, name.encode(), n_dimensions, shape, numbers.ctypes.data)
        return numbers if n_dimensions.value else float(numbers)

    def array_or_none(self, name):
        """The same; None where it has none."""
        try:
            return self.array(name)
        except WrongUsage:
            return None

    def facts(self):
        """What the file notes of the fit."""
        text = c_void_p()
        call("gmmpi_model_facts", self.pointer, text)
        return json.loads(take_text(text))

    @property
    def n_parameters(self):
        return library().gmmpi_model_n_parameters(self.pointer)

    @property
    def feature_names(self):
        names = [text_of(library().gmmpi_model_feature_name(self.pointer, j)) for j in range(self.n_features)]
        if None in names or all(name[:1] == "x" and name[1:].isdigit() for name in names):
            return None
        return np.array(names, dtype=object)

    @property
    def component_names(self):
        """Those of classes that were known to the fit, or None."""
        names = [text_of(library().gmmpi_model_component_name(self.pointer, k)) for k in range(self.n_components)]
        return None if None in names else np.array(names, dtype=object)

    @property
    def transforms(self):
        """What is done to each feature before the model sees it: a list of texts, "" for nothing."""
        return [text_of(library().gmmpi_model_transform(self.pointer, j)) for j in range(self.n_features)]

    def predict(self, rows, threads=1, labels=None, shares=None, density=None, expected=None):
        """Sets the arrays that are given: labels (n, int32), shares (n x K), density and expected (n), for rows (n x d,
        float64 or float32, in C order)."""
        free = self._predictors.setdefault(threads, [])
        try:
            predictor = free.pop()
        except IndexError:
            predictor = create("gmmpi_predictor_create", self.pointer, threads)
        try:
            call(
                "gmmpi_predictor_predict_single" if rows.dtype == np.float32 else "gmmpi_predictor_predict",
                predictor,
                rows.ctypes.data,
                len(rows),
                *(None if array is None else array.ctypes.data for array in (labels, shares, density, expected)),
            )
        finally:
            free.append(predictor)

    def sample(self, n, seed):
        """n points and the components they were drawn from."""
        points = np.empty((n, self.n_features))
        labels = np.empty(n, dtype=np.int32)
        call("gmmpi_sample", self.pointer, n, seed, points.ctypes.data, labels.ctypes.data)
        return points, labels
