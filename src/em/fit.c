#include "em/fit.h"

#include "em/initialize.h"
#include "support/error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A ridge above this share of a feature's variance changes the model visibly. */
static const double largest_share_of_ridge = 1e-3;

/* A fit while it runs. */
typedef struct fit_process {
  em_iteration *em;
  const gmmpi_fit_options *options;
  const fit_observer *observer;
  fit_state *state;
  gmmpi_model *spare; /* the model of the last pass after an M-step, the next model during one */
  fit_timings *timings;
  double pass_began;
  bool stopped;  /* somebody wants to stop */
  bool measured; /* then: the last pass measured spare, which a next model follows already */
} fit_process;

static void tell_state(const fit_process *run)
{
  if (run->observer != NULL && run->observer->state_advanced != NULL)
    run->observer->state_advanced(run->observer->context, run->state);
}

/* Says what a pass found; returns the change of the mean log-likelihood, NaN in a start's first pass. */
static double tell_pass(fit_process *run, double log_likelihood)
{
  const fit_position *current = &run->state->current;
  const double n = (double)run->em->points->n_samples;
  const double now = MPI_Wtime();
  const fit_pass pass = {.start = current->start,
                         .iteration = current->iteration,
                         .n_samples = run->em->points->n_samples,
                         .log_likelihood = log_likelihood,
                         .change = log_likelihood / n - current->log_likelihood / n,
                         .seconds = now - run->pass_began};
  run->pass_began = now;
  if (run->observer != NULL && run->observer->pass_finished != NULL)
    run->observer->pass_finished(run->observer->context, &pass);
  return pass.change;
}

/* The next model takes the place of the one that was measured, which is kept in spare. */
static void advance(fit_process *run, double log_likelihood)
{
  fit_position *current = &run->state->current;
  gmmpi_model *measured = current->model;
  current->model = run->spare;
  run->spare = measured;
  current->iteration++;
  current->log_likelihood = log_likelihood;
  current->sum_log_max_responsibility = run->em->sums->sum_log_max_responsibility;
  tell_state(run);
}

/* One start, from the state's current model until it has converged, used up its iterations, or somebody wants to stop.
 */
static gmmpi_status iterate(fit_process *run, gmmpi_error *error)
{
  fit_position *current = &run->state->current;
  for (;;) {
    reduction_control control = {.n_stop_requests = stop_is_wanted(fit_stop_question(run->observer))};
    if (expectation_step(run->em, current->model, NULL, NULL, &control, error) != GMMPI_OK) return error->status;
    const double log_likelihood = run->em->sums->log_likelihood;
    if (!isfinite(log_likelihood))
      return fail(error, GMMPI_INTERNAL,
                  "the log-likelihood of iteration %lld is not a number; report it with the data",
                  (long long)current->iteration);
    run->state->n_passes++;
    run->timings->n_loop_passes++;

    const double change = tell_pass(run, log_likelihood);
    current->converged = fabs(change) < run->options->tolerance;
    if (current->converged || current->iteration >= run->options->max_iterations) {
      current->log_likelihood = log_likelihood;
      current->sum_log_max_responsibility = run->em->sums->sum_log_max_responsibility;
      return GMMPI_OK;
    }
    if (maximization_step(run->em, current->model, NULL, NULL, current->iteration + 1, run->spare, run->state,
                          run->observer, error) != GMMPI_OK)
      return error->status;
    advance(run, log_likelihood);
    run->stopped = run->measured = control.n_stop_requests > 0;
    if (run->stopped) return GMMPI_OK;
  }
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
  if (run->observer == NULL || run->observer->event_happened == NULL) return;
  for (int64_t j = 0; j < run->em->points->n_features; j++) {
    const double variance = run->em->spread->variances[j];
    const fit_event event = {.component = j, .kind = EVENT_LARGE_RIDGE, .action = ACTION_RIDGE};
    if (variance > 0.0 && run->options->reg_covar > largest_share_of_ridge * variance)
      run->observer->event_happened(run->observer->context, &event);
  }
}

/* The same for the rounding of features in single precision: half a unit of the 24th bit of the largest number, but not
 * less than the smallest float allows. */
static void tell_about_rounding(const fit_process *run)
{
  const shard *points = run->em->points;
  if (points->float_tiles == NULL || run->observer == NULL || run->observer->event_happened == NULL) return;
  for (int64_t j = 0; j < points->n_features; j++) {
    const double largest = fmax(fabs(points->minima[j]), fabs(points->maxima[j]));
    const fit_event event = {.component = j, .kind = EVENT_COARSE_ROUNDING, .action = ACTION_KEPT};
    if (fmax(largest * 0x1p-24, 0x1p-150) > 1e-3 * sqrt(run->em->spread->variances[j]) && largest > 0.0)
      run->observer->event_happened(run->observer->context, &event);
  }
}

static gmmpi_status begin_start(fit_process *run, int64_t start, gmmpi_error *error)
{
  const double began = MPI_Wtime();
  fit_position *current = &run->state->current;
  current->start = start;
  current->iteration = 0;
  current->log_likelihood = NAN;
  current->sum_log_max_responsibility = 0.0;
  current->converged = false;
  memset(run->state->n_reseeds, 0, (size_t)run->options->n_components * sizeof *run->state->n_reseeds);
  const fit_timings before = *run->timings;
  const gmmpi_status status = initialize(run->em, start, current->model, run->spare, run->state, run->observer, error);
  run->stopped = status == GMMPI_STOPPED;
  if (status != GMMPI_OK) return status;
  /* What initial passes spent counts as initialisation. */
  *run->timings = before;
  run->timings->init += MPI_Wtime() - began;
  tell_state(run);
  return GMMPI_OK;
}

static gmmpi_status run_starts(fit_process *run, bool resumed, gmmpi_error *error)
{
  for (int64_t start = run->state->current.start; start < run->options->n_init; start++) {
    if (!resumed && begin_start(run, start, error) != GMMPI_OK) return error->status;
    resumed = false;
    const double began = MPI_Wtime();
    run->pass_began = began;
    const gmmpi_status status = iterate(run, error);
    run->timings->loop += MPI_Wtime() - began;
    if (status != GMMPI_OK || run->stopped) return status;
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
  result->n_passes = state->n_passes;
  result->events = state->events;
  result->n_events = state->n_events;
  state->events = NULL;
  if (!run->stopped) return GMMPI_OK;
  return fail(error, GMMPI_STOPPED, "stopped on request after %lld iterations", (long long)result->end.iteration);
}

gmmpi_status fit_run(const shard *points, const gmmpi_fit_options *options, const fit_state *resume,
                     const fit_observer *observer, fit_result *result, gmmpi_error *error)
{
  const double began = MPI_Wtime();
  gmmpi_error local = {0};
  memset(result, 0, sizeof *result);
  fit_process run = {.options = options, .observer = observer, .timings = &result->timings};
  fit_check_options(points, options, &local);
  if (agree(points->comm, &local) == GMMPI_OK) iteration_create(points, options, &result->timings, &run.em, &local);
  if (local.status == GMMPI_OK) {
    result->instruction_set = run.em->kernel->instruction_set;
    if (fit_state_create(run.em->family, options->n_components, points->n_features, &run.state, &local) == GMMPI_OK &&
        (resume == NULL || fit_state_copy(run.state, resume, &local) == GMMPI_OK))
      model_allocate(run.em->family, options->n_components, points->n_features, &run.spare, &local);
    agree(points->comm, &local);
  }
  if (local.status == GMMPI_OK && resume == NULL) {
    tell_about_ridge(&run);
    tell_about_rounding(&run);
  }
  result->timings.init = MPI_Wtime() - began;
  result->timings.e_step = result->timings.allreduce = 0.0;
  if (local.status == GMMPI_OK) run_starts(&run, resume != NULL, &local);
  if (run.state != NULL && (local.status == GMMPI_OK || run.stopped)) take_result(&run, result, &local);

  iteration_destroy(run.em);
  fit_state_destroy(run.state);
  gmmpi_model_destroy(run.spare);
  return local.status == GMMPI_OK ? GMMPI_OK : fail(error, local.status, "%s", local.message);
}

void fit_result_clear(fit_result *result)
{
  gmmpi_model_destroy(result->end.model);
  free(result->events);
  memset(result, 0, sizeof *result);
}
