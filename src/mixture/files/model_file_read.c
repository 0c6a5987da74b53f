/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading models, whose files may be anything. */
#include "mixture/files/model_file.h"

#include "mixture/files/file_arrays.h"
#include "mixture/files/group_models.h"
#include "mixture/files/opened_file.h"
#include "support/error.h"
#include "support/file.h"
#include "support/hdf5_attributes.h"
#include "support/hdf5_use.h"
#include "support/memory.h"
#include "support/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool model_file_has_seal(const char *path)
{
  unsigned char tail[SEAL_BYTES];
  const int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  const off_t end = descriptor >= 0 ? lseek(descriptor, 0, SEEK_END) : -1;
  const bool has_seal = end >= SEAL_BYTES && pread(descriptor, tail, SEAL_BYTES, end - SEAL_BYTES) == SEAL_BYTES &&
                        seal_is_there(tail, SEAL_BYTES, MODEL_SEAL);
  if (descriptor >= 0) close(descriptor);
  return has_seal;
}

static gmmpi_status check_format(const opened_file *file, json_t *facts, gmmpi_error *error)
{
  const char *format = json_string_value(json_object_get(facts, "format"));
  const json_t *version = json_object_get(facts, "format_version");
  if (format != NULL && strcmp(format, "gmmpi checkpoint") == 0)
    return fail(error, GMMPI_BAD_DATA,
                "%s: is a checkpoint, not a model; finish its fit with gmmpi fit --restart to get the model",
                file->path);
  if (format != NULL && strcmp(format, GROUPS_FORMAT) == 0)
    return fail(error, GMMPI_BAD_DATA,
                "%s: holds a model for each of many groups; give --by where the command has it, or take one model out",
                file->path);
  if (format == NULL || strcmp(format, MODEL_FORMAT) != 0)
    return fail(error, GMMPI_BAD_DATA, "%s: is not a model; give a file that gmmpi fit wrote", file->path);
  if (json_integer_value(version) != MODEL_FORMAT_VERSION)
    return fail(error, GMMPI_BAD_DATA,
                "%s: has a version of the model format that this program does not know (it knows %d); "
                "use the version of gmmpi that wrote it",
                file->path, MODEL_FORMAT_VERSION);
  return GMMPI_OK;
}

/* A data set with the numbers of dimensions wanted; its extent goes to shape. */
static gmmpi_status data_set_shape(const opened_file *file, const char *name, int n_dimensions, int64_t shape[3],
                                   gmmpi_error *error)
{
  hsize_t extent[3];
  const htri_t is_there = H5Lexists(file->id, name, H5P_DEFAULT);
  if (is_there < 0) return opened_file_broken(file, error);
  if (is_there == 0)
    return fail(error, GMMPI_BAD_DATA, "%s: has no data set %s; give a file that gmmpi fit wrote", file->path, name);
  const hid_t data_set = H5Dopen2(file->id, name, H5P_DEFAULT);
  const hid_t space = data_set >= 0 ? H5Dget_space(data_set) : H5I_INVALID_HID;
  gmmpi_status status = GMMPI_OK;
  if (space < 0) {
    status = opened_file_broken(file, error);
  } else if (H5Sget_simple_extent_ndims(space) != n_dimensions || H5Sget_simple_extent_dims(space, extent, NULL) < 0) {
    status = fail(error, GMMPI_BAD_DATA, "%s: %s should have %d dimensions; give a file that gmmpi fit wrote",
                  file->path, name, n_dimensions);
  } else {
    for (int i = 0; i < n_dimensions; i++) shape[i] = extent[i] > INT64_MAX ? INT64_MAX : (int64_t)extent[i];
  }
  if (space >= 0) H5Sclose(space);
  if (data_set >= 0) H5Dclose(data_set);
  return status;
}

/* Checks that the data set has this shape and numbers that are there, and reads them, as numbers of the type, unless
 * values is NULL. */
static gmmpi_status read_typed(const opened_file *file, const char *name, int n_dimensions, const int64_t *shape,
                               hid_t held, void *values, gmmpi_error *error)
{
  int64_t found[3] = {0};
  gmmpi_status status = data_set_shape(file, name, n_dimensions, found, error);
  if (status != GMMPI_OK) return status;
  if (memcmp(found, shape, (size_t)n_dimensions * sizeof *shape) != 0)
    return fail(
        error, GMMPI_BAD_DATA,
        "%s: the shape of %s does not fit the weights, means and kind of covariance; give a file that gmmpi fit wrote",
        file->path, name);
  const hid_t data_set = H5Dopen2(file->id, name, H5P_DEFAULT);
  const hid_t type = data_set >= 0 ? H5Dget_type(data_set) : H5I_INVALID_HID;
  const H5T_class_t class = type >= 0 ? H5Tget_class(type) : H5T_NO_CLASS;
  if (type < 0 || !opened_file_has(file, data_set)) {
    status = opened_file_broken(file, error);
  } else if (class != H5T_FLOAT && class != H5T_INTEGER) {
    status =
        fail(error, GMMPI_BAD_DATA, "%s: %s does not hold numbers; give a file that gmmpi fit wrote", file->path, name);
  } else if (values != NULL && H5Dread(data_set, held, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0) {
    status = opened_file_broken(file, error);
  }
  if (type >= 0) H5Tclose(type);
  if (data_set >= 0) H5Dclose(data_set);
  return status;
}

static gmmpi_status read_numbers(const opened_file *file, const char *name, int n_dimensions, const int64_t *shape,
                                 double *values, gmmpi_error *error)
{
  return read_typed(file, name, n_dimensions, shape, H5T_NATIVE_DOUBLE, values, error);
}

/* The attribute of this name: a text for each feature, or component. *texts is NULL where there is none; release with
 * hdf5_strings_free. */
static gmmpi_status read_texts(const opened_file *file, const char *attribute, int64_t n_wanted, const char *of_what,
                               char ***texts, gmmpi_error *error)
{
  int64_t n = 0;
  *texts = NULL;
  if (H5Aexists(file->id, attribute) <= 0) return GMMPI_OK;
  if (!hdf5_strings_read(file->id, attribute, file->n_bytes, &n, texts)) return opened_file_broken(file, error);
  if (n == n_wanted) return GMMPI_OK;
  hdf5_strings_free(n, *texts);
  *texts = NULL;
  return fail(error, GMMPI_BAD_DATA, "%s: has %lld %s for %lld %s; give a file that gmmpi fit wrote", file->path,
              (long long)n, attribute, (long long)n_wanted, of_what);
}

static gmmpi_status read_names_and_transforms(const opened_file *file, gmmpi_model *model, gmmpi_error *error)
{
  const int64_t d = model->n_features;
  char **names = NULL;
  char **transforms = NULL;
  char **components = NULL;
  gmmpi_status status = read_texts(file, "feature_names", d, "features", &names, error);
  if (status == GMMPI_OK) status = read_texts(file, "transforms", d, "features", &transforms, error);
  if (status == GMMPI_OK)
    status = read_texts(file, "component_names", model->n_components, "components", &components, error);
  if (status == GMMPI_OK) status = model_set_feature_names(model, names, error);
  if (status == GMMPI_OK) status = model_accept_transforms(model, transforms, file->path, error);
  if (status == GMMPI_OK) status = model_accept_component_names(model, components, file->path, error);
  if (names != NULL) hdf5_strings_free(d, names);
  if (transforms != NULL) hdf5_strings_free(d, transforms);
  if (components != NULL) hdf5_strings_free(model->n_components, components);
  return status;
}

/* n components of a data set of matrices, from `first` on. */
static bool read_matrices(hid_t data_set, const model_array *array, int64_t first, int64_t n, double *numbers)
{
  const hsize_t start[3] = {(hsize_t)first, 0, 0};
  const hsize_t count[3] = {(hsize_t)n, (hsize_t)array->shape[1], (hsize_t)array->shape[2]};
  const hid_t in_file = H5Dget_space(data_set);
  const hid_t in_memory = H5Screate_simple(3, count, NULL);
  const bool is_read = in_file >= 0 && in_memory >= 0 &&
                       H5Sselect_hyperslab(in_file, H5S_SELECT_SET, start, NULL, count, NULL) >= 0 &&
                       H5Dread(data_set, H5T_NATIVE_DOUBLE, in_memory, in_file, H5P_DEFAULT, numbers) >= 0;
  if (in_memory >= 0) H5Sclose(in_memory);
  if (in_file >= 0) H5Sclose(in_file);
  return is_read;
}

/* An array that files hold in another shape than memory, whose data set is known to fit: so many components at a time
 * as stay in a cache. */
static gmmpi_status read_expanded(const opened_file *file, const char *name, const model_array *array,
                                  gmmpi_model *model, gmmpi_error *error)
{
  enum { NUMBERS = 1 << 15 };
  const int64_t K = array->shape[0];
  const int64_t square = array->shape[1] * array->shape[2];
  const int64_t some = square < NUMBERS ? NUMBERS / square : 1;
  array_contraction contraction;
  gmmpi_status status = array_contraction_begin(model, array, file->path, &contraction, error);
  if (status != GMMPI_OK) return status;
  double *numbers = allocate((some < K ? some : K) * square, sizeof *numbers);
  const hid_t data_set = H5Dopen2(file->id, name, H5P_DEFAULT);
  if (numbers == NULL)
    status = fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to read it", file->path);
  else if (data_set < 0)
    status = opened_file_broken(file, error);
  for (int64_t k = 0; k < K && status == GMMPI_OK; k += some) {
    const int64_t n = K - k < some ? K - k : some;
    status = read_matrices(data_set, array, k, n, numbers) ? array_contraction_take(&contraction, n, numbers, error)
                                                           : opened_file_broken(file, error);
  }
  if (data_set >= 0) H5Dclose(data_set);
  free(numbers);
  array_contraction_end(&contraction);
  return status;
}

/* The data sets of all arrays, or with values = false only whether they fit together and are there. */
static gmmpi_status read_parameters(const opened_file *file, gmmpi_model *model, bool values, gmmpi_error *error)
{
  model_array arrays[MODEL_MOST_ARRAYS];
  const int n_arrays = file_arrays(model, arrays);
  gmmpi_status status = GMMPI_OK;
  for (int i = 0; i < n_arrays && status == GMMPI_OK; i++) {
    const model_array *array = &arrays[i];
    char name[64];
    snprintf(name, sizeof name, "/%s", array->name);
    if (array->is_optional && H5Lexists(file->id, name, H5P_DEFAULT) == 0) continue;
    if (values && array->numbers == NULL)
      status = read_expanded(file, name, array, model, error);
    else
      status = read_numbers(file, name, array->n_dimensions, array->shape, values ? array->numbers : NULL, error);
  }
  return status;
}

/* What is derived is computed anew, but a file with impossible numbers there is damaged. */
static gmmpi_status check_derived(const opened_file *file, const gmmpi_model *model, gmmpi_error *error)
{
  model_array arrays[MODEL_MOST_ARRAYS];
  const int n_arrays = model_arrays(model, arrays);
  for (int i = 0; i < n_arrays; i++) {
    for (int64_t j = 0; arrays[i].is_derived && j < arrays[i].length; j++) {
      if (!isfinite(arrays[i].numbers[j]))
        return fail(error, GMMPI_BAD_DATA, "%s: /%s has a number that is not finite; copy it anew or fit again",
                    file->path, arrays[i].name);
    }
  }
  return GMMPI_OK;
}

/* -1: there is no such data set. */
static int rank_of_data_set(const void *file, const char *name)
{
  const hid_t id = ((const opened_file *)file)->id;
  if (H5Lexists(id, name, H5P_DEFAULT) <= 0) return -1;
  const hid_t data_set = H5Dopen2(id, name, H5P_DEFAULT);
  const hid_t space = data_set >= 0 ? H5Dget_space(data_set) : H5I_INVALID_HID;
  const int rank = space >= 0 ? H5Sget_simple_extent_ndims(space) : 0;
  if (space >= 0) H5Sclose(space);
  if (data_set >= 0) H5Dclose(data_set);
  return rank < 0 ? 0 : rank;
}

/* Of a model whose weights are there; nothing where the file has none. */
static gmmpi_status read_hierarchy(const opened_file *file, gmmpi_model *model, gmmpi_error *error)
{
  int64_t extent[3] = {0};
  if (H5Lexists(file->id, "/merge_entropy", H5P_DEFAULT) <= 0) return GMMPI_OK;
  gmmpi_status status = data_set_shape(file, "/merge_entropy", 1, extent, error);
  if (status != GMMPI_OK) return status;
  const int64_t n = extent[0];
  if (n != model_n_living(model))
    return fail(error, GMMPI_BAD_DATA,
                "%s: /merge_entropy is of %lld clusters, but %lld components have a weight; merge anew with gmmpi fit "
                "--merge",
                file->path, (long long)n, (long long)model_n_living(model));
  cluster_hierarchy *hierarchy;
  const int64_t shape[2] = {n - 1, 2};
  status = hierarchy_create(n, &hierarchy, error);
  if (status == GMMPI_OK) status = read_numbers(file, "/merge_entropy", 1, &n, hierarchy->entropy, error);
  if (status == GMMPI_OK && n > 1)
    status = read_typed(file, "/merges", 2, shape, H5T_NATIVE_INT64, hierarchy->merges, error);
  if (status == GMMPI_OK) status = hierarchy_check(hierarchy, model->n_components, model->weights, file->path, error);
  if (status == GMMPI_OK) {
    model->hierarchy = hierarchy;
  } else {
    hierarchy_destroy(hierarchy);
  }
  return status;
}

static gmmpi_status read_model(const opened_file *file, json_t *facts, gmmpi_model **model, gmmpi_error *error)
{
  const char *covariance = json_string_value(json_object_get(facts, "covariance"));
  gmmpi_model outline = {.family = covariance != NULL ? family_find(covariance) : NULL};
  int64_t shape[3] = {0};
  outline.parts = model_parts_by_names(rank_of_data_set, file);
  if (outline.family == NULL)
    return fail(error, GMMPI_BAD_DATA,
                "%s: its kind of covariance (%s) is unknown; use the version of gmmpi that wrote it", file->path,
                covariance != NULL ? covariance : "none");
  gmmpi_status status = data_set_shape(file, "/means", 2, shape, error);
  if (status != GMMPI_OK) return status;
  outline.n_components = shape[0];
  outline.n_features = shape[1];
  if (shape[0] < 1 || shape[1] < 1)
    return fail(error, GMMPI_BAD_DATA, "%s: /means is empty; give a file that gmmpi fit wrote", file->path);

  gmmpi_model *created = NULL;
  status = read_parameters(file, &outline, false, error);
  if (status == GMMPI_OK) status = model_allocate(model_kind_of(&outline), shape[0], shape[1], &created, error);
  if (status == GMMPI_OK) status = read_parameters(file, created, true, error);
  if (status == GMMPI_OK) status = check_derived(file, created, error);
  if (status == GMMPI_OK) status = model_accept_parameters(created, file->path, error);
  if (status == GMMPI_OK) status = read_names_and_transforms(file, created, error);
  if (status == GMMPI_OK) status = read_hierarchy(file, created, error);
  if (status == GMMPI_OK) {
    *model = created;
  } else {
    gmmpi_model_destroy(created);
  }
  return status;
}

static gmmpi_status read_opened(const opened_file *file, gmmpi_model **model, json_t **facts, gmmpi_error *error)
{
  json_t *attributes = hdf5_attributes_read(file->id, file->n_bytes);
  gmmpi_status status = attributes != NULL ? check_format(file, attributes, error) : opened_file_broken(file, error);
  if (status == GMMPI_OK) status = read_model(file, attributes, model, error);
  if (status == GMMPI_OK && facts != NULL) *facts = json_incref(attributes);
  json_decref(attributes);
  return status;
}

gmmpi_status model_file_read(const char *path, gmmpi_model **model, json_t **facts, gmmpi_error *error)
{
  opened_file file;
  gmmpi_status status;
  hdf5_use_begin();
  status = opened_file_open(path, &file, error);
  if (status == GMMPI_OK) {
    status = read_opened(&file, model, facts, error);
    H5Fclose(file.id);
  }
  hdf5_use_end();
  return status;
}

gmmpi_status gmmpi_model_read(const char *path, gmmpi_model **model, gmmpi_error *error)
{
  json_t *facts = NULL;
  const gmmpi_status status = model_file_read(path, model, &facts, error);
  if (status == GMMPI_OK)
    (*model)->facts = model_file_without_identity(facts);
  else
    json_decref(facts);
  return status;
}
