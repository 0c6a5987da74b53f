/* SPDX-License-Identifier: BSD-3-Clause */
/* The numbers of a FITS file: from its bytes, which have the highest first, to doubles. */
#ifndef SOURCES_FITS_CELLS_H
#define SOURCES_FITS_CELLS_H

#include <stdbool.h>
#include <stdint.h>

enum { FITS_TEXT_BYTES = 72 }; /* more than a number or TNULL of an ASCII table needs */

/* Where a feature is in each row, and what its numbers stand for: number * scale + zero, or a missing value. */
typedef struct fits_cell {
  int64_t offset; /* bytes, from the beginning of the first row */
  char type;      /* as in TFORM: L (T, F), B, I, J, K (integers of 1, 2, 4, 8 bytes), E, D (floats); A: text */
  int width;      /* bytes */
  int n_decimals; /* of text without a decimal point: how many digits stand behind where it would be */
  bool has_null;  /* of integers: does null stand for a missing value? */
  int64_t null;   /* as in the file */
  char null_text[FITS_TEXT_BYTES]; /* of text: what stands for a missing value; "": nothing but blanks does */
  double scale, zero;
} fits_cell;

/* The width of a number of this type of TFORM; 0: it is none. */
int fits_type_bytes(char type);

/* The same of an image's BITPIX, and the type; 0: there is no such BITPIX. */
int fits_bitpix_bytes(int bitpix, char *type);

/* Are its integers kept with a bit of the sign that is not theirs, as TZERO 32768 of uint16 says? */
bool fits_cell_is_sign_shifted(const fits_cell *cell);

/* From now on numbers stand for themselves. */
void fits_cell_make_raw(fits_cell *cell);

/* n numbers, the first of which is at bytes, row_bytes apart, to numbers that are `stride` apart. Returns n, or which
 * one, from 0, is text that is no number. */
int64_t fits_cells_convert(const fits_cell *cell, const unsigned char *bytes, int64_t row_bytes, int64_t n,
                           double *numbers, int64_t stride);

#endif
