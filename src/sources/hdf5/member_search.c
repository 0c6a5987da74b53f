/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/hdf5/member_search.h"

#include "sources/hdf5/claims.h"
#include "sources/hdf5/numbers.h"
#include "sources/hdf5/roles.h"
#include "sources/hdf5/strings.h"
#include "support/error.h"
#include "support/hdf5_attributes.h"
#include "support/hdf5_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Groups can hold each other, so there is an end to what is looked at. */
enum { MOST_MEMBERS = 1 << 14, MOST_LINKS = 1 << 17, MOST_DEPTH = 12 };

typedef struct search {
  hid_t file;
  const char *inside; /* of the group */
  bool transpose;
  hdf5_member_list *list;
  int64_t n_links;
  bool has_memory;
} search;

/* A group within the group. */
typedef struct place {
  search *in;
  const char *prefix; /* "" or "position/" */
  int depth;
} place;

static void search_group(search *in, hid_t group, const char *prefix, int depth, bool *is_broken);

void hdf5_member_leave_out(hdf5_member_list *list, const char *name, const char *why)
{
  const size_t used = strlen(list->left_out);
  const size_t left = sizeof list->left_out - used;
  const size_t wanted = strlen(name) + strlen(why) + 12;
  if (used >= 3 && strcmp(list->left_out + used - 3, "...") == 0) return;
  if (wanted <= left)
    snprintf(list->left_out + used, left, "%s%s (%s)", used > 0 ? ", " : "", name, why);
  else
    snprintf(list->left_out + used, left, "%s...", used > 0 ? ", " : "");
}

/* --- data sets --- */

/* What a data set that is no member is, "" where nobody misses it. */
static const char *what_else(hid_t data_set, int n_dimensions)
{
  const hid_t type = H5Dget_type(data_set);
  const H5T_class_t class = type >= 0 ? H5Tget_class(type) : H5T_NO_CLASS;
  if (type >= 0) H5Tclose(type);
  if (n_dimensions < 1) return "";
  if (class == H5T_STRING) return "text";
  if (class == H5T_COMPOUND) return "a table of its own";
  return hdf5_is_numeric(data_set) ? "more than two dimensions" : "not numeric";
}

static bool is_integer(hid_t data_set)
{
  const hid_t type = H5Dget_type(data_set);
  const bool found = type >= 0 && H5Tget_class(type) == H5T_INTEGER;
  if (type >= 0) H5Tclose(type);
  return found;
}

/* The room for one more member. */
static hdf5_member *new_member(search *in)
{
  hdf5_member_list *list = in->list;
  if (list->n == list->capacity) {
    const int64_t capacity = 2 * list->capacity + 16;
    hdf5_member *members = realloc(list->members, (size_t)capacity * sizeof *members);
    if (members == NULL) return NULL;
    list->members = members;
    list->capacity = capacity;
  }
  list->members[list->n] = (hdf5_member){.name = NULL};
  return &list->members[list->n++];
}

/* The name of a column of the data set at path: vaex keeps each in a group of its own. */
static char *name_of(const char *path)
{
  static const char last[] = "/data";
  const size_t length = strlen(path);
  const size_t end = sizeof last - 1;
  return strndup(path, length > end && strcmp(path + length - end, last) == 0 ? length - end : length);
}

/* Fills in what is known of the data set at path, from the group on. */
static void describe(search *in, hdf5_member *member, hid_t data_set, const char *path, const hsize_t *extents,
                     int n_dimensions)
{
  const bool turn = in->transpose && n_dimensions == 2;
  member->name = name_of(path);
  const int n = asprintf(&member->inside, "%s%s%s", in->inside, strcmp(in->inside, "/") == 0 ? "" : "/", path);
  if (n < 0) member->inside = NULL;
  in->has_memory = in->has_memory && n >= 0 && member->name != NULL;
  member->n_dimensions = n_dimensions;
  member->n_rows = (int64_t)extents[turn ? 1 : 0];
  member->n_columns = (int64_t)extents[turn ? 0 : 1];
  member->role = hdf5_role_of(data_set, path);
  member->is_integer = is_integer(data_set);
}

/* Adds a data set, or names it as left out. NULL: it is no member. */
static hdf5_member *add_data_set(search *in, hid_t data_set, const char *path)
{
  hsize_t extents[H5S_MAX_RANK] = {0, 1};
  gmmpi_error ignored = {0};
  const hid_t space = H5Dget_space(data_set);
  const int n_dimensions = space >= 0 ? H5Sget_simple_extent_dims(space, extents, NULL) : -1;
  const bool is_simple = space >= 0 && H5Sget_simple_extent_type(space) == H5S_SIMPLE;
  if (space >= 0) H5Sclose(space);
  if (hdf5_is_bare_dimension(data_set)) return NULL;
  if (!is_simple || n_dimensions < 1 || n_dimensions > 2 || !hdf5_is_numeric(data_set)) {
    const char *what = what_else(data_set, is_simple ? n_dimensions : 0);
    if (what[0] != '\0') hdf5_member_leave_out(in->list, path, what);
    return NULL;
  }
  if (extents[0] > INT64_MAX || extents[1] > INT64_MAX ||
      hdf5_check_claims(data_set, (int64_t)extents[1], path, &ignored) != GMMPI_OK) {
    hdf5_member_leave_out(in->list, path, "claims more than the file can hold");
    return NULL;
  }
  if (in->list->n == MOST_MEMBERS) return NULL;
  hdf5_member *member = new_member(in);
  if (member == NULL)
    in->has_memory = false;
  else
    describe(in, member, data_set, path, extents, n_dimensions);
  return member;
}

/* --- groups that say what their columns are --- */

/* The texts of the data set NAME of the group, as many as it has. */
static char **labels_at(hid_t group, const char *name, int64_t *n)
{
  const hid_t data_set = H5Lexists(group, name, H5P_DEFAULT) > 0 ? H5Dopen2(group, name, H5P_DEFAULT) : H5I_INVALID_HID;
  const hid_t space = data_set >= 0 ? H5Dget_space(data_set) : H5I_INVALID_HID;
  *n = space >= 0 ? H5Sget_simple_extent_npoints(space) : 0;
  if (*n > HDF5_MOST_COLUMNS) *n = 0;
  char **labels = *n > 0 ? hdf5_texts_of(data_set, *n, "") : NULL;
  if (space >= 0) H5Sclose(space);
  if (data_set >= 0) H5Dclose(data_set);
  return labels;
}

/* A block of a pandas frame: the columns of one type. */
static void add_block(search *in, hid_t group, const char *prefix, int block)
{
  char name[64];
  char *path = NULL;
  snprintf(name, sizeof name, "block%d_values", block);
  const hid_t data_set = H5Dopen2(group, name, H5P_DEFAULT);
  if (data_set < 0 || asprintf(&path, "%s%s", prefix, name) < 0) path = NULL;
  char type[32] = "";
  if (path != NULL) hdf5_text_attribute(data_set, "value_type", type, sizeof type);
  snprintf(name, sizeof name, "block%d_items", block);
  int64_t n_names = 0;
  if (path != NULL && type[0] != '\0') {
    hdf5_member_leave_out(in->list, path, type);
  } else if (path != NULL) {
    hdf5_member *member = add_data_set(in, data_set, path);
    char **names = member != NULL ? labels_at(group, name, &n_names) : NULL;
    if (member != NULL && names != NULL && n_names == member->n_columns)
      member->names = names;
    else
      hdf5_strings_free(n_names, names);
  }
  free(path);
  if (data_set >= 0) H5Dclose(data_set);
}

static void add_blocks(search *in, hid_t group, const char *prefix)
{
  char name[64] = "block0_values";
  for (int block = 0; block < MOST_MEMBERS && H5Lexists(group, name, H5P_DEFAULT) > 0; block++) {
    add_block(in, group, prefix, block);
    snprintf(name, sizeof name, "block%d_values", block + 1);
  }
}

/* A pandas series: values beside an index. */
static void add_series(search *in, hid_t group, const char *prefix)
{
  char *path = NULL;
  const hid_t data_set = H5Dopen2(group, "values", H5P_DEFAULT);
  if (data_set >= 0 && asprintf(&path, "%svalues", prefix) < 0) {
    path = NULL;
    in->has_memory = false;
  }
  if (path != NULL) add_data_set(in, data_set, path);
  free(path);
  if (data_set >= 0) H5Dclose(data_set);
}

/* The data sets that a data frame of AnnData has as columns, in their order. */
static void add_frame(search *in, hid_t group, const char *prefix, int64_t n, char *const *names)
{
  for (int64_t i = 0; i < n && i < MOST_LINKS; i++) {
    char *path = NULL;
    const hid_t object = H5Oopen(group, names[i], H5P_DEFAULT);
    if (asprintf(&path, "%s%s", prefix, names[i]) < 0) {
      path = NULL;
      in->has_memory = false;
    }
    if (path != NULL && object >= 0 && H5Iget_type(object) == H5I_DATASET)
      add_data_set(in, object, path);
    else if (path != NULL)
      hdf5_member_leave_out(in->list, path, "categories, or with gaps");
    free(path);
    if (object >= 0) H5Oclose(object);
  }
}

/* --- any other group --- */

/* Is it a link that leads to a group by another name? It is found under its own. */
static bool is_second_name(hid_t group, const char *name, const H5L_info_t *link)
{
  H5O_info_t info;
  if (link->type != H5L_TYPE_SOFT) return false;
#if H5_VERSION_GE(1, 12, 0)
  return H5Oget_info_by_name3(group, name, &info, H5O_INFO_BASIC, H5P_DEFAULT) >= 0 && info.type == H5O_TYPE_GROUP;
#else
  return H5Oget_info_by_name2(group, name, &info, H5O_INFO_BASIC, H5P_DEFAULT) >= 0 && info.type == H5O_TYPE_GROUP;
#endif
}

static herr_t look_at_object(const place *at, hid_t object, const char *path)
{
  bool is_broken = false;
  if (H5Iget_type(object) == H5I_DATASET) {
    add_data_set(at->in, object, path);
  } else if (H5Iget_type(object) == H5I_GROUP && at->depth < MOST_DEPTH && !hdf5_is_one_thing(object, path)) {
    char *prefix = NULL;
    if (asprintf(&prefix, "%s/", path) < 0) {
      prefix = NULL;
      at->in->has_memory = false;
    } else {
      search_group(at->in, object, prefix, at->depth + 1, &is_broken);
    }
    free(prefix);
  }
  return is_broken ? -1 : 0;
}

static herr_t look_at_link(hid_t group, const char *name, const H5L_info_t *link, void *context)
{
  const place *at = context;
  char *path = NULL;
  if (++at->in->n_links > MOST_LINKS || !at->in->has_memory) return 1;
  if (is_second_name(group, name, link)) return 0;
  const hid_t object = H5Oopen(group, name, H5P_DEFAULT);
  if (object < 0 && (link->type == H5L_TYPE_HARD || hdf5_disk_failed())) return -1;
  if (asprintf(&path, "%s%s", at->prefix, name) < 0) {
    path = NULL;
    at->in->has_memory = false;
  }
  herr_t result = 0;
  if (path != NULL && object < 0)
    hdf5_member_leave_out(at->in->list, path, "a link that leads nowhere");
  else if (path != NULL)
    result = look_at_object(at, object, path);
  free(path);
  if (object >= 0) H5Oclose(object);
  return result;
}

/* Does the group know in which order its links were made? */
static bool knows_order(hid_t group)
{
  unsigned order = 0;
  const hid_t properties = H5Gget_create_plist(group);
  const bool is_known = properties >= 0 && H5Pget_link_creation_order(properties, &order) >= 0;
  if (properties >= 0) H5Pclose(properties);
  return is_known && (order & H5P_CRT_ORDER_TRACKED) != 0;
}

static void search_group(search *in, hid_t group, const char *prefix, int depth, bool *is_broken)
{
  char **names = NULL;
  int64_t n_names = 0;
  if (hdf5_attribute_is(group, "pandas_type", "series")) {
    add_series(in, group, prefix);
  } else if (hdf5_is_pandas_frame(group)) {
    add_blocks(in, group, prefix);
  } else if (hdf5_attribute_is(group, "encoding-type", "dataframe") &&
             hdf5_strings_read(group, "column-order", hdf5_bytes_of_file(group), &n_names, &names)) {
    add_frame(in, group, prefix, n_names, names);
    hdf5_strings_free(n_names, names);
  } else {
    place at = {.in = in, .prefix = prefix, .depth = depth};
    *is_broken = H5Literate(group, knows_order(group) ? H5_INDEX_CRT_ORDER : H5_INDEX_NAME, H5_ITER_INC, NULL,
                            look_at_link, &at) < 0;
  }
}

/* Data sets that others name as their bounds. */
static void mark_bounds(search *in)
{
  hdf5_member_list *list = in->list;
  char bounds[HDF5_BOUNDS_BYTES];
  for (int64_t i = 0; i < list->n; i++) {
    const hid_t data_set = H5Dopen2(in->file, list->members[i].inside, H5P_DEFAULT);
    bounds[0] = '\0';
    if (data_set >= 0) hdf5_bounds_of(data_set, bounds);
    if (data_set >= 0) H5Dclose(data_set);
    for (int64_t j = 0; bounds[0] != '\0' && j < list->n; j++) {
      if (strcmp(list->members[j].name, bounds) == 0) list->members[j].role = hdf5_role_bounds;
    }
  }
}

gmmpi_status hdf5_members_search(hid_t file, const char *inside, bool transpose, const char *label,
                                 hdf5_member_list *list, gmmpi_error *error)
{
  search in = {.file = file, .inside = inside, .transpose = transpose, .list = list, .has_memory = true};
  bool is_broken = false;
  errno = 0;
  const hid_t group = H5Gopen2(file, inside, H5P_DEFAULT);
  if (group < 0) return hdf5_broken(label, error);
  search_group(&in, group, "", 0, &is_broken);
  H5Gclose(group);
  if (!in.has_memory) return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to look through it", label);
  if (is_broken || hdf5_disk_failed()) return hdf5_broken(label, error);
  for (int64_t i = 0; i < list->n; i++) list->members[i].is_deep = strchr(list->members[i].name, '/') != NULL;
  mark_bounds(&in);
  return GMMPI_OK;
}
