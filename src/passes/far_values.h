/* SPDX-License-Identifier: BSD-3-Clause */
/* Values that lie so far from all others of their column that they may stand for something else: a fill value such as
 * 1e20 or -999999999 where nothing was measured. They are only told, never changed.
 *
 * A value is far when it lies beyond 1e6 times the interquartile range from the median. Median and quartiles (by linear
 * interpolation, as numpy's) are those of at most 4096 rows, one at random of each of as many stretches of the data,
 * the same ones at any number of ranks, held or streamed; they are exact where there are no more rows. The values
 * themselves are counted among all rows.
 *
 * Where the interquartile range is 0 (or mere rounding: counts, indicators, repeated rows) it says nothing about how
 * far values go. In its place then stands
 *   - the median of the distances at which other values were seen from the median, each counted once, if there are at
 *     least eight: a column that is 0 where nothing happened and a measurement elsewhere is judged by the measurements,
 *     and a fill value that is repeated has no weight in that;
 *   - else max(1, |median|): a few levels may themselves be fill values, and say nothing about each other. Indicators
 *     and counts come in units of 1. */
#ifndef PASSES_FAR_VALUES_H
#define PASSES_FAR_VALUES_H

#include "passes/expectation.h"

#include <stddef.h>

/* The far values of one column. */
typedef struct far_values {
  int64_t feature; /* from 0 */
  int64_t n;
  int64_t first_row; /* of the source, from 0: the first of them */
  double first;
  int64_t n_more_columns; /* that have such values, too, and are not told by themselves */
  bool spread_is_0;       /* the interquartile range is 0, another spread was taken */
} far_values;

/* Collective: *found receives *n_found columns, in their order; the caller frees it. Most data need no pass over all
 * points for this, those with columns that have no spread one, those with far values two. The team's workspaces must
 * fit the points. Errors, agreed: 71, and those of shard_agree. */
gmmpi_status far_values_find(const shard *points, pass_team *team, far_values **found, int64_t *n_found,
                             gmmpi_error *error);

/* The bytes that this needs on a rank; INT64_MAX when they can't be counted. */
int64_t far_values_bytes(int64_t n_samples, int64_t n_features, int n_threads);

/* One sentence about them. column: `column "flux"`; place: of the first one, `line 17`. */
void far_values_describe(const far_values *far, const char *column, const char *place, char *text, size_t size);

#endif
