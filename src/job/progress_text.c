/* SPDX-License-Identifier: BSD-3-Clause */
#include "job/progress_text.h"

#include "support/clock.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What parts of a line weigh: see progress_line.h for the bar and the percentage. */
enum {
  FIRST = 100,
  WEIGHT_OF_ITERATION = 75,
  WEIGHT_OF_TIME_LEFT = 70,
  WEIGHT_OF_CHANGE = 55,
  WEIGHT_OF_MOST = 50,
  WEIGHT_OF_OBJECTIVE = 45,
  WEIGHT_OF_LIMIT = 40,
  WEIGHT_OF_WALK = 35,
  WEIGHT_OF_SPEED = 30
};

/* --- spans of time and amounts, for people --- */

static const char *about_text(double seconds, char text[CLOCK_TEXT_BYTES])
{
  static const struct {
    double below, unit;
    const char *format;
  } spans[] = {{99.5, 1.0, "%.0f s"}, {99.5 * 60.0, 60.0, "%.0f min"}, {48.0 * 3600.0, 3600.0, "%.1f h"}};
  for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
    if (seconds >= spans[i].below) continue;
    snprintf(text, CLOCK_TEXT_BYTES, spans[i].format, seconds / spans[i].unit);
    return text;
  }
  snprintf(text, CLOCK_TEXT_BYTES, "%.1f days", seconds / 86400.0);
  return text;
}

/* Longer estimates are none, and shorter ones are over when they are read. */
static void add_time_left(progress_line *line, double seconds)
{
  const double shortest = 1.0;
  const double longest = 1000.0 * 86400.0;
  char text[CLOCK_TEXT_BYTES];
  if (seconds >= shortest && seconds < longest)
    line_add(line, WEIGHT_OF_TIME_LEFT, ", ", "about %s left", about_text(seconds, text));
}

static void add_limit(const progress *reporter, progress_line *line)
{
  char text[CLOCK_TEXT_BYTES];
  const double left = reporter->limit != NULL ? time_limit_left(reporter->limit) : INFINITY;
  if (isfinite(left)) line_add(line, WEIGHT_OF_LIMIT, ", ", "time limit in %s", clock_text(fmax(left, 0.0), text));
}

/* Bytes are said in millions. */
static void add_amount(const progress *reporter, progress_line *line)
{
  const bool bytes = strcmp(reporter->unit, "bytes") == 0;
  const double rate = rate_per_second(&reporter->rate);
  if (bytes)
    line_add(line, WEIGHT_OF_MOST, ", ", "%.3g MB", 1e-6 * reporter->n_in_all);
  else
    line_add(line, WEIGHT_OF_MOST, ", ", "%.0f %s", reporter->n_in_all, reporter->unit);
  if (rate > 0.0)
    line_add(line, WEIGHT_OF_SPEED, ", ", "%.3g %s/s", bytes ? 1e-6 * rate : rate, bytes ? "MB" : reporter->unit);
}

/* --- what a line says --- */

int64_t progress_n_fits(const progress *reporter)
{
  return reporter->plan.n_candidates * (reporter->plan.n_init + reporter->plan.n_folds);
}

/* How many fits of all have ended: the share, and in words. */
static void add_fits(const progress *reporter, int weight, progress_line *line)
{
  const progress_plan *plan = &reporter->plan;
  const long long n = (long long)progress_n_fits(reporter);
  const long long done = n - (long long)reporter->n_left;
  if (!plan->is_selection)
    line_add(line, weight, ", ", "%lld of %lld starts done", done, n);
  else if (n == plan->n_candidates)
    line_add(line, weight, ", ", "%lld of %lld candidates done", done, n);
  else
    line_add(line, weight, ", ", "%lld of %lld fits of %lld candidates done", done, n, (long long)plan->n_candidates);
}

static progress_line line_of_activity(const progress *reporter)
{
  progress_line line = {.share = reporter->share, .is_counted = true};
  const char *object = reporter->object;
  if (reporter->is_live && strrchr(object, '/') != NULL && strrchr(object, '/')[1] != '\0')
    object = strrchr(object, '/') + 1;
  line_add(&line, FIRST, "", "%s%s%s", reporter->doing, object[0] != '\0' ? " " : "", object);
  if (progress_n_fits(reporter) > 1) add_fits(reporter, WEIGHT_OF_ITERATION, &line);
  if (reporter->unit != NULL && !isnan(reporter->share)) {
    add_amount(reporter, &line);
    add_time_left(&line, rate_seconds_left(&reporter->rate, reporter->n_in_all));
  }
  add_limit(reporter, &line);
  return line;
}

static progress_line line_of_parts(const progress *reporter)
{
  progress_line line = {.share = reporter->n_done / reporter->n_in_all};
  const double rate = rate_per_second(&reporter->rate);
  line_add(&line, FIRST, "", "%.0f of %.0f %s done", reporter->n_done, reporter->n_in_all, reporter->doing);
  if (reporter->remark[0] != '\0') line_add(&line, WEIGHT_OF_CHANGE, ", ", "%s", reporter->remark);
  if (rate > 0.0) line_add(&line, WEIGHT_OF_SPEED, ", ", "%.3g %s/s", rate, reporter->doing);
  add_time_left(&line, rate_seconds_left(&reporter->rate, reporter->n_in_all));
  add_limit(reporter, &line);
  return line;
}

/* "candidate 2", or where it has several starts or folds "start 3 of candidate 2" */
static void name_fit(const progress *reporter, int64_t fit, char text[PROGRESS_NAME_BYTES])
{
  const progress_plan *plan = &reporter->plan;
  const long long candidate = (long long)(fit % plan->n_candidates) + 1;
  const long long turn = (long long)(fit / plan->n_candidates);
  if (!plan->is_selection)
    snprintf(text, PROGRESS_NAME_BYTES, "start %lld", (long long)fit + 1);
  else if (turn >= plan->n_init)
    snprintf(text, PROGRESS_NAME_BYTES, "fold %lld of candidate %lld", turn - (long long)plan->n_init + 1, candidate);
  else if (plan->n_init > 1)
    snprintf(text, PROGRESS_NAME_BYTES, "start %lld of candidate %lld", turn + 1, candidate);
  else
    snprintf(text, PROGRESS_NAME_BYTES, "candidate %lld", candidate);
}

/* Of one fit on all points; where several take turns nobody knows. */
static double seconds_left_of_fit(const progress *reporter)
{
  const fit_pass *pass = &reporter->last;
  const double rate = rate_per_second(&reporter->rate);
  const double at_most = (double)(reporter->plan.max_iterations - pass->iteration);
  if (progress_n_fits(reporter) > 1 || pass->level > 0 || !(rate > 0.0)) return NAN;
  if (!(reporter->plan.tolerance > 0.0)) return at_most / rate;
  const double expected = decay_iterations_left(&reporter->changes, reporter->plan.tolerance);
  return isnan(expected) ? NAN : fmin(expected, at_most) / rate;
}

static const char *objective_name(const fit_pass *pass)
{
  return pass->objective_name != NULL ? pass->objective_name : "log-likelihood";
}

static double objective(const fit_pass *pass)
{
  return pass->objective_name != NULL ? pass->objective : pass->log_likelihood;
}

/* How far a pass is says something only where it takes longer than a second. */
static const double long_pass = 1.0;

static progress_line line_of_passes(const progress *reporter)
{
  const progress_plan *plan = &reporter->plan;
  const fit_pass *pass = &reporter->last;
  const long long iteration = (long long)pass->iteration;
  progress_line line = {.share = NAN};
  if (progress_n_fits(reporter) > 1) {
    char name[PROGRESS_NAME_BYTES];
    name_fit(reporter, pass->start, name);
    line.share = 1.0 - (double)reporter->n_left / (double)progress_n_fits(reporter);
    add_fits(reporter, FIRST, &line);
    line_add(&line, WEIGHT_OF_ITERATION, ", ", "iteration %lld of %s", iteration, name);
  } else {
    line_add(&line, FIRST, "", "iteration %lld", iteration);
    if (pass->level > 0)
      line_add(&line, WEIGHT_OF_MOST, " ", "on %lld points", (long long)pass->n_samples);
    else
      line_add(&line, WEIGHT_OF_MOST, " ", "of at most %lld", (long long)plan->max_iterations);
    line.is_counted = pass->level == 0 && !(plan->tolerance > 0.0);
    line.share = line.is_counted ? (double)iteration / fmax((double)plan->max_iterations, 1.0)
                                 : decay_share(&reporter->changes, plan->tolerance);
  }
  if (pass->seconds > long_pass && reporter->walk > 0.0 && reporter->walk < 1.0)
    line_add(&line, WEIGHT_OF_WALK, ", ", "pass %.0f %%", 100.0 * reporter->walk);
  if (!isnan(pass->change)) line_add(&line, WEIGHT_OF_CHANGE, ", ", "change %.3g", pass->change);
  line_add(&line, WEIGHT_OF_OBJECTIVE, ", ", "%s %.8g", objective_name(pass), objective(pass));
  if (pass->seconds > 0.0)
    line_add(&line, WEIGHT_OF_SPEED, ", ", "%.3g points/s", (double)pass->n_samples / pass->seconds);
  add_time_left(&line, seconds_left_of_fit(reporter));
  add_limit(reporter, &line);
  return line;
}

progress_line progress_text(const progress *reporter)
{
  switch (reporter->shows) {
  case SHOWS_PASSES:
    return line_of_passes(reporter);
  case SHOWS_PARTS:
    return line_of_parts(reporter);
  default:
    return line_of_activity(reporter);
  }
}

/* --- passes in full --- */

/* A line while it grows. */
typedef struct growing_line {
  char text[LINE_BYTES];
  int length;
} growing_line;

static void append(growing_line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void append(growing_line *line, const char *format, ...)
{
  va_list list;
  va_start(list, format);
  const int length = vsnprintf(line->text + line->length, (size_t)(LINE_BYTES - line->length), format, list);
  va_end(list);
  line->length += length;
  if (line->length > LINE_BYTES - 1) line->length = LINE_BYTES - 1;
}

static void append_shares(const progress *reporter, growing_line *line)
{
  const double whole = clock_now() - reporter->began;
  if (!(whole > 0.0) || !(reporter->computing > 0.0)) return;
  append(line, "; reading %.0f %%, computing %.0f %%, Allreduce %.0f %%, waiting %.0f %%",
         100.0 * reporter->reading / whole, 100.0 * reporter->computing / whole, 100.0 * reporter->allreduce / whole,
         100.0 * reporter->waiting / whole);
  append(line, " (imbalance %.2f)", 1.0 + reporter->waiting / reporter->computing);
}

/* Which fit a pass is of: "candidate 2 of 3, fold 1 of 5". in_full: also what goes without saying. */
static void append_fit(const progress *reporter, const fit_pass *pass, bool in_full, growing_line *line)
{
  const progress_plan *plan = &reporter->plan;
  const long long turn = (long long)(pass->start / plan->n_candidates);
  if (!plan->is_selection) {
    if (plan->n_init > 1 || in_full)
      append(line, "start %lld of %lld, ", (long long)pass->start + 1, (long long)plan->n_init);
    return;
  }
  append(line, "candidate %lld of %lld, ", (long long)(pass->start % plan->n_candidates) + 1,
         (long long)plan->n_candidates);
  if (turn >= plan->n_init)
    append(line, "fold %lld of %lld, ", turn - (long long)plan->n_init + 1, (long long)plan->n_folds);
  else if (plan->n_init > 1)
    append(line, "start %lld of %lld, ", turn + 1, (long long)plan->n_init);
  append(line, "%lld fit%s left, ", (long long)reporter->n_left, reporter->n_left == 1 ? "" : "s");
}

/* All that is known, for answers and for who wants a line for each pass. */
void progress_describe_pass(const progress *reporter, const fit_pass *pass, bool in_full, char whole[LINE_BYTES])
{
  char text[CLOCK_TEXT_BYTES];
  growing_line line = {.length = 0};
  append_fit(reporter, pass, in_full, &line);
  if (in_full) append(&line, "level %lld, ", (long long)pass->level);
  if (pass->level > 0 || in_full)
    append(&line, "%lld point%s, ", (long long)pass->n_samples, pass->n_samples == 1 ? "" : "s");
  append(&line, "iteration %lld: %s %.10g", (long long)pass->iteration, objective_name(pass), objective(pass));
  if (!isnan(pass->change)) append(&line, ", change %.3g", pass->change);
  if (pass->seconds > 0) append(&line, ", %.3g points/s", (double)pass->n_samples / pass->seconds);
  append(&line, ", %s", clock_text(clock_now() - reporter->began, text));
  const double left = reporter->limit != NULL ? time_limit_left(reporter->limit) : INFINITY;
  if (isfinite(left)) append(&line, ", %s left", clock_text(fmax(left, 0.0), text));
  append_shares(reporter, &line);
  memcpy(whole, line.text, (size_t)line.length + 1);
}
