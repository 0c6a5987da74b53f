/* SPDX-License-Identifier: BSD-3-Clause */
/* The public functions that apply a model to rows in the caller's memory. */
#include "apply/predictor.h"
#include "gmmpi/apply.h"
#include "support/error.h"
#include "support/linear_algebra.h"
#include "support/memory.h"
#include "support/threads.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One of a predictor's threads. */
typedef struct worker {
  predictor *self; /* NULL: it had nothing to do yet */
  double *tile;    /* d x TILE_ROWS */
  int64_t bad_row; /* of the last call: the first that is not finite, -1: none */
  gmmpi_error error;
} worker;

struct gmmpi_predictor {
  const gmmpi_model *model;
  feature_transform *transforms; /* d, or NULL */
  int n_workers;
  worker *workers;
};

/* What one call reads, rows or single, and sets where it is not NULL. */
typedef struct prediction {
  const double *rows;
  const float *single;
  int64_t n_rows;
  int32_t *labels;
  double *responsibilities, *log_density, *expected_log_density;
} prediction;

static gmmpi_status no_memory(gmmpi_error *error)
{
  return fail(error, GMMPI_NO_MEMORY, "no memory is left to predict; use machines with more memory");
}

static void worker_prepare(worker *one, const gmmpi_model *model)
{
  if (one->self == NULL) {
    linear_algebra_begin();
    predictor_create(kernel_best(KERNEL_HIGHEST_LEVEL), model, &one->self, &one->error);
    linear_algebra_end();
  }
  if (one->tile == NULL) one->tile = allocate(model->n_features, TILE_ROWS * sizeof(double));
  if (one->tile == NULL) no_memory(&one->error);
}

/* n_points rows from `first` on as a tile, filled up with copies of the first of them. -1, or the row that has a number
 * that is not finite. */
static int64_t fill_tile(const gmmpi_predictor *prepared, const prediction *call, int64_t first, int n_points,
                         double *tile)
{
  const int64_t d = prepared->model->n_features;
  for (int p = 0; p < TILE_ROWS; p++) {
    const int64_t row = first + (p < n_points ? p : 0);
    for (int64_t j = 0; j < d; j++) {
      const double given = call->rows != NULL ? call->rows[row * d + j] : (double)call->single[row * d + j];
      const double value = prepared->transforms != NULL ? transform_apply(&prepared->transforms[j], given) : given;
      if (!isfinite(value)) return row;
      tile[j * TILE_ROWS + p] = value;
    }
  }
  return -1;
}

static void take_tile(const predictor *self, const prediction *call, int64_t first, int n_points)
{
  const int64_t K = self->n_labels;
  const size_t n_bytes = (size_t)n_points * sizeof(double);
  if (call->labels != NULL) memcpy(call->labels + first, self->labels, (size_t)n_points * sizeof *call->labels);
  if (call->log_density != NULL) memcpy(call->log_density + first, self->log_density, n_bytes);
  if (call->expected_log_density != NULL)
    memcpy(call->expected_log_density + first, self->expected_log_density, n_bytes);
  for (int p = 0; call->responsibilities != NULL && p < n_points; p++) {
    for (int64_t k = 0; k < K; k++)
      call->responsibilities[(first + p) * K + k] = self->responsibilities[k * TILE_ROWS + p];
  }
}

/* The tiles that begin at rows first to end - 1. */
static void predict_rows(const gmmpi_predictor *prepared, worker *one, const prediction *call, int64_t first,
                         int64_t end)
{
  one->bad_row = -1;
  one->error = (gmmpi_error){0};
  if (first >= end) return;
  worker_prepare(one, prepared->model);
  if (one->error.status != GMMPI_OK) return;
  for (int64_t row = first; row < end && one->bad_row < 0; row += TILE_ROWS) {
    const int n_points = end - row < TILE_ROWS ? (int)(end - row) : TILE_ROWS;
    one->bad_row = fill_tile(prepared, call, row, n_points, one->tile);
    if (one->bad_row >= 0) break;
    predictor_tile(one->self, one->tile, NULL, n_points);
    take_tile(one->self, call, row, n_points);
  }
}

static gmmpi_status first_fault(const gmmpi_predictor *prepared, int n_threads, gmmpi_error *error)
{
  for (int t = 0; t < n_threads; t++) {
    const worker *one = &prepared->workers[t];
    if (one->error.status != GMMPI_OK) return error_pass(error, &one->error);
    if (one->bad_row < 0) continue;
    const int64_t place = one->bad_row + 1;
    return fail_at(error, place, GMMPI_BAD_DATA,
                   "row %lld has a number that is not finite, as it is or as the model transforms it; leave it out",
                   (long long)place);
  }
  return GMMPI_OK;
}

static gmmpi_status predict(gmmpi_predictor *prepared, const prediction *call, gmmpi_error *error)
{
  enum { FEWEST_TILES = 8 }; /* for a thread */
  if (call->n_rows < 0) return fail(error, GMMPI_WRONG_USAGE, "%lld rows: give 0 or more", (long long)call->n_rows);
  if (call->n_rows > 0 && call->rows == NULL && call->single == NULL)
    return fail(error, GMMPI_WRONG_USAGE, "the pointer to %lld rows is NULL; give rows", (long long)call->n_rows);
  const int64_t n_tiles = call->n_rows / TILE_ROWS + (call->n_rows % TILE_ROWS != 0);
  const int64_t most = (n_tiles + FEWEST_TILES - 1) / FEWEST_TILES;
  const int n_threads = most < prepared->n_workers ? (int)(most > 1 ? most : 1) : prepared->n_workers;
#pragma omp parallel for num_threads(n_threads) if (n_threads > 1)
  for (int t = 0; t < n_threads; t++) {
    const int64_t first = n_tiles * t / n_threads * TILE_ROWS;
    const int64_t end = t + 1 < n_threads ? n_tiles * (t + 1) / n_threads * TILE_ROWS : call->n_rows;
    predict_rows(prepared, &prepared->workers[t], call, first, end);
  }
  return first_fault(prepared, n_threads, error);
}

gmmpi_status gmmpi_predictor_create(const gmmpi_model *model, int threads, gmmpi_predictor **result, gmmpi_error *error)
{
  *result = NULL;
  if (threads < 1 || (threads > 1 && !threads_are_available()))
    return fail(error, GMMPI_WRONG_USAGE, "%d threads: give 1, or more where the library was built with OpenMP",
                threads);
  gmmpi_predictor *created = calloc(1, sizeof *created);
  if (created == NULL) return no_memory(error);
  const int64_t d = model->n_features;
  created->model = model;
  created->n_workers = threads;
  created->workers = calloc((size_t)threads, sizeof *created->workers);
  if (model->transforms != NULL) created->transforms = allocate(d, sizeof *created->transforms);
  if (created->workers == NULL || (model->transforms != NULL && created->transforms == NULL)) {
    gmmpi_predictor_destroy(created);
    return no_memory(error);
  }
  for (int64_t j = 0; created->transforms != NULL && j < d; j++)
    transform_read(model->transforms[j], &created->transforms[j]);
  *result = created;
  return GMMPI_OK;
}

void gmmpi_predictor_destroy(gmmpi_predictor *prepared)
{
  if (prepared == NULL) return;
  for (int t = 0; prepared->workers != NULL && t < prepared->n_workers; t++) {
    predictor_destroy(prepared->workers[t].self);
    free(prepared->workers[t].tile);
  }
  free(prepared->workers);
  free(prepared->transforms);
  free(prepared);
}

gmmpi_status gmmpi_predictor_predict(gmmpi_predictor *prepared, const double *rows, int64_t n_rows, int32_t *labels,
                                     double *responsibilities, double *log_density, double *expected_log_density,
                                     gmmpi_error *error)
{
  const prediction call = {rows, NULL, n_rows, labels, responsibilities, log_density, expected_log_density};
  return predict(prepared, &call, error);
}

gmmpi_status gmmpi_predictor_predict_single(gmmpi_predictor *prepared, const float *rows, int64_t n_rows,
                                            int32_t *labels, double *responsibilities, double *log_density,
                                            double *expected_log_density, gmmpi_error *error)
{
  const prediction call = {NULL, rows, n_rows, labels, responsibilities, log_density, expected_log_density};
  return predict(prepared, &call, error);
}

gmmpi_status gmmpi_predict(const gmmpi_model *model, const double *rows, int64_t n_rows, int32_t *labels,
                           double *responsibilities, double *log_density, gmmpi_error *error)
{
  gmmpi_predictor *prepared;
  gmmpi_status status = gmmpi_predictor_create(model, 1, &prepared, error);
  if (status != GMMPI_OK) return status;
  status = gmmpi_predictor_predict(prepared, rows, n_rows, labels, responsibilities, log_density, NULL, error);
  gmmpi_predictor_destroy(prepared);
  return status;
}
