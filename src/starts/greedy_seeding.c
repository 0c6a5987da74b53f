/* SPDX-License-Identifier: BSD-3-Clause */
#include "starts/greedy_seeding.h"

#include "passes/nearest.h"
#include "passes/rows.h"
#include "support/error.h"
#include "support/memory.h"
#include "support/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int64_t count_draws(int64_t n_centres)
{
  return 2 + (int64_t)log((double)n_centres);
}

double greedy_distances(int64_t n_centres)
{
  return (double)n_centres * (double)(count_draws(n_centres) + 1);
}

/* A seeding while it runs. */
typedef struct greedy {
  nearest_centres *nearest;
  uint64_t seed;
  int64_t n_draws;
  double *block_totals; /* of this rank's blocks: their points' distances */
  double *drawn;        /* n_draws x d */
  double *reduced;      /* n_draws: the sum of distances that each would leave */
} greedy;

static void sum_blocks(const greedy *work)
{
  const shard *points = work->nearest->points;
  for (int64_t b = 0; b < shard_n_blocks(points); b++) {
    const block_view block = shard_block(points, b);
    const double *distances = work->nearest->distances + (block.first_row - points->first_row);
    double sum = 0.0;
    for (int64_t i = 0; i < block.n_rows; i++) sum += distances[i];
    work->block_totals[b] = sum;
  }
}

/* The row of the block at which the running sum of distances passes this share of the block's. */
static int64_t row_at_share(const greedy *work, const block_view *block, double share)
{
  const double *distances = work->nearest->distances + (block->first_row - work->nearest->points->first_row);
  double total = 0.0;
  for (int64_t i = 0; i < block->n_rows; i++) total += distances[i];
  double sum = 0.0;
  int64_t last = 0;
  for (int64_t i = 0; i < block->n_rows; i++) {
    if (!(distances[i] > 0.0)) continue;
    last = i;
    sum += distances[i];
    if (sum >= share * total) break;
  }
  return block->first_row + last;
}

/* A row drawn with its distance as weight: a race among blocks, then a draw within the winner. Where all distances are
 * 0, the first row. Collective. */
static int64_t draw_row(const greedy *work, uint64_t draw)
{
  const shard *points = work->nearest->points;
  valued_row winner = {INFINITY, INT64_MAX}; /* of blocks, by their first rows */
  int64_t winning_block = -1;
  for (int64_t b = 0; b < shard_n_blocks(points); b++) {
    const int64_t first_row = shard_block(points, b).first_row;
    const double weight = work->block_totals[b];
    valued_row runner = {INFINITY, first_row};
    if (weight > 0.0)
      runner.value = random_exponential(work->seed, RANDOM_GREEDY_RACE, (uint64_t)first_row, draw) / weight;
    if (!comes_before(runner, winner)) continue;
    winner = runner;
    winning_block = b;
  }
  if (winning_block >= 0) {
    const block_view block = shard_block(points, winning_block);
    winner.row =
        row_at_share(work, &block, random_uniform(work->seed, RANDOM_GREEDY_ROW, (uint64_t)block.first_row, draw));
  }
  int64_t row;
  smallest_of_all_ranks(points->comm, &winner, winning_block >= 0 ? 1 : 0, 1, &row);
  return row;
}

/* The number of the drawn point that leaves the smallest sum of distances; ties to the one drawn first. Collective. */
static int64_t best_draw(const greedy *work)
{
  int64_t best = 0;
  nearest_totals_with(work->nearest, work->drawn, work->n_draws, work->reduced);
  for (int64_t i = 1; i < work->n_draws; i++) {
    if (work->reduced[i] < work->reduced[best]) best = i;
  }
  return best;
}

static gmmpi_status add_best_of_draws(const greedy *work, int64_t k, double *centre, gmmpi_error *error)
{
  const shard *points = work->nearest->points;
  const int64_t d = points->n_features;
  sum_blocks(work);
  for (int64_t i = 0; i < work->n_draws; i++) {
    const int64_t row = draw_row(work, (uint64_t)(k * work->n_draws + i));
    if (fetch_rows(points, &row, 1, work->drawn + i * d, error) != GMMPI_OK) return error->status;
  }
  memcpy(centre, work->drawn + best_draw(work) * d, (size_t)d * sizeof(double));
  nearest_add(work->nearest, centre, 1);
  return shard_agree(points, error);
}

gmmpi_status seed_greedily(const shard *points, const seeding_options *options, double *centres, gmmpi_error *error)
{
  const int64_t d = points->n_features;
  const int64_t n_draws = count_draws(options->n_centres);
  gmmpi_error local = {0};
  greedy work = {.seed = options->seed,
                 .n_draws = n_draws,
                 .block_totals = allocate(shard_n_blocks(points), sizeof(double)),
                 .drawn = allocate(n_draws * d, sizeof(double)),
                 .reduced = allocate(n_draws, sizeof(double))};
  if (work.block_totals == NULL || work.drawn == NULL || work.reduced == NULL)
    fail(&local, GMMPI_NO_MEMORY, "there is no memory to choose initial means; use --init random_from_data");
  else
    nearest_create(points, options->kernel, options->inverse_variances, n_draws, &work.nearest, &local);
  if (agree(points->comm, &local) == GMMPI_OK) {
    int64_t row;
    if (seeding_first_row(points, options->seed, &row, &local) == GMMPI_OK &&
        fetch_rows(points, &row, 1, centres, &local) == GMMPI_OK)
      nearest_add(work.nearest, centres, 1);
    for (int64_t k = 1; k < options->n_centres && seeding_goes_on(points, options->stop, &local); k++) {
      if (add_best_of_draws(&work, k, centres + k * d, &local) != GMMPI_OK) break;
    }
    shard_agree(points, &local);
  }
  nearest_destroy(work.nearest);
  free(work.block_totals);
  free(work.drawn);
  free(work.reduced);
  return error_pass(error, &local);
}
