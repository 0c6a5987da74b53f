/* SPDX-License-Identifier: BSD-3-Clause */
/* Columns that say which row it is, rather than what was measured. */
#ifndef SOURCES_CSV_INDEX_H
#define SOURCES_CSV_INDEX_H

#include "sources/csv/header.h"
#include "sources/csv/looks.h"
#include "sources/source.h"

/* Could the first column of a table whose header is one name short be row names? */
bool csv_has_row_names(const csv_looks *looks, int n_header_lines);

/* Sets n_index of the format and says what was taken for an index; what seems to be one though it is not left out; and
 * a list of row, column and value. picks_columns: has the user said which columns are features? */
void csv_find_index(point_source *source, const csv_looks *looks, const csv_header *header, bool picks_columns,
                    csv_format *format);

#endif
