/* SPDX-License-Identifier: BSD-3-Clause */
/* Writing the models of groups. */
#include "mixture/files/group_models.h"
#include "mixture/files/model_file.h"
#include "support/error.h"
#include "support/hdf5_attributes.h"
#include "support/hdf5_image.h"
#include "support/hdf5_use.h"
#include "support/memory.h"
#include "support/seal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- attributes --- */

static bool write_attributes(hid_t root, const group_models *models, const json_t *facts)
{
  const group_layout *layout = &models->layout;
  const int64_t d = layout->n_features;
  json_t *identity = json_pack("{s:s, s:I, s:s, s:I, s:s, s:I, s:I, s:I}", "format", GROUPS_FORMAT, "format_version",
                               (json_int_t)GROUPS_FORMAT_VERSION, "program_version", GMMPI_VERSION, "groups",
                               (json_int_t)models->keys.n, "covariance", layout->kind.family->name, "parts",
                               (json_int_t)layout->kind.parts, "n_components", (json_int_t)layout->n_components,
                               "n_features", (json_int_t)d);
  bool written = identity != NULL && hdf5_attributes_write(root, identity);
  if (written && models->feature_names != NULL)
    written = hdf5_strings_write(root, "feature_names", d, (const char *const *)models->feature_names);
  if (written && models->transforms != NULL)
    written = hdf5_strings_write(root, "transforms", d, (const char *const *)models->transforms);
  if (written && facts != NULL) written = hdf5_attributes_write(root, facts);
  json_decref(identity);
  return written;
}

/* --- texts of fixed length --- */

/* UTF-8 strings of so many bytes, padded with zeros. Negative on failure. */
static hid_t text_type(size_t length)
{
  const hid_t type = H5Tcopy(H5T_C_S1);
  if (type >= 0 && H5Tset_size(type, length > 0 ? length : 1) >= 0 && H5Tset_strpad(type, H5T_STR_NULLPAD) >= 0 &&
      H5Tset_cset(type, H5T_CSET_UTF8) >= 0)
    return type;
  if (type >= 0) H5Tclose(type);
  return H5I_INVALID_HID;
}

static size_t longer(size_t longest, const char *text)
{
  const size_t length = strlen(text);
  return length > longest ? length : longest;
}

static bool write_keys_of_texts(hid_t file, const group_keys *keys)
{
  size_t longest = 1;
  for (int64_t g = 0; g < keys->n; g++) longest = longer(longest, keys->texts[g]);
  char *all = allocate(keys->n, longest);
  const hid_t type = text_type(longest);
  bool written = all != NULL && type >= 0;
  for (int64_t g = 0; g < keys->n && written; g++)
    memcpy(all + (size_t)g * longest, keys->texts[g], strlen(keys->texts[g]));
  written = written && hdf5_image_write_as(file, "keys", 1, &keys->n, type, type, all);
  if (type >= 0) H5Tclose(type);
  free(all);
  return written;
}

/* --- data sets --- */

/* Whole numbers, as integers of the file's type. */
static bool write_whole(hid_t file, const char *name, int64_t n, hid_t type, const double *numbers)
{
  int64_t *whole = allocate(n, sizeof *whole);
  for (int64_t i = 0; whole != NULL && i < n; i++) whole[i] = (int64_t)numbers[i];
  const bool written = whole != NULL && hdf5_image_write_as(file, name, 1, &n, type, H5T_NATIVE_INT64, whole);
  free(whole);
  return written;
}

static bool write_keys(hid_t file, const group_keys *keys)
{
  if (keys->numbers == NULL) return write_keys_of_texts(file, keys);
  if (group_keys_are_whole(keys)) return write_whole(file, "keys", keys->n, H5T_STD_I64LE, keys->numbers);
  return hdf5_image_write(file, "keys", 1, &keys->n, keys->numbers);
}

/* An enumeration as h5py has it. */
static bool write_converged(hid_t file, int64_t n, const double *numbers)
{
  const hid_t type = H5Tenum_create(H5T_STD_I8LE);
  const signed char no = 0;
  const signed char yes = 1;
  signed char *values = allocate(n, sizeof *values);
  bool written =
      type >= 0 && values != NULL && H5Tenum_insert(type, "FALSE", &no) >= 0 && H5Tenum_insert(type, "TRUE", &yes) >= 0;
  for (int64_t i = 0; written && i < n; i++) values[i] = numbers[i] != 0.0;
  written = written && hdf5_image_write_as(file, "converged", 1, &n, type, type, values);
  if (type >= 0) H5Tclose(type);
  free(values);
  return written;
}

static bool write_facts(hid_t file, const group_models *models)
{
  const int64_t n = models->keys.n;
  double *const *facts = models->facts;
  return write_whole(file, "n_samples", n, H5T_STD_I64LE, facts[GROUP_N_SAMPLES]) &&
         write_whole(file, "n_components", n, H5T_STD_I64LE, facts[GROUP_N_COMPONENTS]) &&
         hdf5_image_write(file, "log_likelihood", 1, &n, facts[GROUP_LOG_LIKELIHOOD]) &&
         write_whole(file, "n_iter", n, H5T_STD_I64LE, facts[GROUP_N_ITER]) &&
         write_converged(file, n, facts[GROUP_CONVERGED]) &&
         write_whole(file, "status", n, H5T_STD_I32LE, facts[GROUP_STATUS]);
}

static bool write_arrays(hid_t file, const group_models *models)
{
  bool written = true;
  for (int i = 0; i < models->layout.n_arrays && written; i++) {
    const group_array *array = &models->layout.arrays[i];
    int64_t shape[1 + MODEL_MOST_DIMENSIONS] = {models->keys.n};
    memcpy(shape + 1, array->shape, sizeof array->shape);
    written = hdf5_image_write(file, array->name, 1 + array->n_dimensions, shape, array->numbers);
  }
  return written;
}

/* --- what happened --- */

enum { KIND_BYTES = 6 };

/* Rows of a group's index, "failed" or "note", and a text, without gaps. */
static bool write_events(hid_t file, const group_models *models)
{
  size_t longest = 1;
  for (int64_t i = 0; i < models->n_remarks; i++) longest = longer(longest, models->remarks[i].text);
  const size_t row_bytes = sizeof(int64_t) + KIND_BYTES + longest;
  const hid_t kind = text_type(KIND_BYTES);
  const hid_t text = text_type(longest);
  const hid_t row = H5Tcreate(H5T_COMPOUND, row_bytes);
  char *rows = allocate(models->n_remarks, row_bytes);
  bool written = rows != NULL && kind >= 0 && text >= 0 && row >= 0 && H5Tinsert(row, "group", 0, H5T_STD_I64LE) >= 0 &&
                 H5Tinsert(row, "kind", sizeof(int64_t), kind) >= 0 &&
                 H5Tinsert(row, "text", sizeof(int64_t) + KIND_BYTES, text) >= 0;
  for (int64_t i = 0; i < models->n_remarks && written; i++) {
    const group_remark *remark = &models->remarks[i];
    char *to = rows + (size_t)i * row_bytes;
    for (size_t b = 0; b < sizeof(int64_t); b++) to[b] = (char)((uint64_t)remark->group >> (8 * b) & 0xff);
    memcpy(to + sizeof(int64_t), remark->is_failure ? "failed" : "note\0", KIND_BYTES);
    memcpy(to + sizeof(int64_t) + KIND_BYTES, remark->text, strlen(remark->text));
  }
  written = written && hdf5_image_write_as(file, "events", 1, &models->n_remarks, row, row, rows);
  free(rows);
  if (kind >= 0) H5Tclose(kind);
  if (text >= 0) H5Tclose(text);
  if (row >= 0) H5Tclose(row);
  return written;
}

gmmpi_status group_models_image(const group_models *models, const json_t *facts, void **bytes, size_t *n_bytes,
                                gmmpi_error *error)
{
  bool filled;
  bool described;
  bool whole;
  hdf5_use_begin();
  const hid_t file = hdf5_image_create(group_models_bytes(&models->layout, models->keys.n) + (1 << 16));
  filled = file >= 0 && write_keys(file, &models->keys) && write_facts(file, models) && write_arrays(file, models) &&
           write_events(file, models);
  described = filled && write_attributes(file, models, facts);
  whole = described && hdf5_image_bytes(file, bytes, n_bytes);
  if (whole) {
    *n_bytes += SEAL_BYTES;
    seal_put(*bytes, (int64_t)*n_bytes, MODEL_SEAL, MODEL_FORMAT_VERSION);
  }
  if (file >= 0) H5Fclose(file);
  hdf5_use_end();
  if (whole) return GMMPI_OK;
  if (filled && !described)
    return fail(error, GMMPI_INTERNAL, "the attributes of the groups' file could not be made; report this fault");
  return fail(error, GMMPI_NO_MEMORY, "no memory is left to build the groups' file; use fewer components or groups");
}
