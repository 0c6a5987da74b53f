/* SPDX-License-Identifier: BSD-3-Clause */
/* Fields of text in columns. */
#ifndef SUPPORT_CSV_FIELD_H
#define SUPPORT_CSV_FIELD_H

/* Writes a field as RFC 4180 wants it and returns the end of what was written, which has no 0 behind it: quoted when it
 * is empty, or holds a delimiter, a quote or blanks at its ends. Line breaks, which our own reader does not take inside
 * quotes, become blanks. text has room for twice the field's length and two more. */
char *csv_put_field(char *text, const char *field, char delimiter);

#endif
