/* SPDX-License-Identifier: BSD-3-Clause */
/* Is the first line of a text table a header or a point? It is a header where it has text in a column that has numbers
 * below, or where its numbers are names by plain marks: they are in quotes and those below are not; they count 0, 1, 2
 * ..., or are years, over numbers with decimals. A column of text says nothing. */
#ifndef SOURCES_CSV_HEADER_H
#define SOURCES_CSV_HEADER_H

#include "sources/csv/looks.h"
#include "sources/csv/settings.h"
#include "sources/source.h"

typedef struct csv_header {
  int n_lines;        /* 0: there is none; those behind the first hold units, or other words for the columns */
  bool is_two_levels; /* is a column's name what the first two lines have for it? */
} csv_header;

/* Has the line text above numbers of the lines behind it, and no decimals of its own? */
bool csv_is_text_header(const csv_looks *looks, int line);

/* Tells the source what was taken for what, where it is not plain. */
csv_header csv_find_header(point_source *source, const csv_looks *looks);

#endif
