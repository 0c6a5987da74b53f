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

int64_t fit_state_most_components(const fit_state *state)
{
  int64_t most = 0;
  for (int64_t i = 0; i < state->n_shapes; i++) {
    if (state->shapes[i].n_components > most) most = state->shapes[i].n_components;
  }
  return most;
}

/* --- creation --- */

static gmmpi_status open_climber(fit_state *state, const char *accelerate, int64_t start, climber *climb,
                                 gmmpi_error *error)
{
  const fit_shape *shape = &state->shapes[start % state->n_shapes];
  const gmmpi_status status =
      climber_open(shape->kind, shape->n_components, state->n_features, accelerate, &state->events, climb, error);
  climb->current.start = start;
  return status;
}

static gmmpi_status allocate_shared(const state_plan *plan, fit_state *state, gmmpi_error *error)
{
  const int64_t n = plan->n_shapes;
  state->shapes = calloc((size_t)n, sizeof *state->shapes);
  state->best = calloc((size_t)n, sizeof *state->best);
  state->held_out = allocate(n * plan->n_folds, sizeof *state->held_out);
  if (state->shapes == NULL || state->best == NULL || state->held_out == NULL)
    return fail(error, GMMPI_NO_MEMORY, "there is no memory for %lld models", (long long)n);
  state->n_shapes = n;
  state->n_folds = plan->n_folds;
  state->n_features = plan->n_features;
  for (int64_t i = 0; i < n * plan->n_folds; i++) state->held_out[i] = NAN;
  for (int64_t i = 0; i < n; i++) {
    state->shapes[i] = plan->shapes[i];
    state->best[i] =
        (fit_position){.start = -1, .measured = {.iteration = -1, .objective = NAN, .log_likelihood = NAN}};
    if (model_allocate(plan->shapes[i].kind, plan->shapes[i].n_components, plan->n_features, &state->best[i].model,
                       error) != GMMPI_OK)
      return error->status;
  }
  return GMMPI_OK;
}

static gmmpi_status allocate_climbers(const state_plan *plan, fit_state *state, gmmpi_error *error)
{
  state->climbers = calloc((size_t)plan->n_climbers, sizeof *state->climbers);
  if (state->climbers == NULL)
    return fail(error, GMMPI_NO_MEMORY, "there is no memory for %lld starts", (long long)plan->n_climbers);
  while (state->n_climbers < plan->n_climbers) {
    climber *climb = &state->climbers[state->n_climbers];
    if (open_climber(state, plan->accelerate, plan->first_start + state->n_climbers, climb, error) != GMMPI_OK)
      return error->status;
    state->n_climbers++;
  }
  return GMMPI_OK;
}

gmmpi_status fit_state_open(const state_plan *plan, fit_state **state, gmmpi_error *error)
{
  fit_state *created = calloc(1, sizeof *created);
  gmmpi_error local = {0};
  *state = created;
  if (created == NULL) return fail(error, GMMPI_NO_MEMORY, "there is no memory to begin a fit");
  if (allocate_shared(plan, created, &local) == GMMPI_OK && allocate_climbers(plan, created, &local) == GMMPI_OK)
    return GMMPI_OK;
  fit_state_destroy(created);
  *state = NULL;
  return error_pass(error, &local);
}

gmmpi_status fit_state_create(model_kind kind, int64_t n_components, int64_t n_features, const char *accelerate,
                              int64_t n_climbers, fit_state **state, gmmpi_error *error)
{
  const fit_shape shape = {kind, n_components};
  const state_plan plan = {
      .shapes = &shape, .n_shapes = 1, .n_features = n_features, .accelerate = accelerate, .n_climbers = n_climbers};
  return fit_state_open(&plan, state, error);
}

gmmpi_status fit_state_turn_to(fit_state *state, int64_t first, int64_t n_climbers, gmmpi_error *error)
{
  const char *accelerate = accelerator_name(state->climbers[0].history);
  while (state->n_climbers > n_climbers) climber_close(&state->climbers[--state->n_climbers]);
  if (state->n_climbers < n_climbers) {
    climber *more = realloc(state->climbers, (size_t)n_climbers * sizeof *more);
    if (more == NULL) return fail(error, GMMPI_NO_MEMORY, "there is no memory for %lld starts", (long long)n_climbers);
    state->climbers = more;
  }
  for (int64_t i = 0; i < n_climbers; i++) {
    climber *climb = &state->climbers[i];
    const int64_t start = first + i;
    if (i < state->n_climbers && start % state->n_shapes == climb->current.start % state->n_shapes) {
      climb->n_row_visits = 0;
      climb->last_change = NAN; /* what the start before has left would decide when this one ends */
      climb->current.start = start;
      continue;
    }
    if (i < state->n_climbers) climber_close(climb);
    if (open_climber(state, accelerate, start, climb, error) != GMMPI_OK) return error->status;
    if (i >= state->n_climbers) state->n_climbers = i + 1;
  }
  return GMMPI_OK;
}

void fit_state_destroy(fit_state *state)
{
  if (state == NULL) return;
  for (int64_t i = 0; i < state->n_climbers; i++) climber_close(&state->climbers[i]);
  for (int64_t i = 0; i < state->n_shapes; i++) gmmpi_model_destroy(state->best[i].model);
  free(state->climbers);
  free(state->shapes);
  free(state->best);
  free(state->held_out);
  free(state->events.items);
  free(state);
}
