/* Tables that many ranks write to one file: HDF5, or CSV when the path ends in .csv (.tsv and .txt: with tabs).
 *
 * Rank 0 creates the draft of the file (support/file.h) with all that is not rows, finds out where each column's
 * numbers are, and reserves the space; then every rank writes its rows at their place and flushes them; when all ranks
 * have done so rank 0 gives the file its name. MPI-IO is not used, because there errors on one rank get lost or hang
 * the others. A path that is a device is written directly.
 *
 * Rows are produced chunk by chunk by the caller; CSV asks for them twice, first to learn how long the text is. The
 * bytes of the file depend on the table alone. */
#ifndef APPLY_OUTPUT_H
#define APPLY_OUTPUT_H

#include "gmmpi/error.h"

#include <mpi.h>
#include <stdbool.h>

enum { OUTPUT_MOST_COLUMNS = 8 };

typedef enum output_type { OUTPUT_INT32, OUTPUT_INT64, OUTPUT_REAL, OUTPUT_FLOAT } output_type;

typedef struct output_column {
  const char *name; /* of the data set */
  output_type type;
  int64_t width;                  /* numbers per row */
  bool is_matrix;                 /* HDF5: two dimensions, rows x width; else one and width is 1 */
  const char *const *headings;    /* width: of the CSV columns */
  const char *headings_attribute; /* HDF5: an attribute of the data set with the headings; NULL: none */
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

/* Collective over comm. Errors, agreed: 73, 71, those of the producer and the approver, 75 when a signal has asked
 * a rank to stop; an older file of that name stays as it was. */
gmmpi_status output_write(MPI_Comm comm, const char *path, const output_table *table, gmmpi_error *error);

/* The first row of a rank's where all ranks get as many whole granules, as far as possible; n_rows for the rank behind
 * the last one. */
int64_t output_first_row(int64_t n_rows, int64_t granule, int rank, int n_ranks);

/* Is path one for text, by its ending? */
bool output_is_text(const char *path);

/* The bytes that output_write needs for columns with so many numbers per row in all. */
int64_t output_bytes(int64_t granule, int64_t numbers_per_row);

#endif
