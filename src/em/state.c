#include "em/state.h"

#include "support/error.h"
#include "support/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

gmmpi_status fit_state_create(const covariance_family *family, int64_t n_components, int64_t n_features,
                              const char *accelerate, fit_state **state, gmmpi_error *error)
{
  fit_state *created = calloc(1, sizeof *created);
  *state = created;
  if (created != NULL) {
    created->plain = true;
    created->last_change = NAN;
    created->current.log_likelihood = NAN;
    created->best.start = -1;
    created->best.log_likelihood = NAN;
    created->n_reseeds = allocate(n_components, sizeof(int64_t));
    if (created->n_reseeds != NULL &&
        model_allocate(family, n_components, n_features, &created->current.model, error) == GMMPI_OK &&
        model_allocate(family, n_components, n_features, &created->best.model, error) == GMMPI_OK &&
        accelerator_create(accelerate, family->storage->shape, n_components, n_features, &created->history, error) ==
            GMMPI_OK)
      return GMMPI_OK;
  }
  fit_state_destroy(created);
  *state = NULL;
  return fail(error, GMMPI_NO_MEMORY, "there is no memory for the state of a fit with %lld components",
              (long long)n_components);
}

void fit_state_destroy(fit_state *state)
{
  if (state == NULL) return;
  gmmpi_model_destroy(state->current.model);
  gmmpi_model_destroy(state->best.model);
  accelerator_destroy(state->history);
  free(state->n_reseeds);
  free(state->events);
  free(state);
}

gmmpi_status fit_state_copy(fit_state *to, const fit_state *from, gmmpi_error *error)
{
  if (fit_state_reserve_events(to, from->n_events, error) != GMMPI_OK) return GMMPI_NO_MEMORY;
  const fit_state own = *to;
  *to = *from;
  to->current.model = own.current.model;
  to->best.model = own.best.model;
  to->history = own.history;
  to->n_reseeds = own.n_reseeds;
  to->events = own.events;
  to->events_capacity = own.events_capacity;
  model_copy_parameters(to->current.model, from->current.model);
  model_copy_parameters(to->best.model, from->best.model);
  accelerator_copy(to->history, from->history);
  memcpy(to->n_reseeds, from->n_reseeds, (size_t)to->current.model->n_components * sizeof *to->n_reseeds);
  if (from->n_events > 0) memcpy(to->events, from->events, (size_t)from->n_events * sizeof *to->events);
  return GMMPI_OK;
}

gmmpi_status fit_state_reserve_events(fit_state *state, int64_t n_events, gmmpi_error *error)
{
  if (n_events <= state->events_capacity) return GMMPI_OK;
  fit_event *events = allocate(2 * n_events, sizeof *events);
  if (events == NULL) return fail(error, GMMPI_NO_MEMORY, "there is no memory to note what happened");
  if (state->n_events > 0) memcpy(events, state->events, (size_t)state->n_events * sizeof *events);
  free(state->events);
  state->events = events;
  state->events_capacity = 2 * n_events;
  return GMMPI_OK;
}

void fit_event_describe(const fit_event *event, char *text, size_t size)
{
  char where[80];
  if (event->iteration == 0)
    snprintf(where, sizeof where, "start %lld", (long long)event->start + 1);
  else
    snprintf(where, sizeof where, "start %lld, iteration %lld", (long long)event->start + 1,
             (long long)event->iteration);

  if (event->kind == EVENT_DEGENERATE) {
    snprintf(text, size,
             "%s: the data are degenerate (a constant column, or columns that depend on each other); covariances that "
             "are not "
             "positive definite are given a ridge",
             where);
    return;
  }
  if (event->kind == EVENT_LARGE_RIDGE) {
    snprintf(text, size,
             "--reg-covar is not small against the variance of feature %lld; give a smaller one, or the feature in "
             "larger numbers",
             (long long)event->component + 1);
    return;
  }
  if (event->kind == EVENT_FEW_POINTS) {
    snprintf(text, size,
             "a covariance of about %lld point%s, no more than there are features, is singular but for the ridge; use "
             "--covariance diag or spherical, fewer features, or a larger --reg-covar",
             (long long)event->component, plural(event->component));
    return;
  }
  if (event->kind == EVENT_COARSE_ROUNDING) {
    snprintf(text, size,
             "--precision single rounds feature %lld by more than a thousandth of its standard deviation; subtract its "
             "mean from it, or use double precision",
             (long long)event->component + 1);
    return;
  }
  if (event->kind == EVENT_LOST) {
    snprintf(text, size,
             "%s: component %lld collapsed while the start was looked for, wherever it was put; dropped (weight 0)",
             where, (long long)event->component);
    return;
  }
  if (event->kind == EVENT_PASSED_OVER) {
    snprintf(
        text, size,
        "%s: a model of log-likelihood %.6g per point was passed over, since its likelihood rests on a component of "
        "%lld point%s%s; --spurious keep takes such models",
        where, event->value, (long long)event->n_points, plural(event->n_points),
        event->action == ACTION_FLAT ? " that agree in a direction, as by accident" : ", too few for a covariance");
    return;
  }
  if (event->kind == EVENT_SPURIOUS) {
    snprintf(text, size,
             "%s: the likelihood rests on component %lld, of %lld point%s%s, and says little about the data; ask "
             "for fewer components, a larger --reg-covar, or another start",
             where, (long long)event->component, (long long)event->n_points, plural(event->n_points),
             event->action == ACTION_FLAT ? " that agree in a direction, as by accident"
                                          : ", too few for a covariance");
    return;
  }
  if (event->kind == EVENT_WEIGHTLESS) {
    snprintf(text, size, "%s: component %lld has weight 0 in the model to start from, and keeps it", where,
             (long long)event->component);
    return;
  }
  const char *what = event->kind == EVENT_EMPTY ? "became empty" : "lost its positive definite covariance";
  const char *then = event->action == ACTION_RESEEDED  ? "reseeded where the data fit worst"
                     : event->action == ACTION_DROPPED ? "dropped (weight 0)"
                     : event->action == ACTION_KEPT    ? "kept as it was, since it is the last one"
                                                       : "a ridge was added";
  if (event->component < 0)
    snprintf(text, size, "%s: the shared covariance is not positive definite; %s", where, then);
  else
    snprintf(text, size, "%s: component %lld %s; %s", where, (long long)event->component, what, then);
}
