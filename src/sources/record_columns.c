/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/record_columns.h"

#include "support/error.h"
#include "support/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIST_BYTES = 200 };

static gmmpi_status out_of_memory(const point_source *source, gmmpi_error *error)
{
  return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left for its columns", source->label);
}

/* --- the list --- */

/* Room for one more. */
static bool grow(void **list, int64_t n, int64_t *room, size_t size)
{
  if (n < *room) return true;
  const int64_t wanted = *room == 0 ? 16 : 2 * *room;
  void *grown = wanted <= 2 * (int64_t)MOST_RECORD_COLUMNS ? realloc(*list, (size_t)wanted * size) : NULL;
  if (grown == NULL) return false;
  *list = grown;
  *room = wanted;
  return true;
}

bool record_columns_add(record_columns *columns, const char *name, const char *array, record_field field)
{
  if (!grow((void **)&columns->list, columns->n, &columns->room, sizeof *columns->list)) return false;
  record_column column = {.name = strdup(name), .array = array != NULL ? strdup(array) : NULL, .field = field};
  if (column.name == NULL || (array != NULL && column.array == NULL)) {
    free(column.name);
    free(column.array);
    return false;
  }
  columns->list[columns->n++] = column;
  return true;
}

bool record_columns_add_text(record_columns *columns, const char *name, const char *what)
{
  if (!grow((void **)&columns->texts, columns->n_texts, &columns->room_of_texts, sizeof *columns->texts)) return false;
  const record_text text = {.name = strdup(name), .what = what};
  if (text.name == NULL) return false;
  columns->texts[columns->n_texts++] = text;
  return true;
}

bool record_column_rename(record_column *column, const char *name)
{
  char *copy = strdup(name);
  if (copy == NULL) return false;
  free(column->name);
  column->name = copy;
  return true;
}

void record_columns_free(record_columns *columns)
{
  for (int64_t i = 0; i < columns->n; i++) {
    free(columns->list[i].name);
    free(columns->list[i].array);
  }
  for (int64_t i = 0; i < columns->n_texts; i++) free(columns->texts[i].name);
  free(columns->list);
  free(columns->texts);
  *columns = (record_columns){0};
}

/* --- what is said --- */

/* A list for people: "a, b, ...". */
static void append(char list[LIST_BYTES], const char *name)
{
  const size_t used = strlen(list);
  if (used + strlen(name) + 10 <= LIST_BYTES)
    snprintf(list + used, LIST_BYTES - used, "%s%s", used > 0 ? ", " : "", name);
  else if (used < 3 || strcmp(list + used - 3, "...") != 0)
    snprintf(list + used, LIST_BYTES - used, "%s...", used > 0 ? ", " : "");
}

static void note_texts(point_source *source, const record_columns *columns)
{
  char list[LIST_BYTES] = "";
  for (int64_t i = 0; i < columns->n_texts; i++) append(list, columns->texts[i].name);
  if (columns->n_texts > 0) source_note(source, "what is no number is left out: %s", list);
}

static void note_aside(point_source *source, const record_columns *columns)
{
  for (int64_t i = 0; i < columns->n; i++) {
    const record_column *column = &columns->list[i];
    if (column->aside != NULL)
      source_note(source, "%s, %s, is left out; --columns with its name takes it", column->name, column->aside);
  }
}

/* --- what is no feature by itself --- */

static void set_index_aside(record_columns *columns)
{
  record_column *first = columns->list;
  if (columns->n > 1 && first->aside == NULL && first->array == NULL && strcmp(first->name, "index") == 0 &&
      (first->field.type == 'i' || first->field.type == 'u') && first->field.item_bytes > 1)
    first->aside = "which counts or names the rows";
}

static int compare_columns(const void *a, const void *b)
{
  return strcmp((*(record_column *const *)a)->name, (*(record_column *const *)b)->name);
}

/* The name of the column that this is the mask of, for free: x of x.mask, x.0 of x.mask.0. NULL: it is none. */
static char *what_it_masks(const record_column *column)
{
  const char *field = column->array != NULL ? column->array : column->name;
  const size_t length = strlen(field);
  char *name = NULL;
  if (column->field.item_bytes != 1 || column->aside != NULL || length <= 5 || strcmp(field + length - 5, ".mask") != 0)
    return NULL;
  return asprintf(&name, "%.*s%s", (int)length - 5, field, column->name + length) < 0 ? NULL : name;
}

/* Finds the masks, and to what they belong; false: no memory. is_raw: they are put aside, but not applied. */
static bool find_masks(point_source *source, record_columns *columns, bool is_raw)
{
  record_column **sorted = allocate(columns->n, sizeof *sorted);
  char list[LIST_BYTES] = "";
  if (sorted == NULL) return false;
  for (int64_t i = 0; i < columns->n; i++) sorted[i] = &columns->list[i];
  qsort(sorted, (size_t)columns->n, sizeof *sorted, compare_columns);
  for (int64_t i = 0; i < columns->n; i++) {
    record_column *mask = &columns->list[i];
    record_column wanted = {.name = what_it_masks(mask)};
    if (wanted.name == NULL) continue;
    record_column *key = &wanted;
    record_column **found = bsearch(&key, sorted, (size_t)columns->n, sizeof *sorted, compare_columns);
    free(wanted.name);
    if (found == NULL) continue;
    if (!is_raw) (*found)->mask = mask->field;
    mask->aside = "which says where another is missing";
    append(list, (*found)->name);
  }
  if (list[0] != '\0' && !is_raw) source_note(source, "where their masks say so, values are missing: %s", list);
  free(sorted);
  return true;
}

/* --- picking --- */

/* Is the name a word of this list of --columns? */
static bool is_listed(const char *list, const char *name)
{
  const size_t length = strlen(name);
  if (length == 0) return false; /* it would be found behind the end, too */
  for (const char *found = strstr(list, name); found != NULL; found = strstr(found + 1, name)) {
    const char *begin = found;
    const char *end = found + length;
    if (begin > list && begin[-1] == '"' && *end == '"') {
      begin--;
      end++;
    }
    while (begin > list && (begin[-1] == ' ' || begin[-1] == '\t')) begin--;
    while (*end == ' ' || *end == '\t') end++;
    if ((begin == list || begin[-1] == ',') && (*end == ',' || *end == '\0')) return true;
  }
  return false;
}

static bool is_wanted(const source_options *options, const char *name)
{
  bool found = false;
  if (options->wanted.names == NULL) return options->columns != NULL && is_listed(options->columns, name);
  for (int64_t i = 0; i < options->wanted.n && !found; i++) found = strcmp(options->wanted.names[i], name) == 0;
  return found;
}

static gmmpi_status refuse_texts(const point_source *source, const record_columns *columns,
                                 const source_options *options, gmmpi_error *error)
{
  char list[LIST_BYTES] = "";
  for (int64_t i = 0; i < columns->n_texts; i++) {
    const record_text *text = &columns->texts[i];
    append(list, text->name);
    if (is_wanted(options, text->name))
      return fail(error, GMMPI_BAD_DATA, "%s: column \"%.100s\" holds %s; pick columns of numbers (--columns)",
                  source->label, text->name, text->what);
  }
  if (columns->n > 0) return GMMPI_OK;
  return fail(error, GMMPI_BAD_DATA, "%s: none of its fields is a number (%s); give a file with points", source->label,
              list[0] != '\0' ? list : "there are none");
}

/* Puts the columns aside behind the others; returns how many others there are. */
static int64_t sort_aside(record_columns *columns, gmmpi_status *status)
{
  record_column *sorted = allocate(columns->n, sizeof *sorted);
  int64_t n = 0;
  int64_t n_features = 0;
  *status = sorted != NULL ? GMMPI_OK : GMMPI_NO_MEMORY;
  for (int pass = 0; sorted != NULL && pass < 2; pass++) {
    for (int64_t i = 0; i < columns->n; i++) {
      if ((columns->list[i].aside != NULL) == (pass == 1)) sorted[n++] = columns->list[i];
    }
    if (pass == 0) n_features = n;
  }
  if (sorted != NULL) memcpy(columns->list, sorted, (size_t)n * sizeof *sorted);
  free(sorted);
  return n_features;
}

/* Picks of the first n columns. */
static gmmpi_status pick(point_source *source, const record_columns *columns, int64_t n, const source_options *options,
                         gmmpi_error *error)
{
  char **names = allocate(n, sizeof *names);
  char **arrays = allocate(n, sizeof *arrays);
  gmmpi_status status = GMMPI_OK;
  if (names == NULL || arrays == NULL) {
    status = out_of_memory(source, error);
  } else {
    for (int64_t i = 0; i < n; i++) {
      names[i] = columns->list[i].name;
      arrays[i] = columns->list[i].array;
    }
    status = source_pick_of_arrays(source, n, names, arrays, options, error);
  }
  free(names);
  free(arrays);
  return status;
}

static void include(record_reader *reader, const record_field *field)
{
  const int64_t end = field->offset + field->item_bytes;
  if (field->offset < reader->first_byte) reader->first_byte = field->offset;
  if (end > reader->end_byte) reader->end_byte = end;
}

/* Sets up the reader for the columns that the source has picked. */
static gmmpi_status set_reader(const point_source *source, const record_columns *columns, int64_t record_bytes,
                               record_reader *reader, gmmpi_error *error)
{
  reader->fields = allocate(source->n_features, sizeof *reader->fields);
  reader->masks = allocate(source->n_features, sizeof *reader->masks);
  if (reader->fields == NULL || reader->masks == NULL) return out_of_memory(source, error);
  reader->record_bytes = record_bytes;
  reader->first_byte = record_bytes;
  const record_field *first = &columns->list[source->columns[0]].field;
  bool is_flat = record_bytes == source->n_features * first->item_bytes && first->item_bytes >= (int)sizeof(float);
  for (int64_t j = 0; j < source->n_features; j++) {
    const record_field *field = &columns->list[source->columns[j]].field;
    reader->fields[j] = *field;
    reader->masks[j] = columns->list[source->columns[j]].mask;
    include(reader, field);
    if (reader->masks[j].type != '\0') include(reader, &reader->masks[j]);
    is_flat = is_flat && field->type == 'f' && !field->is_swapped && field->item_bytes == first->item_bytes &&
              field->offset == j * first->item_bytes;
  }
  reader->flat_bytes = is_flat ? first->item_bytes : 0;
  return GMMPI_OK;
}

gmmpi_status record_columns_pick(point_source *source, record_columns *columns, int64_t record_bytes,
                                 const source_options *options, record_reader *reader, gmmpi_error *error)
{
  const bool is_said = options->columns != NULL || options->wanted.names != NULL || options->numbers != NULL;
  gmmpi_status status;
  *reader = (record_reader){0};
  if (refuse_texts(source, columns, options, error) != GMMPI_OK) return error->status;
  set_index_aside(columns);
  if (!find_masks(source, columns, source->choices.raw_values != 0)) return out_of_memory(source, error);
  const int64_t n_features = sort_aside(columns, &status);
  if (status != GMMPI_OK) return out_of_memory(source, error);
  status = pick(source, columns, is_said || n_features == 0 ? columns->n : n_features, options, error);
  if (status == GMMPI_OK) status = set_reader(source, columns, record_bytes, reader, error);
  if (status != GMMPI_OK || is_said) return status;
  note_texts(source, columns);
  if (n_features > 0) note_aside(source, columns);
  return GMMPI_OK;
}
