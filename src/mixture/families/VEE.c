/* SPDX-License-Identifier: BSD-3-Clause */
/* VEE: covariances that differ by their volumes alone. */
#include "mixture/families/scatters.h"
#include "mixture/families/volumes.h"
#include "support/memory.h"

#include <string.h>

static int64_t n_parameters(int64_t n_components, int64_t n_features)
{
  return n_components - 1 + n_features * (n_features + 1) / 2;
}

static int64_t scratch_numbers(int64_t n_components, int64_t n_features)
{
  return sum_of_bytes(4, (int64_t[]){volume_numbers(true, n_components, n_features),
                                     numbers_of(n_components, n_features, n_features), numbers_of(3, 1, n_components),
                                     numbers_of(1, n_features, n_features)});
}

/* Celeux, Govaert 1995, model [lambda_k D A D^T]. */
static void estimate(const component_scatter *scatter, const gmmpi_model *previous, gmmpi_model *next, double *scratch)
{
  (void)previous;
  const int64_t d = scatter->n_features;
  const int64_t K = scatter->n_components;
  int64_t *components = (int64_t *)(void *)scratch;
  double *divisors = scratch + K;
  double *volumes = divisors + K;
  double *common = volumes + K;
  double *scatters = common + d * d;
  const int64_t n_estimated = estimated_components(scatter, components);
  int64_t n = 0;
  for (int64_t i = 0; i < n_estimated; i++) {
    const int64_t k = components[i];
    memset(next->covariances + k * d * d, 0, (size_t)(d * d) * sizeof(double));
    dense_scatter(scatter, k, scatters + n * d * d);
    if (!has_spread(d, d + 1, scatters + n * d * d)) continue;
    divisors[n] = scatter->divisors[k];
    components[n++] = k;
  }
  const volume_problem problem = {.n = n, .d = d, .dense = true, .divisors = divisors, .scatters = scatters};
  if (!find_volumes(&problem, volumes, common, scatters + K * d * d)) return;
  for (int64_t i = 0; i < n; i++) {
    double *covariance = next->covariances + components[i] * d * d;
    for (int64_t j = 0; j < d * d; j++) covariance[j] = volumes[i] * common[j];
  }
}

const covariance_family family_VEE = {
    .name = "VEE",
    .code = "VEE",
    .storage = &storage_dense,
    .coupling = POOLED,
    .common = COMMON_UP_TO_VOLUME,
    .has_matrices_in_files = true,
    .n_parameters = n_parameters,
    .scratch_numbers = scratch_numbers,
    .estimate = estimate,
};
