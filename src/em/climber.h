/* SPDX-License-Identifier: BSD-3-Clause */
/* A climber: one model on its way up, from a start to the optimum whose basin the start lies in. All that its further
 * way depends on is here, and in a checkpoint. */
#ifndef EM_CLIMBER_H
#define EM_CLIMBER_H

#include "em/accelerate/accelerate.h"
#include "em/event.h"
#include "mixture/model.h"

/* What the last pass over the points said about a model. */
typedef struct measurement {
  int64_t iteration;     /* M-steps that this model had seen on its level; -1: none was measured there yet */
  double objective;      /* what the fit maximises (em/estimator.h); NaN: none yet */
  double log_likelihood; /* total, as the next one */
  double sum_log_max_responsibility;
} measurement;

/* Where a start stands, or how it ended. */
typedef struct fit_position {
  gmmpi_model *model; /* the one whose pass is next; once the start has ended, the one that was measured last */
  int64_t start;      /* which start, from 0 */
  int64_t level;      /* of the points in use: 0 all of them, 1 the finest subsample, and so on (em/levels.h) */
  int64_t iteration;  /* M-steps that the model has seen on this level */
  measurement measured;
  bool converged;
} fit_position;

/* Iterations over all points done; those on subsamples belong to the start. */
static inline int64_t fit_iterations(const fit_position *position)
{
  return position->level > 0 ? 0 : position->iteration;
}

typedef struct climber {
  fit_position current;
  accelerator *history;
  bool has_ended; /* on this level */
  bool plain;     /* current.model was made by a textbook M-step, so that its objective must not fall */
  bool repaired;  /* in that step a component collapsed and was put elsewhere, dropped or kept as it was: the change
                     of the objective says nothing about how near a fixed point is */
  bool precise;   /* passes on this level are made in double from now on (em/arithmetic.h) */
  bool measured_in_single; /* so was current.measured: it is not compared with what is measured in double */
  double last_change;   /* of the mean objective in the step before that one; NaN unless it was a textbook step without
                           repairs */
  int64_t *n_reseeds;   /* K: how often each component was put elsewhere on this level */
  int64_t n_row_visits; /* rows that E-steps went over, of all levels, for this start */

  /* No part of a checkpoint: */
  gmmpi_model *other; /* the model of the last pass after an M-step, the next model during one */
  event_list *events; /* of the fit, borrowed; NULL: nobody is told of any */
} climber;

/* A climber with models of the given shape and an accelerator of this method (em/accelerate/accelerate.h). events:
 * borrowed, may be NULL. Errors: 71. */
gmmpi_status climber_open(model_kind kind, int64_t n_components, int64_t n_features, const char *accelerate,
                          event_list *events, climber *climb, gmmpi_error *error);
void climber_close(climber *climb); /* one that is all zero is fine */

/* Before the first pass on a level with the model in hand. What the accelerator remembers stays. */
void climber_enter_level(climber *climb, int64_t level);

/* The bytes of a climber; INT64_MAX when they can't be counted. */
int64_t climber_bytes(const char *accelerate, model_kind kind, int64_t n_components, int64_t n_features);

#endif
