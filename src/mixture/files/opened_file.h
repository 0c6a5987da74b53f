/* SPDX-License-Identifier: BSD-3-Clause */
/* A file of models that is open for reading, whatever it may be. */
#ifndef MIXTURE_FILES_OPENED_FILE_H
#define MIXTURE_FILES_OPENED_FILE_H

#include "gmmpi/error.h"

#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct opened_file {
  const char *path;
  hid_t id;
  int64_t n_bytes;
} opened_file;

/* Opens an HDF5 file, whose seal is good if it has one; to be closed with H5Fclose(file->id). Errors: 66, 65, 74, 71.
 */
gmmpi_status opened_file_open(const char *path, opened_file *file, gmmpi_error *error);

/* HDF5 could not read the file: is the disk to blame (74), or its content (65)? */
gmmpi_status opened_file_broken(const opened_file *file, gmmpi_error *error);

/* Can the file really hold what the data set's header claims? Deflate compresses by at most 1032. */
bool opened_file_has(const opened_file *file, hid_t data_set);

#endif
