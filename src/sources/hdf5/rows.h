/* SPDX-License-Identifier: BSD-3-Clause */
/* Rows of a data set through the library, of the columns picked: neighbouring columns are read together. */
#ifndef SOURCES_HDF5_ROWS_H
#define SOURCES_HDF5_ROWS_H

#include "sources/hdf5/numbers.h"
#include "sources/hdf5/unwritten.h"
#include "sources/source.h"

#include "gmmpi/error.h"

#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>

/* Numbers read at once where not every column was picked, unless one row has more. */
enum { HDF5_PIECE_NUMBERS = 1 << 19 };

/* Columns that are read together, both included. */
typedef struct hdf5_column_run {
  int64_t first;
  int64_t last;
} hdf5_column_run;

typedef struct hdf5_rows {
  hid_t data_set; /* negative: not open, as are space and numbers */
  hid_t space;
  int n_dimensions;
  hdf5_numbers numbers;
  hdf5_unwritten unwritten;
  hdf5_column_run *runs; /* n_runs, ascending */
  int64_t n_runs;
  bool is_direct; /* every column was picked, in order */
  double *piece;  /* piece_numbers, of a run where rows are not read to their place at once */
  int64_t piece_numbers;
} hdf5_rows;

/* How the columns that the source has picked are read; data_set is open. Errors: 71. */
gmmpi_status hdf5_rows_prepare(const point_source *source, hdf5_rows *rows, gmmpi_error *error);

/* Rows [first_row, first_row + n_rows) into numbers: n_rows x n_features of the source, row-major. Errors: 65 they are
 * damaged, 74, 71. */
gmmpi_status hdf5_rows_read(const point_source *source, hdf5_rows *rows, int64_t first_row, int64_t n_rows,
                            double *numbers, gmmpi_error *error);

/* Of a data set whose columns are the points, and whose rows are features: the numbers of n points from `first` on into
 * lines: for each row of each run n numbers. Errors: as above. */
gmmpi_status hdf5_rows_read_across(const point_source *source, hdf5_rows *rows, int64_t first, int64_t n, double *lines,
                                   gmmpi_error *error);

/* Closes the data set and the rest. */
void hdf5_rows_close(hdf5_rows *rows);

#endif
