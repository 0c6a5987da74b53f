/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/hdf5/member_list.h"

#include "sources/hdf5/member_search.h"
#include "sources/hdf5/strings.h"
#include "support/error.h"
#include "support/hdf5_attributes.h"
#include "support/memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static gmmpi_status out_of_memory(const char *label, gmmpi_error *error)
{
  return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left for the names of its columns", label);
}

/* --- which members are the table --- */

/* Those in groups within the group only where it has none itself. */
static bool may_be_usual(const hdf5_member *member, bool has_shallow)
{
  return member->role == NULL && member->n_columns > 0 && !(has_shallow && member->is_deep);
}

/* A number of rows, and how many members have it. */
typedef struct row_count {
  int64_t n_rows;
  int64_t n_members;
} row_count;

static int by_rows(const void *a, const void *b)
{
  const int64_t left = ((const row_count *)a)->n_rows;
  const int64_t right = ((const row_count *)b)->n_rows;
  return (left > right) - (left < right);
}

/* The rows that most of the n members have; of several such numbers the largest. Sorts counts. */
static int64_t commonest(row_count *counts, int64_t n)
{
  row_count best = {0, 0};
  if (n > 0) qsort(counts, (size_t)n, sizeof *counts, by_rows);
  for (int64_t i = 0; i < n; i++) {
    counts[i].n_members = i > 0 && counts[i].n_rows == counts[i - 1].n_rows ? counts[i - 1].n_members + 1 : 1;
    if (counts[i].n_members >= best.n_members) best = counts[i];
  }
  return best.n_rows;
}

static const char *last_part(const char *name)
{
  const char *slash = strrchr(name, '/');
  return slash != NULL ? slash + 1 : name;
}

/* Is it called as columns are that number things? */
static bool seems_to_count(const hdf5_member *member)
{
  static const char *const whole[] = {"id", "ids", "index", "idx", "row", "rowid"};
  static const char *const ends[] = {"_id", "_ids", "_index", "ID", "IDs"};
  const char *name = last_part(member->name);
  const size_t length = strlen(name);
  bool found = false;
  for (size_t i = 0; i < sizeof whole / sizeof *whole; i++) found = found || strcasecmp(name, whole[i]) == 0;
  for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
    const size_t wanted = strlen(ends[i]);
    found = found || (length > wanted && strcmp(name + length - wanted, ends[i]) == 0);
  }
  return found && member->is_integer && member->n_columns == 1 && member->names == NULL;
}

static void leave_out(hdf5_member_list *list, const hdf5_member *member, bool has_shallow)
{
  char why[60];
  if (member->role == NULL && has_shallow && member->is_deep) return;
  list->n_left_out++;
  if (member->role != NULL)
    hdf5_member_leave_out(list, member->name, member->role);
  else {
    snprintf(why, sizeof why, "%" PRId64 " row%s", member->n_rows, plural(member->n_rows));
    hdf5_member_leave_out(list, member->name, why);
  }
}

/* --- columns --- */

static gmmpi_status add_columns(hdf5_member_list *list, int64_t m, gmmpi_error *error, const char *label)
{
  const hdf5_member *member = &list->members[m];
  for (int64_t c = 0; c < member->n_columns; c++) {
    char **name = &list->names[list->n_columns];
    char **array = &list->arrays[list->n_columns];
    list->columns[list->n_columns] = (hdf5_column){m, c};
    if (member->names != NULL)
      *name = strdup(member->names[c]);
    else if (member->n_columns == 1)
      *name = strdup(member->name);
    else if (asprintf(name, "%s.%" PRId64, member->name, c) < 0)
      *name = NULL;
    const char *slash = strrchr(member->name, '/');
    const bool has_array = member->n_columns > 1 || slash != NULL;
    if (member->names == NULL && has_array)
      *array = member->n_columns > 1 ? strdup(member->name) : strndup(member->name, (size_t)(slash - member->name));
    list->n_columns++;
    if (*name == NULL || (member->names == NULL && has_array && *array == NULL)) return out_of_memory(label, error);
  }
  return GMMPI_OK;
}

/* Counts the columns of all members; those of a member that has too many are none. */
static int64_t count_columns(hdf5_member_list *list)
{
  int64_t n = 0;
  for (int64_t m = 0; m < list->n; m++) {
    hdf5_member *member = &list->members[m];
    if (member->n_columns < 0 || member->n_columns > HDF5_MOST_COLUMNS - n) {
      hdf5_member_leave_out(list, member->name, "too many columns");
      hdf5_strings_free(member->names != NULL ? member->n_columns : 0, member->names);
      member->names = NULL;
      member->n_columns = 0;
    }
    n += member->n_columns;
  }
  return n;
}

static bool has_shallow_member(const hdf5_member_list *list)
{
  bool found = false;
  for (int64_t m = 0; m < list->n; m++)
    found = found || (may_be_usual(&list->members[m], false) && !list->members[m].is_deep);
  return found;
}

/* The usual columns, then the others. */
static gmmpi_status make_columns(hdf5_member_list *list, bool has_shallow, const char *label, gmmpi_error *error)
{
  gmmpi_status status = GMMPI_OK;
  for (int others = 0; others < 2; others++) {
    for (int64_t m = 0; m < list->n && status == GMMPI_OK; m++) {
      const hdf5_member *member = &list->members[m];
      const bool is_usual = may_be_usual(member, has_shallow) && member->n_rows == list->n_rows;
      if (is_usual != (others == 0)) continue;
      if (is_usual && list->counter == NULL && seems_to_count(member)) list->counter = member->name;
      if (!is_usual && member->n_columns > 0) leave_out(list, member, has_shallow);
      status = add_columns(list, m, error, label);
    }
    if (others == 0) list->n_usual = list->n_columns;
  }
  return status;
}

static gmmpi_status arrange(hdf5_member_list *list, const char *label, gmmpi_error *error)
{
  const int64_t n = count_columns(list);
  row_count *counts = allocate(list->n, sizeof *counts);
  list->columns = allocate(n, sizeof *list->columns);
  list->names = allocate(n, sizeof *list->names);
  list->arrays = allocate(n, sizeof *list->arrays);
  if (counts == NULL || list->columns == NULL || list->names == NULL || list->arrays == NULL) {
    free(counts);
    return out_of_memory(label, error);
  }
  const bool has_shallow = has_shallow_member(list);
  int64_t n_counts = 0;
  for (int64_t m = 0; m < list->n; m++) {
    if (may_be_usual(&list->members[m], has_shallow)) counts[n_counts++].n_rows = list->members[m].n_rows;
  }
  list->n_rows = commonest(counts, n_counts);
  free(counts);
  return make_columns(list, has_shallow, label, error);
}

/* --- the order of a pandas frame --- */

typedef struct placed_label {
  const char *label;
  int64_t place;
} placed_label;

static int by_label(const void *a, const void *b)
{
  return strcmp(((const placed_label *)a)->label, ((const placed_label *)b)->label);
}

typedef struct placed_column {
  int64_t place; /* in axis0 */
  int64_t index; /* now */
} placed_column;

static int by_place(const void *a, const void *b)
{
  const placed_column *left = a;
  const placed_column *right = b;
  const int order = (left->place > right->place) - (left->place < right->place);
  return order != 0 ? order : (left->index > right->index) - (left->index < right->index);
}

/* Puts the usual columns, none of which has an array, in the order of places. */
static void reorder(hdf5_member_list *list, const placed_column *places, hdf5_column *columns, char **names)
{
  memcpy(columns, list->columns, (size_t)list->n_usual * sizeof *columns);
  memcpy(names, list->names, (size_t)list->n_usual * sizeof *names);
  for (int64_t i = 0; i < list->n_usual; i++) {
    list->columns[i] = columns[places[i].index];
    list->names[i] = names[places[i].index];
  }
}

static void order_by_labels(hdf5_member_list *list, placed_label *labels, int64_t n_labels, placed_column *places)
{
  qsort(labels, (size_t)n_labels, sizeof *labels, by_label);
  for (int64_t i = 0; i < list->n_usual; i++) {
    const placed_label wanted = {list->names[i], 0};
    const placed_label *found = bsearch(&wanted, labels, (size_t)n_labels, sizeof *labels, by_label);
    places[i] = (placed_column){found != NULL ? found->place : n_labels, i};
  }
  qsort(places, (size_t)list->n_usual, sizeof *places, by_place);
}

/* False: no memory. Columns that the axis does not name come last. */
static bool order_by_axis(hid_t file, const char *inside, hdf5_member_list *list)
{
  char *path = NULL;
  if (asprintf(&path, "%s/axis0", inside) < 0) return false;
  const hid_t axis = H5Dopen2(file, path, H5P_DEFAULT);
  const hid_t space = axis >= 0 ? H5Dget_space(axis) : H5I_INVALID_HID;
  const int64_t n = space >= 0 ? H5Sget_simple_extent_npoints(space) : 0;
  char **texts = n > 0 && n <= HDF5_MOST_COLUMNS ? hdf5_texts_of(axis, n, "") : NULL;
  bool has_memory = true;
  if (texts != NULL && list->n_usual > 0) {
    placed_label *labels = allocate(n, sizeof *labels);
    placed_column *places = allocate(list->n_usual, sizeof *places);
    hdf5_column *columns = allocate(list->n_usual, sizeof *columns);
    char **names = allocate(list->n_usual, sizeof *names);
    has_memory = labels != NULL && places != NULL && columns != NULL && names != NULL;
    for (int64_t i = 0; has_memory && i < n; i++) labels[i] = (placed_label){texts[i], i};
    if (has_memory) order_by_labels(list, labels, n, places);
    if (has_memory) reorder(list, places, columns, names);
    free(labels);
    free(places);
    free(columns);
    free(names);
  }
  hdf5_strings_free(n, texts);
  if (space >= 0) H5Sclose(space);
  if (axis >= 0) H5Dclose(axis);
  free(path);
  return has_memory;
}

/* --- the face --- */

gmmpi_status hdf5_member_list_make(hid_t file, const char *inside, bool transpose, const char *label,
                                   hdf5_member_list *list, gmmpi_error *error)
{
  *list = (hdf5_member_list){.n = 0};
  gmmpi_status status = hdf5_members_search(file, inside, transpose, label, list, error);
  if (status == GMMPI_OK) status = arrange(list, label, error);
  const bool has_labels = status == GMMPI_OK && list->n > 0 && list->members[0].names != NULL;
  if (has_labels && !order_by_axis(file, inside, list)) status = out_of_memory(label, error);
  return status;
}

void hdf5_member_list_free(hdf5_member_list *list)
{
  for (int64_t m = 0; m < list->n; m++) {
    hdf5_strings_free(list->members[m].names != NULL ? list->members[m].n_columns : 0, list->members[m].names);
    free(list->members[m].name);
    free(list->members[m].inside);
  }
  hdf5_strings_free(list->n_columns, list->names);
  hdf5_strings_free(list->n_columns, list->arrays);
  free(list->members);
  free(list->columns);
  *list = (hdf5_member_list){.n = 0};
}

void hdf5_member_list_text(const hdf5_member_list *list, char *text, size_t n_bytes)
{
  size_t used = 0;
  text[0] = '\0';
  for (int64_t i = 0; i < list->n_usual; i++) {
    const size_t left = n_bytes - used;
    const char *before = i == 0 ? "" : ", ";
    if (strlen(list->names[i]) + 34 > left) {
      snprintf(text + used, left, "%s... (%" PRId64 " in all)", before, list->n_usual);
      return;
    }
    used += (size_t)snprintf(text + used, left, "%s%s", before, list->names[i]);
  }
}

/* May the name stand in a list on the command line as it is? */
static bool is_plain_word(const char *name)
{
  return name[0] != '\0' && strpbrk(name, " \t,\"'\\$`*?;&|<>()[]{}!#~") == NULL;
}

void hdf5_member_list_command(const hdf5_member_list *list, char *text, size_t n_bytes)
{
  size_t used = (size_t)snprintf(text, n_bytes, " --columns");
  int64_t n = 0;
  for (int64_t i = 0; list->counter != NULL && i < list->n_usual; i++) {
    if (strcmp(list->names[i], list->counter) == 0) continue;
    if (strlen(list->names[i]) + 2 > n_bytes - used || !is_plain_word(list->names[i])) {
      n = 0;
      break;
    }
    used += (size_t)snprintf(text + used, n_bytes - used, "%s%s", n++ == 0 ? " " : ",", list->names[i]);
  }
  if (n == 0) text[0] = '\0';
}
