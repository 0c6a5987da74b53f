/* SPDX-License-Identifier: BSD-3-Clause */
/* VEI: diagonal covariances that differ by their volumes alone. */
#include "mixture/families/scatters.h"
#include "mixture/families/volumes.h"
#include "support/memory.h"

#include <string.h>

static int64_t n_parameters(int64_t n_components, int64_t n_features)
{
  return n_components + n_features - 1;
}

static int64_t scratch_numbers(int64_t n_components, int64_t n_features)
{
  return sum_of_bytes(4,
                      (int64_t[]){volume_numbers(false, n_components, n_features),
                                  numbers_of(1, n_components, n_features), numbers_of(3, 1, n_components), n_features});
}

/* Celeux, Govaert 1995, model [lambda_k B]. */
static void estimate(const component_scatter *scatter, const gmmpi_model *previous, gmmpi_model *next, double *scratch)
{
  (void)previous;
  const int64_t d = scatter->n_features;
  const int64_t K = scatter->n_components;
  int64_t *components = (int64_t *)(void *)scratch;
  double *divisors = scratch + K;
  double *volumes = divisors + K;
  double *common = volumes + K;
  double *scatters = common + d;
  const int64_t n_estimated = estimated_components(scatter, components);
  int64_t n = 0;
  for (int64_t i = 0; i < n_estimated; i++) {
    const int64_t k = components[i];
    memset(next->covariances + k * d, 0, (size_t)d * sizeof(double));
    diagonal_scatter(scatter, k, scatters + n * d);
    if (!has_spread(d, 1, scatters + n * d)) continue;
    divisors[n] = scatter->divisors[k];
    components[n++] = k;
  }
  const volume_problem problem = {.n = n, .d = d, .divisors = divisors, .scatters = scatters};
  if (!find_volumes(&problem, volumes, common, scatters + K * d)) return;
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < d; j++) next->covariances[components[i] * d + j] = volumes[i] * common[j];
  }
}

const covariance_family family_VEI = {
    .name = "VEI",
    .code = "VEI",
    .storage = &storage_diagonal,
    .coupling = POOLED,
    .has_matrices_in_files = true,
    .n_parameters = n_parameters,
    .scratch_numbers = scratch_numbers,
    .estimate = estimate,
};
