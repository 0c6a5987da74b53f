/* SPDX-License-Identifier: BSD-3-Clause */
/* One chunk of an HDF5 data set as the filters shuffle and deflate leave it: the bytes of the numbers sorted by their
 * place in the number (all first bytes, then all second ones ...), packed by zlib. */
#ifndef APPLY_OUTPUT_DEFLATE_H
#define APPLY_OUTPUT_DEFLATE_H

#include "gmmpi/error.h"

#include <stdint.h>

/* Bytes that grow. */
typedef struct byte_buffer {
  unsigned char *bytes;
  int64_t n_bytes;  /* that it holds */
  int64_t capacity; /* for which there is room */
} byte_buffer;

/* Makes room for so many bytes in all. Errors: 71. path is for the message. */
gmmpi_status byte_buffer_reserve(byte_buffer *buffer, int64_t capacity, const char *path, gmmpi_error *error);

/* Adds to packed how long the packed chunk is (int64_t) and the chunk: n_numbers of number_bytes bytes each, filled up
 * with zeros to n_in_chunk. level: 1 to 9. shuffled: room. Errors: 71. */
gmmpi_status deflate_chunk(const void *numbers, int64_t n_numbers, int64_t n_in_chunk, int number_bytes, int level,
                           byte_buffer *shuffled, byte_buffer *packed, const char *path, gmmpi_error *error);

#endif
