/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers as text.
 *
 * A number is [+-] digits [. digits] [e [+-] digits], with a digit before or behind the point; e, E, and Fortran's d
 * and D are the same. Its value is the double nearest to it, ties to even, whatever the locale: the same as strtod in
 * the C locale. Up to 19 digits with a power of ten within 27 need integer arithmetic only (128 bits hold them
 * exactly); the rare others go to the C library. */
#ifndef SOURCES_CSV_PARSE_NUMBER_H
#define SOURCES_CSV_PARSE_NUMBER_H

/* The number at text: returns where it ends, NULL when there is none. What follows the number must be readable and
 * cannot be a part of it, as a comma, a blank or the end of a line. */
const char *parse_number(const char *text, double *value);

/* The same with a comma where a point is. */
const char *parse_number_with_comma(const char *text, double *value);

#endif
