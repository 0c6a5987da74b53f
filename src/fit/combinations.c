/* SPDX-License-Identifier: BSD-3-Clause */
#include "fit/combinations.h"

#include "em/estimator.h"
#include "em/map.h"
#include "support/error.h"

static bool method_is_missing(const fit_options *options)
{
  return estimator_of(options) == NULL;
}

static bool family_has_no_prior(const fit_options *options)
{
  return options->method == METHOD_MAP && !map_knows(family_find(options->covariance));
}

static bool noise_is_variational(const fit_options *options)
{
  return options->noise && (options->method == METHOD_VB || options->method == METHOD_DP);
}

static bool noise_is_adapted(const fit_options *options)
{
  return options->noise && options->method == METHOD_ADAPT;
}

static const struct {
  bool (*applies)(const fit_options *options);
  const char *reason; /* what is given, why it makes no sense; what to do */
} table[] = {
    {noise_is_variational, "--noise: the lower bound of --method vb and dp has no background; use ml or map"},
    {noise_is_adapted, "--noise: a background has nothing that --method adapt could keep from a model; use ml or map"},
    {method_is_missing, "--method: this one is not there yet; use ml, map or adapt"},
    {family_has_no_prior,
     "--method map: no prior is known for these covariances; use EII, VII, EEI, VEI, EVI, VVI, EEE, "
     "EEV, VEV or VVV"},
};

gmmpi_status combinations_check(const fit_options *options, gmmpi_error *error)
{
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    if (table[i].applies(options)) return fail(error, GMMPI_WRONG_USAGE, "%s", table[i].reason);
  }
  return GMMPI_OK;
}
