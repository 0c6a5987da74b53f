/* SPDX-License-Identifier: BSD-3-Clause */
#include "passes/moments.h"

#include "support/error.h"
#include "support/memory.h"

#include <stdlib.h>

int64_t moments_length(density_shape shape, statistics_order order, int64_t n_components, int64_t n_features)
{
  const int64_t length = triangle_length(shape, n_features);
  int64_t first;
  int64_t second;
  if (length == INT64_MAX || !multiply_fits(n_components, 1 + n_features, &first) ||
      !multiply_fits(n_second_moments(order, n_components), length, &second))
    return INT64_MAX;
  return sum_of_bytes(2, (int64_t[]){first, second});
}

int64_t moments_bytes(density_shape shape, statistics_order order, int64_t n_components, int64_t n_features)
{
  const int64_t numbers =
      sum_of_bytes(2, (int64_t[]){moments_length(shape, order, n_components, n_features), n_components /* divisors */});
  int64_t bytes;
  return multiply_fits(numbers, (int64_t)sizeof(double), &bytes) ? bytes : INT64_MAX;
}

gmmpi_status moments_create(density_shape shape, statistics_order order, int64_t n_components, int64_t n_features,
                            moments **result, gmmpi_error *error)
{
  moments *created = calloc(1, sizeof *created);
  *result = created;
  if (created != NULL && moments_bytes(shape, order, n_components, n_features) < INT64_MAX) {
    created->shape = shape;
    created->n_components = n_components;
    created->n_features = n_features;
    created->n_second = n_second_moments(order, n_components);
    created->second_length = triangle_length(shape, n_features);
    created->counts = allocate(n_components, sizeof(double));
    created->means = allocate(n_components * n_features, sizeof(double));
    created->scatter = allocate(created->n_second * created->second_length, sizeof(double));
    if (created->counts != NULL && created->means != NULL && created->scatter != NULL) return GMMPI_OK;
  }
  moments_destroy(created);
  *result = NULL;
  return fail(error, GMMPI_NO_MEMORY, "the M-step's working memory is not there; ask for fewer components");
}

int64_t moments_tail_bytes(int64_t n_components)
{
  return 2 * n_components * (int64_t)sizeof(double);
}

gmmpi_status moments_add_tails(moments *some, gmmpi_error *error)
{
  some->pulls = allocate(some->n_components, sizeof(double));
  some->tails = allocate(some->n_components, sizeof(double));
  if (some->pulls != NULL && some->tails != NULL) return GMMPI_OK;
  return fail(error, GMMPI_NO_MEMORY, "the M-step's working memory is not there; ask for fewer components");
}

void moments_destroy(moments *some)
{
  if (some == NULL) return;
  free(some->counts);
  free(some->means);
  free(some->scatter);
  free(some->divisors);
  free(some->pulls);
  free(some->tails);
  free(some);
}
