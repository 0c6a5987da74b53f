/* SPDX-License-Identifier: BSD-3-Clause */
#include "passes/expectation.h"

#include "support/memory.h"

#include <math.h>
#include <string.h>

/* Adds to the sums what is known of each point: the log of its density, and its responsibilities. */
static void add_weighted_logs(const row_tile *tile, const double *log_density, pass_workspace *workspace)
{
  const double *responsibilities = workspace->responsibilities;
  for (int p = 0; p < tile->n_points; p++) {
    double largest = responsibilities[p];
    for (int64_t k = 1; k < workspace->sums.n_components; k++)
      largest = fmax(largest, responsibilities[k * TILE_ROWS + p]);
    workspace->sums.log_likelihood += tile->weights[p] * log_density[p];
    workspace->sums.sum_log_max_responsibility += tile->weights[p] * log(largest);
  }
}

void posterior_rule(void *context, const row_tile *tile, pass_workspace *workspace)
{
  const density_form *form = context;
  if (tile->weights != NULL) {
    _Alignas(MEMORY_ALIGNMENT) double log_density[TILE_ROWS];
    double unweighted[2] = {0.0, 0.0};
    workspace->kernel->posteriors(form, tile->n_points, tile->numbers, workspace->responsibilities, log_density,
                                  &unweighted[0], &unweighted[1], workspace->scratch);
    add_weighted_logs(tile, log_density, workspace);
    return;
  }
  workspace->kernel->posteriors(form, tile->n_points, tile->numbers, workspace->responsibilities, NULL,
                                &workspace->sums.log_likelihood, &workspace->sums.sum_log_max_responsibility,
                                workspace->scratch);
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
}

void whole_rule(void *context, const row_tile *tile, pass_workspace *workspace)
{
  (void)context;
  for (int64_t k = 0; k < workspace->sums.n_components; k++) {
    for (int p = 0; p < TILE_ROWS; p++) workspace->responsibilities[k * TILE_ROWS + p] = p < tile->n_points ? 1.0 : 0.0;
  }
}
