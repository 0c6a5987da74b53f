/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/hdf5_attributes.h"

#include "support/json_text.h"
#include "support/memory.h"

#include <stdlib.h>
#include <string.h>

/* --- writing --- */

/* n_values = 0: a scalar. */
static bool write_attribute(hid_t object, const char *name, hid_t file_type, hid_t memory_type, size_t n_values,
                            const void *values)
{
  const hsize_t extent = n_values;
  const hid_t space = n_values == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &extent, NULL);
  hid_t attribute = H5I_INVALID_HID;
  if (space >= 0) attribute = H5Acreate2(object, name, file_type, space, H5P_DEFAULT, H5P_DEFAULT);
  bool written = attribute >= 0 && H5Awrite(attribute, memory_type, values) >= 0;
  if (attribute >= 0 && H5Aclose(attribute) < 0) written = false;
  if (space >= 0) H5Sclose(space);
  return written;
}

/* n_values = 0: a scalar, the first of the strings. Variable length, which Python's h5py reads as str. */
static bool write_strings(hid_t object, const char *name, size_t n_values, const char *const *strings)
{
  const hid_t type = H5Tcopy(H5T_C_S1);
  const bool written = type >= 0 && H5Tset_size(type, H5T_VARIABLE) >= 0 && H5Tset_cset(type, H5T_CSET_UTF8) >= 0 &&
                       write_attribute(object, name, type, type, n_values, strings);
  if (type >= 0) H5Tclose(type);
  return written;
}

bool hdf5_strings_write(hid_t object, const char *name, int64_t n_strings, const char *const *strings)
{
  return write_strings(object, name, (size_t)n_strings, strings);
}

/* h5py's bool. */
static hid_t boolean_type(void)
{
  const hid_t type = H5Tenum_create(H5T_STD_I8LE);
  const signed char no = 0;
  const signed char yes = 1;
  if (type >= 0 && H5Tenum_insert(type, "FALSE", &no) >= 0 && H5Tenum_insert(type, "TRUE", &yes) >= 0) return type;
  if (type >= 0) H5Tclose(type);
  return H5I_INVALID_HID;
}

static bool write_boolean(hid_t object, const char *name, bool value)
{
  const signed char byte = value ? 1 : 0;
  const hid_t type = boolean_type();
  const bool written = type >= 0 && write_attribute(object, name, type, type, 0, &byte);
  if (type >= 0) H5Tclose(type);
  return written;
}

static bool write_integers(hid_t object, const char *name, const json_t *array, size_t n_values)
{
  int64_t *values = calloc(n_values, sizeof *values);
  if (values == NULL) return false;
  for (size_t i = 0; i < n_values; i++) values[i] = json_integer_value(json_array_get(array, i));
  const bool written = write_attribute(object, name, H5T_STD_I64LE, H5T_NATIVE_INT64, n_values, values);
  free(values);
  return written;
}

static bool write_reals(hid_t object, const char *name, const json_t *array, size_t n_values)
{
  double *values = calloc(n_values, sizeof *values);
  if (values == NULL) return false;
  for (size_t i = 0; i < n_values; i++) values[i] = json_number_value(json_array_get(array, i));
  const bool written = write_attribute(object, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, n_values, values);
  free(values);
  return written;
}

static bool write_texts(hid_t object, const char *name, const json_t *array, size_t n_values)
{
  const char **values = calloc(n_values, sizeof *values);
  if (values == NULL) return false;
  for (size_t i = 0; i < n_values; i++) values[i] = json_string_value(json_array_get(array, i));
  const bool written = write_strings(object, name, n_values, values);
  free(values);
  return written;
}

static bool write_array(hid_t object, const char *name, const json_t *array)
{
  const size_t n_values = json_array_size(array);
  size_t n_integers = 0;
  size_t n_numbers = 0;
  size_t n_texts = 0;
  for (size_t i = 0; i < n_values; i++) {
    const json_t *value = json_array_get(array, i);
    if (json_is_integer(value)) n_integers++;
    if (json_is_number(value)) n_numbers++;
    if (json_is_string(value)) n_texts++;
  }
  if (n_values == 0) return true;
  if (n_integers == n_values) return write_integers(object, name, array, n_values);
  if (n_numbers == n_values) return write_reals(object, name, array, n_values);
  return n_texts == n_values && write_texts(object, name, array, n_values);
}

static bool write_fact(hid_t object, const char *name, const json_t *value)
{
  const int64_t integer = json_integer_value(value);
  const double real = json_real_value(value);
  const char *text = json_string_value(value);
  switch (json_typeof(value)) {
  case JSON_INTEGER:
    return write_attribute(object, name, H5T_STD_I64LE, H5T_NATIVE_INT64, 0, &integer);
  case JSON_REAL:
    return write_attribute(object, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, 0, &real);
  case JSON_STRING:
    return write_strings(object, name, 0, &text);
  case JSON_TRUE:
  case JSON_FALSE:
    return write_boolean(object, name, json_is_true(value));
  case JSON_ARRAY:
    return write_array(object, name, value);
  case JSON_NULL:
    return true;
  default:
    return false;
  }
}

bool hdf5_attributes_write(hid_t object, const json_t *facts)
{
  json_t *members = (json_t *)facts; /* jansson iterates over what is not const only */
  for (void *member = json_object_iter(members); member != NULL; member = json_object_iter_next(members, member)) {
    if (!write_fact(object, json_object_iter_key(member), json_object_iter_value(member))) return false;
  }
  return true;
}

/* --- reading --- */

/* An open attribute of at most one dimension. */
typedef struct opened_attribute {
  hid_t id, type, space;
  bool scalar;
  int64_t n_values;
} opened_attribute;

static void close_attribute(opened_attribute *attribute)
{
  if (attribute->space >= 0) H5Sclose(attribute->space);
  if (attribute->type >= 0) H5Tclose(attribute->type);
  if (attribute->id >= 0) H5Aclose(attribute->id);
}

/* False when it cannot be opened or claims to be larger than the file. *usable: it has values, in at most one
 * dimension. */
static bool open_attribute(hid_t object, const char *name, int64_t file_bytes, opened_attribute *attribute,
                           bool *usable)
{
  *attribute = (opened_attribute){H5I_INVALID_HID, H5I_INVALID_HID, H5I_INVALID_HID, false, 0};
  *usable = false;
  attribute->id = H5Aopen(object, name, H5P_DEFAULT);
  if (attribute->id >= 0) attribute->type = H5Aget_type(attribute->id);
  if (attribute->id >= 0) attribute->space = H5Aget_space(attribute->id);
  if (attribute->type >= 0 && attribute->space >= 0 && H5Aget_storage_size(attribute->id) <= (hsize_t)file_bytes) {
    attribute->n_values = H5Sget_simple_extent_npoints(attribute->space);
    attribute->scalar = H5Sget_simple_extent_type(attribute->space) == H5S_SCALAR;
    *usable = attribute->n_values > 0 && H5Sget_simple_extent_ndims(attribute->space) <= 1;
    return true;
  }
  close_attribute(attribute);
  return false;
}

void hdf5_strings_free(int64_t n_strings, char **strings)
{
  if (strings == NULL) return;
  for (int64_t i = 0; i < n_strings; i++) free(strings[i]);
  free(strings);
}

/* A type for memory like the file's strings. fixed: of fixed length, terminated, *length bytes in all. */
static hid_t memory_string_type(hid_t file_type, bool fixed, size_t *length)
{
  const hid_t type = H5Tcopy(H5T_C_S1);
  *length = fixed ? H5Tget_size(file_type) + 1 : sizeof(char *);
  if (type >= 0 && H5Tset_size(type, fixed ? *length : H5T_VARIABLE) >= 0 &&
      H5Tset_cset(type, H5Tget_cset(file_type)) >= 0)
    return type;
  if (type >= 0) H5Tclose(type);
  return H5I_INVALID_HID;
}

/* The text of value i in a buffer of fixed strings or of pointers to strings of variable length (NULL: empty). */
static const char *text_in(const void *values, bool fixed, size_t length, int64_t i)
{
  if (fixed) return (const char *)values + (size_t)i * length;
  const char *text = ((const char *const *)values)[i];
  return text != NULL ? text : "";
}

static char **read_strings(const opened_attribute *attribute)
{
  const bool fixed = H5Tis_variable_str(attribute->type) == 0;
  size_t length;
  const hid_t type = memory_string_type(attribute->type, fixed, &length);
  void *values = allocate(attribute->n_values, length);
  char **strings = allocate(attribute->n_values, sizeof *strings);
  bool read = type >= 0 && values != NULL && strings != NULL && H5Aread(attribute->id, type, values) >= 0;
  const bool reclaim = read && !fixed;
  for (int64_t i = 0; read && i < attribute->n_values; i++)
    read = (strings[i] = strdup(text_in(values, fixed, length, i))) != NULL;
  if (reclaim) H5Dvlen_reclaim(type, attribute->space, H5P_DEFAULT, values);
  if (!read) {
    hdf5_strings_free(attribute->n_values, strings);
    strings = NULL;
  }
  free(values);
  if (type >= 0) H5Tclose(type);
  return strings;
}

bool hdf5_strings_read(hid_t object, const char *name, int64_t file_bytes, int64_t *n_strings, char ***strings)
{
  opened_attribute attribute;
  bool usable;
  if (H5Aexists(object, name) <= 0 || !open_attribute(object, name, file_bytes, &attribute, &usable)) return false;
  *strings = usable && H5Tget_class(attribute.type) == H5T_STRING ? read_strings(&attribute) : NULL;
  *n_strings = attribute.n_values;
  close_attribute(&attribute);
  return *strings != NULL;
}

/* One element for a scalar, else an array; takes over the reference to array. */
static json_t *as_fact(const opened_attribute *attribute, json_t *array)
{
  if (!attribute->scalar || array == NULL) return array;
  json_t *value = json_incref(json_array_get(array, 0));
  json_decref(array);
  return value;
}

static json_t *texts_of(const opened_attribute *attribute)
{
  char **strings = read_strings(attribute);
  json_t *array = strings != NULL ? json_array() : NULL;
  for (int64_t i = 0; array != NULL && i < attribute->n_values; i++) {
    if (json_array_append_new(array, json_text(strings[i])) != 0) {
      json_decref(array);
      array = NULL;
    }
  }
  hdf5_strings_free(attribute->n_values, strings);
  return array;
}

/* Booleans and integers are read as 64-bit integers, all else as doubles; what is no JSON number (NaN, infinity)
 * becomes null. */
static json_t *numbers_of(const opened_attribute *attribute, H5T_class_t class)
{
  const hid_t type = class == H5T_FLOAT ? H5T_NATIVE_DOUBLE : class == H5T_INTEGER ? H5T_NATIVE_INT64 : attribute->type;
  const bool one_byte = class == H5T_ENUM;
  void *values = allocate(attribute->n_values, 8);
  json_t *array = values != NULL && H5Aread(attribute->id, type, values) >= 0 ? json_array() : NULL;
  for (int64_t i = 0; array != NULL && i < attribute->n_values; i++) {
    json_t *value = one_byte               ? json_boolean(((const signed char *)values)[i] != 0)
                    : class == H5T_INTEGER ? json_integer(((const int64_t *)values)[i])
                                           : json_real(((const double *)values)[i]);
    if (json_array_append_new(array, value != NULL ? value : json_null()) != 0) {
      json_decref(array);
      array = NULL;
    }
  }
  free(values);
  return array;
}

/* Is it h5py's bool? */
static bool is_boolean(hid_t type)
{
  const hid_t boolean = boolean_type();
  const bool same = boolean >= 0 && H5Tequal(type, boolean) > 0;
  if (boolean >= 0) H5Tclose(boolean);
  return same;
}

typedef struct reading {
  json_t *facts;
  int64_t file_bytes;
} reading;

static herr_t read_one(hid_t object, const char *name, const H5A_info_t *info, void *context)
{
  const reading *into = context;
  opened_attribute attribute;
  bool usable;
  (void)info;
  if (!open_attribute(object, name, into->file_bytes, &attribute, &usable)) return -1;
  const H5T_class_t class = H5Tget_class(attribute.type);
  herr_t result = 0;
  if (usable && (class == H5T_STRING || class == H5T_FLOAT || class == H5T_INTEGER ||
                 (class == H5T_ENUM && is_boolean(attribute.type)))) {
    json_t *array = class == H5T_STRING ? texts_of(&attribute) : numbers_of(&attribute, class);
    json_t *fact = as_fact(&attribute, array);
    if (fact == NULL || json_object_set_new(into->facts, name, fact) != 0) result = -1;
  }
  close_attribute(&attribute);
  return result;
}

json_t *hdf5_attributes_read(hid_t object, int64_t file_bytes)
{
  reading into = {json_object(), file_bytes};
  if (into.facts == NULL) return NULL;
  /* Other programs may not have kept the order. */
  if (H5Aiterate2(object, H5_INDEX_CRT_ORDER, H5_ITER_INC, NULL, read_one, &into) < 0 &&
      H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_INC, NULL, read_one, &into) < 0) {
    json_decref(into.facts);
    return NULL;
  }
  return into.facts;
}
