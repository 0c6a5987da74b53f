/* SPDX-License-Identifier: BSD-3-Clause */
#include "mixture/files/group_models.h"

#include "mixture/files/file_arrays.h"
#include "support/error.h"
#include "support/memory.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- layout --- */

/* Which arrays files have: factors are computed anew when a model is read. */
static bool is_stacked(const model_array *array)
{
  return strcmp(array->name, "precisions_cholesky") != 0;
}

group_layout group_layout_of(model_kind kind, int64_t n_components, int64_t n_features)
{
  group_layout layout = {.kind = kind, .n_components = n_components, .n_features = n_features};
  gmmpi_model outline = {
      .family = kind.family, .parts = kind.parts, .n_components = n_components, .n_features = n_features};
  gmmpi_model larger = outline;
  larger.n_components++;
  model_array arrays[MODEL_MOST_ARRAYS];
  model_array others[MODEL_MOST_ARRAYS];
  const int n_arrays = file_arrays(&outline, arrays);
  file_arrays(&larger, others);
  for (int i = 0; i < n_arrays; i++) {
    if (!is_stacked(&arrays[i])) continue;
    group_array *array = &layout.arrays[layout.n_arrays++];
    *array = (group_array){.name = arrays[i].name,
                           .n_dimensions = arrays[i].n_dimensions,
                           .length = arrays[i].length,
                           .is_expanded =
                               has_other_arrays_in_files(kind.family) && strcmp(arrays[i].name, "covariances") == 0};
    memcpy(array->shape, arrays[i].shape, sizeof array->shape);
    if (arrays[i].n_dimensions > 0 && others[i].shape[0] > arrays[i].shape[0])
      array->per_component = array->length / n_components;
  }
  return layout;
}

/* --- records --- */

int64_t group_record_length(const group_layout *layout)
{
  int64_t length = N_GROUP_FACTS;
  for (int i = 0; i < layout->n_arrays; i++) length += layout->arrays[i].length;
  return length;
}

static bool is_weights(const group_array *array)
{
  return strcmp(array->name, "weights") == 0;
}

/* What stands for components that are not there, from index `first` of the array's numbers on. */
static void pad(const group_array *array, int64_t first, double *numbers)
{
  for (int64_t i = first; i < array->length; i++) numbers[i] = is_weights(array) ? 0.0 : NAN;
}

void group_record_fail(const group_layout *layout, gmmpi_status status, int64_t n_samples, double *record)
{
  memset(record, 0, N_GROUP_FACTS * sizeof *record);
  record[GROUP_STATUS] = (double)status;
  record[GROUP_N_SAMPLES] = (double)n_samples;
  record[GROUP_LOG_LIKELIHOOD] = NAN;
  double *numbers = record + N_GROUP_FACTS;
  for (int i = 0; i < layout->n_arrays; numbers += layout->arrays[i++].length) pad(&layout->arrays[i], 0, numbers);
}

void group_record_set(const group_layout *layout, const gmmpi_model *model, const double facts[N_GROUP_FACTS],
                      double *record)
{
  model_array arrays[MODEL_MOST_ARRAYS];
  const int n_arrays = file_arrays(model, arrays);
  double *numbers = record + N_GROUP_FACTS;
  memcpy(record, facts, N_GROUP_FACTS * sizeof *record);
  const group_array *to = layout->arrays;
  for (int i = 0; i < n_arrays; i++) {
    if (!is_stacked(&arrays[i])) continue;
    if (arrays[i].numbers != NULL)
      memcpy(numbers, arrays[i].numbers, (size_t)arrays[i].length * sizeof *numbers);
    else
      file_array_expand(model, &arrays[i], numbers);
    pad(to, arrays[i].length, numbers);
    numbers += to++->length;
  }
}

/* --- keys --- */

bool group_keys_are_whole(const group_keys *keys)
{
  bool whole = keys->numbers != NULL;
  for (int64_t g = 0; g < keys->n && whole; g++) whole = keys->numbers[g] == floor(keys->numbers[g]);
  return whole;
}

int64_t group_of_number(const group_keys *keys, double number)
{
  int64_t low = 0;
  int64_t high = keys->numbers != NULL ? keys->n : 0;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (keys->numbers[middle] < number)
      low = middle + 1;
    else
      high = middle;
  }
  return keys->numbers != NULL && low < keys->n && keys->numbers[low] == number ? low : -1;
}

int64_t group_of_text(const group_keys *keys, const char *text)
{
  int64_t low = 0;
  int64_t high = keys->texts != NULL ? keys->n : 0;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    const int order = strcmp(keys->texts[middle], text);
    if (order == 0) return middle;
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return -1;
}

void group_key_text(const group_keys *keys, int64_t group, char *text, size_t n_bytes)
{
  if (keys->texts != NULL) {
    snprintf(text, n_bytes, "%s", keys->texts[group]);
    return;
  }
  for (int n_digits = 15; n_digits <= 17; n_digits++) {
    snprintf(text, n_bytes, "%.*g", n_digits, keys->numbers[group]);
    if (strtod(text, NULL) == keys->numbers[group]) break;
  }
}

/* --- all groups --- */

gmmpi_status group_models_create(const group_layout *layout, int64_t n_groups, group_models **models,
                                 gmmpi_error *error)
{
  group_models *created = calloc(1, sizeof *created);
  bool good = created != NULL;
  if (good) created->layout = *layout;
  for (int i = 0; good && i < layout->n_arrays; i++) {
    int64_t length;
    group_array *array = &created->layout.arrays[i];
    array->numbers = NULL;
    good = multiply_fits(n_groups, array->length, &length) &&
           (array->numbers = allocate_untouched(length, sizeof *array->numbers)) != NULL;
  }
  for (int f = 0; good && f < N_GROUP_FACTS; f++)
    good = (created->facts[f] = allocate(n_groups, sizeof *created->facts[f])) != NULL;
  if (good) {
    created->keys.n = n_groups;
    *models = created;
    return GMMPI_OK;
  }
  group_models_destroy(created);
  *models = NULL;
  return fail(error, GMMPI_NO_MEMORY, "there is no memory for the models of %" PRId64 " groups; use fewer components",
              n_groups);
}

static void free_texts(char **texts, int64_t n)
{
  for (int64_t i = 0; texts != NULL && i < n; i++) free(texts[i]);
  free(texts);
}

void group_models_destroy(group_models *models)
{
  if (models == NULL) return;
  for (int i = 0; i < models->layout.n_arrays; i++) free(models->layout.arrays[i].numbers);
  for (int f = 0; f < N_GROUP_FACTS; f++) free(models->facts[f]);
  for (int64_t i = 0; i < models->n_remarks; i++) free(models->remarks[i].text);
  free(models->remarks);
  free(models->keys.numbers);
  free_texts(models->keys.texts, models->keys.n);
  free_texts(models->feature_names, models->layout.n_features);
  free_texts(models->transforms, models->layout.n_features);
  free(models);
}

void group_models_take(group_models *models, int64_t group, const double *record)
{
  for (int f = 0; f < N_GROUP_FACTS; f++) models->facts[f][group] = record[f];
  record += N_GROUP_FACTS;
  for (int i = 0; i < models->layout.n_arrays; i++) {
    const group_array *array = &models->layout.arrays[i];
    memcpy(array->numbers + group * array->length, record, (size_t)array->length * sizeof *record);
    record += array->length;
  }
}

int64_t group_models_bytes(const group_layout *layout, int64_t n_groups)
{
  int64_t numbers;
  int64_t bytes;
  for (int i = 0; i < layout->n_arrays; i++) {
    if (layout->arrays[i].length < 0) return INT64_MAX;
  }
  return multiply_fits(n_groups, group_record_length(layout), &numbers) &&
                 multiply_fits(numbers, (int64_t)sizeof(double), &bytes)
             ? bytes
             : INT64_MAX;
}

static gmmpi_status take_array(const group_array *array, const double *numbers, gmmpi_model *model, const char *path,
                               gmmpi_error *error)
{
  model_array own[MODEL_MOST_ARRAYS];
  const int n_own = file_arrays(model, own);
  for (int i = 0; i < n_own; i++) {
    if (strcmp(own[i].name, array->name) != 0) continue;
    if (own[i].numbers == NULL) return file_array_contract(model, &own[i], numbers, path, error);
    memcpy(own[i].numbers, numbers, (size_t)own[i].length * sizeof *numbers);
  }
  return GMMPI_OK;
}

gmmpi_status group_model(const group_models *models, int64_t group, const char *path, gmmpi_model **model,
                         gmmpi_error *error)
{
  const group_layout *layout = &models->layout;
  const int64_t K = (int64_t)models->facts[GROUP_N_COMPONENTS][group];
  gmmpi_model *created = NULL;
  *model = NULL;
  if (model_allocate(layout->kind, K, layout->n_features, &created, error) != GMMPI_OK) return error->status;
  gmmpi_status status = GMMPI_OK;
  for (int i = 0; i < layout->n_arrays && status == GMMPI_OK; i++) {
    const group_array *array = &layout->arrays[i];
    status = take_array(array, array->numbers + group * array->length, created, path, error);
  }
  if (status == GMMPI_OK) status = model_accept_parameters(created, path, error);
  if (status == GMMPI_OK) status = model_set_feature_names(created, models->feature_names, error);
  if (status == GMMPI_OK) status = model_accept_transforms(created, models->transforms, path, error);
  if (status == GMMPI_OK)
    *model = created;
  else
    gmmpi_model_destroy(created);
  return status;
}

gmmpi_status group_outline(const group_models *models, gmmpi_model **outline, gmmpi_error *error)
{
  const group_layout *layout = &models->layout;
  gmmpi_status status = model_allocate(layout->kind, layout->n_components, layout->n_features, outline, error);
  if (status == GMMPI_OK) status = model_set_feature_names(*outline, models->feature_names, error);
  if (status == GMMPI_OK) status = model_accept_transforms(*outline, models->transforms, "the groups", error);
  return status;
}
