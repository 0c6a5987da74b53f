/* SPDX-License-Identifier: BSD-3-Clause */
#include "fit/combinations.h"

#include "em/map.h"
#include "support/error.h"

static bool tails_beside_method(const fit_options *options)
{
  return options->distribution == DISTRIBUTION_T && options->method != METHOD_ML;
}

static bool family_has_no_posterior(const fit_options *options)
{
  static const char *const families[] = {"full", "tied", "diag", "spherical"};
  const covariance_family *family = family_find(options->covariance);
  bool has = false;
  for (int i = 0; i < 4; i++) has = has || family == family_find(families[i]);
  return fit_is_variational(options) && !has;
}

static bool posterior_on_subsamples(const fit_options *options)
{
  return fit_is_variational(options) && options->coarse_to_fine == COARSE_ON;
}

static bool family_has_no_prior(const fit_options *options)
{
  return options->method == METHOD_MAP && !map_knows(family_find(options->covariance));
}

static bool noise_is_variational(const fit_options *options)
{
  return options->noise && fit_is_variational(options);
}

static bool noise_is_adapted(const fit_options *options)
{
  return options->noise && options->method == METHOD_ADAPT;
}

static const struct {
  bool (*applies)(const fit_options *options);
  const char *reason; /* what is given, why it makes no sense; what to do */
} table[] = {
    {tails_beside_method,
     "--distribution t goes with --method ml only: priors and variational posteriors here are those "
     "of normal distributions; leave one of them away"},
    {noise_is_variational, "--noise: the lower bound of --method vb and dp has no background; use ml or map"},
    {noise_is_adapted, "--noise: a background has nothing that --method adapt could keep from a model; use ml or map"},
    {family_has_no_prior,
     "--method map: no prior is known for these covariances; use EII, VII, EEI, VEI, EVI, VVI, EEE, "
     "EEV, VEV or VVV"},
    {family_has_no_posterior,
     "--method: vb and dp have posteriors of full, tied, diag and spherical covariances alone, "
     "which are those with a conjugate prior; use one of these"},
    {posterior_on_subsamples, "--coarse-to-fine: with --method vb and dp every pass sees all points, since the prior "
                              "weighs more beside few; leave it away"},
};

gmmpi_status combinations_check(const fit_options *options, gmmpi_error *error)
{
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    if (table[i].applies(options)) return fail(error, GMMPI_WRONG_USAGE, "%s", table[i].reason);
  }
  return GMMPI_OK;
}
