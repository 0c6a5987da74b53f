/* SPDX-License-Identifier: BSD-3-Clause */
/* Opening a FITS image, whose rows are the points, and reading one that is packed. */
#include "sources/fits/hdus.h"
#include "sources/fits/opening.h"
#include "sources/fits/state.h"
#include "support/error.h"
#include "support/memory.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

static double read_number(fitsfile *handle, const char *key, double fallback)
{
  double value = fallback;
  int no_key = 0;
  fits_read_key_dbl(handle, key, &value, NULL, &no_key);
  return no_key == 0 ? value : fallback;
}

static gmmpi_status set_pixel(point_source *source, fitsfile *handle, const fits_hdu *hdu, gmmpi_error *error)
{
  fits_state *state = source->state;
  fits_cell *pixel = &state->pixel;
  LONGLONG blank = 0;
  int no_key = 0;
  pixel->width = fits_bitpix_bytes(hdu->bitpix, &pixel->type);
  if (pixel->width == 0)
    return fail(error, GMMPI_BAD_DATA, "%s: is an image of BITPIX %d, which there is not; write it anew", source->label,
                hdu->bitpix);
  pixel->scale = read_number(handle, "BSCALE", 1.0);
  pixel->zero = read_number(handle, "BZERO", 0.0);
  fits_read_key_lnglng(handle, "BLANK", &blank, NULL, &no_key);
  pixel->has_null = no_key == 0 && hdu->bitpix > 0;
  pixel->null = blank;
  fits_note_meanings(source, pixel, 1, "BLANK", "BSCALE and BZERO");
  if (source->choices.raw_values == 0) return GMMPI_OK;
  if (hdu->is_packed && (pixel->scale != 1.0 || pixel->zero != 0.0 || pixel->has_null))
    return fail(error, GMMPI_WRONG_USAGE,
                "%s: --raw-values: the numbers of a packed image are not in the file; leave it "
                "out, or unpack the file first (funpack)",
                source->label);
  fits_cell_make_raw(pixel);
  return GMMPI_OK;
}

/* The rows of the table of which a packed image consists, and what they point at. */
static gmmpi_status check_packed_size(const point_source *source, fitsfile *handle, gmmpi_error *error)
{
  LONGLONG key[3] = {0};
  int no_key = 0;
  fits_read_key_lnglng(handle, "NAXIS1", &key[0], NULL, &no_key);
  fits_read_key_lnglng(handle, "NAXIS2", &key[1], NULL, &no_key);
  fits_read_key_lnglng(handle, "PCOUNT", &key[2], NULL, &no_key);
  return fits_check_size(source, key[1], key[0], key[2], error);
}

gmmpi_status fits_image_open(point_source *source, fitsfile *handle, const fits_hdu *hdu, const source_options *options,
                             gmmpi_error *error)
{
  fits_state *state = source->state;
  const bool is_transposed = source->choices.transpose != 0;
  if (hdu->n_dimensions == 0)
    return fail(error, GMMPI_BAD_DATA, "%s: is empty; name an extension with points", source->label);
  if (hdu->n_dimensions > 2)
    return fail(error, GMMPI_BAD_DATA, "%s: is an image of %d dimensions; points are rows of one of two", source->label,
                hdu->n_dimensions);
  if (hdu->is_packed && is_transposed)
    return fail(error, GMMPI_WRONG_USAGE,
                "%s: --transpose: a packed image is read by rows; unpack the file first (funpack)", source->label);
  if (set_pixel(source, handle, hdu, error) != GMMPI_OK) return error->status;
  const int64_t width = state->pixel.width;
  int64_t row_bytes = 0;
  if (!multiply_fits(hdu->n_columns, width, &row_bytes)) row_bytes = INT64_MAX;
  if ((hdu->is_packed ? check_packed_size(source, handle, error)
                      : fits_check_size(source, hdu->n_rows, row_bytes, 0, error)) != GMMPI_OK)
    return error->status;
  source->n_rows = is_transposed ? hdu->n_columns : hdu->n_rows;
  state->is_transposed = is_transposed;
  state->row_bytes = is_transposed ? width : row_bytes;
  state->pixel_step = is_transposed ? row_bytes : width;
  if (hdu->n_dimensions == 2)
    source_note(source,
                "the points are the %s of an image of NAXIS1 = %" PRId64 " columns and NAXIS2 = %" PRId64 " rows",
                is_transposed ? "columns" : "rows", hdu->n_columns, hdu->n_rows);
  return source_pick_columns(source, is_transposed ? hdu->n_rows : hdu->n_columns, NULL, options, error);
}

/* Floats stay what they are: cfitsio would compute some of them otherwise in double. numbers: n_columns. */
static gmmpi_status read_packed_row(const point_source *source, int64_t row, double *numbers, gmmpi_error *error)
{
  enum { MOST_AXES = 999 };
  const fits_state *state = source->state;
  const int64_t n_columns = source->n_columns;
  const bool is_float = state->pixel.type == 'E';
  float *floats = (float *)(void *)numbers + n_columns;
  float no_float = NAN;
  double no_double = NAN;
  int status = 0;
  LONGLONG first[MOST_AXES];
  for (int axis = 0; axis < MOST_AXES; axis++) first[axis] = 1;
  first[n_columns > 1 ? 1 : 0] = row + 1;
  errno = 0;
  fits_read_pixll(state->packed, is_float ? TFLOAT : TDOUBLE, first, n_columns,
                  is_float ? (void *)&no_float : (void *)&no_double, is_float ? (void *)floats : (void *)numbers, NULL,
                  &status);
  if (status != 0) return fits_broken(source->label, status, error);
  for (int64_t j = 0; j < n_columns && is_float; j++) {
    float value;
    memcpy(&value, &floats[j], sizeof value);
    numbers[j] = (double)value;
  }
  return GMMPI_OK;
}

gmmpi_status fits_read_packed(const point_source *source, int64_t first_row, int64_t n_rows, double *rows,
                              gmmpi_error *error)
{
  const fits_state *state = source->state;
  const int64_t n_columns = source->n_columns;
  if (fits_make_piece(source, (size_t)n_columns * sizeof(double), error) != GMMPI_OK) return error->status;
  double *numbers = (double *)(void *)state->piece;
  for (int64_t i = 0; i < n_rows; i++) {
    if (read_packed_row(source, first_row + i, numbers, error) != GMMPI_OK) return error->status;
    for (int64_t j = 0; j < source->n_features; j++) rows[i * source->n_features + j] = numbers[source->columns[j]];
  }
  return GMMPI_OK;
}

void fits_close_packed(fits_state *state)
{
  int status = 0;
  if (state->packed != NULL) fits_close_file(state->packed, &status);
  state->packed = NULL;
}
