/* SPDX-License-Identifier: BSD-3-Clause */
/* Parts of a data set that nobody has written: chunks that were never stored, all of one that is not chunked, and what
 * no piece of a virtual one covers. The library delivers fill values for them, and no error; here they are missing.
 *
 * Chunks that are stored are counted once, when the data set is opened. Where all are there, nothing more is done. The
 * rest of a chunk that was begun holds fill values, of which nobody can tell that they are none.
 *
 * Rows and columns are those of the data set, also where columns are read as points. */
#ifndef SOURCES_HDF5_UNWRITTEN_H
#define SOURCES_HDF5_UNWRITTEN_H

#include "sources/source.h"

#include "gmmpi/error.h"

#include <hdf5.h>
#include <mpi.h>
#include <stdbool.h>
#include <stdint.h>

/* Rows [first, end) and columns likewise. */
typedef struct hdf5_block {
  int64_t first_row, end_row, first_column, end_column;
} hdf5_block;

/* All zero: everything was written. */
typedef struct hdf5_unwritten {
  bool is_any;
  int64_t chunk_rows, chunk_columns;
  int64_t n_abreast;  /* chunks in a row of them */
  int64_t n_chunks;   /* 0: there are none, or all are stored */
  uint8_t *is_stored; /* n_chunks, row by row */
  hdf5_block *blocks; /* n_blocks, of a virtual data set, ascending by first row */
  int64_t n_blocks;
} hdf5_unwritten;

/* Collective over comm, errors are agreed; before the data set is read. Rank 0 looks at the data set, of one dimension
 * or two, and all know. With
 * --raw-values fill values are numbers, and nothing is looked for. A doubt names the first row. Release it with
 * hdf5_unwritten_close, also after an error. Errors: 65 nothing at all was written; damaged; 74; 71. */
gmmpi_status hdf5_unwritten_find(MPI_Comm comm, point_source *source, hid_t data_set, hdf5_unwritten *unwritten,
                                 gmmpi_error *error);

/* The same by one rank, which looks at a piece of a virtual data set: how many rows there are in the first part that
 * was never written, and where it begins, from 0. Negative when nobody can say. */
int64_t hdf5_unwritten_count(hid_t data_set, int64_t *first_row);

/* Makes NaN of the numbers of rows [first_row, first_row + n_rows) and columns likewise of the data set that were never
 * written; numbers: n_rows x n_columns. */
void hdf5_unwritten_blank(const hdf5_unwritten *unwritten, int64_t first_row, int64_t n_rows, int64_t first_column,
                          int64_t n_columns, double *numbers);

void hdf5_unwritten_close(hdf5_unwritten *unwritten);

#endif
