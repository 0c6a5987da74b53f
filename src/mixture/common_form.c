/* SPDX-License-Identifier: BSD-3-Clause */
#include "mixture/common_axes.h"
#include "mixture/density.h"
#include "mixture/model.h"
#include "support/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A component farther than this many standard deviations from the middle of the mixture loses so many of the 53 bits of
 * its distances that each component's own whitening is used. */
static const double farthest_mean = 0x1p16;

static bool has_common_form(const covariance_family *family, int64_t n_features)
{
  if (family->storage->shape != DENSE || family->common == COMMON_NOTHING) return false;
  return family->common == COMMON_UP_TO_VOLUME || (n_features >= LEAST_COMMON_FEATURES && n_features <= MOST_AXES);
}

/* Of all rows of R, in groups of WHITENING_ROWS. */
static int64_t packed_length(int64_t d)
{
  return (d + WHITENING_ROWS - 1) / WHITENING_ROWS * WHITENING_ROWS * d;
}

/* R as rows, and what common_axes_find and set_order want. */
static int64_t axes_length(int64_t d)
{
  return d * d + common_axes_numbers(d);
}

int64_t common_form_length(const covariance_family *family, int64_t n_components, int64_t n_features)
{
  if (!has_common_form(family, n_features)) return 0;
  int64_t numbers;
  if (family->common == COMMON_UP_TO_VOLUME)
    return multiply_fits(n_components + 1, n_features, &numbers) ? sum_of_bytes(2, (int64_t[]){numbers, n_components})
                                                                 : INT64_MAX;
  if (!multiply_fits(n_components, 2 * n_features, &numbers)) return INT64_MAX;
  return sum_of_bytes(4, (int64_t[]){numbers, n_features, packed_length(n_features), axes_length(n_features)});
}

bool common_form_allocate(const covariance_family *family, density_form *form)
{
  const int64_t d = form->n_features;
  if (!has_common_form(family, d)) return true;
  common_form *common = &form->common;
  common->is_triangular = common->isotropic = family->common == COMMON_UP_TO_VOLUME;
  common->precisions_length = common->isotropic ? 1 : d;
  common->origin = allocate(d, sizeof(double));
  common->means = allocate(form->n_components * d, sizeof(double));
  common->precisions = allocate(form->n_components * common->precisions_length, sizeof(double));
  if (!common->is_triangular) {
    common->axes = allocate(axes_length(d), sizeof(double));
    common->packed = allocate(packed_length(d), sizeof(double));
    if (common->axes == NULL || common->packed == NULL) return false;
  }
  return common->origin != NULL && common->means != NULL && common->precisions != NULL;
}

void common_form_free(density_form *form)
{
  free(form->common.origin);
  free(form->common.means);
  free(form->common.precisions);
  free(form->common.axes);
  free(form->common.packed);
}

/* Between the components points may be spread so many times as within, in squares: 16 of 53 bits are lost then. */
static const double most_between = 0x1p16;

bool common_form_is_compact(const common_form *common)
{
  return common->holds && common->between <= most_between;
}

/* The mean of the mixture: the sums of distances to it are the least there are. */
static void set_origin(const gmmpi_model *model, double *origin)
{
  const int64_t d = model->n_features;
  double total = 0.0;
  memset(origin, 0, (size_t)d * sizeof(double));
  for (int64_t k = 0; k < model->n_components; k++) {
    if (model->weights[k] == 0.0) continue;
    total += model->weights[k];
    for (int64_t j = 0; j < d; j++) origin[j] += model->weights[k] / total * (model->means[k * d + j] - origin[j]);
  }
}

/* factor: d x d, upper triangular, the transpose of R. Writes R (mean - origin), and returns its square. */
static double transform_mean(int64_t d, const double *factor, const double *mean, const double *origin,
                             double *transformed)
{
  double square = 0.0;
  memset(transformed, 0, (size_t)d * sizeof(double));
  for (int64_t j = 0; j < d; j++) {
    const double y = mean[j] - origin[j];
    for (int64_t i = j; i < d; i++) transformed[i] += factor[j * d + i] * y;
  }
  for (int64_t i = 0; i < d; i++) square += transformed[i] * transformed[i];
  return square;
}

/* A model of the family has covariances that differ by their volumes alone, but a start, or a component that was put
 * elsewhere, may have others (mixture/family.h). */
#define ROUNDING 0x1p-48

/* Sets the precision of component k in units of that of component `first`, which is above 0. False when its covariance
 * is no multiple of the other, but for rounding. */
static bool set_precision(const gmmpi_model *model, int64_t first, int64_t k, double *precision)
{
  const int64_t d = model->n_features;
  const double *one = model_covariance(model, first);
  const double *other = model_covariance(model, k);
  const double ratio = other[0] / one[0];
  *precision = 1.0;
  if (one == other) return true;
  for (int64_t i = 0; i < d; i++) {
    for (int64_t j = 0; j <= i; j++) {
      const double size = sqrt(other[i * d + i]) * sqrt(other[j * d + j]);
      if (!(fabs(other[i * d + j] - ratio * one[i * d + j]) <= ROUNDING * size)) return false;
    }
  }
  *precision = 1.0 / ratio;
  return true;
}

static int64_t first_living(const density_form *form)
{
  for (int64_t k = 0; k < form->n_components; k++) {
    if (form->log_constants[k] > -INFINITY) return k;
  }
  return -1;
}

static void set_up_to_volume(density_form *form, const gmmpi_model *model, int64_t first)
{
  const int64_t d = form->n_features;
  common_form *common = &form->common;
  common->matrix = form->whitening + first * form->whitening_length;
  for (int64_t k = 0; k < form->n_components && common->holds; k++) {
    double *transformed = common->means + k * d;
    memset(transformed, 0, (size_t)d * sizeof(double));
    common->precisions[k] = 1.0;
    if (form->log_constants[k] == -INFINITY) continue;
    const bool is_multiple = set_precision(model, first, k, &common->precisions[k]);
    const double square = common->precisions[k] * transform_mean(d, model_factor(model, first), model->means + k * d,
                                                                 common->origin, transformed);
    common->between += model->weights[k] * square;
    common->holds = is_multiple && square <= farthest_mean * farthest_mean;
  }
}

static void pack_axes(int64_t d, const double *axes, double *packed)
{
  for (int64_t first = 0; first < d; first += WHITENING_ROWS) {
    for (int64_t j = 0; j < d; j++) {
      for (int64_t row = first; row < first + WHITENING_ROWS; row++) *packed++ = row < d ? axes[row * d + j] : 0.0;
    }
  }
}

/* Turns component k's mean, and its variances along the axes into precisions. Returns by how many standard deviations,
 * squared, the terms of y are larger than distances from the mean: what rounding multiplies. */
static double set_along_axes(density_form *form, const gmmpi_model *model, int64_t k)
{
  const int64_t d = form->n_features;
  const common_form *common = &form->common;
  const double *covariance = model_covariance(model, k);
  double *precisions = common->precisions + k * d;
  double square = 0.0;
  for (int64_t i = 0; i < d; i++) {
    const double *axis = common->axes + i * d;
    double mean = 0.0;
    double size = 0.0;
    for (int64_t j = 0; j < d; j++) {
      const double y = model->means[k * d + j] - common->origin[j];
      mean += axis[j] * y;
      size += fabs(axis[j]) * (fabs(y) + sqrt(covariance[j * d + j]));
    }
    precisions[i] = 1.0 / precisions[i];
    common->means[k * d + i] = mean;
    square += precisions[i] * size * size;
  }
  return square;
}

static void set_common_axes(density_form *form, const gmmpi_model *model)
{
  const int64_t d = form->n_features;
  common_form *common = &form->common;
  for (int64_t i = 0; i < form->n_components * d; i++) common->precisions[i] = 1.0;
  memset(common->means, 0, (size_t)(form->n_components * d) * sizeof(double));
  common->matrix = common->packed;
  common->holds = common_axes_find(model, form->log_constants, common->axes, common->precisions, common->axes + d * d);
  for (int64_t k = 0; k < form->n_components && common->holds; k++) {
    if (form->log_constants[k] == -INFINITY) continue;
    common->holds = set_along_axes(form, model, k) <= farthest_mean * farthest_mean;
  }
  if (common->holds) pack_axes(d, common->axes, common->packed);
}

void common_form_set(density_form *form, const gmmpi_model *model)
{
  const int64_t first = first_living(form);
  common_form *common = &form->common;
  common->between = 0.0;
  common->holds = form->n_features >= LEAST_COMMON_FEATURES && first >= 0;
  if (!common->holds) return;
  set_origin(model, common->origin);
  if (common->is_triangular)
    set_up_to_volume(form, model, first);
  else
    set_common_axes(form, model);
}
