/* SPDX-License-Identifier: BSD-3-Clause */
#include "fit/select_folds.h"

#include "passes/weighting.h"
#include "support/error.h"
#include "support/memory.h"
#include "support/random.h"

#include <math.h>
#include <stdlib.h>

/* Which fold a climber leaves out. */
static int64_t fold_of(const selection *what, const climber *climb)
{
  return climb->current.start / what->n - what->common->n_init;
}

/* Not begun yet: the candidate's best model is where it begins. */
static void begin(const fit_state *state, climber *climb)
{
  const fit_position *current = &climb->current;
  if (climb->has_ended || current->iteration > 0 || current->measured.iteration >= 0) return;
  model_copy_parameters(current->model, state->best[current->start % state->n_shapes].model);
  climber_enter_level(climb, 0);
}

static void list_ascents(const fit_batch *batch, ascents *group)
{
  *group = (ascents){.all = batch->ascents, .observer = batch->observer, .state = batch->state};
  for (int64_t i = 0; i < batch->state->n_climbers; i++) {
    const fit_options *options = batch->ems[i]->options;
    group->all[group->n++] = (ascent){.em = batch->ems[i],
                                      .climb = &batch->state->climbers[i],
                                      .observer = batch->observer,
                                      .fails_alone = true,
                                      .tolerance = options->tolerance,
                                      .max_iterations = options->max_iterations};
  }
}

/* Has this fold ended in a model? */
static bool has_model(const climber *climb)
{
  return isfinite(climb->current.measured.objective);
}

/* One pass for the rows that each fold has left out. */
static gmmpi_status measure_held_out(const fit_batch *batch, const selection *what, const row_weighting *held_out,
                                     gmmpi_error *error)
{
  fit_state *state = batch->state;
  pass_control control = {.n_questions = 0};
  gmmpi_error local = {0};
  int64_t n = 0;
  em_iteration **wanted = calloc((size_t)state->n_climbers, sizeof *wanted);
  int64_t *owners = allocate(state->n_climbers, sizeof *owners);
  if (wanted == NULL || owners == NULL) fail(&local, GMMPI_NO_MEMORY, "there is no memory for folds");
  if (agree(batch->ems[0]->points->comm, &local) == GMMPI_OK) {
    for (int64_t i = 0; i < state->n_climbers; i++) {
      climber *climb = &state->climbers[i];
      if (!has_model(climb)) continue;
      batch->ems[i]->weighting = &held_out[fold_of(what, climb)];
      expectation_begin(batch->ems[i], climb->current.model, NULL, NULL);
      owners[n] = i;
      wanted[n++] = batch->ems[i];
    }
    if (n > 0) make_passes(wanted, n, &control, &local);
  }
  for (int64_t w = 0; local.status == GMMPI_OK && w < n; w++) {
    const climber *climb = &state->climbers[owners[w]];
    const int64_t c = climb->current.start % state->n_shapes;
    const int64_t fold = fold_of(what, climb);
    state->held_out[c * state->n_folds + fold] = wanted[w]->sums->log_likelihood / held_out[fold].total_weight;
  }
  free(wanted);
  free(owners);
  return error_pass(error, &local);
}

/* Collective. What the rows of each fold count for, while it is in use and while it is left out. */
static gmmpi_status make_weightings(const shard *points, const selection *what, row_weighting *training,
                                    row_weighting *held_out, gmmpi_error *error)
{
  const uint64_t seed = what->common->seed;
  gmmpi_error local = {0};
  if (training == NULL || held_out == NULL) fail(&local, GMMPI_NO_MEMORY, "there is no memory for folds");
  if (agree(points->comm, &local) != GMMPI_OK) return error_pass(error, &local);
  for (int64_t f = 0; f < what->n_folds; f++) {
    training[f] = weighting_training(seed, f, what->n_folds);
    held_out[f] = weighting_held_out(seed, f, what->n_folds);
  }
  if (weightings_measure(points, training, what->n_folds, error) != GMMPI_OK ||
      weightings_measure(points, held_out, what->n_folds, error) != GMMPI_OK)
    return error->status;
  for (int64_t f = 0; f < what->n_folds; f++) {
    if (!(training[f].total_weight > 0.0) || !(held_out[f].total_weight > 0.0))
      return fail(error, GMMPI_BAD_DATA, "a fold of %lld has no points, or all; ask for fewer --folds",
                  (long long)what->n_folds);
  }
  return GMMPI_OK;
}

gmmpi_status run_folds(fit_batch *batch, const selection *what, gmmpi_error *error)
{
  const shard *points = batch->ems[0]->points;
  fit_state *state = batch->state;
  gmmpi_error local = {0};
  row_weighting *training = calloc((size_t)what->n_folds, sizeof *training);
  row_weighting *held_out = calloc((size_t)what->n_folds, sizeof *held_out);
  if (make_weightings(points, what, training, held_out, &local) == GMMPI_OK) {
    for (int64_t i = 0; i < state->n_climbers; i++) {
      begin(state, &state->climbers[i]);
      batch->ems[i]->weighting = &training[fold_of(what, &state->climbers[i])];
      batch->ems[i]->timings = batch->timings;
    }
    list_ascents(batch, &batch->group);
    if (ascend_together(&batch->group, &batch->stopped, &local) == GMMPI_OK && !batch->stopped)
      measure_held_out(batch, what, held_out, &local);
  }
  free(training);
  free(held_out);
  return error_pass(error, &local);
}

double mean_of_folds(const double *held_out, int64_t n, double *standard_error)
{
  double mean = 0.0;
  double squares = 0.0;
  for (int64_t f = 0; f < n; f++) mean += held_out[f] / (double)n;
  for (int64_t f = 0; f < n; f++) squares += (held_out[f] - mean) * (held_out[f] - mean);
  *standard_error = n > 1 ? sqrt(squares / (double)(n - 1) / (double)n) : NAN;
  return mean;
}
