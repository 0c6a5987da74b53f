/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/hdf5/rows.h"

#include "support/error.h"
#include "support/memory.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Neighbouring columns are read together, and those between them too when there are at most so many. */
enum { LARGEST_GAP = 8 };

static gmmpi_status out_of_memory(const point_source *source, gmmpi_error *error)
{
  return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to read it", source->label);
}

static int compare_columns(const void *a, const void *b)
{
  const int64_t left = *(const int64_t *)a;
  const int64_t right = *(const int64_t *)b;
  return (left > right) - (left < right);
}

/* Cuts the columns picked into runs. */
static gmmpi_status find_runs(const point_source *source, hdf5_rows *rows, gmmpi_error *error)
{
  const int64_t n = source->n_features;
  int64_t *sorted = allocate(n, sizeof *sorted);
  rows->runs = allocate(n, sizeof *rows->runs);
  if (sorted == NULL || rows->runs == NULL) {
    free(sorted);
    return out_of_memory(source, error);
  }
  memcpy(sorted, source->columns, (size_t)n * sizeof *sorted);
  qsort(sorted, (size_t)n, sizeof *sorted, compare_columns);
  rows->is_direct = source_takes_all_columns(source);
  for (int64_t i = 0; i < n; i++) {
    if (i == 0 || sorted[i] - sorted[i - 1] > LARGEST_GAP + 1) rows->runs[rows->n_runs++].first = sorted[i];
    rows->runs[rows->n_runs - 1].last = sorted[i];
  }
  free(sorted);
  return GMMPI_OK;
}

gmmpi_status hdf5_rows_prepare(const point_source *source, hdf5_rows *rows, gmmpi_error *error)
{
  const gmmpi_status status = find_runs(source, rows, error);
  if (status != GMMPI_OK || hdf5_numbers_open(rows->data_set, &rows->numbers)) return status;
  return out_of_memory(source, error);
}

/* A box of the data set, count numbers from start on in each dimension; points: which of them counts points. */
static gmmpi_status read_box(const point_source *source, const hdf5_rows *rows, const hsize_t start[2],
                             const hsize_t count[2], int points, double *numbers, gmmpi_error *error)
{
  const char *what = points == 0 ? "rows" : "columns";
  const int64_t first = (int64_t)start[points];
  const int64_t n = (int64_t)count[points];
  const hid_t memory = H5Screate_simple(rows->n_dimensions, count, NULL);
  const bool is_ready = memory >= 0 && H5Sselect_hyperslab(rows->space, H5S_SELECT_SET, start, NULL, count, NULL) >= 0;
  errno = 0;
  const bool is_read = is_ready && hdf5_numbers_read(&rows->numbers, rows->data_set, memory, rows->space,
                                                     (int64_t)(count[0] * count[1]), numbers);
  const int reason = errno;
  if (memory >= 0) H5Sclose(memory);
  if (is_read) {
    hdf5_unwritten_blank(&rows->unwritten, (int64_t)start[0], (int64_t)count[0], (int64_t)start[1], (int64_t)count[1],
                         numbers);
    return GMMPI_OK;
  }
  if (!is_ready || reason == ENOMEM) return out_of_memory(source, error);
  if (reason != 0)
    return fail(error, GMMPI_INPUT_FAILED,
                "%s: reading %s %" PRId64 " to %" PRId64 " failed (%s); check the disk and start again", source->label,
                what, first + 1, first + n, strerror(reason));
  return fail(error, GMMPI_BAD_DATA,
              "%s: %s %" PRId64 " to %" PRId64 " are damaged and cannot be unpacked; copy it anew", source->label, what,
              first + 1, first + n);
}

/* Rows of a run of columns into numbers: n_rows x (the run's width). */
static gmmpi_status read_run(const point_source *source, const hdf5_rows *rows, int64_t first_row, int64_t n_rows,
                             hdf5_column_run run, double *numbers, gmmpi_error *error)
{
  const hsize_t start[2] = {(hsize_t)first_row, (hsize_t)run.first};
  const hsize_t count[2] = {(hsize_t)n_rows, (hsize_t)(run.last - run.first + 1)};
  return read_box(source, rows, start, count, 0, numbers, error);
}

/* Copies the features that are in the run from piece (n_rows x width) to their places in numbers. */
static void spread_run(const point_source *source, hdf5_column_run run, int64_t n_rows, const double *piece,
                       double *numbers)
{
  const int64_t width = run.last - run.first + 1;
  for (int64_t j = 0; j < source->n_features; j++) {
    const int64_t column = source->columns[j];
    if (column < run.first || column > run.last) continue;
    for (int64_t i = 0; i < n_rows; i++) numbers[i * source->n_features + j] = piece[i * width + column - run.first];
  }
}

/* Reads a run of columns piece by piece. */
static gmmpi_status read_run_in_pieces(const point_source *source, hdf5_rows *rows, int64_t first_row, int64_t n_rows,
                                       hdf5_column_run run, double *numbers, gmmpi_error *error)
{
  const int64_t width = run.last - run.first + 1;
  const int64_t most_rows = width < HDF5_PIECE_NUMBERS ? HDF5_PIECE_NUMBERS / width : 1;
  const int64_t piece_rows = n_rows < most_rows ? n_rows : most_rows;
  if (rows->piece_numbers < piece_rows * width) {
    free(rows->piece);
    rows->piece = allocate(piece_rows * width, sizeof *rows->piece);
    rows->piece_numbers = rows->piece == NULL ? 0 : piece_rows * width;
    if (rows->piece == NULL) return out_of_memory(source, error);
  }
  gmmpi_status status = GMMPI_OK;
  for (int64_t done = 0; done < n_rows && status == GMMPI_OK; done += piece_rows) {
    const int64_t count = n_rows - done < piece_rows ? n_rows - done : piece_rows;
    status = read_run(source, rows, first_row + done, count, run, rows->piece, error);
    if (status == GMMPI_OK) spread_run(source, run, count, rows->piece, numbers + done * source->n_features);
  }
  return status;
}

gmmpi_status hdf5_rows_read(const point_source *source, hdf5_rows *rows, int64_t first_row, int64_t n_rows,
                            double *numbers, gmmpi_error *error)
{
  if (rows->is_direct) return read_run(source, rows, first_row, n_rows, rows->runs[0], numbers, error);
  gmmpi_status status = GMMPI_OK;
  for (int64_t r = 0; r < rows->n_runs && status == GMMPI_OK; r++)
    status = read_run_in_pieces(source, rows, first_row, n_rows, rows->runs[r], numbers, error);
  return status;
}

gmmpi_status hdf5_rows_read_across(const point_source *source, hdf5_rows *rows, int64_t first, int64_t n, double *lines,
                                   gmmpi_error *error)
{
  gmmpi_status status = GMMPI_OK;
  for (int64_t r = 0; r < rows->n_runs && status == GMMPI_OK; r++) {
    const int64_t width = rows->runs[r].last - rows->runs[r].first + 1;
    const hsize_t start[2] = {(hsize_t)rows->runs[r].first, (hsize_t)first};
    const hsize_t count[2] = {(hsize_t)width, (hsize_t)n};
    status = read_box(source, rows, start, count, 1, lines, error);
    lines += width * n;
  }
  return status;
}

void hdf5_rows_close(hdf5_rows *rows)
{
  hdf5_numbers_close(&rows->numbers);
  hdf5_unwritten_close(&rows->unwritten);
  if (rows->space >= 0) H5Sclose(rows->space);
  if (rows->data_set >= 0) H5Dclose(rows->data_set);
  free(rows->runs);
  free(rows->piece);
}
