/* SPDX-License-Identifier: BSD-3-Clause */
/* HDF5 files that are built in memory, so that they can be written as a whole, and whose bytes depend on their content
 * alone: no times are stored, the format's version is fixed, and numbers are little-endian on every machine. */
#ifndef SUPPORT_HDF5_IMAGE_H
#define SUPPORT_HDF5_IMAGE_H

#include <hdf5.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A new file in memory; expected_bytes is a guess at its final size. Negative on failure; H5Fclose forgets it. */
hid_t hdf5_image_create(int64_t expected_bytes);

/* A new group, such as "/means", in one that is there. */
bool hdf5_image_group(hid_t file, const char *name);

/* A new contiguous data set of doubles: values has the n_dimensions (at most 4) of shape, row-major. */
bool hdf5_image_write(hid_t file, const char *name, int n_dimensions, const int64_t *shape, const double *values);

/* The same of any type, where dimensions may be 0; values is of memory_type. */
bool hdf5_image_write_as(hid_t file, const char *name, int n_dimensions, const int64_t *shape, hid_t file_type,
                         hid_t memory_type, const void *values);

/* The same of integers. */
bool hdf5_image_write_integers(hid_t file, const char *name, int n_dimensions, const int64_t *shape,
                               const int64_t *values);

/* The n_bytes bytes of the file as it stands, behind which there is room for a seal (support/seal.h). The caller frees.
 * False when there is no memory. */
bool hdf5_image_bytes(hid_t file, void **bytes, size_t *n_bytes);

#endif
