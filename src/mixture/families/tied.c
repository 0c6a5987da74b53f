/* SPDX-License-Identifier: BSD-3-Clause */
/* EEE: one covariance without restriction, shared by all components. */
#include "mixture/arrays.h"
#include "support/linear_algebra.h"

static int64_t n_parameters(int64_t n_components, int64_t n_features)
{
  (void)n_components;
  return n_features * (n_features + 1) / 2;
}

/* Celeux, Govaert 1995, model [lambda D A D^T]: the sum of the scatters, which is what there is, / n. */
static void estimate(const component_scatter *scatter, const gmmpi_model *previous, gmmpi_model *next, double *scratch)
{
  (void)previous;
  (void)scratch;
  const int64_t d = scatter->n_features;
  const double *triangle = scatter->scatter;
  double *covariance = next->covariances;
  if (!(scatter->divisor > 0)) return;
  for (int64_t i = 0; i < d; i++) {
    for (int64_t j = 0; j <= i; j++) covariance[i * d + j] = *triangle++ / scatter->divisor;
    covariance[i * d + i] += scatter->ridge[i];
  }
  mirror_lower_triangle(d, covariance);
}

const covariance_family family_tied = {
    .name = "tied",
    .code = "EEE",
    .storage = &storage_dense_shared,
    .coupling = POOLED,
    .common = COMMON_UP_TO_VOLUME,
    .pools = true,
    .n_parameters = n_parameters,
    .estimate = estimate,
};
