/* SPDX-License-Identifier: BSD-3-Clause */
/* VVV: every component has a covariance of its own, without restriction. */
#include "mixture/arrays.h"
#include "support/linear_algebra.h"

static int64_t n_parameters(int64_t n_components, int64_t n_features)
{
  return n_components * (n_features * (n_features + 1) / 2);
}

/* Celeux, Govaert 1995, model [lambda_k D_k A_k D_k^T]: scatter_k / N_k. */
static void estimate(const component_scatter *scatter, const gmmpi_model *previous, gmmpi_model *next, double *scratch)
{
  (void)previous;
  (void)scratch;
  const int64_t d = scatter->n_features;
  for (int64_t k = 0; k < scatter->n_components; k++) {
    if (!(scatter->counts[k] > 0)) continue;
    const double *triangle = scatter->scatter + k * triangle_length(DENSE, d);
    double *covariance = next->covariances + k * d * d;
    for (int64_t i = 0; i < d; i++) {
      for (int64_t j = 0; j <= i; j++) covariance[i * d + j] = *triangle++ / scatter->divisors[k];
      covariance[i * d + i] += scatter->ridge[i];
    }
    mirror_lower_triangle(d, covariance);
  }
}

const covariance_family family_full = {
    .name = "full",
    .code = "VVV",
    .storage = &storage_dense,
    .n_parameters = n_parameters,
    .estimate = estimate,
};
