/* SPDX-License-Identifier: BSD-3-Clause */
#include "starts/far.h"

#include <math.h>

const double *component_factor(const gmmpi_model *model, int64_t k, int64_t *length)
{
  *length = model_stored_length(model);
  return model_factor(model, k);
}

double component_inverse_deviation(const gmmpi_model *model, const double *factor, int64_t length, int64_t j)
{
  const int64_t d = model->n_features;
  if (model->family->storage->shape == DIAGONAL) return factor[length == d ? j : 0];
  return factor[j * d + j];
}

double component_inverse_width(const gmmpi_model *model, const double *factor, int64_t length, int64_t j)
{
  const int64_t d = model->n_features;
  if (model->family->storage->shape == DIAGONAL) return factor[length == d ? j : 0];
  double square = 0.0;
  for (int64_t i = 0; i <= j; i++) square += factor[i * d + j] * factor[i * d + j];
  return sqrt(square);
}

double component_whitened(const gmmpi_model *model, const double *factor, int64_t length, const double *difference,
                          int64_t j)
{
  const int64_t d = model->n_features;
  if (model->family->storage->shape == DIAGONAL) return factor[length == d ? j : 0] * difference[j];
  double sum = 0.0;
  for (int64_t i = 0; i <= j; i++) sum += factor[i * d + j] * difference[i];
  return sum;
}

double component_square(const gmmpi_model *model, int64_t k, const double *difference)
{
  int64_t length;
  const double *factor = component_factor(model, k, &length);
  double square = 0.0;
  for (int64_t j = 0; j < model->n_features; j++) {
    const double value = component_whitened(model, factor, length, difference, j);
    square += value * value;
  }
  return square;
}

/* The largest squared distance of n points is about d + 2 log n and a little; twice that, and a margin, is no accident.
 */
static double far_square(int64_t d, double n_samples)
{
  return (double)d + 50.0 + 4.0 * log(n_samples);
}

bool is_far_from_all(const gmmpi_model *model, int64_t component, const double *point, double n_samples,
                     double *scratch)
{
  const int64_t d = model->n_features;
  for (int64_t k = 0; k < model->n_components; k++) {
    if (k == component || model->weights[k] == 0.0) continue;
    for (int64_t j = 0; j < d; j++) scratch[j] = point[j] - model->means[k * d + j];
    if (component_square(model, k, scratch) < far_square(d, n_samples)) return false;
  }
  return true;
}
