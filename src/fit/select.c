/* SPDX-License-Identifier: BSD-3-Clause */
#include "fit/select.h"

#include "em/state_fields.h"
#include "fit/doubts.h"
#include "fit/ending.h"
#include "fit/select_folds.h"
#include "mixture/criteria.h"
#include "starts/neighbours.h"
#include "starts/search_size.h"
#include "support/error.h"
#include "support/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- the loop --- */

typedef struct selection_run {
  const shard *points;
  const selection *what;
  fit_options *options;     /* n: of each candidate */
  const fit_options **each; /* MOST_TOGETHER: of each start that advances */
  fit_observer observer;
  fit_batch batch;
  selection_result *result;
} selection_run;

static gmmpi_status find_starts(fit_batch *batch, em_iteration **ems, gmmpi_error *error)
{
  const fit_state *state = batch->state;
  return find_neighbouring_starts(ems, state->climbers, state->n_climbers, state->n_shapes,
                                  batch->ems[0]->points->n_samples, batch->observer, error);
}

/* Is a start looked for by a search, for any of the candidates? */
static bool any_search_is_wanted(const selection_run *work)
{
  bool any = false;
  for (int64_t c = 0; c < work->what->n; c++) any = any || search_is_wanted(&work->options[c]);
  return any;
}

/* Collective. A batch for the state's climbers. */
static gmmpi_status open_wave(selection_run *work, gmmpi_error *error)
{
  fit_state *state = work->batch.state;
  const level_plan plan = selection_levels(work->what, work->points->n_samples, work->points->n_features);
  for (int64_t i = 0; i < state->n_climbers; i++)
    work->each[i] = &work->options[state->climbers[i].current.start % state->n_shapes];
  work->batch = (fit_batch){.options = work->what->common,
                            .observer = &work->observer,
                            .state = state,
                            .timings = &work->result->timings,
                            .plan = plan,
                            .find_starts = any_search_is_wanted(work) ? find_starts : NULL};
  return batch_open_among(work->points, (model_list){work->each, state->n_climbers}, &work->batch, error);
}

static void close_wave(selection_run *work)
{
  fit_state *state = work->batch.state;
  const bool stopped = work->batch.stopped;
  batch_close(&work->batch);
  work->batch = (fit_batch){.state = state, .stopped = stopped};
}

/* Starts that were stopped count with what was measured last, where nothing ended better. */
static void keep_what_was_measured(selection_run *work)
{
  fit_position position;
  for (int64_t i = 0; i < work->batch.state->n_climbers; i++) {
    if (!batch_last_measured(&work->batch, i, &position)) continue;
    position.converged = false;
    keep_the_better(work->batch.state, &position);
  }
}

/* A wave from where its climbers stand, or from nothing. */
static gmmpi_status run_wave(selection_run *work, bool resumed, bool first, gmmpi_error *error)
{
  fit_batch *batch = &work->batch;
  const double began = MPI_Wtime();
  if (open_wave(work, error) != GMMPI_OK) return error->status;
  work->result->instruction_set = batch->ems[0]->kernel->instruction_set;
  if (first && !resumed) tell_doubts(batch->ems[0], batch->observer, error);
  work->result->timings.init += MPI_Wtime() - began;
  const bool folds = fit_first_start(batch->state) >= work->what->n * work->what->common->n_init;
  if (error->status == GMMPI_OK && folds) return run_folds(batch, work->what, error);
  if (error->status == GMMPI_OK) batch_run(batch, !resumed, error);
  if (batch->stopped) keep_what_was_measured(work);
  return error->status != GMMPI_OK || batch->stopped ? error->status : keep_the_best(batch, error);
}

/* As if it had been made just now; where the shape stays, climbers keep what their last start has left. */
static void begin_anew(climber *climb)
{
  climber_enter_level(climb, 0);
  accelerator_forget(climb->history);
}

static gmmpi_status turn_to_next_wave(selection_run *work, gmmpi_error *error)
{
  fit_state *state = work->batch.state;
  const int64_t next = fit_first_start(state) + state->n_climbers;
  gmmpi_error local = {0};
  state->n_row_visits = fit_state_row_visits(state);
  fit_state_turn_to(state, next, selection_wave_end(work->what, state->n_features, next) - next, &local);
  for (int64_t i = 0; local.status == GMMPI_OK && i < state->n_climbers; i++) begin_anew(&state->climbers[i]);
  agree(work->points->comm, &local);
  return error_pass(error, &local);
}

static gmmpi_status run_waves(selection_run *work, bool resumed, gmmpi_error *error)
{
  const selection *what = work->what;
  const int64_t n_starts = what->n * (what->common->n_init + what->n_folds);
  for (bool first = true;; first = resumed = false) {
    const gmmpi_status status = run_wave(work, resumed, first, error);
    close_wave(work);
    if (status != GMMPI_OK || work->batch.stopped) return status;
    if (fit_first_start(work->batch.state) + work->batch.state->n_climbers >= n_starts) return GMMPI_OK;
    if (turn_to_next_wave(work, error) != GMMPI_OK) return error->status;
  }
}

/* --- the result --- */

double candidate_score(const candidate_result *candidate, selection_criterion criterion)
{
  const double scores[] = {[CRITERION_BIC] = -candidate->bic,
                           [CRITERION_AIC] = -candidate->aic,
                           [CRITERION_ICL] = -candidate->icl,
                           [CRITERION_CV] = candidate->cv};
  return scores[criterion];
}

static bool is_eligible(const candidate_result *one, selection_criterion criterion)
{
  return one->end.model != NULL && model_n_living(one->end.model) > 0 && candidate_score(one, criterion) > -INFINITY;
}

static bool is_ahead(const candidate_result *one, const candidate_result *other, selection_criterion criterion)
{
  if (one->is_spurious != other->is_spurious) return other->is_spurious;
  return candidate_score(one, criterion) > candidate_score(other, criterion);
}

int64_t selection_best(const selection_result *result, selection_criterion criterion, int64_t without)
{
  const candidate_result *all = result->candidates;
  int64_t found = -1;
  for (int64_t c = 0; c < result->n; c++) {
    if (c == without || !is_eligible(&all[c], criterion)) continue;
    if (without >= 0 && candidates_are_alike(&all[c], &all[without])) continue;
    if (found < 0 || is_ahead(&all[c], &all[found], criterion)) found = c;
  }
  return found;
}

bool candidates_are_alike(const candidate_result *one, const candidate_result *other)
{
  const double a = one->end.measured.log_likelihood;
  const double b = other->end.measured.log_likelihood;
  return one->n_components == other->n_components && one->n_parameters == other->n_parameters &&
         fabs(a - b) <= 1e-9 * fabs(a);
}

static void find_best(const selection *what, selection_result *result)
{
  for (int criterion = 0; criterion <= CRITERION_CV; criterion++)
    result->best_of[criterion] = selection_best(result, (selection_criterion)criterion, -1);
  result->best = result->best_of[what->criterion];
}

static void take_candidate(const selection_run *work, int64_t c, candidate_result *taken)
{
  fit_state *state = work->batch.state;
  fit_position *best = &state->best[c];
  *taken =
      (candidate_result){.n_components = work->options[c].n_components, .bic = NAN, .aic = NAN, .icl = NAN, .cv = NAN};
  taken->cv_standard_error = NAN;
  if (best->start < 0) return;
  taken->end = *best;
  best->model = NULL;
  taken->n_parameters = fit_n_parameters(&work->options[c], taken->end.model);
  const information_criteria criteria =
      criteria_of(best->measured.log_likelihood, best->measured.sum_log_max_responsibility, taken->n_parameters,
                  work->points->total_weight);
  taken->bic = criteria.bic;
  taken->aic = criteria.aic;
  taken->icl = criteria.icl;
  if (state->n_folds > 0)
    taken->cv = mean_of_folds(state->held_out + c * state->n_folds, state->n_folds, &taken->cv_standard_error);
  for (int64_t i = 0; i < state->events.n; i++) {
    const fit_event *event = &state->events.items[i];
    if (event->start != taken->end.start) continue;
    taken->n_events++;
    taken->is_spurious = taken->is_spurious || event->kind == EVENT_SPURIOUS;
  }
}

/* Collective. */
static gmmpi_status take_results(selection_run *work, gmmpi_error *error)
{
  selection_result *result = work->result;
  fit_state *state = work->batch.state;
  gmmpi_error local = {0};
  result->candidates = calloc((size_t)work->what->n, sizeof *result->candidates);
  if (result->candidates == NULL)
    fail(&local, GMMPI_NO_MEMORY, "there is no memory for %lld results", (long long)work->what->n);
  if (agree(work->points->comm, &local) != GMMPI_OK) return error_pass(error, &local);
  result->n = work->what->n;
  for (int64_t c = 0; c < result->n; c++) take_candidate(work, c, &result->candidates[c]);
  find_best(work->what, result);
  result->n_passes = (double)fit_state_row_visits(state) / (double)work->points->n_samples;
  result->events = state->events.items;
  result->n_events = state->events.n;
  state->events = (event_list){.n = 0};
  if (work->batch.stopped) return fail(error, GMMPI_STOPPED, "stopped on request");
  if (result->best < 0 && work->what->criterion == CRITERION_CV)
    return fail(error, GMMPI_BAD_DATA,
                "no candidate could be fitted without each of the folds; ask for fewer components, or fewer --folds");
  if (result->best < 0)
    return fail(error, GMMPI_BAD_DATA, "no candidate has a component left; ask for fewer components");
  return GMMPI_OK;
}

static void check_candidates(const selection_run *work, gmmpi_error *error)
{
  for (int64_t c = 0; c < work->what->n && error->status == GMMPI_OK; c++)
    fit_check_options(work->points, &work->options[c], error);
}

/* Collective. The state at the beginning, or that of resume. */
static gmmpi_status open_state(selection_run *work, const fit_state *resume, gmmpi_error *error)
{
  state_plan plan = selection_plan(work->what, work->points->n_features);
  gmmpi_error local = {0};
  if (resume != NULL) {
    plan.first_start = fit_first_start(resume);
    plan.n_climbers = resume->n_climbers;
  }
  if (fit_state_open(&plan, &work->batch.state, &local) == GMMPI_OK && resume != NULL)
    fit_state_copy(work->batch.state, resume, &local);
  agree(work->points->comm, &local);
  return error_pass(error, &local);
}

gmmpi_status select_run(const shard *points, const selection *what, const fit_state *resume,
                        const fit_observer *observer, selection_result *result, gmmpi_error *error)
{
  gmmpi_error local = {0};
  selection_run work = {.points = points, .what = what, .result = result};
  memset(result, 0, sizeof *result);
  result->best = -1;
  for (int criterion = 0; criterion <= CRITERION_CV; criterion++) result->best_of[criterion] = -1;
  if (observer != NULL) work.observer = *observer;
  work.observer.event_happened = NULL; /* those of the best are told in the end */
  work.options = calloc((size_t)what->n, sizeof *work.options);
  work.each = calloc(MOST_TOGETHER, sizeof *work.each);
  if (work.options == NULL || work.each == NULL)
    fail(&local, GMMPI_NO_MEMORY, "there is no memory for %lld candidates", (long long)what->n);
  for (int64_t c = 0; local.status == GMMPI_OK && c < what->n; c++) work.options[c] = selection_options(what, c);
  if (local.status == GMMPI_OK) check_candidates(&work, &local);
  if (agree(points->comm, &local) == GMMPI_OK && open_state(&work, resume, &local) == GMMPI_OK) {
    run_waves(&work, resume != NULL, &local);
    if (local.status == GMMPI_OK || work.batch.stopped) {
      if (work.batch.stopped) local = (gmmpi_error){0};
      take_results(&work, &local);
    }
  }
  fit_state_destroy(work.batch.state);
  free(work.options);
  free(work.each);
  return error_pass(error, &local);
}

void selection_result_clear(selection_result *result)
{
  for (int64_t c = 0; c < result->n; c++) gmmpi_model_destroy(result->candidates[c].end.model);
  free(result->candidates);
  free(result->events);
  memset(result, 0, sizeof *result);
}
