/* EM on one set of points, from the state's current model until it stands still: E-step, one Allreduce, M-step.
 *
 * The M-step takes the statistics that were measured (textbook EM) or those that the state's accelerator proposes. A
 * proposal that lowers the log-likelihood is taken back. A fit on all points has converged only when the change was
 * that of a textbook step in which no component was repaired (em/collapse.h). */
#ifndef EM_ASCENT_H
#define EM_ASCENT_H

#include "em/iteration.h"
#include "em/refine.h"

typedef struct ascent {
  em_iteration *em;
  fit_state *state;
  gmmpi_model **spare; /* the model of the last pass after an M-step, the next model during one */
  refinement *inner;   /* NULL: none */
  const fit_observer *observer;
  bool silent;      /* the observer is not told of passes and states, only asked whether to stop */
  double tolerance; /* of the change of the mean log-likelihood */
  int64_t max_iterations;
  double clock;        /* when the last pass ended */
  fit_timings told;    /* the timings then */
  int64_t n_questions; /* of how it goes, not told to the observer yet */
  bool stopped;        /* out: somebody wants to stop */
  bool measured;       /* out, then: the last pass measured *spare, which a next model follows already */
} ascent;

/* Ends with state->current measured, converged or not, also where the last component collapses in each step, or
 * stopped. Collective. Errors, agreed: 65 with on_collapse error, 71, 70. */
gmmpi_status ascend(ascent *climb, gmmpi_error *error);

#endif
