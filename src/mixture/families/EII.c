/* SPDX-License-Identifier: BSD-3-Clause */
/* EII: one variance for all features and components. */
#include "mixture/arrays.h"

static int64_t n_parameters(int64_t n_components, int64_t n_features)
{
  (void)n_components;
  (void)n_features;
  return 1;
}

/* Celeux, Govaert 1995, model [lambda I]: the trace of the sum of the scatters / (d n). */
static void estimate(const component_scatter *scatter, const gmmpi_model *previous, gmmpi_model *next, double *scratch)
{
  (void)previous;
  (void)scratch;
  const int64_t d = scatter->n_features;
  if (!(scatter->divisor > 0)) return;
  double sum = 0;
  for (int64_t j = 0; j < d; j++) {
    double pooled = 0;
    for (int64_t k = 0; k < scatter->n_components; k++) {
      if (scatter->counts[k] > 0) pooled += scatter->scatter[k * d + j];
    }
    sum += pooled / scatter->divisor + scatter->ridge[j];
  }
  *next->covariances = sum / (double)d;
}

const covariance_family family_EII = {
    .name = "EII",
    .code = "EII",
    .storage = &storage_number_shared,
    .coupling = POOLED,
    .has_matrices_in_files = true,
    .n_parameters = n_parameters,
    .estimate = estimate,
};
