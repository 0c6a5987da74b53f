/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/hdf5_file.h"

#include "support/error.h"

#include <errno.h>
#include <string.h>

bool hdf5_disk_failed(void)
{
  return errno == EIO || errno == ENXIO || errno == ESTALE || errno == ETIMEDOUT || errno == EREMOTEIO;
}

gmmpi_status hdf5_broken(const char *path, gmmpi_error *error)
{
  if (hdf5_disk_failed())
    return fail(error, GMMPI_INPUT_FAILED, "%s: reading failed (%s); check the disk and start again", path,
                strerror(errno));
  return fail(error, GMMPI_BAD_DATA,
              "%s: is an HDF5 file, but truncated or damaged or not finished; copy or write it anew", path);
}

hid_t hdf5_open_file(const char *path)
{
  const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  hid_t file = H5I_INVALID_HID;
  if (access >= 0 && H5Pset_fapl_sec2(access) >= 0 && H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) >= 0) {
#if H5_VERSION_GE(1, 10, 7)
    H5Pset_file_locking(access, false, true);
#endif
    errno = 0;
    file = H5Fopen(path, H5F_ACC_RDONLY, access);
  }
  if (access >= 0) H5Pclose(access);
  return file;
}
