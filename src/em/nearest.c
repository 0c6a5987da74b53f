#include "em/nearest.h"

#include "support/error.h"
#include "support/exact_sum.h"
#include "support/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 64 };

int64_t nearest_bytes(int64_t n_rows, int64_t n_features)
{
  int64_t bytes;
  if (!multiply_fits(n_rows, sizeof(double) + sizeof(int32_t), &bytes)) return INT64_MAX;
  return bytes + BATCH * (TILE_ROWS + 2 * n_features) * (int64_t)sizeof(double);
}

gmmpi_status nearest_create(const shard *points, const kernel *kernels, const double *inverse_variances,
                            nearest_centres **nearest, gmmpi_error *error)
{
  const int64_t d = points->n_features;
  nearest_centres *created = calloc(1, sizeof *created);
  *nearest = created;
  if (created != NULL && density_create(DIAGONAL, BATCH, d, &created->form, error) == GMMPI_OK) {
    created->points = points;
    created->kernel = kernels;
    created->scratch = allocate(kernels->scratch_bytes(d), 1);
    created->log_densities = allocate(BATCH * TILE_ROWS, sizeof(double));
    created->distances = allocate(points->n_rows, sizeof(double));
    created->indices = allocate(points->n_rows, sizeof(int32_t));
    if (created->scratch != NULL && created->log_densities != NULL && created->distances != NULL &&
        created->indices != NULL) {
      for (int64_t i = 0; i < points->n_rows; i++) created->distances[i] = INFINITY;
      for (int64_t k = 0; k < BATCH; k++)
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
  free(nearest->scratch);
  free(nearest->log_densities);
  free(nearest->distances);
  free(nearest->indices);
  free(nearest);
}

static void update_tile(nearest_centres *nearest, int64_t first_local_row, int n_points)
{
  double *distances = nearest->distances + first_local_row;
  int32_t *indices = nearest->indices + first_local_row;
  for (int64_t k = 0; k < nearest->form->n_components; k++) {
    const double *log_densities = nearest->log_densities + k * TILE_ROWS;
    for (int p = 0; p < n_points; p++) {
      const double distance = -2.0 * log_densities[p];
      if (distance < distances[p]) {
        distances[p] = distance;
        indices[p] = (int32_t)(nearest->n_centres + k);
      }
    }
  }
}

static void add_batch(nearest_centres *nearest, const double *centres, int64_t n)
{
  const shard *points = nearest->points;
  const int64_t d = points->n_features;
  nearest->form->n_components = n;
  memcpy(nearest->form->means, centres, (size_t)(n * d) * sizeof(double));
  for (int64_t first = 0; first < points->n_rows; first += TILE_ROWS) {
    const int64_t left = points->n_rows - first;
    nearest->kernel->log_densities(nearest->form, points->tiles + first * d, nearest->log_densities, nearest->scratch);
    update_tile(nearest, first, left < TILE_ROWS ? (int)left : TILE_ROWS);
  }
  nearest->n_centres += n;
}

void nearest_add(nearest_centres *nearest, const double *centres, int64_t n)
{
  for (int64_t done = 0; done < n; done += BATCH)
    add_batch(nearest, centres + done * nearest->points->n_features, n - done < BATCH ? n - done : BATCH);
}

double nearest_total(const nearest_centres *nearest)
{
  int64_t limbs[FULL_RANGE_LIMBS] = {0};
  block_view block;
  for (shard_cursor cursor = shard_start(nearest->points); shard_next(&cursor, &block);) {
    const double *distances = nearest->distances + (block.first_row - nearest->points->first_row);
    double sum = 0.0;
    for (int64_t i = 0; i < block.n_rows; i++) sum += distances[i];
    full_range_add(limbs, sum);
  }
  MPI_Allreduce(MPI_IN_PLACE, limbs, FULL_RANGE_LIMBS, MPI_INT64_T, MPI_SUM, nearest->points->comm);
  return full_range_value(limbs);
}
