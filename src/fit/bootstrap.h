/* SPDX-License-Identifier: BSD-3-Clause */
/* The bootstrap of a fitted mixture: how far its numbers would be elsewhere if the data had been others.
 *
 * A replicate is the fit of the same model to the same rows with random weights (passes/weighting.h): exponential ones
 * for the weighted likelihood bootstrap (Newton, Raftery 1994; for mixtures O'Hagan, Murphy, Scrucca, Gormley 2019,
 * "Investigation of parameter uncertainty in clustering using a Gaussian mixture model via jackknife, bootstrap and
 * weighted likelihood bootstrap", Computational Statistics 34), or counts. It begins at the model, so that its
 * components are the model's; where they have changed places they are matched (fit/replicate_match.h), unless
 * labels say which is which.
 *
 * Many replicates advance in the same passes, as many as there is room for: when one has ended the next one takes its
 * place. What becomes of one depends on the points, the model, the seed and its number alone, to the last bit. */
#ifndef FIT_BOOTSTRAP_H
#define FIT_BOOTSTRAP_H

#include "em/options.h"
#include "em/timings.h"
#include "fit/replicate.h"
#include "points/shard.h"

typedef enum bootstrap_type {
  BOOTSTRAP_WLBS,   /* exponential weights */
  BOOTSTRAP_POISSON /* counts */
} bootstrap_type;

/* The last ones are failures. */
typedef enum replicate_state {
  REPLICATE_UNDONE,
  REPLICATE_DONE,
  REPLICATE_COLLAPSED,     /* a component was left without points or a definite covariance, or all weights are 0 */
  REPLICATE_NOT_CONVERGED, /* within the iterations that the options allow */
  N_REPLICATE_STATES
} replicate_state;

typedef struct bootstrap_options {
  int64_t n_replicates; /* R */
  bootstrap_type type;
  uint64_t seed;
  double level; /* of the intervals, between 0 and 1 */
} bootstrap_options;

/* Whom the passes tell how far they are, and ask whether to stop, on every rank; any member may be NULL. */
typedef struct bootstrap_observer {
  void *context;
  bool (*wants_stop)(void *context); /* if any rank wants to, all stop */
  void (*advanced)(void *context, const int64_t counts[N_REPLICATE_STATES], int64_t n_replicates); /* after a pass */
} bootstrap_observer;

typedef struct bootstrap_result {
  replicate_layout layout;
  int8_t *states;                     /* R: of replicate_state */
  int64_t counts[N_REPLICATE_STATES]; /* how many are in each */
  double *estimate;                   /* layout.length: the model's numbers */
  double *replicates;                 /* R x layout.length, those that are not done NaN; NULL but on rank 0 */
  replicate_summary summary;          /* of those that are done; on rank 0 */
  int64_t n_matched;                  /* replicates whose components had changed places */
  int64_t n_passes;
  int64_t n_iterations; /* M-steps of all replicates */
} bootstrap_result;

/* Collective over the points' communicator. options: of a fit that begins at the model (fit_options_of_model). Errors,
 * agreed: those of fit_check_options and make_passes; 65 fewer than two replicates are done; 71; 75 stopped: then
 * *result holds what is done, without a summary. *result is to be cleared in any case. */
gmmpi_status bootstrap_run(const shard *points, const gmmpi_model *model, const fit_options *options,
                           const bootstrap_options *how, const bootstrap_observer *observer, bootstrap_result *result,
                           gmmpi_error *error);
void bootstrap_result_clear(bootstrap_result *result);

/* The bytes that a rank needs for n_samples rows beside its points; INT64_MAX when they can't be counted. */
int64_t bootstrap_bytes(const fit_options *options, const bootstrap_options *how, int64_t n_samples, int64_t n_features,
                        int n_ranks);

#endif
