/* SPDX-License-Identifier: BSD-3-Clause */
#include "apply/partition.h"

#include "support/error.h"
#include "support/linear_algebra.h"
#include "support/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool is_dense(const partition *parted)
{
  return parted->model->family->storage->shape == DENSE;
}

gmmpi_status partition_open(const gmmpi_model *model, const int64_t *known, int64_t n_known, const int64_t *rest,
                            partition *parted, gmmpi_error *error)
{
  const int64_t d = model->n_features;
  const int64_t length = covariance_length(model->family->storage->shape, d);
  *parted = (partition){.model = model,
                        .n_known = n_known,
                        .n_rest = d - n_known,
                        .order = allocate(d, sizeof *parted->order),
                        .upper = allocate(length, sizeof *parted->upper),
                        .covariance = allocate(2 * length, sizeof *parted->covariance),
                        .taken = -1};
  if (parted->order == NULL || parted->upper == NULL || parted->covariance == NULL)
    return fail(error, GMMPI_NO_MEMORY, "no memory is left for covariances of %lld features; use fewer features",
                (long long)d);
  memcpy(parted->order, known, (size_t)n_known * sizeof *known);
  memcpy(parted->order + n_known, rest, (size_t)parted->n_rest * sizeof *rest);
  return GMMPI_OK;
}

void partition_close(partition *parted)
{
  free(parted->order);
  free(parted->upper);
  free(parted->covariance);
}

int64_t partition_bytes(const gmmpi_model *model)
{
  int64_t bytes;
  const int64_t length = covariance_length(model->family->storage->shape, model->n_features);
  return multiply_fits(length, 3 * (int64_t)sizeof(double), &bytes) ? bytes : INT64_MAX;
}

bool partition_take(partition *parted, int64_t k)
{
  const gmmpi_model *model = parted->model;
  const int64_t d = model->n_features;
  if (parted->taken >= 0 && model->family->storage->shared) return true;
  parted->taken = k;
  model_expand(model, k, parted->covariance);
  if (!is_dense(parted)) {
    for (int64_t i = 0; i < d; i++) parted->upper[i] = parted->covariance[parted->order[i]];
    return true;
  }
  double *ordered = parted->covariance + d * d;
  for (int64_t i = 0; i < d; i++) {
    for (int64_t j = 0; j < d; j++) ordered[i * d + j] = parted->covariance[parted->order[i] * d + parted->order[j]];
  }
  return cholesky_factor(d, ordered, parted->upper);
}

void partition_whiten(const partition *parted, double *difference)
{
  if (is_dense(parted)) {
    solve_transposed_triangle(parted->n_known, parted->model->n_features, parted->upper, difference);
    return;
  }
  for (int64_t i = 0; i < parted->n_known; i++) difference[i] /= sqrt(parted->upper[i]);
}

double partition_half_log_determinant(const partition *parted)
{
  double sum = 0.0;
  for (int64_t i = 0; i < parted->n_known; i++)
    sum += is_dense(parted) ? log(parted->upper[i * parted->model->n_features + i]) : 0.5 * log(parted->upper[i]);
  return sum;
}

void partition_shift(const partition *parted, const double *white, double *shift)
{
  const int64_t d = parted->model->n_features;
  const int64_t m = parted->n_known;
  for (int64_t j = 0; j < parted->n_rest; j++) {
    shift[j] = 0.0;
    for (int64_t i = 0; i < m && is_dense(parted); i++) shift[j] += parted->upper[i * d + m + j] * white[i];
  }
}

void partition_rest(const partition *parted, double factor, double *covariance)
{
  const int64_t d = parted->model->n_features;
  const int64_t t = parted->n_rest;
  const double *rest = parted->upper + parted->n_known * (is_dense(parted) ? d + 1 : 1);
  if (!is_dense(parted)) {
    for (int64_t j = 0; j < t; j++) covariance[j] = factor * rest[j];
    return;
  }
  for (int64_t i = 0; i < t; i++) {
    for (int64_t j = 0; j <= i; j++) {
      double sum = 0.0;
      for (int64_t l = 0; l <= j; l++) sum += rest[l * d + i] * rest[l * d + j];
      covariance[i * t + j] = factor * sum;
    }
  }
  mirror_lower_triangle(t, covariance);
}

void partition_coefficients(partition *parted, double *coefficients)
{
  const int64_t d = parted->model->n_features;
  const int64_t m = parted->n_known;
  const int64_t t = parted->n_rest;
  parted->taken = -1;
  if (!is_dense(parted)) {
    memset(coefficients, 0, (size_t)(m * t) * sizeof *coefficients);
    return;
  }
  solve_triangle(m, t, d, parted->upper, parted->upper + m);
  for (int64_t i = 0; i < m; i++) memcpy(coefficients + i * t, parted->upper + i * d + m, (size_t)t * sizeof(double));
}
