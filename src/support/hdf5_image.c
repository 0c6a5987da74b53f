/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/hdf5_image.h"

#include "support/seal.h"

#include <stdlib.h>

/* Keeping the order of links and attributes gives a group or data set the newer kind of header, which has a checksum
 * (so that HDF5 notices damage instead of crashing on it) and room for more than 64 KiB of attributes. */
static bool keep_order(hid_t creation, bool group)
{
  const unsigned tracked = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;
  return H5Pset_attr_creation_order(creation, tracked) >= 0 &&
         (!group || H5Pset_link_creation_order(creation, tracked) >= 0);
}

/* The superblock is the oldest kind, without a checksum: H5Fget_file_image of HDF5 1.10 spoils that of newer ones. */
hid_t hdf5_image_create(int64_t expected_bytes)
{
  const hid_t creation = H5Pcreate(H5P_FILE_CREATE);
  const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  hid_t file = H5I_INVALID_HID;
  if (creation >= 0 && access >= 0 && H5Pset_obj_track_times(creation, false) >= 0 && keep_order(creation, true) &&
      H5Pset_fapl_core(access, (size_t)expected_bytes, false) >= 0 &&
      H5Pset_libver_bounds(access, H5F_LIBVER_EARLIEST, H5F_LIBVER_V18) >= 0)
    file = H5Fcreate("in memory", H5F_ACC_TRUNC, creation, access);
  if (creation >= 0) H5Pclose(creation);
  if (access >= 0) H5Pclose(access);
  return file;
}

bool hdf5_image_group(hid_t file, const char *name)
{
  const hid_t creation = H5Pcreate(H5P_GROUP_CREATE);
  hid_t group = H5I_INVALID_HID;
  if (creation >= 0 && H5Pset_obj_track_times(creation, false) >= 0 && keep_order(creation, true))
    group = H5Gcreate2(file, name, H5P_DEFAULT, creation, H5P_DEFAULT);
  if (creation >= 0) H5Pclose(creation);
  return group >= 0 && H5Gclose(group) >= 0;
}

/* A creation list for data sets: no times, and space that is written once, in full. */
static hid_t data_set_creation(void)
{
  const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
  if (creation >= 0 && H5Pset_obj_track_times(creation, false) >= 0 && keep_order(creation, false) &&
      H5Pset_alloc_time(creation, H5D_ALLOC_TIME_EARLY) >= 0 && H5Pset_fill_time(creation, H5D_FILL_TIME_NEVER) >= 0)
    return creation;
  if (creation >= 0) H5Pclose(creation);
  return H5I_INVALID_HID;
}

bool hdf5_image_write_as(hid_t file, const char *name, int n_dimensions, const int64_t *shape, hid_t file_type,
                         hid_t memory_type, const void *values)
{
  hsize_t extent[4];
  for (int i = 0; i < n_dimensions; i++) extent[i] = (hsize_t)shape[i];
  const hid_t space = H5Screate_simple(n_dimensions, extent, NULL);
  const hid_t creation = data_set_creation();
  hid_t data_set = H5I_INVALID_HID;
  if (space >= 0 && creation >= 0)
    data_set = H5Dcreate2(file, name, file_type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
  bool written = data_set >= 0 && H5Dwrite(data_set, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0;
  if (data_set >= 0 && H5Dclose(data_set) < 0) written = false;
  if (creation >= 0) H5Pclose(creation);
  if (space >= 0) H5Sclose(space);
  return written;
}

bool hdf5_image_write(hid_t file, const char *name, int n_dimensions, const int64_t *shape, const double *values)
{
  return hdf5_image_write_as(file, name, n_dimensions, shape, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, values);
}

bool hdf5_image_write_integers(hid_t file, const char *name, int n_dimensions, const int64_t *shape,
                               const int64_t *values)
{
  return hdf5_image_write_as(file, name, n_dimensions, shape, H5T_STD_I64LE, H5T_NATIVE_INT64, values);
}

bool hdf5_image_bytes(hid_t file, void **bytes, size_t *n_bytes)
{
  if (H5Fflush(file, H5F_SCOPE_GLOBAL) < 0) return false;
  const ssize_t size = H5Fget_file_image(file, NULL, 0);
  if (size <= 0) return false;
  void *copy = malloc((size_t)size + SEAL_BYTES);
  if (copy == NULL) return false;
  if (H5Fget_file_image(file, copy, (size_t)size) != size) {
    free(copy);
    return false;
  }
  *bytes = copy;
  *n_bytes = (size_t)size;
  return true;
}
