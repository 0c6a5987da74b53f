/* SPDX-License-Identifier: BSD-3-Clause */
#include "fit/fit.h"

#include "em/state_fields.h"
#include "fit/batch.h"
#include "fit/doubts.h"
#include "fit/ending.h"
#include "mixture/posterior.h"
#include "support/error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Those that come after the ones that have ended. */
static gmmpi_status turn_to_next_starts(fit_state *state, int64_t n_starts, gmmpi_error *error)
{
  const int64_t next = fit_first_start(state) + state->n_climbers;
  const int64_t n_left = n_starts - next > 1 ? n_starts - next : 1;
  state->n_row_visits = fit_state_row_visits(state);
  return fit_state_turn_to(state, next, state->n_climbers < n_left ? state->n_climbers : n_left, error);
}

static gmmpi_status run_starts(fit_batch *batch, bool resumed, gmmpi_error *error)
{
  fit_state *state = batch->state;
  for (; fit_first_start(state) < batch->options->n_init; resumed = false) {
    if (batch_run(batch, !resumed, error) != GMMPI_OK || batch->stopped || keep_the_best(batch, error) != GMMPI_OK ||
        turn_to_next_starts(state, batch->options->n_init, error) != GMMPI_OK)
      return error->status;
  }
  return GMMPI_OK;
}

/* Starts that were stopped end at their last measured models, which count if none before them ended better. */
static void keep_the_best_so_far(const fit_batch *batch)
{
  fit_position position;
  for (int64_t i = 0; i < batch->state->n_climbers; i++) {
    if (batch_last_measured(batch, i, &position)) keep_the_better(batch->state, &position);
  }
  batch->state->best[0].converged = false;
}

/* What the posterior that was measured last reached, where the step that made it does not tell. */
static void describe_posterior(fit_result *result)
{
  const gmmpi_model *model = result->end.model;
  const bool has = model_has(model, PART_POSTERIOR);
  result->n_components_used = has ? posterior_n_used(model) : model_n_living(model);
  if (has && isnan(*model->lower_bound)) *model->lower_bound = result->end.measured.objective;
}

/* Collective. Leaves out the components that are not used. */
static gmmpi_status prune(const em_iteration *em, fit_result *result, gmmpi_error *error)
{
  gmmpi_error local = {0};
  gmmpi_model *pruned = NULL;
  if (!em->options->prune || result->n_components_used == result->end.model->n_components) return GMMPI_OK;
  posterior_prune(result->end.model, &pruned, &local);
  if (agree(em->points->comm, &local) == GMMPI_OK) {
    share_model(em, true, pruned);
    gmmpi_model_destroy(result->end.model);
    result->end.model = pruned;
  } else {
    gmmpi_model_destroy(pruned);
  }
  return error_pass(error, &local);
}

/* Components that were given with names keep them. Collective. */
static gmmpi_status take_names_of_start(const fit_batch *batch, gmmpi_model *model, gmmpi_error *error)
{
  const gmmpi_model *start = batch->options->start;
  gmmpi_error local = {0};
  if (start == NULL || start->component_names == NULL) return GMMPI_OK;
  model_set_component_names(model, start->component_names, &local);
  agree(batch->ems[0]->points->comm, &local);
  return error_pass(error, &local);
}

static gmmpi_status take_result(const fit_batch *batch, fit_result *result, gmmpi_error *error)
{
  fit_state *state = batch->state;
  if (batch->stopped) keep_the_best_so_far(batch);
  if (state->best[0].start >= 0) {
    result->end = state->best[0];
    state->best[0].model = NULL;
    take_names_of_start(batch, result->end.model, error);
    describe_posterior(result);
  }
  result->n_passes = (double)fit_state_row_visits(state) / (double)batch->ems[0]->points->n_samples;
  result->events = state->events.items;
  result->n_events = state->events.n;
  state->events = (event_list){.n = 0};
  if (!batch->stopped) return GMMPI_OK;
  return fail(error, GMMPI_STOPPED, "stopped on request after %lld iterations", (long long)result->end.iteration);
}

/* Collective. The state at the beginning, or that of resume. */
static gmmpi_status open_state(fit_batch *batch, const fit_state *resume, gmmpi_error *error)
{
  const em_iteration *em = batch->ems[0];
  const fit_options *options = batch->options;
  gmmpi_error local = {0};
  if (fit_state_create(em->kind, options->n_components, em->points->n_features, options->accelerate, batch->n_places,
                       &batch->state, &local) == GMMPI_OK &&
      resume != NULL)
    fit_state_copy(batch->state, resume, &local);
  agree(em->points->comm, &local);
  return error_pass(error, &local);
}

/* A background alone is no mixture. */
static void refuse_mere_noise(fit_result *result, gmmpi_error *error)
{
  fit_result_clear(result);
  fail(error, GMMPI_BAD_DATA,
       "no component is left, all points belong to the background of --noise; ask for other components, a larger "
       "--noise-volume or a --reg-covar that is small against the data, or leave --noise away");
}

gmmpi_status fit_run(const shard *points, const fit_options *options, const fit_state *resume,
                     const fit_observer *observer, fit_result *result, gmmpi_error *error)
{
  const double began = MPI_Wtime();
  gmmpi_error local = {0};
  memset(result, 0, sizeof *result);
  /* Moves of the search, and subsamples without a class, would lose what components the labels are of. */
  fit_options own = *options;
  if (points->has_labels) own.coarse_to_fine = COARSE_OFF;
  static const fit_observer nobody = {.context = NULL};
  fit_batch batch = {.options = &own, .observer = observer != NULL ? observer : &nobody, .timings = &result->timings};
  fit_check_options(points, options, &local);
  if (agree(points->comm, &local) == GMMPI_OK) {
    batch.plan = levels_plan(&own, points->n_samples, points->n_features);
    if (batch_open(points, starts_together(options, points->n_features), &batch, &local) == GMMPI_OK &&
        open_state(&batch, resume, &local) == GMMPI_OK) {
      result->instruction_set = batch.ems[0]->kernel->instruction_set;
      if (resume == NULL) tell_doubts(batch.ems[0], batch.observer, &local);
    }
  }
  result->timings.init = MPI_Wtime() - began;
  if (local.status == GMMPI_OK) run_starts(&batch, resume != NULL, &local);
  if (batch.state != NULL && (local.status == GMMPI_OK || batch.stopped)) take_result(&batch, result, &local);
  if (local.status == GMMPI_OK && model_n_living(result->end.model) == 0) refuse_mere_noise(result, &local);
  if (local.status == GMMPI_OK) prune(batch.ems[0], result, &local);
  batch_close(&batch);
  fit_state_destroy(batch.state);
  return error_pass(error, &local);
}

void fit_result_clear(fit_result *result)
{
  gmmpi_model_destroy(result->end.model);
  free(result->events);
  memset(result, 0, sizeof *result);
}
