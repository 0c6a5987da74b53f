/* SPDX-License-Identifier: BSD-3-Clause */
/* EVI: diagonal covariances of the same volume. */
#include "mixture/families/scatters.h"

#include <string.h>

static int64_t n_parameters(int64_t n_components, int64_t n_features)
{
  return 1 + n_components * (n_features - 1);
}

/* Celeux, Govaert 1995, model [lambda B_k]: B_k is the diagonal of scatter_k over its volume, the geometric mean, and
 * lambda the sum of the volumes / n. */
static void estimate(const component_scatter *scatter, const gmmpi_model *previous, gmmpi_model *next, double *scratch)
{
  (void)previous;
  (void)scratch;
  const int64_t d = scatter->n_features;
  double volume = 0;
  double divisor = scatter->divisor;
  for (int64_t k = 0; k < scatter->n_components; k++) {
    if (!(scatter->counts[k] > 0)) continue;
    double *variances = next->covariances + k * d;
    diagonal_scatter(scatter, k, variances);
    const double own = geometric_mean(d, variances);
    if (!(own > 0)) divisor -= scatter->divisors[k];
    for (int64_t j = 0; j < d; j++) variances[j] = own > 0 ? variances[j] / own : 0;
    volume += own;
  }
  for (int64_t k = 0; k < scatter->n_components; k++) {
    for (int64_t j = 0; scatter->counts[k] > 0 && j < d; j++) next->covariances[k * d + j] *= volume / divisor;
  }
}

const covariance_family family_EVI = {
    .name = "EVI",
    .code = "EVI",
    .storage = &storage_diagonal,
    .coupling = IN_PART,
    .has_matrices_in_files = true,
    .n_parameters = n_parameters,
    .estimate = estimate,
};
