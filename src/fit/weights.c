/* SPDX-License-Identifier: BSD-3-Clause */
/* How much the rows of the data count, and of what class they are: what was said of it, and whether it makes sense. */
#include "fit/reading.h"

#include "support/error.h"

#include <mpi.h>

gmmpi_status reading_check(const reading_options *values, gmmpi_error *error)
{
  if (values->sum == WEIGHTS_SUM_N && values->weights == NULL)
    return fail(error, GMMPI_WRONG_USAGE, "--weights-sum n rescales weights, and there are none; give --weights too");
  return GMMPI_OK;
}

class_list reading_classes(const point_source *source)
{
  class_list classes = {.names = NULL};
  if (!source_has_keys(source)) classes.names = source_class_names(source, &classes.n);
  return classes;
}

class_list reading_keys(const point_source *source)
{
  class_list keys = {.names = NULL};
  if (source_has_keys(source)) keys.names = source_class_names(source, &keys.n);
  return keys;
}

gmmpi_status reading_check_labels(const point_source *source, gmmpi_error *error)
{
  if (!source_has_labels(source) || reading_classes(source).n > 0) return GMMPI_OK;
  return fail(error, GMMPI_BAD_DATA, "%s: no row has a label; name another column, or leave --known-labels out",
              source->label);
}

void reading_note_rows(const reading_options *values, const point_source *source, shard_options *how)
{
  how->missing = values->missing;
  how->infinite = values->infinite;
  how->has_weights = source_has_weights(source);
  how->has_labels = source_has_labels(source);
  source_class_names(source, &how->n_classes);
  how->drops_weightless = how->has_weights;
}

/* Of all weights: products with squares of differences stay far above the smallest double, as long as these do. */
#define SMALLEST_SUM 1e-100

/* Counts are whole numbers, and sum to the number of points that they count. Others that sum to far less, or far more,
 * than the rows there are were hardly meant as numbers of points. */
static bool is_doubtful(const shard *points)
{
  const double mean = points->total_weight / (double)points->n_samples;
  return points->has_fractions && (mean < 0.5 || mean > 2.0);
}

gmmpi_status reading_check_sum(const char *label, const shard *points, gmmpi_error *error)
{
  if (!points->has_weights || !(points->total_weight > 0.0) || points->total_weight >= SMALLEST_SUM) return GMMPI_OK;
  return fail(error, GMMPI_BAD_DATA,
              "%s: its weights sum to %.3g, less than %g; multiply all of them by the same number", label,
              points->total_weight, SMALLEST_SUM);
}

gmmpi_status reading_settle_weights(const reading_options *values, const char *label, shard *points, gmmpi_error *error)
{
  int rank;
  if (reading_check_sum(label, points, error) != GMMPI_OK) return error->status;
  MPI_Comm_rank(points->comm, &rank);
  if (values->sum == WEIGHTS_SUM_N)
    shard_normalise_weights(points);
  else if (rank == 0 && points->has_weights && is_doubtful(points))
    warn(
        "%s: the weights of its %lld rows sum to %.6g, and are no whole numbers: BIC, and all that depends on how many "
        "points there are, counts %.6g; if they were meant to be relative, say --weights-sum n",
        label, (long long)points->n_samples, points->total_weight, points->total_weight);
  return GMMPI_OK;
}
