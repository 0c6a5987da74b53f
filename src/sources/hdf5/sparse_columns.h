/* SPDX-License-Identifier: BSD-3-Clause */
/* Features of a sparse matrix that is stored by features, in memory: rows are nowhere together in the file, so all
 * entries of the features that were picked are read once and kept. */
#ifndef SOURCES_HDF5_SPARSE_COLUMNS_H
#define SOURCES_HDF5_SPARSE_COLUMNS_H

#include "sources/hdf5/sparse_matrix.h"
#include "sources/source.h"

#include "gmmpi/error.h"

#include <stdint.h>

typedef struct sparse_columns {
  int64_t *begins;      /* n_features + 1: where the entries of each begin; NULL: not measured yet */
  int64_t *file_begins; /* n_features: and in the file */
  int64_t *points;      /* of entries, ascending for each feature; NULL: not read yet */
  double *values;
} sparse_columns;

/* Measures the features that source has picked; *n_bytes: what keeping them takes. Errors: 65, 74; 71. */
gmmpi_status sparse_columns_measure(const point_source *source, const sparse_matrix *matrix, sparse_columns *columns,
                                    int64_t *n_bytes, gmmpi_error *error);

/* Rows of the features, n_rows x n_features; reads all of them when it is called first. Errors: 65, 74; 71. */
gmmpi_status sparse_columns_read(const point_source *source, const sparse_matrix *matrix, sparse_columns *columns,
                                 int64_t first_row, int64_t n_rows, double *rows, gmmpi_error *error);

void sparse_columns_close(sparse_columns *columns);

#endif
