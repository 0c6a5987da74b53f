/* SPDX-License-Identifier: BSD-3-Clause */
/* The numbers of one line of a text table. */
#ifndef SOURCES_CSV_ROW_H
#define SOURCES_CSV_ROW_H

#include "sources/csv/format.h"
#include "sources/source.h"

#include "gmmpi/error.h"

#include <stdint.h>

/* How a line becomes a row. */
typedef struct csv_row_layout {
  const csv_format *format; /* borrowed */
  int64_t *feature_of;      /* n_columns of the source: the feature that a column is, -1 when it was not picked */
} csv_row_layout;

/* The numbers of a line, begin to end (readable, as line_reader_next leaves it), into row: n_features of the source,
 * whose columns are picked. line: its 1-based number, for messages. Errors, with the line as their place: 65 not as
 * many fields as there are columns, a quote that is not closed, text in a column picked. */
gmmpi_status csv_row_parse(const point_source *source, const csv_row_layout *layout, const char *begin, const char *end,
                           int64_t line, double *row, gmmpi_error *error);

#endif
