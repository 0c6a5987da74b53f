/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/hdf5/across.h"

#include "support/error.h"
#include "support/hdf5_use.h"
#include "support/memory.h"

#include <stdlib.h>

/* A band_reader, of numbers that lie in the file as in memory. */
static gmmpi_status read_flat(void *context, int64_t first, int64_t n, double *lines, gmmpi_error *error)
{
  const hdf5_across *across = context;
  const point_source *source = across->source;
  gmmpi_status status = GMMPI_OK;
  for (int64_t j = 0; j < source->n_features && status == GMMPI_OK; j++) {
    const int64_t item = source->columns[j] * source->n_rows + first;
    status = source_read_numbers(source, across->descriptor, across->offset + item * across->item_bytes,
                                 across->item_bytes, n, lines + j * n, error);
  }
  return status;
}

/* A band_reader, through the library. */
static gmmpi_status read_runs(void *context, int64_t first, int64_t n, double *lines, gmmpi_error *error)
{
  const hdf5_across *across = context;
  gmmpi_status status = GMMPI_OK;
  hdf5_use_begin();
  status = hdf5_rows_read_across(across->source, across->rows, first, n, lines, error);
  hdf5_use_end();
  return status;
}

/* The lines of a band that is read run by run, and which is whose. False when there is no memory. */
static bool find_lines(hdf5_across *across)
{
  const point_source *source = across->source;
  const hdf5_rows *rows = across->rows;
  across->band.n_lines = 0;
  across->lines = allocate(source->n_features, sizeof *across->lines);
  for (int64_t r = 0; r < rows->n_runs && across->lines != NULL; r++) {
    const hdf5_column_run run = rows->runs[r];
    for (int64_t j = 0; j < source->n_features; j++) {
      if (source->columns[j] >= run.first && source->columns[j] <= run.last)
        across->lines[j] = across->band.n_lines + source->columns[j] - run.first;
    }
    across->band.n_lines += run.last - run.first + 1;
  }
  return across->lines != NULL;
}

gmmpi_status hdf5_across_open(hdf5_across *across, point_source *source, hdf5_chunk_memory chunks, gmmpi_error *error)
{
  const bool is_flat = across->descriptor >= 0;
  int64_t n_bytes;
  if (is_flat && (!multiply_fits(source->n_rows, source->n_columns, &n_bytes) ||
                  !multiply_fits(n_bytes, across->item_bytes, &n_bytes) || n_bytes > INT64_MAX - across->offset))
    return fail(error, GMMPI_BAD_DATA, "%s: has a shape that cannot be read; is the file damaged?", source->label);
  across->band = (point_band){.label = source->label,
                              .read = is_flat ? read_flat : read_runs,
                              .context = across,
                              .n_points = source->n_rows,
                              .n_features = source->n_features,
                              .n_lines = source->n_features,
                              .granule = is_flat ? 1 : hdf5_chunk_columns(across->rows->data_set)};
  if (!is_flat && !across->rows->is_direct) {
    if (!find_lines(across)) return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to read it", source->label);
    across->band.line_of = across->lines;
  }
  band_open(&across->band, chunks.are_many_across);
  source->buffer_bytes =
      sum_of_bytes(3, (int64_t[]){source->buffer_bytes, band_bytes(&across->band),
                                  across->lines != NULL ? source->n_features * (int64_t)sizeof *across->lines : 0});
  return GMMPI_OK;
}

gmmpi_status hdf5_across_read(hdf5_across *across, int64_t first_row, int64_t n_rows, double *rows, gmmpi_error *error)
{
  return band_read(&across->band, first_row, n_rows, rows, error);
}

void hdf5_across_close(hdf5_across *across)
{
  if (across->band.n_lines > 0) band_close(&across->band);
  free(across->lines);
}
