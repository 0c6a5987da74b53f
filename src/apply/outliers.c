/* SPDX-License-Identifier: BSD-3-Clause */
#include "apply/outliers.h"

#include "apply/output.h"
#include "apply/point_density.h"
#include "apply/sample.h"
#include "support/activity.h"
#include "support/error.h"
#include "support/large_messages.h"
#include "support/memory.h"
#include "support/threads.h"

#include <math.h>
#include <stdlib.h>

/* What a thread has of its own. */
typedef struct simulator {
  point_density *density;
  double *point;       /* d */
  double *tile;        /* d x TILE_ROWS */
  double *log_density; /* TILE_ROWS */
} simulator;

static gmmpi_status simulator_open(const kernel *instructions, const gmmpi_model *model, simulator *opened,
                                   gmmpi_error *error)
{
  opened->point = allocate(model->n_features, sizeof(double));
  opened->tile = allocate(model->n_features, TILE_ROWS * sizeof(double));
  opened->log_density = allocate(TILE_ROWS, sizeof(double));
  if (opened->point == NULL || opened->tile == NULL || opened->log_density == NULL)
    return fail(error, GMMPI_NO_MEMORY, "no memory is left to draw points; use machines with more memory");
  return point_density_create(instructions, model, &opened->density, error);
}

static void simulator_close(simulator *opened)
{
  point_density_destroy(opened->density);
  free(opened->point);
  free(opened->tile);
  free(opened->log_density);
}

static void simulate_tile(const sampler *source, int64_t first_row, int n_points, simulator *own, double *log_densities)
{
  sampler_draw_tile(source, first_row, n_points, own->point, own->tile);
  point_density_components(own->density, own->tile, n_points, own->log_density);
  for (int p = 0; p < n_points; p++) log_densities[first_row + p] = own->log_density[p];
}

/* Collective. Each rank draws its rows; the others' are 0, so that the sum is each as it was. */
static void simulate(MPI_Comm comm, const sampler *source, simulator *simulators, int n_threads, outlier_scale *scale)
{
  int rank;
  int n_ranks;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &n_ranks);
  const int64_t begin = output_first_row(scale->n_draws, TILE_ROWS, rank, n_ranks);
  const int64_t end = output_first_row(scale->n_draws, TILE_ROWS, rank + 1, n_ranks);
#pragma omp parallel for num_threads(n_threads) if (n_threads > 1)
  for (int64_t row = begin; row < end; row += TILE_ROWS) {
    simulate_tile(source, row, end - row < TILE_ROWS ? (int)(end - row) : TILE_ROWS, &simulators[thread_number()],
                  scale->log_densities);
    /* Each thread has a part of its own: the first one's is about as far as all are. */
    activity_tell(&(activity){.doing = "drawing points",
                              .share = fmin((double)(row - begin) * n_threads / (double)(end - begin), 1.0),
                              .n = scale->n_draws,
                              .unit = "points"});
  }
  (void)n_threads;
  allreduce_large(comm, scale->log_densities, scale->n_draws, MPI_DOUBLE, MPI_SUM);
}

static int compare_numbers(const void *one, const void *other)
{
  const double a = *(const double *)one;
  const double b = *(const double *)other;
  return (a > b) - (a < b);
}

gmmpi_status outlier_scale_create(MPI_Comm comm, const kernel *instructions, const gmmpi_model *model, int64_t n_draws,
                                  uint64_t seed, int n_threads, outlier_scale **result, gmmpi_error *error)
{
  gmmpi_error own = {0};
  sampler *source = NULL;
  outlier_scale *created = calloc(1, sizeof *created);
  simulator *simulators = calloc((size_t)n_threads, sizeof *simulators);
  *result = NULL;
  if (created != NULL) *created = (outlier_scale){n_draws, allocate(n_draws, sizeof(double))};
  if (created == NULL || created->log_densities == NULL || simulators == NULL)
    fail(&own, GMMPI_NO_MEMORY, "no memory is left to draw %lld points; give fewer with --outlier-draws",
         (long long)n_draws);
  else
    sampler_create(model, seed, &source, &own);
  for (int t = 0; t < n_threads && own.status == GMMPI_OK; t++)
    simulator_open(instructions, model, &simulators[t], &own);
  if (agree(comm, &own) == GMMPI_OK) {
    simulate(comm, source, simulators, n_threads, created);
    qsort(created->log_densities, (size_t)n_draws, sizeof(double), compare_numbers);
    *result = created;
  } else {
    outlier_scale_destroy(created);
  }
  for (int t = 0; simulators != NULL && t < n_threads; t++) simulator_close(&simulators[t]);
  free(simulators);
  sampler_destroy(source);
  return error_pass(error, &own);
}

void outlier_scale_destroy(outlier_scale *scale)
{
  if (scale == NULL) return;
  free(scale->log_densities);
  free(scale);
}

int64_t outlier_scale_bytes(const gmmpi_model *model, int64_t n_draws, int n_threads)
{
  int64_t draws;
  int64_t tile;
  int64_t threads;
  /* Sorting takes as much once more. */
  if (!multiply_fits(n_draws, 2 * (int64_t)sizeof(double), &draws) ||
      !multiply_fits(model->n_features, (TILE_ROWS + 1) * (int64_t)sizeof(double), &tile))
    return INT64_MAX;
  const int64_t of_thread =
      sum_of_bytes(3, (int64_t[]){tile, TILE_ROWS * (int64_t)sizeof(double), point_density_bytes(model)});
  if (!multiply_fits(n_threads, of_thread, &threads)) return INT64_MAX;
  return sum_of_bytes(3, (int64_t[]){draws, threads, (model->n_components + 1) * (int64_t)sizeof(double)});
}

double outlier_p_value(const outlier_scale *scale, double log_density)
{
  int64_t low = 0; /* how many are no higher is within low ... high */
  int64_t high = scale->n_draws;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (scale->log_densities[middle] <= log_density)
      low = middle + 1;
    else
      high = middle;
  }
  return (double)(1 + low) / (double)(1 + scale->n_draws);
}
