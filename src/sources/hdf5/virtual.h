/* SPDX-License-Identifier: BSD-3-Clause */
/* Virtual data sets: pieces of other files that look like one data set. Where a piece is not there the library delivers
 * fill values and no error, so the pieces are looked at before any of them is read. */
#ifndef SOURCES_HDF5_VIRTUAL_H
#define SOURCES_HDF5_VIRTUAL_H

#include "sources/hdf5/chunks.h"
#include "sources/written_files.h"

#include "gmmpi/error.h"

#include <mpi.h>
#include <stdbool.h>
#include <stdint.h>

/* The pieces that were seen. */
typedef struct hdf5_pieces {
  int64_t n;              /* all of them */
  hdf5_chunk_memory most; /* of those that are this rank's share */
  int64_t n_rows;         /* the sum of all that are known; ... */
  int64_t n_endless;      /* ... and how many others there are, which may have all rows */
  bool grow;              /* some have no end: the virtual data set is as long as they are */
} hdf5_pieces;

/* Looks for every piece and opens those that are this rank's share; the ranks of comm share them out but do not
 * communicate. properties: those the data set was made with; path: of the file it is in; label: what messages call it;
 * is_raw: are fill values of what was never written numbers? written: where to note files that are being written.
 * Errors, the first piece having the smallest place: 66 a file is not there, 65 its content. */
gmmpi_status hdf5_check_pieces(MPI_Comm comm, hid_t properties, const char *path, const char *label, bool is_raw,
                               written_files *written, hdf5_pieces *pieces, gmmpi_error *error);

/* For pieces that grow: do they all end at the same row? inside: the data set in the file. Errors: 65. */
gmmpi_status hdf5_check_ends(hid_t file, const char *inside, const char *label, gmmpi_error *error);

#endif
