/* SPDX-License-Identifier: BSD-3-Clause */
#include "em/event.h"

#include "support/error.h"
#include "support/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

gmmpi_status event_list_reserve(event_list *events, int64_t n, gmmpi_error *error)
{
  if (n <= events->capacity) return GMMPI_OK;
  fit_event *items = allocate(2 * n, sizeof *items);
  if (items == NULL) return fail(error, GMMPI_NO_MEMORY, "there is no memory to note what happened");
  if (events->n > 0) memcpy(items, events->items, (size_t)events->n * sizeof *items);
  free(events->items);
  events->items = items;
  events->capacity = 2 * n;
  return GMMPI_OK;
}

static void describe_double(const fit_event *event, const char *where, char *text, size_t size)
{
  static const char *const reasons[] = {
      [ACTION_TAILS] = "t distributions",
      [ACTION_SHARED] = "covariances with something in common, which have faster ways of their own",
      [ACTION_LABELS] = "rows of known components",
      [ACTION_FEW_FEATURES] = "so few features",
      [ACTION_WEIGHTS] = "weights of extreme sizes",
      [ACTION_FAR_POINTS] = "there are points %.3g standard deviations from the mean",
      [ACTION_FAR_MEANS] = "a component's mean is %.3g of its standard deviations from the mixture's",
      [ACTION_CONDITION] = "a covariance is so nearly singular that it makes rounding errors %.3g times as large",
      [ACTION_SIZES] = "a standard deviation, or a distance from the mean, is %.3g"};
  char reason[160];
  if (event->action == ACTION_LAST_PASS) {
    snprintf(text, size,
             "%s: --max-iter was reached in single precision; of the model that it led to, log-likelihood and criteria "
             "are those of a last pass in double",
             where);
    return;
  }
  if (event->action < ACTION_FAR_POINTS) {
    snprintf(text, size, "%s: computed in double: there is no single precision for %s", where, reasons[event->action]);
    return;
  }
  snprintf(reason, sizeof reason, reasons[event->action], event->value);
  snprintf(text, size, "%s: goes on in double, since single precision is not enough: %s", where, reason);
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
  if (event->kind == EVENT_SMALL_VOLUME) {
    snprintf(
        text, size,
        "--noise-volume is %.3g of the volume of a box about the points: noise is taken to be denser than it can be "
        "everywhere among them; give a larger one, or leave it out",
        event->value);
    return;
  }
  if (event->kind == EVENT_NO_NOISE) {
    snprintf(text, size, "%s: the noise has less than one point (weight %.3g); a fit without --noise is the same",
             where, event->value);
    return;
  }
  if (event->kind == EVENT_MUCH_NOISE) {
    snprintf(text, size,
             "%s: more than half of the points are noise (weight %.3g); ask for more components where they should not "
             "be",
             where, event->value);
    return;
  }
  if (event->kind == EVENT_IN_DOUBLE) {
    describe_double(event, where, text, size);
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
