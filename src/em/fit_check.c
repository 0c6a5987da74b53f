#include "em/fit.h"

#include "em/bench.h"
#include "em/levels.h"
#include "em/refine.h"
#include "em/search.h"
#include "em/seeding.h"
#include "support/error.h"
#include "support/memory.h"
#include "support/threads.h"

#include <math.h>

gmmpi_status fit_check_options(const shard *points, const gmmpi_fit_options *options, gmmpi_error *error)
{
  if (options->n_components < 1)
    return fail(error, GMMPI_WRONG_USAGE, "the number of components is %lld; it must be at least 1",
                (long long)options->n_components);
  if (family_find(options->covariance) == NULL)
    return fail(error, GMMPI_WRONG_USAGE, "unknown covariance '%s'; use full, tied, diag or spherical",
                options->covariance);
  if (options->accelerate == NULL || !accelerator_method_exists(options->accelerate))
    return fail(error, GMMPI_WRONG_USAGE, "unknown acceleration '%s'; use auto, none, anderson or squarem",
                options->accelerate == NULL ? "" : options->accelerate);
  if (!(options->tolerance >= 0.0) || options->max_iterations < 0 || options->n_init < 1 ||
      !(options->reg_covar >= 0.0) || isinf(options->reg_covar))
    return fail(
        error, GMMPI_WRONG_USAGE,
        "an option is out of range; tolerance, max_iterations and reg_covar must be at least 0, n_init at least 1");
  if (options->threads < 1 || (options->threads > 1 && !threads_are_available()))
    return fail(error, GMMPI_WRONG_USAGE,
                options->threads < 1
                    ? "the number of threads is %d; it must be at least 1"
                    : "%d threads are asked for, but this build has no OpenMP; use 1 thread, and more ranks",
                options->threads);
  if (options->n_components > points->n_samples)
    return fail(error, GMMPI_BAD_DATA,
                "%lld components are too many for %lld point%s; ask for at most as many as there are points",
                (long long)options->n_components, (long long)points->n_samples, plural(points->n_samples));
  if (options->init == GMMPI_INIT_LABELS && options->labels == NULL && points->n_rows > 0)
    return fail(error, GMMPI_WRONG_USAGE, "labels to start from are asked for but not given");
  if (options->init != GMMPI_INIT_MODEL) return GMMPI_OK;
  const gmmpi_model *start = options->start;
  if (start == NULL || start->n_components != options->n_components || start->n_features != points->n_features ||
      start->family != family_find(options->covariance))
    return fail(error, GMMPI_BAD_DATA,
                "the model to start from must have %lld components, %lld features and '%s' covariances",
                (long long)options->n_components, (long long)points->n_features, options->covariance);
  return GMMPI_OK;
}

int64_t fit_bytes(const gmmpi_fit_options *options, int64_t n_samples, int64_t n_features, int n_ranks)
{
  const level_plan plan = levels_plan(options, n_samples, n_features);
  const bool has_levels = plan.n_levels > 0;
  const int64_t rows_of_kmeans = has_levels ? n_samples >> plan.halvings[plan.n_levels] : n_samples;
  const int64_t rows = rows_of_kmeans / n_ranks + shard_block_rows(rows_of_kmeans);
  const int64_t finest = has_levels ? n_samples >> plan.halvings[1] : 0;
  const int64_t one = bench_bytes(options, n_features);
  const int64_t parts[] = {
      one, has_levels ? one : 0, has_levels ? refinement_bytes(options, n_features) : 0,
      /* Subsamples vary in size, and their rows are held twice while they are drawn. */
      has_levels ? shard_bytes(finest + finest / 4, n_features, n_ranks, options->precision == GMMPI_PRECISION_SINGLE)
                 : 0,
      search_bytes(options, rows_of_kmeans, n_samples, n_features),
      options->init == GMMPI_INIT_KMEANS || options->init == GMMPI_INIT_KMEANS_PLUS_PLUS
          ? seeding_bytes(rows, n_features, options->n_components, options->threads)
          : 0};
  return sum_of_bytes((int)(sizeof parts / sizeof parts[0]), parts);
}
