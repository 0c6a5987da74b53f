/* SPDX-License-Identifier: BSD-3-Clause */
/* Tables of an HDF5 file that are more than one data set of numbers. */
#ifndef SOURCES_HDF5_TABLES_H
#define SOURCES_HDF5_TABLES_H

#include <hdf5.h>
#include <stdbool.h>

/* Is the object a data set of records, or the group of a pandas table? */
bool hdf5_is_table(hid_t object);

/* Is the object the group of a sparse matrix, of AnnData or 10x Genomics? */
bool hdf5_is_sparse_matrix(hid_t object);

#endif
