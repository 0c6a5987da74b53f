/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/npy/header.h"

#include "sources/npy/fields.h"
#include "support/error.h"
#include "support/file.h"
#include "support/memory.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

const char npy_magic[NPY_MAGIC_BYTES + 1] = "\x93NUMPY";

/* A header is a line of text; a description of thousands of fields is none that we could use. */
enum { LONGEST_HEADER = 1 << 20, MOST_DIMENSIONS = 32 };

/* What the dictionary says. */
typedef struct dictionary {
  const char *fields; /* the list that describes the fields of records; NULL: descr is not a list */
  const char *descr;  /* behind its quote, up to descr_length; NULL when it is not a string */
  size_t descr_length;
  bool has_descr;
  bool is_fortran;
  bool has_order;
  int64_t shape[MOST_DIMENSIONS];
  int n_dimensions;
  bool has_shape;
} dictionary;

static gmmpi_status damaged(const char *path, gmmpi_error *error)
{
  return fail(error, GMMPI_BAD_DATA, "%s: its NPY header is damaged; save the array anew with numpy.save", path);
}

/* --- a reader of what numpy.save writes: strings, True and False, tuples of integers --- */

static const char *skip_space(const char *text)
{
  while (*text == ' ' || *text == '\n' || *text == '\t') text++;
  return text;
}

/* A quoted string at text: sets where it begins and its length, and returns what is behind it; NULL when there is none.
 */
static const char *read_string(const char *text, const char **begin, size_t *length)
{
  if (*text != '\'' && *text != '"') return NULL;
  const char *end = strchr(text + 1, *text);
  if (end == NULL) return NULL;
  *begin = text + 1;
  *length = (size_t)(end - text) - 1;
  return end + 1;
}

/* Skips a list or tuple, whatever is in it. */
static const char *skip_nested(const char *text)
{
  int depth = 0;
  const char *ignored;
  size_t length;
  do {
    if (*text == '\'' || *text == '"') {
      text = read_string(text, &ignored, &length);
      if (text == NULL) return NULL;
      continue;
    }
    if (*text == '[' || *text == '(') depth++;
    if (*text == ']' || *text == ')') depth--;
    if (*text++ == '\0') return NULL;
  } while (depth > 0);
  return text;
}

static const char *read_shape(const char *text, dictionary *said)
{
  if (*text++ != '(') return NULL;
  for (text = skip_space(text); *text != ')'; text = skip_space(text)) {
    int64_t extent = 0;
    if (*text < '0' || *text > '9' || said->n_dimensions == MOST_DIMENSIONS) return NULL;
    for (; *text >= '0' && *text <= '9'; text++) {
      if (__builtin_mul_overflow(extent, 10, &extent) || __builtin_add_overflow(extent, *text - '0', &extent))
        return NULL;
    }
    if (*text == 'L') text++; /* Python 2 */
    said->shape[said->n_dimensions++] = extent;
    text = skip_space(text);
    if (*text == ',') text++;
  }
  said->has_shape = true;
  return text + 1;
}

static bool is_key(const char *key, size_t length, const char *expected)
{
  return length == strlen(expected) && memcmp(key, expected, length) == 0;
}

/* The value behind a key. */
static const char *read_value(const char *key, size_t key_length, const char *text, dictionary *said)
{
  if (is_key(key, key_length, "descr") && !said->has_descr) {
    said->has_descr = true;
    if (*text == '[') return skip_nested(said->fields = text);
    return read_string(text, &said->descr, &said->descr_length);
  }
  if (is_key(key, key_length, "fortran_order") && !said->has_order) {
    said->has_order = true;
    said->is_fortran = strncmp(text, "True", 4) == 0;
    return said->is_fortran ? text + 4 : strncmp(text, "False", 5) == 0 ? text + 5 : NULL;
  }
  return is_key(key, key_length, "shape") && !said->has_shape ? read_shape(text, said) : NULL;
}

static bool read_dictionary(const char *text, dictionary *said)
{
  const char *key;
  size_t key_length;
  text = skip_space(text);
  if (*text++ != '{') return false;
  for (text = skip_space(text); *text != '}'; text = skip_space(text)) {
    if ((text = read_string(text, &key, &key_length)) == NULL) return false;
    text = skip_space(text);
    if (*text++ != ':') return false;
    if ((text = read_value(key, key_length, skip_space(text), said)) == NULL) return false;
    text = skip_space(text);
    if (*text == ',') {
      text++;
    } else if (*text != '}') {
      return false;
    }
  }
  return said->has_descr && said->has_order && said->has_shape;
}

/* --- what it means --- */

static gmmpi_status objects(const char *path, gmmpi_error *error)
{
  return fail(error, GMMPI_BAD_DATA, "%s: is an array of Python objects; save it with .astype(float)", path);
}

/* Records of several fields. */
static gmmpi_status set_record_type(const char *path, const char *fields, npy_header *header, gmmpi_error *error)
{
  int64_t record_bytes;
  header->type = 'r';
  switch (npy_fields_read(fields, &header->columns, &record_bytes)) {
  case NPY_FIELDS_DAMAGED:
    return damaged(path, error);
  case NPY_FIELDS_ARE_OBJECTS:
    return objects(path, error);
  case NPY_FIELDS_TOO_MANY:
    return fail(error, GMMPI_NO_MEMORY, "%s: has more fields than there is memory for", path);
  default:
    header->item_bytes = (int)record_bytes;
    return record_bytes > 0 ? GMMPI_OK : damaged(path, error);
  }
}

static gmmpi_status set_type(const char *path, const dictionary *said, npy_header *header, gmmpi_error *error)
{
  static const char *const known[] = {"f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"};
  if (said->fields != NULL) return set_record_type(path, said->fields, header, error);
  const int length = said->descr_length < 40 ? (int)said->descr_length : 40;
  if (memchr(said->descr, 'O', said->descr_length) != NULL) return objects(path, error);
  const bool has_order = length > 0 && strchr("<>|=", said->descr[0]) != NULL;
  const char *name = said->descr + (has_order ? 1 : 0);
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    if (length != (has_order ? 3 : 2) || memcmp(name, known[i], 2) != 0) continue;
    const uint16_t one = 1;
    const bool is_little_endian = *(const unsigned char *)&one == 1;
    header->type = name[0];
    header->item_bytes = name[1] - '0';
    header->is_swapped = said->descr[0] == (is_little_endian ? '>' : '<');
    return GMMPI_OK;
  }
  return fail(error, GMMPI_BAD_DATA,
              "%s: has numbers of type \"%.*s\", which is not supported; save it with .astype(float)", path, length,
              said->descr);
}

static gmmpi_status set_shape(const char *path, const dictionary *said, int64_t n_bytes, npy_header *header,
                              gmmpi_error *error)
{
  if (said->n_dimensions != 1 && said->n_dimensions != 2)
    return fail(error, GMMPI_BAD_DATA, "%s: has %d dimensions; points are rows of an array of two", path,
                said->n_dimensions);
  header->n_dimensions = said->n_dimensions;
  header->n_rows = said->shape[0];
  header->n_columns = said->n_dimensions == 2 ? said->shape[1] : 1;
  header->is_fortran = said->is_fortran && said->n_dimensions == 2;
  if (header->n_columns == 0 && header->n_rows > 0)
    return fail(error, GMMPI_BAD_DATA, "%s: holds %" PRId64 " rows of %" PRId64 " columns; give a file with points",
                path, header->n_rows, header->n_columns);
  int64_t count;
  int64_t needed;
  if (!multiply_fits(header->n_rows, header->n_columns, &count) || !multiply_fits(count, header->item_bytes, &needed) ||
      needed > n_bytes - header->data_begin)
    return fail(error, GMMPI_BAD_DATA,
                "%s: is too short for its %" PRId64 " rows of %" PRId64 " columns; it is incomplete, copy it anew",
                path, header->n_rows, header->n_columns);
  return GMMPI_OK;
}

/* Where the dictionary is: *begin and *length, from the bytes before it. */
static gmmpi_status find_dictionary(int descriptor, const char *path, int64_t n_bytes, int64_t *begin, int64_t *length,
                                    gmmpi_error *error)
{
  unsigned char fixed[NPY_MAGIC_BYTES + 6];
  if (n_bytes < (int64_t)sizeof fixed) return damaged(path, error);
  const gmmpi_status status = file_read_at(descriptor, path, fixed, sizeof fixed, 0, error);
  if (status != GMMPI_OK) return status;
  const int version = fixed[NPY_MAGIC_BYTES];
  const unsigned char *size = fixed + NPY_MAGIC_BYTES + 2;
  if (version < 1 || version > 3)
    return fail(error, GMMPI_BAD_DATA, "%s: has NPY format %d, known are 1 to 3; save it as one of them", path,
                version);
  *begin = NPY_MAGIC_BYTES + (version == 1 ? 4 : 6);
  *length = size[0] + 256 * size[1];
  if (version > 1) *length += 65536 * (int64_t)size[2] + 16777216 * (int64_t)size[3];
  return *length > n_bytes - *begin || *length > LONGEST_HEADER ? damaged(path, error) : GMMPI_OK;
}

gmmpi_status npy_header_read(int descriptor, const char *path, int64_t n_bytes, npy_header *header, gmmpi_error *error)
{
  int64_t begin = 0;
  int64_t length = 0;
  *header = (npy_header){0};
  gmmpi_status status = find_dictionary(descriptor, path, n_bytes, &begin, &length, error);
  if (status != GMMPI_OK) return status;
  char *text = malloc((size_t)length + 1);
  if (text == NULL) return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left for its header", path);
  status = file_read_at(descriptor, path, text, (size_t)length, begin, error);
  text[length] = '\0';
  header->data_begin = begin + length;
  dictionary said = {0};
  if (status == GMMPI_OK && !read_dictionary(text, &said)) status = damaged(path, error);
  if (status == GMMPI_OK) status = set_type(path, &said, header, error);
  if (status == GMMPI_OK) status = set_shape(path, &said, n_bytes, header, error);
  free(text);
  return status;
}
