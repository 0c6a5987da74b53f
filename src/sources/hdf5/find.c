/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/hdf5/find.h"

#include "sources/hdf5/links.h"
#include "sources/hdf5/numbers.h"
#include "support/error.h"
#include "support/hdf5_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- looking through a file --- */

enum { TABLES_BYTES = 500, OTHERS_BYTES = 200 };

/* The data sets of a file, above all those of numbers of one dimension or two. */
typedef struct survey {
  int n_found[3];            /* by number of dimensions */
  char *only[3];             /* path of the first one found */
  char tables[TABLES_BYTES]; /* a list of those of two dimensions, with their shapes */
  char others[OTHERS_BYTES]; /* of the data sets of all other kinds */
  bool list_is_full;         /* there are more */
  bool is_broken;            /* not all of the file could be looked at */
  bool has_memory;
} survey;

static void add_to_list(survey *found, bool is_table, const char *name, const char *shape)
{
  char *list = is_table ? found->tables : found->others;
  const size_t n_bytes = is_table ? sizeof found->tables : sizeof found->others;
  const size_t used = strlen(list);
  if (used + strlen(name) + strlen(shape) + 10 > n_bytes) {
    found->list_is_full = true;
  } else {
    snprintf(list + used, n_bytes - used, "%s/%s (%s)", used > 0 ? ", " : "", name, shape);
  }
}

/* What there is, tables first. */
typedef struct data_set_list {
  char text[TABLES_BYTES + OTHERS_BYTES + 10];
} data_set_list;

static data_set_list list_data_sets(const survey *found)
{
  data_set_list list;
  const bool has_both = found->tables[0] != '\0' && found->others[0] != '\0';
  const bool has_none = found->tables[0] == '\0' && found->others[0] == '\0';
  snprintf(list.text, sizeof list.text, "%s%s%s%s%s", has_none ? "none" : "", found->tables, has_both ? ", " : "",
           found->others, found->list_is_full ? ", ..." : "");
  return list;
}

/* "100 x 3", or what else a data set is. */
static void describe(hid_t data_set, int n_dimensions, char *text, size_t n_bytes)
{
  hsize_t extents[2];
  const hid_t space = H5Dget_space(data_set);
  if (!hdf5_is_numeric(data_set)) {
    snprintf(text, n_bytes, "not numeric");
  } else if (n_dimensions < 1 || n_dimensions > 2 || H5Sget_simple_extent_dims(space, extents, NULL) < 0) {
    snprintf(text, n_bytes, "%d-D", n_dimensions);
  } else if (n_dimensions == 1) {
    snprintf(text, n_bytes, "%llu", (unsigned long long)extents[0]);
  } else {
    snprintf(text, n_bytes, "%llu x %llu", (unsigned long long)extents[0], (unsigned long long)extents[1]);
  }
  if (space >= 0) H5Sclose(space);
}

static int count_dimensions(hid_t data_set)
{
  const hid_t space = H5Dget_space(data_set);
  const int n_dimensions = space >= 0 ? H5Sget_simple_extent_ndims(space) : -1;
  if (space >= 0) H5Sclose(space);
  return n_dimensions;
}

/* An hdf5_object_visitor. */
static herr_t look_at(hid_t root, const char *name, const H5O_info_t *info, void *data)
{
  survey *found = data;
  if (info->type != H5O_TYPE_DATASET) return 0;
  const hid_t data_set = H5Dopen2(root, name, H5P_DEFAULT);
  if (data_set < 0) return -1;
  const int n_dimensions = count_dimensions(data_set);
  char shape[60];
  describe(data_set, n_dimensions, shape, sizeof shape);
  const bool is_numeric = hdf5_is_numeric(data_set);
  add_to_list(found, n_dimensions == 2 && is_numeric, name, shape);
  if ((n_dimensions == 1 || n_dimensions == 2) && is_numeric && found->n_found[n_dimensions]++ == 0 &&
      asprintf(&found->only[n_dimensions], "/%s", name) < 0) {
    found->only[n_dimensions] = NULL;
    found->has_memory = false;
  }
  H5Dclose(data_set);
  return 0;
}

static void survey_file(hid_t file, survey *found)
{
  *found = (survey){.has_memory = true};
  errno = 0;
  found->is_broken = hdf5_visit_objects(file, look_at, found) < 0;
}

static void close_survey(survey *found)
{
  free(found->only[1]);
  free(found->only[2]);
}

gmmpi_status hdf5_find_points(hid_t file, const char *path, char **inside, gmmpi_error *error)
{
  survey found;
  survey_file(file, &found);
  const int n_dimensions = found.n_found[2] > 0 ? 2 : 1;
  gmmpi_status status = GMMPI_OK;
  *inside = NULL;
  if (found.is_broken) {
    status = hdf5_broken(path, error);
  } else if (!found.has_memory) {
    status = fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to look through it", path);
  } else if (found.n_found[n_dimensions] == 0 && hdf5_explain_any_link(file, path, error)) {
    status = error->status;
  } else if (found.n_found[n_dimensions] == 0) {
    status =
        fail(error, GMMPI_BAD_DATA, "%s: has no data set of numbers with two dimensions or one; its data sets are: %s",
             path, list_data_sets(&found).text);
  } else if (found.n_found[n_dimensions] > 1) {
    status = fail(error, GMMPI_BAD_DATA, "%s: has several data sets, say which one as %s:/NAME; there are: %s", path,
                  path, list_data_sets(&found).text);
  } else {
    *inside = found.only[n_dimensions];
    found.only[n_dimensions] = NULL;
  }
  close_survey(&found);
  return status;
}

/* What is there instead of a data set: " (it is a group)", or nothing. AnnData's sparse matrices are groups, too. */
static const char *other_object(hid_t file, const char *inside)
{
  const hid_t object = H5Oopen(file, inside, H5P_DEFAULT);
  const char *what = "";
  if (object >= 0 && H5Iget_type(object) == H5I_GROUP)
    what = H5Aexists(object, "encoding-type") > 0 && H5Lexists(object, "indptr", H5P_DEFAULT) > 0
               ? " (it is a sparse matrix, points are dense)"
               : " (it is a group)";
  if (object >= 0) H5Oclose(object);
  return what;
}

gmmpi_status hdf5_no_such_data_set(hid_t file, const char *path, const char *inside, gmmpi_error *error)
{
  survey found;
  survey_file(file, &found);
  close_survey(&found);
  return fail(error, GMMPI_BAD_DATA, "%s: has no data set \"%s\"%s; its data sets are: %s", path, inside,
              other_object(file, inside), list_data_sets(&found).text);
}
