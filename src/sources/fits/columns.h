/* SPDX-License-Identifier: BSD-3-Clause */
/* The columns of a FITS table, as cfitsio describes them: of numbers, a column of several for each row counting as so
 * many. Those of text, bits and of arrays of any length are left out.
 *
 * Built only where there is cfitsio. */
#ifndef SOURCES_FITS_COLUMNS_H
#define SOURCES_FITS_COLUMNS_H

#include "sources/fits/cells.h"

#include "gmmpi/error.h"

#include <fitsio.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct fits_columns {
  int64_t n;
  char **names;  /* n: "flux", or "vec.0", "vec.1", ... */
  char **arrays; /* n: "vec", or NULL */
  fits_cell *cells;
  int64_t row_bytes;
  char **left_out; /* n_left_out names */
  int n_left_out;
} fits_columns;

/* How many numbers a row of the table has that handle is at; negative when cfitsio cannot say, with *status set. */
int64_t fits_columns_count(fitsfile *handle, int *status);

/* All of them. *columns is for fits_columns_clear, also after an error; label: for messages. Errors: 65, 71. */
gmmpi_status fits_columns_read(fitsfile *handle, const char *label, fits_columns *columns, gmmpi_error *error);
void fits_columns_clear(fits_columns *columns);

/* Makes what is not printable ASCII, as a header may have no other, a question mark. */
void fits_clean_text(char *text);

#endif
