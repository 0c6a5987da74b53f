/* SPDX-License-Identifier: BSD-3-Clause */
/* The loop: E-step over the shard, one Allreduce, M-step, until the log-likelihood stands still.
 *
 * What the rest of a fit depends on is one fit_state (em/state.h), from which fit_run goes on as if it had never
 * stopped. */
#ifndef FIT_FIT_H
#define FIT_FIT_H

#include "em/observer.h"
#include "em/options.h"
#include "em/timings.h"
#include "points/shard.h"

typedef struct fit_result {
  fit_position end;  /* end.model: the model whose log-likelihood was measured; the caller destroys it */
  double n_passes;   /* E-steps over all points; one over a subsample counts by its share of the points */
  fit_event *events; /* n_events; the caller frees */
  int64_t n_events;
  int64_t
      n_components_used; /* of a posterior those that points belong to (mixture/posterior.h), else those of a weight */
  fit_timings timings;
  const char *instruction_set;
} fit_result;

/* Collective over points->comm. resume, when not NULL, is a state from an earlier run with the same points and options
 * (max_iterations and tolerance may differ); it is only read. observer may be NULL, like its members. Errors, agreed:
 * 64, 65, 71, 70; and GMMPI_STOPPED when a rank wanted to stop: then *result holds the last model that was measured
 * (end.model is NULL when none was) and needs clearing too. */
gmmpi_status fit_run(const shard *points, const fit_options *options, const fit_state *resume,
                     const fit_observer *observer, fit_result *result, gmmpi_error *error);
void fit_result_clear(fit_result *result);

/* Has data with so many features the covariances that are asked for? Errors: 64 E or V with more than one. */
gmmpi_status fit_check_covariance(const fit_options *options, int64_t n_features, gmmpi_error *error);

/* Are the options in range, and do they suit the points? Not collective. Errors: 64, 65. */
gmmpi_status fit_check_options(const shard *points, const fit_options *options, gmmpi_error *error);

/* The bytes that fit_run needs on a rank; INT64_MAX where they can't be counted. */
typedef struct fit_memory {
  int64_t points;           /* the shard, when all rows are held, and a copy of it if one is made */
  int64_t bounds;           /* what passes leave for the next ones, when all rows are held and there is room for it */
  int64_t subsamples;       /* the most that subsamples take when their rows are held */
  int64_t least_subsamples; /* the least when they are streamed */
  int64_t rest;
} fit_memory;
typedef struct row_shape {
  int64_t n_features;
  int n_beside; /* numbers that are none: label and weight */
} row_shape;
fit_memory fit_memory_of(const fit_options *options, int64_t n_samples, row_shape row, int n_ranks);

#endif
