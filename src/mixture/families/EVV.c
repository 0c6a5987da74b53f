/* SPDX-License-Identifier: BSD-3-Clause */
/* EVV: covariances of the same volume. */
#include "mixture/families/scatters.h"

#include <math.h>
#include <string.h>

static int64_t n_parameters(int64_t n_components, int64_t n_features)
{
  return 1 + n_components * (n_features * (n_features + 1) / 2 - 1);
}

static int64_t scratch_numbers(int64_t n_components, int64_t n_features)
{
  (void)n_components;
  return numbers_of(1, n_features, n_features);
}

/* Celeux, Govaert 1995, model [lambda C_k]: C_k is scatter_k over its volume, det^(1/d), and lambda the sum of the
 * volumes / n. */
static void estimate(const component_scatter *scatter, const gmmpi_model *previous, gmmpi_model *next, double *scratch)
{
  (void)previous;
  const int64_t d = scatter->n_features;
  const int64_t length = d * d;
  double volume = 0;
  double divisor = scatter->divisor;
  for (int64_t k = 0; k < scatter->n_components; k++) {
    if (!(scatter->counts[k] > 0)) continue;
    double *covariance = next->covariances + k * length;
    double log_determinant;
    dense_scatter(scatter, k, covariance);
    if (scatter_log_determinant(d, covariance, scratch, &log_determinant)) {
      const double own = exp(log_determinant / (double)d);
      for (int64_t i = 0; i < length; i++) covariance[i] /= own;
      volume += own;
    } else {
      memset(covariance, 0, (size_t)length * sizeof *covariance);
      divisor -= scatter->divisors[k];
    }
  }
  for (int64_t k = 0; k < scatter->n_components; k++) {
    double *covariance = next->covariances + k * length;
    for (int64_t i = 0; scatter->counts[k] > 0 && i < length; i++) covariance[i] *= volume / divisor;
  }
}

const covariance_family family_EVV = {
    .name = "EVV",
    .code = "EVV",
    .storage = &storage_dense,
    .coupling = IN_PART,
    .has_matrices_in_files = true,
    .n_parameters = n_parameters,
    .scratch_numbers = scratch_numbers,
    .estimate = estimate,
};
