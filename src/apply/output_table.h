/* SPDX-License-Identifier: BSD-3-Clause */
/* A table that many ranks write: its columns, and who produces its rows. */
#ifndef APPLY_OUTPUT_TABLE_H
#define APPLY_OUTPUT_TABLE_H

#include "gmmpi/error.h"

#include <mpi.h>
#include <stdbool.h>

enum { OUTPUT_MOST_COLUMNS = 16 };

typedef enum output_type { OUTPUT_INT32, OUTPUT_INT64, OUTPUT_REAL, OUTPUT_FLOAT } output_type;

/* The bytes of a number of this type. */
static inline int output_number_bytes(output_type type)
{
  return type == OUTPUT_INT32 || type == OUTPUT_FLOAT ? 4 : 8;
}

/* The most bytes that a number and the delimiter behind it take in text. */
enum { OUTPUT_TEXT_BYTES = 28 };

typedef struct output_column {
  const char *name; /* of the data set */
  output_type type;
  int64_t width;                  /* numbers per row */
  bool is_matrix;                 /* HDF5: two dimensions, rows x width; else one and width is 1 */
  int64_t inner;                  /* of a matrix, unless 0: three dimensions, rows x width / inner x inner */
  const char *const *headings;    /* width: of the CSV columns */
  const char *headings_attribute; /* HDF5: an attribute of the data set with the headings; NULL: none */
  /* Of a column of OUTPUT_INT32 of width 1: what its numbers from 0 on are called, n_names texts; NULL: nothing. HDF5:
   * an attribute of the data set, "names"; text: a column behind it, empty where the number has no name. */
  const char *const *names;
  int64_t n_names;
  const char *names_heading; /* of that column */
} output_column;

/* Sets `n` rows from this rank's row `first` (0 is the rank's first one) on: numbers[c] is n x width of column c, of
 * its type. Text is asked for in ascending order, and twice; HDF5 once, when it is compressed in any order, but all
 * rows of a granule at once. An error ends the writing. Ranks do not communicate here. */
typedef gmmpi_status output_producer(void *context, int64_t first, int64_t n, void *const *numbers, gmmpi_error *error);

/* Collective: asked when all rows have been produced; an error, agreed, keeps the file from getting its name. */
typedef gmmpi_status output_approver(MPI_Comm comm, void *context, gmmpi_error *error);

typedef struct output_table {
  int64_t n_rows;    /* of all ranks, at least 1 */
  int64_t first_row; /* 0-based: where this rank's rows begin */
  int64_t n_own;     /* rows of this rank; 0 is fine */
  int64_t granule;   /* chunks begin at multiples of so many rows, as do the ranks' rows if they are compressed */
  int compress;      /* HDF5: 1 to 9 for chunks that are shuffled and deflated, 0: as they are */
  const output_column *columns;
  int n_columns;
  output_producer *produce;
  output_approver *approve; /* NULL: not asked */
  void *context;            /* of both */
} output_table;

#endif
