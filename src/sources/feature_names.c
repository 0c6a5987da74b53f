/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/feature_names.h"

#include "support/error.h"
#include "support/memory.h"
#include "support/near_word.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The most of a name that messages show, and for how many missing names similar ones are looked for. */
enum { SHOWN = 100, MOST_TRIED = 20 };

typedef struct placed_name {
  const char *name;
  int64_t place;
} placed_name;

static int by_name(const void *a, const void *b)
{
  const placed_name *one = a;
  const placed_name *other = b;
  const int order = strcmp(one->name, other->name);
  return order != 0 ? order : (one->place > other->place) - (one->place < other->place);
}

/* The names in byte order, equal ones by their place; the caller frees. NULL when there is no memory. */
static placed_name *sort_names(name_list list)
{
  placed_name *sorted = allocate(list.n, sizeof *sorted);
  if (sorted == NULL) return NULL;
  for (int64_t i = 0; i < list.n; i++) sorted[i] = (placed_name){list.names[i], i};
  if (list.n > 0) qsort(sorted, (size_t)list.n, sizeof *sorted, by_name);
  return sorted;
}

/* The first entry of this name, n when there is none. */
static int64_t first_of(const placed_name *sorted, int64_t n, const char *name)
{
  int64_t low = 0;
  int64_t high = n;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (strcmp(sorted[middle].name, name) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return low < n && strcmp(sorted[low].name, name) == 0 ? low : n;
}

bool names_are_own(char *const *names, int64_t n)
{
  for (int64_t j = 0; names != NULL && j < n; j++) {
    const char *name = names[j];
    if (name[0] != 'x' || name[1] == '\0' || name[1 + strspn(name + 1, "0123456789")] != '\0') return true;
  }
  return false;
}

bool names_agree(name_list a, name_list b)
{
  bool same = a.n == b.n;
  for (int64_t i = 0; same && i < a.n; i++) same = strcmp(a.names[i], b.names[i]) == 0;
  return same;
}

/* --- for messages --- */

static const char *advice_of(name_list wanted)
{
  return wanted.advice != NULL ? wanted.advice : "say with --columns which columns are meant";
}

/* Adds a quoted name to the text, or says how many more there are. False when the text is full. */
static bool add_name(char *text, size_t n_bytes, const char *name, int64_t n_left)
{
  const size_t used = strlen(text);
  const size_t shown = strlen(name) < SHOWN ? strlen(name) : SHOWN;
  const char *separator = used == 0 ? "" : ", ";
  if (shown + 40 <= n_bytes - used) {
    snprintf(text + used, n_bytes - used, "%s\"%.*s\"", separator, SHOWN, name);
    return true;
  }
  snprintf(text + used, n_bytes - used, "%sand %" PRId64 " more", separator, n_left);
  return false;
}

/* The names, quoted, cut to fit n_bytes. */
static void names_text(name_list list, char *text, size_t n_bytes)
{
  text[0] = '\0';
  for (int64_t i = 0; i < list.n && add_name(text, n_bytes, list.names[i], list.n - i); i++) continue;
}

/* The names of which the other list has none, quoted, cut to fit n_bytes: returns how many there are, -1 when there is
 * no memory. */
static int64_t names_not_in(name_list other, name_list these, char *text, size_t n_bytes)
{
  placed_name *sorted = sort_names(other);
  if (sorted == NULL) return -1;
  int64_t n = 0;
  for (int64_t i = 0; i < these.n; i++) n += first_of(sorted, other.n, these.names[i]) == other.n;
  bool more = true;
  text[0] = '\0';
  for (int64_t i = 0, left = n; i < these.n && more; i++) {
    if (first_of(sorted, other.n, these.names[i]) == other.n) more = add_name(text, n_bytes, these.names[i], left--);
  }
  free(sorted);
  return n;
}

static gmmpi_status some_are_missing(name_list there, name_list wanted, const placed_name *sorted, gmmpi_error *error)
{
  char listed[240];
  char missing[200];
  char meant[2 * SHOWN + 80] = "";
  names_text(there, listed, sizeof listed);
  const int64_t n_missing = names_not_in(there, wanted, missing, sizeof missing);
  if (n_missing < 0)
    return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left for the names of its columns", there.owner);
  for (int64_t i = 0, n_tried = 0; i < wanted.n && n_tried < MOST_TRIED && meant[0] == '\0'; i++) {
    if (first_of(sorted, there.n, wanted.names[i]) < there.n) continue;
    n_tried++;
    near_word near = {.word = wanted.names[i]};
    for (int64_t j = 0; j < there.n; j++) near_word_try(&near, there.names[j]);
    if (near.nearest != NULL)
      snprintf(meant, sizeof meant, " (did you mean \"%.*s\" by \"%.*s\"? names must be the same to the letter)", SHOWN,
               near.nearest, SHOWN, wanted.names[i]);
  }
  return fail(error, GMMPI_BAD_DATA,
              "%s: has %" PRId64 " feature%s, %s; %s was fitted to %" PRId64 ", of which %s %s missing%s; %s",
              there.owner, there.n, plural(there.n), listed, wanted.owner, wanted.n, missing,
              n_missing == 1 ? "is" : "are", meant, advice_of(wanted));
}

/* The 1-based column of the file. */
static int64_t column_of(name_list list, int64_t place)
{
  return (list.columns != NULL ? list.columns[place] : place) + 1;
}

static gmmpi_status is_there_twice(name_list there, name_list wanted, const placed_name *two, gmmpi_error *error)
{
  return fail(error, GMMPI_BAD_DATA,
              "%s: columns %" PRId64 " and %" PRId64
              " are both named \"%.*s\", which is one feature of %s; rename one of "
              "them, or %s",
              there.owner, column_of(there, two[0].place), column_of(there, two[1].place), SHOWN, two[0].name,
              wanted.owner, advice_of(wanted));
}

/* Is one of the wanted names wanted twice? */
static gmmpi_status check_wanted(name_list there, name_list wanted, gmmpi_error *error)
{
  placed_name *sorted = sort_names(wanted);
  if (sorted == NULL) return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left for its names", wanted.owner);
  gmmpi_status status = GMMPI_OK;
  for (int64_t i = 0; i + 1 < wanted.n && status == GMMPI_OK; i++) {
    if (strcmp(sorted[i].name, sorted[i + 1].name) == 0)
      status = fail(error, GMMPI_BAD_DATA, "%s: two features of %s are named \"%.*s\"; %s", there.owner, wanted.owner,
                    SHOWN, sorted[i].name, advice_of(wanted));
  }
  free(sorted);
  return status;
}

gmmpi_status names_find(name_list there, name_list wanted, int64_t *positions, gmmpi_error *error)
{
  if (names_agree(there, wanted)) {
    for (int64_t i = 0; i < wanted.n; i++) positions[i] = i;
    return GMMPI_OK;
  }
  placed_name *sorted = sort_names(there);
  if (sorted == NULL)
    return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left for the names of its columns", there.owner);
  gmmpi_status status = GMMPI_OK;
  for (int64_t i = 0; i < wanted.n && status == GMMPI_OK; i++) {
    const int64_t first = first_of(sorted, there.n, wanted.names[i]);
    if (first == there.n)
      status = some_are_missing(there, wanted, sorted, error);
    else if (first + 1 < there.n && strcmp(sorted[first + 1].name, wanted.names[i]) == 0)
      status = is_there_twice(there, wanted, &sorted[first], error);
    else
      positions[i] = sorted[first].place;
  }
  if (status == GMMPI_OK) status = check_wanted(there, wanted, error);
  free(sorted);
  return status;
}

gmmpi_status names_match(name_list there, name_list wanted, int64_t *positions, gmmpi_error *error)
{
  char others[400];
  if (names_find(there, wanted, positions, error) != GMMPI_OK) return error->status;
  if (there.n == wanted.n) return GMMPI_OK;
  const int64_t n_others = names_not_in(wanted, there, others, sizeof others);
  if (n_others < 0)
    return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left for the names of its columns", there.owner);
  return fail(error, GMMPI_BAD_DATA,
              "%s: has %" PRId64 " features, %s was fitted to %" PRId64 ", without %s; leave %s out with --columns",
              there.owner, there.n, wanted.owner, wanted.n, others, n_others == 1 ? "it" : "them");
}
