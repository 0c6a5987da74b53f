/* SPDX-License-Identifier: BSD-3-Clause */
#include "starts/kmeans.h"

#include "passes/rows.h"
#include "support/activity.h"
#include "support/error.h"
#include "support/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ITERATIONS = 50 };

static const double least_improvement = 1e-4;

int64_t kmeans_bytes(int64_t n_features, int64_t n_centres, int n_threads)
{
  return sum_of_bytes(4, (int64_t[]){nearest_form_bytes(n_centres, n_features),
                                     statistics_bytes(DIAGONAL, SECOND_ORDER, n_centres, n_features, n_threads),
                                     team_bytes(DIAGONAL, SECOND_ORDER, n_centres, n_features, n_threads),
                                     density_bytes(&family_diag, n_centres, n_features)});
}

gmmpi_status kmeans_form(const seeding_options *options, int64_t n_features, const double *centres, density_form **form,
                         gmmpi_error *error)
{
  if (density_create(&family_diag, options->n_centres, n_features, form, error) != GMMPI_OK) return GMMPI_NO_MEMORY;
  const size_t row = (size_t)n_features * sizeof(double);
  memcpy((*form)->means, centres, (size_t)options->n_centres * row);
  for (int64_t k = 0; k < options->n_centres; k++)
    memcpy((*form)->whitening + k * n_features, options->inverse_variances, row);
  return GMMPI_OK;
}

/* Moves every centre to the mean of its points; the empty ones are listed. */
static int64_t move_centres(const statistics *sums, double *centres, int64_t *empty)
{
  const int64_t d = sums->n_features;
  int64_t n_empty = 0;
  for (int64_t k = 0; k < sums->n_components; k++) {
    if (sums->counts[k] == 0.0) {
      empty[n_empty++] = k;
      continue;
    }
    for (int64_t j = 0; j < d; j++)
      centres[k * d + j] = sums->references[k * sums->width + j] + sums->first[k * d + j] / sums->counts[k];
  }
  return n_empty;
}

/* Puts the empty centres on the points that are farthest from all of the form's means. Collective. */
static gmmpi_status place_empty(const shard *points, const density_form *form, pass_team *team, const int64_t *empty,
                                int64_t n_empty, double *centres, gmmpi_error *error)
{
  const int64_t d = points->n_features;
  gmmpi_error local = {0};
  int64_t *rows = allocate(n_empty, sizeof *rows);
  double *coordinates = allocate(n_empty * d, sizeof *coordinates);
  if (rows == NULL || coordinates == NULL) fail(&local, GMMPI_NO_MEMORY, "there is no memory to move empty clusters");
  if (agree(points->comm, &local) == GMMPI_OK &&
      worst_fitting_rows(points, form, team, n_empty, rows, &local) == GMMPI_OK &&
      fetch_rows(points, rows, n_empty, coordinates, &local) == GMMPI_OK) {
    for (int64_t i = 0; i < n_empty; i++)
      memcpy(centres + empty[i] * d, coordinates + i * d, (size_t)d * sizeof(double));
  }
  free(rows);
  free(coordinates);
  return error_pass(error, &local);
}

gmmpi_status kmeans_run(const shard *points, const seeding_options *options, double *centres, gmmpi_error *error)
{
  const int64_t K = options->n_centres;
  const int64_t d = points->n_features;
  gmmpi_error local = {0};
  statistics *sums = NULL;
  pass_team *team = NULL;
  density_form *form = NULL;
  nearest_form *quick = NULL;
  const pass_size size = {DIAGONAL, FIRST_ORDER, K, 1};
  int64_t *empty = allocate(K, sizeof *empty);
  if (empty == NULL) fail(&local, GMMPI_NO_MEMORY, "there is no memory for %lld cluster numbers", (long long)K);
  if (local.status == GMMPI_OK && statistics_create(DIAGONAL, FIRST_ORDER, K, points, &sums, &local) == GMMPI_OK &&
      team_create(options->kernel, points, &size, 1, &team, &local) == GMMPI_OK &&
      nearest_form_create(K, d, &quick, &local) == GMMPI_OK)
    kmeans_form(options, d, centres, &form, &local);
  agree(points->comm, &local);

  double cost = INFINITY;
  for (int i = 0; i < MOST_ITERATIONS && local.status == GMMPI_OK; i++) {
    activity_tell_steps("looking for a start", 0, 0);
    pass_control control = {.stop = options->stop};
    nearest_centre_context context = {form, quick};
    const pass_request request = {.rule = nearest_centre_rule, .context = &context, .sums = sums, .of_any_rows = true};
    memcpy(form->means, centres, (size_t)(K * d) * sizeof(double));
    nearest_form_set(quick, form);
    statistics_begin(sums, centres);
    if (pass_make(team, points, &request, 1, &control, &local) != GMMPI_OK) break;
    if (control.n_stop_requests > 0) fail(&local, GMMPI_STOPPED, "stopped on request during the initialisation");
    const double next_cost = -2.0 * sums->log_likelihood;
    const int64_t n_empty = move_centres(sums, centres, empty);
    if (n_empty > 0 && next_cost > 0.0) place_empty(points, form, team, empty, n_empty, centres, &local);
    if (!(next_cost < cost * (1.0 - least_improvement))) break;
    cost = next_cost;
  }
  statistics_destroy(sums);
  team_destroy(team);
  density_destroy(form);
  nearest_form_destroy(quick);
  free(empty);
  return error_pass(error, &local);
}
