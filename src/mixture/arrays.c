/* SPDX-License-Identifier: BSD-3-Clause */
#include "mixture/arrays.h"

#include "support/memory.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>

typedef enum array_extent {
  PER_COMPONENT, /* K */
  LIKE_MEANS,    /* K x d */
  LIKE_COVARIANCES
} array_extent;

static const struct {
  const char *name;
  size_t member; /* where in gmmpi_model the pointer is */
  array_extent extent;
  bool is_derived;
} table[] = {
    {"weights", offsetof(gmmpi_model, weights), PER_COMPONENT, false},
    {"means", offsetof(gmmpi_model, means), LIKE_MEANS, false},
    {"covariances", offsetof(gmmpi_model, covariances), LIKE_COVARIANCES, false},
    {"precisions_cholesky", offsetof(gmmpi_model, precisions_cholesky), LIKE_COVARIANCES, true},
};

enum { N_ARRAYS = sizeof table / sizeof *table };
static_assert((int)N_ARRAYS <= (int)MODEL_MOST_ARRAYS, "MODEL_MOST_ARRAYS is too small for the table");

static double **member_of(gmmpi_model *model, int i)
{
  return (double **)((char *)model + table[i].member);
}

static int set_shape(const gmmpi_model *model, array_extent extent, int64_t shape[MODEL_MOST_DIMENSIONS])
{
  shape[0] = model->n_components;
  shape[1] = model->n_features;
  switch (extent) {
  case PER_COMPONENT:
    return 1;
  case LIKE_MEANS:
    return 2;
  case LIKE_COVARIANCES:
    break;
  }
  return storage_dimensions(model->family->storage, model->n_components, model->n_features, shape);
}

int model_arrays(const gmmpi_model *model, model_array arrays[MODEL_MOST_ARRAYS])
{
  for (int i = 0; i < N_ARRAYS; i++) {
    model_array *array = &arrays[i];
    *array = (model_array){.name = table[i].name,
                           .is_derived = table[i].is_derived,
                           .length = 1,
                           .numbers = *(double *const *)((const char *)model + table[i].member)};
    array->n_dimensions = set_shape(model, table[i].extent, array->shape);
    for (int j = 0; j < array->n_dimensions && array->length >= 0; j++) {
      if (!multiply_fits(array->length, array->shape[j], &array->length)) array->length = -1;
    }
  }
  return N_ARRAYS;
}

bool model_arrays_allocate(gmmpi_model *model)
{
  model_array arrays[MODEL_MOST_ARRAYS];
  const int n_arrays = model_arrays(model, arrays);
  bool allocated = true;
  for (int i = 0; i < n_arrays; i++) allocated = allocated && arrays[i].length >= 0;
  for (int i = 0; i < n_arrays && allocated; i++) {
    double *numbers = allocate(arrays[i].length, sizeof *numbers);
    *member_of(model, i) = numbers;
    allocated = numbers != NULL;
  }
  return allocated;
}

void model_arrays_free(gmmpi_model *model)
{
  for (int i = 0; i < N_ARRAYS; i++) free(*member_of(model, i));
}
