/* SPDX-License-Identifier: BSD-3-Clause */
/* The parameters of models as JSON. */
#include "mixture/files/model_file.h"

#include "mixture/files/file_arrays.h"
#include "support/error.h"
#include "support/json_text.h"
#include "support/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Nested arrays of reals, or one real where n_dimensions is 0: shape has n_dimensions entries, *next moves over the
 * numbers. NULL when there is no memory. */
static json_t *nested_array(int n_dimensions, const int64_t *shape, const double **next)
{
  if (n_dimensions == 0) return json_real(*(*next)++);
  json_t *array = json_array();
  for (int64_t i = 0; array != NULL && i < shape[0]; i++) {
    if (json_array_append_new(array, nested_array(n_dimensions - 1, shape + 1, next)) != 0) {
      json_decref(array);
      array = NULL;
    }
  }
  return array;
}

static json_t *texts_to_json(char *const *texts, int64_t n)
{
  json_t *array = json_array();
  for (int64_t j = 0; array != NULL && j < n; j++) {
    if (json_array_append_new(array, json_text(texts[j])) != 0) {
      json_decref(array);
      array = NULL;
    }
  }
  return array;
}

static json_t *array_to_json(const gmmpi_model *model, const model_array *array)
{
  double *expanded = array->numbers == NULL ? allocate(array->length, sizeof *expanded) : NULL;
  const double *next = expanded != NULL ? expanded : array->numbers;
  if (next == NULL) return NULL;
  if (expanded != NULL) file_array_expand(model, array, expanded);
  json_t *numbers = nested_array(array->n_dimensions, array->shape, &next);
  free(expanded);
  return numbers;
}

bool hierarchy_note(const cluster_hierarchy *hierarchy, json_t *object)
{
  if (hierarchy == NULL) return true;
  const double *next = hierarchy->entropy;
  json_t *merges = json_array();
  bool made = merges != NULL;
  for (int64_t step = 0; made && step < hierarchy->n_clusters - 1; step++) {
    const int64_t *merged = hierarchy->merges + 2 * step;
    made = json_array_append_new(merges, json_pack("[I, I]", (json_int_t)merged[0], (json_int_t)merged[1])) == 0;
  }
  made = made && json_object_set(object, "merges", merges) == 0 &&
         json_object_set_new(object, "merge_entropy", nested_array(1, &hierarchy->n_clusters, &next)) == 0;
  json_decref(merges);
  return made;
}

json_t *model_to_json(const gmmpi_model *model)
{
  model_array arrays[MODEL_MOST_ARRAYS];
  const int n_arrays = file_arrays(model, arrays);
  json_t *object = json_object();
  /* Setting a member to NULL, when its value could not be made, fails. */
  bool made =
      json_object_set_new(object, "covariance", json_string(model->family->name)) == 0 &&
      (model->feature_names == NULL ||
       json_object_set_new(object, "feature_names", texts_to_json(model->feature_names, model->n_features)) == 0) &&
      (model->transforms == NULL ||
       json_object_set_new(object, "transforms", texts_to_json(model->transforms, model->n_features)) == 0) &&
      (model->component_names == NULL ||
       json_object_set_new(object, "component_names", texts_to_json(model->component_names, model->n_components)) == 0);
  for (int i = 0; i < n_arrays && made; i++) {
    if (!arrays[i].is_derived)
      made = json_object_set_new(object, arrays[i].name, array_to_json(model, &arrays[i])) == 0;
  }
  if (made && hierarchy_note(model->hierarchy, object)) return object;
  json_decref(object);
  return NULL;
}

/* Is it nested arrays of numbers of just this shape? */
static bool has_shape(const json_t *value, int n_dimensions, const int64_t *shape)
{
  if (n_dimensions == 0) return json_is_number(value);
  if (!json_is_array(value) || (int64_t)json_array_size(value) != shape[0]) return false;
  for (size_t i = 0; i < json_array_size(value); i++) {
    if (!has_shape(json_array_get(value, i), n_dimensions - 1, shape + 1)) return false;
  }
  return true;
}

/* Copies the numbers of nested arrays; returns the place behind the last one. */
static double *copy_numbers(const json_t *value, double *next)
{
  if (!json_is_array(value)) {
    *next = json_number_value(value);
    return next + 1;
  }
  for (size_t i = 0; i < json_array_size(value); i++) next = copy_numbers(json_array_get(value, i), next);
  return next;
}

static gmmpi_status take_numbers(const char *path, const json_t *object, gmmpi_model *model, gmmpi_error *error)
{
  model_array arrays[MODEL_MOST_ARRAYS];
  const int n_arrays = file_arrays(model, arrays);
  for (int i = 0; i < n_arrays; i++) {
    const json_t *value = json_object_get(object, arrays[i].name);
    if (arrays[i].is_derived || value == NULL) continue; /* an optional one is missing: zeros */
    if (arrays[i].numbers != NULL) {
      copy_numbers(value, arrays[i].numbers);
      continue;
    }
    double *numbers = allocate(arrays[i].length, sizeof *numbers);
    if (numbers == NULL) return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to read it", path);
    copy_numbers(value, numbers);
    const gmmpi_status status = file_array_contract(model, &arrays[i], numbers, path, error);
    free(numbers);
    if (status != GMMPI_OK) return status;
  }
  return GMMPI_OK;
}

/* "3 x 2 x 2"; "1" for a single number. */
static const char *shape_text(int n_dimensions, const int64_t *shape, char text[80])
{
  int length = snprintf(text, 80, "%lld", n_dimensions == 0 ? 1LL : (long long)shape[0]);
  for (int i = 1; i < n_dimensions; i++)
    length += snprintf(text + length, 80 - (size_t)length, " x %lld", (long long)shape[i]);
  return text;
}

/* Sets the outline's sizes to those that the weights and the first mean imply; everything else must be of these
 * sizes. */
static gmmpi_status check_shapes(const char *path, const json_t *object, gmmpi_model *outline, gmmpi_error *error)
{
  const json_t *weights = json_object_get(object, "weights");
  const json_t *means = json_object_get(object, "means");
  const int64_t shape[2] = {(int64_t)json_array_size(weights), (int64_t)json_array_size(json_array_get(means, 0))};
  char text[80];
  if (shape[0] < 1 || !has_shape(weights, 1, shape))
    return fail(error, GMMPI_BAD_DATA, "%s: weights must be a list of numbers, one per component; correct it", path);
  if (shape[1] < 1)
    return fail(error, GMMPI_BAD_DATA, "%s: means must be a list of %lld lists with a number per feature; correct it",
                path, (long long)shape[0]);
  if (!has_shape(means, 2, shape))
    return fail(error, GMMPI_BAD_DATA, "%s: means must be %s numbers (components x features); correct it", path,
                shape_text(2, shape, text));
  outline->n_components = shape[0];
  outline->n_features = shape[1];
  model_array arrays[MODEL_MOST_ARRAYS];
  const int n_arrays = file_arrays(outline, arrays);
  for (int i = 0; i < n_arrays; i++) {
    const model_array *array = &arrays[i];
    if (array->is_optional && json_object_get(object, array->name) == NULL) continue;
    if (!array->is_derived && !has_shape(json_object_get(object, array->name), array->n_dimensions, array->shape))
      return fail(error, GMMPI_BAD_DATA, "%s: %s must be %s numbers for %s; correct it", path, array->name,
                  shape_text(array->n_dimensions, array->shape, text), outline->family->name);
  }
  return GMMPI_OK;
}

static gmmpi_status check_family(const char *path, const json_t *object, const covariance_family *family,
                                 gmmpi_error *error)
{
  const json_t *covariance = json_object_get(object, "covariance");
  char families[256];
  if (covariance == NULL) return GMMPI_OK;
  const char *name = json_string_value(covariance);
  const covariance_family *named = name != NULL ? family_find(name) : NULL;
  if (named == family) return GMMPI_OK;
  if (named == NULL)
    return fail(error, GMMPI_BAD_DATA, "%s: its covariance must be %s; correct it", path,
                family_list(families, sizeof families));
  return fail(error, GMMPI_BAD_DATA,
              "%s: its covariances are %s but %s was asked for; give --covariance %s or other "
              "parameters",
              path, named->name, family->name, named->name);
}

/* The member of this name, which may be missing: a list of n strings; *texts is for free(), the strings are borrowed.
 */
static gmmpi_status take_texts(const char *path, const json_t *object, const char *member, int64_t n, char ***texts,
                               gmmpi_error *error)
{
  const json_t *array = json_object_get(object, member);
  *texts = NULL;
  if (array == NULL) return GMMPI_OK;
  bool fits = (int64_t)json_array_size(array) == n;
  for (size_t j = 0; fits && j < json_array_size(array); j++) fits = json_is_string(json_array_get(array, j));
  if (!fits)
    return fail(error, GMMPI_BAD_DATA, "%s: %s must be a list of %lld strings; correct it", path, member, (long long)n);
  *texts = calloc((size_t)n, sizeof **texts);
  if (*texts == NULL) return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to read it", path);
  for (size_t j = 0; j < json_array_size(array); j++) (*texts)[j] = (char *)json_string_value(json_array_get(array, j));
  return GMMPI_OK;
}

static gmmpi_status take_names_and_transforms(const char *path, const json_t *object, gmmpi_model *model,
                                              gmmpi_error *error)
{
  char **names = NULL;
  char **transforms = NULL;
  char **components = NULL;
  gmmpi_status status = take_texts(path, object, "feature_names", model->n_features, &names, error);
  if (status == GMMPI_OK) status = take_texts(path, object, "transforms", model->n_features, &transforms, error);
  if (status == GMMPI_OK) status = take_texts(path, object, "component_names", model->n_components, &components, error);
  if (status == GMMPI_OK) status = model_set_feature_names(model, names, error);
  if (status == GMMPI_OK) status = model_accept_transforms(model, transforms, path, error);
  if (status == GMMPI_OK) status = model_accept_component_names(model, components, path, error);
  free(names);
  free(transforms);
  free(components);
  return status;
}

/* Of nested arrays, as far as their first elements tell; -1: there is no such member. */
static int rank_of_member(const void *object, const char *name)
{
  const json_t *value = json_object_get(object, name);
  if (value == NULL) return -1;
  int rank = 0;
  for (; json_is_array(value); value = json_array_get(value, 0)) rank++;
  return rank;
}

static gmmpi_status from_object(const char *path, const json_t *object, const covariance_family *family,
                                gmmpi_model **model, gmmpi_error *error)
{
  gmmpi_model outline = {.family = family};
  if (!json_is_object(object))
    return fail(error, GMMPI_BAD_DATA, "%s: must be one JSON object with weights, means and covariances; correct it",
                path);
  outline.parts = model_parts_by_names(rank_of_member, object);
  gmmpi_status status = check_family(path, object, family, error);
  if (status == GMMPI_OK) status = check_shapes(path, object, &outline, error);
  if (status != GMMPI_OK) return status;
  gmmpi_model *created = NULL;
  status = model_allocate(model_kind_of(&outline), outline.n_components, outline.n_features, &created, error);
  if (status != GMMPI_OK) return status;
  status = take_numbers(path, object, created, error);
  if (status == GMMPI_OK) status = model_accept_parameters(created, path, error);
  if (status == GMMPI_OK) status = take_names_and_transforms(path, object, created, error);
  if (status == GMMPI_OK) {
    *model = created;
  } else {
    gmmpi_model_destroy(created);
  }
  return status;
}

gmmpi_status model_from_json(const char *path, const char *text, const covariance_family *family, gmmpi_model **model,
                             gmmpi_error *error)
{
  static const char byte_order_mark[] = "\xEF\xBB\xBF";
  if (strncmp(text, byte_order_mark, 3) == 0) text += 3;
  json_error_t reason;
  json_t *object = json_loads(text, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, &reason);
  if (object == NULL && json_error_code(&reason) == json_error_out_of_memory)
    return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to read it", path);
  if (object == NULL)
    return fail(error, GMMPI_BAD_DATA, "%s: is not JSON (line %d, column %d: %s); correct it", path, reason.line,
                reason.column, reason.text);
  const gmmpi_status status = from_object(path, object, family, model, error);
  json_decref(object);
  return status;
}

gmmpi_status gmmpi_model_from_json(const char *text, const char *covariance, gmmpi_model **model, gmmpi_error *error)
{
  char families[256];
  const covariance_family *family = family_find(covariance);
  if (family == NULL)
    return fail(error, GMMPI_WRONG_USAGE, "\"%s\" is no kind of covariance; use %s", covariance,
                family_list(families, sizeof families));
  return model_from_json("the model", text, family, model, error);
}
