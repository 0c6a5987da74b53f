/* SPDX-License-Identifier: BSD-3-Clause */
/* The public points: a shard from memory, or from a file with the source that it is read from. */
#include "fit/api.h"
#include "fit/memory_plan.h"

#include "support/error.h"
#include "support/memory.h"

#include <hdf5.h>
#include <stdlib.h>
#include <string.h>

/* An object without points, with a copy of the options. Collective. Errors, agreed: 71. */
static gmmpi_status begin(MPI_Comm comm, const gmmpi_options *options, gmmpi_points **points, gmmpi_error *error)
{
  *points = calloc(1, sizeof **points);
  if (*points == NULL)
    fail(error, GMMPI_NO_MEMORY, "points: there is no memory for them");
  else
    api_options_duplicate(options, &(*points)->options, error);
  return agree(comm, error);
}

/* Nothing is left of points that failed. */
static gmmpi_status end(gmmpi_points *created, const gmmpi_error *local, gmmpi_points **points, gmmpi_error *error)
{
  *points = local->status == GMMPI_OK ? created : NULL;
  if (local->status != GMMPI_OK) gmmpi_points_destroy(created);
  return error_pass(error, local);
}

static shard_options how_of(const gmmpi_options *options)
{
  return (shard_options){.missing = options->reading.missing,
                         .infinite = options->reading.infinite,
                         .drops_weightless = true,
                         .n_threads = options->fit.threads,
                         .single_precision = options->fit.precision == PRECISION_SINGLE,
                         .scratch = memory_scratch(&options->memory)};
}

/* What would change the numbers of a file has no place where there is none. */
static gmmpi_status check_words(const reading_options *reading, bool has_weights, gmmpi_error *error)
{
  if (reading->weights != NULL)
    return fail(error, GMMPI_WRONG_USAGE,
                "--weights: points from memory have theirs from there; call gmmpi_points_create_weighted");
  if (reading->sum == WEIGHTS_SUM_N && !has_weights)
    return fail(error, GMMPI_WRONG_USAGE, "--weights-sum n rescales weights, and there are none");
  if (reading_has_word(reading, "transform"))
    return fail(error, GMMPI_WRONG_USAGE,
                "--transform: points from memory are taken as they are; transform them before");
  if (reading_has_word(reading, "missing-values"))
    return fail(error, GMMPI_WRONG_USAGE,
                "--missing-values: points from memory are taken as they are; put NaN where a value is missing");
  return GMMPI_OK;
}

/* n_local rows with their weights behind them. NULL: no memory, with an error. */
static double *join_weights(const double *rows, const double *weights, int64_t n_local, int64_t n_features,
                            gmmpi_error *error)
{
  int64_t n_numbers;
  if (n_local < 0 || n_features < 1 || (n_local > 0 && (rows == NULL || weights == NULL))) {
    fail(error, GMMPI_WRONG_USAGE,
         "points: a size or a pointer is wrong; give n_local x n_features numbers, and n_local weights");
    return NULL;
  }
  double *joined = n_features < INT64_MAX && multiply_fits(n_local, n_features + 1, &n_numbers)
                       ? allocate(n_numbers, sizeof *joined)
                       : NULL;
  if (joined == NULL) {
    fail(error, GMMPI_NO_MEMORY, "points: there is no memory for them");
    return NULL;
  }
  for (int64_t i = 0; i < n_local; i++) {
    memcpy(joined + i * (n_features + 1), rows + i * n_features, (size_t)n_features * sizeof *joined);
    joined[i * (n_features + 1) + n_features] = weights[i];
  }
  return joined;
}

/* Collective. Errors, agreed. */
static gmmpi_status create_with_weights(MPI_Comm comm, const double *rows, const double *weights, int64_t n_local,
                                        int64_t n_features, gmmpi_points *points, gmmpi_error *error)
{
  shard_options how = how_of(points->options);
  how.has_weights = true;
  double *joined = join_weights(rows, weights, n_local, n_features, error);
  if (agree(comm, error) == GMMPI_OK &&
      shard_create_from_memory(comm, joined, n_local, n_features, how, &points->rows, error) == GMMPI_OK)
    reading_settle_weights(&points->options->reading, "points", points->rows, error);
  free(joined);
  return error->status;
}

static gmmpi_status create(MPI_Comm comm, const double *rows, const double *weights, bool has_weights, int64_t n_local,
                           int64_t n_features, const gmmpi_options *options, gmmpi_points **points, gmmpi_error *error)
{
  gmmpi_error local = {0};
  gmmpi_points *created = NULL;
  if (begin(comm, options, &created, &local) == GMMPI_OK) {
    created->n_local = n_local;
    if (check_words(&created->options->reading, has_weights, &local) == GMMPI_OK) {
      if (has_weights)
        create_with_weights(comm, rows, weights, n_local, n_features, created, &local);
      else
        shard_create_from_memory(comm, rows, n_local, n_features, how_of(created->options), &created->rows, &local);
    }
  }
  return end(created, &local, points, error);
}

gmmpi_status gmmpi_points_create(MPI_Comm comm, const double *rows, int64_t n_local, int64_t n_features,
                                 const gmmpi_options *options, gmmpi_points **points, gmmpi_error *error)
{
  return create(comm, rows, NULL, false, n_local, n_features, options, points, error);
}

gmmpi_status gmmpi_points_create_weighted(MPI_Comm comm, const double *rows, const double *weights, int64_t n_local,
                                          int64_t n_features, const gmmpi_options *options, gmmpi_points **points,
                                          gmmpi_error *error)
{
  return create(comm, rows, weights, true, n_local, n_features, options, points, error);
}

/* Held or streamed? For the fit to come, which has one component at least. */
static gmmpi_status plan(MPI_Comm comm, const gmmpi_options *options, const point_source *source, shard_options *how,
                         gmmpi_error *error)
{
  fit_options fit = options->fit;
  int level;
  if (fit.n_components < 1) fit.n_components = 1;
  if (memory_plan_fit(comm, source, &fit, 0, options->memory.memory_limit, true, how, error) != GMMPI_OK)
    return error->status;
  MPI_Query_thread(&level);
  if (how->stream_bytes > 0 && level < MPI_THREAD_SERIALIZED)
    return fail(error, GMMPI_WRONG_USAGE,
                "%s: does not fit into memory, and to stream it MPI must allow for threads; begin with MPI_Init_thread "
                "and MPI_THREAD_SERIALIZED, or use more nodes",
                source->label);
  return GMMPI_OK;
}

gmmpi_status gmmpi_points_open(MPI_Comm comm, const char *data, const gmmpi_options *options, gmmpi_points **points,
                               gmmpi_error *error)
{
  gmmpi_error local = {0};
  gmmpi_points *created = NULL;
  if (begin(comm, options, &created, &local) == GMMPI_OK) {
    const source_options source = reading_source_options(&created->options->reading);
    shard_options how = how_of(created->options);
    H5E_BEGIN_TRY
    {
      if (reading_check(&created->options->reading, &local) == GMMPI_OK &&
          source_open(comm, data, &source, &created->source, &local) == GMMPI_OK) {
        reading_note_rows(&created->options->reading, created->source, &how);
        if (plan(comm, created->options, created->source, &how, &local) == GMMPI_OK &&
            shard_create(comm, created->source, how, &created->rows, &local) == GMMPI_OK)
          reading_settle_weights(&created->options->reading, created->source->label, created->rows, &local);
      }
    }
    H5E_END_TRY
  }
  return end(created, &local, points, error);
}

void gmmpi_points_destroy(gmmpi_points *points)
{
  if (points == NULL) return;
  shard_destroy(points->rows);
  source_close(points->source);
  gmmpi_options_destroy(points->options);
  free(points);
}

int64_t gmmpi_points_n_samples(const gmmpi_points *points)
{
  return points->rows->n_samples;
}

int64_t gmmpi_points_n_dropped(const gmmpi_points *points)
{
  return points->rows->n_dropped;
}

int64_t gmmpi_points_n_weightless(const gmmpi_points *points)
{
  return points->rows->n_weightless;
}

double gmmpi_points_sum_of_weights(const gmmpi_points *points)
{
  return points->rows->total_weight;
}

int64_t gmmpi_points_n_features(const gmmpi_points *points)
{
  return points->rows->n_features;
}

const char *gmmpi_points_feature_name(const gmmpi_points *points, int64_t feature)
{
  const point_source *source = points->source;
  if (source == NULL || feature < 0 || feature >= source->n_features) return NULL;
  return source->feature_names[feature];
}
