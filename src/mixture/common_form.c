/* SPDX-License-Identifier: BSD-3-Clause */
#include "mixture/density.h"
#include "mixture/model.h"
#include "support/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A component farther than this many standard deviations from the middle of the mixture loses so many of the 53 bits of
 * its distances that each component's own whitening is used. */
static const double farthest_mean = 0x1p16;

bool family_has_common_form(const covariance_family *family)
{
  return family->storage->shape == DENSE && family->storage->shared;
}

int64_t common_form_length(int64_t n_components, int64_t n_features)
{
  int64_t numbers;
  return multiply_fits(n_components + 1, n_features, &numbers) ? sum_of_bytes(2, (int64_t[]){numbers, 1}) : INT64_MAX;
}

bool common_form_allocate(density_form *form)
{
  const int64_t d = form->n_features;
  common_form *common = &form->common;
  common->origin = allocate(d, sizeof(double));
  common->means = allocate(form->n_components * d, sizeof(double));
  common->precisions = allocate(1, sizeof(double));
  common->matrix = form->whitening;
  common->isotropic = true;
  return common->origin != NULL && common->means != NULL && common->precisions != NULL;
}

void common_form_free(density_form *form)
{
  free(form->common.origin);
  free(form->common.means);
  free(form->common.precisions);
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

void common_form_set(density_form *form, const gmmpi_model *model)
{
  const int64_t d = form->n_features;
  common_form *common = &form->common;
  common->precisions[0] = 1.0;
  common->between = 0.0;
  common->holds = d >= LEAST_COMMON_FEATURES;
  set_origin(model, common->origin);
  for (int64_t k = 0; k < form->n_components; k++) {
    double *transformed = common->means + k * d;
    memset(transformed, 0, (size_t)d * sizeof(double));
    if (form->log_constants[k] == -INFINITY) continue;
    const double square = transform_mean(d, model_factor(model, k), model->means + k * d, common->origin, transformed);
    common->between += model->weights[k] * square;
    if (!(square <= farthest_mean * farthest_mean)) common->holds = false;
  }
}
