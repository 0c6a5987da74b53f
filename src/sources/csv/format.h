/* SPDX-License-Identifier: BSD-3-Clause */
/* How a text table is laid out: which delimiter, a header or not, how many columns, where the rows begin. It is told by
 * the first lines alone, and in the same way on every rank. */
#ifndef SOURCES_CSV_FORMAT_H
#define SOURCES_CSV_FORMAT_H

#include "sources/csv/settings.h"
#include "sources/csv/text_lines.h"

#include "gmmpi/error.h"

#include <stdint.h>

typedef struct csv_format {
  char delimiter;      /* ' ' stands for any run of blanks */
  char comment;        /* lines that begin with it are no rows; 0: there are none */
  char decimal;        /* '.' or ',' */
  int64_t n_columns;   /* of the first line */
  char **names;        /* n_columns; NULL without a header */
  int64_t first_row;   /* where in the file the first line behind the header begins */
  int64_t line;        /* its 1-based number */
  const char *no_rows; /* why there are no rows: what the file has instead; NULL: there may be some. Without columns
                          nothing else is known, either */
} csv_format;

/* Reads lines from the file's beginning. A header is what the settings say, or a first line with a field that is
 * neither a number nor missing; a first line that begins with '#' is one too if it has as many fields as the next line,
 * else a comment. label: how messages name the file. Errors: 65 an unclosed quote; those of line_reader_next.
 * Release with csv_format_close, also after an error. */
gmmpi_status csv_format_find(line_reader *reader, const char *label, const csv_settings *settings, csv_format *format,
                             gmmpi_error *error);
void csv_format_close(csv_format *format);

#endif
