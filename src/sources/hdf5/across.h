/* SPDX-License-Identifier: BSD-3-Clause */
/* A data set whose columns are the points, as programs write it that hold matrices column by column: features x points.
 * The features that are picked are its rows. */
#ifndef SOURCES_HDF5_ACROSS_H
#define SOURCES_HDF5_ACROSS_H

#include "sources/band.h"
#include "sources/hdf5/chunks.h"
#include "sources/hdf5/rows.h"
#include "sources/source.h"

#include "gmmpi/error.h"

#include <stdint.h>

/* All zero: not open. */
typedef struct hdf5_across {
  const point_source *source;
  hdf5_rows *rows; /* its runs are of rows of the data set */
  int descriptor;  /* where numbers are read without the library, as in matrix.c; else -1 */
  int64_t offset;
  int item_bytes;
  int64_t *lines; /* n_features: the line of each in a band; NULL: they are in order */
  point_band band;
} hdf5_across;

/* Opens it for a source whose rows are prepared; source, rows, descriptor, offset and item_bytes are set. chunks: what
 * reading takes. Adds to the source's buffer_bytes. Errors: 71. */
gmmpi_status hdf5_across_open(hdf5_across *across, point_source *source, hdf5_chunk_memory chunks, gmmpi_error *error);

/* See source_read. */
gmmpi_status hdf5_across_read(hdf5_across *across, int64_t first_row, int64_t n_rows, double *rows, gmmpi_error *error);

void hdf5_across_close(hdf5_across *across);

#endif
