/* SPDX-License-Identifier: BSD-3-Clause */
/* Opening a FITS file: which of its tables or images has the points, and how they lie in it. */
#include "sources/fits/state.h"
#include "support/error.h"

#include "sources/fits/hdus.h"
#include "sources/fits/opening.h"
#include "support/file.h"
#include "support/json_text.h"
#include "support/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- what tables and images share --- */

void fits_note_meanings(point_source *source, const fits_cell *cells, int64_t n, const char *null, const char *scales)
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

gmmpi_status fits_check_size(const point_source *source, int64_t n_rows, int64_t row_bytes, int64_t more_bytes,
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
      source->has_fields = hdu->is_table;
      (hdu->is_table ? fits_table_open : fits_image_open)(source, handle, hdu, options, error);
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

#define AS_TEXT(number)                   #number
#define VERSION_TEXT(major, minor, micro) "cfitsio " AS_TEXT(major) "." AS_TEXT(minor) "." AS_TEXT(micro)

const char *fits_library(void)
{
  return VERSION_TEXT(CFITSIO_MAJOR, CFITSIO_MINOR, CFITSIO_MICRO);
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
