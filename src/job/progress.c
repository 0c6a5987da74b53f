#include "job/progress.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static const double seconds_between_live_lines = 0.1;
static const double seconds_between_plain_lines = 10.0;

static double now(void)
{
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

progress progress_begin(int verbosity, int64_t n_starts)
{
  const progress reporter = {
      .verbosity = verbosity, .n_starts = n_starts, .terminal = isatty(STDERR_FILENO) == 1, .began = now()};
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

static void print_line(progress *reporter, const char *line)
{
  reporter->live = reporter->terminal && reporter->verbosity == 0;
  if (reporter->live)
    fprintf(stderr, "\r%s\033[K", line);
  else
    fprintf(stderr, "%s\n", line);
  fflush(stderr);
}

void progress_pass(progress *reporter, const fit_pass *pass)
{
  const double time = now();
  if (!is_due(reporter, time)) return;
  reporter->spoken = true;
  reporter->last = time;

  char line[320];
  int length = 0;
  if (reporter->n_starts > 1)
    length =
        snprintf(line, sizeof line, "start %lld of %lld, ", (long long)pass->start + 1, (long long)reporter->n_starts);
  if (pass->level > 0)
    length += snprintf(line + length, sizeof line - (size_t)length, "%lld points, ", (long long)pass->n_samples);
  length += snprintf(line + length, sizeof line - (size_t)length, "iteration %lld: log-likelihood %.10g",
                     (long long)pass->iteration, pass->log_likelihood);
  if (!isnan(pass->change))
    length += snprintf(line + length, sizeof line - (size_t)length, ", change %.3g", pass->change);
  if (pass->seconds > 0)
    length += snprintf(line + length, sizeof line - (size_t)length, ", %.3g points/s",
                       (double)pass->n_samples / pass->seconds);
  snprintf(line + length, sizeof line - (size_t)length, ", %.1f s", time - reporter->began);

  print_line(reporter, line);
}

void progress_rows(progress *reporter, double share, int64_t n_rows)
{
  const double time = now();
  if (!reporter->terminal && !reporter->spoken) reporter->last = reporter->began;
  reporter->spoken = true;
  if (!is_due(reporter, time)) return;
  reporter->last = time;
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
