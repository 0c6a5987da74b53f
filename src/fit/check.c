/* SPDX-License-Identifier: BSD-3-Clause */
#include "fit/fit.h"

#include "support/error.h"
#include "support/threads.h"

gmmpi_status fit_check_covariance(const fit_options *options, int64_t n_features, gmmpi_error *error)
{
  if (n_features == 1 || !family_is_of_one_feature(options->covariance)) return GMMPI_OK;
  return fail(
      error, GMMPI_WRONG_USAGE,
      "--covariance %s is for data with one feature, and these have %lld; give one of mclust's codes with three "
      "letters, %s for instance, or pick a column",
      options->covariance, (long long)n_features, options->covariance[0] == 'E' ? "EEE" : "VVV");
}

gmmpi_status fit_check_options(const shard *points, const fit_options *options, gmmpi_error *error)
{
  if (options->threads > 1 && !threads_are_available())
    return fail(error, GMMPI_WRONG_USAGE,
                "%d threads are asked for, but this build has no OpenMP; use 1 thread, and more ranks",
                options->threads);
  if (fit_check_covariance(options, points->n_features, error) != GMMPI_OK) return error->status;
  if (options->prune && points->has_labels)
    return fail(error, GMMPI_WRONG_USAGE,
                "--prune: known classes have components of their own, whose numbers would change; leave it away");
  if (options->coarse_to_fine == COARSE_ON && points->has_labels)
    return fail(error, GMMPI_WRONG_USAGE,
                "--coarse-to-fine: a subsample may lack a known class, and the search would exchange components; leave "
                "it away");
  if (options->n_components > points->n_samples && options->method != METHOD_ADAPT)
    return fail(error, GMMPI_BAD_DATA,
                "%lld components are too many for %lld point%s; ask for at most as many as there are points",
                (long long)options->n_components, (long long)points->n_samples, plural(points->n_samples));
  if (options->init != INIT_MODEL) return GMMPI_OK;
  const gmmpi_model *start = options->start;
  if (model_has(start, PART_NOISE) && !options->noise)
    return fail(error, GMMPI_BAD_DATA, "the model to start from has a background (noise); give --noise");
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
