/* SPDX-License-Identifier: BSD-3-Clause */
#include "mixture/arrays.h"

#include "support/memory.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

typedef enum array_extent {
  ONE_NUMBER,
  PER_FEATURE,        /* d */
  SQUARE_OF_FEATURES, /* d x d */
  PER_COMPONENT,      /* K */
  TWO_PER_COMPONENT,  /* 2 x K */
  LIKE_MEANS,         /* K x d */
  LIKE_COVARIANCES,
  ONE_COVARIANCE /* a stored covariance of one component */
} array_extent;

static const struct {
  const char *name;
  size_t member; /* where in gmmpi_model the pointer is */
  array_extent extent;
  bool is_derived;
  unsigned part; /* 0: every model has it */
  bool is_optional;
} table[] = {
    {"weights", offsetof(gmmpi_model, weights), PER_COMPONENT, false, 0, false},
    {"means", offsetof(gmmpi_model, means), LIKE_MEANS, false, 0, false},
    {"covariances", offsetof(gmmpi_model, covariances), LIKE_COVARIANCES, false, 0, false},
    {"precisions_cholesky", offsetof(gmmpi_model, precisions_cholesky), LIKE_COVARIANCES, true, 0, false},
    {"dof", offsetof(gmmpi_model, dof), PER_COMPONENT, false, PART_TAILS, false},
    {"noise_weight", offsetof(gmmpi_model, noise_weight), ONE_NUMBER, false, PART_NOISE, false},
    {"noise_volume", offsetof(gmmpi_model, noise_volume), ONE_NUMBER, false, PART_NOISE, false},
    {"noise_origin", offsetof(gmmpi_model, noise_origin), PER_FEATURE, false, PART_NOISE, true},
    {"noise_axes", offsetof(gmmpi_model, noise_axes), SQUARE_OF_FEATURES, false, PART_NOISE, true},
    {"weight_concentration", offsetof(gmmpi_model, weight_concentration), PER_COMPONENT, false, PART_DIRICHLET, false},
    {"weight_concentration", offsetof(gmmpi_model, weight_concentration), TWO_PER_COMPONENT, false, PART_STICKS, false},
    {"mean_precision", offsetof(gmmpi_model, mean_precision), PER_COMPONENT, false, PART_POSTERIOR, false},
    {"degrees_of_freedom", offsetof(gmmpi_model, degrees_of_freedom), PER_COMPONENT, false, PART_POSTERIOR, false},
    {"weight_concentration_prior", offsetof(gmmpi_model, weight_concentration_prior), ONE_NUMBER, false, PART_POSTERIOR,
     false},
    {"mean_precision_prior", offsetof(gmmpi_model, mean_precision_prior), ONE_NUMBER, false, PART_POSTERIOR, false},
    {"mean_prior", offsetof(gmmpi_model, mean_prior), PER_FEATURE, false, PART_POSTERIOR, false},
    {"degrees_of_freedom_prior", offsetof(gmmpi_model, degrees_of_freedom_prior), ONE_NUMBER, false, PART_POSTERIOR,
     false},
    {"covariance_prior", offsetof(gmmpi_model, covariance_prior), ONE_COVARIANCE, false, PART_POSTERIOR, false},
    {"lower_bound", offsetof(gmmpi_model, lower_bound), ONE_NUMBER, true, PART_POSTERIOR, false},
};

enum { N_ARRAYS = sizeof table / sizeof *table };
static_assert((int)N_ARRAYS <= (int)MODEL_MOST_ARRAYS, "MODEL_MOST_ARRAYS is too small for the table");

static double **member_of(gmmpi_model *model, int i)
{
  return (double **)((char *)model + table[i].member);
}

static bool has_part(const gmmpi_model *model, int i)
{
  return table[i].part == 0 || (model->parts & table[i].part) != 0;
}

static int set_shape(const gmmpi_model *model, array_extent extent, int64_t shape[MODEL_MOST_DIMENSIONS])
{
  shape[0] = model->n_components;
  shape[1] = model->n_features;
  switch (extent) {
  case ONE_NUMBER:
    return 0;
  case PER_FEATURE:
    shape[0] = model->n_features;
    return 1;
  case SQUARE_OF_FEATURES:
    shape[0] = model->n_features;
    return 2;
  case PER_COMPONENT:
    return 1;
  case TWO_PER_COMPONENT:
    shape[0] = 2;
    shape[1] = model->n_components;
    return 2;
  case LIKE_MEANS:
    return 2;
  case ONE_COVARIANCE:
    shape[0] = model->n_features;
    return model->family->storage->rank;
  case LIKE_COVARIANCES:
    break;
  }
  return storage_dimensions(model->family->storage, model->n_components, model->n_features, shape);
}

int model_arrays(const gmmpi_model *model, model_array arrays[MODEL_MOST_ARRAYS])
{
  int n_arrays = 0;
  for (int i = 0; i < N_ARRAYS; i++) {
    if (!has_part(model, i)) continue;
    model_array *array = &arrays[n_arrays++];
    *array = (model_array){.name = table[i].name,
                           .is_derived = table[i].is_derived,
                           .is_optional = table[i].is_optional,
                           .length = 1,
                           .numbers = *(double *const *)((const char *)model + table[i].member)};
    array->n_dimensions = set_shape(model, table[i].extent, array->shape);
    for (int j = 0; j < array->n_dimensions && array->length >= 0; j++) {
      if (!multiply_fits(array->length, array->shape[j], &array->length)) array->length = -1;
    }
  }
  return n_arrays;
}

bool model_arrays_allocate(gmmpi_model *model)
{
  model_array arrays[MODEL_MOST_ARRAYS];
  const int n_arrays = model_arrays(model, arrays);
  bool allocated = true;
  for (int i = 0; i < n_arrays; i++) allocated = allocated && arrays[i].length >= 0;
  for (int i = 0, next = 0; i < N_ARRAYS && allocated; i++) {
    if (!has_part(model, i)) continue;
    double *numbers = allocate(arrays[next++].length, sizeof *numbers);
    *member_of(model, i) = numbers;
    allocated = numbers != NULL;
  }
  return allocated;
}

void model_arrays_free(gmmpi_model *model)
{
  for (int i = 0; i < N_ARRAYS; i++) {
    if (has_part(model, i)) free(*member_of(model, i));
  }
}

/* Is there another array of this name, in another shape? */
static bool shares_name(int i)
{
  bool shares = false;
  for (int j = 0; j < N_ARRAYS; j++) shares = shares || (j != i && strcmp(table[j].name, table[i].name) == 0);
  return shares;
}

unsigned model_parts_by_names(int (*rank_of)(const void *context, const char *name), const void *context)
{
  unsigned parts = 0;
  for (int i = 0; i < N_ARRAYS; i++) {
    const int rank = table[i].part == 0 ? -1 : rank_of(context, table[i].name);
    const int own = table[i].extent == TWO_PER_COMPONENT ? 2 : 1;
    if (rank >= 0 && (rank == own || !shares_name(i))) parts |= table[i].part;
  }
  return parts;
}
