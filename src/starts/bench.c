/* SPDX-License-Identifier: BSD-3-Clause */
#include "starts/bench.h"

#include "em/levels.h"
#include "em/together.h"
#include "support/error.h"
#include "support/memory.h"

gmmpi_status bench_improve(bench *at, const fit_observer *observer, int64_t n_iterations, gmmpi_error *error)
{
  const em_iteration *em = at->em;
  ascent one = {.em = at->em,
                .climb = &at->climb,
                .observer = observer,
                .silent = true,
                .is_preliminary = true,
                .tolerance = level_tolerance(em->options, em->points->n_samples, em->points->n_features),
                .max_iterations = n_iterations};
  const ascents alone = {.all = &one, .n = 1, .observer = observer};
  bool stopped;
  climber_enter_level(&at->climb, 0);
  accelerator_forget(at->climb.history);
  if (ascend_together(&alone, &stopped, error) != GMMPI_OK) return error->status;
  if (stopped) return fail(error, GMMPI_STOPPED, "stopped on request during the search for a start");
  return GMMPI_OK;
}

int64_t bench_bytes(const fit_options *options, int64_t n_features)
{
  const model_kind kind = fit_kind(options);
  const int64_t K = options->n_components;
  return sum_of_bytes(3, (int64_t[]){iteration_bytes(options, n_features),
                                     climber_bytes(options->accelerate, kind, K, n_features),
                                     model_bytes(kind, K, n_features)});
}
