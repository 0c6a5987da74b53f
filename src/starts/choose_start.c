/* SPDX-License-Identifier: BSD-3-Clause */
#include "starts/choose_start.h"

#include "em/together.h"
#include "starts/search.h"
#include "starts/second_look.h"
#include "support/activity.h"
#include "support/error.h"
#include "support/memory.h"

#include <math.h>
#include <stdlib.h>

/* On a subsample models differ by chance by so much in their mean log-likelihoods. */
static const double differ_by_chance = 0.02;

static gmmpi_status tell_of_passed_over(const passed_over_model *passed, double total_weight, const shard *points,
                                        climber *climb, const fit_observer *observer, gmmpi_error *error)
{
  const fit_event event = {.start = climb->current.start,
                           .component = -1,
                           .kind = EVENT_PASSED_OVER,
                           .action = passed->kind == COMPONENT_FLAT ? ACTION_FLAT : ACTION_FEW,
                           .n_points = passed->n_points,
                           .value = passed->objective / total_weight};
  gmmpi_error local = {0};
  report_event(climb, observer, &event, &local);
  agree(points->comm, &local);
  return error_pass(error, &local);
}

/* What the searches found, and what all points say about it. */
typedef struct choice {
  em_iteration *const *all;
  em_iteration *em;
  climber *climbers;
  search_findings *found;
  int64_t n;
  const fit_observer *observer;
} choice;

/* Is the i-th of the models that were found for this start nearly as good as the first one? */
static bool is_close(const search_findings *found, int64_t i, double total_weight)
{
  return i < found->n && found->objectives[i] > found->objectives[0] - differ_by_chance * total_weight;
}

static bool any_is_close(const search_findings *found, double total_weight)
{
  bool any = false;
  for (int64_t i = 1; i < found->n; i++) any = any || is_close(found, i, total_weight);
  return any;
}

/* One pass over all points for those starts whose i-th model is to be compared with others. *objectives: n, those of
 * the best so far, NaN before the first; chosen: n, which these are. */
static gmmpi_status measure_one_of_each(const choice *work, int64_t i, double *objectives, int64_t *chosen,
                                        gmmpi_error *error)
{
  const double total_weight = work->em->points->total_weight;
  pass_control control = {.stop = fit_stop_question(work->observer)};
  em_iteration *wanted[MOST_TOGETHER];
  int64_t owners[MOST_TOGETHER];
  int64_t n_wanted = 0;
  for (int64_t s = 0; s < work->n; s++) {
    const search_findings *found = &work->found[s];
    if (i == 0 ? !any_is_close(found, total_weight) : !is_close(found, i, total_weight)) continue;
    owners[n_wanted] = s;
    wanted[n_wanted] = work->all[s];
    expectation_begin(wanted[n_wanted++], found->models[i], NULL, NULL);
  }
  if (n_wanted == 0) return GMMPI_OK;
  if (make_passes(wanted, n_wanted, &control, error) != GMMPI_OK) return error->status;
  for (int64_t w = 0; w < n_wanted; w++) {
    const int64_t s = owners[w];
    const double objective = iteration_objective(wanted[w], work->found[s].models[i]);
    work->climbers[s].n_row_visits += wanted[w]->points->n_samples;
    if (i > 0 && !(objective > objectives[s])) continue;
    objectives[s] = objective;
    chosen[s] = i;
  }
  return control.n_stop_requests > 0 ? fail(error, GMMPI_STOPPED, "stopped on request during the search for a start")
                                     : GMMPI_OK;
}

/* Of each search's best models the one that all points prefer. */
static gmmpi_status compare_on_all(const choice *work, gmmpi_error *error)
{
  double objectives[MOST_TOGETHER] = {0.0};
  int64_t chosen[MOST_TOGETHER] = {0};
  for (int64_t i = 0; i < MOST_FINDINGS; i++) {
    if (measure_one_of_each(work, i, objectives, chosen, error) != GMMPI_OK) return error->status;
  }
  for (int64_t s = 0; s < work->n; s++) {
    if (work->found[s].n > 0) model_copy_parameters(work->climbers[s].current.model, work->found[s].models[chosen[s]]);
  }
  return GMMPI_OK;
}

/* A model that the search on a subsample passed over, for start s. */
static gmmpi_status judge_passed_over(const choice *work, int64_t s, gmmpi_error *error)
{
  const passed_over_model *passed = &work->found[s].passed;
  const double total_weight = work->em->points->total_weight;
  climber *climb = &work->climbers[s];
  bool iterated = false;
  if (isnan(passed->objective)) return GMMPI_OK;
  if (work->em != work->all[0] && judge_again(work->all[s], passed->model, work->em->points->n_samples, climb,
                                              work->observer, &iterated, error) != GMMPI_OK)
    return error->status;
  /* A model that was iterated on all points goes on with them. */
  if (iterated) climber_enter_level(climb, 0);
  return iterated ? GMMPI_OK
                  : tell_of_passed_over(passed, total_weight, work->em->points, climb, work->observer, error);
}

static gmmpi_status search_all(const choice *work, gmmpi_error *error)
{
  gmmpi_error local = {0};
  for (int64_t s = 0; s < work->n && local.status == GMMPI_OK; s++)
    search_findings_create(work->em, &work->found[s], &local);
  agree(work->em->points->comm, &local);
  for (int64_t s = 0; s < work->n && local.status == GMMPI_OK; s++) {
    activity_set_part(s, work->n);
    search_start(work->em, work->all[0]->points->n_samples, work->climbers[s].current.start, NULL, &work->climbers[s],
                 work->observer, &work->found[s], &local);
  }
  activity_set_part(0, 1);
  return error_pass(error, &local);
}

gmmpi_status choose_starts(em_iteration *const *all, em_iteration *em, climber *climbers, int64_t n,
                           const fit_observer *observer, gmmpi_error *error)
{
  gmmpi_error local = {0};
  choice work = {.all = all, .em = em, .climbers = climbers, .n = n, .observer = observer};
  work.found = calloc((size_t)n, sizeof *work.found);
  if (work.found == NULL) fail(&local, GMMPI_NO_MEMORY, "there is no memory for %lld starts", (long long)n);
  if (agree(em->points->comm, &local) == GMMPI_OK && search_all(&work, &local) == GMMPI_OK &&
      (em == all[0] || compare_on_all(&work, &local) == GMMPI_OK)) {
    for (int64_t s = 0; s < n && local.status == GMMPI_OK; s++) judge_passed_over(&work, s, &local);
  }
  for (int64_t s = 0; work.found != NULL && s < n; s++) search_findings_clear(&work.found[s]);
  free(work.found);
  return error_pass(error, &local);
}

int64_t choose_start_bytes(const fit_options *options, int64_t n_features)
{
  int64_t bytes;
  const int64_t model = model_bytes(fit_kind(options), options->n_components, n_features);
  return multiply_fits(MOST_FINDINGS + 1, model, &bytes) ? bytes : INT64_MAX;
}
