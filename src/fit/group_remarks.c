/* SPDX-License-Identifier: BSD-3-Clause */
#include "fit/group_remarks.h"

#include "support/memory.h"

#include <stdlib.h>
#include <string.h>

bool remarks_add(remark_list *list, int64_t group, bool is_failure, const char *text)
{
  if (list->n == list->room) {
    const int64_t room = list->room > 0 ? 2 * list->room : 64;
    group_remark *items = realloc(list->items, (size_t)room * sizeof *items);
    if (items == NULL) return false;
    list->items = items;
    list->room = room;
  }
  char *copy = strdup(text);
  if (copy == NULL) return false;
  list->items[list->n++] = (group_remark){group, is_failure, copy};
  return true;
}

void remarks_clear(remark_list *list)
{
  for (int64_t i = 0; i < list->n; i++) free(list->items[i].text);
  free(list->items);
  *list = (remark_list){0};
}

/* Each: the group's index, 1 or 0 for a failure, and the text with its end. */
enum { HEAD_BYTES = sizeof(int64_t) + 1 };

char *remarks_pack(const remark_list *list, int64_t *n_bytes)
{
  *n_bytes = 0;
  for (int64_t i = 0; i < list->n; i++) *n_bytes += HEAD_BYTES + (int64_t)strlen(list->items[i].text) + 1;
  char *bytes = malloc((size_t)*n_bytes + 1);
  char *next = bytes;
  for (int64_t i = 0; i < list->n && bytes != NULL; i++) {
    memcpy(next, &list->items[i].group, sizeof(int64_t));
    next[sizeof(int64_t)] = list->items[i].is_failure ? 1 : 0;
    next = stpcpy(next + HEAD_BYTES, list->items[i].text) + 1;
  }
  return bytes;
}

bool remarks_unpack(const char *bytes, int64_t n_bytes, remark_list *list)
{
  for (const char *next = bytes; next < bytes + n_bytes; next += HEAD_BYTES + strlen(next + HEAD_BYTES) + 1) {
    int64_t group;
    memcpy(&group, next, sizeof group);
    if (!remarks_add(list, group, next[sizeof group] != 0, next + HEAD_BYTES)) return false;
  }
  return true;
}

typedef struct placed_remark {
  group_remark remark;
  int64_t place;
} placed_remark;

static int compare(const void *a, const void *b)
{
  const placed_remark *x = a;
  const placed_remark *y = b;
  if (x->remark.group != y->remark.group) return x->remark.group < y->remark.group ? -1 : 1;
  return (x->place > y->place) - (x->place < y->place);
}

bool remarks_sort(remark_list *list)
{
  placed_remark *placed = allocate(list->n, sizeof *placed);
  if (placed == NULL) return false;
  for (int64_t i = 0; i < list->n; i++) placed[i] = (placed_remark){list->items[i], i};
  if (list->n > 0) qsort(placed, (size_t)list->n, sizeof *placed, compare);
  for (int64_t i = 0; i < list->n; i++) list->items[i] = placed[i].remark;
  free(placed);
  return true;
}
