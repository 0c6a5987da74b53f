/* SPDX-License-Identifier: BSD-3-Clause */
/* Which data set or group of an HDF5 file holds the points, where nobody says it. */
#ifndef SOURCES_HDF5_FIND_H
#define SOURCES_HDF5_FIND_H

#include "sources/source.h"

#include "gmmpi/error.h"

#include <hdf5.h>

/* The path (with a leading '/') of what can be meant:
 *
 *   - /X of AnnData;
 *   - the only 2-D data set of numbers, unless it is bounds or a dimension scale, or smaller than other numbers there:
 *     of three dimensions, or in a table;
 *   - without one the only table: compound, sparse, a frame of pandas, the variables of netCDF, particles of openPMD;
 *   - without one the only 1-D data set;
 *   - where --columns, or a model's features, are called so: the group that has columns of these names, the root before
 *     others.
 *
 * The caller frees it. Notes what was taken. Errors: 65 none or several (they are listed), or the file is damaged; 74;
 * 71. */
gmmpi_status hdf5_find_points(hid_t file, point_source *source, const source_options *options, char **inside,
                              gmmpi_error *error);

/* Says that there is no data set of this name, and which there are: 65. */
gmmpi_status hdf5_no_such_data_set(hid_t file, const char *path, const char *inside, gmmpi_error *error);

#endif
