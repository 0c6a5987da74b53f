/* SPDX-License-Identifier: BSD-3-Clause */
#include "job/progress.h"

#include "job/progress_text.h"
#include "support/clock.h"
#include "support/live_line.h"
#include "support/signals.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The answer to questions is no older than this, whatever a pass takes; making it costs some microseconds. */
static const double seconds_between_answers = 0.05;

/* --- the screen --- */

static void print(progress *reporter, progress_line *line)
{
  char text[LINE_BYTES];
  if (reporter->is_live) {
    const double turn = 3.0; /* seconds in which what moves in the bar is back */
    const double phase = fmod(clock_now() - reporter->began, turn) / turn;
    line->swing = phase < 0.5 ? 2.0 * phase : 2.0 - 2.0 * phase;
    const line_style style = {
        .columns = live_line_columns(), .unicode = reporter->unicode, .colours = reporter->colours};
    line_live(line, style, text);
    live_line_show(text);
  } else {
    line_plain(line, text);
    fprintf(stderr, "%s\n", text);
    fflush(stderr);
  }
}

static bool is_heard(const progress *reporter)
{
  return reporter != NULL && reporter->is_open;
}

/* Says how it is, when it is time. */
static void show(progress *reporter)
{
  if (reporter->verbosity < 0 || !pace_is_due(&reporter->pace, clock_now())) return;
  progress_line line = progress_text(reporter);
  print(reporter, &line);
}

/* --- what is heard --- */

/* Is that what was done before? If not it is noted. */
static bool goes_on(progress *reporter, const char *doing, const char *object)
{
  char name[PROGRESS_NAME_BYTES];
  snprintf(name, sizeof name, "%s", object != NULL ? object : "");
  if (strcmp(doing, reporter->doing) == 0 && strcmp(name, reporter->object) == 0) return true;
  snprintf(reporter->doing, sizeof reporter->doing, "%s", doing);
  memcpy(reporter->object, name, sizeof name);
  reporter->share = NAN;
  reporter->unit = NULL;
  return false;
}

static void hear(void *context, const activity *now)
{
  progress *reporter = context;
  if (reporter->shows == SHOWS_PARTS) return;
  const bool is_new = !goes_on(reporter, now->doing, now->object) || reporter->shows != SHOWS_ACTIVITY;
  const double before = reporter->unit != NULL ? reporter->n_done : 0.0;
  reporter->shows = SHOWS_ACTIVITY;
  if (is_new) reporter->share = NAN;
  if (!isnan(now->share)) {
    reporter->n_in_all = (double)now->n;
    reporter->n_done = now->share * reporter->n_in_all;
    if (is_new || reporter->unit == NULL || reporter->n_done < before)
      reporter->rate = rate_begin(clock_now(), reporter->n_done);
    reporter->share = now->share;
    reporter->unit = now->unit;
    rate_note(&reporter->rate, clock_now(), reporter->n_done);
  }
  show(reporter);
}

static void hear_walk(void *context, double share)
{
  progress *reporter = context;
  reporter->walk = share;
  show(reporter);
}

void progress_begin(progress *reporter, const char *doing, const char *object)
{
  if (!is_heard(reporter)) return;
  reporter->shows = SHOWS_ACTIVITY;
  goes_on(reporter, doing, object);
  show(reporter);
}

void progress_open(progress *reporter, int rank, int verbosity, const time_limit *limit)
{
  const char *plain = getenv("NO_COLOR");
  const double now = clock_now();
  *reporter = (progress){.is_open = rank == 0,
                         .verbosity = verbosity,
                         .is_live = rank == 0 && verbosity == 0 && live_line_is_possible(),
                         .unicode = live_line_is_unicode(),
                         .colours = plain == NULL || plain[0] == '\0',
                         .limit = limit,
                         .began = now,
                         .share = NAN,
                         .walk = NAN,
                         .changes = decay_begin()};
  reporter->pace = reporter->is_live ? pace_live(now) : pace_plain(now);
  reporter->listener = (activity_listener){.context = reporter, .hear = hear, .hear_walk = hear_walk};
  if (rank == 0 && verbosity >= 0) activity_listen(&reporter->listener);
}

void progress_clear(progress *reporter)
{
  if (is_heard(reporter)) live_line_clear();
}

void progress_close(progress *reporter)
{
  if (!is_heard(reporter)) return;
  activity_listen(NULL);
  live_line_clear();
  reporter->is_open = false;
}

void progress_parts(progress *reporter, const char *of_what, int64_t n_done, int64_t n_in_all, const char *remark)
{
  if (!is_heard(reporter)) return;
  const double now = clock_now();
  if (!goes_on(reporter, of_what, NULL) || reporter->shows != SHOWS_PARTS) reporter->n_at_first = (double)n_done;
  /* Many may be under way before the first one ends, which says nothing of how fast they follow one another. */
  if (reporter->n_at_first >= 0.0) reporter->rate = rate_begin(now, (double)n_done);
  if ((double)n_done > reporter->n_at_first) reporter->n_at_first = -1.0;
  reporter->shows = SHOWS_PARTS;
  reporter->n_done = (double)n_done;
  reporter->n_in_all = (double)n_in_all;
  snprintf(reporter->remark, sizeof reporter->remark, "%s", remark);
  rate_note(&reporter->rate, now, (double)n_done);
  if (now - reporter->prepared >= seconds_between_answers) {
    char text[LINE_BYTES];
    const progress_line line = progress_text(reporter);
    line_plain(&line, text);
    signals_set_answer("status: %s", text);
    reporter->prepared = now;
  }
  show(reporter);
}

void progress_note(progress *reporter, const char *format, ...)
{
  if (!is_heard(reporter) || reporter->verbosity < 0) return;
  live_line_clear();
  char line[1200];
  va_list list;
  va_start(list, format);
  vsnprintf(line, sizeof line, format, list);
  va_end(list);
  fprintf(stderr, "%s\n", line);
  fflush(stderr);
}

/* --- passes --- */

static void take_times(progress *reporter, const fit_pass *pass)
{
  reporter->computing += pass->computing;
  reporter->waiting += pass->waiting;
  reporter->allreduce += pass->allreduce;
}

/* For whoever asks until the next pass, and for the ranks that were asked before this one. A launcher passes the signal
 * on to all ranks: they hear of it within a pass or two, and by then rank 0 has answered. */
static void answer(progress *reporter, const fit_pass *pass)
{
  const double to_pass_on = 0.25; /* seconds in which a launcher has passed a signal on to all ranks */
  const double time = clock_now();
  if (pass->n_questions > 0 || time - reporter->prepared >= seconds_between_answers) {
    char text[LINE_BYTES];
    progress_describe_pass(reporter, pass, true, text);
    signals_set_answer("status: %s", text);
    reporter->prepared = time;
  }
  if (signals_take_answered()) reporter->answered = time;
  if (pass->n_questions == 0 || time - reporter->answered < fmax(to_pass_on, 2.0 * pass->seconds)) return;
  signals_answer();
}

void progress_begin_fits(progress *reporter, const progress_plan *plan, double seconds_read)
{
  if (!is_heard(reporter)) return;
  reporter->plan = *plan;
  reporter->n_left = progress_n_fits(reporter);
  reporter->reading = seconds_read;
  reporter->last.start = -1;
}

void progress_state(progress *reporter, const fit_state *state)
{
  if (!is_heard(reporter)) return;
  reporter->n_left = progress_n_fits(reporter) - fit_first_start(state) - state->n_climbers;
  for (int64_t i = 0; i < state->n_climbers; i++) {
    const climber *climb = &state->climbers[i];
    reporter->n_left += climb->has_ended && climb->current.level == 0 ? 0 : 1;
  }
}

/* Changes are those of one fit on one level, one after the other. */
static void note_pass(progress *reporter, const fit_pass *pass)
{
  const fit_pass *last = &reporter->last;
  const bool goes_on = reporter->shows == SHOWS_PASSES && pass->start == last->start && pass->level == last->level &&
                       pass->iteration >= last->iteration;
  if (!goes_on) {
    reporter->changes = decay_begin();
    reporter->rate = rate_begin(clock_now(), (double)pass->iteration);
  }
  decay_note(&reporter->changes, pass->change);
  rate_note(&reporter->rate, clock_now(), (double)pass->iteration);
  reporter->last = *pass;
  reporter->shows = SHOWS_PASSES;
  reporter->walk = NAN;
}

void progress_pass(progress *reporter, const fit_pass *pass)
{
  if (!is_heard(reporter)) return;
  take_times(reporter, pass);
  answer(reporter, pass);
  note_pass(reporter, pass);
  if (reporter->verbosity <= 0) {
    show(reporter);
    return;
  }
  char text[LINE_BYTES];
  progress_describe_pass(reporter, pass, false, text);
  fprintf(stderr, "%s\n", text);
  fflush(stderr);
}
