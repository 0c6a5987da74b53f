/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists of columns or features as users write them: words that are separated by commas, quoted as in CSV where a name
 * has a comma, and numbers from 1 and ranges of them. */
#ifndef SUPPORT_WORD_LIST_H
#define SUPPORT_WORD_LIST_H

#include <stdbool.h>
#include <stdint.h>

/* Copies the next word of the list, without the blanks about it, to word (as long as the list at least) and returns
 * where it ends: at a character of `ends`, at the list's end, or, when a quoted word goes wrong, NULL. */
const char *word_next(const char *list, const char *ends, char *word, bool *is_quoted);

/* Digits, and nothing else, up to end. False when there are none or too many. */
bool word_count(const char *text, const char *end, int64_t *count);

/* The first and the last number of "3" or "2-5". */
bool word_range(const char *word, int64_t *first, int64_t *last);

#endif
