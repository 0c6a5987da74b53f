/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading the models of groups, whose file may be anything. */
#include "mixture/files/group_models.h"
#include "mixture/files/model_file.h"
#include "mixture/files/opened_file.h"
#include "support/error.h"
#include "support/file.h"
#include "support/hdf5_attributes.h"
#include "support/hdf5_file.h"
#include "support/hdf5_use.h"
#include "support/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool group_models_are_in(const char *path)
{
  bool are_in = false;
  if (!file_is_readable(path)) return false;
  hdf5_use_begin();
  const hid_t file = H5Fis_hdf5(path) > 0 ? hdf5_open_file(path) : H5I_INVALID_HID;
  are_in = file >= 0 && H5Aexists(file, "groups") > 0 && H5Aexists(file, "covariance") > 0;
  if (file >= 0) H5Fclose(file);
  hdf5_use_end();
  return are_in;
}

static gmmpi_status refuse(const opened_file *file, const char *name, gmmpi_error *error)
{
  return fail(error, GMMPI_BAD_DATA, "%s: /%s is not what it should be; give a file that gmmpi fit --by wrote",
              file->path, name);
}

/* A data set of this shape; its id, or negative with an error. */
static hid_t open_data_set(const opened_file *file, const char *name, int n_dimensions, const int64_t *shape,
                           gmmpi_error *error)
{
  hsize_t extent[4] = {0};
  if (H5Lexists(file->id, name, H5P_DEFAULT) <= 0) {
    fail(error, GMMPI_BAD_DATA, "%s: has no data set %s; give a file that gmmpi fit --by wrote", file->path, name);
    return H5I_INVALID_HID;
  }
  const hid_t data_set = H5Dopen2(file->id, name, H5P_DEFAULT);
  const hid_t space = data_set >= 0 ? H5Dget_space(data_set) : H5I_INVALID_HID;
  bool good = space >= 0;
  bool fits =
      good && H5Sget_simple_extent_ndims(space) == n_dimensions && H5Sget_simple_extent_dims(space, extent, NULL) >= 0;
  for (int i = 0; i < n_dimensions && fits; i++) fits = shape[i] >= 0 && extent[i] == (hsize_t)shape[i];
  if (space >= 0) H5Sclose(space);
  good = good && opened_file_has(file, data_set);
  if (good && fits) return data_set;
  if (data_set >= 0) H5Dclose(data_set);
  if (good)
    refuse(file, name, error);
  else
    opened_file_broken(file, error);
  return H5I_INVALID_HID;
}

static gmmpi_status read_numbers(const opened_file *file, const char *name, int n_dimensions, const int64_t *shape,
                                 double *numbers, gmmpi_error *error)
{
  const hid_t data_set = open_data_set(file, name, n_dimensions, shape, error);
  if (data_set < 0) return error->status;
  const hid_t type = H5Dget_type(data_set);
  const H5T_class_t class = type >= 0 ? H5Tget_class(type) : H5T_NO_CLASS;
  gmmpi_status status = GMMPI_OK;
  if (class != H5T_INTEGER && class != H5T_FLOAT)
    status = refuse(file, name, error);
  else if (H5Dread(data_set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers) < 0)
    status = opened_file_broken(file, error);
  if (type >= 0) H5Tclose(type);
  H5Dclose(data_set);
  return status;
}

/* The flags as numbers. */
static gmmpi_status read_converged(const opened_file *file, int64_t n, double *numbers, gmmpi_error *error)
{
  const hid_t data_set = open_data_set(file, "converged", 1, &n, error);
  if (data_set < 0) return error->status;
  const hid_t type = H5Dget_type(data_set);
  signed char *flags = allocate(n, sizeof *flags);
  gmmpi_status status = GMMPI_OK;
  if (flags == NULL)
    status = fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to read it", file->path);
  else if (type < 0 || H5Tget_size(type) != 1)
    status = refuse(file, "converged", error);
  else if (H5Dread(data_set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, flags) < 0)
    status = opened_file_broken(file, error);
  for (int64_t i = 0; status == GMMPI_OK && i < n; i++) numbers[i] = flags[i] != 0;
  free(flags);
  if (type >= 0) H5Tclose(type);
  H5Dclose(data_set);
  return status;
}

/* --- keys --- */

static gmmpi_status split_texts(const opened_file *file, const char *all, size_t length, group_keys *keys,
                                gmmpi_error *error)
{
  keys->texts = allocate(keys->n, sizeof *keys->texts);
  bool good = keys->texts != NULL;
  for (int64_t g = 0; g < keys->n && good; g++)
    good = (keys->texts[g] = strndup(all + (size_t)g * length, length)) != NULL;
  if (!good) return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to read it", file->path);
  for (int64_t g = 1; g < keys->n; g++) {
    if (strcmp(keys->texts[g - 1], keys->texts[g]) >= 0) return refuse(file, "keys", error);
  }
  return GMMPI_OK;
}

static gmmpi_status read_texts(const opened_file *file, hid_t data_set, hid_t type, group_keys *keys,
                               gmmpi_error *error)
{
  const size_t length = H5Tget_size(type);
  if (H5Tis_variable_str(type) != 0 || length < 1) return refuse(file, "keys", error);
  char *all = allocate(keys->n, length);
  if (all == NULL) return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to read it", file->path);
  if (H5Dread(data_set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, all) < 0)
    opened_file_broken(file, error);
  else
    split_texts(file, all, length, keys, error);
  free(all);
  return error->status;
}

static gmmpi_status read_keys(const opened_file *file, group_keys *keys, gmmpi_error *error)
{
  const hid_t data_set = open_data_set(file, "keys", 1, &keys->n, error);
  if (data_set < 0) return error->status;
  const hid_t type = H5Dget_type(data_set);
  if (type >= 0 && H5Tget_class(type) == H5T_STRING) {
    read_texts(file, data_set, type, keys, error);
  } else {
    keys->numbers = allocate(keys->n, sizeof *keys->numbers);
    if (keys->numbers == NULL)
      fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to read it", file->path);
    else
      read_numbers(file, "keys", 1, &keys->n, keys->numbers, error);
    for (int64_t g = 1; g < keys->n && error->status == GMMPI_OK; g++) {
      if (!(keys->numbers[g - 1] < keys->numbers[g])) refuse(file, "keys", error);
    }
  }
  if (type >= 0) H5Tclose(type);
  H5Dclose(data_set);
  return error->status;
}

/* --- all of it --- */

static gmmpi_status read_facts(const opened_file *file, group_models *models, gmmpi_error *error)
{
  static const struct {
    const char *name;
    group_fact fact;
  } table[] = {{"n_samples", GROUP_N_SAMPLES},
               {"n_components", GROUP_N_COMPONENTS},
               {"log_likelihood", GROUP_LOG_LIKELIHOOD},
               {"n_iter", GROUP_N_ITER},
               {"status", GROUP_STATUS}};
  const int64_t n = models->keys.n;
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    if (read_numbers(file, table[i].name, 1, &n, models->facts[table[i].fact], error) != GMMPI_OK) return error->status;
  }
  for (int64_t g = 0; g < n; g++) {
    const double K = models->facts[GROUP_N_COMPONENTS][g];
    if (!(K >= (group_is_fitted(models, g) ? 1.0 : 0.0) && K <= (double)models->layout.n_components))
      return refuse(file, "n_components", error);
  }
  return read_converged(file, n, models->facts[GROUP_CONVERGED], error);
}

static gmmpi_status read_arrays(const opened_file *file, group_models *models, gmmpi_error *error)
{
  for (int i = 0; i < models->layout.n_arrays; i++) {
    const group_array *array = &models->layout.arrays[i];
    int64_t shape[1 + MODEL_MOST_DIMENSIONS] = {models->keys.n};
    memcpy(shape + 1, array->shape, sizeof array->shape);
    if (read_numbers(file, array->name, 1 + array->n_dimensions, shape, array->numbers, error) != GMMPI_OK)
      return error->status;
  }
  return GMMPI_OK;
}

/* The attribute of this name: a text for each feature; NULL where there is none. */
static gmmpi_status read_names(const opened_file *file, const char *name, int64_t n_features, char ***names,
                               gmmpi_error *error)
{
  int64_t n = 0;
  char **found = NULL;
  if (H5Aexists(file->id, name) <= 0) return GMMPI_OK;
  if (!hdf5_strings_read(file->id, name, file->n_bytes, &n, &found)) return opened_file_broken(file, error);
  bool good = n == n_features;
  *names = good ? calloc((size_t)n, sizeof **names) : NULL;
  for (int64_t j = 0; *names != NULL && j < n; j++) (*names)[j] = strdup(found[j]);
  hdf5_strings_free(n, found);
  return good ? GMMPI_OK : refuse(file, name, error);
}

static gmmpi_status read_opened(const opened_file *file, const json_t *facts, group_models **models, gmmpi_error *error)
{
  const char *format = json_string_value(json_object_get(facts, "format"));
  const char *covariance = json_string_value(json_object_get(facts, "covariance"));
  const model_kind kind = {covariance != NULL ? family_find(covariance) : NULL,
                           (unsigned)json_integer_value(json_object_get(facts, "parts"))};
  const int64_t G = json_integer_value(json_object_get(facts, "groups"));
  const int64_t K = json_integer_value(json_object_get(facts, "n_components"));
  const int64_t d = json_integer_value(json_object_get(facts, "n_features"));
  if (format == NULL || strcmp(format, GROUPS_FORMAT) != 0)
    return fail(error, GMMPI_BAD_DATA, "%s: holds no models of groups; give a file that gmmpi fit --by wrote",
                file->path);
  if (json_integer_value(json_object_get(facts, "format_version")) != GROUPS_FORMAT_VERSION || kind.family == NULL ||
      kind.parts > PART_ALL || G < 1 || K < 1 || d < 1)
    return fail(error, GMMPI_BAD_DATA,
                "%s: has models of groups that this program does not know; use the version of gmmpi that wrote it",
                file->path);
  const group_layout layout = group_layout_of(kind, K, d);
  const int64_t bytes = group_models_bytes(&layout, G);
  if (bytes == INT64_MAX || bytes / 1032 > file->n_bytes) return opened_file_broken(file, error);
  if (group_models_create(&layout, G, models, error) != GMMPI_OK ||
      read_keys(file, &(*models)->keys, error) != GMMPI_OK || read_facts(file, *models, error) != GMMPI_OK ||
      read_arrays(file, *models, error) != GMMPI_OK ||
      read_names(file, "feature_names", d, &(*models)->feature_names, error) != GMMPI_OK ||
      read_names(file, "transforms", d, &(*models)->transforms, error) != GMMPI_OK)
    return error->status;
  return GMMPI_OK;
}

gmmpi_status group_models_read(const char *path, group_models **models, json_t **facts, gmmpi_error *error)
{
  gmmpi_error local = {0};
  opened_file file;
  *models = NULL;
  hdf5_use_begin();
  if (opened_file_open(path, &file, &local) == GMMPI_OK) {
    json_t *attributes = hdf5_attributes_read(file.id, file.n_bytes);
    if (attributes == NULL)
      opened_file_broken(&file, &local);
    else
      read_opened(&file, attributes, models, &local);
    if (local.status == GMMPI_OK && facts != NULL) *facts = json_incref(attributes);
    json_decref(attributes);
    H5Fclose(file.id);
  }
  hdf5_use_end();
  if (local.status != GMMPI_OK) {
    group_models_destroy(*models);
    *models = NULL;
  }
  return error_pass(error, &local);
}
