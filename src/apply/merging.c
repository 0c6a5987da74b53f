/* SPDX-License-Identifier: BSD-3-Clause */
#include "apply/merging.h"

#include "apply/predictor.h"
#include "mixture/hierarchy.h"
#include "support/error.h"
#include "support/exact_sum.h"
#include "support/large_messages.h"
#include "support/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Clusters have numbers from 0 here: those of the living components in their order; one that was merged has the lower
 * of both. */

/* What a thread has. */
typedef struct merging_worker {
  predictor *predictor;
  double *shares; /* n x TILE_ROWS: of the clusters, of the last tile */
  /* TILE_ROWS x (n + 1): the clusters, ascending, that have a share of each point, and their shares; the background's
   * number is n. */
  int64_t *present;
  double *parts;
  int64_t n_present[TILE_ROWS];
  double *logs;  /* n + 1: the logarithms of one point's shares */
  double *gains; /* n_pairs, at least n: sums over the block */
  double entropy;
} merging_worker;

typedef struct merging {
  const shard *points;
  int64_t n_components;
  bool has_noise;
  int64_t n;               /* living components */
  int64_t n_pairs;         /* of those */
  int64_t *members;        /* n: each one's component */
  int64_t *cluster_of;     /* n_components: its cluster; -1: weight 0 */
  bool *is_there;          /* n: is it (still) a cluster? */
  double *gains;           /* n_pairs: of clusters that are there */
  int64_t newest;          /* the cluster that the pass is for: sum x is its gain with cluster x; -1: all pairs */
  int64_t n_sums;          /* in this pass */
  double scale;            /* of the sums of gains */
  int64_t *words;          /* n_sums x FIXED_LIMBS, limb by limb, then FULL_RANGE_LIMBS of the entropy */
  merging_worker *workers; /* one for each thread of the points */
} merging;

static int64_t pair_of(const merging *work, int64_t a, int64_t b)
{
  const int64_t low = a < b ? a : b;
  const int64_t high = a < b ? b : a;
  return low * (2 * work->n - low - 1) / 2 + high - low - 1;
}

static int64_t words_of(int64_t n_sums)
{
  return n_sums * FIXED_LIMBS + FULL_RANGE_LIMBS;
}

/* --- one pass --- */

static void share_out(const merging *work, merging_worker *self)
{
  memset(self->shares, 0, (size_t)work->n * TILE_ROWS * sizeof *self->shares);
  for (int64_t k = 0; k < work->n_components; k++) {
    if (work->cluster_of[k] < 0) continue;
    const double *own = self->predictor->responsibilities + k * TILE_ROWS;
    double *sum = self->shares + work->cluster_of[k] * TILE_ROWS;
    for (int p = 0; p < TILE_ROWS; p++) sum[p] += own[p];
  }
}

static void note_present(const merging *work, merging_worker *self, int64_t cluster, const double shares[TILE_ROWS])
{
  for (int p = 0; p < TILE_ROWS; p++) {
    const int64_t place = p * (work->n + 1) + self->n_present[p];
    self->present[place] = cluster;
    self->parts[place] = shares[p];
    self->n_present[p] += shares[p] > 0.0;
  }
}

/* Who has a share of which point of the tile. */
static void find_present(const merging *work, merging_worker *self)
{
  memset(self->n_present, 0, sizeof self->n_present);
  for (int64_t c = 0; c < work->n; c++) {
    if (work->is_there[c]) note_present(work, self, c, self->shares + c * TILE_ROWS);
  }
  if (work->has_noise) note_present(work, self, work->n, self->predictor->noise);
}

/* The logarithms of a point's n shares. One that is near 1 is known best by what the others have. */
static void take_logs(int64_t n, const double *parts, double *logs)
{
  int64_t largest = 0;
  double rest = 0.0;
  for (int64_t i = 1; i < n; i++) {
    if (parts[i] > parts[largest]) largest = i;
  }
  for (int64_t i = 0; i < n; i++) {
    if (i != largest) rest += parts[i];
    logs[i] = log(parts[i]);
  }
  if (rest < 0.5) logs[largest] = log1p(-rest);
}

/* The gain of a point from merging those that have shares i and j of it. Nothing cancels. */
static double gain_of(const double *parts, const double *logs, int64_t i, int64_t j)
{
  const int64_t high = parts[i] < parts[j] ? j : i;
  const int64_t low = i + j - high;
  const double a = parts[high];
  const double b = parts[low];
  return (a + b) * log1p(b / a) + b * fmax(logs[high] - logs[low], 0.0);
}

/* Point p of the tile. One that belongs to a cluster alone adds nothing. */
static void add_point(const merging *work, merging_worker *self, int p, double weight)
{
  const int64_t n = self->n_present[p];
  const int64_t *present = self->present + p * (work->n + 1);
  const double *parts = self->parts + p * (work->n + 1);
  if (n < 2) return;
  double entropy = 0.0;
  take_logs(n, parts, self->logs);
  for (int64_t i = 0; i < n; i++) entropy -= parts[i] * self->logs[i];
  self->entropy += weight * entropy;

  const int64_t n_clusters = present[n - 1] == work->n ? n - 1 : n;
  for (int64_t i = 0; i < n_clusters; i++) {
    if (work->newest >= 0 && present[i] != work->newest) continue;
    for (int64_t j = work->newest >= 0 ? 0 : i + 1; j < n_clusters; j++) {
      const int64_t sum = work->newest >= 0 ? present[j] : pair_of(work, present[i], present[j]);
      if (j != i) self->gains[sum] += weight * gain_of(parts, self->logs, i, j);
    }
  }
}

static void begin_block(void *context, int thread)
{
  const merging *work = context;
  merging_worker *self = &work->workers[thread];
  memset(self->gains, 0, (size_t)work->n_sums * sizeof *self->gains);
  self->entropy = 0.0;
}

static void add_tile(void *context, const row_tile *tile, int64_t n_tiles, int thread)
{
  const merging *work = context;
  merging_worker *self = &work->workers[thread];
  (void)n_tiles;
  predictor_tile(self->predictor, tile->numbers, NULL, tile->n_points);
  share_out(work, self);
  find_present(work, self);
  for (int p = 0; p < tile->n_points; p++) {
    const double weight = tile->weights != NULL ? tile->weights[p] : 1.0;
    if (weight > 0.0 && (tile->labels == NULL || tile->labels[p] < 0.0)) add_point(work, self, p, weight);
  }
}

static void end_block(void *context, const block_view *block, int thread)
{
  enum { PIECE = 256 };
  const merging *work = context;
  const merging_worker *self = &work->workers[thread];
  const int64_t n = work->n_sums;
  double scales[PIECE];
  (void)block;
  for (int i = 0; i < PIECE; i++) scales[i] = 1.0 / work->scale;
#pragma omp critical(merging)
  {
    for (int64_t i = 0; i < n; i += PIECE)
      fixed_add(n - i < PIECE ? n - i : PIECE, self->gains + i, scales, 1.0, work->words + i, work->words + n + i,
                work->words + 2 * n + i);
    full_range_add(work->words + FIXED_LIMBS * n, self->entropy);
  }
}

/* Collective. *entropy of the clusters as they are, and the gains that are not known yet. */
static gmmpi_status make_pass(merging *work, double *entropy, gmmpi_error *error)
{
  const shard *points = work->points;
  const row_visitor visitor = {.context = work, .begin_block = begin_block, .tiles = add_tile, .end_block = end_block};
  work->n_sums = work->newest < 0 ? work->n_pairs : work->n;
  const int64_t n = work->n_sums;
  const int64_t n_words = words_of(n);
  memset(work->words, 0, (size_t)n_words * sizeof *work->words);
  shard_visit(points, 1, &visitor);
  if (shard_agree(points, error) != GMMPI_OK) return error->status;
  allreduce_large(points->comm, work->words, n_words, MPI_INT64_T, MPI_SUM);
  for (int64_t i = 0; i < n; i++) {
    const double gain = fixed_value(work->words[i], work->words[n + i], work->words[2 * n + i], work->scale);
    if (work->newest < 0)
      work->gains[i] = gain;
    else if (i != work->newest && work->is_there[i])
      work->gains[pair_of(work, work->newest, i)] = gain;
  }
  *entropy = full_range_value(work->words + FIXED_LIMBS * n) * points->weight_unit;
  return GMMPI_OK;
}

/* --- the steps --- */

/* The two whose merging gains most become one. */
static void merge_best(merging *work, int64_t merged[2])
{
  int64_t best[2] = {-1, -1};
  double most = -INFINITY;
  for (int64_t a = 0; a < work->n; a++) {
    for (int64_t b = a + 1; b < work->n; b++) {
      if (!work->is_there[a] || !work->is_there[b]) continue;
      const double gain = work->gains[pair_of(work, a, b)];
      if (!(gain > most)) continue;
      most = gain;
      best[0] = a;
      best[1] = b;
    }
  }
  for (int i = 0; i < 2; i++) merged[i] = work->members[best[i]];
  work->is_there[best[1]] = false;
  for (int64_t k = 0; k < work->n_components; k++) {
    if (work->cluster_of[k] == best[1]) work->cluster_of[k] = best[0];
  }
  work->newest = best[0];
}

/* Collective. Without a background the entropy of one cluster is 0. */
static gmmpi_status make_steps(merging *work, merging_question goes_on, void *context, cluster_hierarchy *hierarchy,
                               gmmpi_error *error)
{
  for (int64_t n_left = work->n; n_left > (work->has_noise ? 0 : 1); n_left--) {
    if (goes_on != NULL && !goes_on(context, n_left))
      return fail(error, GMMPI_STOPPED, "merging was ended before all components were one cluster");
    if (make_pass(work, &hierarchy->entropy[n_left - 1], error) != GMMPI_OK) return error->status;
    if (n_left > 1) merge_best(work, hierarchy->merges + 2 * (work->n - n_left));
  }
  return GMMPI_OK;
}

/* --- begin and end --- */

static bool open_worker(const merging *work, merging_worker *self)
{
  self->shares = allocate(work->n, TILE_ROWS * sizeof *self->shares);
  self->present = allocate((work->n + 1) * TILE_ROWS, sizeof *self->present);
  self->parts = allocate((work->n + 1) * TILE_ROWS, sizeof *self->parts);
  self->logs = allocate(work->n + 1, sizeof *self->logs);
  self->gains = allocate(work->n + work->n_pairs, sizeof *self->gains);
  return self->shares != NULL && self->present != NULL && self->parts != NULL && self->logs != NULL &&
         self->gains != NULL;
}

static gmmpi_status open_merging(merging *work, const kernel *instructions, const gmmpi_model *model,
                                 gmmpi_error *error)
{
  const int64_t K = model->n_components;
  work->members = allocate(work->n, sizeof *work->members);
  work->cluster_of = allocate(K, sizeof *work->cluster_of);
  work->is_there = allocate(work->n, sizeof *work->is_there);
  work->gains = allocate(work->n_pairs, sizeof *work->gains);
  work->words = allocate(words_of(work->n + work->n_pairs), sizeof *work->words);
  work->workers = calloc((size_t)work->points->n_threads, sizeof *work->workers);
  bool good = work->members != NULL && work->cluster_of != NULL && work->is_there != NULL && work->gains != NULL &&
              work->words != NULL && work->workers != NULL;
  for (int t = 0; good && t < work->points->n_threads; t++) {
    merging_worker *self = &work->workers[t];
    good = open_worker(work, self);
    if (good && predictor_create(instructions, model, &self->predictor, error) != GMMPI_OK) return error->status;
  }
  if (!good)
    return fail(error, GMMPI_NO_MEMORY, "no memory is left to merge %lld components; fit fewer, or use fewer threads",
                (long long)K);
  for (int64_t k = 0, next = 0; k < K; k++) {
    work->cluster_of[k] = -1;
    if (model->weights[k] == 0.0) continue;
    work->is_there[next] = true;
    work->members[next] = k;
    work->cluster_of[k] = next++;
  }
  return GMMPI_OK;
}

static void close_merging(merging *work)
{
  for (int t = 0; work->workers != NULL && t < work->points->n_threads; t++) {
    const merging_worker *self = &work->workers[t];
    predictor_destroy(self->predictor);
    free(self->shares);
    free(self->present);
    free(self->parts);
    free(self->logs);
    free(self->gains);
  }
  free(work->workers);
  free(work->members);
  free(work->cluster_of);
  free(work->is_there);
  free(work->gains);
  free(work->words);
}

gmmpi_status merge_by_entropy(gmmpi_model *model, const shard *points, merging_question goes_on, void *context,
                              gmmpi_error *error)
{
  const int64_t n = model_n_living(model);
  gmmpi_error own = {0};
  cluster_hierarchy *hierarchy = NULL;
  merging work = {.points = points,
                  .n_components = model->n_components,
                  .has_noise = model_has(model, PART_NOISE),
                  .n = n,
                  .n_pairs = n * (n - 1) / 2,
                  .newest = -1,
                  /* A point's gain is at most log 2. */
                  .scale = fixed_scale((double)points->block_rows * points->largest_weight)};
  const kernel *instructions = kernel_common(points->comm);
  if (open_merging(&work, instructions, model, &own) == GMMPI_OK) hierarchy_create(n, &hierarchy, &own);
  if (agree(points->comm, &own) == GMMPI_OK && make_steps(&work, goes_on, context, hierarchy, &own) == GMMPI_OK) {
    model_set_hierarchy(model, hierarchy, &own);
    agree(points->comm, &own);
  }
  close_merging(&work);
  hierarchy_destroy(hierarchy);
  return error_pass(error, &own);
}

int64_t merging_bytes(model_kind kind, int64_t n_components, int64_t n_features, int n_threads)
{
  const int64_t word = sizeof(double);
  const int64_t n_forms = (kind.parts & PART_POSTERIOR) != 0 ? 2 : 1;
  int64_t pairs;
  int64_t limbs;
  int64_t forms;
  int64_t tiles;
  if (!multiply_fits(n_components, n_components + 1, &pairs) || !multiply_fits(pairs / 2, word, &pairs) ||
      !multiply_fits(pairs, FIXED_LIMBS + 1, &limbs) ||
      !multiply_fits(density_bytes(kind.family, n_components, n_features), n_forms, &forms) ||
      !multiply_fits(n_components + 1, (5 * TILE_ROWS + 8) * word, &tiles))
    return INT64_MAX;
  const int64_t of_thread[] = {pairs, forms, tiles,
                               kernel_scratch_bytes(kind.family->storage->shape, n_components, n_features),
                               n_features * TILE_ROWS * word};
  int64_t threads;
  if (!multiply_fits(sum_of_bytes(5, of_thread), n_threads, &threads)) return INT64_MAX;
  return sum_of_bytes(3, (int64_t[]){threads, limbs, FULL_RANGE_LIMBS * word});
}
