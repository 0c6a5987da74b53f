/* SPDX-License-Identifier: BSD-3-Clause */
#include "fit/replicate.h"

#include "fit/quantile.h"
#include "support/memory.h"

#include <math.h>
#include <string.h>

replicate_layout replicate_layout_of(model_kind kind, int64_t n_components, int64_t n_features)
{
  const int64_t K = n_components;
  const density_shape shape = kind.family->storage->shape;
  replicate_layout layout = {.n_components = K,
                             .n_features = n_features,
                             .shape = shape,
                             .n_covariances = kind.family->storage->shared ? 1 : K,
                             .noise_weight = -1,
                             .dof = -1,
                             .length = INT64_MAX};
  const int64_t triangle = triangle_length(shape, n_features);
  int64_t of_means;
  int64_t of_covariances;
  if (triangle == INT64_MAX || !multiply_fits(K, n_features, &of_means) ||
      !multiply_fits(layout.n_covariances, triangle, &of_covariances))
    return layout;
  int64_t next = K;
  if ((kind.parts & PART_NOISE) != 0) layout.noise_weight = next++;
  layout.means = next;
  next += of_means;
  if ((kind.parts & PART_TAILS) != 0) {
    layout.dof = next;
    next += K;
  }
  layout.covariances = next;
  if (of_covariances < INT64_MAX / 64 - next) layout.length = next + of_covariances;
  return layout;
}

int64_t replicate_covariance(const replicate_layout *layout, int64_t k, int64_t i, int64_t j)
{
  const int64_t first =
      layout->covariances + (layout->n_covariances == 1 ? 0 : k) * triangle_length(layout->shape, layout->n_features);
  if (layout->shape == DIAGONAL) return i == j ? first + i : -1;
  return first + i * (i + 1) / 2 + j;
}

double replicate_covariance_of(const replicate_layout *layout, const double *list, int64_t k, int64_t i, int64_t j)
{
  const int64_t place = i >= j ? replicate_covariance(layout, k, i, j) : replicate_covariance(layout, k, j, i);
  return place < 0 ? 0.0 : list[place];
}

static void take_triangle(const replicate_layout *layout, const double *covariance, double *triangle)
{
  const int64_t d = layout->n_features;
  if (layout->shape == DIAGONAL) {
    memcpy(triangle, covariance, (size_t)d * sizeof(double));
    return;
  }
  for (int64_t i = 0; i < d; i++) {
    memcpy(triangle, covariance + i * d, (size_t)(i + 1) * sizeof(double));
    triangle += i + 1;
  }
}

void replicate_take(const replicate_layout *layout, const gmmpi_model *model, const int64_t *order, double *covariance,
                    double *numbers)
{
  const int64_t d = layout->n_features;
  const int64_t triangle = triangle_length(layout->shape, d);
  for (int64_t k = 0; k < layout->n_components; k++) {
    numbers[layout->weights + k] = model->weights[order[k]];
    memcpy(numbers + layout->means + k * d, model->means + order[k] * d, (size_t)d * sizeof(double));
    if (layout->dof >= 0) numbers[layout->dof + k] = model->dof[order[k]];
  }
  if (layout->noise_weight >= 0) numbers[layout->noise_weight] = *model->noise_weight;
  for (int64_t k = 0; k < layout->n_covariances; k++) {
    model_expand(model, order[k], covariance);
    take_triangle(layout, covariance, numbers + layout->covariances + k * triangle);
  }
}

/* --- what they say --- */

/* The component whose own the number is; -1: it belongs to all. */
static int64_t owner_of(const replicate_layout *layout, int64_t index)
{
  const int64_t triangle = triangle_length(layout->shape, layout->n_features);
  if (index >= layout->covariances) return layout->n_covariances == 1 ? -1 : (index - layout->covariances) / triangle;
  if (layout->dof >= 0 && index >= layout->dof) return index - layout->dof;
  if (index >= layout->means) return (index - layout->means) / layout->n_features;
  return index < layout->n_components ? index : -1;
}

void replicate_summarise(const replicate_layout *layout, const double *estimate, int64_t n, const double *lists,
                         double level, double *scratch, const replicate_summary *summary)
{
  for (int64_t i = 0; i < layout->length; i++) {
    const int64_t owner = owner_of(layout, i);
    if (n == 0 || (owner >= 0 && estimate[layout->weights + owner] == 0.0)) {
      summary->standard_errors[i] = summary->lower[i] = summary->upper[i] = NAN;
      continue;
    }
    for (int64_t r = 0; r < n; r++) scratch[r] = lists[r * layout->length + i];
    summary->standard_errors[i] = standard_deviation(n, scratch);
    sort_numbers(n, scratch);
    summary->lower[i] = quantile_of_sorted(n, scratch, 0.5 * (1.0 - level));
    summary->upper[i] = quantile_of_sorted(n, scratch, 0.5 * (1.0 + level));
  }
}
