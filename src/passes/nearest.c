/* SPDX-License-Identifier: BSD-3-Clause */
#include "passes/nearest.h"

#include "support/error.h"
#include "support/exact_sum.h"
#include "support/lanes.h"
#include "support/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int64_t batch_of(int64_t at_once)
{
  return at_once < NEAREST_MOST_AT_ONCE ? at_once : NEAREST_MOST_AT_ONCE;
}

int64_t nearest_bytes(int64_t n_rows, int64_t n_features, int64_t at_once, int n_threads)
{
  const int64_t batch = batch_of(at_once);
  int64_t rows;
  if (!multiply_fits(n_rows, sizeof(double) + sizeof(int32_t), &rows)) return INT64_MAX;
  return sum_of_bytes(5, (int64_t[]){rows, nearest_form_bytes(batch, n_features),
                                     n_threads * batch * (int64_t)sizeof(double[TILE_ROWS]),
                                     density_bytes(&family_diag, batch, n_features),
                                     team_bytes(DIAGONAL, SECOND_ORDER, batch, n_features, n_threads)});
}

gmmpi_status nearest_create(const shard *points, const kernel *kernels, const double *inverse_variances,
                            int64_t at_once, nearest_centres **nearest, gmmpi_error *error)
{
  const int64_t d = points->n_features;
  const int64_t batch = batch_of(at_once);
  const pass_size size = {DIAGONAL, FIRST_ORDER, batch, 1};
  nearest_centres *created = calloc(1, sizeof *created);
  *nearest = created;
  if (created != NULL && density_create(&family_diag, batch, d, &created->form, error) == GMMPI_OK &&
      nearest_form_create(batch, d, &created->quick, error) == GMMPI_OK &&
      team_create(kernels, points, &size, 1, &created->team, error) == GMMPI_OK) {
    created->points = points;
    created->kernel = kernels;
    created->batch = batch;
    created->distances = allocate(points->n_rows, sizeof(double));
    created->indices = allocate(points->n_rows, sizeof(int32_t));
    created->lane_sums = allocate(points->n_threads * batch, sizeof *created->lane_sums);
    if (created->distances != NULL && created->indices != NULL && created->lane_sums != NULL) {
      for (int64_t i = 0; i < points->n_rows; i++) created->distances[i] = INFINITY;
      for (int64_t k = 0; k < batch; k++)
        memcpy(created->form->whitening + k * d, inverse_variances, (size_t)d * sizeof(double));
      return GMMPI_OK;
    }
  }
  nearest_destroy(created);
  *nearest = NULL;
  return fail(error, GMMPI_NO_MEMORY, "there is no memory for %lld distances to centres; use --init random_from_data",
              (long long)points->n_rows);
}

void nearest_destroy(nearest_centres *nearest)
{
  if (nearest == NULL) return;
  density_destroy(nearest->form);
  nearest_form_destroy(nearest->quick);
  team_destroy(nearest->team);
  free(nearest->distances);
  free(nearest->indices);
  free(nearest->lane_sums);
  free(nearest);
}

/* Of the tile's p-th point, from -1/2 times the squared distances. */
static double weighted_distance(const row_tile *tile, const double *log_densities, int p)
{
  const double distance = -2.0 * log_densities[p];
  return tile->weights != NULL ? distance * tile->weights[p] : distance;
}

/* The centre that is nearest to each point of a tile, and how far it is; as numbers of one kind, side by side. */
typedef struct nearest_of_tile {
  double distances[TILE_ROWS];
  double indices[TILE_ROWS];
} nearest_of_tile;

/* With a centre of this index, of -1/2 times the squared distances. weights: TILE_ROWS, or NULL. */
static void update_lanes(const double *restrict log_densities, const double *restrict weights, double index,
                         nearest_of_tile *restrict tile)
{
  double distances[TILE_ROWS];
  for (int p = 0; p < TILE_ROWS; p++) distances[p] = -2.0 * log_densities[p];
  for (int p = 0; p < TILE_ROWS && weights != NULL; p++) distances[p] *= weights[p];
  lanes_keep_smaller(TILE_ROWS, distances, index, tile->distances, tile->indices);
}

/* The same with all of the form's centres, of which most are left out in single precision. False: not to be told, and
 * nothing is done. */
static bool update_quickly(const nearest_centres *nearest, const row_tile *tile, const pass_workspace *workspace,
                           double *distances, int32_t *indices)
{
  nearest_candidate candidates[NEAREST_MOST_CANDIDATES];
  double exact[NEAREST_MOST_CANDIDATES];
  double farthest[TILE_ROWS] = {0.0};
  if (tile->weights != NULL || !nearest->quick->holds) return false;
  for (int p = 0; p < tile->n_points; p++) farthest[p] = 0.5 * distances[p];
  const int64_t n = nearest->kernel->candidates(nearest->quick, tile->numbers, farthest, candidates,
                                                (float *)workspace->responsibilities, workspace->scratch);
  if (n < 0) return false;
  nearest->kernel->distances_of_pairs(nearest->form, tile->numbers, n, candidates, exact);
  for (int64_t i = 0; i < n; i++) {
    const int p = candidates[i].point;
    if (p >= tile->n_points || !(exact[i] < distances[p])) continue;
    distances[p] = exact[i];
    indices[p] = (int32_t)(nearest->n_centres + candidates[i].component);
  }
  return true;
}

static void update_tile(void *context, const row_tile *tile, int64_t n_tiles, int thread)
{
  const nearest_centres *nearest = context;
  const pass_workspace *workspace = &nearest->team->workspaces[thread];
  double *distances = nearest->distances + (tile->first_row - nearest->points->first_row);
  int32_t *indices = nearest->indices + (tile->first_row - nearest->points->first_row);
  const double *log_densities = workspace->responsibilities;
  _Alignas(MEMORY_ALIGNMENT) nearest_of_tile near = {{0}, {0}};
  (void)n_tiles;
  if (update_quickly(nearest, tile, workspace, distances, indices)) return;
  nearest->kernel->log_densities(nearest->form, tile->numbers, workspace->responsibilities, workspace->scratch);
  for (int p = 0; p < tile->n_points; p++) {
    near.distances[p] = distances[p];
    near.indices[p] = (double)indices[p];
  }
  for (int64_t k = 0; k < nearest->form->n_components; k++)
    update_lanes(log_densities + k * TILE_ROWS, tile->weights, (double)(nearest->n_centres + k), &near);
  for (int p = 0; p < tile->n_points; p++) {
    distances[p] = near.distances[p];
    indices[p] = (int32_t)near.indices[p];
  }
}

static void set_centres(nearest_centres *nearest, const double *centres, int64_t n)
{
  nearest->form->n_components = n;
  memcpy(nearest->form->means, centres, (size_t)(n * nearest->points->n_features) * sizeof(double));
}

static void add_batch(nearest_centres *nearest, const double *centres, int64_t n)
{
  set_centres(nearest, centres, n);
  nearest_form_set(nearest->quick, nearest->form);
  shard_visit(nearest->points, 1, &(row_visitor){.context = nearest, .tiles = update_tile});
  nearest->n_centres += n;
}

void nearest_add(nearest_centres *nearest, const double *centres, int64_t n)
{
  const int64_t batch = nearest->batch;
  for (int64_t done = 0; done < n; done += batch)
    add_batch(nearest, centres + done * nearest->points->n_features, n - done < batch ? n - done : batch);
}

static double total_of_block(const nearest_centres *nearest, int64_t index)
{
  const shard *points = nearest->points;
  const block_view block = shard_block(points, index);
  const double *distances = nearest->distances + (block.first_row - points->first_row);
  double sum = 0.0;
  for (int64_t i = 0; i < block.n_rows; i++) sum += distances[i];
  return sum;
}

double nearest_total(const nearest_centres *nearest)
{
  const shard *points = nearest->points;
  const int64_t n_blocks = shard_n_blocks(points);
  int64_t limbs[FULL_RANGE_LIMBS] = {0};
  for (int64_t b = 0; b < n_blocks && points->n_threads == 1; b++) full_range_add(limbs, total_of_block(nearest, b));
  if (points->n_threads > 1) {
#pragma omp parallel for num_threads(points->n_threads) schedule(dynamic)
    for (int64_t b = 0; b < n_blocks; b++) {
      const double sum = total_of_block(nearest, b);
#pragma omp critical(limbs)
      full_range_add(limbs, sum);
    }
  }
  MPI_Allreduce(MPI_IN_PLACE, limbs, FULL_RANGE_LIMBS, MPI_INT64_T, MPI_SUM, points->comm);
  return full_range_value(limbs);
}

/* The sums of distances that nearest_totals_with is about: exact, of all blocks. */
typedef struct totals_with {
  const nearest_centres *nearest;
  int64_t limbs[NEAREST_MOST_AT_ONCE * FULL_RANGE_LIMBS];
} totals_with;

static double (*sums_of_thread(const nearest_centres *nearest, int thread))[TILE_ROWS]
{
  return nearest->lane_sums + thread * nearest->batch;
}

static void begin_lane_sums(void *context, int thread)
{
  const totals_with *totals = context;
  memset(sums_of_thread(totals->nearest, thread), 0,
         (size_t)totals->nearest->form->n_components * sizeof(double[TILE_ROWS]));
}

/* Adds a tile's distances to the nearest centre when one of the form's is added, lane by lane. */
static void add_lane_sums(void *context, const row_tile *tile, int64_t n_tiles, int thread)
{
  const nearest_centres *nearest = ((const totals_with *)context)->nearest;
  const pass_workspace *workspace = &nearest->team->workspaces[thread];
  const double *distances = nearest->distances + (tile->first_row - nearest->points->first_row);
  const double *log_densities = workspace->responsibilities;
  double(*sums)[TILE_ROWS] = sums_of_thread(nearest, thread);
  (void)n_tiles;
  nearest->kernel->log_densities(nearest->form, tile->numbers, workspace->responsibilities, workspace->scratch);
  for (int64_t k = 0; k < nearest->form->n_components; k++, log_densities += TILE_ROWS) {
    for (int p = 0; p < tile->n_points; p++) {
      const double distance = weighted_distance(tile, log_densities, p);
      sums[k][p] += distance < distances[p] ? distance : distances[p];
    }
  }
}

static void add_block_totals(void *context, const block_view *block, int thread)
{
  totals_with *totals = context;
  double(*sums)[TILE_ROWS] = sums_of_thread(totals->nearest, thread);
  (void)block;
  for (int64_t k = 0; k < totals->nearest->form->n_components; k++) {
    double sum = 0.0;
    for (int p = 0; p < TILE_ROWS; p++) sum += sums[k][p];
#pragma omp critical(limbs)
    full_range_add(totals->limbs + k * FULL_RANGE_LIMBS, sum);
  }
}

void nearest_totals_with(nearest_centres *nearest, const double *centres, int64_t n, double *totals)
{
  totals_with all = {.nearest = nearest};
  const row_visitor visitor = {
      .context = &all, .begin_block = begin_lane_sums, .tiles = add_lane_sums, .end_block = add_block_totals};
  set_centres(nearest, centres, n);
  shard_visit(nearest->points, 1, &visitor);
  MPI_Allreduce(MPI_IN_PLACE, all.limbs, (int)n * FULL_RANGE_LIMBS, MPI_INT64_T, MPI_SUM, nearest->points->comm);
  for (int64_t k = 0; k < n; k++) totals[k] = full_range_value(all.limbs + k * FULL_RANGE_LIMBS);
}
