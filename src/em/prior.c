/* SPDX-License-Identifier: BSD-3-Clause */
#include "em/prior.h"

#include "support/large_messages.h"
#include "support/memory.h"

#include <stdlib.h>

prior *prior_allocate(density_shape shape, int64_t n_features)
{
  prior *before = calloc(1, sizeof *before);
  if (before == NULL) return NULL;
  before->mean = allocate(n_features, sizeof(double));
  before->scale = allocate(covariance_length(shape, n_features), sizeof(double));
  if (before->mean != NULL && before->scale != NULL) return before;
  prior_destroy(before);
  return NULL;
}

gmmpi_status prior_create(const fit_options *options, const data_spread *spread, int64_t n_features, prior **made,
                          gmmpi_error *error)
{
  *made = NULL;
  switch (options->method) {
  case METHOD_MAP:
    return map_prior(options, spread, n_features, made, error);
  case METHOD_ADAPT:
    return adapt_prior(options, made, error);
  case METHOD_VB:
  case METHOD_DP:
    return bayes_prior(options, spread, n_features, made, error);
  case METHOD_ML:
    break;
  }
  return GMMPI_OK;
}

void prior_destroy(prior *before)
{
  if (before == NULL) return;
  free(before->mean);
  free(before->scale);
  free(before->scratch);
  free(before);
}

void prior_take_of_rank_0(MPI_Comm comm, density_shape shape, int64_t n_features, prior *before)
{
  if (before == NULL) return;
  double *const numbers[] = {&before->shrinkage, &before->dof, &before->weight_concentration};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) MPI_Bcast(numbers[i], 1, MPI_DOUBLE, 0, comm);
  if (before->mean != NULL) broadcast_large(comm, 0, before->mean, n_features, MPI_DOUBLE);
  if (before->scale != NULL) broadcast_large(comm, 0, before->scale, covariance_length(shape, n_features), MPI_DOUBLE);
}

int64_t prior_bytes(const fit_options *options, int64_t n_features)
{
  const covariance_family *family = family_find(options->covariance);
  int64_t bytes;
  if (options->method == METHOD_ML) return 0;
  const int64_t scratch = fit_is_variational(options) ? bayes_scratch_numbers(options, n_features) : 0;
  const int64_t numbers =
      sum_of_bytes(3, (int64_t[]){scratch, n_features, covariance_length(family->storage->shape, n_features)});
  return multiply_fits(numbers, (int64_t)sizeof(double), &bytes) ? bytes : INT64_MAX;
}
