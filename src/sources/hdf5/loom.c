/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/hdf5/loom.h"

#include "support/hdf5_attributes.h"
#include "support/memory.h"

#include <stdlib.h>
#include <string.h>

/* Deflate packs at most so many bytes into one. */
enum { MOST_PACKED = 1032 };

static bool is_group(hid_t file, const char *path)
{
  const hid_t group = H5Lexists(file, path, H5P_DEFAULT) > 0 ? H5Gopen2(file, path, H5P_DEFAULT) : H5I_INVALID_HID;
  if (group >= 0) H5Gclose(group);
  return group >= 0;
}

bool hdf5_is_loom_matrix(hid_t file, const char *inside)
{
  static const char layers[] = "layers/";
  const char *name = inside + (inside[0] == '/' ? 1 : 0);
  return (strcmp(name, "matrix") == 0 || strncmp(name, layers, sizeof layers - 1) == 0) &&
         is_group(file, "row_attrs") && is_group(file, "col_attrs");
}

/* Copies n texts out of what was read: pointers, or texts of n_bytes bytes each. */
static char **copy_texts(int64_t n, const void *read, bool is_variable, size_t n_bytes)
{
  char **texts = allocate(n, sizeof *texts);
  for (int64_t i = 0; texts != NULL && i < n; i++) {
    const char *text = is_variable ? ((char *const *)read)[i] : (const char *)read + (size_t)i * n_bytes;
    texts[i] = text == NULL ? strdup("") : is_variable ? strdup(text) : strndup(text, n_bytes);
    if (texts[i] != NULL) continue;
    hdf5_strings_free(n, texts);
    texts = NULL;
  }
  return texts;
}

/* Texts of a type and number that the data set is known to have. */
static char **read_texts(hid_t data_set, hid_t type, hid_t space, int64_t n)
{
  const bool is_variable = H5Tis_variable_str(type) > 0;
  const size_t n_bytes = is_variable ? sizeof(char *) : H5Tget_size(type);
  const hid_t memory = H5Tcopy(type);
  char **texts = NULL;
  void *read = allocate(n, n_bytes);
  if (memory >= 0 && read != NULL && H5Dread(data_set, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, read) >= 0) {
    texts = copy_texts(n, read, is_variable, n_bytes);
    if (is_variable) H5Dvlen_reclaim(memory, space, H5P_DEFAULT, read);
  }
  free(read);
  if (memory >= 0) H5Tclose(memory);
  return texts;
}

/* The n texts of a data set, no more than can be in the file; NULL: it is something else. */
static char **texts_of(hid_t group, const char *name, int64_t n, hsize_t file_bytes)
{
  hsize_t extent = 0;
  char **texts = NULL;
  int64_t n_bytes;
  const hid_t data_set = H5Dopen2(group, name, H5P_DEFAULT);
  if (data_set < 0) return NULL;
  const hid_t type = H5Dget_type(data_set);
  const hid_t space = H5Dget_space(data_set);
  if (type >= 0 && space >= 0 && H5Tget_class(type) == H5T_STRING && H5Sget_simple_extent_ndims(space) == 1 &&
      H5Sget_simple_extent_dims(space, &extent, NULL) == 1 && extent == (hsize_t)n &&
      multiply_fits(n, (int64_t)H5Tget_size(type), &n_bytes) && n_bytes / MOST_PACKED <= (int64_t)file_bytes)
    texts = read_texts(data_set, type, space, n);
  if (space >= 0) H5Sclose(space);
  if (type >= 0) H5Tclose(type);
  H5Dclose(data_set);
  return texts;
}

typedef struct name_search {
  int64_t n;
  hsize_t file_bytes;
  char **names;
} name_search;

/* Takes the first list of texts. */
static herr_t try_names(hid_t group, const char *name, const H5L_info_t *info, void *context)
{
  (void)info;
  name_search *search = context;
  search->names = texts_of(group, name, search->n, search->file_bytes);
  return search->names != NULL ? 1 : 0;
}

char **hdf5_loom_names(hid_t file, int64_t n)
{
  name_search search = {.n = n};
  const hid_t group = H5Gopen2(file, "row_attrs", H5P_DEFAULT);
  if (group < 0 || H5Fget_filesize(file, &search.file_bytes) < 0) {
    if (group >= 0) H5Gclose(group);
    return NULL;
  }
  if (H5Lexists(group, "Gene", H5P_DEFAULT) > 0) search.names = texts_of(group, "Gene", n, search.file_bytes);
  if (search.names == NULL) H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, NULL, try_names, &search);
  H5Gclose(group);
  return search.names;
}
