/* SPDX-License-Identifier: BSD-3-Clause */
/* A data set of one dimension that is read in slices, as those that a sparse matrix is put together from. */
#ifndef SOURCES_HDF5_VECTOR_H
#define SOURCES_HDF5_VECTOR_H

#include "sources/hdf5/numbers.h"
#include "sources/source.h"

#include "gmmpi/error.h"

#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct hdf5_vector {
  const char *label; /* borrowed: of the matrix, for messages */
  const char *name;  /* borrowed: "indices" */
  hid_t data_set, space;
  hdf5_numbers numbers;
  int64_t n;
  int64_t bytes; /* of memory that reading it takes */
} hdf5_vector;

extern const hdf5_vector hdf5_no_vector;

/* Opens the data set `name` of the group with a cache for its chunks. The name and the source's label are kept. Release
 * it with hdf5_vector_close, also after an error. Errors: 65 it holds no numbers, or no integers where they are wanted,
 * in one dimension, it was not written, its filter is missing, or it is damaged; 74; 71. */
gmmpi_status hdf5_vector_open(const point_source *source, hid_t group, const char *name, bool is_integer,
                              hdf5_vector *vector, gmmpi_error *error);
void hdf5_vector_close(hdf5_vector *vector);

/* Reads n numbers from the first on, all of which are there. Integers: any that 64 bits do not hold are the nearest
 * that they do. Errors: 65 they are damaged, 74; 71. */
gmmpi_status hdf5_vector_read(const hdf5_vector *vector, int64_t first, int64_t n, double *values, gmmpi_error *error);
gmmpi_status hdf5_vector_read_integers(const hdf5_vector *vector, int64_t first, int64_t n, int64_t *values,
                                       gmmpi_error *error);

#endif
