/* SPDX-License-Identifier: BSD-3-Clause */
/* VEV: covariances of the same shape. */
#include "mixture/families/scatters.h"
#include "mixture/families/volumes.h"
#include "support/linear_algebra.h"
#include "support/memory.h"

#include <math.h>
#include <string.h>

static int64_t n_parameters(int64_t n_components, int64_t n_features)
{
  return n_components + n_features - 1 + n_components * (n_features * (n_features - 1) / 2);
}

static int64_t scratch_numbers(int64_t n_components, int64_t n_features)
{
  const int64_t square = numbers_of(1, n_features, n_features);
  if (square > INT64_MAX / 16 - n_features) return INT64_MAX;
  return sum_of_bytes(7, (int64_t[]){volume_numbers(false, n_components, n_features),
                                     numbers_of(n_components, n_features, n_features),
                                     numbers_of(1, n_components, n_features), 2 * square, 2 * n_features,
                                     numbers_of(3, 1, n_components), symmetric_eigen_numbers(n_features)});
}

/* Celeux, Govaert 1995, model [lambda_k D_k A D_k^T]: D_k are the eigenvectors of scatter_k. What is left for its
 * eigenvalues, the smallest with the smallest, is the problem of VEI. */
static void estimate(const component_scatter *scatter, const gmmpi_model *previous, gmmpi_model *next, double *scratch)
{
  (void)previous;
  const int64_t d = scatter->n_features;
  const int64_t K = scatter->n_components;
  int64_t *components = (int64_t *)(void *)scratch;
  double *divisors = scratch + K;
  double *volumes = divisors + K;
  double *axes = volumes + K;        /* K x d x d */
  double *values = axes + K * d * d; /* K x d */
  double *matrix = values + K * d;
  double *room = matrix + d * d;
  double *common = room + d * d;
  double *variances = common + d;
  double *work = variances + d;
  const int64_t n_estimated = estimated_components(scatter, components);
  int64_t n = 0;
  for (int64_t i = 0; i < n_estimated; i++) {
    const int64_t k = components[i];
    double *own = values + n * d;
    memset(next->covariances + k * d * d, 0, (size_t)(d * d) * sizeof(double));
    dense_scatter(scatter, k, matrix);
    symmetric_eigen(d, matrix, axes + n * d * d, own, work);
    for (int64_t j = 0; j < d; j++) own[j] = fmax(own[j], 0);
    if (!(own[d - 1] > 0)) continue;
    divisors[n] = scatter->divisors[k];
    components[n++] = k;
  }
  const volume_problem problem = {.n = n, .d = d, .divisors = divisors, .scatters = values};
  if (!find_volumes(&problem, volumes, common, work + symmetric_eigen_numbers(d))) return;
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < d; j++) variances[j] = volumes[i] * common[j];
    covariance_of_axes(d, axes + i * d * d, variances, next->covariances + components[i] * d * d, room);
  }
}

const covariance_family family_VEV = {
    .name = "VEV",
    .code = "VEV",
    .storage = &storage_dense,
    .coupling = POOLED,
    .has_matrices_in_files = true,
    .n_parameters = n_parameters,
    .scratch_numbers = scratch_numbers,
    .estimate = estimate,
};
