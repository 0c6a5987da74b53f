#include "em/ascent.h"

#include "support/error.h"

#include <math.h>

static void tell_state(const ascent *climb)
{
  if (!climb->silent && climb->observer->state_advanced != NULL)
    climb->observer->state_advanced(climb->observer->context, climb->state);
}

/* What passes took so far, those on few points included. */
static fit_timings timings_of_passes(const ascent *climb)
{
  fit_timings sum = *climb->em->timings;
  if (climb->inner != NULL) {
    const fit_timings *inner = refinement_timings(climb->inner);
    sum.e_step += inner->e_step;
    sum.waiting += inner->waiting;
    sum.allreduce += inner->allreduce;
  }
  return sum;
}

/* Says what a pass found; returns the change of the mean log-likelihood, NaN in the first pass. */
static double tell_pass(ascent *climb, double log_likelihood)
{
  const fit_position *current = &climb->state->current;
  const double n = (double)climb->em->points->n_samples;
  const double now = MPI_Wtime();
  const fit_timings timings = timings_of_passes(climb);
  const fit_pass pass = {.start = current->start,
                         .level = current->level,
                         .iteration = current->iteration,
                         .n_samples = climb->em->points->n_samples,
                         .log_likelihood = log_likelihood,
                         .change = log_likelihood / n - current->log_likelihood / n,
                         .seconds = now - climb->clock,
                         .computing = timings.e_step - climb->told.e_step,
                         .waiting = timings.waiting - climb->told.waiting,
                         .allreduce = timings.allreduce - climb->told.allreduce,
                         .n_questions = climb->n_questions};
  climb->clock = now;
  climb->told = timings;
  climb->n_questions = 0;
  if (!climb->silent && climb->observer->pass_finished != NULL)
    climb->observer->pass_finished(climb->observer->context, &pass);
  return pass.change;
}

/* The next model, in *spare, takes the place of the one that was measured. */
static void exchange_models(const ascent *climb)
{
  gmmpi_model *measured = climb->state->current.model;
  climb->state->current.model = *climb->spare;
  *climb->spare = measured;
}

static void take_measure(const ascent *climb, double log_likelihood)
{
  climb->state->current.log_likelihood = log_likelihood;
  climb->state->current.sum_log_max_responsibility = climb->em->sums->sum_log_max_responsibility;
}

/* A proposed model must not be worse than the one before, beyond rounding and a small share of the tolerance. */
static bool must_step_back(const ascent *climb, double log_likelihood)
{
  const double before = climb->state->current.log_likelihood;
  if (climb->state->plain || isnan(before)) return false;
  const double slack = 1e-13 * fabs(before) + 0.01 * climb->tolerance * (double)climb->em->points->n_samples;
  return !(log_likelihood >= before - slack);
}

/* The model of the last output, by a textbook step, in place of the proposed one. */
static gmmpi_status step_back(const ascent *climb, gmmpi_error *error)
{
  fit_state *state = climb->state;
  em_iteration *em = climb->em;
  bool repaired;
  em->proposed->n_samples = (double)em->points->n_samples;
  accelerator_step_back(state->history, em->proposed);
  const gmmpi_status status = maximization_step(em, em->proposed, state->current.model, state->current.iteration,
                                                *climb->spare, state, climb->observer, &repaired, error);
  if (status != GMMPI_OK) return status;
  if (repaired) accelerator_forget(state->history);
  state->plain = true;
  state->repaired = any_collapsed(em->step, *climb->spare);
  exchange_models(climb);
  tell_state(climb);
  return GMMPI_OK;
}

/* Statistics for the next model from iterations on few points. */
static gmmpi_status refine_proposal(const ascent *climb, bool *found, gmmpi_error *error)
{
  em_iteration *em = climb->em;
  *found = false;
  if (climb->inner != NULL) accelerator_judge_refinement(climb->state->history);
  if (climb->inner == NULL || !accelerator_trusts_refinement(climb->state->history)) return GMMPI_OK;
  const double began = MPI_Wtime();
  const gmmpi_status status = refine(climb->inner, climb->state, 0.1 * climb->tolerance, em->proposed, found, error);
  if (!*found) accelerator_distrust_refinement(climb->state->history);
  em->timings->coarse += MPI_Wtime() - began;
  return status;
}

/* *accelerated: *spare is a model of other statistics than those measured. A textbook step comes first, which shows how
 * fast they converge here, and last, which shows how near the end is. */
static gmmpi_status accelerate(const ascent *climb, double change, bool *accelerated, gmmpi_error *error)
{
  em_iteration *em = climb->em;
  accelerator *history = climb->state->history;
  *accelerated = false;
  if (accelerator_pauses(history)) {
    accelerator_take_pause(history);
    return GMMPI_OK;
  }
  const bool is_fast = climb->state->current.iteration == 0 || (climb->state->plain && accelerator_is_fast(history));
  const bool near_end = fabs(change) < climb->tolerance || accelerator_residual(history) < climb->tolerance;
  if (is_fast || (near_end && !em->provisional)) {
    accelerator_take_plain_step(history);
    return GMMPI_OK;
  }
  bool found;
  em->proposed->n_samples = em->measured->n_samples;
  if (refine_proposal(climb, &found, error) != GMMPI_OK) return error->status;
  if (!found) found = accelerator_propose(history, em->proposed);
  if (!found) return GMMPI_OK;
  *accelerated = try_maximization(em, em->proposed, climb->state->current.model, *climb->spare);
  if (!*accelerated) accelerator_reject(history);
  return GMMPI_OK;
}

/* Measures the moments and remembers them. */
static gmmpi_status remember(const ascent *climb, gmmpi_error *error)
{
  fit_state *state = climb->state;
  const gmmpi_status status = measure_moments(climb->em, state->current.model, NULL, NULL, state, error);
  if (status == GMMPI_OK) accelerator_record(state->history, climb->em->measured, state->current.iteration == 0);
  return status;
}

/* The next model in *spare. remembered: the moments of the pass are. */
static gmmpi_status make_next_model(const ascent *climb, double change, bool remembered, gmmpi_error *error)
{
  fit_state *state = climb->state;
  em_iteration *em = climb->em;
  bool accelerated;
  bool repaired;
  if (!remembered && remember(climb, error) != GMMPI_OK) return error->status;
  if (accelerate(climb, change, &accelerated, error) != GMMPI_OK) return error->status;
  state->plain = !accelerated;
  state->repaired = false;
  if (accelerated) return GMMPI_OK;
  const gmmpi_status status = maximization_step(em, em->measured, state->current.model, state->current.iteration + 1,
                                                *climb->spare, state, climb->observer, &repaired, error);
  if (status != GMMPI_OK) return status;
  if (repaired) accelerator_forget(state->history);
  state->repaired = any_collapsed(em->step, *climb->spare);
  return GMMPI_OK;
}

/* The last change was that of a textbook step, and no component was repaired in it. */
static bool is_textbook(const fit_state *state)
{
  return state->plain && !state->repaired;
}

/* The size of the change to expect of the next of three textbook steps. The last one may be small because changes are
 * about to grow, as on a saddle, or to change their sign, as with a ridge, which is not what the log-likelihood wants.
 */
static double expected_change(double before, double last)
{
  const double growth = last / before;
  if (growth > 0.0 && growth <= 1.0) return fabs(2.0 * last - before);
  return fmax(fabs(last) + fabs(last - before), fabs(last) * growth * growth);
}

/* After remember: would the next textbook step be one without repairs, and change as little as the last one? What is
 * expected follows from the last two changes or from the accelerator's residual. */
static bool stands_still(const ascent *climb, double change)
{
  const fit_state *state = climb->state;
  em_iteration *em = climb->em;
  const bool is_slow = isnan(state->last_change) ? accelerator_has_history(state->history) &&
                                                       accelerator_residual(state->history) < climb->tolerance
                                                 : expected_change(state->last_change, change) < climb->tolerance;
  if (!is_slow) return false;
  try_maximization(em, em->measured, state->current.model, *climb->spare);
  return !any_collapsed(em->step, *climb->spare);
}

/* Has the model that was measured converged? On subsamples a small change is enough. On all points it must be that of a
 * textbook step, and the next one is to be as small. A component that was put elsewhere, dropped or kept is no M-step's
 * outcome: whatever the change was, the loop goes on, to an end since repairs are few. A ridge is part of the map that
 * is iterated, and may be in each step. *remembered: the moments had to be remembered for this. */
static gmmpi_status find_whether_converged(const ascent *climb, double change, bool *remembered, gmmpi_error *error)
{
  const fit_state *state = climb->state;
  const bool provisional = climb->em->provisional;
  bool *converged = &climb->state->current.converged;
  *converged = fabs(change) < climb->tolerance && !state->repaired && (state->plain || provisional);
  *remembered = *converged && !provisional;
  if (!*remembered) return GMMPI_OK;
  if (remember(climb, error) != GMMPI_OK) return error->status;
  *converged = stands_still(climb, change);
  return GMMPI_OK;
}

static int64_t count_reseeds(const ascent *climb)
{
  int64_t sum = 0;
  for (int64_t k = 0; k < climb->state->current.model->n_components; k++) sum += climb->state->n_reseeds[k];
  return sum;
}

/* After a step in *spare: was all that it could do to keep the last component as it was? So will be all later ones. */
static bool is_stuck(const ascent *climb, int64_t n_reseeds_before)
{
  return climb->state->repaired && count_reseeds(climb) == n_reseeds_before &&
         model_hash(*climb->spare) == model_hash(climb->state->current.model);
}

/* 1 when somebody wants to know from this rank how it goes. */
static int64_t is_asked(const ascent *climb)
{
  const fit_observer *observer = climb->observer;
  return !climb->silent && observer->is_asked != NULL && observer->is_asked(observer->context);
}

gmmpi_status ascend(ascent *climb, gmmpi_error *error)
{
  em_iteration *em = climb->em;
  climb->told = timings_of_passes(climb);
  fit_position *current = &climb->state->current;
  for (;;) {
    reduction_control control = {.stop = fit_stop_question(climb->observer), .n_questions = is_asked(climb)};
    if (expectation_step(em, current->model, NULL, NULL, &control, error) != GMMPI_OK) return error->status;
    climb->n_questions += control.n_questions;
    const double log_likelihood = em->sums->log_likelihood;
    climb->state->n_row_visits += em->points->n_samples;
    em->timings->n_loop_passes++;
    if (must_step_back(climb, log_likelihood)) {
      if (step_back(climb, error) != GMMPI_OK) return error->status;
      continue;
    }
    if (!isfinite(log_likelihood))
      return fail(error, GMMPI_INTERNAL,
                  "the log-likelihood of iteration %lld is not a number; report it with the data",
                  (long long)current->iteration);

    if (!climb->state->plain && current->iteration > 0) accelerator_note_success(climb->state->history);
    const double change = tell_pass(climb, log_likelihood);
    bool remembered;
    if (find_whether_converged(climb, change, &remembered, error) != GMMPI_OK) return error->status;
    if (current->converged || current->iteration >= climb->max_iterations) {
      take_measure(climb, log_likelihood);
      return em->provisional ? remember(climb, error) : GMMPI_OK;
    }
    climb->state->last_change = is_textbook(climb->state) ? change : NAN;
    const int64_t n_reseeds = count_reseeds(climb);
    if (make_next_model(climb, change, remembered, error) != GMMPI_OK) return error->status;
    if (is_stuck(climb, n_reseeds)) {
      take_measure(climb, log_likelihood);
      return GMMPI_OK;
    }
    exchange_models(climb);
    current->iteration++;
    take_measure(climb, log_likelihood);
    tell_state(climb);
    climb->stopped = climb->measured = control.n_stop_requests > 0;
    if (climb->stopped) return GMMPI_OK;
  }
}
