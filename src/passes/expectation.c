/* SPDX-License-Identifier: BSD-3-Clause */
#include "passes/expectation.h"

#include <string.h>

void weigh_responsibilities(const row_tile *tile, int64_t n_components, double *responsibilities)
{
  for (int64_t k = 0; k < n_components && tile->weights != NULL; k++) {
    for (int p = 0; p < TILE_ROWS; p++) responsibilities[k * TILE_ROWS + p] *= tile->weights[p];
  }
}

void posterior_rule(void *context, const row_tile *tile, pass_workspace *workspace)
{
  const density_form *form = context;
  if (workspace->sums.totals != NULL && form->dof != NULL) {
    workspace->kernel->pulls(form, tile, workspace->responsibilities, workspace->spare, NULL, &workspace->sums,
                             workspace->scratch);
    return;
  }
  workspace->kernel->posteriors(context, tile, workspace->responsibilities, NULL, &workspace->sums.log_likelihood,
                                &workspace->sums.sum_log_max_responsibility, workspace->scratch);
}

void nearest_rule(void *context, const row_tile *tile, pass_workspace *workspace)
{
  const density_form *form = context;
  double *log_densities = workspace->responsibilities;
  double highest[TILE_ROWS];
  int32_t nearest[TILE_ROWS];
  workspace->kernel->log_densities(form, tile->numbers, log_densities, workspace->scratch);
  for (int p = 0; p < TILE_ROWS; p++) {
    highest[p] = log_densities[p];
    nearest[p] = 0;
  }
  for (int64_t k = 1; k < form->n_components; k++) {
    for (int p = 0; p < TILE_ROWS; p++) {
      const bool higher = log_densities[k * TILE_ROWS + p] > highest[p];
      nearest[p] = higher ? (int32_t)k : nearest[p];
      highest[p] = higher ? log_densities[k * TILE_ROWS + p] : highest[p];
    }
  }
  memset(log_densities, 0, (size_t)(form->n_components * TILE_ROWS) * sizeof(double));
  for (int p = 0; p < tile->n_points; p++) {
    log_densities[nearest[p] * TILE_ROWS + p] = 1.0;
    workspace->sums.log_likelihood += tile->weights != NULL ? tile->weights[p] * highest[p] : highest[p];
  }
  weigh_responsibilities(tile, form->n_components, log_densities);
}

void whole_rule(void *context, const row_tile *tile, pass_workspace *workspace)
{
  (void)context;
  for (int64_t k = 0; k < workspace->sums.n_components; k++) {
    for (int p = 0; p < TILE_ROWS; p++) workspace->responsibilities[k * TILE_ROWS + p] = p < tile->n_points ? 1.0 : 0.0;
  }
  weigh_responsibilities(tile, workspace->sums.n_components, workspace->responsibilities);
}
