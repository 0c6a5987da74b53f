/* SPDX-License-Identifier: BSD-3-Clause */
/* The header of a NumPy .npy file, formats 1.0 to 3.0: a Python dictionary that says type, order and shape of the
 * numbers behind it (NumPy enhancement proposal 1, "A simple file format for NumPy arrays"). */
#ifndef SOURCES_NPY_HEADER_H
#define SOURCES_NPY_HEADER_H

#include "sources/record_columns.h"

#include "gmmpi/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NPY_MAGIC_BYTES = 6 };
extern const char npy_magic[NPY_MAGIC_BYTES + 1];

typedef struct npy_header {
  char type;              /* 'f', 'i', 'u' or 'b'; 'r': a record */
  int item_bytes;         /* of one number or record */
  bool is_swapped;        /* is the byte order not this machine's? */
  bool is_fortran;        /* column by column? */
  int n_dimensions;       /* 1 or 2 */
  int64_t n_rows;         /* of a 1-D array: its length */
  int64_t n_columns;      /* of a 1-D array: 1 */
  int64_t data_begin;     /* where in the file the numbers begin */
  record_columns columns; /* of records: for record_columns_free, also after an error */
} npy_header;

/* Reads the header of a file of n_bytes bytes and checks that all numbers are there. Errors: 65 a header that is
 * damaged or of a format unknown, a type that is no number, more than two dimensions, no columns, a file that is too
 * short; 74; 71. */
gmmpi_status npy_header_read(int descriptor, const char *path, int64_t n_bytes, npy_header *header, gmmpi_error *error);

#endif
