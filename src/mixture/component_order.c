/* SPDX-License-Identifier: BSD-3-Clause */
#include "mixture/component_order.h"

#include "mixture/posterior.h"
#include "support/error.h"
#include "support/memory.h"

#include <stdlib.h>
#include <string.h>

/* n numbers of each component; arrays of parts that are not there are NULL. */
static void permute(int64_t K, int64_t n, const int64_t *order, const double *from, double *to)
{
  for (int64_t k = 0; from != NULL && k < K; k++) memcpy(to + k * n, from + order[k] * n, (size_t)n * sizeof *to);
}

static void permute_names(int64_t K, const int64_t *order, char **from, char **to)
{
  for (int64_t k = 0; from != NULL && k < K; k++) {
    free(to[k]);
    to[k] = from[order[k]];
    from[order[k]] = NULL;
  }
}

gmmpi_status model_permute_components(gmmpi_model *model, const int64_t *order, gmmpi_error *error)
{
  const int64_t K = model->n_components;
  const int64_t stored = model_stored_length(model);
  bool changes = false;
  for (int64_t k = 0; k < K; k++) changes = changes || order[k] != k;
  if (!changes) return GMMPI_OK;
  gmmpi_model *old = NULL;
  double *counts = allocate(K, sizeof *counts);
  if (counts == NULL) return fail(error, GMMPI_NO_MEMORY, "there is no memory to order components");
  const gmmpi_status status = model_duplicate(model, &old, error);
  if (status != GMMPI_OK) {
    free(counts);
    return status;
  }
  permute(K, 1, order, old->weights, model->weights);
  permute(K, model->n_features, order, old->means, model->means);
  if (!model->family->storage->shared) {
    permute(K, stored, order, old->covariances, model->covariances);
    permute(K, stored, order, old->precisions_cholesky, model->precisions_cholesky);
  }
  permute(K, 1, order, old->dof, model->dof);
  permute(K, 1, order, old->mean_precision, model->mean_precision);
  permute(K, 1, order, old->degrees_of_freedom, model->degrees_of_freedom);
  if (model_has(model, PART_DIRICHLET)) permute(K, 1, order, old->weight_concentration, model->weight_concentration);
  if (model_has(model, PART_STICKS)) {
    for (int64_t k = 0; k < K; k++) counts[k] = posterior_count(model, k);
    posterior_concentrate(model, counts);
  }
  permute_names(K, order, old->component_names, model->component_names);
  model_set_hierarchy(model, NULL, error);
  gmmpi_model_destroy(old);
  free(counts);
  return GMMPI_OK;
}
