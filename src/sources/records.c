/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/records.h"

#include "support/error.h"
#include "support/file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool machine_is_little_endian(void)
{
  const uint16_t one = 1;
  return *(const unsigned char *)&one == 1;
}

/* --- from bytes to doubles --- */

double half_to_double(uint16_t half)
{
  const int exponent = (half >> 10) & 31;
  const int fraction = half & 1023;
  double size;
  if (exponent == 31) {
    size = fraction == 0 ? INFINITY : NAN;
  } else if (exponent == 0) {
    size = ldexp(fraction, -24);
  } else {
    size = ldexp(1024 + fraction, exponent - 25);
  }
  return (half & 0x8000) != 0 ? -size : size;
}

/* A field of n records that are record_bytes apart, to every stride-th number. */
typedef struct field_run {
  const unsigned char *bytes;
  int64_t record_bytes;
  int64_t n;
  double *numbers;
  int64_t stride;
} field_run;

/* A function that converts a run of items of one type; `bits` is the unsigned integer of its size. */
#define CONVERT_RUN(name, item, bits, swap, to_double)                                                                 \
  static void name(const field_run *run, bool is_swapped)                                                              \
  {                                                                                                                    \
    for (int64_t i = 0; i < run->n; i++) {                                                                             \
      bits raw;                                                                                                        \
      item value;                                                                                                      \
      memcpy(&raw, run->bytes + i * run->record_bytes, sizeof raw);                                                    \
      if (is_swapped) raw = swap(raw);                                                                                 \
      memcpy(&value, &raw, sizeof value);                                                                              \
      run->numbers[i * run->stride] = to_double(value);                                                                \
    }                                                                                                                  \
  }

#define AS_IT_IS(bits) (bits)
CONVERT_RUN(convert_f2, uint16_t, uint16_t, __builtin_bswap16, half_to_double)
CONVERT_RUN(convert_f4, float, uint32_t, __builtin_bswap32, (double))
CONVERT_RUN(convert_f8, double, uint64_t, __builtin_bswap64, (double))
CONVERT_RUN(convert_i1, int8_t, uint8_t, AS_IT_IS, (double))
CONVERT_RUN(convert_i2, int16_t, uint16_t, __builtin_bswap16, (double))
CONVERT_RUN(convert_i4, int32_t, uint32_t, __builtin_bswap32, (double))
CONVERT_RUN(convert_i8, int64_t, uint64_t, __builtin_bswap64, (double))
CONVERT_RUN(convert_u1, uint8_t, uint8_t, AS_IT_IS, (double))
CONVERT_RUN(convert_u2, uint16_t, uint16_t, __builtin_bswap16, (double))
CONVERT_RUN(convert_u4, uint32_t, uint32_t, __builtin_bswap32, (double))
CONVERT_RUN(convert_u8, uint64_t, uint64_t, __builtin_bswap64, (double))
#undef AS_IT_IS
#undef CONVERT_RUN

static void convert_boolean(const field_run *run)
{
  for (int64_t i = 0; i < run->n; i++)
    run->numbers[i * run->stride] = run->bytes[i * run->record_bytes] != 0 ? 1.0 : 0.0;
}

static void convert_integers(const record_field *field, const field_run *run)
{
  const bool is_swapped = field->is_swapped;
  const bool is_signed = field->type == 'i';
  switch (field->item_bytes) {
  case 1:
    is_signed ? convert_i1(run, false) : convert_u1(run, false);
    break;
  case 2:
    is_signed ? convert_i2(run, is_swapped) : convert_u2(run, is_swapped);
    break;
  case 4:
    is_signed ? convert_i4(run, is_swapped) : convert_u4(run, is_swapped);
    break;
  default:
    is_signed ? convert_i8(run, is_swapped) : convert_u8(run, is_swapped);
  }
}

static void convert_field(const record_field *field, const field_run *run)
{
  if (field->type == 'b') {
    convert_boolean(run);
  } else if (field->type != 'f') {
    convert_integers(field, run);
  } else if (field->item_bytes == 8) {
    convert_f8(run, field->is_swapped);
  } else if (field->item_bytes == 4) {
    convert_f4(run, field->is_swapped);
  } else {
    convert_f2(run, field->is_swapped);
  }
}

/* Makes NaN of the numbers of a run whose mask, of one byte, is set. */
static void blank_masked(const unsigned char *masks, const field_run *run)
{
  for (int64_t i = 0; i < run->n; i++) {
    if (masks[i * run->record_bytes] != 0) run->numbers[i * run->stride] = NAN;
  }
}

void records_convert(const record_reader *reader, int64_t n_features, const unsigned char *records, int64_t n,
                     double *rows)
{
  for (int64_t j = 0; j < n_features; j++) {
    const record_field *field = &reader->fields[j];
    const field_run run = {.bytes = records + (field->offset - reader->first_byte),
                           .record_bytes = reader->record_bytes,
                           .n = n,
                           .numbers = rows + j,
                           .stride = n_features};
    convert_field(field, &run);
    if (reader->masks[j].type != '\0') blank_masked(records + (reader->masks[j].offset - reader->first_byte), &run);
  }
}

/* --- reading --- */

int64_t records_at_once(const record_reader *reader)
{
  return reader->record_bytes < RECORDS_PIECE_BYTES ? RECORDS_PIECE_BYTES / reader->record_bytes : 1;
}

gmmpi_status records_read(const point_source *source, const record_reader *reader, int descriptor, int64_t begin,
                          int64_t first_row, int64_t n_rows, double *rows, gmmpi_error *error)
{
  if (reader->flat_bytes > 0)
    return source_read_numbers(source, descriptor, begin + first_row * reader->record_bytes, reader->flat_bytes,
                               n_rows * source->n_features, rows, error);
  const int64_t most = records_at_once(reader);
  const int64_t at_once = n_rows < most ? n_rows : most;
  const int64_t width = reader->end_byte - reader->first_byte;
  unsigned char *piece = malloc((size_t)((at_once - 1) * reader->record_bytes + width));
  if (piece == NULL) return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to read it", source->label);
  gmmpi_status status = GMMPI_OK;
  for (int64_t done = 0; done < n_rows && status == GMMPI_OK; done += at_once) {
    const int64_t count = n_rows - done < at_once ? n_rows - done : at_once;
    const int64_t offset = begin + (first_row + done) * reader->record_bytes + reader->first_byte;
    status = file_read_at(descriptor, source->label, piece, (size_t)((count - 1) * reader->record_bytes + width),
                          offset, error);
    if (status == GMMPI_OK) records_convert(reader, source->n_features, piece, count, rows + done * source->n_features);
  }
  free(piece);
  return status;
}

void record_reader_close(record_reader *reader)
{
  free(reader->fields);
  free(reader->masks);
  *reader = (record_reader){0};
}
