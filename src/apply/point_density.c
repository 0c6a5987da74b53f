/* SPDX-License-Identifier: BSD-3-Clause */
#include "apply/point_density.h"

#include "apply/predictive.h"
#include "mixture/background.h"
#include "support/error.h"
#include "support/linear_algebra.h"
#include "support/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct point_density {
  const kernel *kernel;
  const gmmpi_model *model;
  density_form *form;       /* of the components alone */
  predictive *predictive;   /* NULL: the model has no posterior */
  double *responsibilities; /* K x TILE_ROWS, which nobody wants */
  double *scratch;
  double *to_region;     /* d x d: times x - origin it gives a point's u (noise_region); NULL: no background */
  double *away;          /* d: x - origin */
  double log_background; /* of its weight times density, in the region */
};

static bool has_background(const gmmpi_model *model)
{
  return model_has(model, PART_NOISE) && *model->noise_weight > 0.0;
}

/* With edges A, row by row, u solves A^T u = x - origin, so that A A^T u = A (x - origin); and log det A A^T is twice
 * that of the volume. */
static gmmpi_status set_region(point_density *self, gmmpi_error *error)
{
  const int64_t d = self->model->n_features;
  double *gram = allocate(d * d, sizeof *gram);
  double *factor = allocate(d * d, sizeof *factor);
  self->to_region = allocate(d * d, sizeof(double));
  self->away = allocate(d, sizeof(double));
  if (gram == NULL || factor == NULL || self->to_region == NULL || self->away == NULL) {
    fail(error, GMMPI_NO_MEMORY, "no memory is left for the density of points; use machines with more memory");
  } else {
    gram_matrix(d, d, self->model->noise_axes, gram);
    double log_volume = whitening_factor(d, gram, factor) ? 0.0 : -INFINITY;
    for (int64_t j = 0; j < d; j++) log_volume -= log(factor[j * d + j]);
    gram_matrix(d, d, factor, gram);
    multiply_square(d, gram, self->model->noise_axes, self->to_region);
    self->log_background = log(*self->model->noise_weight) - log(*self->model->noise_volume);
    if (!(fabs(log_volume - log(*self->model->noise_volume)) < 1e-6))
      fail(error, GMMPI_BAD_DATA,
           "the model's noise is drawn in a region (noise_origin, noise_axes) that has not its volume (noise_volume), "
           "so "
           "that it has no density there; fit it to points that do not lie in a plane, or without --noise");
  }
  free(gram);
  free(factor);
  return error->status;
}

gmmpi_status point_density_create(const kernel *instructions, const gmmpi_model *model, point_density **result,
                                  gmmpi_error *error)
{
  const int64_t K = model->n_components;
  gmmpi_error local = {0};
  *result = NULL;
  point_density *created = calloc(1, sizeof *created);
  if (created != NULL) {
    *created = (point_density){.kernel = instructions, .model = model, .log_background = -INFINITY};
    created->responsibilities = allocate(K, TILE_ROWS * sizeof(double));
    created->scratch = allocate(kernel_scratch_bytes(model->family->storage->shape, K, model->n_features), 1);
  }
  if (created == NULL || created->responsibilities == NULL || created->scratch == NULL)
    fail(&local, GMMPI_NO_MEMORY, "no memory is left for the density of points; use machines with more memory");
  else if (has_background(model) && !background_has_region(model))
    fail(&local, GMMPI_BAD_DATA,
         "the model has noise but does not say where (noise_origin, noise_axes); give it these, or noise_weight 0");
  else if (model_has(model, PART_POSTERIOR))
    predictive_create(instructions, model, &created->predictive, &local);
  else if (density_create(model->family, K, model->n_features, &created->form, &local) == GMMPI_OK) {
    density_from_model(created->form, model);
    created->form->background = -INFINITY;
  }
  if (local.status == GMMPI_OK && has_background(model)) set_region(created, &local);
  if (local.status == GMMPI_OK)
    *result = created;
  else
    point_density_destroy(created);
  return error_pass(error, &local);
}

void point_density_destroy(point_density *self)
{
  if (self == NULL) return;
  density_destroy(self->form);
  predictive_destroy(self->predictive);
  free(self->responsibilities);
  free(self->scratch);
  free(self->to_region);
  free(self->away);
  free(self);
}

int64_t point_density_bytes(const gmmpi_model *model)
{
  const int64_t d = model->n_features;
  const bool has_posterior = model_has(model, PART_POSTERIOR);
  int64_t responsibilities;
  int64_t region;
  if (!multiply_fits(model->n_components, TILE_ROWS * (int64_t)sizeof(double), &responsibilities) ||
      !multiply_fits(d, 4 * (d + 1), &region) || !multiply_fits(region, (int64_t)sizeof(double), &region))
    return INT64_MAX;
  return sum_of_bytes(
      4, (int64_t[]){responsibilities, model_has(model, PART_NOISE) ? region : 0,
                     kernel_scratch_bytes(model->family->storage->shape, model->n_components, d),
                     has_posterior ? predictive_bytes(model) : density_bytes(model->family, model->n_components, d)});
}

void point_density_components(point_density *self, const double *tile, int n_points, double *log_density)
{
  double log_likelihood = 0.0;
  double sum_log_max = 0.0;
  if (self->predictive != NULL)
    predictive_tile(self->predictive, tile, log_density, self->scratch);
  else
    self->kernel->posteriors(self->form, &(row_tile){.numbers = tile, .n_points = n_points}, self->responsibilities,
                             log_density, &log_likelihood, &sum_log_max, self->scratch);
}

/* Points that were drawn at its border are in it, whatever rounding has done. */
static bool is_in_region(const point_density *self, const double *tile, int p)
{
  const double tolerance = 1e-9;
  const int64_t d = self->model->n_features;
  bool inside = true;
  for (int64_t j = 0; j < d; j++) self->away[j] = tile[j * TILE_ROWS + p] - self->model->noise_origin[j];
  for (int64_t i = 0; i < d && inside; i++) {
    double u = 0.0;
    for (int64_t j = 0; j < d; j++) u += self->to_region[i * d + j] * self->away[j];
    inside = u >= -tolerance && u <= 1.0 + tolerance;
  }
  return inside;
}

void point_density_tile(point_density *self, const double *tile, int n_points, double *log_density)
{
  point_density_components(self, tile, n_points, log_density);
  for (int p = 0; p < n_points && self->to_region != NULL; p++) {
    if (!is_in_region(self, tile, p)) continue;
    const double higher = fmax(log_density[p], self->log_background);
    const double lower = fmin(log_density[p], self->log_background);
    log_density[p] = higher + log1p(exp(lower - higher));
  }
}
