/* SPDX-License-Identifier: BSD-3-Clause */
/* All that the rest of a fit depends on: what a checkpoint holds. */
#ifndef EM_STATE_H
#define EM_STATE_H

#include "em/climber.h"

typedef struct fit_state {
  climber *climbers; /* n_climbers: starts that advance together, in their order; all on the same level */
  int64_t n_climbers;
  fit_position best; /* the best of the starts that have ended before these; best.model is meaningless when best.start
                        is below 0 */
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

/* A state with n_climbers climbers (em/climber.h), before the first start. Errors: 71. */
gmmpi_status fit_state_create(model_kind kind, int64_t n_components, int64_t n_features, const char *accelerate,
                              int64_t n_climbers, fit_state **state, gmmpi_error *error);
void fit_state_destroy(fit_state *state); /* NULL is fine */

#endif
