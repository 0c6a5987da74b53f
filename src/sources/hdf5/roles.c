/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/hdf5/roles.h"

#include "sources/hdf5/pandas_table.h"

#include "sources/hdf5/strings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char hdf5_role_bounds[] = "bounds of another";

static bool ends_with(const char *text, const char *end)
{
  const size_t length = strlen(text);
  const size_t wanted = strlen(end);
  return length >= wanted && strcasecmp(text + length - wanted, end) == 0;
}

/* The extent of the second of two dimensions; 0: there are not two. */
static hsize_t width_of(hid_t data_set)
{
  hsize_t extents[2] = {0, 0};
  const hid_t space = H5Dget_space(data_set);
  const bool is_table =
      space >= 0 && H5Sget_simple_extent_ndims(space) == 2 && H5Sget_simple_extent_dims(space, extents, NULL) >= 0;
  if (space >= 0) H5Sclose(space);
  return is_table ? extents[1] : 0;
}

bool hdf5_is_bare_dimension(hid_t data_set)
{
  static const char no_variable[] = "This is a netCDF dimension but not a netCDF variable";
  char name[128];
  hdf5_text_attribute(data_set, "NAME", name, sizeof name);
  return strncmp(name, no_variable, sizeof no_variable - 1) == 0;
}

const char *hdf5_role_of(hid_t data_set, const char *name)
{
  if (hdf5_attribute_is(data_set, "CLASS", "DIMENSION_SCALE")) return "a dimension scale";
  if ((ends_with(name, "_bnds") || ends_with(name, "_bounds")) && width_of(data_set) == 2) return hdf5_role_bounds;
  return NULL;
}

void hdf5_bounds_of(hid_t data_set, char name[HDF5_BOUNDS_BYTES])
{
  hdf5_text_attribute(data_set, "bounds", name, HDF5_BOUNDS_BYTES);
  if (name[0] == '\0') hdf5_text_attribute(data_set, "climatology", name, HDF5_BOUNDS_BYTES);
}

static bool has(hid_t group, const char *name)
{
  return H5Lexists(group, name, H5P_DEFAULT) > 0;
}

bool hdf5_has_sparse_lists(hid_t group)
{
  return has(group, "data") && has(group, "indices") && has(group, "indptr");
}

/* As AnnData says what a group is. */
static bool is_encoded_in_pieces(hid_t group)
{
  char encoding[64];
  hdf5_text_attribute(group, "encoding-type", encoding, sizeof encoding);
  return strcmp(encoding, "categorical") == 0 || strncmp(encoding, "nullable-", 9) == 0 ||
         ends_with(encoding, "_matrix");
}

/* The categories of a column of a frame, which are a table as well: df/meta/COLUMN/meta. */
static bool is_pandas_categories(hid_t group, const char *last)
{
  return strcmp(last, "meta") == 0 && hdf5_is_pandas_group(group);
}

/* "#refs#" is MATLAB's, "_i_table" PyTables', "__categories" AnnData's. */
bool hdf5_is_one_thing(hid_t group, const char *name)
{
  const char *slash = strrchr(name, '/');
  const char *last = slash != NULL ? slash + 1 : name;
  return last[0] == '#' || strncmp(last, "_i_", 3) == 0 || strncmp(last, "__", 2) == 0 ||
         hdf5_has_sparse_lists(group) || is_encoded_in_pieces(group) || is_pandas_categories(group, last);
}

bool hdf5_is_pandas_frame(hid_t group)
{
  return hdf5_attribute_is(group, "pandas_type", "frame") || hdf5_attribute_is(group, "pandas_type", "series");
}

bool hdf5_has_no_particles(hid_t file, const char *inside)
{
  static const char group[] = "PartType";
  enum { MOST_TYPES = 16 };
  double numbers[MOST_TYPES];
  const char *name = inside + (inside[0] == '/' ? 1 : 0);
  const char digit = strncmp(name, group, sizeof group - 1) == 0 ? name[sizeof group - 1] : '\0';
  if (digit < '0' || digit > '9' || (name[sizeof group] != '\0' && name[sizeof group] != '/')) return false;
  char path[sizeof group + 1];
  snprintf(path, sizeof path, "%s%c", group, digit);
  if (has(file, path) || !has(file, "Header")) return false;
  const hid_t attribute = H5Aopen_by_name(file, "Header", "NumPart_ThisFile", H5P_DEFAULT, H5P_DEFAULT);
  const hid_t space = attribute >= 0 ? H5Aget_space(attribute) : H5I_INVALID_HID;
  const hssize_t n = space >= 0 ? H5Sget_simple_extent_npoints(space) : 0;
  const bool is_none = n > digit - '0' && n <= MOST_TYPES && H5Aread(attribute, H5T_NATIVE_DOUBLE, numbers) >= 0 &&
                       numbers[digit - '0'] == 0.0;
  if (space >= 0) H5Sclose(space);
  if (attribute >= 0) H5Aclose(attribute);
  return is_none;
}
