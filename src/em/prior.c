/* SPDX-License-Identifier: BSD-3-Clause */
#include "em/prior.h"

#include <stdlib.h>

gmmpi_status prior_create(const fit_options *options, const data_spread *spread, int64_t n_features, prior **made,
                          gmmpi_error *error)
{
  *made = NULL;
  if (options->method == METHOD_VB || options->method == METHOD_DP)
    return bayes_prior(options, spread, n_features, made, error);
  return GMMPI_OK;
}

void prior_destroy(prior *before)
{
  if (before == NULL) return;
  free(before->mean);
  free(before->scale);
  free(before->scratch);
  free(before);
}
