/* SPDX-License-Identifier: BSD-3-Clause */
/* Sparse matrices in HDF5 files: a group of three lists. The entries of the i-th line, which is a row of the matrix
 * where it is stored by rows (CSR) and a column where it is stored by columns (CSC), are data[k] at the places
 * indices[k] of that line, for indptr[i] <= k < indptr[i + 1]; all else is 0. Entries at the same place are summed.
 *
 *   AnnData       attributes encoding-type csr_matrix or csc_matrix and shape: points x features
 *   h5sparse      of AnnData before 0.7: attributes h5sparse_format csr or csc and h5sparse_shape
 *   10x Genomics  data set shape: features x points, by columns */
#ifndef SOURCES_HDF5_SPARSE_MATRIX_H
#define SOURCES_HDF5_SPARSE_MATRIX_H

#include "sources/hdf5/vector.h"

#include "gmmpi/error.h"

#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct sparse_matrix {
  const char *label; /* borrowed, for messages */
  int64_t n_points, n_features;
  bool is_by_feature; /* is a line a feature? Else it is a point. */
  bool is_10x;
  hdf5_vector data, indices, indptr;
} sparse_matrix;

/* Opens the matrix that the group holds for the source, whose label is kept. Release it with sparse_matrix_close, also
 * after an error. Errors: 65 the lists do not fit to each other or the shape; those of hdf5_vector_open. */
gmmpi_status sparse_matrix_open(const point_source *source, hid_t group, sparse_matrix *matrix, gmmpi_error *error);
void sparse_matrix_close(sparse_matrix *matrix);

/* Where lines [first, first + n) begin and the last one ends: bounds receives n + 1 numbers, which ascend and are
 * within the entries. Errors: 65 they are not; 74. */
gmmpi_status sparse_matrix_bounds(const sparse_matrix *matrix, int64_t first, int64_t n, int64_t *bounds,
                                  gmmpi_error *error);

/* Entries [first, first + n): where they are in their lines, and what they are. Errors: 65 damaged; 74. */
gmmpi_status sparse_matrix_entries(const sparse_matrix *matrix, int64_t first, int64_t n, int64_t *places,
                                   double *values, gmmpi_error *error);

/* Says that an entry of a line, from 0, is at a place that the line does not have: 65. */
gmmpi_status sparse_matrix_bad_place(const sparse_matrix *matrix, int64_t line, int64_t place, gmmpi_error *error);

#endif
