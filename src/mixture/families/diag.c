/* SPDX-License-Identifier: BSD-3-Clause */
/* VVI: every component has a diagonal covariance of its own. */
#include "mixture/arrays.h"

static int64_t n_parameters(int64_t n_components, int64_t n_features)
{
  return n_components * n_features;
}

/* Celeux, Govaert 1995, model [lambda_k B_k]: the diagonal of scatter_k / N_k. */
static void estimate(const component_scatter *scatter, const gmmpi_model *previous, gmmpi_model *next, double *scratch)
{
  (void)previous;
  (void)scratch;
  const int64_t d = scatter->n_features;
  for (int64_t k = 0; k < scatter->n_components; k++) {
    if (!(scatter->counts[k] > 0)) continue;
    for (int64_t j = 0; j < d; j++)
      next->covariances[k * d + j] = scatter->scatter[k * d + j] / scatter->divisors[k] + scatter->ridge[j];
  }
}

const covariance_family family_diag = {
    .name = "diag",
    .code = "VVI",
    .storage = &storage_diagonal,
    .n_parameters = n_parameters,
    .estimate = estimate,
};
