/* SPDX-License-Identifier: BSD-3-Clause */
/* The numbers of one line of a text table. */
#ifndef SOURCES_CSV_ROW_H
#define SOURCES_CSV_ROW_H

#include "sources/csv/cells.h"
#include "sources/csv/fields.h"

#include <stdbool.h>
#include <stdint.h>

/* How a line becomes a row. */
typedef struct csv_row_layout {
  char delimiter;
  cell_rules cells;
  int64_t n_leading;  /* fields before the first column, as names of rows */
  int64_t n_trailing; /* empty fields behind the last column */
  bool keeps_text;    /* is text where a number should be value_of_text, and no fault? */
  label_texts *texts; /* see point_source, as of what is next */
  int64_t text_feature;
  int64_t *feature_of; /* n_columns of the source: the feature that a column is, -1 when it was not picked */
} csv_row_layout;

/* Why a line is no row. */
typedef struct csv_fault {
  enum {
    FAULT_N_FIELDS, /* not as many as there are columns, or a quote is not closed */
    FAULT_TEXT,     /* one different text too many */
    FAULT_CELL      /* text in a column picked */
  } kind;
  int64_t feature; /* FAULT_CELL: that of the first such cell, and the cell; points into the line */
  csv_field cell;
} csv_fault;

/* The numbers of a line, begin to end (readable, as line_reader_next leaves it), of n_columns fields but
 * those before and behind, into row: one for each feature of the layout. False, with *fault, when it is no row. */
bool csv_row_parse(int64_t n_columns, const csv_row_layout *layout, const char *begin, const char *end, double *row,
                   csv_fault *fault);

#endif
