/* SPDX-License-Identifier: BSD-3-Clause */
#include "starts/soundness.h"

#include "mixture/model.h"
#include "starts/far.h"
#include "support/error.h"
#include "support/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Values that many points of a column share are levels when there are no more than so many for each component ... */
enum { LEVELS_PER_COMPONENT = 4 };
/* ... and one of other values is no accident when it is so many times as frequent as they are on average. */
enum { TIMES_USUAL = 10 };
/* Such a share of all points is no accident either. */
static const double large_share = 0.25;

/* Scatter below the ridge leaves a variance below two ridges. */
static const double thin_in_ridges = 2.0;
/* Where likelihoods are compared a component is as thin as the ridge also when its points would lie in a plane, but the
 * axes that it shares with others are a little oblique to that: of 272 eruptions those of one whole minute. */
static const double strictly_thin_in_ridges = 10.0;

/* Values are the same when they round to the same multiple of this share of the component's standard deviation, which
 * is about that of the ridge: so it does not matter in what order they come. */
static const double same_value = 0.05;

/* A standard deviation of less than this share of the smallest range of a feature is narrow. */
static const double narrow_in_ranges = 0.02;

/* One model that is looked at. */
typedef struct inspection {
  const shard *points;
  const gmmpi_model *model;
  double total_weight; /* of the points that the model was fitted to */
  double *difference;  /* d: room for a point less a mean */
  double *values;      /* different ones, ascending: of all ranks, at most most_values */
  int64_t n_values, most_values;
} inspection;

/* --- flat components -----------------------------------------------------------------------------------------------
 */

static int64_t place_of(const inspection *work, double value)
{
  int64_t low = 0;
  for (int64_t high = work->n_values; low < high;) {
    const int64_t middle = low + (high - low) / 2;
    if (work->values[middle] < value)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/* Adds a value to the different ones unless it is there, or there is no room for it. */
static void add_value(inspection *work, double value)
{
  if (work->n_values == work->most_values) return;
  value = same_value * nearbyint(value / same_value);
  const int64_t place = place_of(work, value);
  if (place < work->n_values && work->values[place] == value) return;
  memmove(work->values + place + 1, work->values + place, (size_t)(work->n_values - place) * sizeof(double));
  work->values[place] = value;
  work->n_values++;
}

/* The different values of all ranks, as far as there is room. Collective. */
static gmmpi_status join_values(inspection *work, gmmpi_error *error)
{
  MPI_Comm comm = work->points->comm;
  int n_ranks;
  MPI_Comm_size(comm, &n_ranks);
  if (n_ranks == 1) return GMMPI_OK;
  const int n_mine = (int)work->n_values;
  gmmpi_error local = {0};
  int *counts = allocate(2 * n_ranks, sizeof *counts);
  if (counts == NULL) fail(&local, GMMPI_NO_MEMORY, "there is no memory to look at components");
  if (agree(comm, &local) != GMMPI_OK) return error_pass(error, &local);
  int *offsets = counts + n_ranks;
  MPI_Allgather(&n_mine, 1, MPI_INT, counts, 1, MPI_INT, comm);
  for (int r = 1; r < n_ranks; r++) offsets[r] = offsets[r - 1] + counts[r - 1];
  const int n_all = offsets[n_ranks - 1] + counts[n_ranks - 1];
  double *all = allocate(n_all, sizeof *all);
  if (all == NULL) fail(&local, GMMPI_NO_MEMORY, "there is no memory to look at components");
  if (agree(comm, &local) == GMMPI_OK) {
    MPI_Allgatherv(work->values, n_mine, MPI_DOUBLE, all, counts, offsets, MPI_DOUBLE, comm);
    work->n_values = 0;
    for (int i = 0; i < n_all; i++) add_value(work, all[i]);
  }
  free(counts);
  free(all);
  return error_pass(error, &local);
}

/* Direction j of component k; own: only the values of those points that belong to the component. */
typedef struct direction {
  inspection *work;
  int64_t k, j;
  bool own;
} direction;

/* Adds the values of a tile's points in a direction. */
static void add_values_of_tile(void *context, const row_tile *tile, int64_t n_tiles, int thread)
{
  const direction *along = context;
  inspection *work = along->work;
  const int64_t k = along->k;
  const int64_t j = along->j;
  const bool own = along->own;
  const gmmpi_model *model = work->model;
  const int64_t d = model->n_features;
  const double *mean = model->means + k * d;
  const double most_square = (double)d + 8.0 * sqrt(2.0 * (double)d) + 16.0;
  int64_t length;
  const double *factor = component_factor(model, k, &length);
  (void)n_tiles;
  (void)thread;
  for (int p = 0; p < tile->n_points && work->n_values < work->most_values; p++) {
    double *difference = work->difference;
    for (int64_t i = 0; i < d; i++) difference[i] = tile->numbers[i * TILE_ROWS + p] - mean[i];
    const double value = component_whitened(model, factor, length, difference, j);
    double square = value * value;
    for (int64_t i = 0; i < d && own && square <= most_square; i++) {
      if (i == j) continue;
      const double other = component_whitened(model, factor, length, difference, i);
      square += other * other;
    }
    if (!own || square <= most_square) add_value(work, value);
  }
}

/* Counts the different values in direction j of component k, of all points or of its own, up to `most`. Collective. */
static gmmpi_status count_values(inspection *work, int64_t k, int64_t j, bool own, int64_t most, gmmpi_error *error)
{
  const shard *points = work->points;
  work->n_values = 0;
  work->most_values = most;
  direction along = {work, k, j, own};
  shard_visit(points, 1, &(row_visitor){.context = &along, .tiles = add_values_of_tile, .takes_turns = true});
  if (shard_agree(points, error) != GMMPI_OK) return error->status;
  return join_values(work, error);
}

/* More values than any rule asks for need not be told apart. */
static int64_t most_values_of(const inspection *work)
{
  const int64_t levels = LEVELS_PER_COMPONENT * work->model->n_components + 1;
  const int64_t n = work->points->n_samples;
  const int64_t own = work->model->n_features + 1;
  return (levels > n ? levels : n) > own ? (levels > n ? levels : n) : own;
}

/* Is component k, which is thin in direction j, flat there by accident? Collective. */
static gmmpi_status look_at_direction(inspection *work, int64_t k, int64_t j, bool *flat, gmmpi_error *error)
{
  const gmmpi_model *model = work->model;
  const double n_points = model->weights[k] * work->total_weight;
  const int64_t levels = LEVELS_PER_COMPONENT * model->n_components;
  *flat = false;
  if (model->weights[k] >= large_share ||
      is_far_from_all(model, k, model->means + k * model->n_features, work->total_weight, work->difference))
    return GMMPI_OK;
  if (count_values(work, k, j, true, model->n_features + 1, error) != GMMPI_OK) return error->status;
  if (work->n_values > model->n_features) return GMMPI_OK;
  /* As many different values among all points as make the component's so many times as frequent as the average. */
  const double wanted = ceil(TIMES_USUAL * work->total_weight / n_points);
  const bool can_be_frequent = n_points >= TIMES_USUAL && wanted <= (double)work->points->n_samples;
  int64_t most = levels + 1;
  if (can_be_frequent && (int64_t)wanted > most) most = (int64_t)wanted;
  if (count_values(work, k, j, false, most, error) != GMMPI_OK) return error->status;
  const bool has_levels = work->n_values <= levels && n_points >= 2.0 * (double)(model->n_features + 1);
  *flat = !has_levels && !(can_be_frequent && (double)work->n_values >= wanted);
  return GMMPI_OK;
}

static double smallest_range(const shard *points)
{
  double smallest = INFINITY;
  for (int64_t j = 0; j < points->n_features; j++) {
    const double range = points->maxima[j] - points->minima[j];
    if (range > 0.0 && range < smallest) smallest = range;
  }
  return smallest;
}

/* The same for models that are compared by their likelihoods; thin: is the component as thin as the ridge there?
 * Collective. */
static gmmpi_status look_strictly(inspection *work, int64_t k, int64_t j, bool thin, bool *flat, gmmpi_error *error)
{
  *flat = thin;
  if (thin) return GMMPI_OK;
  if (count_values(work, k, j, true, work->model->n_features + 1, error) != GMMPI_OK) return error->status;
  *flat = work->n_values <= work->model->n_features;
  return GMMPI_OK;
}

/* Collective. */
static gmmpi_status look_at_component(inspection *work, const fit_options *options, int64_t k, spurious_kind *kind,
                                      gmmpi_error *error)
{
  const gmmpi_model *model = work->model;
  const int64_t d = model->n_features;
  const double needed = model->family->storage->shape == DENSE ? (double)(d + 1) : 2.0;
  *kind = COMPONENT_NOT_SPURIOUS;
  /* A little less than a whole point is rounding. */
  if (model->weights[k] * work->total_weight < needed - 1e-6) {
    if (!is_far_from_all(model, k, model->means + k * d, work->total_weight, work->difference))
      *kind = COMPONENT_ON_FEW;
    return GMMPI_OK;
  }
  int64_t length;
  const double *factor = component_factor(model, k, &length);
  const bool strict = options->spurious == SPURIOUS_STRICT;
  const double thin = 1.0 / sqrt((strict ? strictly_thin_in_ridges : thin_in_ridges) * options->reg_covar);
  const double narrow = strict ? fmin(thin, 1.0 / (narrow_in_ranges * smallest_range(work->points))) : thin;
  const int64_t n_directions = length == 1 ? 1 : d;
  for (int64_t j = 0; j < n_directions && !model->family->storage->shared && *kind == COMPONENT_NOT_SPURIOUS; j++) {
    bool flat;
    const double inverse_width = component_inverse_width(model, factor, length, j);
    if (!(inverse_width > narrow)) continue;
    if (strict ? look_strictly(work, k, j, inverse_width > thin, &flat, error) != GMMPI_OK
               : look_at_direction(work, k, j, &flat, error) != GMMPI_OK)
      return error->status;
    if (flat) *kind = COMPONENT_FLAT;
  }
  return GMMPI_OK;
}

gmmpi_status find_spurious(const shard *points, double total_weight, const fit_options *options,
                           const gmmpi_model *model, spurious_component *found, gmmpi_error *error)
{
  inspection work = {.points = points, .model = model, .total_weight = total_weight};
  gmmpi_error local = {0};
  *found = (spurious_component){.kind = COMPONENT_NOT_SPURIOUS};
  work.difference = allocate(points->n_features, sizeof(double));
  work.values = allocate_untouched(most_values_of(&work), sizeof(double));
  if (work.difference == NULL || work.values == NULL)
    fail(&local, GMMPI_NO_MEMORY, "there is no memory to look at components");
  if (agree(points->comm, &local) == GMMPI_OK) {
    for (int64_t k = 0; k < model->n_components && found->kind == COMPONENT_NOT_SPURIOUS; k++) {
      if (model->weights[k] == 0.0) continue;
      if (look_at_component(&work, options, k, &found->kind, &local) != GMMPI_OK) break;
      found->component = k;
      found->n_points = (int64_t)fmax(1.0, round(model->weights[k] * total_weight));
    }
  }
  free(work.difference);
  free(work.values);
  return error_pass(error, &local);
}

gmmpi_status worth_of_model(const em_iteration *em, double objective, const gmmpi_model *model, double *worth,
                            gmmpi_error *error)
{
  const double total = em->points->total_weight;
  spurious_component found;
  if (find_spurious(em->points, total, em->options, model, &found, error) != GMMPI_OK) return error->status;
  const bool avoided = found.kind != COMPONENT_NOT_SPURIOUS && em->options->spurious != SPURIOUS_KEEP;
  *worth = objective - (avoided ? SPURIOUS_HANDICAP * total : 0.0);
  return GMMPI_OK;
}
