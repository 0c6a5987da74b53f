#include "em/collapse.h"

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
  fit_state *state;
  const fit_observer *observer;
} repair;

gmmpi_status report_event(fit_state *state, const fit_observer *observer, const fit_event *event, gmmpi_error *error)
{
  if (fit_state_reserve_events(state, state->n_events + 1, error) != GMMPI_OK) return GMMPI_NO_MEMORY;
  state->events[state->n_events++] = *event;
  if (observer != NULL && observer->event_happened != NULL) observer->event_happened(observer->context, event);
  return GMMPI_OK;
}

static bool is_collapsed(const repair *work, int64_t k)
{
  const component_state state = work->step->states[k];
  return state == COMPONENT_EMPTY || (state == COMPONENT_INDEFINITE && !work->next->family->shared);
}

static gmmpi_status report(const repair *work, int64_t k, fit_event_action action, gmmpi_error *error)
{
  const fit_event event = {.start = work->state->current.start,
                           .iteration = work->iteration,
                           .component = k,
                           .kind = work->step->states[k] == COMPONENT_EMPTY ? EVENT_EMPTY : EVENT_INDEFINITE,
                           .action = (int32_t)action};
  return report_event(work->state, work->observer, &event, error);
}

/* A covariance that was given a ridge once is likely to need it in every later iteration: that is said once a start. */
static bool ridge_was_reported(const fit_state *state, int64_t component)
{
  for (int64_t i = state->n_events - 1; i >= 0; i--) {
    const fit_event *event = &state->events[i];
    if (event->start == state->current.start && event->component == component && event->action == ACTION_RIDGE &&
        event->kind == EVENT_INDEFINITE)
      return true;
  }
  return false;
}

static void normalise_weights(gmmpi_model *model)
{
  double total = 0.0;
  for (int64_t k = 0; k < model->n_components; k++) total += model->weights[k];
  for (int64_t k = 0; k < model->n_components; k++) model->weights[k] /= total;
}

/* Adds shares of the data's variances to the component's covariance, as it stands in next, until it is definite. */
static gmmpi_status add_ridge(const repair *work, int64_t k, gmmpi_error *error)
{
  const int64_t d = work->next->n_features;
  double *covariance = allocate(d * d, sizeof(double));
  if (covariance == NULL) return fail(error, GMMPI_NO_MEMORY, "there is no memory to repair a covariance");
  bool definite = false;
  for (double share = 1e-12; share < 1e3 && !definite; share *= 100.0) {
    work->next->family->expand(work->next, k, covariance);
    for (int64_t j = 0; j < d; j++) covariance[j * d + j] += share * work->spread->covariance[j * d + j];
    work->next->family->contract(work->next, k, covariance);
    definite = work->next->family->factorise(work->next, k);
  }
  if (!definite) {
    work->next->family->contract(work->next, k, work->spread->covariance);
    work->next->family->factorise(work->next, k);
  }
  free(covariance);
  return GMMPI_OK;
}

static gmmpi_status repair_shared_covariance(const repair *work, gmmpi_error *error)
{
  if (add_ridge(work, 0, error) != GMMPI_OK) return GMMPI_NO_MEMORY;
  if (ridge_was_reported(work->state, -1)) return GMMPI_OK;
  const fit_event event = {work->state->current.start, work->iteration, -1, EVENT_INDEFINITE, ACTION_RIDGE};
  return report_event(work->state, work->observer, &event, error);
}

static void put_component(const repair *work, int64_t k, const double *point)
{
  gmmpi_model *next = work->next;
  memcpy(next->means + k * next->n_features, point, (size_t)next->n_features * sizeof(double));
  next->weights[k] = 1.0 / (double)next->n_components;
  if (next->family->shared) return;
  next->family->contract(next, k, work->spread->covariance);
  next->family->factorise(next, k);
}

static gmmpi_status reseed(const repair *work, const density_form *form, pass_workspace *workspace,
                           const int64_t *components, int64_t n, gmmpi_error *error)
{
  const int64_t d = work->next->n_features;
  int64_t *rows = allocate(n, sizeof *rows);
  double *coordinates = allocate(n * d, sizeof *coordinates);
  gmmpi_error local = {0};
  if (rows == NULL || coordinates == NULL)
    fail(&local, GMMPI_NO_MEMORY, "there is no memory to put %lld components elsewhere", (long long)n);
  if (agree(work->points->comm, &local) == GMMPI_OK &&
      worst_fitting_rows(work->points, form, workspace, n, rows, &local) == GMMPI_OK) {
    work->state->n_passes++;
    fetch_rows(work->points, rows, n, coordinates);
    for (int64_t i = 0; i < n && local.status == GMMPI_OK; i++) {
      put_component(work, components[i], coordinates + i * d);
      work->state->n_reseeds[components[i]]++;
      report(work, components[i], ACTION_RESEEDED, &local);
    }
    normalise_weights(work->next);
  }
  free(rows);
  free(coordinates);
  return local.status == GMMPI_OK ? GMMPI_OK : fail(error, local.status, "%s", local.message);
}

static gmmpi_status refuse(const repair *work, gmmpi_error *error)
{
  for (int64_t k = 0; k < work->next->n_components; k++) {
    if (!is_collapsed(work, k)) continue;
    return fail(error, GMMPI_BAD_DATA,
                "component %lld %s in iteration %lld; ask for fewer components, a larger --reg-covar, or --on-collapse "
                "reseed",
                (long long)k,
                work->step->states[k] == COMPONENT_EMPTY ? "became empty" : "lost its positive definite covariance",
                (long long)work->iteration);
  }
  return GMMPI_OK;
}

/* Drops or lists for reseeding every collapsed component; the last live one gets a ridge instead of being dropped. */
static gmmpi_status settle_each(const repair *work, gmmpi_on_collapse policy, int64_t *to_reseed, int64_t *n_to_reseed,
                                gmmpi_error *error)
{
  const int64_t K = work->next->n_components;
  gmmpi_status status = GMMPI_OK;
  int64_t n_live = 0;
  for (int64_t k = 0; k < K; k++) {
    if (!is_collapsed(work, k) && work->step->states[k] != COMPONENT_DROPPED) n_live++;
    if (is_collapsed(work, k) && policy == GMMPI_COLLAPSE_RESEED && work->state->n_reseeds[k] < MOST_RESEEDS)
      to_reseed[(*n_to_reseed)++] = k;
  }
  n_live += *n_to_reseed;
  for (int64_t k = 0, next_reseed = 0; k < K && status == GMMPI_OK; k++) {
    if (next_reseed < *n_to_reseed && to_reseed[next_reseed] == k) {
      next_reseed++;
    } else if (is_collapsed(work, k) && n_live == 0) {
      n_live++;
      work->next->weights[k] = 1.0;
      status = add_ridge(work, k, error);
      if (status == GMMPI_OK && !ridge_was_reported(work->state, k)) status = report(work, k, ACTION_RIDGE, error);
    } else if (is_collapsed(work, k)) {
      work->next->weights[k] = 0.0;
      status = report(work, k, ACTION_DROPPED, error);
    }
  }
  return status;
}

gmmpi_status repair_collapsed(const shard *points, const data_spread *spread, const density_form *form,
                              pass_workspace *workspace, gmmpi_on_collapse policy, const maximization *step,
                              int64_t iteration, gmmpi_model *next, fit_state *state, const fit_observer *observer,
                              gmmpi_error *error)
{
  const repair work = {points, spread, step, iteration, next, state, observer};
  bool any_empty = false;
  bool any_indefinite = false;
  for (int64_t k = 0; k < next->n_components; k++) {
    any_empty |= step->states[k] == COMPONENT_EMPTY;
    any_indefinite |= step->states[k] == COMPONENT_INDEFINITE;
  }
  if (!any_empty && !any_indefinite) return GMMPI_OK;
  if (policy == GMMPI_COLLAPSE_ERROR) return refuse(&work, error);
  if (next->family->shared && any_indefinite && repair_shared_covariance(&work, error) != GMMPI_OK)
    return GMMPI_NO_MEMORY;
  if (next->family->shared && !any_empty) return GMMPI_OK;

  int64_t *to_reseed = allocate(next->n_components, sizeof *to_reseed);
  int64_t n_to_reseed = 0;
  gmmpi_error local = {0};
  if (to_reseed == NULL)
    fail(&local, GMMPI_NO_MEMORY, "there is no memory to repair components");
  else
    settle_each(&work, policy, to_reseed, &n_to_reseed, &local);
  if (agree(points->comm, &local) == GMMPI_OK && n_to_reseed > 0)
    reseed(&work, form, workspace, to_reseed, n_to_reseed, &local);
  if (local.status == GMMPI_OK) normalise_weights(next);
  free(to_reseed);
  return local.status == GMMPI_OK ? GMMPI_OK : fail(error, local.status, "%s", local.message);
}
