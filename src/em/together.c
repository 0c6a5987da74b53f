/* SPDX-License-Identifier: BSD-3-Clause */
#include "em/together.h"

#include "support/error.h"
#include "support/memory.h"

#include <stdlib.h>

/* While the group is on its way. */
typedef struct together {
  const ascents *group;
  em_iteration **wanted; /* n: whose passes are made next */
  ascent **wanting;      /* n: for whom */
  int64_t n_wanted;
  bool stop_is_wanted;
  double clock;     /* when the last round that was told ended */
  fit_timings told; /* what passes took until then */
  pass_round round;
} together;

/* Where passes over the subsample leave their times; NULL: there are none. */
static const fit_timings *timings_of_subsample(const ascents *group)
{
  const refinement *inner = group->all[0].inner;
  return inner == NULL ? NULL : refinement_iteration(inner)->timings;
}

/* What passes took so far, those on few points included. */
static fit_timings timings_of_passes(const ascents *group)
{
  fit_timings sum = *group->all[0].em->timings;
  const fit_timings *inner = timings_of_subsample(group);
  if (inner != NULL) {
    sum.e_step += inner->e_step;
    sum.waiting += inner->waiting;
    sum.allreduce += inner->allreduce;
  }
  return sum;
}

/* 1 when somebody wants to know from this rank how it goes. */
static int64_t is_asked(const ascents *group)
{
  const fit_observer *observer = group->observer;
  return !group->all[0].silent && observer != NULL && observer->is_asked != NULL &&
         observer->is_asked(observer->context);
}

static void list_those_who_want(together *work, ascent_want want)
{
  work->n_wanted = 0;
  for (int64_t i = 0; i < work->group->n; i++) {
    ascent *one = &work->group->all[i];
    if (ascent_next(one) != want) continue;
    work->wanting[work->n_wanted] = one;
    work->wanted[work->n_wanted++] = want == WANTS_SUBSAMPLE ? refinement_iteration(one->inner) : one->em;
  }
}

static gmmpi_status take_all(together *work, gmmpi_error *error)
{
  for (int64_t i = 0; i < work->n_wanted; i++) {
    if (ascent_take(work->wanting[i], &work->round, error) != GMMPI_OK) return error->status;
  }
  return GMMPI_OK;
}

/* Passes over the subsample until nobody wants another one. */
static gmmpi_status pass_over_subsample(together *work, gmmpi_error *error)
{
  const double began = MPI_Wtime();
  for (list_those_who_want(work, WANTS_SUBSAMPLE); work->n_wanted > 0; list_those_who_want(work, WANTS_SUBSAMPLE)) {
    pass_control control = {.n_questions = 0};
    if (make_passes(work->wanted, work->n_wanted, &control, error) != GMMPI_OK || take_all(work, error) != GMMPI_OK)
      return error->status;
  }
  work->group->all[0].em->timings->coarse += MPI_Wtime() - began;
  return GMMPI_OK;
}

static void count_pass(const together *work)
{
  bool measures = false;
  for (int64_t i = 0; i < work->n_wanted; i++) measures = measures || work->wanting[i]->phase == MEASURES;
  if (measures) work->group->all[0].em->timings->n_loop_passes++;
}

static gmmpi_status pass_over_all_points(together *work, gmmpi_error *error)
{
  pass_control control = {.stop = fit_stop_question(work->group->observer), .n_questions = is_asked(work->group)};
  pass_round *round = &work->round;
  if (make_passes(work->wanted, work->n_wanted, &control, error) != GMMPI_OK) return error->status;
  count_pass(work);
  work->stop_is_wanted = work->stop_is_wanted || control.n_stop_requests > 0;
  const double now = iteration_clock(work->group->all[0].em);
  const fit_timings timings = timings_of_passes(work->group);
  round->seconds = now - work->clock;
  round->computing = timings.e_step - work->told.e_step;
  round->waiting = timings.waiting - work->told.waiting;
  round->allreduce = timings.allreduce - work->told.allreduce;
  round->n_questions += control.n_questions;
  round->is_told = false;
  if (take_all(work, error) != GMMPI_OK) return error->status;
  if (round->is_told) {
    work->clock = now;
    work->told = timings;
    round->n_questions = 0;
  }
  return GMMPI_OK;
}

static bool all_are_at_rest(const ascents *group)
{
  for (int64_t i = 0; i < group->n; i++) {
    if (!ascent_is_at_rest(&group->all[i])) return false;
  }
  return true;
}

/* Nobody has just stepped back: what was measured is at hand. */
static bool all_have_measured(const ascents *group)
{
  for (int64_t i = 0; i < group->n; i++) {
    if (ascent_next(&group->all[i]) != HAS_ENDED && !group->all[i].other_is_measured) return false;
  }
  return true;
}

/* After a round: tells the observer how far all have come. */
static void tell_state(const ascents *group)
{
  const fit_observer *observer = group->observer;
  if (group->state != NULL && observer->state_advanced != NULL)
    observer->state_advanced(observer->context, group->state);
}

/* Rounds: a pass over all points, then those over the subsample that it leads to. */
static gmmpi_status go_on(together *work, bool *stopped, gmmpi_error *error)
{
  const ascents *group = work->group;
  fit_timings *timings = group->all[0].em->timings;
  for (list_those_who_want(work, WANTS_ALL_POINTS); work->n_wanted > 0; list_those_who_want(work, WANTS_ALL_POINTS)) {
    const double began = iteration_clock(group->all[0].em);
    pass_over_all_points(work, error);
    timings->loop += iteration_clock(group->all[0].em) - began;
    if (error->status != GMMPI_OK || pass_over_subsample(work, error) != GMMPI_OK) return error->status;
    list_those_who_want(work, WANTS_ALL_POINTS);
    if (work->n_wanted == 0 || !all_are_at_rest(group)) continue;
    const double rested = iteration_clock(group->all[0].em);
    tell_state(group);
    timings->loop += iteration_clock(group->all[0].em) - rested;
    *stopped = work->stop_is_wanted && all_have_measured(group);
    if (*stopped) return GMMPI_OK;
  }
  return GMMPI_OK;
}

/* Are there so few points that looking at the clock takes longer than much of a pass? Nobody is told of silent ones. */
static bool is_quick(const ascents *group)
{
  enum { FEW_NUMBERS = 1 << 13 };
  const shard *points = group->all[0].em->points;
  return group->all[0].silent && group->all[0].em->is_alone &&
         points->n_samples * points->n_features * group->all[0].em->options->n_components <= FEW_NUMBERS;
}

static void set_untimed(const ascents *group, bool untimed)
{
  for (int64_t i = 0; i < group->n; i++) group->all[i].em->is_untimed = untimed;
}

/* Of steps that were not timed one by one, M-steps included. */
static void take_time_of_all(const ascents *group, double seconds)
{
  group->all[0].em->timings->e_step += seconds;
  group->all[0].em->timings->loop += seconds;
}

gmmpi_status ascend_together(const ascents *group, bool *stopped, gmmpi_error *error)
{
  const shard *points = group->all[0].em->points;
  gmmpi_error local = {0};
  const double began = MPI_Wtime();
  together work = {.group = group, .clock = began, .told = timings_of_passes(group)};
  *stopped = false;
  em_iteration *only_wanted = NULL;
  ascent *only_wanting = NULL;
  const bool is_alone = group->n == 1;
  work.wanted = is_alone ? &only_wanted : calloc((size_t)group->n, sizeof(em_iteration *));
  work.wanting = is_alone ? &only_wanting : calloc((size_t)group->n, sizeof(ascent *));
  if (work.wanted == NULL || work.wanting == NULL)
    fail(&local, GMMPI_NO_MEMORY, "there is no memory for %lld starts", (long long)group->n);
  if (agree(points->comm, &local) == GMMPI_OK) {
    set_untimed(group, is_quick(group));
    for (int64_t i = 0; i < group->n; i++) ascent_begin(&group->all[i]);
    go_on(&work, stopped, &local);
    if (group->all[0].em->is_untimed) take_time_of_all(group, MPI_Wtime() - began);
    set_untimed(group, false);
  }
  if (!is_alone) {
    free(work.wanted);
    free(work.wanting);
  }
  return error_pass(error, &local);
}
