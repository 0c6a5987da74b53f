/* SPDX-License-Identifier: BSD-3-Clause */
/* The last line of a table may sum up the others. */
#ifndef SOURCES_CSV_LAST_LINE_H
#define SOURCES_CSV_LAST_LINE_H

#include "sources/csv/format.h"
#include "sources/source.h"

#include <stdint.h>

/* Warns of a last line of a file of n_bytes bytes that begins with a word such as "Total", when the column with the
 * word was not picked, so that nothing else would tell. The columns are picked. A file that cannot be read now says
 * nothing: it will when its rows are read. */
void csv_look_at_last_line(point_source *source, int descriptor, int64_t n_bytes, const csv_format *format);

#endif
