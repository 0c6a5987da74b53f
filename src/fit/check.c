/* SPDX-License-Identifier: BSD-3-Clause */
#include "fit/fit.h"

#include "support/error.h"
#include "support/threads.h"

gmmpi_status fit_check_options(const shard *points, const fit_options *options, gmmpi_error *error)
{
  if (options->threads > 1 && !threads_are_available())
    return fail(error, GMMPI_WRONG_USAGE,
                "%d threads are asked for, but this build has no OpenMP; use 1 thread, and more ranks",
                options->threads);
  if (options->n_components > points->n_samples)
    return fail(error, GMMPI_BAD_DATA,
                "%lld components are too many for %lld point%s; ask for at most as many as there are points",
                (long long)options->n_components, (long long)points->n_samples, plural(points->n_samples));
  if (options->init != INIT_MODEL) return GMMPI_OK;
  const gmmpi_model *start = options->start;
  if (start->n_components != options->n_components || start->n_features != points->n_features ||
      start->family != family_find(options->covariance))
    return fail(error, GMMPI_BAD_DATA,
                "the model to start from must have %lld components, %lld features and '%s' covariances",
                (long long)options->n_components, (long long)points->n_features, options->covariance);
  if (model_has(start, PART_TAILS) && options->distribution != DISTRIBUTION_T)
    return fail(error, GMMPI_BAD_DATA,
                "the model to start from is one of t distributions, whose covariances are not those of normal ones; "
                "give --distribution t, or other parameters");
  return GMMPI_OK;
}
