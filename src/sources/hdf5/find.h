/* SPDX-License-Identifier: BSD-3-Clause */
/* Which data set of an HDF5 file holds the points: the one that was asked for, or the only one that can. */
#ifndef SOURCES_HDF5_FIND_H
#define SOURCES_HDF5_FIND_H

#include "sources/hdf5/visit.h"

#include "gmmpi/error.h"

#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>

/* The path (with a leading '/') of the only 2-D data set of numbers in the file, of the only 1-D one where none is 2-D.
 * The caller frees it. path: of the file, for messages. Errors: 65 none or several (they are listed), or the file is
 * damaged; 74; 71. */
gmmpi_status hdf5_find_points(hid_t file, const char *path, char **inside, gmmpi_error *error);

/* Says that there is no data set of this name, and which there are: 65. */
gmmpi_status hdf5_no_such_data_set(hid_t file, const char *path, const char *inside, gmmpi_error *error);

#endif
