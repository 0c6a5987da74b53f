/* SPDX-License-Identifier: BSD-3-Clause */
#include "passes/noise_volume.h"

#include "passes/data_spread.h"
#include "support/error.h"
#include "support/large_messages.h"
#include "support/linear_algebra.h"
#include "support/memory.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Lengths of a box, whose logarithms sum to that of its volume. */
static double log_volume(int64_t d, const double *least, const double *most)
{
  double sum = 0.0;
  for (int64_t j = 0; j < d; j++) sum += log(most[j] - least[j]);
  return sum;
}

/* Ranges along other axes. */
typedef struct turned_box {
  int64_t d;
  double *means;    /* d: coordinates are about these */
  double *axes;     /* d x d: row i is the unit vector of axis i */
  double *extremes; /* n_threads x 2 x d: the least coordinates, then the least of their negatives */
} turned_box;

static void widen_by_tile(void *context, const row_tile *tile, int64_t n_tiles, int thread)
{
  const turned_box *box = context;
  const int64_t d = box->d;
  double *least = box->extremes + thread * 2 * d;
  double *least_negative = least + d;
  (void)n_tiles;
  for (int64_t i = 0; i < d; i++) {
    double along[TILE_ROWS] = {0.0};
    for (int64_t j = 0; j < d; j++) {
      const double share = box->axes[i * d + j];
      const double *x = tile->numbers + j * TILE_ROWS;
      for (int p = 0; p < TILE_ROWS; p++) along[p] += share * (x[p] - box->means[j]);
    }
    for (int p = 0; p < tile->n_points; p++) {
      if (tile->weights != NULL && tile->weights[p] == 0.0) continue;
      if (along[p] < least[i]) least[i] = along[p];
      if (-along[p] < least_negative[i]) least_negative[i] = -along[p];
    }
  }
}

/* Collective. The ranges along the axes, in box->extremes: d least and d largest coordinates. */
static gmmpi_status find_extremes(const shard *points, turned_box *box, gmmpi_error *error)
{
  const int64_t n = 2 * box->d;
  for (int64_t i = 0; i < n * points->n_threads; i++) box->extremes[i] = INFINITY;
  shard_visit(points, 1, &(row_visitor){.context = box, .tiles = widen_by_tile});
  for (int t = 1; t < points->n_threads; t++) {
    for (int64_t i = 0; i < n; i++) box->extremes[i] = fmin(box->extremes[i], box->extremes[t * n + i]);
  }
  if (shard_agree(points, error) != GMMPI_OK) return error->status;
  allreduce_large(points->comm, box->extremes, n, MPI_DOUBLE, MPI_MIN);
  for (int64_t i = box->d; i < n; i++) box->extremes[i] = -box->extremes[i];
  return GMMPI_OK;
}

static void take_box_of_features(const shard *points, noise_region *region)
{
  const int64_t d = points->n_features;
  for (int64_t j = 0; j < d; j++) {
    region->origin[j] = points->minima[j];
    region->axes[j * d + j] = points->maxima[j] - points->minima[j];
  }
  region->volume = exp(log_volume(d, points->minima, points->maxima));
}

static void take_turned_box(const turned_box *box, noise_region *region)
{
  const int64_t d = box->d;
  const double *least = box->extremes;
  const double *most = least + d;
  memcpy(region->origin, box->means, (size_t)d * sizeof(double));
  for (int64_t i = 0; i < d; i++) {
    for (int64_t j = 0; j < d; j++) {
      region->origin[j] += least[i] * box->axes[i * d + j];
      region->axes[i * d + j] = (most[i] - least[i]) * box->axes[i * d + j];
    }
  }
  region->volume = exp(log_volume(d, least, most));
}

/* Collective. The principal components, which are those of the points without any ridge, as axes. */
static gmmpi_status find_axes(const shard *points, const data_spread *spread, bool of_rank_0, turned_box *box,
                              double *matrix, double *work, gmmpi_error *error)
{
  const int64_t d = box->d;
  gmmpi_error local = {0};
  memcpy(matrix, spread->covariance, (size_t)(d * d) * sizeof(double));
  for (int64_t j = 0; j < d; j++) matrix[j * d + j] = spread->variances[j];
  if (!symmetric_eigen(d, matrix, box->axes, work, work + d))
    fail(&local, GMMPI_INTERNAL, "the principal components of the points were not found; give --noise-volume");
  if (agree(points->comm, &local) != GMMPI_OK) return error_pass(error, &local);
  memcpy(box->means, spread->means, (size_t)d * sizeof(double));
  if (of_rank_0) {
    broadcast_large(points->comm, 0, box->axes, d * d, MPI_DOUBLE);
    broadcast_large(points->comm, 0, box->means, d, MPI_DOUBLE);
  }
  return GMMPI_OK;
}

/* Collective. The box along the principal components takes the region where its volume is smaller. flat: the points do
 * not fill their space. */
static gmmpi_status compare_turned_box(const shard *points, const kernel *instructions, bool of_rank_0,
                                       noise_region *region, bool *flat, gmmpi_error *error)
{
  const int64_t d = points->n_features;
  gmmpi_error local = {0};
  data_spread *spread = NULL;
  double *matrix = allocate(d * d, sizeof(double));
  double *work = allocate(d + symmetric_eigen_numbers(d), sizeof(double));
  turned_box box = {.d = d,
                    .means = allocate(d, sizeof(double)),
                    .axes = allocate(d * d, sizeof(double)),
                    .extremes = allocate(2 * d * points->n_threads, sizeof(double))};
  if (matrix == NULL || work == NULL || box.means == NULL || box.axes == NULL || box.extremes == NULL)
    fail(&local, GMMPI_NO_MEMORY, "there is no memory for the principal components of %lld features", (long long)d);
  if (agree(points->comm, &local) == GMMPI_OK &&
      data_spread_create(points, instructions, DENSE, 0.0, &spread, &local) == GMMPI_OK) {
    int is_flat = spread->degenerate;
    if (of_rank_0) MPI_Bcast(&is_flat, 1, MPI_INT, 0, points->comm);
    *flat = is_flat != 0;
    if (find_axes(points, spread, of_rank_0, &box, matrix, work, &local) == GMMPI_OK &&
        find_extremes(points, &box, &local) == GMMPI_OK && !*flat &&
        log_volume(d, box.extremes, box.extremes + d) < log_volume(d, points->minima, points->maxima))
      take_turned_box(&box, region);
  }
  data_spread_destroy(spread);
  free(matrix);
  free(work);
  free(box.means);
  free(box.axes);
  free(box.extremes);
  return error_pass(error, &local);
}

/* The region gets the given volume about the same middle. */
static void scale_region(int64_t d, double given, noise_region *region)
{
  const double factor = exp((log(given) - log(region->volume)) / (double)d);
  for (int64_t j = 0; j < d; j++) {
    double middle = region->origin[j];
    double length = 0.0;
    for (int64_t i = 0; i < d; i++) length += region->axes[i * d + j];
    middle += 0.5 * length;
    region->origin[j] = middle - 0.5 * length * factor;
  }
  for (int64_t i = 0; i < d * d; i++) region->axes[i] *= factor;
}

/* What a volume that is given, or none, makes of the box. */
static gmmpi_status settle_volume(int64_t d, bool flat, double given, noise_region *region, double *scale,
                                  gmmpi_error *error)
{
  const bool usable = !flat && region->volume >= DBL_MIN && region->volume <= DBL_MAX;
  *scale = given == 0.0 ? 1.0 : flat ? INFINITY : given / region->volume;
  if (given > 0.0) {
    if (usable) scale_region(d, given, region);
    region->volume = given;
    return GMMPI_OK;
  }
  if (usable) return GMMPI_OK;
  if (flat || region->volume < 1.0)
    return fail(error, GMMPI_BAD_DATA,
                "the volume of the points, over which --noise is uniform, is 0%s; give it with --noise-volume",
                flat ? ": a column is constant, or columns depend on each other" : " but for what no number can hold");
  return fail(error, GMMPI_BAD_DATA,
              "the volume of the points, over which --noise is uniform, is too large for a number; give the features "
              "in larger units (--transform standardize)");
}

gmmpi_status noise_region_create(const shard *points, const kernel *instructions, double given, bool of_rank_0,
                                 noise_region **region, double *scale, gmmpi_error *error)
{
  const int64_t d = points->n_features;
  gmmpi_error local = {0};
  noise_region *created = calloc(1, sizeof *created);
  *region = created;
  if (created != NULL) {
    created->origin = allocate(d, sizeof(double));
    created->axes = allocate(d * d, sizeof(double));
  }
  if (created == NULL || created->origin == NULL || created->axes == NULL)
    fail(&local, GMMPI_NO_MEMORY, "there is no memory for the box of %lld features", (long long)d);
  if (agree(points->comm, &local) == GMMPI_OK) {
    take_box_of_features(points, created);
    bool flat = false;
    for (int64_t j = 0; j < d; j++) flat = flat || !(points->maxima[j] > points->minima[j]);
    if (d > 1 && !flat) compare_turned_box(points, instructions, of_rank_0, created, &flat, &local);
    if (local.status == GMMPI_OK) settle_volume(d, flat, given, created, scale, &local);
  }
  if (local.status == GMMPI_OK) return GMMPI_OK;
  noise_region_destroy(created);
  *region = NULL;
  return error_pass(error, &local);
}

void noise_region_destroy(noise_region *region)
{
  if (region == NULL) return;
  free(region->origin);
  free(region->axes);
  free(region);
}

int64_t noise_region_bytes(int64_t n_features, int n_threads)
{
  int64_t square;
  int64_t numbers;
  if (!multiply_fits(n_features, n_features, &square) || !multiply_fits(square, 8, &square) ||
      !multiply_fits(n_features, 16 + 2 * n_threads, &numbers))
    return INT64_MAX;
  int64_t bytes;
  if (!multiply_fits(sum_of_bytes(2, (int64_t[]){square, numbers}), (int64_t)sizeof(double), &bytes)) return INT64_MAX;
  return sum_of_bytes(3, (int64_t[]){bytes, data_spread_bytes(DENSE, n_features),
                                     data_spread_creation_bytes(DENSE, n_features, n_threads)});
}
