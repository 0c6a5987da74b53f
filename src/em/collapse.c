/* SPDX-License-Identifier: BSD-3-Clause */
#include "em/collapse.h"

#include "mixture/background.h"
#include "support/error.h"
#include "support/memory.h"

#include <stdlib.h>
#include <string.h>

/* What repairing one M-step's collapses works on. */
typedef struct repair {
  const shard *points;
  const data_spread *spread;
  const maximization *step;
  int64_t iteration;
  gmmpi_model *next;
  climber *climb;
  const fit_observer *observer;
} repair;

gmmpi_status report_event(climber *climb, const fit_observer *observer, const fit_event *event, gmmpi_error *error)
{
  if (observer == NULL) return GMMPI_OK;
  if (event_list_reserve(climb->events, climb->events->n + 1, error) != GMMPI_OK) return GMMPI_NO_MEMORY;
  climb->events->items[climb->events->n++] = *event;
  if (observer->event_happened != NULL) observer->event_happened(observer->context, event);
  return GMMPI_OK;
}

/* Is no component at fault, but what they share? */
static bool failed_together(const maximization *step, const gmmpi_model *next)
{
  return step->failed_together || next->family->storage->shared;
}

static bool has_collapsed(const maximization *step, const gmmpi_model *next, int64_t k)
{
  return step->states[k] == COMPONENT_EMPTY ||
         (step->states[k] == COMPONENT_INDEFINITE && !failed_together(step, next));
}

static bool is_collapsed(const repair *work, int64_t k)
{
  return has_collapsed(work->step, work->next, k);
}

bool any_collapsed(const maximization *step, const gmmpi_model *next)
{
  for (int64_t k = 0; k < next->n_components; k++) {
    if (has_collapsed(step, next, k)) return true;
  }
  return false;
}

static gmmpi_status report(const repair *work, int64_t k, fit_event_action action, gmmpi_error *error)
{
  if (work->observer == NULL) return GMMPI_OK;
  const fit_event event = {.start = work->climb->current.start,
                           .iteration = work->iteration,
                           .component = k,
                           .kind = work->step->states[k] == COMPONENT_EMPTY ? EVENT_EMPTY : EVENT_INDEFINITE,
                           .action = (int32_t)action};
  return report_event(work->climb, work->observer, &event, error);
}

/* What is likely to happen again in every later iteration is said once a start. */
static bool was_reported(const climber *climb, int64_t component, fit_event_kind kind, fit_event_action action)
{
  if (climb->events == NULL) return false;
  for (int64_t i = climb->events->n - 1; i >= 0; i--) {
    const fit_event *event = &climb->events->items[i];
    if (event->start == climb->current.start && event->component == component && event->kind == (int32_t)kind &&
        event->action == (int32_t)action)
      return true;
  }
  return false;
}

static gmmpi_status report_once(const repair *work, int64_t component, fit_event_kind kind, fit_event_action action,
                                gmmpi_error *error)
{
  if (was_reported(work->climb, component, kind, action)) return GMMPI_OK;
  const fit_event event = {.start = work->climb->current.start,
                           .iteration = work->iteration,
                           .component = component,
                           .kind = (int32_t)kind,
                           .action = (int32_t)action};
  return report_event(work->climb, work->observer, &event, error);
}

/* Does an event of the current start say that the component has weight 0? One about the model to start from holds for
 * all starts, since they are the same. */
static bool was_dropped(const climber *climb, int64_t component)
{
  for (int64_t i = 0; i < climb->events->n; i++) {
    const fit_event *event = &climb->events->items[i];
    if (event->component == component && event->action == ACTION_DROPPED &&
        (event->start == climb->current.start || event->kind == EVENT_WEIGHTLESS))
      return true;
  }
  return false;
}

gmmpi_status report_lost(const gmmpi_model *given, collapse_policy policy, climber *climb, const fit_observer *observer,
                         gmmpi_error *error)
{
  const gmmpi_model *model = climb->current.model;
  for (int64_t k = 0; k < model->n_components; k++) {
    if (model->weights[k] > 0.0 || was_dropped(climb, k)) continue;
    const bool is_given = given != NULL && given->weights[k] == 0.0;
    if (!is_given && policy == COLLAPSE_ERROR)
      return fail(error, GMMPI_BAD_DATA,
                  "component %lld collapsed while the start was looked for, wherever it was put; ask for fewer "
                  "components, a larger --reg-covar, or --on-collapse reseed",
                  (long long)k);
    const fit_event event = {.start = climb->current.start,
                             .component = k,
                             .kind = is_given ? EVENT_WEIGHTLESS : EVENT_LOST,
                             .action = ACTION_DROPPED};
    if (report_event(climb, observer, &event, error) != GMMPI_OK) return error->status;
  }
  return GMMPI_OK;
}

static void put_component(const repair *work, int64_t k, const double *point)
{
  gmmpi_model *next = work->next;
  memcpy(next->means + k * next->n_features, point, (size_t)next->n_features * sizeof(double));
  next->weights[k] = 1.0 / (double)next->n_components;
  model_set_dof(next, k, 0.0);
  if (next->family->storage->shared) return;
  model_contract(next, k, work->spread->covariance);
  model_factorise(next, k);
}

/* Moves the first n different points among n_candidates to the front; returns how many there are. */
static int64_t keep_different(double *points, int64_t n_candidates, int64_t n, int64_t d)
{
  const size_t size = (size_t)d * sizeof(double);
  int64_t n_kept = 0;
  for (int64_t i = 0; i < n_candidates && n_kept < n; i++) {
    bool is_new = true;
    for (int64_t j = 0; j < n_kept && is_new; j++) is_new = memcmp(points + i * d, points + j * d, size) != 0;
    if (is_new) memmove(points + n_kept++ * d, points + i * d, size);
  }
  return n_kept;
}

/* Puts the components where the data fit worst, each on another point; those for which there is none are dropped. */
static void reseed(const repair *work, const density_form *form, pass_team *team, const int64_t *components, int64_t n,
                   gmmpi_error *error)
{
  const int64_t d = work->next->n_features;
  const int64_t n_samples = work->points->n_samples;
  const int64_t n_candidates = 4 * n + 16 < n_samples ? 4 * n + 16 : n_samples;
  int64_t *rows = allocate(n_candidates, sizeof *rows);
  double *points = allocate(n_candidates * d, sizeof *points);
  if (rows == NULL || points == NULL)
    fail(error, GMMPI_NO_MEMORY, "there is no memory to put %lld components elsewhere", (long long)n);
  if (agree(work->points->comm, error) == GMMPI_OK &&
      worst_fitting_rows(work->points, form, team, n_candidates, rows, error) == GMMPI_OK &&
      fetch_rows(work->points, rows, n_candidates, points, error) == GMMPI_OK) {
    work->climb->n_row_visits += n_samples;
    const int64_t n_places = keep_different(points, n_candidates, n, d);
    for (int64_t i = 0; i < n; i++) {
      if (i < n_places) {
        put_component(work, components[i], points + i * d);
        work->climb->n_reseeds[components[i]]++;
      }
      report(work, components[i], i < n_places ? ACTION_RESEEDED : ACTION_DROPPED, error);
    }
  }
  free(rows);
  free(points);
}

static gmmpi_status refuse(const repair *work, gmmpi_error *error)
{
  for (int64_t k = 0; k < work->next->n_components; k++) {
    const component_state state = work->step->states[k];
    if (state == COMPONENT_EMPTY || state == COMPONENT_INDEFINITE || state == COMPONENT_RIDGED)
      return fail(
          error, GMMPI_BAD_DATA,
          "component %lld %s in iteration %lld; ask for fewer components, a larger --reg-covar, or --on-collapse "
          "reseed",
          (long long)k, state == COMPONENT_EMPTY ? "became empty" : "lost its positive definite covariance",
          (long long)work->iteration);
  }
  return GMMPI_OK;
}

/* Drops or lists for reseeding every collapsed component. When that would leave none, the first one stays as it was. */
static void settle_each(const repair *work, collapse_policy policy, int64_t *to_reseed, int64_t *n_to_reseed,
                        gmmpi_error *error)
{
  const int64_t K = work->next->n_components;
  int64_t n_live = 0;
  for (int64_t k = 0; k < K; k++) {
    const bool collapsed = is_collapsed(work, k);
    if (!collapsed && work->step->states[k] != COMPONENT_DROPPED) n_live++;
    if (collapsed && policy == COLLAPSE_RESEED && work->climb->n_reseeds[k] < MOST_RESEEDS)
      to_reseed[(*n_to_reseed)++] = k;
  }
  n_live += *n_to_reseed;
  for (int64_t k = 0, next_reseed = 0; k < K; k++) {
    if (next_reseed < *n_to_reseed && to_reseed[next_reseed] == k) {
      next_reseed++;
    } else if (is_collapsed(work, k) && n_live == 0) {
      n_live++;
      work->next->weights[k] = 1.0;
      report_once(work, k, EVENT_INDEFINITE, ACTION_KEPT, error);
    } else if (is_collapsed(work, k)) {
      work->next->weights[k] = 0.0;
      report(work, k, ACTION_DROPPED, error);
    }
  }
}

static bool any_in_state(const maximization *step, int64_t n_components, component_state state)
{
  for (int64_t k = 0; k < n_components; k++) {
    if (step->states[k] == state) return true;
  }
  return false;
}

gmmpi_status revive_dropped(const shard *points, const data_spread *spread, const density_form *form, pass_team *team,
                            gmmpi_model *model, climber *climb, gmmpi_error *error)
{
  const repair work = {.points = points, .spread = spread, .next = model, .climb = climb};
  gmmpi_error local = {0};
  int64_t *dropped = allocate(model->n_components, sizeof *dropped);
  int64_t n_dropped = 0;
  if (dropped == NULL) fail(&local, GMMPI_NO_MEMORY, "there is no memory to put components elsewhere");
  if (agree(points->comm, &local) == GMMPI_OK) {
    for (int64_t k = 0; k < model->n_components; k++) {
      if (model->weights[k] == 0.0) dropped[n_dropped++] = k;
    }
    if (n_dropped > 0) reseed(&work, form, team, dropped, n_dropped, &local);
    if (n_dropped > 0) model_normalise_weights(model);
  }
  free(dropped);
  return error_pass(error, &local);
}

gmmpi_status repair_collapsed(const shard *points, const data_spread *spread, const density_form *form, pass_team *team,
                              collapse_policy policy, const maximization *step, int64_t iteration, gmmpi_model *next,
                              climber *climb, const fit_observer *observer, gmmpi_error *error)
{
  const repair work = {points, spread, step, iteration, next, climb, observer};
  const bool any_empty = any_in_state(step, next->n_components, COMPONENT_EMPTY);
  const bool any_indefinite = any_in_state(step, next->n_components, COMPONENT_INDEFINITE);
  const bool any_ridged = any_in_state(step, next->n_components, COMPONENT_RIDGED);
  if (!any_empty && !any_indefinite && !any_ridged && !step->ridged) return GMMPI_OK;
  if ((any_empty || any_indefinite || any_ridged) && policy == COLLAPSE_ERROR) return refuse(&work, error);

  gmmpi_error local = {0};
  int64_t *to_reseed = allocate(next->n_components, sizeof *to_reseed);
  int64_t n_to_reseed = 0;
  if (to_reseed == NULL) fail(&local, GMMPI_NO_MEMORY, "there is no memory to repair components");
  if (step->ridged) report_once(&work, -1, EVENT_DEGENERATE, ACTION_RIDGE, &local);
  if (failed_together(step, next) && any_indefinite) {
    if (next->family->storage->shared) factorise_with_ridge(step, next, 0);
    report_once(&work, -1, EVENT_INDEFINITE, ACTION_RIDGE, &local);
  }
  for (int64_t k = 0; any_ridged && k < next->n_components; k++) {
    if (step->states[k] == COMPONENT_RIDGED) report_once(&work, k, EVENT_INDEFINITE, ACTION_RIDGE, &local);
  }
  if (to_reseed != NULL) settle_each(&work, policy, to_reseed, &n_to_reseed, &local);
  if (agree(points->comm, &local) == GMMPI_OK && n_to_reseed > 0) {
    reseed(&work, form, team, to_reseed, n_to_reseed, &local);
    agree(points->comm, &local);
  }
  if (local.status == GMMPI_OK) model_normalise_weights(next);
  free(to_reseed);
  return error_pass(error, &local);
}
