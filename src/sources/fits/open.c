/* SPDX-License-Identifier: BSD-3-Clause */
/* Opening a FITS file: which of its tables or images has the points, and how they lie in it. */
#include "sources/fits/state.h"
#include "support/error.h"

#ifndef GMMPI_HAS_CFITSIO

#include <jansson.h>

gmmpi_status fits_open_points(point_source *source, const source_options *options, gmmpi_error *error)
{
  (void)options;
  return fail(error, GMMPI_BAD_DATA,
              "%s: is a FITS file, which this gmmpi cannot read, as it was built without cfitsio; build it with "
              "libcfitsio-dev, or convert the file: python3 -c \"from astropy.table import Table; "
              "Table.read('FILE.fits').write('FILE.csv')\"",
              source->label);
}

struct json_t *fits_insides(const char *path)
{
  (void)path;
  return NULL;
}

gmmpi_status fits_read_packed(const point_source *source, int64_t first_row, int64_t n_rows, double *rows,
                              gmmpi_error *error)
{
  (void)first_row, (void)n_rows, (void)rows;
  return fail(error, GMMPI_INTERNAL, "%s: a packed image was opened without cfitsio", source->label);
}

void fits_close_packed(fits_state *state)
{
  (void)state;
}

#else

#include "sources/fits/columns.h"
#include "sources/fits/hdus.h"
#include "support/file.h"
#include "support/json_text.h"
#include "support/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- notes --- */

/* "A, B, C", shortened to n_bytes. */
static void list_names(int n, char *const *names, char *text, size_t n_bytes)
{
  size_t used = 0;
  text[0] = '\0';
  for (int i = 0; i < n; i++) {
    if (used + strlen(names[i]) + 30 > n_bytes) {
      snprintf(text + used, n_bytes - used, ", ... (%d in all)", n);
      return;
    }
    used += (size_t)snprintf(text + used, n_bytes - used, "%s%s", i > 0 ? ", " : "", names[i]);
  }
}

static void note_meanings(point_source *source, const fits_cell *cells, int64_t n, const char *null, const char *scales)
{
  bool has_null = false;
  bool has_scale = false;
  for (int64_t j = 0; j < n; j++) {
    const fits_cell *cell = &cells[j];
    has_null = has_null || cell->has_null || cell->null_text[0] != '\0';
    has_scale = has_scale || ((cell->scale != 1.0 || cell->zero != 0.0) && !fits_cell_is_sign_shifted(cell));
  }
  if (source->choices.raw_values != 0) {
    if (has_null || has_scale)
      source_note(source, "numbers are as they are in the file, without its %s and %s (--raw-values)", scales, null);
    return;
  }
  if (has_scale) source_note(source, "numbers are multiplied and moved as %s say (--raw-values: they are not)", scales);
  if (has_null) source_note(source, "numbers that are %s are missing values (--raw-values: they are not)", null);
}

/* --- tables --- */

/* Does the list of --columns name it? */
static bool is_listed(const char *list, const char *name)
{
  static const char around[] = ", \t\"";
  const size_t length = strlen(name);
  if (list == NULL || length == 0) return false;
  for (const char *at = strstr(list, name); at != NULL; at = strstr(at + 1, name)) {
    if ((at == list || strchr(around, at[-1]) != NULL) && strchr(around, at[length]) != NULL) return true;
  }
  return false;
}

static gmmpi_status pick_columns(point_source *source, const fits_columns *columns, const source_options *options,
                                 gmmpi_error *error)
{
  gmmpi_error local = {0};
  if (columns->n == 0)
    return fail(error, GMMPI_BAD_DATA, "%s: is a table without columns of numbers; give one with points",
                source->label);
  if (source_pick_of_arrays(source, columns->n, columns->names, columns->arrays, options, &local) == GMMPI_OK)
    return GMMPI_OK;
  for (int i = 0; i < columns->n_left_out; i++) {
    if (is_listed(options->columns, columns->left_out[i]))
      return fail(error, GMMPI_BAD_DATA,
                  "%s: column \"%s\" holds text, bits or arrays of any length; pick columns of numbers (--columns)",
                  source->label, columns->left_out[i]);
  }
  return error_pass(error, &local);
}

static gmmpi_status set_table(point_source *source, const fits_columns *columns, const source_options *options,
                              gmmpi_error *error)
{
  fits_state *state = source->state;
  if (pick_columns(source, columns, options, error) != GMMPI_OK) return error->status;
  state->cells = allocate(source->n_features, sizeof *state->cells);
  if (state->cells == NULL) return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to read it", source->label);
  for (int64_t j = 0; j < source->n_features; j++) state->cells[j] = columns->cells[source->columns[j]];
  note_meanings(source, state->cells, source->n_features, "TNULL", "TSCAL and TZERO");
  for (int64_t j = 0; j < source->n_features && source->choices.raw_values != 0; j++)
    fits_cell_make_raw(&state->cells[j]);
  if (columns->n_left_out > 0 && options->columns == NULL) {
    char list[300];
    list_names(columns->n_left_out, columns->left_out, list, sizeof list);
    source_note(source, "left out, as %s no numbers that can be read: %s",
                columns->n_left_out > 1 ? "they have" : "it has", list);
  }
  return GMMPI_OK;
}

/* The file must have all rows: cfitsio would fill those that are not there with zeros. */
static gmmpi_status check_size(const point_source *source, int64_t n_rows, int64_t row_bytes, int64_t more_bytes,
                               gmmpi_error *error)
{
  const fits_state *state = source->state;
  struct stat status;
  int64_t n_bytes;
  if (fstat(state->descriptor, &status) != 0)
    return fail(error, GMMPI_INPUT_FAILED, "%s: reading failed (%s); check the disk and start again", source->label,
                strerror(errno));
  if (!multiply_fits(n_rows, row_bytes, &n_bytes) || __builtin_add_overflow(n_bytes, more_bytes, &n_bytes) ||
      n_bytes > status.st_size - state->data_begin)
    return fail(error, GMMPI_BAD_DATA,
                "%s: is too short for its %" PRId64 " rows of %" PRId64 " bytes; it is incomplete, copy it anew",
                source->label, n_rows, row_bytes);
  return GMMPI_OK;
}

static gmmpi_status open_table(point_source *source, fitsfile *handle, const fits_hdu *hdu,
                               const source_options *options, gmmpi_error *error)
{
  fits_state *state = source->state;
  LONGLONG row_bytes = 0;
  int no_key = 0;
  int is_packed = 0;
  fits_read_key_lnglng(handle, "NAXIS1", &row_bytes, NULL, &no_key);
  state->row_bytes = row_bytes;
  source->n_rows = hdu->n_rows;
  if (source->choices.transpose != 0)
    return fail(error, GMMPI_WRONG_USAGE, "%s: --transpose: the rows of a FITS table are its points; leave it out",
                source->label);
  if (hdu->n_rows < 1 || row_bytes < 1)
    return fail(error, GMMPI_BAD_DATA, "%s: is a table without rows; give one with points", source->label);
  if (check_size(source, hdu->n_rows, row_bytes, 0, error) != GMMPI_OK) return error->status;
  no_key = 0;
  fits_read_key(handle, TLOGICAL, "ZTABLE", &is_packed, NULL, &no_key);
  if (no_key == 0 && is_packed != 0)
    return fail(error, GMMPI_BAD_DATA, "%s: is a packed table; unpack the file first (funpack)", source->label);
  fits_columns columns = {0};
  if (fits_columns_read(handle, source->label, &columns, error) == GMMPI_OK)
    set_table(source, &columns, options, error);
  fits_columns_clear(&columns);
  return error->status;
}

/* --- images --- */

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
  note_meanings(source, pixel, 1, "BLANK", "BSCALE and BZERO");
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
  return check_size(source, key[1], key[0], key[2], error);
}

static gmmpi_status open_image(point_source *source, fitsfile *handle, const fits_hdu *hdu,
                               const source_options *options, gmmpi_error *error)
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
                      : check_size(source, hdu->n_rows, row_bytes, 0, error)) != GMMPI_OK)
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

/* --- the file --- */

/* Which one it is, in messages too. */
static gmmpi_status name_hdu(point_source *source, const fits_hdus *hdus, const fits_hdu *hdu, gmmpi_error *error)
{
  char inside[FLEN_VALUE + 1];
  char *label = NULL;
  if (source->inside != NULL) return GMMPI_OK;
  fits_hdu_path(hdus, hdu, inside, sizeof inside);
  source->inside = strdup(inside);
  if (source->inside == NULL || asprintf(&label, "%s:%s", source->path, inside) < 0)
    return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to read it", source->label);
  free(source->label);
  source->label = label;
  return GMMPI_OK;
}

/* An extension that cfitsio cannot read might be the one that was meant. Whatever else is behind the last one is
 * padding or something of the writer's own. */
static gmmpi_status check_end(point_source *source, const fits_hdus *hdus, gmmpi_error *error)
{
  const fits_state *state = source->state;
  static const char mark[] = "XTENSION";
  char begin[sizeof mark - 1];
  if (pread(state->descriptor, begin, sizeof begin, hdus->end) != sizeof begin ||
      memcmp(begin, mark, sizeof begin) != 0)
    return GMMPI_OK;
  if (source->inside == NULL)
    return fail(
        error, GMMPI_BAD_DATA,
        "%s: the header of extension %d is not whole, or damaged; copy the file anew, or say what to read, as in "
        "%s:/0",
        source->path, hdus->n, source->path);
  source_doubt(source, "the header of extension %d is not whole, or damaged; copy the file anew", hdus->n);
  return GMMPI_OK;
}

static gmmpi_status open_hdu(point_source *source, fitsfile *handle, const source_options *options, gmmpi_error *error)
{
  fits_state *state = source->state;
  fits_hdus hdus = {0};
  const fits_hdu *hdu = NULL;
  if (fits_hdus_read(handle, source->label, &hdus, error) == GMMPI_OK && check_end(source, &hdus, error) == GMMPI_OK &&
      fits_hdu_choose(&hdus, source->path, source->inside, &hdu, error) == GMMPI_OK &&
      name_hdu(source, &hdus, hdu, error) == GMMPI_OK) {
    LONGLONG data_begin = 0;
    int status = 0;
    errno = 0;
    fits_movabs_hdu(handle, hdu->number + 1, NULL, &status);
    fits_get_hduaddrll(handle, NULL, &data_begin, NULL, &status);
    state->data_begin = data_begin;
    if (status != 0) {
      fits_broken(source->label, status, error);
    } else {
      (hdu->is_table ? open_table : open_image)(source, handle, hdu, options, error);
    }
    if (hdu->is_packed) state->packed = handle;
  }
  fits_hdus_clear(&hdus);
  fits_clear_errmsg();
  return error->status;
}

gmmpi_status fits_open_points(point_source *source, const source_options *options, gmmpi_error *error)
{
  fits_state *state = source->state;
  fitsfile *handle = NULL;
  int status = 0;
  gmmpi_error local = {0};
  state->descriptor = open(source->file, O_RDONLY | O_CLOEXEC);
  if (state->descriptor < 0)
    return fail(error, GMMPI_NO_INPUT, "%s: cannot be read (%s); check that every node can read it", source->label,
                strerror(errno));
  if (fits_open(source->file, source->label, &handle, &local) == GMMPI_OK) open_hdu(source, handle, options, &local);
  if (handle != NULL && state->packed != handle) fits_close_file(handle, &status);
  source->streams = true;
  source->buffer_bytes = FITS_PIECE_BYTES;
  return error_pass(error, &local);
}

/* --- gmmpi info --- */

static json_t *describe(const fits_hdu *hdu)
{
  static const struct {
    int bitpix;
    const char *name;
  } types[] = {{8, "uint8"}, {16, "int16"}, {32, "int32"}, {64, "int64"}, {-32, "float32"}, {-64, "float64"}};
  const char *type = "table";
  for (size_t i = 0; i < sizeof types / sizeof *types && !hdu->is_table; i++) {
    if (hdu->bitpix == types[i].bitpix) type = types[i].name;
  }
  json_t *shape = json_array();
  json_array_append_new(shape, json_integer(hdu->n_rows));
  json_array_append_new(shape, json_integer(hdu->n_columns));
  return json_pack("{s:o, s:s}", "shape", shape, "type", type);
}

struct json_t *fits_insides(const char *path)
{
  fitsfile *handle = NULL;
  fits_hdus hdus = {0};
  gmmpi_error ignored = {0};
  int status = 0;
  json_t *found = NULL;
  if (!file_is_readable(path) || fits_open(path, path, &handle, &ignored) != GMMPI_OK) return NULL;
  if (fits_hdus_read(handle, path, &hdus, &ignored) == GMMPI_OK) found = json_object();
  for (int i = 0; found != NULL && i < hdus.n; i++) {
    const fits_hdu *hdu = &hdus.list[i];
    char inside[FLEN_VALUE + 1];
    if (hdu->n_rows < 1 || (!hdu->is_table && (hdu->n_dimensions < 1 || hdu->n_dimensions > 2))) continue;
    fits_hdu_path(&hdus, hdu, inside, sizeof inside);
    json_object_set_new(found, inside, describe(hdu));
  }
  fits_hdus_clear(&hdus);
  fits_close_file(handle, &status);
  return found;
}

#endif
