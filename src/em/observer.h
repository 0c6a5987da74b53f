/* SPDX-License-Identifier: BSD-3-Clause */
/* Whom the loop tells what happened and asks whether to stop. It knows nothing of files, signals or terminals. */
#ifndef EM_OBSERVER_H
#define EM_OBSERVER_H

#include "em/state.h"
#include "passes/far_values.h"
#include "passes/pass.h"

/* What one pass over the points found: the model after `iteration` M-steps was measured. */
typedef struct fit_pass {
  int64_t start;
  int64_t level;
  int64_t iteration;
  int64_t n_samples;     /* points on this level */
  double total_weight;   /* of them: what the mean log-likelihood is of */
  double log_likelihood; /* total, like the next one */
  double objective;
  const char *objective_name; /* where passes find no log-likelihood: "lower bound"; else NULL */
  double change;  /* of the mean objective (em/estimator.h) since the iteration before; NaN in the first pass of
                     a start */
  double seconds; /* of the pass, which starts that advance together share, the Allreduce and the M-step before */
  double computing, waiting, allreduce; /* of these: see fit_timings; of starts that share a pass the first one has
                                           them, and the next number, the others 0 */
  int64_t n_questions;                  /* ranks that were asked how it goes */
} fit_pass;

/* Called by every rank, in this order in each iteration, on subsamples as well as on all points; not while starts are
 * looked for. Any of them may be NULL. */
typedef struct fit_observer {
  void *context;
  /* Just before the Allreduce: does this rank want the job to stop? If any does, all stop after this iteration. */
  bool (*wants_stop)(void *context);
  /* Was this rank asked how it goes since the last time? pass_finished learns of it on all ranks. */
  bool (*is_asked)(void *context);
  /* After the Allreduce. */
  void (*pass_finished)(void *context, const fit_pass *pass);
  /* Something collapsed or was repaired. */
  void (*event_happened)(void *context, const fit_event *event);
  /* After the M-step (and after each initialisation): the fit can go on from this state. */
  void (*state_advanced)(void *context, const fit_state *state);
  /* Before the first start, for each column with values that may stand for something else. */
  void (*values_doubtful)(void *context, const far_values *far);
} fit_observer;

static inline stop_question fit_stop_question(const fit_observer *observer)
{
  return observer == NULL ? (stop_question){NULL, NULL} : (stop_question){observer->wants_stop, observer->context};
}

#endif
