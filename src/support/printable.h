/* SPDX-License-Identifier: BSD-3-Clause */
/* Text of files on a terminal. A file may hold any bytes, also those that move the cursor or change colours: what is
 * shown of it is UTF-8 that can be seen (RFC 3629), and nothing else. */
#ifndef SUPPORT_PRINTABLE_H
#define SUPPORT_PRINTABLE_H

#include <stddef.h>

/* How many of the n_bytes bytes at text, which are not none, are its first character in UTF-8; 0: that is no UTF-8. */
size_t utf8_length(const char *text, size_t n_bytes);

/* Copies text of length bytes, what cannot be shown as \xNN for each byte. What n_bytes, at least 8, have no room for
 * is "..." at the end. */
void printable_copy(const char *text, size_t length, char *copy, size_t n_bytes);

/* The same in place: a '?' for each byte that cannot be shown. */
void printable_make(char *text);

/* The same, and in one line: names and cells of a file may hold anything. */
void printable_make_line(char *text);

#endif
