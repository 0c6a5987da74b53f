/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/fits/hdus.h"

#include "sources/fits/columns.h"
#include "support/error.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* --- cfitsio's errors --- */

static bool disk_failed(void)
{
  return errno == EIO || errno == ENXIO || errno == ESTALE || errno == ETIMEDOUT || errno == EREMOTEIO;
}

gmmpi_status fits_broken(const char *label, int status, gmmpi_error *error)
{
  char text[FLEN_STATUS];
  const int reason = errno;
  fits_get_errstatus(status, text);
  fits_clear_errmsg();
  errno = reason;
  if (disk_failed())
    return fail(error, GMMPI_INPUT_FAILED, "%s: reading failed (%s); check the disk and start again", label,
                strerror(errno));
  if (status == MEMORY_ALLOCATION) return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to read it", label);
  return fail(error, GMMPI_BAD_DATA, "%s: is a FITS file, but truncated or damaged (%s); copy or write it anew", label,
              text);
}

/* As a name, whatever is in it: nothing in brackets, no "~", no "-". */
gmmpi_status fits_open(const char *file, const char *label, fitsfile **handle, gmmpi_error *error)
{
  char *name = NULL;
  int status = 0;
  if (asprintf(&name, "%s%s", file[0] == '/' ? "" : "./", file) < 0)
    return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to open it", label);
  errno = 0;
  if (strlen(name) >= FLEN_FILENAME) {
    fail(error, GMMPI_NO_INPUT, "%s: has too long a name for cfitsio; give a shorter one, or a link", label);
  } else if (fits_open_diskfile(handle, name, READONLY, &status) != 0) {
    if (errno == ENOENT || errno == EACCES || errno == EPERM)
      fail(error, GMMPI_NO_INPUT, "%s: cannot be read (%s); check that every node can read it", label, strerror(errno));
    fits_broken(label, status, error);
    *handle = NULL;
  }
  free(name);
  return error->status;
}

/* --- reading the headers --- */

static void read_image(fitsfile *handle, fits_hdu *hdu, int *status)
{
  enum { MOST_AXES = 999 };
  LONGLONG extents[MOST_AXES] = {0};
  int n = 0;
  fits_get_img_paramll(handle, MOST_AXES, &hdu->bitpix, &n, extents, status);
  if (*status != 0 || n > MOST_AXES) return;
  while (n > 1 && extents[n - 1] == 1) n--;
  hdu->n_dimensions = n;
  for (int i = 0; i < n; i++) {
    if (extents[i] < 1) hdu->n_dimensions = 0;
  }
  hdu->n_columns = n > 1 ? extents[0] : 1;
  hdu->n_rows = n > 1 ? extents[1] : n > 0 ? extents[0] : 0;
}

/* What handle is at. */
static gmmpi_status read_hdu(fitsfile *handle, int number, fits_hdu *hdu)
{
  int type = IMAGE_HDU;
  int status = 0;
  *hdu = (fits_hdu){.number = number};
  fits_get_hdu_type(handle, &type, &status);
  fits_write_errmark();
  int no_name = 0;
  fits_read_key_str(handle, "EXTNAME", hdu->name, NULL, &no_name);
  if (no_name != 0) hdu->name[0] = '\0';
  fits_clear_errmark();
  fits_clean_text(hdu->name);
  hdu->is_packed = fits_is_compressed_image(handle, &status) != 0; /* the type says that it is an image */
  hdu->is_table = type != IMAGE_HDU && !hdu->is_packed;
  if (hdu->is_table) {
    LONGLONG n_rows = 0;
    fits_get_num_rowsll(handle, &n_rows, &status);
    hdu->n_rows = n_rows;
    hdu->n_columns = status == 0 ? fits_columns_count(handle, &status) : 0;
    if (hdu->n_columns < 0) hdu->n_columns = 0; /* who picks it is told why */
    status = 0;
  } else {
    read_image(handle, hdu, &status);
  }
  return status == 0 ? GMMPI_OK : GMMPI_BAD_DATA;
}

gmmpi_status fits_hdus_read(fitsfile *handle, const char *label, fits_hdus *hdus, gmmpi_error *error)
{
  int status = 0;
  for (int number = 0; status == 0; number++) {
    errno = 0;
    fits_movabs_hdu(handle, number + 1, NULL, &status);
    if (status != 0) break;
    if (number % 16 == 0) {
      fits_hdu *longer = realloc(hdus->list, ((size_t)number + 16) * sizeof *longer);
      if (longer == NULL) return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to read it", label);
      hdus->list = longer;
    }
    if (read_hdu(handle, number, &hdus->list[number]) != GMMPI_OK) return fits_broken(label, status, error);
    hdus->n = number + 1;
    LONGLONG end = 0;
    fits_get_hduaddrll(handle, NULL, NULL, &end, &status);
    hdus->end = end;
  }
  fits_clear_errmsg();
  if (hdus->n == 0 || disk_failed()) return fits_broken(label, status, error);
  return GMMPI_OK;
}

void fits_hdus_clear(fits_hdus *hdus)
{
  free(hdus->list);
}

/* --- which one --- */

static int count_named(const fits_hdus *hdus, const char *name)
{
  int n = 0;
  for (int i = 0; i < hdus->n; i++) n += strcasecmp(hdus->list[i].name, name) == 0 ? 1 : 0;
  return n;
}

static bool is_number(const char *text)
{
  return *text != '\0' && strspn(text, "0123456789") == strlen(text) && strlen(text) < 9;
}

void fits_hdu_path(const fits_hdus *hdus, const fits_hdu *hdu, char *path, size_t n_bytes)
{
  if (hdu->name[0] != '\0' && !is_number(hdu->name) && count_named(hdus, hdu->name) == 1) {
    snprintf(path, n_bytes, "/%s", hdu->name);
  } else {
    snprintf(path, n_bytes, "/%d", hdu->number);
  }
}

static bool is_candidate(const fits_hdu *hdu, bool tables)
{
  if (hdu->is_table != tables || hdu->n_rows < 1 || hdu->n_columns < 1) return false;
  return tables || hdu->n_dimensions == 1 || hdu->n_dimensions == 2;
}

/* "/EVENTS (table, 600 x 4), /1 (image, 10 x 20)", shortened to n_bytes. */
static void list_hdus(const fits_hdus *hdus, char *text, size_t n_bytes, bool (*is_listed)(const fits_hdu *))
{
  size_t used = 0;
  text[0] = '\0';
  for (int i = 0; i < hdus->n; i++) {
    const fits_hdu *hdu = &hdus->list[i];
    char path[FLEN_VALUE + 1];
    if (!is_listed(hdu)) continue;
    if (used + sizeof path + 80 > n_bytes) {
      snprintf(text + used, n_bytes - used, ", ... (%d in all)", hdus->n);
      return;
    }
    fits_hdu_path(hdus, hdu, path, sizeof path);
    const char *what = hdu->is_table ? "table" : "image";
    used += (size_t)snprintf(text + used, n_bytes - used, "%s%s (", used > 0 ? ", " : "", path);
    if (!hdu->is_table && hdu->n_dimensions != 1 && hdu->n_dimensions != 2) {
      used += (size_t)snprintf(text + used, n_bytes - used, "%s of %d dimensions)", what, hdu->n_dimensions);
    } else {
      used += (size_t)snprintf(text + used, n_bytes - used, "%s, %" PRId64 " x %" PRId64 ")", what, hdu->n_rows,
                               hdu->n_columns);
    }
  }
}

static bool holds_anything(const fits_hdu *hdu)
{
  return hdu->is_table || hdu->n_dimensions > 0;
}

static bool is_table_with_points(const fits_hdu *hdu)
{
  return is_candidate(hdu, true);
}

static bool is_image_with_points(const fits_hdu *hdu)
{
  return is_candidate(hdu, false);
}

static gmmpi_status choose_named(const fits_hdus *hdus, const char *path, const char *name, const fits_hdu **chosen,
                                 gmmpi_error *error)
{
  char list[300];
  const int n_named = count_named(hdus, name);
  list_hdus(hdus, list, sizeof list, holds_anything);
  if (n_named > 1)
    return fail(error, GMMPI_BAD_DATA, "%s: has %d extensions of the name \"%.70s\"; pick one by number: %s", path,
                n_named, name, list);
  for (int i = 0; i < hdus->n; i++) {
    const fits_hdu *hdu = &hdus->list[i];
    if (n_named == 1 ? strcasecmp(hdu->name, name) == 0 : is_number(name) && atoi(name) == hdu->number) *chosen = hdu;
  }
  if (*chosen != NULL) return GMMPI_OK;
  return fail(error, GMMPI_BAD_DATA, "%s: has no extension \"%.70s\"; %s%s", path, name,
              list[0] != '\0' ? "it has " : "it holds nothing", list);
}

gmmpi_status fits_hdu_choose(const fits_hdus *hdus, const char *path, const char *inside, const fits_hdu **chosen,
                             gmmpi_error *error)
{
  *chosen = NULL;
  if (inside != NULL && inside[strspn(inside, "/")] != '\0')
    return choose_named(hdus, path, inside + strspn(inside, "/"), chosen, error);
  bool (*const kinds[])(const fits_hdu *) = {is_table_with_points, is_image_with_points};
  char list[300];
  for (int k = 0; k < 2; k++) {
    int n = 0;
    for (int i = 0; i < hdus->n; i++) {
      if (!kinds[k](&hdus->list[i])) continue;
      *chosen = &hdus->list[i];
      n++;
    }
    if (n == 1) return GMMPI_OK;
    list_hdus(hdus, list, sizeof list, kinds[k]);
    if (n > 1)
      return fail(error, GMMPI_BAD_DATA, "%s: holds several %s, say which one, as in %s:/NAME; it has %s", path,
                  k == 0 ? "tables" : "images", path, list);
  }
  list_hdus(hdus, list, sizeof list, holds_anything);
  return fail(error, GMMPI_BAD_DATA,
              "%s: holds no table of numbers and no image of one dimension or two%s%s; give a file with points", path,
              list[0] != '\0' ? ", but " : "", list);
}
