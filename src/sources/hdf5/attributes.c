/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/hdf5/attributes.h"

#include "sources/hdf5/attribute.h"
#include "sources/hdf5/unwritten.h"
#include "support/error.h"
#include "support/hdf5_file.h"
#include "support/memory.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* --- the numbers that are stored --- */

typedef struct stored_type {
  bool is_integer, is_signed, is_float32;
  int n_bits;
} stored_type;

/* False for booleans, which no attribute can change. */
static bool get_stored_type(hid_t data_set, stored_type *stored)
{
  const hid_t type = H5Dget_type(data_set);
  if (type < 0) return false;
  const H5T_class_t class = H5Tget_class(type);
  *stored = (stored_type){.is_integer = class == H5T_INTEGER,
                          .is_signed = class == H5T_INTEGER && H5Tget_sign(type) == H5T_SGN_2,
                          .is_float32 = class == H5T_FLOAT && H5Tget_size(type) == sizeof(float),
                          .n_bits = 8 * (int)H5Tget_size(type)};
  H5Tclose(type);
  return class == H5T_INTEGER || class == H5T_FLOAT;
}

/* --- text for people --- */

/* Adds to a text of HDF5_MEANING_BYTES. */
static void add(char *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(char *text, const char *format, ...)
{
  const size_t used = strlen(text);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text + used, HDF5_MEANING_BYTES - used, format, arguments);
  va_end(arguments);
}

typedef struct number_text {
  char text[32];
} number_text;

/* With as many digits as it takes to tell it from all others of its type; with enough for integers as people write
 * them. */
static number_text text_of(double number, bool is_float32)
{
  number_text result = {""};
  for (int n_digits = is_float32 ? 6 : 10; n_digits <= DBL_DECIMAL_DIG; n_digits++) {
    snprintf(result.text, sizeof result.text, "%.*g", n_digits, number);
    const double again = strtod(result.text, NULL);
    if (is_float32 ? (float)again == (float)number : again == number) break;
  }
  return result;
}

/* --- what each attribute does --- */

typedef struct reader {
  hid_t data_set;
  bool is_raw;
  stored_type stored;
  hdf5_meaning *meaning;
  char names[150]; /* of the attributes that have an effect, with commas */
  bool has_failed; /* one could not be read */
} reader;

static void has_effect(reader *work, const char *name)
{
  const size_t used = strlen(work->names);
  snprintf(work->names + used, sizeof work->names - used, "%s%s", used > 0 ? ", " : "", name);
}

static void has_none(reader *work, const char *name, const char *why)
{
  char *doubt = work->meaning->doubt;
  add(doubt, doubt[0] == '\0' ? "its attribute %s has no effect, %s" : "; nor has %s, %s", name, why);
}

/* The attribute where it has numbers, at most `most`. */
static bool find(reader *work, const char *name, int most, hdf5_attribute *found)
{
  if (!hdf5_attribute_read(work->data_set, name, found)) work->has_failed = true;
  char *end = found->text;
  if (found->text[0] != '\0') strtod(found->text, &end);
  if (end != found->text && *end == '\0')
    has_none(work, name, "for it is text");
  else if (found->is_too_long || found->n > most)
    has_none(work, name, "for it has too many numbers");
  return found->n > 0 && found->n <= most;
}

/* As the data set would store it. */
static double as_stored(const reader *work, double number)
{
  return work->stored.is_float32 ? (double)(float)number : number;
}

static double get_wrap(reader *work)
{
  hdf5_attribute found;
  const stored_type *stored = &work->stored;
  if (!hdf5_attribute_read(work->data_set, "_Unsigned", &found)) work->has_failed = true;
  if (!stored->is_integer) return 0.0;
  if (stored->is_signed && strcasecmp(found.text, "true") == 0) return ldexp(1.0, stored->n_bits);
  if (!stored->is_signed && strcasecmp(found.text, "false") == 0) return -ldexp(1.0, stored->n_bits);
  return 0.0;
}

static void apply_sign(reader *work)
{
  value_rule *rule = &work->meaning->rule;
  rule->wrap = get_wrap(work);
  if (rule->wrap == 0.0) return;
  has_effect(work, "_Unsigned");
  add(work->meaning->note, "its integers are %s, ", rule->wrap > 0.0 ? "without a sign" : "with a sign");
}

/* A scale of 0, or what is no number, says nothing. */
static bool get_factor(reader *work, const char *name, double plain, double *number, number_text *text)
{
  hdf5_attribute found;
  if (!find(work, name, 1, &found)) return false;
  if (!isfinite(found.numbers[0]) || (plain == 1.0 && found.numbers[0] == 0.0)) {
    has_none(work, name, "for it is no number that can be meant");
    return false;
  }
  *number = found.numbers[0];
  *text = text_of(*number, found.is_float32);
  if (*number != plain) has_effect(work, name);
  return *number != plain;
}

static void apply_scale(reader *work)
{
  value_rule *rule = &work->meaning->rule;
  number_text scale = {""};
  number_text offset = {""};
  const bool is_scaled = get_factor(work, "scale_factor", 1.0, &rule->scale, &scale);
  const bool is_moved = get_factor(work, "add_offset", 0.0, &rule->offset, &offset);
  if (!is_scaled && !is_moved) return;
  add(work->meaning->note, "its numbers are packed:");
  if (is_scaled) add(work->meaning->note, " times %s", scale.text);
  if (is_moved) add(work->meaning->note, " plus %s", offset.text);
  add(work->meaning->note, ", ");
}

/* Is the data set in a file of openPMD? */
static bool is_openpmd(hid_t data_set)
{
  const hid_t file = H5Iget_file_id(data_set);
  const bool is_marked = file >= 0 && H5Aexists_by_name(file, "/", "openPMD", H5P_DEFAULT) > 0;
  if (file >= 0) H5Fclose(file); /* the data set keeps it open */
  return is_marked;
}

static void apply_unit(reader *work)
{
  value_rule *rule = &work->meaning->rule;
  double unit = 1.0;
  number_text text;
  if (H5Aexists(work->data_set, "unitSI") <= 0 || !is_openpmd(work->data_set) ||
      !get_factor(work, "unitSI", 1.0, &unit, &text))
    return;
  rule->scale *= unit;
  rule->offset *= unit;
  add(work->meaning->note, "its numbers are times %s in SI units, ", text.text);
}

/* --- what is missing --- */

static void add_fill(reader *work, double number)
{
  value_rule *rule = &work->meaning->rule;
  const double fill = value_wrapped(as_stored(work, number), rule->wrap);
  const int n = rule->n_fills;
  if (n == MOST_FILLS)
    has_none(work, "missing_value", "beyond its first numbers; name the others in --missing-values");
  else
    value_rule_add_fill(rule, fill);
}

static void add_fills_of(reader *work, const char *name)
{
  hdf5_attribute found;
  const int before = work->meaning->rule.n_fills;
  if (!find(work, name, HDF5_MOST_NUMBERS, &found)) return;
  const bool is_narrower = found.is_float32 && !work->stored.is_integer && !work->stored.is_float32;
  for (int i = 0; i < found.n; i++) {
    add_fill(work, found.numbers[i]);
    if (is_narrower) add_fill(work, strtod(text_of(found.numbers[i], true).text, NULL)); /* -999.9 is another double */
  }
  if (work->meaning->rule.n_fills > before) has_effect(work, name);
}

/* HDF5's fill value, if somebody set it. */
static bool get_own_fill(hid_t data_set, double *fill)
{
  const hid_t properties = H5Dget_create_plist(data_set);
  H5D_fill_value_t defined = H5D_FILL_VALUE_UNDEFINED;
  const bool is_set = properties >= 0 && H5Pfill_value_defined(properties, &defined) >= 0 &&
                      defined == H5D_FILL_VALUE_USER_DEFINED &&
                      H5Pget_fill_value(properties, H5T_NATIVE_DOUBLE, fill) >= 0;
  if (properties >= 0) H5Pclose(properties);
  return is_set;
}

/* What netCDF fills numbers of this type with (NC_FILL_SHORT, ...); NaN: with nothing. */
static double netcdf_fill(const stored_type *stored)
{
  if (!stored->is_integer) return 9.9692099683868690e+36;
  if (stored->n_bits == 16) return stored->is_signed ? -32767.0 : 65535.0;
  if (stored->n_bits == 32) return stored->is_signed ? -2147483647.0 : 4294967295.0;
  if (stored->n_bits == 64) return stored->is_signed ? -9223372036854775806.0 : 18446744073709551614.0;
  return NAN;
}

/* netCDF's fill, where the data set was made with it. */
static void add_netcdf_fill(reader *work)
{
  const stored_type *stored = &work->stored;
  const double usual = netcdf_fill(stored);
  double own;
  if (!get_own_fill(work->data_set, &own) || !(own == usual || (stored->is_float32 && own == (double)(float)usual)))
    return;
  add_fill(work, usual);
  has_effect(work, "netCDF's fill value");
}

/* R's NA, the least integer of 32 bits. */
static const double na_of_r = -2147483648.0;

/* Is NA among the first numbers of a data set of such integers? */
static bool begins_with_na(hid_t data_set)
{
  enum { MOST = 1 << 16 };
  hsize_t count[2] = {0, 1};
  const hsize_t start[2] = {0, 0};
  const hid_t space = H5Dget_space(data_set);
  const int n_dimensions = space >= 0 ? H5Sget_simple_extent_ndims(space) : 0;
  bool is_ready = (n_dimensions == 1 || n_dimensions == 2) && H5Sget_simple_extent_dims(space, count, NULL) >= 0;
  if (count[1] > MOST) count[1] = MOST;
  if (count[1] > 0 && count[0] > MOST / count[1]) count[0] = MOST / count[1];
  const int64_t n = (int64_t)(count[0] * count[1]);
  int32_t *numbers = allocate(n, sizeof *numbers);
  const hid_t memory = is_ready && n > 0 ? H5Screate_simple(n_dimensions, count, NULL) : H5I_INVALID_HID;
  is_ready = numbers != NULL && memory >= 0 &&
             H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL) >= 0 &&
             H5Dread(data_set, H5T_NATIVE_INT32, memory, space, H5P_DEFAULT, numbers) >= 0;
  bool found = false;
  for (int64_t i = 0; is_ready && i < n && !found; i++) found = numbers[i] == INT32_MIN;
  if (memory >= 0) H5Sclose(memory);
  if (space >= 0) H5Sclose(space);
  free(numbers);
  return found;
}

/* rhdf5 says that NA may be there; stored with more or fewer bits it is that number still, or the least one that there
 * is. hdf5r says nothing. */
static void add_na_of_r(reader *work)
{
  const int n_bits = work->stored.n_bits;
  int64_t first_row; /* that was never written: to read it would hide that */
  hdf5_attribute found;
  const bool is_marked = find(work, "rhdf5-NA.OK", 1, &found) && found.numbers[0] != 0.0;
  if (!work->stored.is_signed) return;
  if (is_marked) {
    add_fill(work, -ldexp(1.0, n_bits - 1));
    if (n_bits > 32) add_fill(work, na_of_r);
    has_effect(work, "rhdf5-NA.OK");
  } else if (n_bits == 32 && !work->is_raw && work->meaning->rule.n_fills == 0 &&
             hdf5_unwritten_count(work->data_set, &first_row) == 0 && begins_with_na(work->data_set)) {
    work->meaning->may_have_na = true;
  }
}

static void apply_fills(reader *work)
{
  const value_rule *rule = &work->meaning->rule;
  char *note = work->meaning->note;
  add_fills_of(work, "_FillValue");
  const bool has_own = rule->n_fills > 0;
  add_fills_of(work, "missing_value");
  if (!has_own) add_netcdf_fill(work);
  add_na_of_r(work);
  for (int i = 0; i < rule->n_fills; i++)
    add(note, "%s%s",
        i == 0                  ? ""
        : i < rule->n_fills - 1 ? ", "
                                : " and ",
        text_of(rule->fills[i], work->stored.is_float32).text);
  if (rule->n_fills > 0) add(note, " %s missing, ", rule->n_fills == 1 ? "is" : "are");
}

static void set_limit(reader *work, const hdf5_attribute *found, int index, double *limit)
{
  const value_rule *rule = &work->meaning->rule;
  if (isnan(found->numbers[index])) return;
  *limit =
      rule->limits_values ? found->numbers[index] : value_wrapped(as_stored(work, found->numbers[index]), rule->wrap);
}

static void apply_limits(reader *work)
{
  value_rule *rule = &work->meaning->rule;
  hdf5_attribute range = {.n = 0};
  hdf5_attribute least = {.n = 0};
  hdf5_attribute most = {.n = 0};
  const bool has_range = find(work, "valid_range", 2, &range) && range.n == 2;
  const bool has_least = !has_range && find(work, "valid_min", 1, &least);
  const bool has_most = !has_range && find(work, "valid_max", 1, &most);
  const hdf5_attribute *one = has_range ? &range : has_least ? &least : &most;
  if (!has_range && !has_least && !has_most) return;
  rule->limits_values = work->stored.is_integer && one->is_float && (rule->scale != 1.0 || rule->offset != 0.0);
  if (has_range || has_least) set_limit(work, has_range ? &range : &least, 0, &rule->valid_least);
  if (has_range) set_limit(work, &range, 1, &rule->valid_most);
  if (has_most) set_limit(work, &most, 0, &rule->valid_most);
  if (has_range) has_effect(work, "valid_range");
  if (has_least) has_effect(work, "valid_min");
  if (has_most) has_effect(work, "valid_max");
  const char *what = rule->limits_values ? "values" : "numbers";
  if (has_range || has_least)
    add(work->meaning->note, "%s below %s are missing, ", what, text_of(rule->valid_least, one->is_float32).text);
  if (has_range || has_most)
    add(work->meaning->note, "%s above %s are missing, ", what, text_of(rule->valid_most, one->is_float32).text);
}

/* --- all of them --- */

static void end_note(const reader *work)
{
  char *note = work->meaning->note;
  if (work->names[0] == '\0') {
    note[0] = '\0';
  } else if (work->is_raw) {
    snprintf(note, HDF5_MEANING_BYTES, "its numbers are taken as they are, whatever %.150s say", work->names);
  } else {
    const size_t length = strlen(note);
    if (length >= 2) note[length - 2] = '\0';
    add(note, " (%s; --raw-values for the numbers themselves)", work->names);
  }
}

gmmpi_status hdf5_meaning_of(hid_t data_set, bool is_raw, const char *label, hdf5_meaning *meaning, gmmpi_error *error)
{
  *meaning = (hdf5_meaning){.rule = value_rule_of_plain_numbers};
  reader work = {.data_set = data_set, .is_raw = is_raw, .meaning = meaning};
  if (!get_stored_type(data_set, &work.stored)) return GMMPI_OK;
  errno = 0;
  apply_sign(&work);
  apply_scale(&work);
  apply_fills(&work);
  apply_limits(&work);
  apply_unit(&work);
  if (work.has_failed) return hdf5_broken(label, error);
  end_note(&work);
  if (is_raw) {
    meaning->rule = value_rule_of_plain_numbers;
    meaning->doubt[0] = '\0';
  }
  return GMMPI_OK;
}

void hdf5_tell_meaning(point_source *source, const char *name, const hdf5_meaning *meaning)
{
  const char *front = name != NULL ? name : "";
  const char *colon = name != NULL ? ": " : "";
  if (meaning->note[0] != '\0') source_note(source, "%.80s%s%s", front, colon, meaning->note);
  if (meaning->doubt[0] != '\0') source_doubt(source, "%.80s%s%s", front, colon, meaning->doubt);
  const missing_values *known = &source->choices.missing;
  bool has_na = meaning->may_have_na;
  for (int i = 0; i < known->n_numbers; i++) has_na = has_na && known->numbers[i] != na_of_r;
  if (has_na)
    source_doubt(source,
                 "%.80s%sit has the number -2147483648, which R writes for NA and other programs for NaN; if it is "
                 "missing, add --missing-values=-2147483648",
                 front, colon);
}

gmmpi_status hdf5_apply_meaning(point_source *source, hid_t data_set, gmmpi_error *error)
{
  hdf5_meaning meaning;
  if (hdf5_meaning_of(data_set, source->choices.raw_values != 0, source->label, &meaning, error) != GMMPI_OK)
    return error->status;
  hdf5_tell_meaning(source, NULL, &meaning);
  if (meaning.note[0] == '\0' || source->choices.raw_values != 0) return GMMPI_OK;
  value_rule *rules = source_rules(source);
  if (rules == NULL) return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to read it", source->label);
  for (int64_t j = 0; j < source->n_features; j++) rules[j] = meaning.rule;
  return GMMPI_OK;
}
