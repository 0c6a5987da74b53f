/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/hdf5/numbers.h"

#include <stddef.h>
#include <strings.h>

/* Has the enumeration a member of this name, in capitals or not? */
static bool has_member(hid_t type, const char *name)
{
  bool found = false;
  const int n_members = H5Tget_nmembers(type);
  for (int i = 0; i < n_members && !found; i++) {
    char *member = H5Tget_member_name(type, (unsigned)i);
    found = member != NULL && strcasecmp(member, name) == 0;
    H5free_memory(member);
  }
  return found;
}

bool hdf5_is_boolean(hid_t type)
{
  const H5T_class_t class = H5Tget_class(type);
  if (class == H5T_BITFIELD) return H5Tget_size(type) == 1;
  return class == H5T_ENUM && H5Tget_size(type) <= sizeof(double) && H5Tget_nmembers(type) == 2 &&
         has_member(type, "false") && has_member(type, "true");
}

bool hdf5_is_numeric(hid_t data_set)
{
  const hid_t type = H5Dget_type(data_set);
  if (type < 0) return false;
  const H5T_class_t class = H5Tget_class(type);
  const bool is_numeric = class == H5T_INTEGER || class == H5T_FLOAT || hdf5_is_boolean(type);
  H5Tclose(type);
  return is_numeric;
}

bool hdf5_numbers_open(hid_t data_set, hdf5_numbers *numbers)
{
  *numbers = (hdf5_numbers){.memory = H5I_INVALID_HID, .integers = H5I_INVALID_HID};
  const hid_t type = H5Dget_type(data_set);
  if (type < 0) return false;
  const H5T_class_t class = H5Tget_class(type);
  const bool is_plain = class == H5T_INTEGER || class == H5T_FLOAT;
  numbers->memory = is_plain ? H5Tcopy(H5T_NATIVE_DOUBLE) : H5Tget_native_type(type, H5T_DIR_ASCEND);
  if (class == H5T_ENUM) numbers->integers = H5Tget_super(numbers->memory);
  if (class == H5T_BITFIELD) numbers->integers = H5Tcopy(H5T_NATIVE_UINT8);
  H5Tclose(type);
  return numbers->memory >= 0 && (is_plain || numbers->integers >= 0);
}

void hdf5_numbers_close(hdf5_numbers *numbers)
{
  if (numbers->memory >= 0) H5Tclose(numbers->memory);
  if (numbers->integers >= 0) H5Tclose(numbers->integers);
}

bool hdf5_numbers_read(const hdf5_numbers *numbers, hid_t data_set, hid_t memory_space, hid_t file_space, int64_t n,
                       double *values)
{
  if (H5Dread(data_set, numbers->memory, memory_space, file_space, H5P_DEFAULT, values) < 0) return false;
  return numbers->integers < 0 ||
         H5Tconvert(numbers->integers, H5T_NATIVE_DOUBLE, (size_t)n, values, NULL, H5P_DEFAULT) >= 0;
}
