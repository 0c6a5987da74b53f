/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the pieces of a virtual data set are. A name in which "%b" stands for a number is that of a row of pieces, as
 * many as there are: the blocks 0, 1, 2, ... */
#ifndef SOURCES_HDF5_PIECES_H
#define SOURCES_HDF5_PIECES_H

#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct hdf5_piece {
  int64_t number;   /* of the piece or row of pieces, from 1 */
  int64_t block;    /* in a row of pieces; -1: it is not in one */
  bool same_file;   /* are all blocks in one file, and their data sets numbered? */
  char *file;       /* as the virtual data set calls it */
  char *found;      /* the file where it is; NULL: nowhere */
  char *inside;     /* its data set */
  hid_t used;       /* the space of this, with what is used of it selected */
  int64_t n_values; /* as many as that is, where it is all of its data set */
  int64_t n_rows;   /* of the virtual data set, from its first one to its last; -1: there is no end */
} hdf5_piece;

typedef enum hdf5_next { NEXT_PIECE, ROW_IS_OVER, NO_MORE } hdf5_next;

/* Says whether to go on; at the end of a row it is the visitor who has to know that there are no more blocks. */
typedef hdf5_next hdf5_piece_visitor(void *context, const hdf5_piece *piece);

/* Visits the pieces in their order. properties: those the data set was made with; path: of the file it is in. The
 * number of the piece that could not be understood, or for which there was no memory; 0: none. */
int64_t hdf5_visit_pieces(hid_t properties, const char *path, hdf5_piece_visitor *visit, void *context);

#endif
