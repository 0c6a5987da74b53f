/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/fits/columns.h"

#include "support/error.h"
#include "support/memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the header says of one column. */
typedef struct column_facts {
  char name[FLEN_VALUE];
  fits_cell cell;    /* of its first number */
  int64_t n_numbers; /* in each row; 0: it has no numbers, or none that we could use */
  bool is_complex;   /* each number is two */
  int64_t n_bytes;   /* in each row */
} column_facts;

void fits_clean_text(char *text)
{
  for (; *text != '\0'; text++) {
    if (*text < ' ' || *text > '~') *text = '?';
  }
}

/* Reads a keyword, if it is there, of column number `column`: "TNULL", 3 -> TNULL3. False: it is not. */
static bool read_null(fitsfile *handle, int column, int64_t *null)
{
  char key[FLEN_KEYWORD];
  LONGLONG value = 0;
  int status = 0;
  snprintf(key, sizeof key, "TNULL%d", column);
  fits_write_errmark();
  fits_read_key_lnglng(handle, key, &value, NULL, &status);
  fits_clear_errmark();
  *null = value;
  return status == 0;
}

/* Bytes that n of the items of a binary table take; negative: an unknown type, or more than can be counted. */
static int64_t bytes_of_items(char type, int64_t n)
{
  int64_t n_bytes;
  if (n < 0) return -1;
  if (type == 'X') return n / 8 + (n % 8 != 0 ? 1 : 0);
  const int each = type == 'A' ? 1 : type == 'C' ? 8 : type == 'M' ? 16 : fits_type_bytes(type);
  return each > 0 && multiply_fits(n, each, &n_bytes) ? n_bytes : -1;
}

static bool read_binary_column(fitsfile *handle, int column, column_facts *facts, int *status)
{
  char type[FLEN_VALUE] = "";
  LONGLONG repeat = 0;
  fits_cell *cell = &facts->cell;
  fits_get_bcolparmsll(handle, column, facts->name, NULL, type, &repeat, &cell->scale, &cell->zero, NULL, NULL, status);
  if (*status != 0) return false;
  if (type[0] == 'P' || type[0] == 'Q') {
    facts->n_bytes = repeat == 0 ? 0 : type[0] == 'P' ? 8 : 16;
    return true;
  }
  facts->n_bytes = bytes_of_items(type[0], repeat);
  if (facts->n_bytes < 0) return false;
  facts->is_complex = type[0] == 'C' || type[0] == 'M';
  cell->type = type[0] == 'C' ? 'E' : type[0] == 'M' ? 'D' : type[0];
  cell->width = fits_type_bytes(cell->type);
  if (cell->width > 0) facts->n_numbers = facts->is_complex ? 2 * repeat : repeat;
  if (strchr("BIJK", cell->type) != NULL) cell->has_null = read_null(handle, column, &cell->null);
  return true;
}

/* TFORM of an ASCII table: I10, F8.3, E15.7, D25.17, A20. */
static bool read_text_column(fitsfile *handle, int column, column_facts *facts, int *status)
{
  char form[FLEN_VALUE] = "";
  char null[FLEN_VALUE] = "";
  long begin = 0;
  int width = 0;
  int n_decimals = 0;
  fits_cell *cell = &facts->cell;
  fits_get_acolparms(handle, column, facts->name, &begin, NULL, form, &cell->scale, &cell->zero, null, NULL, status);
  if (*status != 0 || begin < 1 || sscanf(form + 1, "%d.%d", &width, &n_decimals) < 1 || width < 1) return false;
  const char *text = null + strspn(null, " ");
  snprintf(cell->null_text, sizeof cell->null_text, "%.*s", (int)strcspn(text, " "), text);
  cell->offset = begin - 1;
  cell->type = 'A';
  cell->width = width;
  cell->n_decimals = form[0] == 'I' || n_decimals < 0 || n_decimals > 300 ? 0 : n_decimals;
  facts->n_bytes = width;
  facts->n_numbers = strchr("IFED", form[0]) != NULL && width < FITS_TEXT_BYTES ? 1 : 0;
  return true;
}

/* In a binary table columns lie one behind the other: *end, of the last one read, moves on. False: status says why, or
 * the column cannot be. */
static bool read_column(fitsfile *handle, bool is_binary, int column, int64_t *end, column_facts *facts, int *status)
{
  *facts = (column_facts){.cell = {.scale = 1.0}};
  if (!(is_binary ? read_binary_column : read_text_column)(handle, column, facts, status)) return false;
  fits_clean_text(facts->name);
  if (is_binary) facts->cell.offset = *end;
  return !__builtin_add_overflow(facts->cell.offset, facts->n_bytes, end);
}

static bool read_shape(fitsfile *handle, bool *is_binary, int *n_columns, int64_t *row_bytes, int *status)
{
  int type = 0;
  LONGLONG width = 0;
  fits_get_hdu_type(handle, &type, status);
  fits_get_num_cols(handle, n_columns, status);
  fits_read_key_lnglng(handle, "NAXIS1", &width, NULL, status);
  *is_binary = type == BINARY_TBL;
  *row_bytes = width;
  return *status == 0;
}

int64_t fits_columns_count(fitsfile *handle, int *status)
{
  bool is_binary;
  int n_columns = 0;
  int64_t row_bytes;
  int64_t end = 0;
  int64_t n = 0;
  if (!read_shape(handle, &is_binary, &n_columns, &row_bytes, status)) return -1;
  for (int column = 1; column <= n_columns; column++) {
    column_facts facts;
    if (!read_column(handle, is_binary, column, &end, &facts, status) || end > row_bytes) return -1;
    n += facts.n_numbers; /* no more than bytes in a row */
  }
  return n;
}

/* "flux", "vec.3", "z.real", "spectrum.3.imag"; NULL: no memory. */
static char *name_of_number(const column_facts *facts, int64_t index)
{
  char *name = NULL;
  const int64_t n_values = facts->is_complex ? facts->n_numbers / 2 : facts->n_numbers;
  const int64_t value = facts->is_complex ? index / 2 : index;
  const char *part = !facts->is_complex ? "" : index % 2 == 0 ? ".real" : ".imag";
  const int length = n_values > 1 ? asprintf(&name, "%s.%" PRId64 "%s", facts->name, value, part)
                                  : asprintf(&name, "%s%s", facts->name, part);
  return length < 0 ? NULL : name;
}

static bool add_numbers(fits_columns *columns, const column_facts *facts)
{
  fits_cell cell = facts->cell;
  for (int64_t i = 0; i < facts->n_numbers; i++) {
    const int64_t at = columns->n++;
    columns->cells[at] = cell;
    columns->cells[at].offset += i * cell.width;
    columns->names[at] = name_of_number(facts, i);
    if (columns->names[at] == NULL) return false;
    if (facts->n_numbers > 1 && (columns->arrays[at] = strdup(facts->name)) == NULL) return false;
  }
  if (facts->n_numbers > 0 || facts->n_bytes == 0) return true;
  columns->left_out[columns->n_left_out] = strdup(facts->name);
  return columns->left_out[columns->n_left_out++] != NULL;
}

gmmpi_status fits_columns_read(fitsfile *handle, const char *label, fits_columns *columns, gmmpi_error *error)
{
  bool is_binary;
  int n_columns = 0;
  int64_t end = 0;
  int status = 0;
  const int64_t n = fits_columns_count(handle, &status);
  if (n < 0 || !read_shape(handle, &is_binary, &n_columns, &columns->row_bytes, &status))
    return fail(error, GMMPI_BAD_DATA, "%s: is a FITS table whose columns do not fit its rows; write it anew", label);
  columns->names = allocate(n, sizeof *columns->names);
  columns->arrays = allocate(n, sizeof *columns->arrays);
  columns->cells = allocate(n, sizeof *columns->cells);
  columns->left_out = allocate(n_columns, sizeof *columns->left_out);
  bool has_memory =
      columns->names != NULL && columns->arrays != NULL && columns->cells != NULL && columns->left_out != NULL;
  for (int column = 1; column <= n_columns && has_memory; column++) {
    column_facts facts;
    if (read_column(handle, is_binary, column, &end, &facts, &status)) has_memory = add_numbers(columns, &facts);
  }
  if (!has_memory) return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left for its %" PRId64 " columns", label, n);
  return GMMPI_OK;
}

void fits_columns_clear(fits_columns *columns)
{
  for (int64_t i = 0; i < columns->n; i++) {
    free(columns->names[i]);
    free(columns->arrays[i]);
  }
  for (int i = 0; i < columns->n_left_out; i++) free(columns->left_out[i]);
  free(columns->names);
  free(columns->arrays);
  free(columns->cells);
  free(columns->left_out);
}
