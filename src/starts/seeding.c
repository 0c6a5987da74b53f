/* SPDX-License-Identifier: BSD-3-Clause */
#include "starts/seeding.h"

#include "passes/nearest.h"
#include "passes/rows.h"
#include "starts/kmeans.h"
#include "support/error.h"
#include "support/exact_sum.h"
#include "support/lanes.h"
#include "support/large_messages.h"
#include "support/memory.h"
#include "support/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Bahmani et al. 2012, sec. 5: five rounds of 2K candidates do as well as k-means++. */
enum { ROUNDS = 5, CANDIDATES_PER_CENTRE = 2, TRIES = 4, LLOYD_ON_CANDIDATES = 20 };

/* Of a round's candidates, which are seldom twice as many as are wanted. */
static int64_t centres_at_once(int64_t n_centres)
{
  return n_centres < NEAREST_MOST_AT_ONCE ? 2 * CANDIDATES_PER_CENTRE * n_centres + 4 : NEAREST_MOST_AT_ONCE;
}

int64_t seeding_bytes(int64_t n_rows, int64_t n_features, int64_t n_centres, int n_threads)
{
  int64_t candidates;
  if (!multiply_fits(3 * ROUNDS * CANDIDATES_PER_CENTRE * n_centres, (2 * n_features + 6) * (int64_t)sizeof(double),
                     &candidates))
    return INT64_MAX;
  const int64_t seeding = sum_of_bytes(
      2, (int64_t[]){nearest_bytes(n_rows, n_features, centres_at_once(n_centres), n_threads), candidates});
  const int64_t improving = kmeans_bytes(n_features, n_centres, n_threads);
  const int64_t form = density_bytes(&family_diag, n_centres, n_features); /* of the centres, for the first M-step */
  return sum_of_bytes(2, (int64_t[]){seeding > improving ? seeding : improving, form});
}

gmmpi_status seeding_first_row(const shard *points, uint64_t seed, int64_t *row, gmmpi_error *error)
{
  if (points->has_weights) return draw_rows_by_weight(points, seed, RANDOM_FIRST_SEED, 1, row, error);
  *row = (int64_t)(random_uniform(seed, RANDOM_FIRST_SEED, 0, 0) * (double)points->n_samples);
  if (*row == points->n_samples) --*row;
  return GMMPI_OK;
}

static valued_row winner_of_block(const nearest_centres *nearest, const block_view *block, uint64_t seed, int64_t race)
{
  valued_row winner = {INFINITY, INT64_MAX};
  for (int64_t row = block->first_row; row < block->first_row + block->n_rows; row++) {
    const double weight = nearest->distances[row - nearest->points->first_row];
    valued_row runner = {INFINITY, row};
    if (weight > 0.0) runner.value = random_exponential(seed, RANDOM_SEED_RACE, (uint64_t)row, (uint64_t)race) / weight;
    if (comes_before(runner, winner)) winner = runner;
  }
  return winner;
}

/* The winner of a race that every point runs with its distance as weight; points at distance 0 come in last, by row. */
static int64_t row_that_wins_race(const nearest_centres *nearest, uint64_t seed, int64_t race)
{
  const shard *points = nearest->points;
  valued_row winner = {INFINITY, INT64_MAX};
#pragma omp parallel for num_threads(points->n_threads) schedule(static) if (points->n_threads > 1)
  for (int64_t b = 0; b < shard_n_blocks(points); b++) {
    const block_view block = shard_block(points, b);
    const valued_row best = winner_of_block(nearest, &block, seed, race);
#pragma omp critical(winner)
    if (comes_before(best, winner)) winner = best;
  }
  int64_t row;
  smallest_of_all_ranks(points->comm, &winner, points->n_rows > 0 ? 1 : 0, 1, &row);
  return row;
}

bool seeding_goes_on(const shard *points, stop_question stop, gmmpi_error *error)
{
  if (shard_failure(points, error) == GMMPI_OK && stop_is_wanted(stop))
    fail(error, GMMPI_STOPPED, "stopped on request during the initialisation");
  return agree(points->comm, error) == GMMPI_OK;
}

gmmpi_status seed_kmeans_plus_plus(const shard *points, const seeding_options *options, double *centres,
                                   gmmpi_error *error)
{
  const int64_t d = points->n_features;
  gmmpi_error local = {0};
  nearest_centres *nearest = NULL;
  nearest_create(points, options->kernel, options->inverse_variances, 1, &nearest, &local);
  if (agree(points->comm, &local) == GMMPI_OK) {
    for (int64_t k = 0; k < options->n_centres && seeding_goes_on(points, options->stop, &local); k++) {
      int64_t row;
      if (k > 0)
        row = row_that_wins_race(nearest, options->seed, k);
      else if (seeding_first_row(points, options->seed, &row, &local) != GMMPI_OK)
        break;
      if (fetch_rows(points, &row, 1, centres + k * d, &local) != GMMPI_OK) break;
      nearest_add(nearest, centres + k * d, 1);
    }
    shard_agree(points, &local);
  }
  nearest_destroy(nearest);
  return error_pass(error, &local);
}

/* --- k-means||
 * --------------------------------------------------------------------------------------------------------- */

/* Candidate centres, the same list on every rank, in the order of rounds and rows. */
typedef struct candidate_list {
  int64_t n, capacity;
  int64_t n_features;
  double *centres; /* n x d */
  double *weights; /* n: how many points are nearest */
} candidate_list;

static void candidates_clear(candidate_list *list)
{
  free(list->centres);
  free(list->weights);
}

static bool candidates_reserve(candidate_list *list, int64_t n)
{
  if (n <= list->capacity) return true;
  double *centres = allocate(2 * n, (size_t)list->n_features * sizeof(double));
  double *weights = allocate(2 * n, sizeof(double));
  if (centres == NULL || weights == NULL) {
    free(centres);
    free(weights);
    return false;
  }
  if (list->n > 0) memcpy(centres, list->centres, (size_t)(list->n * list->n_features) * sizeof(double));
  candidates_clear(list);
  list->centres = centres;
  list->weights = weights;
  list->capacity = 2 * n;
  return true;
}

/* Is this row a candidate? Each is with probability (candidates wanted) x distance / total, independently. */
static bool wins_draw(const nearest_centres *nearest, int64_t i, double draw, double rate)
{
  const double distance = nearest->distances[i];
  return distance > 0.0 && draw < rate * distance;
}

static bool is_drawn(const nearest_centres *nearest, int64_t i, uint64_t seed, int64_t round, double rate)
{
  const uint64_t row = (uint64_t)(nearest->points->first_row + i);
  return wins_draw(nearest, i, random_uniform(seed, RANDOM_CANDIDATES, row, (uint64_t)round), rate);
}

static int64_t count_drawn(const nearest_centres *nearest, uint64_t seed, int64_t round, double rate)
{
  int64_t n = 0;
#pragma omp parallel for num_threads(nearest->points->n_threads) reduction(+ : n)
  for (int64_t i = 0; i < nearest->points->n_rows; i++) n += is_drawn(nearest, i, seed, round, rate);
  return n;
}

/* This rank's rows that are drawn, of which the first few are listed. With several threads none is. */
enum { MOST_LISTED = 256 };
typedef struct drawn_rows {
  int64_t n, n_listed;
  int64_t rows[MOST_LISTED];
} drawn_rows;

static void draw_round(const nearest_centres *nearest, uint64_t seed, int64_t round, double rate, drawn_rows *drawn)
{
  const shard *points = nearest->points;
  drawn->n = drawn->n_listed = 0;
  if (points->n_threads > 1) {
    drawn->n = count_drawn(nearest, seed, round, rate);
    return;
  }
  double draws[TILE_ROWS];
  for (int64_t first = 0; first < points->n_rows; first += TILE_ROWS) {
    const int n = points->n_rows - first < TILE_ROWS ? (int)(points->n_rows - first) : TILE_ROWS;
    random_uniforms(seed, RANDOM_CANDIDATES, (uint64_t)(points->first_row + first), n, (uint64_t)round, draws);
    for (int p = 0; p < n; p++) {
      if (!wins_draw(nearest, first + p, draws[p], rate)) continue;
      if (drawn->n < MOST_LISTED) drawn->rows[drawn->n_listed++] = points->first_row + first + p;
      drawn->n++;
    }
  }
}

/* rows: drawn->n. Those that are not listed are drawn once more. */
static void list_drawn(const nearest_centres *nearest, uint64_t seed, int64_t round, double rate,
                       const drawn_rows *drawn, int64_t *rows)
{
  const shard *points = nearest->points;
  const bool is_whole = drawn->n == drawn->n_listed;
  int64_t n = is_whole ? drawn->n : 0;
  if (is_whole) memcpy(rows, drawn->rows, (size_t)n * sizeof *rows);
  for (int64_t i = 0; n < drawn->n; i++) {
    if (is_drawn(nearest, i, seed, round, rate)) rows[n++] = points->first_row + i;
  }
}

/* Adds one round's candidates of all ranks to the list, in the order of their rows. Collective; an error is agreed. */
static void add_round(nearest_centres *nearest, candidate_list *list, const seeding_options *options, int64_t round,
                      gmmpi_error *error)
{
  const shard *points = nearest->points;
  const int64_t d = points->n_features;
  const double total = nearest_total(nearest);
  if (!(total > 0.0)) return;
  const double rate = (double)(CANDIDATES_PER_CENTRE * options->n_centres) / total;
  drawn_rows drawn;
  draw_round(nearest, options->seed, round, rate, &drawn);
  int64_t n_all;
  int64_t place = 0;
  int rank;
  MPI_Comm_rank(points->comm, &rank);
  MPI_Allreduce(&drawn.n, &n_all, 1, MPI_INT64_T, MPI_SUM, points->comm);
  MPI_Exscan(&drawn.n, &place, 1, MPI_INT64_T, MPI_SUM, points->comm);
  if (rank == 0) place = 0;
  int64_t *rows = allocate(n_all, sizeof *rows);
  if (rows == NULL || !candidates_reserve(list, list->n + n_all))
    fail(error, GMMPI_NO_MEMORY, "there is no memory for %lld candidates of initial means; use --init random_from_data",
         (long long)(list->n + n_all));
  if (agree(points->comm, error) == GMMPI_OK) {
    list_drawn(nearest, options->seed, round, rate, &drawn, rows + place);
    /* Each rank has set its own places; the others' are 0. */
    allreduce_large(points->comm, rows, n_all, MPI_INT64_T, MPI_SUM);
    if (fetch_rows(points, rows, n_all, list->centres + list->n * d, error) == GMMPI_OK) {
      nearest_add(nearest, list->centres + list->n * d, n_all);
      list->n += n_all;
    }
  }
  free(rows);
}

static void weigh_candidates(const nearest_centres *nearest, candidate_list *list, int64_t *counts)
{
  memset(counts, 0, (size_t)list->n * sizeof *counts);
  for (int64_t i = 0; i < nearest->points->n_rows; i++) counts[nearest->indices[i]]++;
  allreduce_large(nearest->points->comm, counts, list->n, MPI_INT64_T, MPI_SUM);
  for (int64_t i = 0; i < list->n; i++) list->weights[i] = (double)counts[i];
}

/* The weights of the points that are nearest to each candidate; limbs: room for n exact sums. */
typedef struct candidate_weights {
  const nearest_centres *nearest;
  int64_t *limbs;
} candidate_weights;

static void add_weights_of_tile(void *context, const row_tile *tile, int64_t n_tiles, int thread)
{
  const candidate_weights *sums = context;
  const int32_t *indices = sums->nearest->indices + (tile->first_row - sums->nearest->points->first_row);
  (void)n_tiles;
  (void)thread;
  for (int p = 0; p < tile->n_points; p++)
    full_range_add(sums->limbs + (int64_t)indices[p] * FULL_RANGE_LIMBS, tile->weights[p]);
}

/* Collective; an error is agreed. */
static void sum_weights_of_candidates(const nearest_centres *nearest, candidate_list *list, gmmpi_error *error)
{
  const shard *points = nearest->points;
  candidate_weights sums = {nearest, allocate(list->n, FULL_RANGE_LIMBS * sizeof(int64_t))};
  if (sums.limbs == NULL) fail(error, GMMPI_NO_MEMORY, "there is no memory for the weights of initial means");
  if (agree(points->comm, error) == GMMPI_OK) {
    shard_visit(points, 1, &(row_visitor){.context = &sums, .tiles = add_weights_of_tile, .takes_turns = true});
    allreduce_large(points->comm, sums.limbs, list->n * FULL_RANGE_LIMBS, MPI_INT64_T, MPI_SUM);
    for (int64_t i = 0; i < list->n; i++) list->weights[i] = full_range_value(sums.limbs + i * FULL_RANGE_LIMBS);
    shard_agree(points, error);
  }
  free(sums.limbs);
}

/* Choosing among candidates is done by every rank for itself, on the same numbers. */
typedef struct reduction {
  const candidate_list *list;
  const seeding_options *options;
  double *columns;   /* d x n: the candidates */
  double *distances; /* n: to the nearest centre chosen */
  double *next;      /* n: to one centre */
  double *nearest;   /* n: which it is */
  double *sums;      /* K x d */
  double *weights;   /* K */
} reduction;

/* distances: n, of all candidates to a centre, in the scales of the features. */
static void distances_to(const reduction *work, const double *centre, double *restrict distances)
{
  const int64_t n = work->list->n;
  memset(distances, 0, (size_t)n * sizeof *distances);
  for (int64_t j = 0; j < work->list->n_features; j++) {
    const double *restrict column = work->columns + j * n;
    const double place = centre[j];
    const double inverse_variance = work->options->inverse_variances[j];
    for (int64_t i = 0; i < n; i++) distances[i] += (column[i] - place) * (column[i] - place) * inverse_variance;
  }
}

/* The time at which a candidate of this weight arrives in a race; some time behind `best` where that is sure, so that
 * most logarithms need not be taken: -log u >= 1 - u. */
static double time_in_race(double draw, double weight, double best)
{
  if (0.999 * (1.0 - draw) > best * weight) return INFINITY;
  return -log(draw) / weight;
}

static void choose_by_races(const reduction *work, int64_t attempt, double *centres)
{
  const candidate_list *list = work->list;
  const int64_t d = list->n_features;
  for (int64_t i = 0; i < list->n; i++) work->distances[i] = 1.0; /* the first one by weight alone */
  for (int64_t k = 0; k < work->options->n_centres; k++) {
    const uint64_t race = (uint64_t)(attempt * work->options->n_centres + k);
    valued_row winner = {INFINITY, INT64_MAX};
    for (int64_t first = 0; first < list->n; first += TILE_ROWS) {
      double draws[TILE_ROWS];
      const int n = list->n - first < TILE_ROWS ? (int)(list->n - first) : TILE_ROWS;
      random_uniforms(work->options->seed, RANDOM_CANDIDATE_SEEDS, (uint64_t)first, n, race, draws);
      for (int p = 0; p < n; p++) {
        const int64_t i = first + p;
        const double weight = list->weights[i] * work->distances[i];
        valued_row runner = {INFINITY, i};
        if (weight > 0.0) runner.value = time_in_race(draws[p], weight, winner.value);
        if (comes_before(runner, winner)) winner = runner;
      }
    }
    memcpy(centres + k * d, list->centres + winner.row * d, (size_t)d * sizeof(double));
    distances_to(work, centres + k * d, work->next);
    for (int64_t i = 0; i < list->n; i++) {
      const double distance = work->next[i];
      if (k == 0 || distance < work->distances[i]) work->distances[i] = distance;
    }
  }
}

/* Sets work->distances and work->nearest. */
static void find_nearest(const reduction *work, const double *centres)
{
  const int64_t n = work->list->n;
  for (int64_t i = 0; i < n; i++) work->distances[i] = INFINITY;
  memset(work->nearest, 0, (size_t)n * sizeof *work->nearest);
  for (int64_t k = 0; k < work->options->n_centres; k++) {
    distances_to(work, centres + k * work->list->n_features, work->next);
    lanes_keep_smaller(n, work->next, (double)k, work->distances, work->nearest);
  }
}

/* One Lloyd iteration on the weighted candidates; returns the cost before it. */
static double lloyd_on_candidates(const reduction *work, double *centres)
{
  const candidate_list *list = work->list;
  const int64_t d = list->n_features;
  const int64_t K = work->options->n_centres;
  double cost = 0.0;
  memset(work->sums, 0, (size_t)(K * d) * sizeof(double));
  memset(work->weights, 0, (size_t)K * sizeof(double));
  find_nearest(work, centres);
  for (int64_t i = 0; i < list->n; i++) {
    const int64_t nearest = (int64_t)work->nearest[i];
    cost += list->weights[i] * work->distances[i];
    work->weights[nearest] += list->weights[i];
    /* About the centre, so that data far from the origin lose nothing. */
    for (int64_t j = 0; j < d; j++)
      work->sums[nearest * d + j] += list->weights[i] * (list->centres[i * d + j] - centres[nearest * d + j]);
  }
  for (int64_t k = 0; k < K; k++) {
    for (int64_t j = 0; j < d && work->weights[k] > 0.0; j++)
      centres[k * d + j] += work->sums[k * d + j] / work->weights[k];
  }
  return cost;
}

/* Distances that every rank computes for itself when it chooses, beyond which one try and few iterations must do. */
static const double many_operations = 1e9;

static void choose_centres(const reduction *work, double *attempt_centres, double *centres)
{
  const double operations = (double)work->list->n * (double)work->options->n_centres * (double)work->list->n_features;
  const bool hurry = operations * TRIES * LLOYD_ON_CANDIDATES > many_operations;
  const int n_tries = hurry ? 1 : TRIES;
  const int n_iterations = hurry ? 1 : LLOYD_ON_CANDIDATES;
  const size_t size = (size_t)(work->options->n_centres * work->list->n_features) * sizeof(double);
  double best_cost = INFINITY;
  for (int64_t attempt = 0; attempt < n_tries; attempt++) {
    choose_by_races(work, attempt, attempt_centres);
    double cost = INFINITY;
    for (int i = 0; i < n_iterations; i++) {
      const double next_cost = lloyd_on_candidates(work, attempt_centres);
      if (!(next_cost < cost * (1.0 - 1e-4))) break;
      cost = next_cost;
    }
    if (cost < best_cost || attempt == 0) {
      best_cost = cost;
      memcpy(centres, attempt_centres, size);
    }
  }
}

static void reduce_candidates(const nearest_centres *nearest, candidate_list *list, const seeding_options *options,
                              double *centres, gmmpi_error *error)
{
  const int64_t K = options->n_centres;
  int64_t *counts = allocate(list->n, sizeof *counts);
  double *attempt_centres = allocate(K * list->n_features, sizeof(double));
  reduction work = {.list = list,
                    .options = options,
                    .columns = allocate(list->n * (list->n_features + 3), sizeof(double)),
                    .sums = allocate(K * list->n_features, sizeof(double)),
                    .weights = allocate(K, sizeof(double))};
  if (counts == NULL || attempt_centres == NULL || work.columns == NULL || work.sums == NULL || work.weights == NULL) {
    fail(error, GMMPI_NO_MEMORY, "there is no memory to choose among %lld candidates", (long long)list->n);
  } else {
    work.distances = work.columns + list->n * list->n_features;
    work.next = work.distances + list->n;
    work.nearest = work.next + list->n;
    for (int64_t i = 0; i < list->n; i++) {
      for (int64_t j = 0; j < list->n_features; j++)
        work.columns[j * list->n + i] = list->centres[i * list->n_features + j];
    }
  }
  if (agree(nearest->points->comm, error) == GMMPI_OK) {
    if (nearest->points->has_weights)
      sum_weights_of_candidates(nearest, list, error);
    else
      weigh_candidates(nearest, list, counts);
    choose_centres(&work, attempt_centres, centres);
  }
  free(counts);
  free(attempt_centres);
  free(work.columns);
  free(work.sums);
  free(work.weights);
}

gmmpi_status seed_kmeans_parallel(const shard *points, const seeding_options *options, double *centres,
                                  gmmpi_error *error)
{
  gmmpi_error local = {0};
  nearest_centres *nearest = NULL;
  candidate_list list = {.n_features = points->n_features};
  if (nearest_create(points, options->kernel, options->inverse_variances, centres_at_once(options->n_centres), &nearest,
                     &local) == GMMPI_OK &&
      !candidates_reserve(&list, ROUNDS * CANDIDATES_PER_CENTRE * options->n_centres))
    fail(&local, GMMPI_NO_MEMORY, "there is no memory for candidates of initial means; use --init random_from_data");
  if (agree(points->comm, &local) == GMMPI_OK) {
    int64_t first;
    if (seeding_first_row(points, options->seed, &first, &local) == GMMPI_OK &&
        fetch_rows(points, &first, 1, list.centres, &local) == GMMPI_OK)
      nearest_add(nearest, list.centres, 1);
    list.n = 1;
    for (int64_t round = 0; round < ROUNDS && seeding_goes_on(points, options->stop, &local); round++)
      add_round(nearest, &list, options, round, &local);
    shard_agree(points, &local);
    if (local.status == GMMPI_OK) reduce_candidates(nearest, &list, options, centres, &local);
  }
  candidates_clear(&list);
  nearest_destroy(nearest);
  return error_pass(error, &local);
}
