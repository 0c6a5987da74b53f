/* SPDX-License-Identifier: BSD-3-Clause */
/* Writing models. */
#include "mixture/files/model_file.h"

#include "mixture/files/file_arrays.h"
#include "support/error.h"
#include "support/file.h"
#include "support/hdf5_attributes.h"
#include "support/hdf5_image.h"
#include "support/hdf5_use.h"
#include "support/memory.h"
#include "support/seal.h"

#include <stdlib.h>
#include <string.h>

/* What a model's file says about itself; NULL when there is no memory. */
static json_t *identity_of(const gmmpi_model *model)
{
  return json_pack("{s:s, s:I, s:s, s:s, s:I, s:I}", "format", MODEL_FORMAT, "format_version",
                   (json_int_t)MODEL_FORMAT_VERSION, "program_version", GMMPI_VERSION, "covariance",
                   model->family->name, "n_components", (json_int_t)model->n_components, "n_features",
                   (json_int_t)model->n_features);
}

json_t *model_file_without_identity(json_t *attributes)
{
  static const char *const own[] = {"format",     "format_version", "program_version", "covariance",     "n_components",
                                    "n_features", "feature_names",  "transforms",      "component_names"};
  for (int i = 0; i < (int)(sizeof own / sizeof own[0]); i++) json_object_del(attributes, own[i]);
  return attributes;
}

static bool write_attributes(hid_t root, const gmmpi_model *model, const json_t *facts)
{
  json_t *identity = identity_of(model);
  bool written = identity != NULL && hdf5_attributes_write(root, identity);
  if (written && model->feature_names != NULL)
    written = hdf5_strings_write(root, "feature_names", model->n_features, (const char *const *)model->feature_names);
  if (written && model->transforms != NULL)
    written = hdf5_strings_write(root, "transforms", model->n_features, (const char *const *)model->transforms);
  if (written && model->component_names != NULL)
    written =
        hdf5_strings_write(root, "component_names", model->n_components, (const char *const *)model->component_names);
  if (written && facts != NULL) written = hdf5_attributes_write(root, facts);
  json_decref(identity);
  return written;
}

static bool write_array(hid_t file, const gmmpi_model *model, const model_array *array)
{
  double *expanded = array->numbers == NULL ? allocate(array->length, sizeof *expanded) : NULL;
  bool written = array->numbers != NULL || expanded != NULL;
  if (expanded != NULL) file_array_expand(model, array, expanded);
  const double *numbers = expanded != NULL ? expanded : array->numbers;
  if (written) written = hdf5_image_write(file, array->name, array->n_dimensions, array->shape, numbers);
  free(expanded);
  return written;
}

static bool write_numbers(hid_t file, const gmmpi_model *model)
{
  model_array arrays[MODEL_MOST_ARRAYS];
  const int n_arrays = file_arrays(model, arrays);
  bool written = true;
  for (int i = 0; i < n_arrays && written; i++) written = write_array(file, model, &arrays[i]);
  return written;
}

static bool write_hierarchy(hid_t file, const cluster_hierarchy *hierarchy)
{
  if (hierarchy == NULL) return true;
  const int64_t shape[2] = {hierarchy->n_clusters - 1, 2};
  return hdf5_image_write_integers(file, "merges", 2, shape, hierarchy->merges) &&
         hdf5_image_write(file, "merge_entropy", 1, &hierarchy->n_clusters, hierarchy->entropy);
}

int64_t model_file_extra_bytes(const covariance_family *family, int64_t n_components, int64_t n_features)
{
  int64_t bytes;
  if (!has_other_arrays_in_files(family)) return 0;
  return multiply_fits(n_features, n_features, &bytes) && multiply_fits(bytes, n_components, &bytes) &&
                 multiply_fits(bytes, 3 * (int64_t)sizeof(double), &bytes)
             ? bytes
             : INT64_MAX;
}

/* Data sets, attributes and names, generously. */
static int64_t expected_bytes(const gmmpi_model *model)
{
  int64_t bytes = model_bytes(model_kind_of(model), model->n_components, model->n_features) + (1 << 16) +
                  model_file_extra_bytes(model->family, model->n_components, model->n_features);
  for (int64_t j = 0; model->feature_names != NULL && j < model->n_features; j++)
    bytes += (int64_t)strlen(model->feature_names[j]);
  for (int64_t j = 0; model->transforms != NULL && j < model->n_features; j++)
    bytes += (int64_t)strlen(model->transforms[j]) + 40;
  for (int64_t k = 0; model->component_names != NULL && k < model->n_components; k++)
    bytes += (int64_t)strlen(model->component_names[k]);
  if (model->hierarchy != NULL) bytes += model->hierarchy->n_clusters * 3 * (int64_t)sizeof(double);
  return bytes;
}

gmmpi_status model_file_image(const gmmpi_model *model, const json_t *facts, void **bytes, size_t *n_bytes,
                              gmmpi_error *error)
{
  bool filled;
  bool described;
  bool whole;
  hdf5_use_begin();
  const hid_t file = hdf5_image_create(expected_bytes(model));
  filled = file >= 0 && write_numbers(file, model) && write_hierarchy(file, model->hierarchy);
  described = filled && write_attributes(file, model, facts);
  whole = described && hdf5_image_bytes(file, bytes, n_bytes);
  if (whole) {
    *n_bytes += SEAL_BYTES;
    seal_put(*bytes, (int64_t)*n_bytes, MODEL_SEAL, MODEL_FORMAT_VERSION);
  }
  if (file >= 0) H5Fclose(file);
  hdf5_use_end();
  if (whole) return GMMPI_OK;
  if (filled && !described)
    return fail(error, GMMPI_INTERNAL, "the attributes of the model's file could not be made; report this fault");
  return fail(error, GMMPI_NO_MEMORY, "no memory is left to build the model's file; use fewer components or features");
}

gmmpi_status gmmpi_model_write(const gmmpi_model *model, const char *path, gmmpi_error *error)
{
  void *bytes;
  size_t n_bytes;
  gmmpi_status status = model_file_image(model, model->facts, &bytes, &n_bytes, error);
  if (status != GMMPI_OK) return status;
  status = file_write_whole(path, bytes, n_bytes, error);
  free(bytes);
  return status;
}

gmmpi_status gmmpi_model_image(const gmmpi_model *model, void **bytes, size_t *n_bytes, gmmpi_error *error)
{
  *bytes = NULL;
  return model_file_image(model, model->facts, bytes, n_bytes, error);
}

gmmpi_status gmmpi_model_facts(const gmmpi_model *model, char **text, gmmpi_error *error)
{
  *text = model->facts != NULL ? json_dumps(model->facts, JSON_REAL_PRECISION(17)) : strdup("{}");
  return *text != NULL ? GMMPI_OK : fail(error, GMMPI_NO_MEMORY, "there is no memory for what the model's file notes");
}
