/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading rows of tables and of images that are not packed, from where they lie in the file. */
#include "sources/fits/state.h"
#include "support/error.h"
#include "support/file.h"

#include <inttypes.h>
#include <stdlib.h>

/* Rows are converted in blocks that stay in the cache while each of their features is. */
enum { BLOCK_BYTES = 64 << 10 };

gmmpi_status fits_make_piece(const point_source *source, size_t n_bytes, gmmpi_error *error)
{
  fits_state *state = source->state;
  if (n_bytes <= state->piece_bytes) return GMMPI_OK;
  free(state->piece);
  state->piece = malloc(n_bytes);
  state->piece_bytes = state->piece == NULL ? 0 : n_bytes;
  if (state->piece != NULL) return GMMPI_OK;
  return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to read it (%zu bytes at once)", source->label, n_bytes);
}

static fits_cell cell_of(const point_source *source, int64_t feature)
{
  const fits_state *state = source->state;
  if (state->cells != NULL) return state->cells[feature];
  fits_cell cell = state->pixel;
  cell.offset = source->columns[feature] * state->pixel_step;
  return cell;
}

/* Where the features picked begin and end in a row. */
static void find_span(const point_source *source, int64_t *begin, int64_t *end)
{
  for (int64_t j = 0; j < source->n_features; j++) {
    const fits_cell cell = cell_of(source, j);
    if (j == 0 || cell.offset < *begin) *begin = cell.offset;
    if (j == 0 || cell.offset + cell.width > *end) *end = cell.offset + cell.width;
  }
}

static gmmpi_status no_number(const point_source *source, int64_t row, int64_t feature, gmmpi_error *error)
{
  char name[100];
  source_feature_text(source, feature, name, sizeof name);
  return fail_at(error, row + 1, GMMPI_BAD_DATA,
                 "%s: row %" PRId64 ": column \"%s\" holds text that is no number; leave the column out (--columns) or "
                 "correct it",
                 source->label, row + 1, name);
}

/* Row by row: what lies between the first and the last column picked. */
static gmmpi_status read_piece(const point_source *source, int64_t begin, int64_t end, int64_t first_row,
                               int64_t n_rows, double *rows, gmmpi_error *error)
{
  const fits_state *state = source->state;
  const int64_t n_features = source->n_features;
  const size_t n_bytes = (size_t)((n_rows - 1) * state->row_bytes + end - begin);
  gmmpi_status status = fits_make_piece(source, n_bytes, error);
  if (status == GMMPI_OK)
    status = file_read_at(state->descriptor, source->label, state->piece, n_bytes,
                          state->data_begin + first_row * state->row_bytes + begin, error);
  const int64_t block_rows = state->row_bytes < BLOCK_BYTES ? BLOCK_BYTES / state->row_bytes : 1;
  for (int64_t done = 0; done < n_rows && status == GMMPI_OK; done += block_rows) {
    const int64_t count = n_rows - done < block_rows ? n_rows - done : block_rows;
    int64_t bad_row = count;
    int64_t bad_feature = 0;
    for (int64_t j = 0; j < n_features; j++) {
      const fits_cell cell = cell_of(source, j);
      const int64_t good = fits_cells_convert(&cell, state->piece + done * state->row_bytes + cell.offset - begin,
                                              state->row_bytes, count, rows + done * n_features + j, n_features);
      if (good < bad_row) {
        bad_row = good;
        bad_feature = j;
      }
    }
    if (bad_row < count) return no_number(source, first_row + done + bad_row, bad_feature, error);
  }
  return status;
}

/* Column by column, of an image whose rows are the features. */
static gmmpi_status read_piece_of_columns(const point_source *source, int64_t first_row, int64_t n_rows, double *rows,
                                          gmmpi_error *error)
{
  const fits_state *state = source->state;
  const size_t n_bytes = (size_t)(n_rows * state->row_bytes);
  gmmpi_status status = fits_make_piece(source, n_bytes, error);
  for (int64_t j = 0; j < source->n_features && status == GMMPI_OK; j++) {
    const fits_cell cell = cell_of(source, j);
    status = file_read_at(state->descriptor, source->label, state->piece, n_bytes,
                          state->data_begin + cell.offset + first_row * state->row_bytes, error);
    if (status == GMMPI_OK)
      fits_cells_convert(&cell, state->piece, state->row_bytes, n_rows, rows + j, source->n_features);
  }
  return status;
}

gmmpi_status fits_read_rows(const point_source *source, int64_t first_row, int64_t n_rows, double *rows,
                            gmmpi_error *error)
{
  const fits_state *state = source->state;
  const int64_t piece_rows = state->row_bytes < FITS_PIECE_BYTES ? FITS_PIECE_BYTES / state->row_bytes : 1;
  int64_t begin = 0;
  int64_t end = 0;
  gmmpi_status status = GMMPI_OK;
  if (!state->is_transposed) find_span(source, &begin, &end);
  for (int64_t done = 0; done < n_rows && status == GMMPI_OK; done += piece_rows) {
    const int64_t count = n_rows - done < piece_rows ? n_rows - done : piece_rows;
    double *out = rows + done * source->n_features;
    status = state->is_transposed ? read_piece_of_columns(source, first_row + done, count, out, error)
                                  : read_piece(source, begin, end, first_row + done, count, out, error);
  }
  return status;
}
