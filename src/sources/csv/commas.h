/* SPDX-License-Identifier: BSD-3-Clause */
/* Commas that do not separate fields: decimal ones, and those between groups of three digits. */
#ifndef SOURCES_CSV_COMMAS_H
#define SOURCES_CSV_COMMAS_H

#include "sources/csv/format.h"
#include "sources/csv/sample.h"
#include "sources/source.h"

/* Is each line of the sample one number with commas in it, though commas would separate fields elsewhere? If so sets
 * delimiter, decimal and group of the format. Says what it took, or what else it might be. */
bool csv_commas_of_one_column(point_source *source, const csv_sample *sample, csv_format *format);

/* Sets decimal and group of the format, whose delimiter is set, by the cells of the sample; says what it took. */
void csv_commas_in_cells(point_source *source, const csv_sample *sample, csv_format *format);

#endif
