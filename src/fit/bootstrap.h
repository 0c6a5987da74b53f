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
  REPLICATE_MATCHED,       /* done, too: its components had changed places */
  REPLICATE_COLLAPSED,     /* a component was left without points or a definite covariance, or all weights are 0 */
  REPLICATE_NOT_CONVERGED, /* within the iterations that the options allow */
  N_REPLICATE_STATES
} replicate_state;

static inline bool replicate_is_done(int state)
{
  return state == REPLICATE_DONE || state == REPLICATE_MATCHED;
}

typedef struct bootstrap_options {
  int64_t n_replicates; /* R */
  bootstrap_type type;
  uint64_t seed;
  double level; /* of the intervals, between 0 and 1 */
} bootstrap_options;

typedef struct bootstrap_result {
  replicate_layout layout;
  int8_t *states;                     /* R: of replicate_state */
  int64_t counts[N_REPLICATE_STATES]; /* how many are in each; those that are matched count among those done, too */
  double *estimate;                   /* layout.length: the model's numbers */
  double *replicates;                 /* R x layout.length, those that are not done NaN; NULL but on rank 0 */
  replicate_summary summary;          /* of those that are done; on rank 0 */
  double log_likelihood;              /* of the model, total, for these points */
  int64_t n_passes;                   /* as the next one, of this run */
  int64_t n_iterations;               /* M-steps of all replicates */
  int64_t n_run;                      /* replicates that this run has made */
} bootstrap_result;

/* Replicates that an earlier run has made: the first n, some of which may be undone. */
typedef struct bootstrap_done {
  int64_t n;
  int8_t *states;     /* n */
  double *replicates; /* n x layout.length */
} bootstrap_done;

/* Whom the passes tell how far they are, and ask whether to stop, on every rank; any member may be NULL. */
typedef struct bootstrap_observer {
  void *context;
  bool (*wants_stop)(void *context); /* if any rank wants to, all stop */
  void (*advanced)(void *context, const bootstrap_result *result, int64_t n_replicates); /* after a pass */
} bootstrap_observer;

/* Collective over the points' communicator. options: of a fit that begins at the model (fit_options_of_model). earlier:
 * of rank 0, where those of all ranks are taken from; NULL: nothing is done so far, or on other ranks. Errors,
 * agreed: those of fit_check_options and make_passes; 65 fewer than two replicates are done; 71; 75 stopped: then
 * *result holds what is done, without a summary. *result is to be cleared in any case. */
gmmpi_status bootstrap_run(const shard *points, const gmmpi_model *model, const fit_options *options,
                           const bootstrap_options *how, const bootstrap_done *earlier,
                           const bootstrap_observer *observer, bootstrap_result *result, gmmpi_error *error);
void bootstrap_result_clear(bootstrap_result *result);

/* The bytes that a rank needs for n_samples rows beside its points; INT64_MAX when they can't be counted. */
int64_t bootstrap_bytes(const fit_options *options, const bootstrap_options *how, int64_t n_samples, int64_t n_features,
                        int n_ranks);

#endif
