/* SPDX-License-Identifier: BSD-3-Clause */
#include "passes/weighting.h"

#include "support/error.h"
#include "support/exact_sum.h"
#include "support/large_messages.h"
#include "support/memory.h"
#include "support/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A draw gives the numbers of so many rows. */
enum { TOGETHER = 4 };
_Static_assert(TILE_ROWS % TOGETHER == 0, "a tile begins with the first row of a draw");

/* --- weights of a tile --- */

/* Numbers of the rows from first_row on, which is a multiple of TOGETHER, as is n. */
static void draw_uniforms(const row_weighting *weighting, random_purpose purpose, uint64_t draw, int64_t first_row,
                          int64_t n, double *uniforms)
{
  for (int64_t i = 0; i < n; i += TOGETHER)
    random_four_uniforms(weighting->seed, purpose, (uint64_t)((first_row + i) / TOGETHER), draw, uniforms + i);
}

/* The rows' own weights are a factor; padding has none. */
static void weigh_by_own(const row_tile *tile, double *weights)
{
  for (int p = 0; p < TILE_ROWS && tile->weights != NULL; p++) weights[p] *= tile->weights[p];
  for (int p = tile->n_points; p < TILE_ROWS; p++) weights[p] = 0.0;
}

static void fill_exponential(const row_weighting *weighting, const row_tile *tile, double *weights)
{
  draw_uniforms(weighting, RANDOM_REPLICATE, (uint64_t)weighting->number, tile->first_row, TILE_ROWS, weights);
  for (int p = 0; p < TILE_ROWS; p++) weights[p] = -log(weights[p]);
  weigh_by_own(tile, weights);
}

/* The probabilities that a Poisson number of mean 1 is at most 0, 1, ...: partial sums of 1 / (e k!). The next
 * one is 1 to the last bit. */
static const double poisson_cumulative[] = {
    0x1.78b56362cef38p-2, 0x1.78b56362cef38p-1, 0x1.d6e2bc3b82b06p-1, 0x1.f6472f2e6944ap-1, 0x1.fe204beb22e9cp-1,
    0x1.ffb21e77480acp-1, 0x1.fff516e3f8e59p-1, 0x1.fffea81812296p-1, 0x1.ffffda3e9551ep-1, 0x1.fffffc42dcc83p-1,
    0x1.ffffffa9b0ba6p-1, 0x1.fffffff8db44cp-1, 0x1.ffffffff7425ap-1, 0x1.fffffffff60f9p-1, 0x1.ffffffffff572p-1,
    0x1.fffffffffff58p-1, 0x1.ffffffffffff6p-1, 0x1.fffffffffffffp-1,
};

static void fill_poisson(const row_weighting *weighting, const row_tile *tile, double *weights)
{
  double uniforms[TILE_ROWS];
  draw_uniforms(weighting, RANDOM_REPLICATE, (uint64_t)weighting->number, tile->first_row, TILE_ROWS, uniforms);
  for (int p = 0; p < TILE_ROWS; p++) weights[p] = 0.0;
  for (size_t k = 0; k < sizeof poisson_cumulative / sizeof *poisson_cumulative; k++) {
    for (int p = 0; p < TILE_ROWS; p++) weights[p] += uniforms[p] >= poisson_cumulative[k] ? 1.0 : 0.0;
  }
  weigh_by_own(tile, weights);
}

/* Which fold each of the tile's rows is of: of n_folds rows that follow each other, beginning with a multiple, the one
 * with the smallest draw is of fold 0, the next one of fold 1. */
static void find_folds(const row_weighting *weighting, const row_tile *tile, int *folds)
{
  const int64_t n_folds = weighting->n_folds;
  double uniforms[TILE_ROWS + 2 * MOST_FOLDS + 2 * TOGETHER];
  const int64_t first = tile->first_row / n_folds * n_folds;
  const int64_t begin = first / TOGETHER * TOGETHER;
  const int64_t end = (tile->first_row + TILE_ROWS + n_folds - 1) / n_folds * n_folds;
  draw_uniforms(weighting, RANDOM_FOLD, 0, begin, (end - begin + TOGETHER - 1) / TOGETHER * TOGETHER, uniforms);
  for (int p = 0; p < TILE_ROWS; p++) {
    const int64_t row = tile->first_row + p;
    const double *of_group = uniforms + (row / n_folds * n_folds - begin);
    const double own = of_group[row % n_folds];
    int fold = 0;
    for (int64_t i = 0; i < n_folds; i++) fold += of_group[i] < own ? 1 : 0;
    folds[p] = fold;
  }
}

static void fill_training(const row_weighting *weighting, const row_tile *tile, double *weights)
{
  int folds[TILE_ROWS];
  find_folds(weighting, tile, folds);
  for (int p = 0; p < TILE_ROWS; p++) weights[p] = folds[p] == weighting->number ? 0.0 : 1.0;
  weigh_by_own(tile, weights);
}

static void fill_held_out(const row_weighting *weighting, const row_tile *tile, double *weights)
{
  int folds[TILE_ROWS];
  find_folds(weighting, tile, folds);
  for (int p = 0; p < TILE_ROWS; p++) weights[p] = folds[p] == weighting->number ? 1.0 : 0.0;
  weigh_by_own(tile, weights);
}

const double *weights_of_tile(const row_weighting *weighting, const row_tile *tile, double *room)
{
  const int64_t index = tile->first_row - weighting->first_row;
  if (weighting->kept == NULL || index < 0 || index / TILE_ROWS >= weighting->n_tiles) {
    weighting->fill(weighting, tile, room);
    return room;
  }
  double *kept = weighting->kept + index;
  bool *is_kept = &weighting->is_kept[index / TILE_ROWS];
  if (!*is_kept) weighting->fill(weighting, tile, kept);
  *is_kept = true;
  return kept;
}

/* --- making them --- */

row_weighting weighting_exponential(uint64_t seed, int64_t replicate)
{
  return (row_weighting){.fill = fill_exponential, .seed = seed, .number = replicate, .keeps_total = true};
}

row_weighting weighting_poisson(uint64_t seed, int64_t replicate)
{
  return (row_weighting){.fill = fill_poisson, .seed = seed, .number = replicate};
}

row_weighting weighting_training(uint64_t seed, int64_t fold, int64_t n_folds)
{
  return (row_weighting){.fill = fill_training, .seed = seed, .number = fold, .n_folds = n_folds};
}

row_weighting weighting_held_out(uint64_t seed, int64_t fold, int64_t n_folds)
{
  return (row_weighting){.fill = fill_held_out, .seed = seed, .number = fold, .n_folds = n_folds};
}

int64_t weighting_n_tiles(const shard *points)
{
  return (points->n_rows + TILE_ROWS - 1) / TILE_ROWS;
}

void weighting_keep(const shard *points, row_weighting *weighting, double *kept, bool *is_kept)
{
  weighting->kept = kept;
  weighting->is_kept = is_kept;
  weighting->first_row = points->first_row;
  weighting->n_tiles = weighting_n_tiles(points);
  memset(is_kept, 0, (size_t)weighting_n_tiles(points) * sizeof *is_kept);
}

/* --- measuring them --- */

/* What is found of n weightings, by each thread. */
typedef struct weight_sums {
  const row_weighting *all;
  int64_t n;
  double *largest; /* n_threads x n */
  int64_t *limbs;  /* n_threads x n x FULL_RANGE_LIMBS */
} weight_sums;

static void add_weights_of_tile(void *context, const row_tile *tile, int64_t n_tiles, int thread)
{
  const weight_sums *work = context;
  (void)n_tiles;
  for (int64_t i = 0; i < work->n; i++) {
    _Alignas(MEMORY_ALIGNMENT) double room[TILE_ROWS];
    const int64_t place = thread * work->n + i;
    const double *weights = weights_of_tile(&work->all[i], tile, room);
    double largest = work->largest[place];
    for (int p = 0; p < TILE_ROWS; p++) largest = weights[p] > largest ? weights[p] : largest;
    work->largest[place] = largest;
    full_range_add_all(work->limbs + place * FULL_RANGE_LIMBS, tile->n_points, weights);
  }
}

/* The first thread's sums become those of all threads and ranks. */
static void add_up(const shard *points, const weight_sums *work)
{
  const int64_t n_limbs = work->n * FULL_RANGE_LIMBS;
  for (int t = 1; t < points->n_threads; t++) {
    for (int64_t i = 0; i < work->n; i++) work->largest[i] = fmax(work->largest[i], work->largest[t * work->n + i]);
    for (int64_t i = 0; i < n_limbs; i++) work->limbs[i] += work->limbs[t * n_limbs + i];
  }
  allreduce_large(points->comm, work->largest, work->n, MPI_DOUBLE, MPI_MAX);
  allreduce_large(points->comm, work->limbs, n_limbs, MPI_INT64_T, MPI_SUM);
}

static void set_measured(const shard *points, double largest, const int64_t *limbs, row_weighting *weighting)
{
  const double sum = full_range_value(limbs);
  weighting->largest_weight = largest;
  weighting->weight_unit = points->weight_unit;
  weighting->total_weight = sum * points->weight_unit;
  if (!weighting->keeps_total || !(sum > 0.0)) return;
  weighting->weight_unit = points->total_weight / sum;
  weighting->total_weight = points->total_weight;
}

int64_t weightings_measure_bytes(int64_t n, int n_threads)
{
  return n * n_threads * (int64_t)(sizeof(double) + FULL_RANGE_LIMBS * sizeof(int64_t));
}

gmmpi_status weightings_measure(const shard *points, row_weighting *all, int64_t n, gmmpi_error *error)
{
  gmmpi_error local = {0};
  weight_sums work = {.all = all,
                      .n = n,
                      .largest = allocate(points->n_threads * n, sizeof(double)),
                      .limbs = allocate(points->n_threads * n * FULL_RANGE_LIMBS, sizeof(int64_t))};
  if (work.largest == NULL || work.limbs == NULL)
    fail(&local, GMMPI_NO_MEMORY, "there is no memory for the weights of %lld passes", (long long)n);
  if (agree(points->comm, &local) == GMMPI_OK) {
    shard_visit(points, 1, &(row_visitor){.context = &work, .tiles = add_weights_of_tile});
    add_up(points, &work);
    for (int64_t i = 0; i < n; i++) set_measured(points, work.largest[i], work.limbs + i * FULL_RANGE_LIMBS, &all[i]);
    shard_agree(points, &local);
  }
  free(work.largest);
  free(work.limbs);
  return error_pass(error, &local);
}
