/* SPDX-License-Identifier: BSD-3-Clause */
#include "job/progress.h"

#include "support/clock.h"
#include "support/signals.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* A live line is read by eye; a plain one stays in a log file, of which there are days. */
static const double seconds_between_live_lines = 0.1;
static const double seconds_between_plain_lines = 10.0;

/* The answer to questions is no older than this, whatever a pass takes; making it costs some microseconds. */
static const double seconds_between_answers = 0.05;

enum { LINE_BYTES = 320 };

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

progress progress_begin(int verbosity, int64_t n_starts, const time_limit *limit, double seconds_read)
{
  const progress reporter = {.verbosity = verbosity,
                             .n_starts = n_starts,
                             .limit = limit,
                             .terminal = isatty(STDERR_FILENO) == 1,
                             .began = clock_now() - seconds_read,
                             .reading = seconds_read};
  return reporter;
}

static bool is_due(const progress *reporter, double time)
{
  if (reporter->verbosity != 0) return reporter->verbosity > 0;
  if (!reporter->spoken) return true;
  return time - reporter->last >= (reporter->terminal ? seconds_between_live_lines : seconds_between_plain_lines);
}

void progress_clear(progress *reporter)
{
  if (!reporter->live) return;
  fputs("\r\033[K", stderr);
  fflush(stderr);
  reporter->live = false;
}

/* What fits on one line of the terminal. */
static int columns(void)
{
  enum { USUAL = 80 };
  struct winsize size;
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : USUAL;
}

static void print_line(progress *reporter, const char *line)
{
  reporter->live = reporter->terminal && reporter->verbosity == 0;
  if (reporter->live)
    fprintf(stderr, "\r%.*s\033[K", columns() - 1, line);
  else
    fprintf(stderr, "%s\n", line);
  fflush(stderr);
}

static void take_times(progress *reporter, const fit_pass *pass)
{
  reporter->computing += pass->computing;
  reporter->waiting += pass->waiting;
  reporter->allreduce += pass->allreduce;
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

/* in_full: also what goes without saying. */
static void describe(const progress *reporter, const fit_pass *pass, bool in_full, growing_line *line)
{
  char text[CLOCK_TEXT_BYTES];
  line->length = 0;
  if (reporter->n_starts > 1 || in_full)
    append(line, "start %lld of %lld, ", (long long)pass->start + 1, (long long)reporter->n_starts);
  if (reporter->n_left > 0) append(line, "%lld left, ", (long long)reporter->n_left);
  if (in_full) append(line, "level %lld, ", (long long)pass->level);
  if (pass->level > 0 || in_full)
    append(line, "%lld point%s, ", (long long)pass->n_samples, pass->n_samples == 1 ? "" : "s");
  const bool named = pass->objective_name != NULL;
  append(line, "iteration %lld: %s %.10g", (long long)pass->iteration, named ? pass->objective_name : "log-likelihood",
         named ? pass->objective : pass->log_likelihood);
  if (!isnan(pass->change)) append(line, ", change %.3g", pass->change);
  if (pass->seconds > 0) append(line, ", %.3g points/s", (double)pass->n_samples / pass->seconds);
  append(line, ", %s", clock_text(clock_now() - reporter->began, text));
  const double left = reporter->limit != NULL ? time_limit_left(reporter->limit) : INFINITY;
  if (isfinite(left)) append(line, ", %s left", clock_text(fmax(left, 0.0), text));
  append_shares(reporter, line);
}

/* For whoever asks until the next pass, and for the ranks that were asked before this one. A launcher passes the signal
 * on to all ranks: they hear of it within a pass or two, and by then rank 0 has answered. */
static void answer(progress *reporter, const fit_pass *pass)
{
  const double to_pass_on = 0.25; /* seconds in which a launcher has passed a signal on to all ranks */
  const double time = clock_now();
  if (pass->n_questions > 0 || time - reporter->prepared >= seconds_between_answers) {
    growing_line line;
    describe(reporter, pass, true, &line);
    signals_set_answer("%sstatus: %s", reporter->terminal ? "\r\033[K" : "", line.text);
    reporter->prepared = time;
  }
  if (signals_take_answered()) reporter->answered = time;
  if (pass->n_questions == 0 || time - reporter->answered < fmax(to_pass_on, 2.0 * pass->seconds)) return;
  signals_answer();
}

void progress_state(progress *reporter, const fit_state *state)
{
  if (state->n_shapes == 1) return;
  reporter->n_left = reporter->n_starts - fit_first_start(state) - state->n_climbers;
  for (int64_t i = 0; i < state->n_climbers; i++) {
    const climber *climb = &state->climbers[i];
    reporter->n_left += climb->has_ended && climb->current.level == 0 ? 0 : 1;
  }
}

void progress_pass(progress *reporter, const fit_pass *pass)
{
  take_times(reporter, pass);
  answer(reporter, pass);
  const double time = clock_now();
  if (!is_due(reporter, time)) return;
  reporter->spoken = true;
  reporter->last = time;

  growing_line line;
  describe(reporter, pass, false, &line);
  print_line(reporter, line.text);
}

/* Elsewhere than on a terminal it takes ten seconds until there is something to say. */
static bool is_due_for_parts(progress *reporter, double time)
{
  if (!reporter->terminal && !reporter->spoken) reporter->last = reporter->began;
  reporter->spoken = true;
  if (!is_due(reporter, time)) return false;
  reporter->last = time;
  return true;
}

void progress_groups(progress *reporter, int64_t n_done, int64_t n_groups)
{
  const double time = clock_now();
  const double seconds = time - reporter->began;
  const double rate = seconds > 0 ? (double)n_done / seconds : 0.0;
  char line[160];
  snprintf(line, sizeof line, "%lld of %lld groups, %.3g groups/s, about %.0f s left", (long long)n_done,
           (long long)n_groups, rate, rate > 0 ? (double)(n_groups - n_done) / rate : 0.0);
  signals_set_answer("%sstatus: %s", reporter->terminal ? "\r\033[K" : "", line);
  if (is_due_for_parts(reporter, time)) print_line(reporter, line);
}

void progress_rows(progress *reporter, double share, int64_t n_rows)
{
  const double time = clock_now();
  if (!is_due_for_parts(reporter, time)) return;
  const double seconds = time - reporter->began;
  char line[160];
  snprintf(line, sizeof line, "%.0f%% of %lld rows, %.3g rows/s, about %.0f s left", 100.0 * share, (long long)n_rows,
           seconds > 0 ? share * (double)n_rows / seconds : 0.0, share > 0 ? seconds * (1.0 - share) / share : 0.0);
  print_line(reporter, line);
}

void progress_note(progress *reporter, const char *format, ...)
{
  if (reporter->verbosity < 0) return;
  progress_clear(reporter);
  char line[1200];
  va_list list;
  va_start(list, format);
  vsnprintf(line, sizeof line, format, list);
  va_end(list);
  fprintf(stderr, "%s\n", line);
  fflush(stderr);
}
