/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/hdf5/compound_type.h"

#include "sources/hdf5/numbers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Deeper nesting is nobody's table. */
enum { DEEPEST = 16 };

/* --- one number --- */

/* A float of 16 bits as NumPy and HDF5 2.0 have it. */
static bool is_half(hid_t type)
{
  size_t sign, exponent, exponent_bits, fraction, fraction_bits;
  return H5Tget_size(type) == 2 && H5Tget_precision(type) == 16 && H5Tget_offset(type) == 0 &&
         H5Tget_fields(type, &sign, &exponent, &exponent_bits, &fraction, &fraction_bits) >= 0 && sign == 15 &&
         exponent == 10 && exponent_bits == 5 && fraction == 0 && fraction_bits == 10 && H5Tget_ebias(type) == 15 &&
         H5Tget_norm(type) == H5T_NORM_IMPLIED;
}

static bool is_known_float(hid_t type)
{
  return H5Tequal(type, H5T_IEEE_F64LE) > 0 || H5Tequal(type, H5T_IEEE_F64BE) > 0 ||
         H5Tequal(type, H5T_IEEE_F32LE) > 0 || H5Tequal(type, H5T_IEEE_F32BE) > 0 || is_half(type);
}

static bool is_known_integer(hid_t type)
{
  const size_t n_bytes = H5Tget_size(type);
  return (n_bytes == 1 || n_bytes == 2 || n_bytes == 4 || n_bytes == 8) && H5Tget_precision(type) == 8 * n_bytes &&
         H5Tget_offset(type) == 0;
}

/* Where records.h knows numbers of this type: *field, but for the offset. */
static bool is_known_number(hid_t type, record_field *field)
{
  const H5T_class_t class = H5Tget_class(type);
  const H5T_order_t order = H5Tget_order(type);
  const size_t n_bytes = H5Tget_size(type);
  const hid_t integer = class == H5T_ENUM ? H5Tget_super(type) : H5I_INVALID_HID;
  *field = (record_field){.item_bytes = (int)n_bytes};
  field->is_swapped = n_bytes > 1 && order == (machine_is_little_endian() ? H5T_ORDER_BE : H5T_ORDER_LE);
  bool is_known = n_bytes == 1 || order == H5T_ORDER_LE || order == H5T_ORDER_BE;
  if (class == H5T_FLOAT) {
    field->type = 'f';
    is_known = is_known && is_known_float(type);
  } else if (class == H5T_BITFIELD) {
    field->type = 'u';
    is_known = is_known && n_bytes == 1;
  } else {
    const hid_t number = class == H5T_ENUM ? integer : type;
    field->type = H5Tget_sign(number) == H5T_SGN_NONE ? 'u' : 'i';
    is_known = is_known && is_known_integer(number);
  }
  if (integer >= 0) H5Tclose(integer);
  return is_known;
}

static bool is_number(hid_t type)
{
  const H5T_class_t class = H5Tget_class(type);
  return class == H5T_INTEGER || class == H5T_FLOAT || hdf5_is_boolean(type);
}

static const char *what_it_is(hid_t type)
{
  switch (H5Tget_class(type)) {
  case H5T_STRING:
    return "text";
  case H5T_REFERENCE:
    return "references";
  case H5T_VLEN:
    return "lists of any length";
  case H5T_ENUM:
    return "words (an enumeration)";
  case H5T_TIME:
    return "times";
  default:
    return "bytes that are no numbers";
  }
}

bool hdf5_is_record_type(hid_t type)
{
  if (H5Tget_class(type) != H5T_COMPOUND) return false;
  if (H5Tget_nmembers(type) != 2) return true;
  char *first = H5Tget_member_name(type, 0);
  char *second = H5Tget_member_name(type, 1);
  const bool is_complex = first != NULL && second != NULL && strcmp(first, "r") == 0 && strcmp(second, "i") == 0;
  H5free_memory(first);
  H5free_memory(second);
  return !is_complex;
}

/* --- the type in memory --- */

/* Can records of it be read as they are stored? */
static bool is_plain(hid_t type, int depth)
{
  const H5T_class_t class = H5Tget_class(type);
  record_field field;
  if (depth > DEEPEST || class == H5T_VLEN || class == H5T_REFERENCE) return false;
  if (class == H5T_STRING) return H5Tis_variable_str(type) == 0;
  if (is_number(type)) return is_known_number(type, &field);
  bool plain = true;
  if (class == H5T_ARRAY) {
    const hid_t base = H5Tget_super(type);
    plain = base >= 0 && is_plain(base, depth + 1);
    if (base >= 0) H5Tclose(base);
  }
  const int n_members = class == H5T_COMPOUND ? H5Tget_nmembers(type) : 0;
  for (int i = 0; i < n_members && plain; i++) {
    const hid_t member = H5Tget_member_type(type, (unsigned)i);
    plain = member >= 0 && is_plain(member, depth + 1);
    if (member >= 0) H5Tclose(member);
  }
  return plain;
}

static hid_t numbers_of(hid_t type, int depth);

static hid_t numbers_of_array(hid_t type, int depth)
{
  hsize_t extents[H5S_MAX_RANK];
  const hid_t base = H5Tget_super(type);
  const hid_t numbers = base >= 0 ? numbers_of(base, depth + 1) : H5I_INVALID_HID;
  const int n_dimensions = H5Tget_array_dims2(type, extents);
  const hid_t array =
      numbers >= 0 && n_dimensions > 0 ? H5Tarray_create2(numbers, (unsigned)n_dimensions, extents) : H5I_INVALID_HID;
  if (numbers >= 0) H5Tclose(numbers);
  if (base >= 0) H5Tclose(base);
  return array;
}

/* The members that are numbers, one behind the other. */
static hid_t numbers_of_compound(hid_t type, int depth)
{
  const int n_members = H5Tget_nmembers(type);
  const hid_t packed = H5Tcreate(H5T_COMPOUND, 1);
  size_t used = 0;
  for (int i = 0; packed >= 0 && i < n_members; i++) {
    const hid_t member = H5Tget_member_type(type, (unsigned)i);
    const hid_t numbers = member >= 0 ? numbers_of(member, depth + 1) : H5I_INVALID_HID;
    char *name = H5Tget_member_name(type, (unsigned)i);
    const size_t end = numbers >= 0 ? used + H5Tget_size(numbers) : used;
    if (numbers >= 0 && name != NULL && H5Tset_size(packed, end) >= 0 && H5Tinsert(packed, name, used, numbers) >= 0)
      used = end;
    H5free_memory(name);
    if (numbers >= 0) H5Tclose(numbers);
    if (member >= 0) H5Tclose(member);
  }
  if (used > 0 || packed < 0) return packed;
  H5Tclose(packed);
  return H5I_INVALID_HID;
}

/* The type without what is no number; numbers that only the library knows become doubles. Negative: nothing is left. */
static hid_t numbers_of(hid_t type, int depth)
{
  const H5T_class_t class = H5Tget_class(type);
  record_field field;
  if (depth > DEEPEST) return H5I_INVALID_HID;
  if (class == H5T_ARRAY) return numbers_of_array(type, depth);
  if (class == H5T_COMPOUND) return numbers_of_compound(type, depth);
  if (!is_number(type)) return H5I_INVALID_HID;
  if (is_known_number(type, &field)) return H5Tcopy(type);
  return class == H5T_ENUM ? H5I_INVALID_HID : H5Tcopy(H5T_NATIVE_DOUBLE);
}

/* --- columns --- */

typedef enum looked_for { NUMBERS, TEXTS } looked_for;

typedef struct walk {
  record_columns *columns;
  looked_for what;
} walk;

static bool walk_type(const walk *on, hid_t type, const char *name, const char *array, int64_t offset, int depth);

/* What a part of a field is called; NULL: no memory. */
static char *full_name(const char *field, const char *part)
{
  char *full = NULL;
  if (field == NULL) return strdup(part);
  return asprintf(&full, "%s.%s", field, part) < 0 ? NULL : full;
}

static bool walk_members(const walk *on, hid_t type, const char *name, int64_t offset, int depth)
{
  const int n_members = H5Tget_nmembers(type);
  bool good = true;
  for (int i = 0; i < n_members && good; i++) {
    char *member_name = H5Tget_member_name(type, (unsigned)i);
    const hid_t member = H5Tget_member_type(type, (unsigned)i);
    const int64_t place = offset + (int64_t)H5Tget_member_offset(type, (unsigned)i);
    char *full = member_name != NULL ? full_name(name, member_name) : NULL;
    good = full != NULL && member >= 0 && walk_type(on, member, full, name, place, depth + 1);
    free(full);
    H5free_memory(member_name);
    if (member >= 0) H5Tclose(member);
  }
  return good;
}

static bool walk_elements(const walk *on, hid_t type, hid_t base, const char *name, int64_t offset, int depth)
{
  const int64_t item_bytes = (int64_t)H5Tget_size(base);
  const int64_t n = item_bytes > 0 ? (int64_t)H5Tget_size(type) / item_bytes : 0;
  const H5T_class_t class = H5Tget_class(base);
  if (!is_number(base) && class != H5T_COMPOUND && class != H5T_ARRAY)
    return walk_type(on, base, name, NULL, offset, depth + 1);
  bool good = true;
  for (int64_t i = 0; i < (on->what == TEXTS && n > 1 ? 1 : n) && good; i++) {
    char number[24];
    snprintf(number, sizeof number, "%lld", (long long)i);
    char *full = full_name(name, number);
    good = full != NULL && walk_type(on, base, full, name, offset + i * item_bytes, depth + 1);
    free(full);
  }
  return good;
}

/* Adds the columns of what is called `name` and begins at offset in the record; array: what picks it with others. */
static bool walk_type(const walk *on, hid_t type, const char *name, const char *array, int64_t offset, int depth)
{
  const H5T_class_t class = H5Tget_class(type);
  record_field field;
  if (depth <= DEEPEST && class == H5T_COMPOUND) return walk_members(on, type, name, offset, depth);
  if (depth <= DEEPEST && class == H5T_ARRAY) {
    const hid_t base = H5Tget_super(type);
    const bool good = base >= 0 && walk_elements(on, type, base, name, offset, depth);
    if (base >= 0) H5Tclose(base);
    return good;
  }
  if (!is_number(type)) return on->what == NUMBERS || record_columns_add_text(on->columns, name, what_it_is(type));
  if (on->what == TEXTS || !is_known_number(type, &field)) return true;
  field.offset = offset;
  return record_columns_add(on->columns, name, array, field);
}

bool hdf5_record_type_open(hid_t stored, hdf5_record_type *type, record_columns *columns)
{
  type->is_as_stored = is_plain(stored, 0);
  type->memory = type->is_as_stored ? H5Tcopy(stored) : numbers_of(stored, 0);
  if (!walk_type(&(walk){columns, TEXTS}, stored, NULL, NULL, 0, 0)) return false;
  return type->memory < 0 || walk_type(&(walk){columns, NUMBERS}, type->memory, NULL, NULL, 0, 0);
}

void hdf5_record_type_close(hdf5_record_type *type)
{
  if (type->memory >= 0) H5Tclose(type->memory);
  type->memory = H5I_INVALID_HID;
}
