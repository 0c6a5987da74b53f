/* SPDX-License-Identifier: BSD-3-Clause */
/* NumPy's .npy files: one array of numbers, row by row (C order) or column by column (Fortran order). An array whose
 * columns are the points is the same as one in the other order whose rows are. */
#include "sources/band.h"
#include "sources/npy/header.h"
#include "sources/source.h"
#include "support/error.h"
#include "support/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* How much is read at once, unless one row is larger. */
enum { PIECE_BYTES = 4 << 20 };

typedef struct npy_state {
  int descriptor;
  npy_header header;
  record_reader records; /* of a structured array */
  int64_t lowest;        /* the first and the last column picked */
  int64_t highest;
  unsigned char *piece;
  size_t piece_bytes;
  point_band band; /* where numbers lie column by column */
} npy_state;

static bool recognises(const char *path, const unsigned char *head, size_t n_bytes)
{
  (void)path;
  return n_bytes >= NPY_MAGIC_BYTES && memcmp(head, npy_magic, NPY_MAGIC_BYTES) == 0;
}

/* The array with its columns as rows. */
static gmmpi_status turn(point_source *source, npy_header *header, gmmpi_error *error)
{
  const int64_t n_rows = header->n_rows;
  if (header->n_dimensions != 2)
    return fail(error, GMMPI_WRONG_USAGE,
                "%s: --transpose: has one dimension, whose %" PRId64 " numbers are points of one feature; leave it out",
                source->label, n_rows);
  header->n_rows = header->n_columns;
  header->n_columns = n_rows;
  header->is_fortran = !header->is_fortran;
  source->is_transposed = true;
  source->place_word = "point";
  source->feature_word = "feature";
  return GMMPI_OK;
}

static bool is_double(const npy_header *header)
{
  return !header->is_swapped && header->type == 'f' && header->item_bytes == (int)sizeof(double);
}

static gmmpi_status read_columns(void *context, int64_t first, int64_t n, double *lines, gmmpi_error *error);

static void open_band(point_source *source)
{
  npy_state *state = source->state;
  state->band = (point_band){.label = source->label,
                             .read = read_columns,
                             .context = source,
                             .n_points = source->n_rows,
                             .n_features = source->n_features,
                             .n_lines = source->n_features};
  band_open(&state->band, false);
  source->buffer_bytes = band_bytes(&state->band);
  source->is_concurrent = true;
}

/* A structured array. */
static gmmpi_status open_records(point_source *source, const source_options *options, gmmpi_error *error)
{
  npy_state *state = source->state;
  npy_header *header = &state->header;
  if (header->n_columns != 1)
    return fail(error, GMMPI_BAD_DATA, "%s: has records in two dimensions; save it with .ravel()", source->label);
  if (source->choices.transpose != 0)
    return fail(error, GMMPI_WRONG_USAGE, "%s: --transpose: its points are records; leave it out", source->label);
  source->n_rows = header->n_rows;
  source->n_columns = header->columns.n;
  if (header->n_rows == 0) return GMMPI_OK;
  source->has_fields = true;
  source->streams = true;
  source->is_concurrent = true;
  const gmmpi_status status =
      record_columns_pick(source, &header->columns, header->item_bytes, options, &state->records, error);
  if (status == GMMPI_OK) source->buffer_bytes = records_at_once(&state->records) * header->item_bytes;
  return status;
}

static gmmpi_status open_npy(MPI_Comm comm, point_source *source, const source_options *options, gmmpi_error *error)
{
  (void)comm;
  npy_state *state = calloc(1, sizeof *state);
  if (state == NULL) return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to open it", source->label);
  source->state = state;
  state->descriptor = -1;
  struct stat status;
  state->descriptor = open(source->file, O_RDONLY | O_CLOEXEC);
  if (state->descriptor < 0 || fstat(state->descriptor, &status) != 0)
    return fail(error, GMMPI_NO_INPUT, "%s: cannot be read (%s); check that every node can read it", source->label,
                strerror(errno));
  gmmpi_status result = npy_header_read(state->descriptor, source->label, status.st_size, &state->header, error);
  if (result == GMMPI_OK && state->header.type == 'r') return open_records(source, options, error);
  if (result == GMMPI_OK && state->header.n_rows == 0) {
    source->n_columns = state->header.n_columns;
    return GMMPI_OK;
  }
  if (result == GMMPI_OK && source->choices.transpose != 0) result = turn(source, &state->header, error);
  if (result == GMMPI_OK) result = source_pick_columns(source, state->header.n_columns, NULL, options, error);
  if (result != GMMPI_OK) return result;
  source->n_rows = state->header.n_rows;
  source->is_concurrent = !state->header.is_fortran && !state->header.is_swapped && state->header.type == 'f' &&
                          state->header.item_bytes >= (int)sizeof(float) && source_takes_all_columns(source);
  source->streams = true;
  if (!source->is_concurrent) source->buffer_bytes = PIECE_BYTES;
  if (state->header.is_fortran) open_band(source);
  state->lowest = source->columns[0];
  state->highest = source->columns[0];
  for (int64_t i = 1; i < source->n_features; i++) {
    if (source->columns[i] < state->lowest) state->lowest = source->columns[i];
    if (source->columns[i] > state->highest) state->highest = source->columns[i];
  }
  return GMMPI_OK;
}

static void close_npy(point_source *source)
{
  npy_state *state = source->state;
  if (state->descriptor >= 0) close(state->descriptor);
  if (state->band.n_lines > 0) band_close(&state->band);
  record_columns_free(&state->header.columns);
  record_reader_close(&state->records);
  free(state->piece);
  free(state);
}

/* --- from bytes to doubles --- */

static void swap_bytes(const unsigned char *from, unsigned char *to, int n_bytes)
{
  for (int i = 0; i < n_bytes; i++) to[i] = from[n_bytes - 1 - i];
}

/* The number whose bytes are those, in the machine's order. */
static double number(char type, int item_bytes, const unsigned char *bytes)
{
  union {
    uint16_t half;
    float single;
    double whole;
    int8_t i1;
    int16_t i2;
    int32_t i4;
    int64_t i8;
    uint8_t u1;
    uint16_t u2;
    uint32_t u4;
    uint64_t u8;
  } as;
  memcpy(&as, bytes, (size_t)item_bytes);
  const bool is_signed = type == 'i';
  if (type == 'f') return item_bytes == 8 ? as.whole : item_bytes == 4 ? (double)as.single : half_to_double(as.half);
  if (type == 'b') return as.u1 != 0 ? 1.0 : 0.0;
  switch (item_bytes) {
  case 1:
    return is_signed ? (double)as.i1 : (double)as.u1;
  case 2:
    return is_signed ? (double)as.i2 : (double)as.u2;
  case 4:
    return is_signed ? (double)as.i4 : (double)as.u4;
  default:
    return is_signed ? (double)as.i8 : (double)as.u8;
  }
}

/* n numbers that are byte_stride bytes apart, to numbers that are `stride` apart. */
static void convert(const npy_header *header, const unsigned char *bytes, int64_t byte_stride, int64_t n,
                    double *numbers, int64_t stride)
{
  const char type = header->type;
  const int item_bytes = header->item_bytes;
  if (header->is_swapped) {
    for (int64_t i = 0; i < n; i++) {
      unsigned char swapped[8];
      swap_bytes(bytes + i * byte_stride, swapped, item_bytes);
      numbers[i * stride] = number(type, item_bytes, swapped);
    }
  } else if (type == 'f' && item_bytes == 8) {
    for (int64_t i = 0; i < n; i++) memcpy(numbers + i * stride, bytes + i * byte_stride, sizeof *numbers);
  } else {
    for (int64_t i = 0; i < n; i++) numbers[i * stride] = number(type, item_bytes, bytes + i * byte_stride);
  }
}

/* --- reading --- */

/* Reads n_items numbers of the array, from the first_item-th on, to state->piece. */
static gmmpi_status read_items(const point_source *source, int64_t first_item, int64_t n_items, gmmpi_error *error)
{
  npy_state *state = source->state;
  const size_t n_bytes = (size_t)n_items * (size_t)state->header.item_bytes;
  if (n_bytes > state->piece_bytes) {
    free(state->piece);
    state->piece = malloc(n_bytes);
    state->piece_bytes = state->piece == NULL ? 0 : n_bytes;
    if (state->piece == NULL)
      return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to read it (%zu bytes at once)", source->label,
                  n_bytes);
  }
  const int64_t offset = state->header.data_begin + first_item * state->header.item_bytes;
  return file_read_at(state->descriptor, source->label, state->piece, n_bytes, offset, error);
}

/* C order: from the first column picked of the first row to the last one of the last row. */
static gmmpi_status read_row_by_row(const point_source *source, int64_t first_row, int64_t n_rows, double *rows,
                                    gmmpi_error *error)
{
  const npy_state *state = source->state;
  const npy_header *header = &state->header;
  const int64_t row_items = header->n_columns;
  const int64_t span = state->highest - state->lowest + 1;
  const gmmpi_status status =
      read_items(source, first_row * row_items + state->lowest, (n_rows - 1) * row_items + span, error);
  if (status != GMMPI_OK) return status;
  for (int64_t i = 0; i < source->n_features; i++)
    convert(header, state->piece + (source->columns[i] - state->lowest) * header->item_bytes,
            row_items * header->item_bytes, n_rows, rows + i, source->n_features);
  return GMMPI_OK;
}

/* A band_reader, of numbers that lie column by column. They are read to the end of the room for a line and become
 * doubles from its beginning on: each is read before its place is overwritten. */
static gmmpi_status read_columns(void *context, int64_t first, int64_t n, double *lines, gmmpi_error *error)
{
  const point_source *source = context;
  const npy_state *state = source->state;
  const npy_header *header = &state->header;
  const size_t n_bytes = (size_t)n * (size_t)header->item_bytes;
  gmmpi_status status = GMMPI_OK;
  for (int64_t j = 0; j < source->n_features && status == GMMPI_OK; j++) {
    double *line = lines + j * n;
    unsigned char *end = (unsigned char *)(line + n);
    const int64_t item = source->columns[j] * header->n_rows + first;
    status = file_read_at(state->descriptor, source->label, end - n_bytes, n_bytes,
                          header->data_begin + item * header->item_bytes, error);
    if (status == GMMPI_OK && !is_double(header)) convert(header, end - n_bytes, header->item_bytes, n, line, 1);
  }
  return status;
}

static gmmpi_status read_npy(point_source *source, int64_t first_row, int64_t n_rows, double *rows, gmmpi_error *error)
{
  npy_state *state = source->state;
  const npy_header *header = &state->header;
  if (header->is_fortran) return band_read(&state->band, first_row, n_rows, rows, error);
  if (header->type == 'r')
    return records_read(source, &state->records, state->descriptor, header->data_begin, first_row, n_rows, rows, error);
  if (source->is_concurrent) {
    const int64_t row_numbers = source->n_features;
    return source_read_numbers(source, state->descriptor,
                               header->data_begin + first_row * row_numbers * header->item_bytes, header->item_bytes,
                               n_rows * row_numbers, rows, error);
  }
  const int64_t row_bytes = header->n_columns * header->item_bytes;
  const int64_t piece_rows = row_bytes < PIECE_BYTES ? PIECE_BYTES / row_bytes : 1;
  gmmpi_status status = GMMPI_OK;
  for (int64_t done = 0; done < n_rows && status == GMMPI_OK; done += piece_rows) {
    const int64_t count = n_rows - done < piece_rows ? n_rows - done : piece_rows;
    double *out = rows + done * source->n_features;
    status = read_row_by_row(source, first_row + done, count, out, error);
  }
  return status;
}

const source_kind source_npy = {.name = "NPY",
                                .suffixes = (const char *const[]){".npy", NULL},
                                .transposes = true,
                                .recognises = recognises,
                                .open = open_npy,
                                .read = read_npy,
                                .close = close_npy};
