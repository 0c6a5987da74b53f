/* SPDX-License-Identifier: BSD-3-Clause */
/* Opening a FITS table: its columns are the features. */
#include "sources/fits/columns.h"
#include "sources/fits/opening.h"
#include "sources/fits/state.h"
#include "support/error.h"
#include "support/memory.h"

#include <stdio.h>
#include <string.h>

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
  fits_note_meanings(source, state->cells, source->n_features, "TNULL", "TSCAL and TZERO");
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

gmmpi_status fits_table_open(point_source *source, fitsfile *handle, const fits_hdu *hdu, const source_options *options,
                             gmmpi_error *error)
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
  if (fits_check_size(source, hdu->n_rows, row_bytes, 0, error) != GMMPI_OK) return error->status;
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
