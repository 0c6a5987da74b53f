/* SPDX-License-Identifier: BSD-3-Clause */
/* EEI: one diagonal covariance for all components. */
#include "mixture/arrays.h"

static int64_t n_parameters(int64_t n_components, int64_t n_features)
{
  (void)n_components;
  return n_features;
}

/* Celeux, Govaert 1995, model [lambda B]: the diagonal of the sum of the scatters / n. */
static void estimate(const component_scatter *scatter, const gmmpi_model *previous, gmmpi_model *next, double *scratch)
{
  (void)previous;
  (void)scratch;
  const int64_t d = scatter->n_features;
  if (!(scatter->divisor > 0)) return;
  for (int64_t j = 0; j < d; j++) {
    double pooled = 0;
    for (int64_t k = 0; k < scatter->n_components; k++) {
      if (scatter->counts[k] > 0) pooled += scatter->scatter[k * d + j];
    }
    next->covariances[j] = pooled / scatter->divisor + scatter->ridge[j];
  }
}

const covariance_family family_EEI = {
    .name = "EEI",
    .code = "EEI",
    .storage = &storage_diagonal_shared,
    .coupling = POOLED,
    .has_matrices_in_files = true,
    .n_parameters = n_parameters,
    .estimate = estimate,
};
