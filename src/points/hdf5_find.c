#include "points/hdf5_find.h"

#include "support/error.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* From 1.12 on a file's objects are described by a larger structure, which the new function fills. */
#if H5_VERSION_GE(1, 12, 0)
#define visit_objects H5Ovisit3
#else
#define visit_objects H5Ovisit2
#endif

bool hdf5_disk_failed(void)
{
  return errno == EIO || errno == ENXIO || errno == ESTALE || errno == ETIMEDOUT || errno == EREMOTEIO;
}

gmmpi_status hdf5_broken(const char *path, gmmpi_error *error)
{
  if (hdf5_disk_failed())
    return fail(error, GMMPI_INPUT_FAILED, "%s: reading failed (%s); check the disk and start again", path,
                strerror(errno));
  return fail(error, GMMPI_BAD_DATA, "%s: is an HDF5 file, but truncated or damaged; copy it anew", path);
}

bool hdf5_is_numeric(hid_t data_set)
{
  const hid_t type = H5Dget_type(data_set);
  const H5T_class_t class = type >= 0 ? H5Tget_class(type) : H5T_NO_CLASS;
  if (type >= 0) H5Tclose(type);
  return class == H5T_INTEGER || class == H5T_FLOAT;
}

/* --- looking through a file --- */

/* The data sets of numbers of one dimension or two. */
typedef struct survey {
  int n_found[3];    /* by number of dimensions */
  char *only[3];     /* path of the first one found */
  char list[500];    /* the data sets of all kinds, with their shapes */
  bool list_is_full; /* there are more */
  bool is_broken;    /* not all of the file could be looked at */
  bool has_memory;
} survey;

static void add_to_list(survey *found, const char *name, const char *shape)
{
  const size_t used = strlen(found->list);
  if (used + strlen(name) + strlen(shape) + 10 > sizeof found->list) {
    found->list_is_full = true;
  } else {
    snprintf(found->list + used, sizeof found->list - used, "%s/%s (%s)", used > 0 ? ", " : "", name, shape);
  }
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

/* Called for every object in the file. */
static herr_t look_at(hid_t root, const char *name, const H5O_info_t *info, void *data)
{
  survey *found = data;
  if (info->type != H5O_TYPE_DATASET) return 0;
  const hid_t data_set = H5Dopen2(root, name, H5P_DEFAULT);
  if (data_set < 0) return -1;
  const int n_dimensions = count_dimensions(data_set);
  char shape[60];
  describe(data_set, n_dimensions, shape, sizeof shape);
  add_to_list(found, name, shape);
  if ((n_dimensions == 1 || n_dimensions == 2) && hdf5_is_numeric(data_set) && found->n_found[n_dimensions]++ == 0 &&
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
  found->is_broken = visit_objects(file, H5_INDEX_NAME, H5_ITER_INC, look_at, found, H5O_INFO_BASIC) < 0;
  if (found->list[0] == '\0') snprintf(found->list, sizeof found->list, "none");
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
  } else if (found.n_found[n_dimensions] == 0) {
    status = fail(error, GMMPI_BAD_DATA,
                  "%s: has no data set of numbers with two dimensions or one; its data sets are: %s%s", path,
                  found.list, found.list_is_full ? ", ..." : "");
  } else if (found.n_found[n_dimensions] > 1) {
    status = fail(error, GMMPI_BAD_DATA, "%s: has several data sets, say which one as %s:/NAME; there are: %s%s", path,
                  path, found.list, found.list_is_full ? ", ..." : "");
  } else {
    *inside = found.only[n_dimensions];
    found.only[n_dimensions] = NULL;
  }
  close_survey(&found);
  return status;
}

gmmpi_status hdf5_no_such_data_set(hid_t file, const char *path, const char *inside, gmmpi_error *error)
{
  survey found;
  survey_file(file, &found);
  close_survey(&found);
  return fail(error, GMMPI_BAD_DATA, "%s: has no data set \"%s\"; its data sets are: %s%s", path, inside, found.list,
              found.list_is_full ? ", ..." : "");
}

/* --- names
 * ------------------------------------------------------------------------------------------------------------- */

/* n_names strings of any length, which the library allocates. */
static bool read_variable_strings(hid_t attribute, hid_t type, hid_t space, char **names, int64_t n_names)
{
  char **read = calloc((size_t)n_names, sizeof *read);
  const hid_t memory_type = H5Tcopy(H5T_C_S1);
  bool done = read != NULL && memory_type >= 0 && H5Tset_size(memory_type, H5T_VARIABLE) >= 0 &&
              H5Tset_cset(memory_type, H5Tget_cset(type)) >= 0;
  const bool has_read = done && H5Aread(attribute, memory_type, read) >= 0;
  done = has_read;
  for (int64_t i = 0; done && i < n_names; i++) {
    names[i] = strdup(read[i] != NULL ? read[i] : "");
    done = names[i] != NULL;
  }
  if (has_read) H5Dvlen_reclaim(memory_type, space, H5P_DEFAULT, read);
  if (memory_type >= 0) H5Tclose(memory_type);
  free(read);
  return done;
}

/* n_names strings of one length, padded. */
static bool read_fixed_strings(hid_t attribute, hid_t type, char **names, int64_t n_names)
{
  const size_t length = H5Tget_size(type) + 1;
  char *read = calloc((size_t)n_names, length);
  const hid_t memory_type = H5Tcopy(H5T_C_S1);
  bool done = read != NULL && memory_type >= 0 && H5Tset_size(memory_type, length) >= 0 &&
              H5Tset_cset(memory_type, H5Tget_cset(type)) >= 0 && H5Aread(attribute, memory_type, read) >= 0;
  for (int64_t i = 0; done && i < n_names; i++) {
    names[i] = strndup(read + (size_t)i * length, length);
    done = names[i] != NULL;
  }
  if (memory_type >= 0) H5Tclose(memory_type);
  free(read);
  return done;
}

char **hdf5_read_names(hid_t data_set, const char *attribute, int64_t n_names)
{
  if (H5Aexists(data_set, attribute) <= 0) return NULL;
  const hid_t opened = H5Aopen(data_set, attribute, H5P_DEFAULT);
  if (opened < 0) return NULL;
  const hid_t type = H5Aget_type(opened);
  const hid_t space = H5Aget_space(opened);
  char **names = NULL;
  if (type >= 0 && space >= 0 && H5Tget_class(type) == H5T_STRING && H5Sget_simple_extent_ndims(space) == 1 &&
      H5Sget_simple_extent_npoints(space) == n_names)
    names = calloc((size_t)n_names, sizeof *names);
  if (names != NULL) {
    const bool done = H5Tis_variable_str(type) > 0 ? read_variable_strings(opened, type, space, names, n_names)
                                                   : read_fixed_strings(opened, type, names, n_names);
    for (int64_t i = 0; !done && i < n_names; i++) free(names[i]);
    if (!done) {
      free(names);
      names = NULL;
    }
  }
  if (space >= 0) H5Sclose(space);
  if (type >= 0) H5Tclose(type);
  H5Aclose(opened);
  return names;
}
