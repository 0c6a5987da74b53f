/* SPDX-License-Identifier: BSD-3-Clause */
#include "fit/combinations.h"

#include "em/estimator.h"
#include "support/error.h"

static bool method_is_missing(const fit_options *options)
{
  return estimator_of(options) == NULL;
}

static bool tails_beside_method(const fit_options *options)
{
  return options->distribution == DISTRIBUTION_T && options->method != METHOD_ML;
}

static const struct {
  bool (*applies)(const fit_options *options);
  const char *reason; /* what is given, why it makes no sense; what to do */
} table[] = {
    {method_is_missing, "--method: this one is not there yet; use ml"},
    {tails_beside_method,
     "--distribution t goes with --method ml only: priors and variational posteriors here are those "
     "of normal distributions; leave one of them away"},
};

gmmpi_status combinations_check(const fit_options *options, gmmpi_error *error)
{
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    if (table[i].applies(options)) return fail(error, GMMPI_WRONG_USAGE, "%s", table[i].reason);
  }
  return GMMPI_OK;
}
