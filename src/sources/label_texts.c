/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/label_texts.h"

#include "support/hash.h"

#include <stdlib.h>
#include <string.h>

static bool is_text(const char *known, const char *text, size_t length)
{
  return strncmp(known, text, length) == 0 && known[length] == '\0';
}

/* The slot of the text, or the free one where it belongs. */
static int64_t find_slot(const label_texts *table, const char *text, size_t length)
{
  const uint64_t mask = (uint64_t)table->n_slots - 1;
  uint64_t slot = hash_bytes(0, text, length) & mask;
  while (table->slots[slot] != 0 && !is_text(table->texts[table->slots[slot] - 1], text, length))
    slot = (slot + 1) & mask;
  return (int64_t)slot;
}

/* Twice as many slots as texts at least, so that a free one is soon found. */
static bool make_slots(label_texts *table, int64_t n_slots)
{
  int64_t *slots = calloc((size_t)n_slots, sizeof *slots);
  if (slots == NULL) return false;
  free(table->slots);
  table->slots = slots;
  table->n_slots = n_slots;
  for (int64_t i = 0; i < table->n; i++) slots[find_slot(table, table->texts[i], strlen(table->texts[i]))] = i + 1;
  return true;
}

static bool make_room(label_texts *table)
{
  if (table->n < table->room) return true;
  if (table->n >= table->most) return false;
  const int64_t room = table->room > 0 ? 2 * table->room : 16;
  char **texts = realloc(table->texts, (size_t)room * sizeof *texts);
  if (texts == NULL) return false;
  table->texts = texts;
  table->room = room;
  return make_slots(table, 2 * room);
}

int64_t label_texts_number(label_texts *table, const char *text, size_t length)
{
  if (table->n > 0) {
    const int64_t known = table->slots[find_slot(table, text, length)];
    if (known != 0) return known - 1;
  }
  if (table->is_complete) return -1;
  char *copy = strndup(text, length);
  if (copy == NULL || !make_room(table)) {
    free(copy);
    return -2;
  }
  table->slots[find_slot(table, text, length)] = table->n + 1;
  table->texts[table->n] = copy;
  return table->n++;
}

/* Byte by byte, a text before those that go on behind it. */
static int compare(const void *a, const void *b, void *texts)
{
  char *const *all = texts;
  return strcmp(all[*(const int64_t *)a], all[*(const int64_t *)b]);
}

bool label_texts_complete(label_texts *table)
{
  table->is_complete = true;
  free(table->order);
  table->order = malloc((size_t)table->n * sizeof *table->order + 1);
  if (table->order == NULL) return false;
  for (int64_t i = 0; i < table->n; i++) table->order[i] = i;
  qsort_r(table->order, (size_t)table->n, sizeof *table->order, compare, table->texts);
  return true;
}

void label_texts_clear(label_texts *table)
{
  for (int64_t i = 0; i < table->n; i++) free(table->texts[i]);
  free(table->texts);
  free(table->order);
  free(table->slots);
  *table = (label_texts){.most = table->most};
}
