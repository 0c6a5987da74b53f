/* SPDX-License-Identifier: BSD-3-Clause */
#include "mixture/files/file_arrays.h"

#include "support/error.h"
#include "support/memory.h"

#include <math.h>
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
      const double scale = sqrt(fabs(matrix[i * d + i])) * sqrt(fabs(matrix[j * d + j]));
      if (i != j && !(fabs(matrix[i * d + j]) <= tolerance * scale))
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

/* matrix: of component k, whose diagonal is to be that of `first`, component 0's, and, where there is one variance for
 * all features, the same everywhere. */
static gmmpi_status check_shared(const gmmpi_model *model, int64_t k, const double *matrix, const double *first,
                                 const char *label, gmmpi_error *error)
{
  const covariance_storage *storage = model->family->storage;
  const int64_t d = model->n_features;
  for (int64_t j = 0; j < d; j++) {
    const double variance = matrix[j * d + j];
    if (storage->shared && !are_close(variance, first[j * d + j]))
      return fail(error, GMMPI_BAD_DATA,
                  "%s: the variances of feature %lld in components 0 and %lld differ (%.10g and %.10g), but %s has one "
                  "covariance for all components; correct it, or ask for other covariances",
                  label, (long long)j + 1, (long long)k, first[j * d + j], variance, model->family->name);
    if (storage->rank == 0 && !are_close(variance, matrix[0]))
      return fail(error, GMMPI_BAD_DATA,
                  "%s: the variances of features 1 and %lld in component %lld differ (%.10g and %.10g), but %s has one "
                  "variance for all features; correct it, or ask for other covariances",
                  label, (long long)j + 1, (long long)k, matrix[0], variance, model->family->name);
  }
  return GMMPI_OK;
}

/* The mean of feature j's variance in all matrices, or of that of all features where j is negative; what they all are
 * where they are the same. */
static double common_variance(const gmmpi_model *model, const double *numbers, int64_t n_matrices, int64_t j)
{
  const int64_t d = model->n_features;
  const double first = numbers[j < 0 ? 0 : j * d + j];
  double sum = 0;
  for (int64_t k = 0; k < n_matrices; k++) {
    for (int64_t i = j < 0 ? 0 : j; i < (j < 0 ? d : j + 1); i++) sum += numbers[k * d * d + i * d + i] - first;
  }
  return first + sum / (double)(n_matrices * (j < 0 ? d : 1));
}

gmmpi_status file_array_contract(gmmpi_model *model, const model_array *array, const double *numbers, const char *label,
                                 gmmpi_error *error)
{
  const covariance_storage *storage = model->family->storage;
  const int64_t d = model->n_features;
  const int64_t n_stored = storage->shared ? 1 : model->n_components;
  const int64_t n_matrices = storage->shared ? model->n_components : 1;
  for (int64_t i = 0; i < array->length; i++) {
    if (!isfinite(numbers[i]))
      return fail(error, GMMPI_BAD_DATA, "%s: %s has a number that is not finite; correct it", label, array->name);
  }
  if (array->is_derived) return GMMPI_OK;
  for (int64_t k = 0; k < model->n_components; k++) {
    if (check_diagonal(model, k, numbers + k * d * d, label, error) != GMMPI_OK ||
        check_shared(model, k, numbers + k * d * d, numbers, label, error) != GMMPI_OK)
      return error->status;
  }
  for (int64_t k = 0; k < n_stored; k++) {
    double *stored = model_covariance(model, k);
    for (int64_t j = 0; j < storage_length(storage, d); j++)
      stored[j] = common_variance(model, numbers + k * d * d, n_matrices, storage->rank == 0 ? -1 : j);
  }
  return GMMPI_OK;
}
