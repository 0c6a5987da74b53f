/* SPDX-License-Identifier: BSD-3-Clause */
/* The predictions for one tile. */
#include "apply/predict.h"

#include "support/error.h"
#include "support/memory.h"

#include <stdlib.h>

gmmpi_status predictor_create(const kernel *instructions, const gmmpi_model *model, predictor **result,
                              gmmpi_error *error)
{
  predictor *created = calloc(1, sizeof *created);
  int64_t count;
  *result = NULL;
  if (created == NULL || !multiply_fits(model->n_components, TILE_ROWS, &count)) goto no_memory;
  created->kernel = instructions;
  created->responsibilities = allocate(2 * count, sizeof(double));
  created->log_density = allocate(TILE_ROWS, sizeof(double));
  created->scratch =
      allocate(kernel_scratch_bytes(model->family->storage->shape, model->n_components, model->n_features), 1);
  if (created->responsibilities == NULL || created->log_density == NULL || created->scratch == NULL) goto no_memory;
  const gmmpi_status status =
      density_create(model->family->storage->shape, model->n_components, model->n_features, &created->form, error);
  if (status != GMMPI_OK) {
    predictor_destroy(created);
    return status;
  }
  density_from_model(created->form, model);
  *result = created;
  return GMMPI_OK;

no_memory:
  predictor_destroy(created);
  return fail(error, GMMPI_NO_MEMORY,
              "no memory is left to predict with %lld components in %lld features; use machines with more memory",
              (long long)model->n_components, (long long)model->n_features);
}

gmmpi_status predictor_add_outlier_weights(predictor *self, gmmpi_error *error)
{
  const int64_t K = self->form->n_components;
  self->outlier_weights = allocate(TILE_ROWS, sizeof(double));
  self->pulls = allocate(K * TILE_ROWS, sizeof(double));
  self->sums.totals = allocate(K, sizeof(double));
  self->sums.logs = allocate(K, sizeof(double));
  if (self->outlier_weights != NULL && self->pulls != NULL && self->sums.totals != NULL && self->sums.logs != NULL)
    return GMMPI_OK;
  return fail(error, GMMPI_NO_MEMORY, "no memory is left to predict; use machines with more memory");
}

/* Responsibilities, log density and outlier weights. */
static void weigh_outliers(predictor *self, const row_tile *row)
{
  self->sums.log_likelihood = self->log_likelihood;
  self->sums.sum_log_max_responsibility = self->sum_log_max_responsibility;
  self->kernel->pulls(self->form, row, self->pulls, self->responsibilities, self->log_density, &self->sums,
                      self->scratch);
  self->log_likelihood = self->sums.log_likelihood;
  self->sum_log_max_responsibility = self->sums.sum_log_max_responsibility;
  for (int p = 0; p < TILE_ROWS; p++) self->outlier_weights[p] = 0.0;
  for (int64_t k = 0; k < self->form->n_components; k++) {
    for (int p = 0; p < TILE_ROWS; p++) self->outlier_weights[p] += self->pulls[k * TILE_ROWS + p];
  }
}

void predictor_destroy(predictor *self)
{
  if (self == NULL) return;
  free(self->outlier_weights);
  free(self->pulls);
  free(self->sums.totals);
  free(self->sums.logs);
  density_destroy(self->form);
  free(self->responsibilities);
  free(self->log_density);
  free(self->scratch);
  free(self);
}

void predictor_tile(predictor *self, const double *tile, int n_points)
{
  const int64_t n_components = self->form->n_components;
  double highest[TILE_ROWS];
  const row_tile row = {.numbers = tile, .n_points = n_points};
  if (self->outlier_weights != NULL)
    weigh_outliers(self, &row);
  else
    self->kernel->posteriors(self->form, &row, self->responsibilities, self->log_density, &self->log_likelihood,
                             &self->sum_log_max_responsibility, self->scratch);
  for (int p = 0; p < TILE_ROWS; p++) {
    highest[p] = self->responsibilities[p];
    self->labels[p] = 0;
  }
  for (int64_t k = 1; k < n_components; k++) {
    const double *own = self->responsibilities + k * TILE_ROWS;
    for (int p = 0; p < TILE_ROWS; p++) {
      if (own[p] > highest[p]) {
        highest[p] = own[p];
        self->labels[p] = (int32_t)k;
      }
    }
  }
}
