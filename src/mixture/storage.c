/* SPDX-License-Identifier: BSD-3-Clause */
#include "mixture/storage.h"

#include "support/linear_algebra.h"
#include "support/memory.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

static void copy_matrix(int64_t d, const double *from, double *to)
{
  memcpy(to, from, (size_t)d * (size_t)d * sizeof *to);
}

static void copy_diagonal(int64_t d, const double *from, double *to)
{
  memcpy(to, from, (size_t)d * sizeof *to);
}

static bool factorise_diagonal(int64_t d, const double *stored, double *factor)
{
  for (int64_t j = 0; j < d; j++) {
    if (!variance_is_safe(stored[j])) {
      memset(factor, 0, (size_t)d * sizeof *factor);
      return false;
    }
    factor[j] = 1 / sqrt(stored[j]);
  }
  return true;
}

static bool factorise_number(int64_t d, const double *stored, double *factor)
{
  (void)d;
  const bool safe = variance_is_safe(*stored);
  *factor = safe ? 1 / sqrt(*stored) : 0;
  return safe;
}

static void expand_number(int64_t d, const double *stored, double *covariance)
{
  for (int64_t j = 0; j < d; j++) covariance[j] = *stored;
}

static void contract_number(int64_t d, const double *covariance, double *stored)
{
  double sum = 0;
  for (int64_t j = 0; j < d; j++) sum += covariance[j];
  *stored = sum / (double)d;
}

const covariance_storage storage_dense = {DENSE, false, 2, whitening_factor, copy_matrix, copy_matrix};
const covariance_storage storage_dense_shared = {DENSE, true, 2, whitening_factor, copy_matrix, copy_matrix};
const covariance_storage storage_diagonal = {DIAGONAL, false, 1, factorise_diagonal, copy_diagonal, copy_diagonal};
const covariance_storage storage_diagonal_shared = {DIAGONAL,           true,          1,
                                                    factorise_diagonal, copy_diagonal, copy_diagonal};
const covariance_storage storage_number = {DIAGONAL, false, 0, factorise_number, expand_number, contract_number};
const covariance_storage storage_number_shared = {DIAGONAL, true, 0, factorise_number, expand_number, contract_number};

const covariance_storage *const all_storages[] = {&storage_dense,
                                                  &storage_dense_shared,
                                                  &storage_diagonal,
                                                  &storage_diagonal_shared,
                                                  &storage_number,
                                                  &storage_number_shared,
                                                  NULL};

int64_t storage_length(const covariance_storage *storage, int64_t n_features)
{
  int64_t length = 1;
  for (int i = 0; i < storage->rank; i++) {
    if (!multiply_fits(length, n_features, &length)) return -1;
  }
  return length;
}

int storage_dimensions(const covariance_storage *storage, int64_t n_components, int64_t n_features, int64_t shape[3])
{
  int n_dimensions = 0;
  if (!storage->shared) shape[n_dimensions++] = n_components;
  for (int i = 0; i < storage->rank; i++) shape[n_dimensions++] = n_features;
  return n_dimensions;
}

int64_t storage_offset(const covariance_storage *storage, int64_t n_features, int64_t k)
{
  return storage->shared ? 0 : k * storage_length(storage, n_features);
}
