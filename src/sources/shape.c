/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/shape.h"

#include <inttypes.h>
#include <stdio.h>

static bool has_fewer_rows(const point_source *source)
{
  return !source->has_fields && !source->is_transposed && source->choices.transpose == 0 &&
         source->n_rows < source->n_features - (source->beside == NULL ? source->n_beside : 0);
}

static const char *plural(int64_t n)
{
  return n == 1 ? "" : "s";
}

/* What to do for the columns to be the points. */
static const char *remedy(const point_source *source)
{
  const bool is_file = source->kind->suffixes != NULL;
  return is_file && !source->kind->transposes ? "turn it into HDF5 with gmmpi convert, and read that with --transpose"
                                              : "say --transpose";
}

/* "holds 4 rows of 600 columns" */
static void describe(const point_source *source, char *text, size_t n_bytes)
{
  snprintf(text, n_bytes, "%" PRId64 " row%s of %" PRId64 " column%s", source->n_rows, plural(source->n_rows),
           source->n_columns, plural(source->n_columns));
}

void shape_remark(point_source *source)
{
  char shape[100];
  char taken[100];
  const char *writer = source->column_major;
  const char *verb = source->n_rows == 1 ? "is" : "are";
  describe(source, shape, sizeof shape);
  snprintf(taken, sizeof taken, "%" PRId64 " point%s of %" PRId64 " feature%s", source->n_rows, plural(source->n_rows),
           source->n_features, plural(source->n_features));
  if (has_fewer_rows(source) && writer != NULL)
    source_doubt(source,
                 "was written by %s, whose matrices lie column by column: its %s %s taken as %s; if the points "
                 "are the columns, %s",
                 writer, shape, verb, taken, remedy(source));
  else if (has_fewer_rows(source))
    source_doubt(source, "its %s %s taken as %s; if the points are the columns, %s", shape, verb, taken,
                 remedy(source));
  else if (writer != NULL && !source->is_transposed)
    source_note(source,
                "was written by %s, whose matrices lie column by column: its rows are taken as points; if the "
                "points are the columns, %s",
                writer, remedy(source));
}

bool shape_advice(const point_source *source, char *text, size_t n_bytes)
{
  char shape[100];
  if (!has_fewer_rows(source)) return false;
  describe(source, shape, sizeof shape);
  snprintf(text, n_bytes, "its %s %s taken as points; if the points are the columns, %s", shape,
           source->n_rows == 1 ? "is" : "are", remedy(source));
  return true;
}
