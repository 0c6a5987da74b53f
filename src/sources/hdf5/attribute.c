/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/hdf5/attribute.h"

#include <stdio.h>

static bool read_text(hid_t opened, hid_t type, hdf5_attribute *found)
{
  bool is_read;
  if (H5Tis_variable_str(type) > 0) {
    char *text = NULL;
    is_read = H5Aread(opened, type, &text) >= 0;
    if (is_read && text != NULL) snprintf(found->text, sizeof found->text, "%s", text);
    if (is_read) H5free_memory(text);
  } else {
    char text[HDF5_ATTRIBUTE_BYTES + 1] = "";
    if (H5Tget_size(type) > HDF5_ATTRIBUTE_BYTES) return true;
    is_read = H5Aread(opened, type, text) >= 0;
    snprintf(found->text, sizeof found->text, "%s", text);
  }
  for (char *c = found->text; *c != '\0'; c++) {
    if ((unsigned char)*c < ' ' || (unsigned char)*c > '~') *c = '?';
  }
  return is_read;
}

static bool read_numbers(hid_t opened, hid_t type, int64_t n, hdf5_attribute *found)
{
  found->is_too_long = n > HDF5_MOST_NUMBERS;
  if (found->is_too_long) return true;
  found->is_float = H5Tget_class(type) == H5T_FLOAT;
  found->is_float32 = found->is_float && H5Tget_size(type) == sizeof(float);
  if (n > 0 && H5Aread(opened, H5T_NATIVE_DOUBLE, found->numbers) < 0) return false;
  found->n = (int)n;
  return true;
}

bool hdf5_attribute_read(hid_t data_set, const char *name, hdf5_attribute *found)
{
  *found = (hdf5_attribute){.n = 0};
  const htri_t is_there = H5Aexists(data_set, name);
  if (is_there <= 0) return is_there == 0;
  const hid_t opened = H5Aopen(data_set, name, H5P_DEFAULT);
  const hid_t type = opened >= 0 ? H5Aget_type(opened) : H5I_INVALID_HID;
  const hid_t space = opened >= 0 ? H5Aget_space(opened) : H5I_INVALID_HID;
  bool is_read = type >= 0 && space >= 0;
  if (is_read) {
    const H5T_class_t class = H5Tget_class(type);
    const int64_t n = (int64_t)H5Sget_simple_extent_npoints(space);
    if (class == H5T_INTEGER || class == H5T_FLOAT)
      is_read = read_numbers(opened, type, n, found);
    else if (class == H5T_STRING && n == 1)
      is_read = read_text(opened, type, found);
  }
  if (space >= 0) H5Sclose(space);
  if (type >= 0) H5Tclose(type);
  if (opened >= 0) H5Aclose(opened);
  return is_read;
}
