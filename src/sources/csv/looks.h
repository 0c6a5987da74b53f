/* SPDX-License-Identifier: BSD-3-Clause */
/* The cells of the first lines of a text table: what is looked at to tell a header from a point, and an index from a
 * feature. */
#ifndef SOURCES_CSV_LOOKS_H
#define SOURCES_CSV_LOOKS_H

#include "sources/csv/cells.h"
#include "sources/csv/fields.h"
#include "sources/csv/format.h"
#include "sources/csv/sample.h"

#include "gmmpi/error.h"

#include <stdbool.h>
#include <stdint.h>

/* Of a table of more columns the first ones are looked at. */
enum { MOST_COLUMNS_LOOKED_AT = 4096 };

typedef struct csv_cell {
  csv_field field;
  cell_kind kind;
  bool is_integer; /* a number, written as nothing but a sign and digits */
  double value;
} csv_cell;

typedef struct csv_looks {
  const sample_line **lines; /* n_lines, of the sample: the first one, and those with as many fields as columns */
  csv_cell *cells;           /* n_lines x n_columns */
  int n_lines;
  int64_t n_columns;
  int header_shift; /* columns in front of the first one that the first line has a field for: 1 where it is one short */
} csv_looks;

/* Looks at the cells of a sample of this format; n_columns, delimiter, decimal, group and n_leading are set in it,
 * and source says which words stand for a missing value. Errors: 71. Release with csv_looks_clear, also after an
 * error. */
gmmpi_status csv_looks_take(const csv_sample *sample, const csv_format *format, int header_shift,
                            const point_source *source, csv_looks *looks, gmmpi_error *error);
void csv_looks_clear(csv_looks *looks);

static inline const csv_cell *csv_cell_at(const csv_looks *looks, int line, int64_t column)
{
  return &looks->cells[line * looks->n_columns + column];
}

/* What a column has in the lines from first on. */
typedef struct column_counts {
  int n_numbers, n_integers, n_missing, n_texts, n_quoted;
} column_counts;

column_counts csv_column_counts(const csv_looks *looks, int64_t column, int first);

/* Is it a column of numbers, from this line on? */
bool csv_is_column_of_numbers(const csv_looks *looks, int64_t column, int first);

/* Does each line from first on have the integer that follows the one before it? At least n_least of them. */
bool csv_column_counts_rows(const csv_looks *looks, int64_t column, int first, int n_least);

/* Different integers, and nothing else? */
bool csv_column_is_distinct(const csv_looks *looks, int64_t column, int first);

/* The first cells of a line, for a message: "a", "b", ... Cut to fit n_bytes. */
void csv_line_text(const csv_looks *looks, int line, char *text, size_t n_bytes);

#endif
