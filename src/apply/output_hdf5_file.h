/* SPDX-License-Identifier: BSD-3-Clause */
/* The HDF5 file that a table becomes: its data sets, as one rank makes them. path is for messages. */
#ifndef APPLY_OUTPUT_HDF5_FILE_H
#define APPLY_OUTPUT_HDF5_FILE_H

#include "apply/output_table.h"

#include <hdf5.h>

/* --- contiguous data sets, which every rank writes itself --- */

typedef struct output_layout {
  int64_t columns[OUTPUT_MOST_COLUMNS]; /* bytes from the file's begin to each column's first number */
  int64_t file_bytes;                   /* of the whole file */
} output_layout;

/* Creates draft with data sets whose space is neither reserved nor written, and says where they are. Errors: 73. */
gmmpi_status output_hdf5_lay_out(const output_table *table, const char *path, const char *draft, output_layout *layout,
                                 gmmpi_error *error);

/* --- data sets of compressed chunks, which one rank writes --- */

typedef struct output_chunk_file {
  hid_t file;
  hid_t sets[OUTPUT_MOST_COLUMNS];
  int n_sets;
} output_chunk_file;

/* Creates draft with data sets for chunks of so many rows. After an error the file is still to be closed. Errors: 73.
 */
gmmpi_status output_chunk_file_create(const output_table *table, int64_t chunk_rows, const char *draft,
                                      output_chunk_file *file, const char *path, gmmpi_error *error);

/* Writes the packed chunk of a column that begins with this row. Errors: 73. */
gmmpi_status output_chunk_write(const output_chunk_file *file, int column, int64_t row, const void *bytes,
                                int64_t n_bytes, const char *path, gmmpi_error *error);

/* Closes the file and, unless error says that something failed before, sees it to the disk. Errors: 73. */
gmmpi_status output_chunk_file_close(output_chunk_file *file, const char *draft, const char *path, gmmpi_error *error);

#endif
