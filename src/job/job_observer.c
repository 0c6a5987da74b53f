/* SPDX-License-Identifier: BSD-3-Clause */
#include "job/job_observer.h"

#include "support/clock.h"
#include "support/error.h"
#include "support/memory.h"
#include "support/signals.h"

#include <stdio.h>
#include <stdlib.h>

static bool wants_stop(void *context)
{
  job *work = context;
  if (work->rank == 0 && time_limit_left(&work->limit) < time_limit_margin(&work->limit, work->n_samples))
    signals_time_is_up();
  work->asked_at = clock_now();
  return signals_stop_requested();
}

/* Rank 0 answers by itself. */
static bool is_asked(void *context)
{
  const job *work = context;
  return work->rank != 0 && signals_take_question();
}

static void pass_finished(void *context, const fit_pass *pass)
{
  job *work = context;
  if (pass->level == 0) work->last_pass = pass->iteration;
  if (work->rank != 0) return;
  work->n_in_pass = (double)pass->n_samples;
  time_limit_note_iteration(&work->limit, pass->seconds, work->n_in_pass);
  if (work->journal != NULL && pass->level == 0) journal_add(work->journal, pass);
  progress_pass(work->progress, pass);
}

static void event_happened(void *context, const fit_event *event)
{
  job *work = context;
  if (work->rank != 0) return;
  char text[400];
  fit_event_describe(event, text, sizeof text);
  warn("%s", text);
}

/* Rank 0 reads the row again where only that tells its place. */
static void name_place(point_source *source, int64_t row, char *text, size_t n_bytes)
{
  double *values = NULL;
  bool known = source->kind->place == NULL;
  if (!known && (values = allocate(source->n_features, sizeof *values)) != NULL)
    known = source_read(source, row, 1, values, NULL) == GMMPI_OK;
  if (known)
    source_place_text(source, source_place(source, row), text, n_bytes);
  else
    snprintf(text, n_bytes, "row %lld", (long long)row + 1);
  free(values);
}

static void values_doubtful(void *context, const far_values *far)
{
  job *work = context;
  if (work->rank != 0) return;
  char name[120];
  char column[160];
  char place[300];
  char text[900];
  source_feature_text(work->source, far->feature, name, sizeof name);
  snprintf(column, sizeof column, work->source->has_names ? "%s \"%s\"" : "%s %s", work->source->feature_word, name);
  name_place(work->source, far->first_row, place, sizeof place);
  far_values_describe(far, column, place, text, sizeof text);
  warn("%s: %s", work->source->label, text);
}

static void state_advanced(void *context, const fit_state *state)
{
  job *work = context;
  if (work->n_in_pass > 0.0) time_limit_note_rest(&work->limit, clock_now() - work->asked_at, work->n_in_pass);
  work->n_in_pass = 0.0;
  if (work->rank == 0) progress_state(work->progress, state);
  if (work->saver == NULL) return;
  saver_advance(work->saver, state);
  work->limit.checkpoint = saver_slowest(work->saver);
}

fit_observer job_make_observer(job *work)
{
  return (fit_observer){.context = work,
                        .wants_stop = wants_stop,
                        .is_asked = is_asked,
                        .pass_finished = pass_finished,
                        .event_happened = event_happened,
                        .state_advanced = state_advanced,
                        .values_doubtful = work->source != NULL ? values_doubtful : NULL};
}
