/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/hdf5/loom.h"

#include "sources/hdf5/strings.h"

#include <string.h>

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

typedef struct name_search {
  int64_t n;
  char **names;
} name_search;

/* Takes the first list of texts. */
static herr_t try_names(hid_t group, const char *name, const H5L_info_t *info, void *context)
{
  (void)info;
  name_search *search = context;
  search->names = hdf5_texts_at(group, name, search->n, NULL);
  return search->names != NULL ? 1 : 0;
}

char **hdf5_loom_names(hid_t file, int64_t n)
{
  name_search search = {.n = n};
  const hid_t group = H5Gopen2(file, "row_attrs", H5P_DEFAULT);
  if (group < 0) return NULL;
  search.names = hdf5_texts_at(group, "Gene", n, NULL);
  if (search.names == NULL) H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, NULL, try_names, &search);
  H5Gclose(group);
  return search.names;
}
