/* SPDX-License-Identifier: BSD-3-Clause */
#include "fit/ending.h"

#include "starts/soundness.h"
#include "support/error.h"

void keep_the_better(fit_state *state, const fit_position *ended)
{
  fit_position *best = &state->best[ended->start % state->n_shapes];
  if (best->start >= 0 && !(ended->measured.objective > best->measured.objective)) return;
  gmmpi_model *model = best->model;
  model_copy_parameters(model, ended->model);
  *best = *ended;
  best->model = model;
}

/* Has this start been found to be spurious? */
static bool is_spurious(const fit_state *state, int64_t start)
{
  bool found = false;
  for (int64_t i = 0; i < state->events.n; i++)
    found = found || (state->events.items[i].start == start && state->events.items[i].kind == EVENT_SPURIOUS);
  return found;
}

/* Where models are compared by their likelihoods a spurious start gives way to any that is not. */
static bool gives_way(const fit_batch *batch, const fit_position *best)
{
  return batch->options->spurious == SPURIOUS_STRICT && best->start >= 0 && is_spurious(batch->state, best->start);
}

/* May this start's model be kept, of those that have ended so far? That with the highest objective is. */
static bool may_win(const fit_batch *batch, const climber *climb)
{
  const fit_position *best = &batch->state->best[climb->current.start % batch->state->n_shapes];
  return best->start < 0 || climb->current.measured.objective > best->measured.objective || gives_way(batch, best);
}

/* Keeps the start's model if it is better than the one that is kept. */
static void keep_if_better(const fit_batch *batch, const fit_position *ended)
{
  fit_state *state = batch->state;
  fit_position *best = &state->best[ended->start % state->n_shapes];
  const bool strict = batch->options->spurious == SPURIOUS_STRICT;
  const bool spurious = strict && is_spurious(state, ended->start);
  const bool best_gives_way = gives_way(batch, best);
  if (spurious && best->start >= 0 && !best_gives_way) return;
  if (best_gives_way && !spurious) best->start = -1;
  keep_the_better(state, ended);
}

/* At the end of a start: says that its model is spurious. Where there is a subsample it is looked at for the points'
 * values. Collective. */
static gmmpi_status tell_if_spurious(const fit_batch *batch, climber *climb, gmmpi_error *error)
{
  const shard *all = batch->ems[0]->points;
  const shard *points = batch->coarse_points != NULL ? batch->coarse_points : all;
  spurious_component found;
  gmmpi_error local = {0};
  /* Of several starts only those count that may win. */
  /* A component that rests on few points has the prior beside them. */
  if (!may_win(batch, climb) || batch->options->spurious == SPURIOUS_KEEP || fit_is_variational(batch->options))
    return GMMPI_OK;
  if (find_spurious(points, all->total_weight, batch->options, climb->current.model, &found, error) != GMMPI_OK)
    return error->status;
  if (found.kind == COMPONENT_NOT_SPURIOUS) return GMMPI_OK;
  const fit_event event = {.start = climb->current.start,
                           .iteration = climb->current.iteration,
                           .component = found.component,
                           .kind = EVENT_SPURIOUS,
                           .action = found.kind == COMPONENT_FLAT ? ACTION_FLAT : ACTION_FEW,
                           .n_points = found.n_points};
  report_event(climb, batch->observer, &event, &local);
  agree(all->comm, &local);
  return error_pass(error, &local);
}

/* The same of a background that is no use, or takes most of the points. Collective. */
static gmmpi_status tell_of_background(const fit_batch *batch, climber *climb, gmmpi_error *error)
{
  const shard *all = batch->ems[0]->points;
  const gmmpi_model *model = climb->current.model;
  gmmpi_error local = {0};
  if (!model_has(model, PART_NOISE) || !may_win(batch, climb)) return GMMPI_OK;
  const double weight = *model->noise_weight;
  const bool is_none = weight * all->total_weight < 1.0;
  if (!is_none && weight <= 0.5) return GMMPI_OK;
  const fit_event event = {.start = climb->current.start,
                           .iteration = climb->current.iteration,
                           .component = -1,
                           .kind = is_none ? EVENT_NO_NOISE : EVENT_MUCH_NOISE,
                           .action = ACTION_KEPT,
                           .value = weight};
  report_event(climb, batch->observer, &event, &local);
  agree(all->comm, &local);
  return error_pass(error, &local);
}

gmmpi_status keep_the_best(fit_batch *batch, gmmpi_error *error)
{
  fit_state *state = batch->state;
  for (int64_t i = 0; i < state->n_climbers; i++) {
    if (tell_if_spurious(batch, &state->climbers[i], error) != GMMPI_OK ||
        tell_of_background(batch, &state->climbers[i], error) != GMMPI_OK)
      return error->status;
    keep_if_better(batch, &state->climbers[i].current);
  }
  return GMMPI_OK;
}
