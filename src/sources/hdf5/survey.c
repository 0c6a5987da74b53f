/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/hdf5/survey.h"

#include "sources/hdf5/marks.h"
#include "sources/hdf5/numbers.h"
#include "sources/hdf5/roles.h"
#include "sources/hdf5/strings.h"
#include "sources/hdf5/visit.h"
#include "support/error.h"
#include "support/hdf5_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A file may have any number of objects; groups are looked into for as long as people read a list. */
enum { MOST_ENTRIES = 1 << 18, MOST_TABLES = 16 };

typedef struct walk {
  hdf5_survey *survey;
  char *inner; /* the group, without the leading '/', whose data sets belong together in another way than columns do */
  bool has_memory;
} walk;

/* --- entries --- */

static void add_entry(walk *at, const char *name, hdf5_entry entry)
{
  hdf5_survey *survey = at->survey;
  if (survey->n == MOST_ENTRIES) {
    survey->is_full = true;
    return;
  }
  if (survey->n == survey->capacity) {
    const int64_t capacity = 2 * survey->capacity + 64;
    hdf5_entry *entries = realloc(survey->entries, (size_t)capacity * sizeof *entries);
    at->has_memory = at->has_memory && entries != NULL;
    if (entries == NULL) return;
    survey->entries = entries;
    survey->capacity = capacity;
  }
  if (asprintf(&entry.path, "/%s", name) < 0)
    at->has_memory = false;
  else
    survey->entries[survey->n++] = entry;
}

/* The fields of a compound type that are numbers. */
static int count_fields(hid_t data_set)
{
  const hid_t type = H5Dget_type(data_set);
  int n = 0;
  const int n_members = type >= 0 && H5Tget_class(type) == H5T_COMPOUND ? H5Tget_nmembers(type) : 0;
  for (int i = 0; i < n_members; i++) {
    const H5T_class_t class = H5Tget_member_class(type, (unsigned)i);
    n += class == H5T_INTEGER || class == H5T_FLOAT || class == H5T_ARRAY || class == H5T_ENUM ? 1 : 0;
  }
  if (type >= 0) H5Tclose(type);
  return n;
}

/* "100 x 3", or what else a data set is. */
static hdf5_entry describe(hid_t data_set, const char *name)
{
  hdf5_entry entry = {.kind = FOUND_OTHER};
  hsize_t extents[H5S_MAX_RANK] = {0};
  const hid_t space = H5Dget_space(data_set);
  const int n_dimensions = space >= 0 ? H5Sget_simple_extent_dims(space, extents, NULL) : -1;
  if (space >= 0) H5Sclose(space);
  const int n_fields = n_dimensions == 1 ? count_fields(data_set) : 0;
  if (n_fields > 0) {
    entry.kind = FOUND_COMPOUND;
    snprintf(entry.shape, sizeof entry.shape, "%d field%s of %llu rows", n_fields, plural(n_fields),
             (unsigned long long)extents[0]);
    entry.n_numbers = (double)extents[0] * n_fields;
    return entry;
  }
  if (!hdf5_is_numeric(data_set)) {
    snprintf(entry.shape, sizeof entry.shape, "not numeric");
    return entry;
  }
  entry.n_numbers = 1.0;
  for (int i = 0; i < n_dimensions; i++) entry.n_numbers *= (double)extents[i];
  entry.role = hdf5_role_of(data_set, name);
  const unsigned long long first = extents[0];
  const unsigned long long second = extents[1];
  if (n_dimensions == 1) {
    entry.kind = FOUND_VECTOR;
    snprintf(entry.shape, sizeof entry.shape, "%llu", first);
  } else if (n_dimensions == 2) {
    entry.kind = FOUND_MATRIX;
    snprintf(entry.shape, sizeof entry.shape, "%llu x %llu", first, second);
  } else {
    entry.kind = n_dimensions > 2 ? FOUND_CUBE : FOUND_OTHER;
    snprintf(entry.shape, sizeof entry.shape, "%d-D", n_dimensions < 0 ? 0 : n_dimensions);
  }
  return entry;
}

/* The same with what the program that wrote the file says of it. */
static hdf5_entry describe_in(hid_t file, hid_t data_set, const char *name)
{
  hdf5_entry entry = describe(data_set, name);
  if (entry.kind != FOUND_OTHER && entry.role == NULL && hdf5_is_no_matrix(file, name)) entry.role = "no matrix";
  return entry;
}

static bool is_below(const char *name, const char *group)
{
  const size_t length = group != NULL ? strlen(group) : 0;
  return length > 0 && strncmp(name, group, length) == 0 && name[length] == '/';
}

/* A group that is one thing: its data sets are none by themselves. */
static void look_at_group(walk *at, hid_t group, const char *name)
{
  const bool is_sparse = hdf5_has_sparse_lists(group);
  const bool is_frame = hdf5_is_pandas_frame(group);
  if (strcmp(name, ".") == 0 || (!is_sparse && !is_frame && !hdf5_is_one_thing(group, name))) return;
  free(at->inner);
  at->inner = strdup(name);
  at->has_memory = at->has_memory && at->inner != NULL;
  hdf5_entry entry = {.kind = is_sparse ? FOUND_SPARSE : FOUND_FRAME};
  snprintf(entry.shape, sizeof entry.shape, is_sparse ? "a sparse matrix" : "a data frame");
  if (is_sparse || is_frame) add_entry(at, name, entry);
}

/* An hdf5_object_visitor. */
static herr_t look_at(hid_t root, const char *name, const H5O_info_t *info, void *context)
{
  walk *at = context;
  if (is_below(name, at->inner)) return 0;
  if (info->type != H5O_TYPE_DATASET && info->type != H5O_TYPE_GROUP) return 0;
  const hid_t object = H5Oopen(root, name, H5P_DEFAULT);
  if (object < 0) return -1;
  if (info->type == H5O_TYPE_GROUP)
    look_at_group(at, object, name);
  else if (!hdf5_is_bare_dimension(object))
    add_entry(at, name, describe_in(root, object, name));
  H5Oclose(object);
  return at->has_memory ? 0 : 1;
}

/* --- tables --- */

/* How openPMD calls the parts of a vector, which are data sets in a group of its own. */
static bool is_component(const char *name)
{
  static const char *const components[] = {"x", "y", "z", "r", "t", "theta", "phi"};
  bool found = false;
  for (size_t i = 0; i < sizeof components / sizeof *components; i++) found = found || strcmp(name, components[i]) == 0;
  return found;
}

/* The length of the path of the group that a data set would be a column of; 1: the root. */
static size_t group_length(const hdf5_survey *survey, const char *path)
{
  const char *slash = strrchr(path, '/');
  size_t length = (size_t)(slash - path);
  if (survey->is_openpmd && is_component(slash + 1)) {
    while (length > 0 && path[--length] != '/') continue;
  }
  return length > 0 ? length : 1;
}

static int64_t count_usual_members(const hdf5_member_list *list)
{
  int64_t n = 0;
  for (int64_t i = 0; i < list->n_usual; i++)
    n += i == 0 || list->columns[i].member != list->columns[i - 1].member ? 1 : 0;
  return n;
}

/* Looks into the group; one that has no two columns is no table. */
static gmmpi_status add_table(hid_t file, const char *path, hdf5_survey *survey, const char *group, size_t length,
                              gmmpi_error *error)
{
  hdf5_table *table = &survey->tables[survey->n_tables];
  gmmpi_error failure = {0};
  table->inside = strndup(group, length);
  if (table->inside == NULL) return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to look through it", path);
  hdf5_member_list_make(file, table->inside, false, path, &table->list, &failure);
  if (failure.status == GMMPI_OK && count_usual_members(&table->list) > 1) {
    survey->n_tables++;
    return GMMPI_OK;
  }
  hdf5_member_list_free(&table->list);
  free(table->inside);
  return error_pass(error, &failure);
}

/* Columns are neighbours in the list of entries, but for those of groups within their group. */
static gmmpi_status find_tables(hid_t file, const char *path, hdf5_survey *survey, gmmpi_error *error)
{
  gmmpi_status status = GMMPI_OK;
  enum { MOST_TRIED = 64 };
  const char *tried[MOST_TRIED];
  size_t lengths[MOST_TRIED];
  int n_tried = 0;
  survey->tables = calloc(MOST_TABLES + 1, sizeof *survey->tables);
  if (survey->tables == NULL) return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to look through it", path);
  for (int64_t i = 0; i < survey->n && status == GMMPI_OK; i++) {
    const hdf5_entry *entry = &survey->entries[i];
    if ((entry->kind != FOUND_VECTOR && entry->kind != FOUND_MATRIX) || entry->role != NULL) continue;
    const size_t length = group_length(survey, entry->path);
    bool is_known = false;
    for (int t = 0; t < n_tried; t++)
      is_known = is_known || (lengths[t] == length && strncmp(tried[t], entry->path, length) == 0);
    if (is_known || n_tried == MOST_TRIED || survey->n_tables == MOST_TABLES) continue;
    tried[n_tried] = entry->path;
    lengths[n_tried++] = length;
    status = add_table(file, path, survey, entry->path, length, error);
  }
  return status;
}

/* Bounds that others name. */
static void mark_bounds(hid_t file, hdf5_survey *survey)
{
  char bounds[HDF5_BOUNDS_BYTES];
  for (int64_t i = 0; i < survey->n; i++) {
    const hdf5_entry *entry = &survey->entries[i];
    if (entry->kind != FOUND_VECTOR && entry->kind != FOUND_MATRIX) continue;
    const hid_t data_set = H5Dopen2(file, entry->path, H5P_DEFAULT);
    bounds[0] = '\0';
    if (data_set >= 0) hdf5_bounds_of(data_set, bounds);
    if (data_set >= 0) H5Dclose(data_set);
    const size_t length = (size_t)(strrchr(entry->path, '/') - entry->path) + 1;
    for (int64_t j = 0; bounds[0] != '\0' && j < survey->n; j++) {
      if (strncmp(survey->entries[j].path, entry->path, length) == 0 &&
          strcmp(survey->entries[j].path + length, bounds) == 0)
        survey->entries[j].role = hdf5_role_bounds;
    }
  }
}

/* --- the face --- */

gmmpi_status hdf5_survey_file(hid_t file, const char *path, hdf5_survey *survey, gmmpi_error *error)
{
  walk at = {.survey = survey, .has_memory = true};
  *survey = (hdf5_survey){.is_anndata = hdf5_attribute_is(file, "encoding-type", "anndata"),
                          .is_netcdf = H5Aexists(file, "_NCProperties") > 0,
                          .is_openpmd = H5Aexists(file, "openPMD") > 0};
  errno = 0;
  const bool is_broken = hdf5_visit_objects(file, look_at, &at) < 0;
  free(at.inner);
  if (is_broken) return hdf5_broken(path, error);
  if (!at.has_memory) return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to look through it", path);
  mark_bounds(file, survey);
  return find_tables(file, path, survey, error);
}

void hdf5_survey_free(hdf5_survey *survey)
{
  for (int64_t i = 0; i < survey->n; i++) free(survey->entries[i].path);
  for (int64_t t = 0; t < survey->n_tables; t++) {
    hdf5_member_list_free(&survey->tables[t].list);
    free(survey->tables[t].inside);
  }
  free(survey->entries);
  free(survey->tables);
  *survey = (hdf5_survey){.n = 0};
}

/* Adds to the list while it is no longer than most; false: it has no room. */
static bool add_to_list(char *text, size_t most, const char *path, const char *what)
{
  const size_t used = strlen(text);
  if (used + strlen(path) + strlen(what) + 12 > most) return false;
  snprintf(text + used, most - used, "%s%s (%s)", used > 0 ? ", " : "", path, what);
  return true;
}

static bool add_table_to_list(char *text, size_t most, const hdf5_table *table)
{
  char names[80];
  char what[160];
  hdf5_member_list_text(&table->list, names, sizeof names);
  snprintf(what, sizeof what, "%" PRId64 " columns of %" PRId64 " rows: %s", table->list.n_usual, table->list.n_rows,
           names);
  return add_to_list(text, most, table->inside, what);
}

void hdf5_survey_text(const hdf5_survey *survey, char text[HDF5_SURVEY_BYTES])
{
  bool is_whole = !survey->is_full;
  char what[HDF5_SHAPE_BYTES + 30];
  text[0] = '\0';
  for (int round = 0; round < 3; round++) {
    const size_t most = round == 0   ? HDF5_SURVEY_BYTES / 2
                        : round == 1 ? HDF5_SURVEY_BYTES - 200
                                     : HDF5_SURVEY_BYTES - 8;
    for (int64_t t = 0; round == 1 && t < survey->n_tables; t++)
      is_whole = add_table_to_list(text, most, &survey->tables[t]) && is_whole;
    for (int64_t i = 0; i < survey->n; i++) {
      const hdf5_entry *entry = &survey->entries[i];
      const bool is_matrix = entry->kind == FOUND_MATRIX && entry->role == NULL;
      const bool is_group = entry->kind == FOUND_COMPOUND || entry->kind == FOUND_SPARSE || entry->kind == FOUND_FRAME;
      if (round != (is_matrix ? 0 : is_group ? 1 : 2)) continue;
      snprintf(what, sizeof what, "%s%s%s", entry->shape, entry->role != NULL ? ", " : "",
               entry->role != NULL ? entry->role : "");
      is_whole = add_to_list(text, most, entry->path, what) && is_whole;
    }
  }
  const size_t used = strlen(text);
  if (used == 0) snprintf(text, HDF5_SURVEY_BYTES, "none");
  if (!is_whole) snprintf(text + strlen(text), HDF5_SURVEY_BYTES - strlen(text), ", ...");
}
