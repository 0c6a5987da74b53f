/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/hdf5/strings.h"

#include "sources/hdf5/links.h"
#include "sources/hdf5/numbers.h"
#include "support/hdf5_attributes.h"
#include "support/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A string of fixed length has at most so many bytes; names are shorter. */
enum { MOST_STRING_BYTES = 1 << 16 };
/* Deflate packs at most 1032 bytes into one. */
static const int64_t most_packed = 1032;

int64_t hdf5_bytes_of_file(hid_t object)
{
  const int64_t n_bytes = hdf5_own_file_bytes(object);
  return n_bytes < INT64_MAX / most_packed ? n_bytes : INT64_MAX / most_packed;
}

void hdf5_text_attribute(hid_t object, const char *name, char *text, size_t n_bytes)
{
  char **strings = NULL;
  int64_t n = 0;
  const bool is_read = hdf5_strings_read(object, name, hdf5_bytes_of_file(object), &n, &strings);
  snprintf(text, n_bytes, "%s", is_read && n == 1 ? strings[0] : "");
  hdf5_strings_free(is_read ? n : 0, strings);
}

bool hdf5_attribute_is(hid_t object, const char *name, const char *text)
{
  char is[64];
  hdf5_text_attribute(object, name, is, sizeof is);
  return strcmp(is, text) == 0;
}

/* --- data sets of strings --- */

static char **read_fixed(hid_t data_set, hid_t type, int64_t n)
{
  const size_t length = H5Tget_size(type) + 1;
  const int64_t most = most_packed * hdf5_bytes_of_file(data_set);
  int64_t n_bytes;
  if (length > MOST_STRING_BYTES || !multiply_fits(n, (int64_t)length, &n_bytes) || n_bytes - n > most) return NULL;
  const hid_t memory = H5Tcopy(H5T_C_S1);
  char *values = allocate(n, length);
  char **strings = allocate(n, sizeof *strings);
  bool is_read = memory >= 0 && values != NULL && strings != NULL && H5Tset_size(memory, length) >= 0 &&
                 H5Tset_cset(memory, H5Tget_cset(type)) >= 0 &&
                 H5Dread(data_set, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0;
  for (int64_t i = 0; is_read && i < n; i++) is_read = (strings[i] = strdup(values + (size_t)i * length)) != NULL;
  if (!is_read) {
    hdf5_strings_free(n, strings);
    strings = NULL;
  }
  free(values);
  if (memory >= 0) H5Tclose(memory);
  return strings;
}

static char **read_variable(hid_t data_set, hid_t type, hid_t space, int64_t n)
{
  const hid_t memory = H5Tcopy(H5T_C_S1);
  char **values = allocate(n, sizeof *values);
  char **strings = allocate(n, sizeof *strings);
  bool is_read = memory >= 0 && values != NULL && strings != NULL && H5Tset_size(memory, H5T_VARIABLE) >= 0 &&
                 H5Tset_cset(memory, H5Tget_cset(type)) >= 0 &&
                 H5Dread(data_set, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0;
  const bool reclaims = is_read;
  for (int64_t i = 0; is_read && i < n; i++)
    is_read = (strings[i] = strdup(values[i] != NULL ? values[i] : "")) != NULL;
  if (reclaims) H5Dvlen_reclaim(memory, space, H5P_DEFAULT, values);
  if (!is_read) {
    hdf5_strings_free(n, strings);
    strings = NULL;
  }
  free(values);
  if (memory >= 0) H5Tclose(memory);
  return strings;
}

/* Do the numbers count from 0 or 1? */
static bool only_count(const double *numbers, int64_t n)
{
  bool counts = numbers[0] == 0.0 || numbers[0] == 1.0;
  for (int64_t i = 1; i < n; i++) counts = counts && numbers[i] == numbers[i - 1] + 1.0;
  return counts;
}

static char **numbers_as_text(hid_t data_set, int64_t n, const char *prefix)
{
  const bool is_plain = prefix[0] == '\0';
  hdf5_numbers type;
  double *numbers = allocate(n, sizeof *numbers);
  char **strings = allocate(n, sizeof *strings);
  bool is_read = hdf5_numbers_open(data_set, &type) && numbers != NULL && strings != NULL &&
                 hdf5_numbers_read(&type, data_set, H5S_ALL, H5S_ALL, n, numbers) &&
                 (is_plain || !only_count(numbers, n));
  for (int64_t i = 0; is_read && i < n; i++) {
    is_read = asprintf(&strings[i], "%.60s%s%.9g", prefix, is_plain ? "" : "=", numbers[i]) >= 0;
    if (!is_read) strings[i] = NULL;
  }
  hdf5_numbers_close(&type);
  free(numbers);
  if (is_read) return strings;
  hdf5_strings_free(n, strings);
  return NULL;
}

char **hdf5_texts_of(hid_t data_set, int64_t n, const char *prefix)
{
  const hid_t type = H5Dget_type(data_set);
  const hid_t space = H5Dget_space(data_set);
  char **texts = NULL;
  const bool fits = n > 0 && type >= 0 && space >= 0 && H5Sget_simple_extent_ndims(space) == 1 &&
                    H5Sget_simple_extent_npoints(space) == n;
  const bool is_text = fits && H5Tget_class(type) == H5T_STRING;
  if (is_text)
    texts = H5Tis_variable_str(type) > 0 ? read_variable(data_set, type, space, n) : read_fixed(data_set, type, n);
  else if (fits && prefix != NULL && hdf5_is_numeric(data_set))
    texts = numbers_as_text(data_set, n, prefix);
  if (type >= 0) H5Tclose(type);
  if (space >= 0) H5Sclose(space);
  return texts;
}

char **hdf5_texts_at(hid_t object, const char *path, int64_t n, const char *prefix)
{
  const hid_t data_set = H5Dopen2(object, path, H5P_DEFAULT);
  char **texts = data_set >= 0 ? hdf5_texts_of(data_set, n, prefix) : NULL;
  if (data_set >= 0) H5Dclose(data_set);
  return texts;
}
