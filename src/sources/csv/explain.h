/* SPDX-License-Identifier: BSD-3-Clause */
/* Why a line of a text table is no row, and what to do about it. Only when one is wrong does anyone look at others: the
 * file's first rows tell whether the cell is wrong or its column is one of text. */
#ifndef SOURCES_CSV_EXPLAIN_H
#define SOURCES_CSV_EXPLAIN_H

#include "sources/csv/format.h"
#include "sources/csv/row.h"
#include "sources/csv/text_lines.h"
#include "sources/source.h"

#include "gmmpi/error.h"

#include <stdbool.h>
#include <stdint.h>

/* A line that csv_row_parse refuses, and where it is from. All of it is borrowed. */
typedef struct faulty_line {
  const point_source *source;
  const csv_row_layout *layout;
  const csv_format *format;
  const line_rules *rules;
  int descriptor; /* of the file, of n_bytes bytes */
  int64_t n_bytes;
  const char *begin; /* as line_reader_next leaves it */
  const char *end;
  int64_t line; /* 1-based */
  bool is_last; /* of the file */
} faulty_line;

/* Error 65, with the line as its place. */
gmmpi_status csv_explain(const faulty_line *wrong, const csv_fault *fault, gmmpi_error *error);

#endif
