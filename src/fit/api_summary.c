/* SPDX-License-Identifier: BSD-3-Clause */
#include "fit/api_summary.h"

#include "support/error.h"
#include "support/memory.h"

#include <stdlib.h>
#include <string.h>

enum { EVENT_BYTES = 400 };

struct gmmpi_summary {
  bool converged;
  int64_t n_samples, n_iterations, n_parameters;
  double n_passes, log_likelihood, objective, sum_log_max_responsibility;
  int64_t n_events;
  char *events; /* n_events texts of EVENT_BYTES */
};

gmmpi_status summary_create(const shard *points, const fit_options *options, const fit_result *result,
                            gmmpi_summary **summary, gmmpi_error *error)
{
  const fit_position *end = &result->end;
  gmmpi_summary *created = calloc(1, sizeof *created);
  char *events = allocate(result->n_events, EVENT_BYTES);
  *summary = NULL;
  if (created == NULL || events == NULL) {
    free(created);
    free(events);
    return fail(error, GMMPI_NO_MEMORY, "there is no memory for the summary");
  }
  for (int64_t i = 0; i < result->n_events; i++)
    fit_event_describe(&result->events[i], events + i * EVENT_BYTES, EVENT_BYTES);
  *created = (gmmpi_summary){.converged = end->converged,
                             .n_samples = points->n_samples,
                             .n_iterations = end->iteration,
                             .n_parameters = fit_n_parameters(options, end->model),
                             .n_passes = result->n_passes,
                             .log_likelihood = end->measured.log_likelihood,
                             .objective = end->measured.objective,
                             .sum_log_max_responsibility = end->measured.sum_log_max_responsibility,
                             .n_events = result->n_events,
                             .events = events};
  *summary = created;
  return GMMPI_OK;
}

void gmmpi_summary_destroy(gmmpi_summary *summary)
{
  if (summary == NULL) return;
  free(summary->events);
  free(summary);
}

bool gmmpi_summary_converged(const gmmpi_summary *summary)
{
  return summary->converged;
}

int64_t gmmpi_summary_n_samples(const gmmpi_summary *summary)
{
  return summary->n_samples;
}

int64_t gmmpi_summary_n_iterations(const gmmpi_summary *summary)
{
  return summary->n_iterations;
}

double gmmpi_summary_n_passes(const gmmpi_summary *summary)
{
  return summary->n_passes;
}

double gmmpi_summary_log_likelihood(const gmmpi_summary *summary)
{
  return summary->log_likelihood;
}

double gmmpi_summary_objective(const gmmpi_summary *summary)
{
  return summary->objective;
}

double gmmpi_summary_sum_log_max_responsibility(const gmmpi_summary *summary)
{
  return summary->sum_log_max_responsibility;
}

int64_t gmmpi_summary_n_parameters(const gmmpi_summary *summary)
{
  return summary->n_parameters;
}

int64_t gmmpi_summary_n_events(const gmmpi_summary *summary)
{
  return summary->n_events;
}

const char *gmmpi_summary_event(const gmmpi_summary *summary, int64_t index)
{
  return index >= 0 && index < summary->n_events ? summary->events + index * EVENT_BYTES : NULL;
}
