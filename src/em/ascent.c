/* SPDX-License-Identifier: BSD-3-Clause */
#include "em/ascent.h"

#include "support/error.h"

#include <math.h>

static bool is_in_single(const ascent *one)
{
  return one->in_single == SINGLE_SUITS;
}

/* Were the last two models measured in the same arithmetic? */
static bool is_comparable(const ascent *one)
{
  return one->climb->measured_in_single == is_in_single(one);
}

/* Says what a pass found, and notes the change of the mean objective, NaN in the first pass. */
static void tell_pass(ascent *one, pass_round *round)
{
  const fit_position *current = &one->climb->current;
  const double n = iteration_total_weight(one->em);
  one->change = is_comparable(one) ? one->last.objective / n - current->measured.objective / n : NAN;
  const fit_pass pass = {.start = current->start,
                         .level = current->level,
                         .iteration = current->iteration,
                         .n_samples = one->em->points->n_samples,
                         .total_weight = iteration_total_weight(one->em),
                         .log_likelihood = one->last.log_likelihood,
                         .objective = one->last.objective,
                         .objective_name = one->em->estimator->objective_name,
                         .change = one->change,
                         .seconds = round->seconds,
                         .computing = round->is_told ? 0.0 : round->computing,
                         .waiting = round->is_told ? 0.0 : round->waiting,
                         .allreduce = round->is_told ? 0.0 : round->allreduce,
                         .n_questions = round->is_told ? 0 : round->n_questions};
  round->is_told = true;
  if (!one->silent && one->observer->pass_finished != NULL) one->observer->pass_finished(one->observer->context, &pass);
}

/* The next model takes the place of the one that was measured. */
static void exchange_models(climber *climb)
{
  gmmpi_model *measured = climb->current.model;
  climb->current.model = climb->other;
  climb->other = measured;
}

/* Where a start is looked for all is in double, lest another one is found. So is the last pass of a fit on all points,
 * and a single step. */
static bool wants_single(const ascent *one)
{
  const climber *climb = one->climb;
  const bool is_early = one->max_iterations > 1 && climb->current.iteration < one->max_iterations;
  return !one->silent && !climb->precise && (one->is_preliminary || is_early);
}

static void measure_current(ascent *one)
{
  expectation_begin(one->em, one->climb->current.model, NULL, NULL);
  one->in_single = wants_single(one) ? expectation_in_single(one->em, one->climb->current.model) : SINGLE_NOT_ASKED;
  one->phase = MEASURES;
}

/* Says, once a fit, that passes are in double. */
static gmmpi_status tell_of_double(const ascent *one, fit_event_action why, double value, gmmpi_error *error)
{
  const climber *climb = one->climb;
  const fit_event event = {.start = climb->current.start,
                           .iteration = climb->current.iteration,
                           .component = -1,
                           .kind = EVENT_IN_DOUBLE,
                           .action = (int32_t)why,
                           .value = value};
  gmmpi_error local = {0};
  if (climb->events == NULL || one->observer == NULL) return GMMPI_OK;
  for (int64_t i = 0; i < climb->events->n; i++) {
    if (climb->events->items[i].kind == event.kind && climb->events->items[i].action == event.action) return GMMPI_OK;
  }
  report_event(one->climb, one->observer, &event, &local);
  agree(one->em->points->comm, &local);
  return error_pass(error, &local);
}

/* After a pass in double that single precision was wanted for: so are all that follow. */
static gmmpi_status note_arithmetic(ascent *one, gmmpi_error *error)
{
  if (is_in_single(one) || one->in_single == SINGLE_NOT_ASKED) return GMMPI_OK;
  one->climb->precise = true;
  return tell_of_double(one, (fit_event_action)(ACTION_TAILS + (one->in_single - SINGLE_HAS_TAILS)),
                        one->in_single >= SINGLE_FAR_POINTS ? one->em->not_single : 0.0, error);
}

/* What changes less is as good as nothing. */
static double least_change(const ascent *one)
{
  return is_in_single(one) ? fmax(one->tolerance, one->em->noise) : one->tolerance;
}

/* Is it time to go over to double? */
static bool becomes_precise(const ascent *one)
{
  const accelerator *history = one->climb->history;
  const single_progress progress = {.tolerance = one->tolerance,
                                    .noise = one->em->noise,
                                    .change = one->change,
                                    .residual = accelerator_residual(history),
                                    .residual_before = accelerator_residual_before(history)};
  return is_in_single(one) && !one->is_preliminary && single_has_done(&progress);
}

/* Is this the first model in double, made by a textbook step that was as small as a last one? */
static bool is_first_in_double(const ascent *one)
{
  const climber *climb = one->climb;
  return climb->measured_in_single && !is_in_single(one) && accelerator_residual(climb->history) < one->tolerance;
}

/* The current model is the last one. */
static gmmpi_status end(ascent *one)
{
  one->climb->current.measured = one->last;
  one->climb->has_ended = true;
  one->phase = ENDED;
  return GMMPI_OK;
}

/* The same where there may be no more iterations. */
static gmmpi_status end_unfinished(ascent *one, gmmpi_error *error)
{
  end(one);
  return one->climb->measured_in_single ? tell_of_double(one, ACTION_LAST_PASS, 0.0, error) : GMMPI_OK;
}

/* Of an ascent that fails alone. */
static gmmpi_status end_in_failure(ascent *one)
{
  one->has_failed = true;
  one->climb->current.measured.objective = NAN; /* for whoever goes on from the climber's state */
  return end(one);
}

/* Has the M-step left a model without any repair but a ridge, which is part of it? */
static bool is_whole(const maximization *step, int64_t n_components)
{
  for (int64_t k = 0; k < n_components; k++) {
    if (step->states[k] == COMPONENT_EMPTY || step->states[k] == COMPONENT_INDEFINITE) return false;
  }
  return !step->lost_background;
}

/* The M-step; an ascent that fails alone does so when a component collapses, and then the phase is ENDED. */
static gmmpi_status make_step(ascent *one, const moments *from, int64_t iteration, bool *repaired, gmmpi_error *error)
{
  climber *climb = one->climb;
  *repaired = false;
  if (!one->fails_alone)
    return maximization_step(one->em, from, climb->current.model, iteration, climb->other, climb, one->observer,
                             repaired, error);
  try_maximization(one->em, from, climb->current.model, climb->other);
  return is_whole(one->em->step, climb->other->n_components) ? GMMPI_OK : end_in_failure(one);
}

/* --- steps back --- */

/* A proposed model must not be worse than the one before, beyond rounding and a small share of the tolerance. */
static bool must_step_back(const ascent *one)
{
  const double before = one->climb->current.measured.objective;
  if (one->climb->plain || isnan(before) || !is_comparable(one)) return false;
  const double noise = is_in_single(one) ? one->em->noise : 0.0;
  const double slack = 1e-13 * fabs(before) + (0.01 * one->tolerance + noise) * iteration_total_weight(one->em);
  return !(one->last.objective >= before - slack);
}

/* The model of the last output, by a textbook step, in place of the proposed one. */
static gmmpi_status step_back(ascent *one, gmmpi_error *error)
{
  climber *climb = one->climb;
  em_iteration *em = one->em;
  bool repaired;
  em->proposed->n_samples = iteration_total_weight(em);
  accelerator_step_back(climb->history, em->proposed);
  if (make_step(one, em->proposed, climb->current.iteration, &repaired, error) != GMMPI_OK) return error->status;
  if (one->phase == ENDED) return GMMPI_OK;
  if (repaired) accelerator_forget(climb->history);
  climb->plain = true;
  climb->repaired = any_collapsed(em->step, climb->other);
  exchange_models(climb);
  one->other_is_measured = false;
  measure_current(one);
  return GMMPI_OK;
}

/* --- has it converged? --- */

/* The last change was that of a textbook step, and no component was repaired in it. */
static bool is_textbook(const climber *climb)
{
  return climb->plain && !climb->repaired;
}

/* The size of the change to expect of the next of three textbook steps. The last one may be small because changes are
 * about to grow, as on a saddle, or to change their sign, as with a ridge, which is not what the objective wants. */
static double expected_change(double before, double last)
{
  const double growth = last / before;
  if (growth > 0.0 && growth <= 1.0) return fabs(2.0 * last - before);
  return fmax(fabs(last) + fabs(last - before), fabs(last) * growth * growth);
}

/* Did the change come down so far in one step that, near the end, it will not matter any more? */
static bool falls_fast(double before, double last)
{
  return last >= 0.0 && last <= 0.25 * before;
}

/* Is the change to expect of the next textbook step small? It follows from the last two changes or from the
 * accelerator's residual. Where the last model was measured in single precision there is no last change: then two
 * residuals in a row must be small, and not grow. */
static bool is_slow(const ascent *one)
{
  const climber *climb = one->climb;
  const double residual = accelerator_residual(climb->history);
  const double before = accelerator_residual_before(climb->history);
  if (isnan(one->change)) return residual < 0.1 * one->tolerance && residual <= before && before < one->tolerance;
  const bool is_near = accelerator_has_history(climb->history) && residual < one->tolerance;
  if (isnan(climb->last_change)) return is_near;
  return (falls_fast(climb->last_change, one->change) && is_near) ||
         expected_change(climb->last_change, one->change) < one->tolerance;
}

/* With the moments remembered: would the next textbook step be one without repairs, and change as little as the last
 * one? */
static bool stands_still(const ascent *one)
{
  const climber *climb = one->climb;
  em_iteration *em = one->em;
  if (!is_slow(one)) return false;
  try_maximization(em, em->measured, climb->current.model, climb->other);
  return !any_collapsed(em->step, climb->other);
}

/* --- the next model --- */

static int64_t count_reseeds(const climber *climb)
{
  int64_t sum = 0;
  for (int64_t k = 0; k < climb->current.model->n_components; k++) sum += climb->n_reseeds[k];
  return sum;
}

/* After a step: was all that it could do to keep the last component as it was? So will be all later ones. */
static bool is_stuck(const climber *climb, int64_t n_reseeds_before)
{
  return climb->repaired && count_reseeds(climb) == n_reseeds_before &&
         model_hash(climb->other) == model_hash(climb->current.model);
}

/* The next model from the moments in em->proposed, or, unless that one is accelerated and sound, a textbook step from
 * the measured ones. */
static gmmpi_status finish_step(ascent *one, bool proposes, gmmpi_error *error)
{
  climber *climb = one->climb;
  em_iteration *em = one->em;
  const int64_t n_reseeds = count_reseeds(climb);
  bool accelerated = false;
  if (proposes) {
    accelerated = try_maximization(em, em->proposed, climb->current.model, climb->other);
    if (!accelerated) accelerator_reject(climb->history);
  }
  climb->plain = !accelerated;
  climb->repaired = false;
  if (!accelerated) {
    bool repaired;
    if (make_step(one, em->measured, climb->current.iteration + 1, &repaired, error) != GMMPI_OK) return error->status;
    if (one->phase == ENDED) return GMMPI_OK;
    if (repaired) accelerator_forget(climb->history);
    climb->repaired = any_collapsed(em->step, climb->other);
    if (em->estimator->note_step != NULL && !repaired)
      em->estimator->note_step(em->before, climb->current.model, em->measured, one->last.log_likelihood, climb->other);
  }
  if (is_stuck(climb, n_reseeds)) {
    if (one->is_preliminary || !is_in_single(one)) return end(one);
    climb->precise = true;
    one->other_is_measured = false;
    measure_current(one);
    return GMMPI_OK;
  }
  exchange_models(climb);
  climb->current.iteration++;
  climb->current.measured = one->last;
  climb->measured_in_single = is_in_single(one);
  one->other_is_measured = true;
  measure_current(one);
  return GMMPI_OK;
}

static gmmpi_status propose(ascent *one, gmmpi_error *error)
{
  return finish_step(one, accelerator_propose(one->climb->history, one->em->proposed), error);
}

/* A textbook step comes first, which shows how fast they converge here, and last, which shows how near the end is. From
 * a subsample that is known: then a refinement comes first. */
static bool wants_textbook_step(const ascent *one)
{
  const climber *climb = one->climb;
  const bool is_known = one->inner != NULL && accelerator_has_history(climb->history);
  const bool is_fast =
      (climb->current.iteration == 0 && !is_known) || (climb->plain && accelerator_is_fast(climb->history));
  const bool near_end = fabs(one->change) < one->tolerance || accelerator_residual(climb->history) < one->tolerance;
  return is_fast || (near_end && !one->is_preliminary);
}

static gmmpi_status begin_step(ascent *one, gmmpi_error *error)
{
  climber *climb = one->climb;
  climb->last_change = is_textbook(climb) ? one->change : NAN;
  if (becomes_precise(one)) {
    climb->precise = true;
    accelerator_take_plain_step(climb->history);
    return finish_step(one, false, error);
  }
  if (accelerator_pauses(climb->history)) {
    accelerator_take_pause(climb->history);
    return finish_step(one, false, error);
  }
  if (wants_textbook_step(one)) {
    accelerator_take_plain_step(climb->history);
    return finish_step(one, false, error);
  }
  one->em->proposed->n_samples = one->em->measured->n_samples;
  if (one->inner == NULL) return propose(one, error);
  accelerator_judge_refinement(climb->history);
  if (!accelerator_trusts_refinement(climb->history)) return propose(one, error);
  refinement_begin(one->inner, climb, 0.1 * one->tolerance);
  one->phase = REFINES;
  return GMMPI_OK;
}

static gmmpi_status take_refinement(ascent *one, gmmpi_error *error)
{
  switch (refinement_take(one->inner, one->climb, one->em->proposed)) {
  case REFINEMENT_GOES_ON:
    return GMMPI_OK;
  case REFINEMENT_FOUND:
    return finish_step(one, true, error);
  case REFINEMENT_FAILED:
    break;
  }
  accelerator_distrust_refinement(one->climb->history);
  return propose(one, error);
}

/* --- what a pass found --- */

/* Has the model that was measured converged? On subsamples a small change is enough. On all points it must be that of a
 * textbook step, and the next one is to be as small. A component that was put elsewhere, dropped or kept is no M-step's
 * outcome: whatever the change was, the loop goes on, to an end since repairs are few. A ridge is part of the map that
 * is iterated, and may be in each step. */
static gmmpi_status take_moments(ascent *one, gmmpi_error *error)
{
  climber *climb = one->climb;
  if (!moments_are_measured(one->em, climb->current.model)) {
    one->phase = REPEATS;
    return GMMPI_OK;
  }
  accelerator_record(climb->history, one->em->measured, climb->current.iteration == 0);
  if (one->may_have_converged) climb->current.converged = one->is_preliminary || stands_still(one);
  if (climb->current.converged) return end(one);
  if (climb->current.iteration >= one->max_iterations)
    return one->is_preliminary ? end(one) : end_unfinished(one, error);
  return begin_step(one, error);
}

static gmmpi_status take_measurement(ascent *one, pass_round *round, gmmpi_error *error)
{
  climber *climb = one->climb;
  const statistics *sums = one->em->sums;
  const double log_likelihood = sums->log_likelihood;
  one->last = (measurement){.iteration = climb->current.iteration,
                            .objective = iteration_objective(one->em, climb->current.model),
                            .log_likelihood = log_likelihood,
                            .sum_log_max_responsibility = sums->sum_log_max_responsibility};
  if (note_arithmetic(one, error) != GMMPI_OK) return error->status;
  if (must_step_back(one)) return step_back(one, error);
  if (!isfinite(one->last.objective) && one->fails_alone) return end_in_failure(one);
  if (!isfinite(one->last.objective))
    return fail(error, GMMPI_INTERNAL, "the log-likelihood of iteration %lld is not a number; report it with the data",
                (long long)climb->current.iteration);

  if (!climb->plain && climb->current.iteration > 0) accelerator_note_success(climb->history);
  tell_pass(one, round);
  one->may_have_converged = (fabs(one->change) < least_change(one) || is_first_in_double(one)) && !climb->repaired &&
                            (one->is_preliminary || (climb->plain && !is_in_single(one)));
  climb->current.converged = false;
  const bool is_last = !one->may_have_converged && climb->current.iteration >= one->max_iterations;
  /* What a subsample's last pass found is remembered for the finer level. */
  if (is_last && !one->is_preliminary) return end_unfinished(one, error);
  return take_moments(one, error);
}

/* --- the face --- */

void ascent_begin(ascent *one)
{
  one->other_is_measured = false;
  one->has_failed = false;
  if (one->climb->has_ended)
    one->phase = ENDED;
  else
    measure_current(one);
}

ascent_want ascent_next(const ascent *one)
{
  return one->phase == ENDED ? HAS_ENDED : one->phase == REFINES ? WANTS_SUBSAMPLE : WANTS_ALL_POINTS;
}

bool ascent_is_at_rest(const ascent *one)
{
  return one->phase == MEASURES || one->phase == ENDED;
}

gmmpi_status ascent_take(ascent *one, pass_round *round, gmmpi_error *error)
{
  if (one->phase == REFINES) return take_refinement(one, error);
  one->climb->n_row_visits += one->em->points->n_samples;
  return one->phase == MEASURES ? take_measurement(one, round, error) : take_moments(one, error);
}
