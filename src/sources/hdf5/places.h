/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the library looks for a file that another HDF5 file names. */
#ifndef SOURCES_HDF5_PLACES_H
#define SOURCES_HDF5_PLACES_H

/* The file of this name, when it is there: in the folders that the environment's variable lists with colons between,
 * beside the file at path that names it, in the working folder; for an absolute name there first, and then for its last
 * part in the others. The caller frees it; NULL: nowhere, or no memory. */
char *hdf5_find_file(const char *path, const char *name, const char *variable);

/* Where a file of raw numbers that the data set in the file at path names must be: in the folder that
 * HDF5_EXTFILE_PREFIX names, else in the working folder. The caller frees it; NULL: no memory. */
char *hdf5_place_of_raw_file(const char *path, const char *name);

#endif
