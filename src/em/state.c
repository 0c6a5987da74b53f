/* SPDX-License-Identifier: BSD-3-Clause */
#include "em/state.h"

#include "support/error.h"
#include "support/memory.h"

#include <math.h>
#include <stdlib.h>

static bool is_farther(const fit_position *a, const fit_position *b)
{
  return a->level != b->level ? a->level < b->level : a->iteration > b->iteration;
}

const fit_position *fit_state_leader(const fit_state *state)
{
  const fit_position *leader = &state->climbers[0].current;
  for (int64_t i = 1; i < state->n_climbers; i++) {
    if (is_farther(&state->climbers[i].current, leader)) leader = &state->climbers[i].current;
  }
  return leader;
}

int64_t fit_state_row_visits(const fit_state *state)
{
  int64_t sum = state->n_row_visits;
  for (int64_t i = 0; i < state->n_climbers; i++) sum += state->climbers[i].n_row_visits;
  return sum;
}

gmmpi_status fit_state_create(model_kind kind, int64_t n_components, int64_t n_features, const char *accelerate,
                              int64_t n_climbers, fit_state **state, gmmpi_error *error)
{
  fit_state *created = calloc(1, sizeof *created);
  gmmpi_error local = {0};
  *state = created;
  if (created == NULL) return fail(error, GMMPI_NO_MEMORY, "there is no memory to begin a fit");
  created->best = (fit_position){.start = -1, .measured = {.iteration = -1, .objective = NAN, .log_likelihood = NAN}};
  created->climbers = calloc((size_t)n_climbers, sizeof *created->climbers);
  if (created->climbers == NULL)
    fail(&local, GMMPI_NO_MEMORY, "there is no memory for %lld starts", (long long)n_climbers);
  while (local.status == GMMPI_OK && created->n_climbers < n_climbers) {
    climber *climb = &created->climbers[created->n_climbers];
    if (climber_open(kind, n_components, n_features, accelerate, &created->events, climb, &local) != GMMPI_OK) break;
    climb->current.start = created->n_climbers++;
  }
  if (local.status == GMMPI_OK) model_allocate(kind, n_components, n_features, &created->best.model, &local);
  if (local.status == GMMPI_OK) return GMMPI_OK;
  fit_state_destroy(created);
  *state = NULL;
  return error_pass(error, &local);
}

void fit_state_destroy(fit_state *state)
{
  if (state == NULL) return;
  for (int64_t i = 0; i < state->n_climbers; i++) climber_close(&state->climbers[i]);
  free(state->climbers);
  gmmpi_model_destroy(state->best.model);
  free(state->events.items);
  free(state);
}
