/* SPDX-License-Identifier: BSD-3-Clause */
/* Loom files, of single-cell measurements: /matrix and the data sets in /layers are genes x cells, /row_attrs says what
 * the genes are, /col_attrs the cells (loompy's "Loom file format specs"). The points are the cells. */
#ifndef SOURCES_HDF5_LOOM_H
#define SOURCES_HDF5_LOOM_H

#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>

/* Is the data set at inside such a matrix? */
bool hdf5_is_loom_matrix(hid_t file, const char *inside);

/* The names of its n genes: /row_attrs/Gene, else the first list of n texts there; for hdf5_strings_free. NULL: there
 * are none, or no memory. */
char **hdf5_loom_names(hid_t file, int64_t n);

#endif
