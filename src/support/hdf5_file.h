/* SPDX-License-Identifier: BSD-3-Clause */
/* Opening HDF5 files for reading, and what a failure of the library means.
 *
 * The library says that a call failed, but not why. Errno does, where the system was asked: whoever wants to know sets
 * it to 0 before the call. */
#ifndef SUPPORT_HDF5_FILE_H
#define SUPPORT_HDF5_FILE_H

#include "gmmpi/error.h"

#include <hdf5.h>
#include <stdbool.h>

/* Opens a file for reading with the plain driver and without locks, which some cluster file systems don't have.
 * Negative, with errno set, when that fails; else for H5Fclose, which closes what is open in the file too. */
hid_t hdf5_open_file(const char *path);

/* Does errno, 0 before a call of the library that failed, say that the disk is to blame? */
bool hdf5_disk_failed(void);

/* Says why a file that was recognised as HDF5 could not be read, by errno as above. path names it in the message.
 * Errors: 74 the disk failed, 65 its content is damaged. */
gmmpi_status hdf5_broken(const char *path, gmmpi_error *error);

#endif
