/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/hdf5/names.h"

#include "sources/hdf5/strings.h"
#include "support/hdf5_attributes.h"
#include "support/hdf5_file.h"
#include "support/memory.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_BYTES = 256 };

/* Is the attribute a list? One that is a single value names no column. */
static bool has_array(hid_t data_set, const char *attribute)
{
  const hid_t opened = H5Aexists(data_set, attribute) > 0 ? H5Aopen(data_set, attribute, H5P_DEFAULT) : H5I_INVALID_HID;
  const hid_t space = opened >= 0 ? H5Aget_space(opened) : H5I_INVALID_HID;
  const bool is_array = space >= 0 && H5Sget_simple_extent_ndims(space) == 1;
  if (space >= 0) H5Sclose(space);
  if (opened >= 0) H5Aclose(opened);
  return is_array;
}

static char **of_attribute(hid_t data_set, int64_t n_names)
{
  static const char attribute[] = "feature_names";
  char **names = NULL;
  int64_t n = 0;
  if (has_array(data_set, attribute)) hdf5_strings_read(data_set, attribute, hdf5_bytes_of_file(data_set), &n, &names);
  if (n == n_names) return names;
  hdf5_strings_free(n, names);
  return NULL;
}

/* --- scales --- */

/* The first scale of the axis. Negative: there is none. */
static hid_t open_scale(hid_t data_set, int axis)
{
  hid_t scale = H5I_INVALID_HID;
  const hid_t list =
      H5Aexists(data_set, "DIMENSION_LIST") > 0 ? H5Aopen(data_set, "DIMENSION_LIST", H5P_DEFAULT) : H5I_INVALID_HID;
  const hid_t type = list >= 0 ? H5Aget_type(list) : H5I_INVALID_HID;
  const hid_t space = list >= 0 ? H5Aget_space(list) : H5I_INVALID_HID;
  const hid_t base = type >= 0 && H5Tget_class(type) == H5T_VLEN ? H5Tget_super(type) : H5I_INVALID_HID;
  hvl_t dimensions[2] = {{0, NULL}, {0, NULL}};
  const hid_t memory = H5Tvlen_create(H5T_STD_REF_OBJ);
  if (base >= 0 && space >= 0 && memory >= 0 && H5Tequal(base, H5T_STD_REF_OBJ) > 0 &&
      H5Sget_simple_extent_npoints(space) == 2 && H5Aread(list, memory, dimensions) >= 0) {
    if (dimensions[axis].len > 0) scale = H5Rdereference2(data_set, H5P_DEFAULT, H5R_OBJECT, dimensions[axis].p);
    H5Dvlen_reclaim(memory, space, H5P_DEFAULT, dimensions);
  }
  if (scale >= 0 && H5Iget_type(scale) != H5I_DATASET) {
    H5Oclose(scale);
    scale = H5I_INVALID_HID;
  }
  if (memory >= 0) H5Tclose(memory);
  if (base >= 0) H5Tclose(base);
  if (space >= 0) H5Sclose(space);
  if (type >= 0) H5Tclose(type);
  if (list >= 0) H5Aclose(list);
  return scale;
}

/* What netCDF says of a dimension that has no variable, where others have their name. */
static const char no_variable[] = "This is a netCDF dimension but not a netCDF variable";

static char **of_scale(hid_t data_set, int axis, int64_t n_names)
{
  const hid_t scale = open_scale(data_set, axis);
  char name[NAME_BYTES] = "";
  char path[NAME_BYTES] = "";
  char **names = NULL;
  if (scale < 0) return NULL;
  hdf5_text_attribute(scale, "NAME", name, sizeof name);
  if (H5Iget_name(scale, path, sizeof path) > 0 && name[0] == '\0')
    snprintf(name, sizeof name, "%s", strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path);
  if (strncmp(name, no_variable, sizeof no_variable - 1) != 0) names = hdf5_texts_of(scale, n_names, name);
  H5Oclose(scale);
  return names;
}

/* --- layouts of programs --- */

/* pandas: the data set's name is block0_values. */
static char **of_pandas(hid_t data_set, const char *inside, int64_t n_names)
{
  char path[NAME_BYTES];
  const char *end = strstr(inside, "_values");
  if (strstr(inside, "/block") == NULL || end == NULL || end[7] != '\0') return NULL;
  const int n = snprintf(path, sizeof path, "%.*s_items", (int)(end - inside), inside);
  return n < (int)sizeof path ? hdf5_texts_at(data_set, path, n_names, "") : NULL;
}

char **hdf5_index_of_frame(hid_t object, const char *path, int64_t n)
{
  char name[NAME_BYTES] = "";
  const hid_t frame = H5Gopen2(object, path, H5P_DEFAULT);
  if (frame < 0) return NULL;
  hdf5_text_attribute(frame, "_index", name, sizeof name);
  char **names = hdf5_texts_at(frame, name[0] != '\0' ? name : "_index", n, NULL);
  if (names == NULL) names = hdf5_texts_at(frame, "index", n, NULL);
  H5Gclose(frame);
  return names;
}

static char **numbered(const char *array, int64_t n_names)
{
  char **names = allocate(n_names, sizeof *names);
  bool has_memory = names != NULL;
  for (int64_t i = 0; has_memory && i < n_names; i++) {
    has_memory = asprintf(&names[i], "%s.%" PRId64, array, i) >= 0;
    if (!has_memory) names[i] = NULL;
  }
  if (has_memory) return names;
  hdf5_strings_free(n_names, names);
  return NULL;
}

static char **of_anndata(hid_t data_set, const char *inside, int axis, int64_t n_names)
{
  if (axis != 1) return NULL;
  if (strcmp(inside, "/X") == 0 || strncmp(inside, "/layers/", 8) == 0)
    return hdf5_index_of_frame(data_set, "/var", n_names);
  if (strcmp(inside, "/raw/X") == 0) return hdf5_index_of_frame(data_set, "/raw/var", n_names);
  if (strncmp(inside, "/obsm/", 6) == 0 && strchr(inside + 6, '/') == NULL) return numbered(inside + 6, n_names);
  return NULL;
}

gmmpi_status hdf5_names_read(hid_t data_set, const char *inside, int axis, int64_t n_names, const char *label,
                             char ***names, gmmpi_error *error)
{
  errno = 0;
  *names = of_attribute(data_set, n_names);
  if (*names == NULL && !hdf5_disk_failed()) *names = of_scale(data_set, axis, n_names);
  if (*names == NULL && !hdf5_disk_failed()) *names = of_pandas(data_set, inside, n_names);
  if (*names == NULL && !hdf5_disk_failed()) *names = of_anndata(data_set, inside, axis, n_names);
  return *names == NULL && hdf5_disk_failed() ? hdf5_broken(label, error) : GMMPI_OK;
}
