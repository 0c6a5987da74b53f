/* SPDX-License-Identifier: BSD-3-Clause */
/* A FITS table or image that is read. */
#ifndef SOURCES_FITS_STATE_H
#define SOURCES_FITS_STATE_H

#include "sources/fits/cells.h"
#include "sources/source.h"

#include "gmmpi/error.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct fits_state {
  int descriptor;     /* of the file, for what is not packed */
  int64_t data_begin; /* bytes */
  int64_t row_bytes;  /* from one point to the next */
  fits_cell *cells;   /* n_features; NULL: an image, of which all numbers are as `pixel` says */
  fits_cell pixel;
  int64_t pixel_step;   /* bytes from a feature of a point to the next one in the file */
  bool is_transposed;   /* do a feature's numbers lie one behind the other? */
  void *packed;         /* a fitsfile, at a packed image; NULL: it is not packed */
  unsigned char *piece; /* piece_bytes */
  size_t piece_bytes;
} fits_state;

/* Sets everything in source, whose state is there; see source_kind.open. Where there is no cfitsio it says so: 65. */
gmmpi_status fits_open_points(point_source *source, const source_options *options, gmmpi_error *error);

/* What the file at path holds; see kinds_insides. */
struct json_t *fits_insides(const char *path);

/* See source_kind.library. */
const char *fits_library(void);

/* Rows that are not packed, and those of a packed image. See source_read. */
gmmpi_status fits_read_rows(const point_source *source, int64_t first_row, int64_t n_rows, double *rows,
                            gmmpi_error *error);
gmmpi_status fits_read_packed(const point_source *source, int64_t first_row, int64_t n_rows, double *rows,
                              gmmpi_error *error);
void fits_close_packed(fits_state *state);

/* At least so much memory at state->piece. Errors: 71. */
gmmpi_status fits_make_piece(const point_source *source, size_t n_bytes, gmmpi_error *error);

enum { FITS_PIECE_BYTES = 4 << 20 }; /* how much is read at once, unless one row is larger */

#endif
