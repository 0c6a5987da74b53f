/* SPDX-License-Identifier: BSD-3-Clause */
/* EEV: covariances that differ by their orientations alone. */
#include "mixture/families/scatters.h"
#include "support/linear_algebra.h"
#include "support/memory.h"

#include <math.h>
#include <string.h>

static int64_t n_parameters(int64_t n_components, int64_t n_features)
{
  return n_features + n_components * (n_features * (n_features - 1) / 2);
}

static int64_t scratch_numbers(int64_t n_components, int64_t n_features)
{
  const int64_t square = numbers_of(1, n_features, n_features);
  if (square > INT64_MAX / 16 - n_features) return INT64_MAX;
  return sum_of_bytes(4, (int64_t[]){numbers_of(n_components, n_features, n_features), 2 * square, 2 * n_features,
                                     symmetric_eigen_numbers(n_features)});
}

/* Celeux, Govaert 1995, model [lambda D_k A D_k^T]: D_k are the eigenvectors of scatter_k, and lambda A is the sum of
 * its eigenvalues, the smallest with the smallest, / n. */
static void estimate(const component_scatter *scatter, const gmmpi_model *previous, gmmpi_model *next, double *scratch)
{
  (void)previous;
  const int64_t d = scatter->n_features;
  const int64_t K = scatter->n_components;
  double *axes = scratch; /* K x d x d */
  double *matrix = axes + K * d * d;
  double *room = matrix + d * d;
  double *variances = room + d * d;
  double *own = variances + d;
  double *work = own + d;
  memset(variances, 0, (size_t)d * sizeof *variances);
  for (int64_t k = 0; k < K; k++) {
    if (!(scatter->counts[k] > 0)) continue;
    dense_scatter(scatter, k, matrix);
    symmetric_eigen(d, matrix, axes + k * d * d, own, work);
    for (int64_t j = 0; j < d; j++) variances[j] += fmax(own[j], 0);
  }
  for (int64_t j = 0; j < d; j++) variances[j] /= scatter->divisor;
  for (int64_t k = 0; k < K; k++) {
    if (scatter->counts[k] > 0) covariance_of_axes(d, axes + k * d * d, variances, next->covariances + k * d * d, room);
  }
}

const covariance_family family_EEV = {
    .name = "EEV",
    .code = "EEV",
    .storage = &storage_dense,
    .coupling = POOLED,
    .has_matrices_in_files = true,
    .n_parameters = n_parameters,
    .scratch_numbers = scratch_numbers,
    .estimate = estimate,
};
