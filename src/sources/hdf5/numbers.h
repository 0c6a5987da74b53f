/* SPDX-License-Identifier: BSD-3-Clause */
/* Which HDF5 types are numbers, and how they become doubles.
 *
 * The library converts integers and floats of every size and byte order by itself. Booleans are numbers here as well:
 * the enumeration of FALSE and TRUE that h5py writes, and the 8-bit field of PyTables, neither of which the library
 * converts. */
#ifndef SOURCES_HDF5_NUMBERS_H
#define SOURCES_HDF5_NUMBERS_H

#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>

/* Is the type, which is neither integer nor float, that of booleans? */
bool hdf5_is_boolean(hid_t type);

/* Does the data set hold integers, floats or booleans? */
bool hdf5_is_numeric(hid_t data_set);

/* How the numbers of a data set are read. */
typedef struct hdf5_numbers {
  hid_t memory;   /* the type to read them as, at most as large as a double */
  hid_t integers; /* what these are before they become doubles; negative: they are doubles */
} hdf5_numbers;

/* False when there is no memory. Release with hdf5_numbers_close, also then. */
bool hdf5_numbers_open(hid_t data_set, hdf5_numbers *numbers);
void hdf5_numbers_close(hdf5_numbers *numbers);

/* H5Dread with conversion to doubles: n of them are selected in both spaces. */
bool hdf5_numbers_read(const hdf5_numbers *numbers, hid_t data_set, hid_t memory_space, hid_t file_space, int64_t n,
                       double *values);

#endif
