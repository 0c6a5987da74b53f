/* SPDX-License-Identifier: BSD-3-Clause */
/* The numbers of a fit_state one after the other.
 *
 * All that handles a state number by number goes through this list: copying it, sending it to the other ranks, its
 * place in a checkpoint, reading it back, and judging whether it can be true. The list consists of groups, one for each
 * struct that a state is made of; a group has a line for each member, in the order in which they are in a checkpoint:
 *
 *   /                    what all starts share: fit_state
 *   /best/               how the best of the starts ended: fit_position and its model's arrays; only if one has ended.
 *                        Of a selection /best_0/ and so on, one for each of its candidates
 *   /climber_0/          each of the starts that advance together: its fit_position and its model's arrays, and
 *                        those members of climber on which its next step depends
 *   /climber_0/history/  its accelerator
 *
 * To add one: the member of its struct, with its first value where the struct is made, and a line in the struct's list
 * in state_fields.c. A number of a model: see mixture/arrays.h. A released program's checkpoints that lack the
 * number are then of an older format: CHECKPOINT_FORMAT in job/checkpoint_trailer.h counts up. */
#ifndef EM_STATE_FIELDS_H
#define EM_STATE_FIELDS_H

#include "em/state.h"

#include <stddef.h>

enum { STATE_PATH_BYTES = 80 };

/* How many numbers a state has, beside what the shape of its models and its acceleration say. */
typedef struct state_extent {
  int64_t n_climbers; /* starts that advance together */
  int64_t n_events;
  int64_t n_bests; /* shapes of which a start has ended: these are the first ones, or all */
  int64_t first_start;
} state_extent;

state_extent fit_state_extent(const fit_state *state);

/* Gives a state this extent; its numbers are to be set then. Errors: 71. */
gmmpi_status fit_state_set_extent(fit_state *state, state_extent extent, gmmpi_error *error);

typedef enum state_type { STATE_INTEGER, STATE_REAL, STATE_FLAG, STATE_EVENT } state_type;

/* A number of a state or an array of them. */
typedef struct state_field {
  const char *group; /* "/climber_%d/": where it is, with the number of the climber, or of the shape */
  int number;
  const char *name;
  state_type type;  /* int64_t, double, bool or fit_event */
  int n_dimensions; /* 0: a number */
  int64_t shape[MODEL_MOST_DIMENSIONS];
  size_t n_bytes;
  void *memory; /* n_bytes in the state */
} state_field;

/* The name of a field in a checkpoint, "/climber_0/iteration", in text. */
const char *state_field_path(const state_field *field, char text[STATE_PATH_BYTES]);

/* A walk over the fields of a state: zero at its begin. The next field, in the same order in states of the same shape
 * and extent, or false after the last one. Arrays of no numbers are passed over. Nothing is written to the state. */
typedef struct state_walk {
  int group;
  int line;
} state_walk;

bool state_walk_next(state_walk *walk, const fit_state *state, state_field *field);

/* Makes to, of the same shapes, equal to from. Errors: 71. */
gmmpi_status fit_state_copy(fit_state *to, const fit_state *from, gmmpi_error *error);

/* Can these numbers be true? For a state that was read from a file. */
bool fit_state_is_valid(const fit_state *state);

#endif
