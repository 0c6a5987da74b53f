/* SPDX-License-Identifier: BSD-3-Clause */
/* All that the rest of a fit depends on: what a checkpoint holds. */
#ifndef EM_STATE_H
#define EM_STATE_H

#include "em/climber.h"

/* What is fitted: a fit has one shape, a selection one for each candidate. */
typedef struct fit_shape {
  model_kind kind;
  int64_t n_components;
} fit_shape;

/* Starts are numbered round by round: start s is of shape s % n_shapes. A fit's rounds are its starts (--n-init); those
 * of a selection are likewise, and behind them come its folds. */
typedef struct fit_state {
  fit_shape *shapes; /* n_shapes */
  int64_t n_shapes;
  int64_t n_features;
  climber *climbers; /* n_climbers: starts that advance together, in their order */
  int64_t n_climbers;
  fit_position *best; /* n_shapes: the best of the starts that have ended before these; its model is meaningless when
                         its start is below 0 */
  double *held_out;   /* n_shapes x n_folds: mean log-likelihoods of the rows that a fold leaves out; NaN: not known */
  int64_t n_folds;
  int64_t n_row_visits; /* of the starts before these; see climber */
  event_list events;
} fit_state;

/* The first start that has not ended. */
static inline int64_t fit_first_start(const fit_state *state)
{
  return state->climbers[0].current.start;
}

/* Of the climbers the one that has come farthest, ties to the first: its position. */
const fit_position *fit_state_leader(const fit_state *state);

/* Rows that E-steps went over, of all levels and starts so far. */
int64_t fit_state_row_visits(const fit_state *state);

/* What a state is created with. */
typedef struct state_plan {
  const fit_shape *shapes; /* n_shapes */
  int64_t n_shapes;
  int64_t n_folds;
  int64_t n_features;
  const char *accelerate; /* em/accelerate/accelerate.h */
  int64_t first_start;
  int64_t n_climbers;
} state_plan;

/* A state with n_climbers climbers (em/climber.h), before the first of their starts. Errors: 71. */
gmmpi_status fit_state_open(const state_plan *plan, fit_state **state, gmmpi_error *error);

/* The same of one shape, from the first start on. */
gmmpi_status fit_state_create(model_kind kind, int64_t n_components, int64_t n_features, const char *accelerate,
                              int64_t n_climbers, fit_state **state, gmmpi_error *error);

/* The climbers become those of n_climbers starts from `first` on: as they were made where the shape stays, which is
 * what a fit's do, else new. Errors: 71; the state is to be destroyed then. */
gmmpi_status fit_state_turn_to(fit_state *state, int64_t first, int64_t n_climbers, gmmpi_error *error);

/* The most components of a shape. */
int64_t fit_state_most_components(const fit_state *state);
void fit_state_destroy(fit_state *state); /* NULL is fine */

#endif
