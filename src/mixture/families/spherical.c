/* SPDX-License-Identifier: BSD-3-Clause */
/* VII: every component is a ball with a variance of its own. */
#include "mixture/arrays.h"

static int64_t n_parameters(int64_t n_components, int64_t n_features)
{
  (void)n_features;
  return n_components;
}

/* Celeux, Govaert 1995, model [lambda_k I]: trace(scatter_k) / (d N_k). */
static void estimate(const component_scatter *scatter, const gmmpi_model *previous, gmmpi_model *next, double *scratch)
{
  (void)previous;
  (void)scratch;
  const int64_t d = scatter->n_features;
  for (int64_t k = 0; k < scatter->n_components; k++) {
    if (!(scatter->counts[k] > 0)) continue;
    double sum = 0;
    for (int64_t j = 0; j < d; j++) sum += scatter->scatter[k * d + j] / scatter->divisors[k] + scatter->ridge[j];
    next->covariances[k] = sum / (double)d;
  }
}

const covariance_family family_spherical = {
    .name = "spherical",
    .code = "VII",
    .storage = &storage_number,
    .n_parameters = n_parameters,
    .estimate = estimate,
};
