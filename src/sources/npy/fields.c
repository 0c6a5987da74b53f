/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/npy/fields.h"

#include "support/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Deeper nesting is nobody's table. */
enum { DEEPEST = 16, MOST_DIMENSIONS = 32 };
/* No record has more. */
static const int64_t most_bytes = INT32_MAX;

typedef struct parser {
  const char *next;
  record_columns *columns; /* to add to; NULL: fields are only measured */
  int64_t *fields_left;    /* that may still be looked at, those of each element of an array anew */
  npy_fields_status status;
} parser;

static bool fail_as(parser *state, npy_fields_status status)
{
  if (state->status == NPY_FIELDS_READ) state->status = status;
  return false;
}

static bool is_damaged(parser *state)
{
  return fail_as(state, NPY_FIELDS_DAMAGED);
}

/* --- what numpy.save writes --- */

static void skip_space(parser *state)
{
  while (*state->next == ' ' || *state->next == '\n' || *state->next == '\t') state->next++;
}

/* Is this the next sign? Then it is taken. */
static bool take(parser *state, char sign)
{
  skip_space(state);
  if (*state->next != sign) return false;
  state->next++;
  return true;
}

/* A string of Python, of which only backslashes, quotes and \xNN are escaped in names of fields that can be printed.
 * The caller frees it. */
static char *take_string(parser *state)
{
  skip_space(state);
  const char quote = *state->next;
  if (quote != '\'' && quote != '"') return NULL;
  const char *c = state->next + 1;
  char *text = malloc(strlen(c) + 1);
  size_t length = 0;
  for (; text != NULL && *c != '\0' && *c != quote; c++) {
    if (*c == '\\' && (c[1] == '\\' || c[1] == '\'' || c[1] == '"')) c++;
    text[length++] = *c;
  }
  if (text == NULL || *c == '\0') {
    free(text);
    return NULL;
  }
  text[length] = '\0';
  state->next = c + 1;
  return text;
}

static bool take_count(parser *state, int64_t *count)
{
  skip_space(state);
  if (*state->next < '0' || *state->next > '9') return false;
  *count = 0;
  for (; *state->next >= '0' && *state->next <= '9'; state->next++) {
    if (*count > most_bytes) return false;
    *count = *count * 10 + (*state->next - '0');
  }
  if (*state->next == 'L') state->next++; /* Python 2 */
  return true;
}

/* (3,) or (2, 2): how many elements there are. */
static bool take_shape(parser *state, int64_t *n)
{
  int64_t extent;
  *n = 1;
  if (take_count(state, n)) return true;
  if (!take(state, '(')) return is_damaged(state);
  while (!take(state, ')')) {
    if (!take_count(state, &extent) || !multiply_fits(*n, extent, n) || *n > most_bytes) return is_damaged(state);
    take(state, ',');
  }
  return true;
}

/* --- types --- */

/* "<f8": order, kind, size. */
typedef struct scalar {
  char kind;
  bool is_swapped;
  int64_t n_bytes;
} scalar;

static bool read_scalar(const char *text, scalar *type)
{
  static const char orders[] = "<>|=";
  const bool has_order = *text != '\0' && strchr(orders, *text) != NULL;
  type->is_swapped = has_order && *text == (machine_is_little_endian() ? '>' : '<');
  if (has_order) text++;
  type->kind = *text;
  if (type->kind == 'O') return true;
  if (type->kind == '\0' || text[1] < '0' || text[1] > '9') return false;
  char *end;
  type->n_bytes = strtoll(text + 1, &end, 10);
  if (type->n_bytes > most_bytes) return false;
  if (type->kind == 'U') type->n_bytes *= 4;
  return *end == '\0' || *end == '['; /* M8[ns] */
}

/* Is it a number that records.h knows? */
static bool is_number(const scalar *type)
{
  const int64_t n = type->n_bytes;
  switch (type->kind) {
  case 'f':
    return n == 2 || n == 4 || n == 8;
  case 'i':
  case 'u':
    return n == 1 || n == 2 || n == 4 || n == 8;
  case 'b':
    return n == 1;
  default:
    return false;
  }
}

static const char *what_it_is(char kind)
{
  switch (kind) {
  case 'S':
  case 'U':
  case 'a':
    return "text";
  case 'M':
  case 'm':
    return "times";
  case 'c':
  case 'f':
    return "numbers of a kind that is not read";
  default:
    return "bytes that are no numbers";
  }
}

/* --- fields --- */

/* What a field is called, and where it begins. */
typedef struct place {
  const char *name;  /* NULL: the record itself */
  const char *array; /* the name that picks it with others; NULL: none */
  int64_t offset;
  int depth;
} place;

static char *full_name(const char *field, const char *part)
{
  char *full = NULL;
  if (field == NULL) return strdup(part);
  return asprintf(&full, "%s.%s", field, part) < 0 ? NULL : full;
}

static bool add_scalar(parser *state, const scalar *type, place at)
{
  record_columns *columns = state->columns;
  const record_field field = {at.offset, type->kind, (int)type->n_bytes, type->is_swapped};
  const bool is_complex = type->kind == 'c' && (type->n_bytes == 8 || type->n_bytes == 16);
  bool good = true;
  if (is_number(type)) {
    good = record_columns_add(columns, at.name, at.array, field);
  } else if (is_complex) { /* real and imaginary part, called as in HDF5 */
    const scalar part = {'f', type->is_swapped, type->n_bytes / 2};
    char *real = full_name(at.name, "r");
    char *imaginary = full_name(at.name, "i");
    good = real != NULL && imaginary != NULL && add_scalar(state, &part, (place){real, at.name, at.offset, at.depth}) &&
           add_scalar(state, &part, (place){imaginary, at.name, at.offset + part.n_bytes, at.depth});
    free(real);
    free(imaginary);
  } else {
    good = record_columns_add_text(columns, at.name, what_it_is(type->kind));
  }
  return good || fail_as(state, NPY_FIELDS_TOO_MANY);
}

/* n of one type, one behind the other. */
static bool add_scalars(parser *state, const scalar *type, int64_t n, bool is_array, place at)
{
  bool good = true;
  if (!is_array || (!is_number(type) && type->kind != 'c')) return n == 0 || add_scalar(state, type, at);
  for (int64_t i = 0; i < n && good; i++) {
    char number[24];
    snprintf(number, sizeof number, "%lld", (long long)i);
    char *name = full_name(at.name, number);
    const place element = {name, at.name, at.offset + i * type->n_bytes, at.depth};
    good = name != NULL ? add_scalar(state, type, element) : fail_as(state, NPY_FIELDS_TOO_MANY);
    free(name);
  }
  return good;
}

static bool take_fields(parser *state, place at, int64_t *n_bytes);

/* The fields at `type`, n_bytes together, so many times. */
static bool add_records(parser *state, const char *type, int64_t n, bool is_array, place at, int64_t n_bytes)
{
  bool good = true;
  for (int64_t i = 0; i < n && good; i++) {
    char number[24];
    snprintf(number, sizeof number, "%lld", (long long)i);
    char *name = is_array ? full_name(at.name, number) : strdup(at.name);
    int64_t same_bytes;
    parser again = {.next = type, .columns = state->columns, .fields_left = state->fields_left};
    const place element = {name, is_array ? at.name : at.array, at.offset + i * n_bytes, at.depth + 1};
    good = name != NULL ? take_fields(&again, element, &same_bytes) : fail_as(&again, NPY_FIELDS_TOO_MANY);
    if (!good) fail_as(state, again.status);
    free(name);
  }
  return good;
}

/* Skips [ ... ]: *n_bytes of what it describes. */
static bool measure_fields(parser *state, int depth, int64_t *n_bytes)
{
  parser measure = {.next = state->next, .fields_left = state->fields_left};
  const bool good = take_fields(&measure, (place){.depth = depth}, n_bytes);
  if (!good) fail_as(state, measure.status);
  state->next = measure.next;
  return good;
}

/* What is behind the name in a tuple, up to its end. */
static bool take_type(parser *state, place at, int64_t *n_bytes)
{
  scalar type = {0};
  int64_t n = 1;
  const bool is_nested = (skip_space(state), *state->next == '[');
  const char *begin = state->next;
  if (is_nested) {
    if (at.depth == DEEPEST || !measure_fields(state, at.depth + 1, n_bytes)) return is_damaged(state);
  } else {
    char *text = take_string(state);
    const bool is_read = text != NULL && read_scalar(text, &type);
    free(text);
    if (!is_read) return is_damaged(state);
    if (type.kind == 'O') return fail_as(state, NPY_FIELDS_ARE_OBJECTS);
    *n_bytes = type.n_bytes;
  }
  const bool is_array = take(state, ',') && (skip_space(state), *state->next != ')');
  if (is_array && !take_shape(state, &n)) return false;
  if (is_array) take(state, ',');
  const bool is_padding = at.name[0] == '\0' && type.kind == 'V';
  int64_t all_bytes;
  if (!take(state, ')') || !multiply_fits(n, *n_bytes, &all_bytes) || at.offset > most_bytes - all_bytes)
    return is_damaged(state);
  if (n > MOST_RECORD_COLUMNS) return fail_as(state, NPY_FIELDS_TOO_MANY);
  const bool is_over = is_padding || state->columns == NULL;
  const bool good = is_over || (is_nested ? add_records(state, begin, n, is_array, at, *n_bytes)
                                          : add_scalars(state, &type, n, is_array, at));
  *n_bytes = all_bytes;
  return good;
}

/* 'name', or ('title', 'name'). */
static char *take_name(parser *state)
{
  if (!take(state, '(')) return take_string(state);
  char *title = take_string(state);
  const bool is_titled = title != NULL && take(state, ',');
  free(title);
  char *name = is_titled ? take_string(state) : NULL;
  if (name != NULL && take(state, ')')) return name;
  free(name);
  return NULL;
}

/* [('name', type), ...]: *n_bytes of all together. */
static bool take_fields(parser *state, place at, int64_t *n_bytes)
{
  int64_t used = 0;
  if (!take(state, '[')) return is_damaged(state);
  while (!take(state, ']')) {
    if (--*state->fields_left < 0) return fail_as(state, NPY_FIELDS_TOO_MANY);
    char *name = take(state, '(') ? take_name(state) : NULL;
    char *full = NULL;
    if (name != NULL) full = name[0] == '\0' ? strdup(name) : full_name(at.name, name);
    int64_t field_bytes = 0;
    const place field = {full, at.name, at.offset + used, at.depth};
    const bool good = full != NULL && take(state, ',') && take_type(state, field, &field_bytes);
    free(name);
    free(full);
    if (!good) return is_damaged(state);
    used += field_bytes;
    if (used > most_bytes) return is_damaged(state);
    take(state, ',');
  }
  *n_bytes = used;
  return true;
}

npy_fields_status npy_fields_read(const char *text, record_columns *columns, int64_t *record_bytes)
{
  int64_t fields_left = 4 * (int64_t)MOST_RECORD_COLUMNS;
  parser state = {.next = text, .columns = columns, .fields_left = &fields_left};
  *record_bytes = 0;
  take_fields(&state, (place){0}, record_bytes);
  return state.status;
}
