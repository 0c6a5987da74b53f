/* SPDX-License-Identifier: BSD-3-Clause */
/* What an HDF5 file holds: its data sets, of whatever shape and type. */
#ifndef SOURCES_HDF5_INSIDES_H
#define SOURCES_HDF5_INSIDES_H

#include <jansson.h>

/* {"/path": {"shape": [...], "type": "float64"}, ...} of all data sets in the file, by name, and "tables": an
 * array of the groups whose data sets are columns of one length; a new reference. NULL when
 * it cannot be read as HDF5, or there is no memory. */
json_t *hdf5_insides(const char *path);

#endif
