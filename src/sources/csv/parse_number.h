/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers as text.
 *
 * A number is [+-] digits [. digits] [e [+-] digits], with a digit before or behind the point; its value is the double
 * nearest to it, ties to even, whatever the locale: the same as strtod in the C locale. Up to 19 digits with a power of
 * ten within 27 need integer arithmetic only (128 bits hold them exactly); the rare others go to the C library. */
#ifndef SOURCES_CSV_PARSE_NUMBER_H
#define SOURCES_CSV_PARSE_NUMBER_H

/* The number at text: returns where it ends, NULL when there is none. What follows the number must be readable and
 * cannot be a part of it, as a comma, a blank or the end of a line. */
const char *parse_number(const char *text, double *value);

typedef enum cell_kind { CELL_NUMBER, CELL_MISSING, CELL_TEXT } cell_kind;

/* What a cell of a table says, text to end without blanks around (*end as above): a number or an infinity ("inf",
 * "infinity"); a missing value, which gives NaN (nothing, "NA", "N/A", "NaN", "null", "none", "?"; upper or lower
 * case); or text. */
cell_kind parse_cell(const char *text, const char *end, double *value);

#endif
