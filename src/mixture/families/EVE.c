/* SPDX-License-Identifier: BSD-3-Clause */
/* EVE: covariances of the same volume and orientation. */
#include "mixture/families/oriented.h"

static int64_t n_parameters(int64_t n_components, int64_t n_features)
{
  return 1 + n_components * (n_features - 1) + n_features * (n_features - 1) / 2;
}

/* Celeux, Govaert 1995, model [lambda D A_k D^T]: along axis j component k has the share s_kj / (product of s_kj)^(1/d)
 * of lambda, which is the sum of these products^(1/d) / n. */
static void estimate(const component_scatter *scatter, const gmmpi_model *previous, gmmpi_model *next, double *scratch)
{
  estimate_oriented(scatter, true, previous, next, scratch);
}

const covariance_family family_EVE = {
    .name = "EVE",
    .code = "EVE",
    .storage = &storage_dense,
    .coupling = IN_PART,
    .common = COMMON_ORIENTATION,
    .has_matrices_in_files = true,
    .n_parameters = n_parameters,
    .scratch_numbers = oriented_scratch_numbers,
    .estimate = estimate,
};
