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
  created->responsibilities = allocate(count, sizeof(double));
  created->log_density = allocate(TILE_ROWS, sizeof(double));
  created->scratch = allocate(kernel_scratch_bytes(model->family->shape, model->n_components, model->n_features), 1);
  if (created->responsibilities == NULL || created->log_density == NULL || created->scratch == NULL) goto no_memory;
  const gmmpi_status status =
      density_create(model->family->shape, model->n_components, model->n_features, &created->form, error);
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

void predictor_destroy(predictor *oracle)
{
  if (oracle == NULL) return;
  density_destroy(oracle->form);
  free(oracle->responsibilities);
  free(oracle->log_density);
  free(oracle->scratch);
  free(oracle);
}

void predictor_tile(predictor *oracle, const double *tile, int n_points)
{
  const int64_t n_components = oracle->form->n_components;
  double highest[TILE_ROWS];
  oracle->kernel->posteriors(oracle->form, n_points, tile, oracle->responsibilities, oracle->log_density,
                             &oracle->log_likelihood, &oracle->sum_log_max_responsibility, oracle->scratch);
  for (int p = 0; p < TILE_ROWS; p++) {
    highest[p] = oracle->responsibilities[p];
    oracle->labels[p] = 0;
  }
  for (int64_t k = 1; k < n_components; k++) {
    const double *own = oracle->responsibilities + k * TILE_ROWS;
    for (int p = 0; p < TILE_ROWS; p++) {
      if (own[p] > highest[p]) {
        highest[p] = own[p];
        oracle->labels[p] = (int32_t)k;
      }
    }
  }
}
