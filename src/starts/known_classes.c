/* SPDX-License-Identifier: BSD-3-Clause */
#include "starts/known_classes.h"

#include "support/error.h"
#include "support/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Rows of known components alone. */
static void known_rule(void *context, const row_tile *tile, pass_workspace *workspace)
{
  const int64_t K = workspace->sums.n_components;
  (void)context;
  memset(workspace->responsibilities, 0, (size_t)(K * TILE_ROWS) * sizeof(double));
  keep_known_labels(tile, K, workspace->responsibilities);
}

/* Sums of the known rows about the centres, in *sums. Collective; the error is agreed. */
static gmmpi_status sum_classes(const shard *points, const seeding_options *options, const double *centres,
                                statistics **sums, gmmpi_error *error)
{
  const pass_size size = {DIAGONAL, FIRST_ORDER, options->n_centres, 1};
  gmmpi_error local = {0};
  pass_team *team = NULL;
  if (statistics_create(DIAGONAL, FIRST_ORDER, options->n_centres, points, sums, &local) == GMMPI_OK)
    team_create(options->kernel, points, &size, 1, &team, &local);
  if (agree(points->comm, &local) == GMMPI_OK) {
    pass_control control = {.stop = options->stop};
    const pass_request request = {.rule = known_rule, .sums = *sums};
    statistics_begin(*sums, centres);
    pass_make(team, points, &request, 1, &control, &local);
  }
  team_destroy(team);
  return error_pass(error, &local);
}

static double square_between(int64_t d, const double *a, const double *b, const double *inverse_variances)
{
  double square = 0.0;
  for (int64_t j = 0; j < d; j++) square += (a[j] - b[j]) * (a[j] - b[j]) * inverse_variances[j];
  return square;
}

/* The nearest of the given centres that is not taken. */
static int64_t nearest_free(const seeding_options *options, int64_t d, const double *given, const bool *taken,
                            const double *mean)
{
  int64_t nearest = -1;
  double smallest = INFINITY;
  for (int64_t k = 0; k < options->n_centres; k++) {
    if (taken[k]) continue;
    const double square = square_between(d, given + k * d, mean, options->inverse_variances);
    if (nearest < 0 || square < smallest) {
      smallest = square;
      nearest = k;
    }
  }
  return nearest;
}

/* given: room for the centres as they were; taken: n_centres, all false. */
static void arrange(const statistics *sums, const seeding_options *options, double *centres, double *given, bool *taken)
{
  const int64_t d = sums->n_features;
  const int64_t K = options->n_centres;
  memcpy(given, centres, (size_t)(K * d) * sizeof *given);
  for (int64_t k = 0; k < K; k++) {
    if (!(sums->counts[k] > 0.0)) continue;
    for (int64_t j = 0; j < d; j++)
      centres[k * d + j] = sums->references[k * sums->width + j] + sums->first[k * d + j] / sums->counts[k];
    taken[nearest_free(options, d, given, taken, centres + k * d)] = true;
  }
  for (int64_t k = 0, next = 0; k < K; k++) {
    if (sums->counts[k] > 0.0) continue;
    while (taken[next]) next++;
    memcpy(centres + k * d, given + next++ * d, (size_t)d * sizeof *centres);
  }
}

gmmpi_status centres_take_known_classes(const shard *points, const seeding_options *options, double *centres,
                                        gmmpi_error *error)
{
  if (!points->has_labels) return GMMPI_OK;
  gmmpi_error local = {0};
  statistics *sums = NULL;
  double *given = allocate(options->n_centres * points->n_features, sizeof *given);
  bool *taken = calloc((size_t)options->n_centres, sizeof *taken);
  if (given == NULL || taken == NULL) fail(&local, GMMPI_NO_MEMORY, "there is no memory for the means of classes");
  if (agree(points->comm, &local) == GMMPI_OK && sum_classes(points, options, centres, &sums, &local) == GMMPI_OK)
    arrange(sums, options, centres, given, taken);
  statistics_destroy(sums);
  free(given);
  free(taken);
  return error_pass(error, &local);
}
