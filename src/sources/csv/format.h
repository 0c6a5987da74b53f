/* SPDX-License-Identifier: BSD-3-Clause */
/* How a text table is laid out: which delimiter, a header or not, how many columns, where the rows begin. */
#ifndef SOURCES_CSV_FORMAT_H
#define SOURCES_CSV_FORMAT_H

#include <stdint.h>

typedef struct csv_format {
  char delimiter;      /* ' ' stands for any run of blanks */
  char comment;        /* lines that begin with it are no rows; 0: there are none */
  char decimal;        /* '.' or ',' */
  char group;          /* what stands between thousands in numbers, ',' or '.'; 0: nothing */
  int n_leading;       /* 1: an empty field before the first column, as in "| 1 | 2 |" */
  int n_trailing;      /* empty fields behind the last column */
  int n_index;         /* the first columns that count or name the rows, and are left out unless they are picked */
  int64_t n_columns;   /* without such empty fields */
  char **names;        /* n_columns; NULL without a header */
  int64_t first_row;   /* where in the file the first line behind the header begins */
  int64_t line;        /* its 1-based number */
  const char *no_rows; /* why there are no rows: what the file has instead; NULL: there may be some. Without columns
                          nothing else is known, either */
} csv_format;

/* Releases the names. */
void csv_format_close(csv_format *format);

#endif
