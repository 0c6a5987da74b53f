/* SPDX-License-Identifier: BSD-3-Clause */
#include "em/normal_terms.h"

#include <math.h>

/* How far apart the numbers of neighbouring features stand in a factor: on the diagonal of a matrix, in a list, or
 * nowhere, since all have the same. */
static int64_t diagonal_stride(const gmmpi_model *model)
{
  const int rank = model->family->storage->rank;
  return rank == 2 ? model->n_features + 1 : rank == 1 ? 1 : 0;
}

double component_log_determinant(const gmmpi_model *model, int64_t k)
{
  const double *factor = model_factor(model, k);
  const int64_t stride = diagonal_stride(model);
  double sum = 0.0;
  for (int64_t j = 0; j < model->n_features; j++) sum += log(factor[j * stride]);
  return -2.0 * sum;
}

double component_distance(const gmmpi_model *model, int64_t k, const double *mean)
{
  const int64_t d = model->n_features;
  const double *own = model->means + k * d;
  const double *factor = model_factor(model, k);
  const int64_t stride = diagonal_stride(model);
  const bool is_matrix = model->family->storage->rank == 2;
  double sum = 0.0;
  for (int64_t j = 0; j < d; j++) {
    double white = 0.0;
    for (int64_t i = is_matrix ? 0 : j; i <= j; i++)
      white += (own[i] - mean[i]) * (is_matrix ? factor[i * d + j] : factor[j * stride]);
    sum += white * white;
  }
  return sum;
}

double component_trace(const gmmpi_model *model, int64_t k, const double *scale)
{
  const int64_t d = model->n_features;
  const double *factor = model_factor(model, k);
  const int64_t stride = diagonal_stride(model);
  const bool is_matrix = model->family->storage->rank == 2;
  const density_shape shape = model->family->storage->shape;
  double sum = 0.0;
  if (!is_matrix) {
    for (int64_t j = 0; j < d; j++)
      sum += scale[covariance_diagonal(shape, d, j)] * (factor[j * stride] * factor[j * stride]);
    return sum;
  }
  /* sum over the columns f of the factor of f^T scale f; a column ends on the diagonal. */
  for (int64_t j = 0; j < d; j++) {
    for (int64_t i = 0; i <= j; i++) {
      double product = 0.5 * scale[i * d + i] * factor[i * d + j];
      for (int64_t m = 0; m < i; m++) product += scale[i * d + m] * factor[m * d + j];
      sum += 2.0 * factor[i * d + j] * product;
    }
  }
  return sum;
}
