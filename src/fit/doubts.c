/* SPDX-License-Identifier: BSD-3-Clause */
#include "fit/doubts.h"

#include "support/error.h"

#include <math.h>
#include <stdlib.h>

/* A ridge above this share of a feature's variance changes the model visibly. */
static const double largest_share_of_ridge = 1e-3;

/* Columns with doubtful values are told one by one, so many at most. */
enum { MOST_FAR_COLUMNS = 10 };

/* Says before the first start which features' variances the ridge that was asked for distorts. */
static void tell_about_ridge(const em_iteration *em, const fit_observer *observer)
{
  if (observer->event_happened == NULL) return;
  for (int64_t j = 0; j < em->points->n_features; j++) {
    const double variance = em->spread->variances[j];
    const fit_event event = {.component = j, .kind = EVENT_LARGE_RIDGE, .action = ACTION_RIDGE};
    if (variance > 0.0 && em->options->reg_covar > largest_share_of_ridge * variance)
      observer->event_happened(observer->context, &event);
  }
}

/* The same where covariances have too few points to be anything but singular: n points about their mean span n - 1
 * dimensions. Of components that do not pool their scatter, one has at most n / K points. A prior makes up
 * for that. */
static void tell_about_few_points(const em_iteration *em, const fit_observer *observer)
{
  const shard *points = em->points;
  const covariance_family *family = em->family;
  const int64_t n = family->coupling == POOLED ? points->n_samples : points->n_samples / em->options->n_components;
  const fit_event event = {.component = n, .kind = EVENT_FEW_POINTS, .action = ACTION_RIDGE};
  if (em->before == NULL && family->storage->shape == DENSE && n <= points->n_features &&
      observer->event_happened != NULL)
    observer->event_happened(observer->context, &event);
}

/* The same for the rounding of features in single precision: half a unit of the 24th bit of the largest number, but not
 * less than the smallest float allows. */
static void tell_about_rounding(const em_iteration *em, const fit_observer *observer)
{
  const shard *points = em->points;
  if (!points->single_precision || observer->event_happened == NULL) return;
  for (int64_t j = 0; j < points->n_features; j++) {
    const double largest = fmax(fabs(points->minima[j]), fabs(points->maxima[j]));
    const fit_event event = {.component = j, .kind = EVENT_COARSE_ROUNDING, .action = ACTION_KEPT};
    if (fmax(largest * 0x1p-24, 0x1p-150) > 1e-3 * sqrt(em->spread->variances[j]) && largest > 0.0)
      observer->event_happened(observer->context, &event);
  }
}

/* The same for a background whose points cannot all lie in its volume. */
static void tell_about_volume(const em_iteration *em, const fit_observer *observer)
{
  const fit_event event = {
      .component = -1, .kind = EVENT_SMALL_VOLUME, .action = ACTION_KEPT, .value = em->region_scale};
  if (em->options->noise && em->region_scale < 1.0 - 1e-9 && observer->event_happened != NULL)
    observer->event_happened(observer->context, &event);
}

/* The same for values that may be fill values. */
static gmmpi_status tell_about_far_values(const em_iteration *em, const fit_observer *observer, gmmpi_error *error)
{
  far_values *found = NULL;
  int64_t n_found;
  if (observer->values_doubtful == NULL) return GMMPI_OK;
  if (far_values_find(em->points, em->team, &found, &n_found, error) == GMMPI_OK) {
    for (int64_t i = 0; i < n_found && i < MOST_FAR_COLUMNS; i++) {
      if (i == MOST_FAR_COLUMNS - 1) found[i].n_more_columns = n_found - MOST_FAR_COLUMNS;
      observer->values_doubtful(observer->context, &found[i]);
    }
  }
  free(found);
  return error->status;
}

gmmpi_status tell_doubts(const em_iteration *em, const fit_observer *observer, gmmpi_error *error)
{
  tell_about_ridge(em, observer);
  tell_about_few_points(em, observer);
  tell_about_rounding(em, observer);
  tell_about_volume(em, observer);
  return tell_about_far_values(em, observer, error);
}
