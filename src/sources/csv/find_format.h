/* SPDX-License-Identifier: BSD-3-Clause */
/* How a text table is laid out is told by its first lines alone, and in the same way on every rank. */
#ifndef SOURCES_CSV_FIND_FORMAT_H
#define SOURCES_CSV_FIND_FORMAT_H

#include "sources/csv/format.h"
#include "sources/csv/text_lines.h"
#include "sources/source.h"

#include "gmmpi/error.h"

#include <stdbool.h>

/* Reads lines from the file's beginning. source: its settings are known, and it is told what was taken for what.
 * picks_columns: has the user said which columns are features? Errors: 65 an unclosed quote, lines in front
 * that belong to no table, rows over several lines; those of line_reader_next. Release with csv_format_close, also
 * after an error. */
gmmpi_status csv_format_find(line_reader *reader, point_source *source, bool picks_columns, csv_format *format,
                             gmmpi_error *error);

#endif
