/* SPDX-License-Identifier: BSD-3-Clause */
/* What stands between the fields of a text table. */
#ifndef SOURCES_CSV_DELIMITER_H
#define SOURCES_CSV_DELIMITER_H

#include "sources/csv/sample.h"

/* The number of fields that most lines of the sample have; *n_lines: how many lines. A comment in front does not count,
 * nor does a rule such as "---+---". */
int64_t csv_usual_count(const csv_sample *sample, char delimiter, int *n_lines);

/* The delimiter that gives the most lines the same number of fields, more than one, and the most of these fields a
 * number. Where none does, the one that occurs, so that the line that is wrong can be named: blanks only if most lines
 * have them, since they also stand in names. decimal: ',' where it cannot be the comma,
 * unless those in numbers are in quotes. */
char csv_guess_delimiter(const csv_sample *sample, char decimal);

/* A line of nothing but bars, dashes, plus and equal signs, colons and blanks, as under the header of a printed table.
 */
bool csv_is_rule(const sample_line *line);

#endif
