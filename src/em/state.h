/* All that the rest of a fit depends on: what a checkpoint holds. */
#ifndef EM_STATE_H
#define EM_STATE_H

#include "em/accelerate/accelerate.h"
#include "em/event.h"
#include "mixture/model.h"

/* Where one start stands, or how it ended. */
typedef struct fit_position {
  gmmpi_model *model;
  int64_t start;         /* which start, from 0 */
  int64_t level;         /* of the points in use: 0 all of them, 1 the finest subsample, and so on (em/levels.h) */
  int64_t iteration;     /* M-steps done on this level */
  double log_likelihood; /* total; of the pass before `model` when the start goes on (NaN: none yet), of `model` at its
                            end */
  double sum_log_max_responsibility;
  bool converged;
} fit_position;

/* Iterations over all points done; those on subsamples belong to the start. */
static inline int64_t fit_iterations(const fit_position *position)
{
  return position->level > 0 ? 0 : position->iteration;
}

/* All that the rest of a fit depends on. */
typedef struct fit_state {
  fit_position current; /* model: the one whose pass is next */
  fit_position best;    /* the best of the starts that have ended; best.model is meaningless when best.start < 0 */
  accelerator *history; /* of the current start */
  bool plain;           /* current.model was made by a textbook M-step, so that its log-likelihood must not fall */
  bool repaired;      /* in that step a component collapsed and was put elsewhere, dropped or kept as it was: the change
                         of the log-likelihood says nothing about how near a fixed point is */
  double last_change; /* of the mean log-likelihood in the step before that one; NaN unless it was a textbook step
                         without repairs */
  int64_t n_row_visits; /* rows that E-steps went over, of all levels and starts so far */
  int64_t *n_reseeds;   /* K: how often each component was put elsewhere on the current level */
  fit_event *events;    /* n_events, capacity events_capacity */
  int64_t n_events;
  int64_t events_capacity;
} fit_state;

/* A state with models of the given shape and an accelerator of this method (em/accelerate/accelerate.h), before the
 * first start. Errors: 71. */
gmmpi_status fit_state_create(const covariance_family *family, int64_t n_components, int64_t n_features,
                              const char *accelerate, fit_state **state, gmmpi_error *error);
void fit_state_destroy(fit_state *state); /* NULL is fine */

/* Makes room for so many events; to be called where they are added. Errors: 71. */
gmmpi_status fit_state_reserve_events(fit_state *state, int64_t n_events, gmmpi_error *error);

#endif
