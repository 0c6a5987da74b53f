#include "fit/fit.h"

#include "em/ascent.h"
#include "em/levels.h"
#include "starts/choose_start.h"
#include "starts/initialize.h"
#include "starts/search.h"
#include "starts/second_look.h"
#include "starts/soundness.h"
#include "support/error.h"
#include "support/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A ridge above this share of a feature's variance changes the model visibly. */
static const double largest_share_of_ridge = 1e-3;

/* On a subsample slow progress is not worth waiting for. */
enum { MOST_COARSE_ITERATIONS = 200 };

/* Columns with doubtful values are told one by one, so many at most. */
enum { MOST_FAR_COLUMNS = 10 };

/* A fit while it runs. */
typedef struct fit_process {
  em_iteration *em; /* on all points */
  const fit_options *options;
  const fit_observer *observer;
  level_plan plan;
  shard *coarse_points; /* of the level in use, or of level 1 while all points are in use; NULL: none */
  em_iteration *coarse_em;
  fit_timings coarse_timings; /* of which only the whole counts */
  refinement *inner;
  fit_state *state;
  gmmpi_model *spare; /* the model of the last pass after an M-step, the next model during one */
  fit_timings *timings;
  bool stopped;  /* somebody wants to stop */
  bool measured; /* then: the last pass measured spare, which a next model follows already */
} fit_process;

static void tell_state(const fit_process *run)
{
  if (run->observer->state_advanced != NULL) run->observer->state_advanced(run->observer->context, run->state);
}

static void keep_the_better(fit_state *state)
{
  const fit_position *ended = &state->current;
  fit_position *best = &state->best;
  if (best->start >= 0 && !(ended->log_likelihood > best->log_likelihood)) return;
  gmmpi_model *model = best->model;
  model_copy_parameters(model, ended->model);
  *best = *ended;
  best->model = model;
}

/* Says before the first start which features' variances the ridge that was asked for distorts. */
static void tell_about_ridge(const fit_process *run)
{
  if (run->observer->event_happened == NULL) return;
  for (int64_t j = 0; j < run->em->points->n_features; j++) {
    const double variance = run->em->spread->variances[j];
    const fit_event event = {.component = j, .kind = EVENT_LARGE_RIDGE, .action = ACTION_RIDGE};
    if (variance > 0.0 && run->options->reg_covar > largest_share_of_ridge * variance)
      run->observer->event_happened(run->observer->context, &event);
  }
}

/* The same where covariances have too few points to be anything but singular: n points about their mean span n - 1
 * dimensions. Of components that do not share theirs, one has at most n / K points. */
static void tell_about_few_points(const fit_process *run)
{
  const shard *points = run->em->points;
  const covariance_family *family = run->em->family;
  const int64_t n = family->storage->shared ? points->n_samples : points->n_samples / run->options->n_components;
  const fit_event event = {.component = n, .kind = EVENT_FEW_POINTS, .action = ACTION_RIDGE};
  if (family->storage->shape == DENSE && n <= points->n_features && run->observer->event_happened != NULL)
    run->observer->event_happened(run->observer->context, &event);
}

/* The same for the rounding of features in single precision: half a unit of the 24th bit of the largest number, but not
 * less than the smallest float allows. */
static void tell_about_rounding(const fit_process *run)
{
  const shard *points = run->em->points;
  if (!points->single_precision || run->observer->event_happened == NULL) return;
  for (int64_t j = 0; j < points->n_features; j++) {
    const double largest = fmax(fabs(points->minima[j]), fabs(points->maxima[j]));
    const fit_event event = {.component = j, .kind = EVENT_COARSE_ROUNDING, .action = ACTION_KEPT};
    if (fmax(largest * 0x1p-24, 0x1p-150) > 1e-3 * sqrt(run->em->spread->variances[j]) && largest > 0.0)
      run->observer->event_happened(run->observer->context, &event);
  }
}

/* The same for values that may be fill values. */
static gmmpi_status tell_about_far_values(const fit_process *run, gmmpi_error *error)
{
  far_values *found = NULL;
  int64_t n_found;
  if (run->observer->values_doubtful == NULL) return GMMPI_OK;
  if (far_values_find(run->em->points, run->em->team, &found, &n_found, error) == GMMPI_OK) {
    for (int64_t i = 0; i < n_found && i < MOST_FAR_COLUMNS; i++) {
      if (i == MOST_FAR_COLUMNS - 1) found[i].n_more_columns = n_found - MOST_FAR_COLUMNS;
      run->observer->values_doubtful(run->observer->context, &found[i]);
    }
  }
  free(found);
  return error->status;
}

static void reset_position(fit_state *state, int64_t level)
{
  fit_position *current = &state->current;
  current->level = level;
  current->iteration = 0;
  current->log_likelihood = NAN;
  current->sum_log_max_responsibility = 0.0;
  current->converged = false;
  state->plain = true;
  state->repaired = false;
  memset(state->n_reseeds, 0, (size_t)current->model->n_components * sizeof *state->n_reseeds);
}

/* A component that was dropped on a coarser level gets another chance. */
static gmmpi_status revive(const fit_process *run, em_iteration *em, gmmpi_error *error)
{
  const fit_position *current = &run->state->current;
  const bool is_new = current->iteration == 0 && current->level < run->plan.n_levels;
  const bool any = model_n_living(current->model) < current->model->n_components;
  if (!is_new || !any || run->options->init == INIT_MODEL) return GMMPI_OK;
  accelerator_forget(run->state->history);
  density_from_model(em->form, current->model);
  return revive_dropped(em->points, em->spread, em->form, em->team, current->model, run->state, error);
}

/* Before the loop over all points: components that come to it without a weight are not passed over in silence. */
static gmmpi_status tell_of_lost(const fit_process *run, gmmpi_error *error)
{
  const fit_position *current = &run->state->current;
  const fit_options *options = run->options;
  if (current->level > 0 || current->iteration > 0 || model_n_living(current->model) == current->model->n_components)
    return GMMPI_OK;
  gmmpi_error local = {0};
  report_lost(options->init == INIT_MODEL ? options->start : NULL, options->on_collapse, run->state, run->observer,
              &local);
  agree(run->em->points->comm, &local);
  return error_pass(error, &local);
}

/* After a search on a subsample, before iterations on a finer one or on all points. */
static gmmpi_status look_for_missed_groups(fit_process *run, em_iteration *em, gmmpi_error *error)
{
  const fit_position *current = &run->state->current;
  const bool is_new = current->iteration == 0 && current->level < run->plan.n_levels;
  if (!is_new || !search_is_wanted(run->options)) return GMMPI_OK;
  return look_again(em, run->state, run->observer, error);
}

/* The loop over all points, or over those of a level. */
static gmmpi_status climb(fit_process *run, em_iteration *em, gmmpi_error *error)
{
  const bool coarse = run->state->current.level > 0;
  const shard *points = em->points;
  ascent one = {
      .em = em,
      .state = run->state,
      .spare = &run->spare,
      .inner = coarse ? NULL : run->inner,
      .observer = run->observer,
      .tolerance =
          coarse ? level_tolerance(run->options, points->n_samples, points->n_features) : run->options->tolerance,
      .max_iterations = coarse ? MOST_COARSE_ITERATIONS : run->options->max_iterations,
      .clock = MPI_Wtime(),
  };
  gmmpi_status status = revive(run, em, error);
  if (status == GMMPI_OK) status = look_for_missed_groups(run, em, error);
  if (status == GMMPI_OK) status = tell_of_lost(run, error);
  run->stopped = status == GMMPI_STOPPED;
  if (status != GMMPI_OK) return status;
  status = ascend(&one, error);
  run->stopped = one.stopped;
  run->measured = one.measured && !coarse;
  return status;
}

/* Initialises on the points of em, which are all or those of the coarsest level. */
static gmmpi_status find_start(fit_process *run, em_iteration *em, gmmpi_error *error)
{
  fit_state *state = run->state;
  bool judged = false;
  accelerator_forget(state->history);
  const gmmpi_status status =
      search_is_wanted(run->options)
          ? choose_start(run->em, em, state, &run->spare, run->observer, &judged, error)
          : initialize(em, state->current.start, state->current.model, run->spare, state, run->observer, error);
  run->stopped = status == GMMPI_STOPPED;
  /* A model that was iterated on all points goes on with them. */
  if (judged) reset_position(state, 0);
  if (status == GMMPI_OK) tell_state(run);
  return status;
}

static void leave_level(fit_process *run)
{
  refinement_destroy(run->inner);
  iteration_destroy(run->coarse_em);
  shard_destroy(run->coarse_points);
  run->inner = NULL;
  run->coarse_em = NULL;
  run->coarse_points = NULL;
}

/* Draws the points of a level and prepares for iterations on them. */
static gmmpi_status enter_level(fit_process *run, int64_t level, gmmpi_error *error)
{
  const uint64_t seed = random_seed_of_start(run->options->seed, run->state->current.start);
  leave_level(run);
  if (level_draw(run->em->points, &run->plan, level, seed, &run->coarse_points, error) != GMMPI_OK) {
    run->stopped = error->status == GMMPI_STOPPED;
    return error->status;
  }
  return iteration_create_provisional(run->coarse_points, run->options, run->em, &run->coarse_timings, &run->coarse_em,
                                      error);
}

/* From where the state stands on its level, or from nothing when `fresh`, to the next finer level. */
static gmmpi_status climb_level(fit_process *run, bool fresh, gmmpi_error *error)
{
  fit_state *state = run->state;
  const double began = MPI_Wtime();
  enter_level(run, state->current.level, error);
  if (error->status == GMMPI_OK && fresh) {
    find_start(run, run->coarse_em, error);
    run->timings->init += MPI_Wtime() - began;
  }
  const double found = fresh ? MPI_Wtime() : began;
  if (error->status == GMMPI_OK && state->current.level > 0 && climb(run, run->coarse_em, error) == GMMPI_OK &&
      !run->stopped) {
    reset_position(state, state->current.level - 1);
    tell_state(run);
  }
  run->timings->coarse += MPI_Wtime() - found;
  return error->status;
}

/* At the end of a start: says that its model is spurious. Where there is a subsample it is looked at for the points'
 * values. */
static gmmpi_status tell_if_spurious(const fit_process *run, gmmpi_error *error)
{
  const shard *all = run->em->points;
  const shard *points = run->coarse_points != NULL ? run->coarse_points : all;
  fit_state *state = run->state;
  spurious_component found;
  gmmpi_error local = {0};
  /* Of several starts only those count that may win. */
  const bool loses = state->best.start >= 0 && !(state->current.log_likelihood > state->best.log_likelihood);
  if (loses || run->options->spurious == SPURIOUS_KEEP) return GMMPI_OK;
  if (find_spurious(points, all->n_samples, run->options->reg_covar, state->current.model, &found, error) != GMMPI_OK)
    return error->status;
  if (found.kind == COMPONENT_NOT_SPURIOUS) return GMMPI_OK;
  const fit_event event = {.start = state->current.start,
                           .iteration = state->current.iteration,
                           .component = found.component,
                           .kind = EVENT_SPURIOUS,
                           .action = found.kind == COMPONENT_FLAT ? ACTION_FLAT : ACTION_FEW,
                           .n_points = found.n_points};
  report_event(state, run->observer, &event, &local);
  agree(all->comm, &local);
  return error_pass(error, &local);
}

/* The loop over all points, with the points of level 1 at hand to refine its models. */
static gmmpi_status climb_to_top(fit_process *run, gmmpi_error *error)
{
  const double began = MPI_Wtime();
  gmmpi_error local = {0};
  if (run->plan.n_levels > 0 && run->coarse_em == NULL && enter_level(run, 1, error) != GMMPI_OK) return error->status;
  if (run->coarse_em != NULL) refinement_create(run->coarse_em, run->em->points->n_samples, &run->inner, &local);
  if (agree(run->em->points->comm, &local) != GMMPI_OK) return error_pass(error, &local);
  const double prepared = MPI_Wtime();
  run->timings->coarse += prepared - began;
  const double coarse_before = run->timings->coarse;
  gmmpi_status status = climb(run, run->em, error);
  if (status == GMMPI_OK && !run->stopped) status = tell_if_spurious(run, error);
  run->timings->loop += MPI_Wtime() - prepared - (run->timings->coarse - coarse_before);
  leave_level(run);
  return status;
}

/* Does this start need all points? The others are looked for on the coarsest level. */
static bool starts_on_all_points(const fit_options *options)
{
  return options->init != INIT_KMEANS && options->init != INIT_KMEANS_PLUS_PLUS;
}

static gmmpi_status run_start(fit_process *run, bool resumed, gmmpi_error *error)
{
  fit_state *state = run->state;
  bool fresh = !resumed;
  if (fresh) {
    reset_position(state, run->plan.n_levels);
    if (run->plan.n_levels == 0 || starts_on_all_points(run->options)) {
      const double began = MPI_Wtime();
      const fit_timings before = *run->timings;
      if (find_start(run, run->em, error) != GMMPI_OK) return error->status;
      /* What initial passes spent counts as initialisation. */
      *run->timings = before;
      run->timings->init += MPI_Wtime() - began;
      fresh = false;
    }
  }
  for (; state->current.level > 0; fresh = false) {
    if (climb_level(run, fresh, error) != GMMPI_OK || run->stopped) return error->status;
  }
  return climb_to_top(run, error);
}

static gmmpi_status run_starts(fit_process *run, bool resumed, gmmpi_error *error)
{
  int64_t *start = &run->state->current.start;
  for (; *start < run->options->n_init; (*start)++, resumed = false) {
    if (run_start(run, resumed, error) != GMMPI_OK || run->stopped) return error->status;
    keep_the_better(run->state);
  }
  return GMMPI_OK;
}

/* A start that was stopped ends at its last measured model, which counts if no start before it ended better. */
static void end_at_last_measured(const fit_process *run)
{
  fit_position *current = &run->state->current;
  gmmpi_model *next = current->model;
  current->iteration--;
  current->model = run->spare;
  keep_the_better(run->state);
  current->model = next;
}

static gmmpi_status take_result(const fit_process *run, fit_result *result, gmmpi_error *error)
{
  fit_state *state = run->state;
  if (run->measured) end_at_last_measured(run);
  if (run->stopped) state->best.converged = false;
  if (state->best.start >= 0) {
    result->end = state->best;
    state->best.model = NULL;
  }
  result->n_passes = (double)state->n_row_visits / (double)run->em->points->n_samples;
  result->events = state->events;
  result->n_events = state->n_events;
  state->events = NULL;
  if (!run->stopped) return GMMPI_OK;
  return fail(error, GMMPI_STOPPED, "stopped on request after %lld iterations", (long long)result->end.iteration);
}

gmmpi_status fit_run(const shard *points, const fit_options *options, const fit_state *resume,
                     const fit_observer *observer, fit_result *result, gmmpi_error *error)
{
  const double began = MPI_Wtime();
  gmmpi_error local = {0};
  memset(result, 0, sizeof *result);
  static const fit_observer nobody = {0};
  fit_process run = {
      .options = options, .observer = observer != NULL ? observer : &nobody, .timings = &result->timings};
  fit_check_options(points, options, &local);
  if (agree(points->comm, &local) == GMMPI_OK) iteration_create(points, options, &result->timings, &run.em, &local);
  if (local.status == GMMPI_OK) {
    run.plan = levels_plan(options, points->n_samples, points->n_features);
    result->instruction_set = run.em->kernel->instruction_set;
    if (fit_state_create(run.em->family, options->n_components, points->n_features, options->accelerate, &run.state,
                         &local) == GMMPI_OK &&
        (resume == NULL || fit_state_copy(run.state, resume, &local) == GMMPI_OK))
      model_allocate(run.em->family, options->n_components, points->n_features, &run.spare, &local);
    agree(points->comm, &local);
  }
  if (local.status == GMMPI_OK && resume == NULL) {
    tell_about_ridge(&run);
    tell_about_few_points(&run);
    tell_about_rounding(&run);
    tell_about_far_values(&run, &local);
  }
  result->timings.init = MPI_Wtime() - began;
  result->timings.e_step = result->timings.waiting = result->timings.allreduce = 0.0;
  if (local.status == GMMPI_OK) run_starts(&run, resume != NULL, &local);
  if (run.state != NULL && (local.status == GMMPI_OK || run.stopped)) take_result(&run, result, &local);

  leave_level(&run);
  iteration_destroy(run.em);
  fit_state_destroy(run.state);
  gmmpi_model_destroy(run.spare);
  return error_pass(error, &local);
}

void fit_result_clear(fit_result *result)
{
  gmmpi_model_destroy(result->end.model);
  free(result->events);
  memset(result, 0, sizeof *result);
}
