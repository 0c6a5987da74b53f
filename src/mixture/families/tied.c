/* SPDX-License-Identifier: BSD-3-Clause */
/* EEE: one covariance without restriction, shared by all components. */
#include "mixture/arrays.h"
#include "support/linear_algebra.h"

#include <string.h>

static int64_t n_parameters(int64_t n_components, int64_t n_features)
{
  (void)n_components;
  return n_features * (n_features + 1) / 2;
}

/* Celeux, Govaert 1995, model [lambda D A D^T]: the sum of the scatters / n. */
static void estimate(const component_scatter *scatter, const gmmpi_model *previous, gmmpi_model *next, double *scratch)
{
  (void)previous;
  (void)scratch;
  const int64_t d = scatter->n_features;
  const int64_t length = triangle_length(DENSE, d);
  double *covariance = next->covariances;
  if (!(scatter->divisor > 0)) return;
  memset(covariance, 0, (size_t)d * (size_t)d * sizeof *covariance);
  for (int64_t k = 0; k < scatter->n_components; k++) {
    if (!(scatter->counts[k] > 0)) continue;
    const double *triangle = scatter->scatter + k * length;
    for (int64_t i = 0; i < d; i++) {
      for (int64_t j = 0; j <= i; j++) covariance[i * d + j] += *triangle++;
    }
  }
  for (int64_t i = 0; i < d; i++) {
    for (int64_t j = 0; j <= i; j++) covariance[i * d + j] /= scatter->divisor;
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
    .n_parameters = n_parameters,
    .estimate = estimate,
};
