/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/hdf5/pandas_table.h"

#include "sources/hdf5/pickled_list.h"
#include "support/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- attributes --- */

/* The bytes of an attribute that is one text of fixed length, as PyTables writes; NULL: it is none. Attributes are
 * stored in the header of the object, 64 KiB at most, or the library would have to find as much in the file. */
static unsigned char *bytes_of(hid_t object, const char *attribute, size_t *n_bytes)
{
  enum { MOST_BYTES = 16 << 20 };
  if (H5Aexists(object, attribute) <= 0) return NULL;
  const hid_t opened = H5Aopen(object, attribute, H5P_DEFAULT);
  const hid_t type = opened >= 0 ? H5Aget_type(opened) : H5I_INVALID_HID;
  const hid_t space = opened >= 0 ? H5Aget_space(opened) : H5I_INVALID_HID;
  unsigned char *bytes = NULL;
  if (type >= 0 && space >= 0 && H5Tget_class(type) == H5T_STRING && H5Tis_variable_str(type) == 0 &&
      H5Sget_simple_extent_type(space) == H5S_SCALAR && H5Tget_size(type) <= MOST_BYTES) {
    *n_bytes = H5Tget_size(type);
    bytes = malloc(*n_bytes + 1);
    if (bytes != NULL && H5Aread(opened, type, bytes) < 0) {
      free(bytes);
      bytes = NULL;
    }
    if (bytes != NULL) bytes[*n_bytes] = '\0';
  }
  if (space >= 0) H5Sclose(space);
  if (type >= 0) H5Tclose(type);
  if (opened >= 0) H5Aclose(opened);
  return bytes;
}

static char **list_in(hid_t object, const char *attribute, int64_t *n)
{
  size_t n_bytes = 0;
  unsigned char *bytes = bytes_of(object, attribute, &n_bytes);
  char **names = bytes != NULL ? pickled_list_read(bytes, n_bytes, n) : NULL;
  free(bytes);
  return names;
}

/* Does the attribute FIELD_suffix begin with this text? */
static bool begins_with(hid_t object, const char *field, const char *suffix, const char *text)
{
  char *name = NULL;
  size_t n_bytes = 0;
  if (asprintf(&name, "%s_%s", field, suffix) < 0) return false;
  unsigned char *bytes = bytes_of(object, name, &n_bytes);
  const bool begins = bytes != NULL && strncmp((const char *)bytes, text, strlen(text)) == 0;
  free(bytes);
  free(name);
  return begins;
}

/* The list in the attribute FIELD_kind. */
static char **items_of(hid_t data_set, const char *field, int64_t *n)
{
  char *name = NULL;
  if (asprintf(&name, "%s_kind", field) < 0) return NULL;
  char **items = list_in(data_set, name, n);
  free(name);
  return items;
}

/* --- the group --- */

bool hdf5_is_pandas_group(hid_t object)
{
  if (H5Iget_type(object) != H5I_GROUP || H5Lexists(object, "table", H5P_DEFAULT) <= 0) return false;
  return begins_with(object, "pandas", "type", "frame_table") || begins_with(object, "pandas", "type", "series_table");
}

static hid_t open_parent(hid_t file, const char *inside)
{
  char *path = strdup(inside);
  char *slash = path != NULL ? strrchr(path, '/') : NULL;
  hid_t parent = H5I_INVALID_HID;
  if (slash != NULL) {
    *slash = '\0';
    parent = H5Oopen(file, slash == path ? "/" : path, H5P_DEFAULT);
  }
  free(path);
  return parent;
}

/* --- columns --- */

static const char *field_of(const record_column *column)
{
  return column->array != NULL ? column->array : column->name;
}

/* The name of a column of a frame that has n levels of them: "level.level". NULL: no memory. */
static char *join(char *const *parts, int64_t n)
{
  char *name = strdup(parts[0]);
  for (int64_t i = 1; i < n && name != NULL; i++) {
    char *longer = NULL;
    if (asprintf(&longer, "%s.%s", name, parts[i]) < 0) longer = NULL;
    free(name);
    name = longer;
  }
  return name;
}

/* Names for n_columns columns, which are those of one field. */
static bool name_field(hid_t data_set, const char *field, record_column *columns, int64_t n_columns)
{
  int64_t n_items = 0;
  char **items = items_of(data_set, field, &n_items);
  const bool is_index = strcmp(field, "index") == 0 && H5Aexists(data_set, "index_kind") > 0;
  const bool is_time =
      begins_with(data_set, field, "dtype", "datetime64") || begins_with(data_set, field, "dtype", "timedelta64");
  const bool is_code =
      begins_with(data_set, field, "meta", "category") || begins_with(data_set, field, "meta", "Vcategory");
  const char *aside = is_index  ? "the index of the data frame"
                      : is_time ? "times in nanoseconds"
                      : is_code ? "codes of categories"
                                : NULL;
  const int64_t n_parts = n_items % n_columns == 0 ? n_items / n_columns : 0;
  bool good = true;
  for (int64_t i = 0; i < n_columns; i++) {
    columns[i].aside = aside;
    if (good && items != NULL && n_parts > 0 && !is_index) {
      char *name = join(items + i * n_parts, n_parts);
      good = name != NULL && record_column_rename(&columns[i], name);
      free(name);
    }
  }
  pickled_list_free(items, n_items);
  return good;
}

static bool name_fields(hid_t data_set, record_columns *columns)
{
  bool good = true;
  for (int64_t i = 0; i < columns->n && good;) {
    char *field = strdup(field_of(&columns->list[i]));
    int64_t end = i + 1;
    while (field != NULL && end < columns->n && strcmp(field_of(&columns->list[end]), field) == 0) end++;
    good = field != NULL && name_field(data_set, field, columns->list + i, end - i);
    free(field);
    i = end;
  }
  return good;
}

static void name_texts(hid_t data_set, record_columns *columns)
{
  const int64_t n_fields = columns->n_texts;
  for (int64_t i = 0; i < n_fields; i++) {
    int64_t n_items = 0;
    char **items = items_of(data_set, columns->texts[i].name, &n_items);
    for (int64_t k = 0; items != NULL && k < n_items; k++) {
      char *name = strdup(items[k]);
      if (name != NULL && k == 0) {
        free(columns->texts[i].name);
        columns->texts[i].name = name;
      } else if (name != NULL) {
        record_columns_add_text(columns, name, columns->texts[i].what);
        free(name);
      }
    }
    pickled_list_free(items, n_items);
  }
}

/* The levels of an index of several levels are columns of the table. */
static void set_levels_aside(hid_t parent, record_columns *columns)
{
  int64_t n_levels = 0;
  char **levels = list_in(parent, "levels", &n_levels);
  for (int64_t k = 0; levels != NULL && k < n_levels; k++) {
    for (int64_t i = 0; i < columns->n; i++) {
      if (strcmp(columns->list[i].name, levels[k]) == 0) columns->list[i].aside = "a level of the data frame's index";
    }
  }
  pickled_list_free(levels, n_levels);
}

/* --- order --- */

typedef struct ranked {
  const char *name;
  int64_t rank;
  record_column column;
} ranked;

static int compare_names(const void *a, const void *b)
{
  return strcmp(((const ranked *)a)->name, ((const ranked *)b)->name);
}

static int compare_ranks(const void *a, const void *b)
{
  const int64_t left = ((const ranked *)a)->rank;
  const int64_t right = ((const ranked *)b)->rank;
  return (left > right) - (left < right);
}

/* Sorts the columns as the data frame has them; those that it has not come last. */
static bool sort_columns(char *const *names, int64_t n_names, record_columns *columns)
{
  ranked *in_frame = allocate(n_names, sizeof *in_frame);
  ranked *in_table = allocate(columns->n, sizeof *in_table);
  const bool has_memory = in_frame != NULL && in_table != NULL;
  for (int64_t i = 0; has_memory && i < n_names; i++) in_frame[i] = (ranked){.name = names[i], .rank = i};
  if (has_memory) qsort(in_frame, (size_t)n_names, sizeof *in_frame, compare_names);
  for (int64_t i = 0; has_memory && i < columns->n; i++) {
    in_table[i] = (ranked){.name = columns->list[i].name, .column = columns->list[i]};
    const ranked *found = bsearch(&in_table[i], in_frame, (size_t)n_names, sizeof *in_frame, compare_names);
    in_table[i].rank = found != NULL ? found->rank : n_names + i;
  }
  if (has_memory) qsort(in_table, (size_t)columns->n, sizeof *in_table, compare_ranks);
  for (int64_t i = 0; has_memory && i < columns->n; i++) columns->list[i] = in_table[i].column;
  free(in_frame);
  free(in_table);
  return has_memory;
}

bool hdf5_name_pandas_columns(hid_t file, hid_t data_set, const char *inside, record_columns *columns)
{
  if (H5Aexists(data_set, "index_kind") <= 0) return true;
  const hid_t parent = open_parent(file, inside);
  bool good = name_fields(data_set, columns);
  name_texts(data_set, columns);
  if (parent >= 0) {
    int64_t n_names = 0;
    char **names = list_in(parent, "non_index_axes", &n_names); /* [(axis, [names])] */
    if (good && names != NULL && n_names > 1) good = sort_columns(names + 1, n_names - 1, columns);
    pickled_list_free(names, n_names);
    set_levels_aside(parent, columns);
    H5Oclose(parent);
  }
  return good;
}
