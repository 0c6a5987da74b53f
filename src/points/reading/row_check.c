/* SPDX-License-Identifier: BSD-3-Clause */
/* What may not be in the points: infinities, numbers that cannot be squared, and, unless rows are dropped for them,
 * missing values. All missing values are counted, over all ranks, before they are reported. */
#include "points/reading/row_check.h"

#include "points/tiles.h"
#include "support/error.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

row_check row_check_begin(const point_source *source, int64_t first_row, shard_options options)
{
  return (row_check){.source = source,
                     .first_row = first_row,
                     .missing = options.missing,
                     .infinite = options.infinite,
                     .single_precision = options.single_precision,
                     .has_labels = options.has_labels,
                     .has_weights = options.has_weights,
                     .drops_weightless = options.drops_weightless,
                     .largest = shard_largest_number(options.single_precision),
                     .first_place = INT64_MAX};
}

void row_check_add(row_check *check, const row_check *other)
{
  check->n_missing += other->n_missing;
  check->dropped.n += other->dropped.n;
  check->dropped.n_infinite += other->dropped.n_infinite;
  check->dropped.n_weightless += other->dropped.n_weightless;
  if (other->first_place >= check->first_place) return;
  check->first_place = other->first_place;
  check->first_feature = other->first_feature;
}

static int64_t place_of(const row_check *check, int64_t row_index)
{
  return check->source != NULL ? source_place(check->source, row_index) : check->first_row + row_index + 1;
}

static const char *label_of(const row_check *check)
{
  return check->source != NULL ? check->source->label : "points";
}

/* "line 17, column income" */
static void describe_place(const row_check *check, int64_t place, int64_t feature, char *text, size_t n_bytes)
{
  if (check->source == NULL) {
    snprintf(text, n_bytes, "row %" PRId64 ", column %" PRId64, place, feature + 1);
    return;
  }
  char name[200];
  char where[200];
  source_feature_text(check->source, feature, name, sizeof name);
  source_place_text(check->source, place, where, sizeof where);
  snprintf(text, n_bytes, "%s, %s %s", where, check->source->feature_word, name);
}

/* "weights.csv: line 17, column w": of what may be from another file. */
static void describe_beside(const row_check *check, int64_t row_index, int64_t number, char *text, size_t n_bytes)
{
  if (check->source == NULL || check->source->beside == NULL) {
    char where[420];
    describe_place(check, place_of(check, row_index), number, where, sizeof where);
    snprintf(text, n_bytes, "%s: %s", label_of(check), where);
  } else {
    source_describe_number(check->source, row_index, number, text, n_bytes);
  }
}

static gmmpi_status bad_weight(const row_check *check, int64_t row_index, int64_t feature, double weight,
                               gmmpi_error *error)
{
  const int64_t place = place_of(check, row_index);
  char where[800];
  describe_beside(check, row_index, feature, where, sizeof where);
  if (isnan(weight))
    return fail_at(error, place, GMMPI_BAD_DATA, "%s: the weight is missing; give 0 where a row is not to count",
                   where);
  if (weight < 0.0)
    return fail_at(error, place, GMMPI_BAD_DATA, "%s: the weight %g is negative; give 0 or more", where, weight);
  if (isinf(weight))
    return fail_at(error, place, GMMPI_BAD_DATA, "%s: is infinite, and so no weight; give a number", where);
  if (weight > SHARD_LARGEST_WEIGHT)
    return fail_at(error, place, GMMPI_BAD_DATA,
                   "%s: the weight %g is larger than %g; divide all weights by the same number", where, weight,
                   SHARD_LARGEST_WEIGHT);
  return fail_at(error, place, GMMPI_BAD_DATA,
                 "%s: the weight %.17g would be another number in single precision; use --precision double", where,
                 weight);
}

/* What is beside the features of a row. Errors: 65. */
static gmmpi_status check_beside(const row_check *check, const double *row, int64_t n_features, int64_t row_index,
                                 gmmpi_error *error)
{
  const double label = check->has_labels ? row[n_features] : -1.0;
  const int64_t last = n_features + (check->has_labels ? 1 : 0);
  const double weight = check->has_weights ? row[last] : 1.0;
  if (!(weight >= 0.0 && weight <= SHARD_LARGEST_WEIGHT) || !shard_holds_weight(weight, check->single_precision))
    return bad_weight(check, row_index, last, weight, error);
  if (label >= -1.0 && label <= SHARD_LARGEST_LABEL && label == floor(label)) return GMMPI_OK;
  const int64_t place = place_of(check, row_index);
  char where[800];
  describe_beside(check, row_index, n_features, where, sizeof where);
  return fail_at(error, place, GMMPI_BAD_DATA, "%s: %g is no label; give the number of a component, from 0, or -1",
                 where, label);
}

static bool has_infinity(const double *row, int64_t n_features)
{
  for (int64_t j = 0; j < n_features; j++) {
    if (isinf(row[j])) return true;
  }
  return false;
}

/* A number that is too large, in as few digits as name it. */
static gmmpi_status too_large(const row_check *check, int64_t place, const char *where, double number,
                              gmmpi_error *error)
{
  char text[40];
  for (int n_digits = 6; n_digits <= DBL_DECIMAL_DIG; n_digits++) {
    snprintf(text, sizeof text, "%.*g", n_digits, number);
    if (strtod(text, NULL) == number) break;
  }
  return fail_at(error, place, GMMPI_BAD_DATA,
                 check->single_precision
                     ? "%s: %s: %s is too large for single precision; rescale the column, use double precision, or, if "
                       "it stands for a missing value, give --missing-values %s"
                     : "%s: %s: %s is too large to be squared; rescale the column, or, if it stands for a missing "
                       "value, give --missing-values %s",
                 label_of(check), where, text, text);
}

gmmpi_status row_check_row(row_check *check, const double *row, int64_t row_width, int64_t row_index, bool *is_whole,
                           gmmpi_error *error)
{
  const int64_t n_features = row_width - (check->has_labels ? 1 : 0) - (check->has_weights ? 1 : 0);
  if (n_features < row_width && check_beside(check, row, n_features, row_index, error) != GMMPI_OK)
    return error->status;
  if (check->has_weights && check->drops_weightless && row[row_width - 1] == 0.0) {
    *is_whole = false;
    check->dropped.n++;
    check->dropped.n_weightless++;
    return GMMPI_OK;
  }
  *is_whole = check->infinite == INFINITE_ERROR || !has_infinity(row, n_features);
  if (!*is_whole) { /* whatever else is in it */
    check->dropped.n++;
    check->dropped.n_infinite++;
    return GMMPI_OK;
  }
  for (int64_t j = 0; j < n_features; j++) {
    const double held = check->single_precision ? (double)(float)row[j] : row[j];
    if (fabs(held) <= check->largest) continue;
    const int64_t place = place_of(check, row_index);
    if (isnan(row[j])) {
      *is_whole = false;
      if (check->n_missing++ == 0) {
        check->first_place = place;
        check->first_feature = j;
      }
      continue;
    }
    char where[420];
    describe_place(check, place, j, where, sizeof where);
    if (isinf(row[j]))
      return fail_at(error, place, GMMPI_BAD_DATA, "%s: %s: is infinite; leave such rows out with --infinite drop",
                     label_of(check), where);
    return too_large(check, place, where, row[j], error);
  }
  if (!*is_whole) check->dropped.n++;
  return GMMPI_OK;
}

bool row_is_whole(const double *row, int64_t row_width)
{
  for (int64_t j = 0; j < row_width; j++) {
    if (!isfinite(row[j])) return false;
  }
  return true;
}

bool row_is_kept(const shard_options *options, const double *row, int64_t row_width)
{
  return (!options->has_weights || !options->drops_weightless || row[row_width - 1] != 0.0) &&
         row_is_whole(row, row_width);
}

gmmpi_status row_check_end(MPI_Comm comm, const row_check *check, int64_t n_samples, dropped_count *dropped,
                           gmmpi_error *error)
{
  if (agree(comm, error) != GMMPI_OK) return error->status;
  const int64_t mine[4] = {check->n_missing, check->dropped.n, check->dropped.n_infinite, check->dropped.n_weightless};
  int64_t all[4];
  MPI_Allreduce(mine, all, 4, MPI_INT64_T, MPI_SUM, comm);
  *dropped = (dropped_count){all[1], all[2], all[3]};
  if (check->missing == MISSING_ERROR && check->n_missing > 0) {
    char where[420];
    describe_place(check, check->first_place, check->first_feature, where, sizeof where);
    fail_at(error, check->first_place, GMMPI_BAD_DATA,
            all[0] == 1 ? "%s: %" PRId64 " value is missing: %s; leave such rows out with --missing drop"
                        : "%s: %" PRId64
                          " values are missing, the first one: %s; leave such rows out with --missing drop",
            label_of(check), all[0], where);
  }
  if (all[1] == n_samples && all[3] == n_samples)
    fail(error, GMMPI_BAD_DATA, "%s: all weights are 0, so no row is left; give some rows a weight", label_of(check));
  else if (all[1] == n_samples && all[3] > 0)
    fail(error, GMMPI_BAD_DATA, "%s: every row has weight 0 or a value that leaves it out; pick other columns",
         label_of(check));
  else if (all[1] == n_samples && (check->missing == MISSING_DROP || all[0] == 0))
    fail(error, GMMPI_BAD_DATA, "%s: every row has %s value, so none is left; pick other columns", label_of(check),
         all[2] == 0        ? "a missing"
         : all[2] == all[1] ? "an infinite"
                            : "a missing or infinite");
  return agree(comm, error);
}

gmmpi_status row_check_changed(const point_source *source, int64_t row, gmmpi_error *error)
{
  if (row < 0)
    return fail(error, GMMPI_BAD_DATA,
                "%s: has changed since it was read first; leave a file alone while points are streamed from it",
                source->label);
  return fail_at(error, row + 1, GMMPI_BAD_DATA,
                 "%s: has changed since it was read first, in row %" PRId64
                 " or behind it; leave a file alone while points are streamed from it",
                 source->label, row + 1);
}
