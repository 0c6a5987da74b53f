/* SPDX-License-Identifier: BSD-3-Clause */
/* The public observer: what the loop tells, for callers who know nothing of its structs. */
#include "fit/api.h"

#include "support/clock.h"
#include "support/error.h"

#include <stdlib.h>

gmmpi_status gmmpi_observer_create(gmmpi_observer **observer, gmmpi_error *error)
{
  *observer = calloc(1, sizeof **observer);
  return *observer != NULL ? GMMPI_OK : fail(error, GMMPI_NO_MEMORY, "there is no memory for an observer");
}

void gmmpi_observer_destroy(gmmpi_observer *observer)
{
  free(observer);
}

void gmmpi_observer_on_progress(gmmpi_observer *observer, void (*report)(void *context, const gmmpi_progress *progress),
                                void *context)
{
  observer->report = report;
  observer->report_context = context;
}

void gmmpi_observer_on_question(gmmpi_observer *observer, bool (*wants_stop)(void *context), void *context)
{
  observer->wants_stop = wants_stop;
  observer->stop_context = context;
}

void gmmpi_observer_ask_every(gmmpi_observer *observer, double seconds)
{
  observer->seconds_between = seconds;
}

static bool wants_stop(void *context)
{
  api_watch *watch = context;
  const gmmpi_observer *observer = watch->observer;
  if (observer == NULL || observer->wants_stop == NULL) return false;
  if (observer->seconds_between > 0.0) {
    const double now = clock_now();
    if (watch->has_asked && now - watch->asked_at < observer->seconds_between) return false;
    watch->has_asked = true;
    watch->asked_at = now;
  }
  return observer->wants_stop(observer->stop_context);
}

static void pass_finished(void *context, const fit_pass *pass)
{
  const gmmpi_observer *observer = ((const api_watch *)context)->observer;
  const gmmpi_progress progress = {.pass = pass};
  if (observer != NULL && observer->report != NULL) observer->report(observer->report_context, &progress);
}

fit_observer api_observer(api_watch *watch)
{
  return (fit_observer){.context = watch, .wants_stop = wants_stop, .pass_finished = pass_finished};
}

int64_t gmmpi_progress_start(const gmmpi_progress *progress)
{
  return progress->pass->start;
}

int64_t gmmpi_progress_iteration(const gmmpi_progress *progress)
{
  return progress->pass->iteration;
}

int64_t gmmpi_progress_level(const gmmpi_progress *progress)
{
  return progress->pass->level;
}

int64_t gmmpi_progress_n_samples(const gmmpi_progress *progress)
{
  return progress->pass->n_samples;
}

double gmmpi_progress_log_likelihood(const gmmpi_progress *progress)
{
  return progress->pass->log_likelihood;
}

double gmmpi_progress_change(const gmmpi_progress *progress)
{
  return progress->pass->change;
}

double gmmpi_progress_seconds(const gmmpi_progress *progress)
{
  return progress->pass->seconds;
}
