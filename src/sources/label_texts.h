/* SPDX-License-Identifier: BSD-3-Clause */
/* Different texts of a column, each with a number: how a column of text is read as one of numbers. */
#ifndef SOURCES_LABEL_TEXTS_H
#define SOURCES_LABEL_TEXTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* More different labels are no classes, more different keys no groups: whole numbers up to it are floats. */
enum { MOST_LABELS = 1 << 16, MOST_KEYS = 1 << 24 };

/* All zero but for `most`: none yet. */
typedef struct label_texts {
  char **texts;   /* n, by their numbers */
  int64_t *order; /* n, once label_texts_complete was called: the numbers, in the order of the bytes of their texts */
  int64_t n, room;
  int64_t *slots; /* n_slots, a power of two: numbers and one more by the hashes of their texts, 0: none */
  int64_t n_slots;
  int64_t most;     /* texts */
  bool is_complete; /* no others are added */
} label_texts;

/* The number of a text of so many bytes, from 0. A new one is added, unless the table is complete: then -1. -2: there
 * is no memory, or are too many. */
int64_t label_texts_number(label_texts *table, const char *text, size_t length);

/* From now on no others are added, and the order is known. False: no memory. */
bool label_texts_complete(label_texts *table);

/* How the number of a text stands in a row: as one that no file has and nobody calls missing; and back. -1, of
 * a text that is not in the table, is 0. */
static inline double label_text_code(int64_t number)
{
  return (double)(number + 1) * 0x1p-1000;
}
static inline int64_t label_text_of(double code)
{
  return (int64_t)(code * 0x1p1000) - 1;
}

void label_texts_clear(label_texts *table);

#endif
