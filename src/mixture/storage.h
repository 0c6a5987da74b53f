/* SPDX-License-Identifier: BSD-3-Clause */
/* How a mixture's covariances are stored: which numbers of a covariance there are, and whether all components share
 * them. The array `covariances` of a model, and likewise that of its factors, holds one stored covariance per
 * component, one behind the other, or a single one that all share:
 *
 *   storage_dense      K x d x d   storage_dense_shared      d x d    symmetric matrices
 *   storage_diagonal   K x d       storage_diagonal_shared   d        the diagonals of diagonal ones
 *   storage_number     K           storage_number_shared     (one)    the variance of all features
 *
 * To add one: a constant in storage.c and its declaration here, and it is part of every test that goes over
 * all_storages. What takes numbers out of the arrays by itself is left to do: density_from_model, sampler_draw,
 * model_permute_features, starts/far.c. */
#ifndef MIXTURE_STORAGE_H
#define MIXTURE_STORAGE_H

#include "mixture/shape.h"

#include <stdbool.h>
#include <stdint.h>

/* stored, factor: storage_length numbers, those of one component; d = n_features. */
typedef struct covariance_storage {
  density_shape shape; /* of a covariance that is taken out; so the statistics and the density form that it needs */
  bool shared;         /* one covariance for all components */
  int rank;            /* dimensions of a stored covariance, each of length d: 2 a matrix, 1 a diagonal, 0 a number */

  /* Factorises a stored covariance: factor is the transposed inverse of its Cholesky factor (whitening_factor), or
   * 1/standard deviation. False when it is not positive definite to working precision (whitening_factor,
   * variance_is_safe) or not finite: then the factor is all 0, so that the component's log density is -infinity and
   * nothing becomes NaN. */
  bool (*factorise)(int64_t n_features, const double *stored, double *factor);

  /* Writes the covariance, covariance_length numbers in the storage's shape (mixture/shape.h). */
  void (*expand)(int64_t n_features, const double *stored, double *covariance);

  /* Stores such a covariance, as far as the storage can hold it (of a number: the mean of the diagonal). */
  void (*contract)(int64_t n_features, const double *covariance, double *stored);
} covariance_storage;

extern const covariance_storage storage_dense, storage_dense_shared, storage_diagonal, storage_diagonal_shared,
    storage_number, storage_number_shared;

extern const covariance_storage *const all_storages[]; /* the last one is NULL */

/* How many numbers one stored covariance has; -1 when that does not fit. */
int64_t storage_length(const covariance_storage *storage, int64_t n_features);

/* The shape of the array of all covariances: how many dimensions (written to shape, at most 3). */
int storage_dimensions(const covariance_storage *storage, int64_t n_components, int64_t n_features, int64_t shape[3]);

/* Where in the array that of component k begins. For a shared covariance any component means the one there is. */
int64_t storage_offset(const covariance_storage *storage, int64_t n_features, int64_t k);

#endif
