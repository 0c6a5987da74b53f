/* SPDX-License-Identifier: BSD-3-Clause */
#include "apply/output_deflate.h"

#include "support/error.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

gmmpi_status byte_buffer_reserve(byte_buffer *buffer, int64_t capacity, const char *path, gmmpi_error *error)
{
  if (capacity <= buffer->capacity) return GMMPI_OK;
  unsigned char *bytes = realloc(buffer->bytes, (size_t)capacity);
  if (bytes == NULL)
    return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to compress it; use machines with more memory", path);
  buffer->bytes = bytes;
  buffer->capacity = capacity;
  return GMMPI_OK;
}

static void shuffle(const unsigned char *numbers, int64_t n_numbers, int64_t n_in_chunk, int number_bytes,
                    unsigned char *shuffled)
{
  for (int b = 0; b < number_bytes; b++) {
    unsigned char *plane = shuffled + b * n_in_chunk;
    for (int64_t i = 0; i < n_numbers; i++) plane[i] = numbers[i * number_bytes + b];
    memset(plane + n_numbers, 0, (size_t)(n_in_chunk - n_numbers));
  }
}

gmmpi_status deflate_chunk(const void *numbers, int64_t n_numbers, int64_t n_in_chunk, int number_bytes, int level,
                           byte_buffer *shuffled, byte_buffer *packed, const char *path, gmmpi_error *error)
{
  const int64_t n_bytes = n_in_chunk * number_bytes;
  uLongf length = compressBound((uLong)n_bytes);
  const int64_t begin = packed->n_bytes + (int64_t)sizeof(int64_t);
  int64_t needed = begin + (int64_t)length;
  if (needed > packed->capacity) needed += needed / 2;
  if (byte_buffer_reserve(shuffled, n_bytes, path, error) != GMMPI_OK ||
      byte_buffer_reserve(packed, needed, path, error) != GMMPI_OK)
    return error->status;
  shuffle(numbers, n_numbers, n_in_chunk, number_bytes, shuffled->bytes);
  if (compress2(packed->bytes + begin, &length, shuffled->bytes, (uLong)n_bytes, level) != Z_OK)
    return fail(error, GMMPI_NO_MEMORY, "%s: zlib finds no memory to compress it; use machines with more memory", path);
  const int64_t written = (int64_t)length;
  memcpy(packed->bytes + packed->n_bytes, &written, sizeof written);
  packed->n_bytes = begin + written;
  return GMMPI_OK;
}
