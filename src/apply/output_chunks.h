/* Compressed HDF5, for output.c; and the file that its chunks go to. */
#ifndef APPLY_OUTPUT_CHUNKS_H
#define APPLY_OUTPUT_CHUNKS_H

#include "apply/output.h"

#include <hdf5.h>

/* Collective: writes table to draft, its chunks packed with level table->compress. piece_rows: how many rows are
 * produced at once, a multiple of the granule; numbers: room for them. Errors, to be agreed: 73, 71, those of the
 * producer. */
gmmpi_status output_chunks_write(MPI_Comm comm, const output_table *table, const char *path, const char *draft,
                                 int64_t piece_rows, void *const *numbers, gmmpi_error *error);

/* The bytes of a number of this type. */
int output_number_bytes(output_type type);

/* A file with a chunked data set for each column, for one rank. path is for messages. After an error the file is still
 * to be closed. Errors: 73. */
typedef struct output_chunk_file {
  hid_t file;
  hid_t sets[OUTPUT_MOST_COLUMNS];
  int n_sets;
} output_chunk_file;

gmmpi_status output_chunk_file_create(const output_table *table, int64_t chunk_rows, const char *draft,
                                      output_chunk_file *file, const char *path, gmmpi_error *error);

/* The packed chunk of a column that begins with this row. */
gmmpi_status output_chunk_write(const output_chunk_file *file, int column, int64_t row, const void *bytes,
                                int64_t n_bytes, const char *path, gmmpi_error *error);

/* Closes the file and, unless something failed before, sees it to the disk. */
gmmpi_status output_chunk_file_close(output_chunk_file *file, const char *draft, const char *path, gmmpi_error *error);

#endif
