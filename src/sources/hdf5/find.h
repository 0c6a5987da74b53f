/* Which data set of an HDF5 file holds the points: the one that was asked for, or the only one that can. */
#ifndef SOURCES_HDF5_FIND_H
#define SOURCES_HDF5_FIND_H

#include "gmmpi/error.h"

#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>

/* Does errno, 0 before a call of the library that failed, say that the disk is to blame? */
bool hdf5_disk_failed(void);

/* Says why a file that was recognised could not be read: 74 when the disk failed, 65 when its content is damaged. */
gmmpi_status hdf5_broken(const char *path, gmmpi_error *error);

/* Opens a file for reading with the plain driver and without locks, which some cluster file systems don't have.
 * Negative, with errno set, when that fails. */
hid_t hdf5_open_file(const char *path);

/* The path (with a leading '/') of the only 2-D data set of numbers in the file, of the only 1-D one where none is 2-D.
 * The caller frees it. path: of the file, for messages. Errors: 65 none or several (they are listed), or the file is
 * damaged; 74; 71. */
gmmpi_status hdf5_find_points(hid_t file, const char *path, char **inside, gmmpi_error *error);

/* Says that there is no data set of this name, and which there are: 65. */
gmmpi_status hdf5_no_such_data_set(hid_t file, const char *path, const char *inside, gmmpi_error *error);

/* The strings of the data set's attribute: n_names of them, which the caller frees one by one and the array. NULL when
 * there is no attribute of this name that is an array of that many strings, or no memory. */
char **hdf5_read_names(hid_t data_set, const char *attribute, int64_t n_names);

#endif
