#include "starts/bench.h"

#include "em/ascent.h"
#include "em/levels.h"
#include "support/error.h"
#include "support/memory.h"

#include <math.h>
#include <string.h>

gmmpi_status bench_improve(const bench *at, const fit_observer *observer, int64_t n_iterations, gmmpi_error *error)
{
  const em_iteration *em = at->em;
  ascent climb = {.em = at->em,
                  .state = at->state,
                  .spare = at->spare,
                  .observer = observer,
                  .silent = true,
                  .tolerance = level_tolerance(em->options, em->points->n_samples, em->points->n_features),
                  .max_iterations = n_iterations};
  at->state->current.iteration = 0;
  at->state->current.log_likelihood = NAN;
  at->state->plain = true;
  accelerator_forget(at->state->history);
  memset(at->state->n_reseeds, 0, (size_t)em->options->n_components * sizeof(int64_t));
  if (ascend(&climb, error) != GMMPI_OK) return error->status;
  if (climb.stopped) return fail(error, GMMPI_STOPPED, "stopped on request during the search for a start");
  return GMMPI_OK;
}

int64_t bench_bytes(const fit_options *options, int64_t n_features)
{
  const covariance_family *family = family_find(options->covariance);
  const int64_t K = options->n_components;
  const int64_t model = model_bytes(family, K, n_features);
  const int64_t moment = moments_bytes(family->storage->shape, K, n_features);
  const int64_t parts[] = {model,
                           model,
                           model,
                           moment,
                           moment,
                           density_bytes(family->storage->shape, K, n_features),
                           maximization_bytes(family, K, n_features),
                           data_spread_bytes(family->storage->shape, n_features),
                           moment < INT64_MAX ? K * n_features * (int64_t)sizeof(double) : INT64_MAX, /* spans */
                           statistics_bytes(family->storage->shape, K, n_features, options->threads),
                           team_bytes(family->storage->shape, K, n_features, options->threads),
                           accelerator_bytes(options->accelerate, family->storage->shape, K, n_features)};
  return sum_of_bytes((int)(sizeof parts / sizeof parts[0]), parts);
}
