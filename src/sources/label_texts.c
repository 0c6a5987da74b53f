/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/label_texts.h"

#include <stdlib.h>
#include <string.h>

/* Byte by byte, a text before those that go on behind it. */
static int compare(const char *text, size_t length, const char *other)
{
  const size_t other_length = strlen(other);
  const int order = memcmp(text, other, length < other_length ? length : other_length);
  return order != 0 ? order : (length > other_length) - (length < other_length);
}

static bool make_room(label_texts *table)
{
  if (table->n < table->room) return true;
  if (table->n >= MOST_LABELS) return false;
  const int64_t room = table->room > 0 ? 2 * table->room : 16;
  char **texts = realloc(table->texts, (size_t)room * sizeof *texts);
  if (texts != NULL) table->texts = texts;
  int64_t *order = realloc(table->order, (size_t)room * sizeof *order);
  if (order != NULL) table->order = order;
  if (texts == NULL || order == NULL) return false;
  table->room = room;
  return true;
}

int64_t label_texts_number(label_texts *table, const char *text, size_t length)
{
  int64_t low = 0;
  int64_t high = table->n;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    const int order = compare(text, length, table->texts[table->order[middle]]);
    if (order == 0) return table->order[middle];
    if (order < 0)
      high = middle;
    else
      low = middle + 1;
  }
  if (table->is_complete) return -1;
  char *copy = strndup(text, length);
  if (copy == NULL || !make_room(table)) {
    free(copy);
    return -2;
  }
  memmove(table->order + low + 1, table->order + low, (size_t)(table->n - low) * sizeof *table->order);
  table->order[low] = table->n;
  table->texts[table->n] = copy;
  return table->n++;
}

void label_texts_clear(label_texts *table)
{
  for (int64_t i = 0; i < table->n; i++) free(table->texts[i]);
  free(table->texts);
  free(table->order);
  *table = (label_texts){0};
}
