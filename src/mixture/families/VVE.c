/* SPDX-License-Identifier: BSD-3-Clause */
/* VVE: covariances of the same orientation. */
#include "mixture/families/oriented.h"

static int64_t n_parameters(int64_t n_components, int64_t n_features)
{
  return n_components * n_features + n_features * (n_features - 1) / 2;
}

/* Celeux, Govaert 1995, model [lambda_k D A_k D^T]: along axis j component k has the variance s_kj / N_k. */
static void estimate(const component_scatter *scatter, const gmmpi_model *previous, gmmpi_model *next, double *scratch)
{
  estimate_oriented(scatter, false, previous, next, scratch);
}

const covariance_family family_VVE = {
    .name = "VVE",
    .code = "VVE",
    .storage = &storage_dense,
    .coupling = IN_PART,
    .common = COMMON_ORIENTATION,
    .has_matrices_in_files = true,
    .n_parameters = n_parameters,
    .scratch_numbers = oriented_scratch_numbers,
    .estimate = estimate,
};
