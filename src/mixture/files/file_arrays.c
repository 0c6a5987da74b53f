/* SPDX-License-Identifier: BSD-3-Clause */
#include "mixture/files/file_arrays.h"

#include "support/error.h"
#include "support/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* How far from what the family holds numbers may be, relative to the variances. */
static const double tolerance = 1e-8;

static bool is_like_covariances(const model_array *array)
{
  return strcmp(array->name, "covariances") == 0 || strcmp(array->name, "precisions_cholesky") == 0;
}

bool has_other_arrays_in_files(const covariance_family *family)
{
  return family->has_matrices_in_files && (family->storage->rank < 2 || family->storage->shared);
}

int file_arrays(const gmmpi_model *model, model_array arrays[MODEL_MOST_ARRAYS])
{
  const bool is_expanded = has_other_arrays_in_files(model->family);
  const int n_arrays = model_arrays(model, arrays);
  for (int i = 0; i < n_arrays && is_expanded; i++) {
    model_array *array = &arrays[i];
    if (!is_like_covariances(array)) continue;
    array->n_dimensions = 3;
    array->shape[0] = model->n_components;
    array->shape[1] = array->shape[2] = model->n_features;
    array->length = model->n_components;
    for (int j = 1; j < 3; j++) {
      if (array->length >= 0 && !multiply_fits(array->length, model->n_features, &array->length)) array->length = -1;
    }
    array->numbers = NULL;
  }
  return n_arrays;
}

void file_array_expand(const gmmpi_model *model, const model_array *array, double *numbers)
{
  const covariance_storage *storage = model->family->storage;
  const int64_t d = model->n_features;
  const double *all = array->is_derived ? model->precisions_cholesky : model->covariances;
  memset(numbers, 0, (size_t)array->length * sizeof *numbers);
  for (int64_t k = 0; k < model->n_components; k++) {
    double *matrix = numbers + k * d * d;
    storage->expand(d, all + storage_offset(storage, d, k), matrix);
    if (storage->shape == DENSE) continue;
    for (int64_t j = d - 1; j > 0; j--) {
      const double number = matrix[j];
      matrix[j] = 0;
      matrix[j * d + j] = number;
    }
  }
}

static gmmpi_status check_diagonal(const gmmpi_model *model, int64_t k, const double *matrix, const char *label,
                                   gmmpi_error *error)
{
  const int64_t d = model->n_features;
  for (int64_t i = 0; i < d; i++) {
    for (int64_t j = 0; j < d; j++) {
      if (matrix[i * d + j] == 0.0 || i == j) continue;
      const double scale = sqrt(fabs(matrix[i * d + i])) * sqrt(fabs(matrix[j * d + j]));
      if (!(fabs(matrix[i * d + j]) <= tolerance * scale))
        return fail(error, GMMPI_BAD_DATA,
                    "%s: the covariance of component %lld has %g in row %lld, column %lld, but those of %s are "
                    "diagonal; correct it, or ask for other covariances",
                    label, (long long)k, matrix[i * d + j], (long long)i + 1, (long long)j + 1, model->family->name);
    }
  }
  return GMMPI_OK;
}

static bool are_close(double a, double b)
{
  return fabs(a - b) <= tolerance * fmax(fabs(a), fabs(b));
}

/* matrix: of component k, whose diagonal is to be `first`, that of component 0, and, where there is one variance for
 * all features, the same everywhere. */
static gmmpi_status check_shared(const gmmpi_model *model, int64_t k, const double *matrix, const double *first,
                                 const char *label, gmmpi_error *error)
{
  const covariance_storage *storage = model->family->storage;
  const int64_t d = model->n_features;
  for (int64_t j = 0; j < d; j++) {
    const double variance = matrix[j * d + j];
    if (storage->shared && !are_close(variance, first[j]))
      return fail(error, GMMPI_BAD_DATA,
                  "%s: the variances of feature %lld in components 0 and %lld differ (%.10g and %.10g), but %s has one "
                  "covariance for all components; correct it, or ask for other covariances",
                  label, (long long)j + 1, (long long)k, first[j], variance, model->family->name);
    if (storage->rank == 0 && !are_close(variance, matrix[0]))
      return fail(error, GMMPI_BAD_DATA,
                  "%s: the variances of features 1 and %lld in component %lld differ (%.10g and %.10g), but %s has one "
                  "variance for all features; correct it, or ask for other covariances",
                  label, (long long)j + 1, (long long)k, matrix[0], variance, model->family->name);
  }
  return GMMPI_OK;
}

/* Adds a component's variances to what is shared by all of them; sums are of differences from component 0's, so that
 * what is the same everywhere keeps its bits. */
static void add_shared(const array_contraction *contraction, const double *matrix)
{
  const gmmpi_model *model = contraction->model;
  const bool one_variance = model->family->storage->rank == 0;
  const int64_t d = model->n_features;
  for (int64_t j = 0; j < d; j++)
    contraction->sums[one_variance ? 0 : j] += matrix[j * d + j] - contraction->first[one_variance ? 0 : j];
}

/* Of covariances that are each component's own: the mean of all features' variances where there is one for all of them.
 */
static void take_own(const gmmpi_model *model, int64_t k, const double *matrix)
{
  const int64_t d = model->n_features;
  double *stored = model_covariance(model, k);
  double sum = 0;
  for (int64_t j = 0; j < d; j++) {
    if (model->family->storage->rank == 0)
      sum += matrix[j * d + j] - matrix[0];
    else
      stored[j] = matrix[j * d + j];
  }
  if (model->family->storage->rank == 0) stored[0] = matrix[0] + sum / (double)d;
}

/* Are all of n numbers finite? */
static bool are_finite(int64_t n, const double *numbers)
{
  bool finite = true;
  for (int64_t i = 0; i < n; i++) finite &= fabs(numbers[i]) < INFINITY;
  return finite;
}

gmmpi_status array_contraction_begin(gmmpi_model *model, const model_array *array, const char *label,
                                     array_contraction *contraction, gmmpi_error *error)
{
  const int64_t d = model->n_features;
  *contraction = (array_contraction){.model = model, .array = array, .label = label};
  contraction->first = allocate(d, sizeof(double));
  contraction->sums = allocate(d, sizeof(double));
  if (contraction->first == NULL || contraction->sums == NULL) {
    array_contraction_end(contraction);
    return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to read it", label);
  }
  memset(contraction->sums, 0, (size_t)d * sizeof(double));
  return GMMPI_OK;
}

static gmmpi_status take_component(array_contraction *contraction, const double *matrix, gmmpi_error *error)
{
  gmmpi_model *model = contraction->model;
  const int64_t d = model->n_features;
  const int64_t k = contraction->n_taken++;
  if (!are_finite(d * d, matrix))
    return fail(error, GMMPI_BAD_DATA, "%s: %s has a number that is not finite; correct it", contraction->label,
                contraction->array->name);
  if (contraction->array->is_derived) return GMMPI_OK;
  for (int64_t j = 0; j < d && k == 0; j++) contraction->first[j] = matrix[j * d + j];
  if (check_diagonal(model, k, matrix, contraction->label, error) != GMMPI_OK ||
      check_shared(model, k, matrix, contraction->first, contraction->label, error) != GMMPI_OK)
    return error->status;
  if (model->family->storage->shared)
    add_shared(contraction, matrix);
  else
    take_own(model, k, matrix);
  return GMMPI_OK;
}

/* The mean of all components' variances, once all of them are there. */
static void set_shared(const array_contraction *contraction)
{
  const covariance_storage *storage = contraction->model->family->storage;
  const int64_t d = contraction->model->n_features;
  const int64_t n = contraction->n_taken * (storage->rank == 0 ? d : 1);
  double *stored = model_covariance(contraction->model, 0);
  for (int64_t j = 0; j < storage_length(storage, d); j++)
    stored[j] = contraction->first[j] + contraction->sums[j] / (double)n;
}

gmmpi_status array_contraction_take(array_contraction *contraction, int64_t n, const double *numbers,
                                    gmmpi_error *error)
{
  const gmmpi_model *model = contraction->model;
  const int64_t d = model->n_features;
  for (int64_t k = 0; k < n; k++) {
    if (take_component(contraction, numbers + k * d * d, error) != GMMPI_OK) return error->status;
  }
  if (contraction->n_taken == model->n_components && model->family->storage->shared && !contraction->array->is_derived)
    set_shared(contraction);
  return GMMPI_OK;
}

void array_contraction_end(array_contraction *contraction)
{
  free(contraction->first);
  free(contraction->sums);
}

gmmpi_status file_array_contract(gmmpi_model *model, const model_array *array, const double *numbers, const char *label,
                                 gmmpi_error *error)
{
  array_contraction contraction;
  if (array_contraction_begin(model, array, label, &contraction, error) != GMMPI_OK) return error->status;
  const gmmpi_status status = array_contraction_take(&contraction, model->n_components, numbers, error);
  array_contraction_end(&contraction);
  return status;
}

gmmpi_status gmmpi_model_array(const gmmpi_model *model, const char *name, int *n_dimensions, int64_t *shape,
                               double *numbers, gmmpi_error *error)
{
  model_array arrays[MODEL_MOST_ARRAYS];
  const int n_arrays = file_arrays(model, arrays);
  int i = 0;
  while (i < n_arrays && strcmp(arrays[i].name, name) != 0) i++;
  if (i == n_arrays) return fail(error, GMMPI_WRONG_USAGE, "the model has no %.100s", name);
  *n_dimensions = arrays[i].n_dimensions;
  memcpy(shape, arrays[i].shape, MODEL_MOST_DIMENSIONS * sizeof *shape);
  if (numbers == NULL) return GMMPI_OK;
  if (arrays[i].numbers != NULL)
    memcpy(numbers, arrays[i].numbers, (size_t)arrays[i].length * sizeof *numbers);
  else
    file_array_expand(model, &arrays[i], numbers);
  return GMMPI_OK;
}
