/* SPDX-License-Identifier: BSD-3-Clause */
#include "apply/predictive.h"

#include "mixture/posterior.h"
#include "support/error.h"
#include "support/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Component k's log of weight times density at x is
 * constants[k] - powers[k] log (1 + square / stretches[k]), square = (x - mean)^T inverse covariance (x - mean). */
struct predictive {
  const kernel *kernel;
  density_form *form; /* its log densities are -square/2 */
  double *constants, *powers, *stretches;
  double *squares; /* K x TILE_ROWS */
};

static double log_gamma(double x)
{
  int sign;
  return lgamma_r(x, &sign);
}

static void set_component(predictive *self, const gmmpi_model *model, int64_t k)
{
  const double d = (double)model->n_features;
  double scale;
  const double dof = predictive_dof(model, k, &scale);
  /* The form's constant is log weight - d/2 log 2 pi + log det of the covariance's factor. */
  const double two_pi = 6.283185307179586477;
  self->powers[k] = 0.5 * (dof + d);
  self->stretches[k] = dof * scale;
  self->constants[k] = self->form->log_constants[k] + 0.5 * d * log(two_pi) + log_gamma(0.5 * (dof + d)) -
                       log_gamma(0.5 * dof) - 0.5 * d * log(0.5 * two_pi * dof * scale);
}

gmmpi_status predictive_create(const kernel *instructions, const gmmpi_model *model, predictive **result,
                               gmmpi_error *error)
{
  const int64_t K = model->n_components;
  gmmpi_error local = {0};
  predictive *created = calloc(1, sizeof *created);
  *result = NULL;
  if (created != NULL) {
    created->kernel = instructions;
    created->constants = allocate(K, sizeof(double));
    created->powers = allocate(K, sizeof(double));
    created->stretches = allocate(K, sizeof(double));
    created->squares = allocate(K, TILE_ROWS * sizeof(double));
  }
  if (created == NULL || created->constants == NULL || created->powers == NULL || created->stretches == NULL ||
      created->squares == NULL)
    fail(&local, GMMPI_NO_MEMORY, "no memory is left to predict; use machines with more memory");
  else
    density_create(model->family, K, model->n_features, &created->form, &local);
  if (local.status != GMMPI_OK) {
    predictive_destroy(created);
    return error_pass(error, &local);
  }
  density_from_model(created->form, model);
  for (int64_t k = 0; k < K; k++) set_component(created, model, k);
  memset(created->form->log_constants, 0, (size_t)K * sizeof(double));
  *result = created;
  return GMMPI_OK;
}

void predictive_destroy(predictive *self)
{
  if (self == NULL) return;
  density_destroy(self->form);
  free(self->constants);
  free(self->powers);
  free(self->stretches);
  free(self->squares);
  free(self);
}

int64_t predictive_bytes(const gmmpi_model *model)
{
  int64_t numbers;
  if (!multiply_fits(model->n_components, (TILE_ROWS + 3) * (int64_t)sizeof(double), &numbers)) return INT64_MAX;
  return sum_of_bytes(2, (int64_t[]){numbers, density_bytes(model->family, model->n_components, model->n_features)});
}

void predictive_tile(predictive *self, const double *tile, double *log_density, double *scratch)
{
  const int64_t K = self->form->n_components;
  double highest[TILE_ROWS];
  self->kernel->log_densities(self->form, tile, self->squares, scratch);
  for (int p = 0; p < TILE_ROWS; p++) highest[p] = -INFINITY;
  for (int64_t k = 0; k < K; k++) {
    double *own = self->squares + k * TILE_ROWS;
    for (int p = 0; p < TILE_ROWS; p++) {
      own[p] = self->constants[k] - self->powers[k] * log1p(-2.0 * own[p] / self->stretches[k]);
      highest[p] = fmax(highest[p], own[p]);
    }
  }
  for (int p = 0; p < TILE_ROWS; p++) {
    double sum = 0.0;
    for (int64_t k = 0; k < K; k++) sum += exp(self->squares[k * TILE_ROWS + p] - highest[p]);
    log_density[p] = highest[p] + log(sum);
  }
}
