/* SPDX-License-Identifier: BSD-3-Clause */
/* Facts as attributes of an HDF5 object, and back.
 *
 *   JSON                       HDF5
 *   integer, real              scalar: 64-bit integer, double (little-endian)
 *   true, false                scalar: the enumeration of FALSE and TRUE that h5py writes and knows as bool
 *   string                     scalar: UTF-8 string of fixed length, padded with zeros
 *   array of one kind of them  one dimension; integers among reals become reals; not of booleans
 *
 * Empty arrays and null are not stored. What other programs store in the same types, or as strings of variable length,
 * is read as well; attributes of other types are passed over. */
#ifndef SUPPORT_HDF5_ATTRIBUTES_H
#define SUPPORT_HDF5_ATTRIBUTES_H

#include <hdf5.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Writes the members of an object, in their order. False when one cannot be stored: there is no memory, or its type or
 * name is none that an attribute can have. */
bool hdf5_attributes_write(hid_t object, const json_t *facts);

/* All attributes, in the order in which they were made, as a new JSON object. NULL when one cannot be read. file_bytes:
 * the real size of the file, which no attribute can exceed whatever it claims. */
json_t *hdf5_attributes_read(hid_t object, int64_t file_bytes);

/* One attribute of n_strings strings, byte for byte. */
bool hdf5_strings_write(hid_t object, const char *name, int64_t n_strings, const char *const *strings);

/* The strings of an attribute (a scalar is one), byte for byte; *strings is for hdf5_strings_free. False when there is
 * no such attribute, it holds no strings or cannot be read. */
bool hdf5_strings_read(hid_t object, const char *name, int64_t file_bytes, int64_t *n_strings, char ***strings);
void hdf5_strings_free(int64_t n_strings, char **strings);

#endif
