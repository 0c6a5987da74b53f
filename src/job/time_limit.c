/* SPDX-License-Identifier: BSD-3-Clause */
#include "job/time_limit.h"

#include "support/clock.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* An iteration or a checkpoint may take this many times the slowest one so far: other jobs use the same network and
 * file system. */
static const double safety = 1.5;

/* What is left for the end of the process, files closed and MPI finalised: a share of the time, and in seconds at most
 * what that takes with many ranks. */
static const double share_of_reserve = 0.05;
static const double largest_reserve = 5.0;

/* --- as text --- */

/* A run of digits, at most 9 of them; NULL when there is none. */
static const char *read_digits(const char *text, double *number)
{
  const size_t length = strspn(text, "0123456789");
  if (length == 0 || length > 9) return NULL;
  *number = (double)strtoul(text, NULL, 10);
  return text + length;
}

/* "90", "1.5h" */
static bool parse_with_unit(const char *text, double *seconds)
{
  static const struct {
    const char *unit;
    double seconds;
  } units[] = {{"", 1.0}, {"s", 1.0}, {"m", 60.0}, {"min", 60.0}, {"h", 3600.0}, {"d", 86400.0}};
  double number;
  double fraction = 0.0;
  const char *next = read_digits(text, &number);
  if (next != NULL && *next == '.') {
    const size_t length = strspn(next + 1, "0123456789");
    fraction = length > 0 && length < 20 ? strtod(next, NULL) : -1.0;
    next += 1 + length;
  }
  if (next == NULL || fraction < 0.0) return false;
  for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
    if (strcmp(next, units[i].unit) != 0) continue;
    *seconds = (number + fraction) * units[i].seconds;
    return true;
  }
  return false;
}

/* "[D-]HH[:MM[:SS]]", without days "[HH:]MM:SS". */
static bool parse_with_colons(const char *text, double *seconds)
{
  static const double units[] = {3600.0, 60.0, 1.0};
  double parts[3];
  double days = 0.0;
  int n = 0;
  const char *dash = strchr(text, '-');
  if (dash != NULL) {
    if (read_digits(text, &days) != dash) return false;
    text = dash + 1;
  }
  for (;;) {
    text = n < 3 ? read_digits(text, &parts[n]) : NULL;
    if (text == NULL) return false;
    n++;
    if (*text == '\0') break;
    if (*text++ != ':') return false;
  }
  if (dash == NULL && n < 2) return false;
  const int first = dash != NULL ? 0 : 3 - n;
  *seconds = days * 86400.0;
  for (int i = 0; i < n; i++) {
    if (i > 0 && parts[i] >= 60.0) return false;
    *seconds += parts[i] * units[first + i];
  }
  return dash == NULL || parts[0] < 24.0;
}

bool time_limit_parse(const char *text, double *seconds)
{
  if (strcmp(text, "none") == 0 || strcasecmp(text, "unlimited") == 0) {
    *seconds = INFINITY;
    return true;
  }
  return (parse_with_unit(text, seconds) || parse_with_colons(text, seconds)) && *seconds > 0.0;
}

double time_limit_until(const char *text)
{
  if (text == NULL || strspn(text, "0123456789") != strlen(text) || text[0] == '\0') return INFINITY;
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return strtod(text, NULL) - (double)now.tv_sec - 1e-9 * (double)now.tv_nsec;
}

/* --- the margin --- */

time_limit time_limit_begin(double seconds)
{
  return (time_limit){.end = clock_now() + seconds, .reserve = fmin(share_of_reserve * seconds, largest_reserve)};
}

void time_limit_note_iteration(time_limit *limit, double seconds, double n_points)
{
  limit->iterations[limit->n_iterations++ % TIME_LIMIT_MEMORY] = seconds / n_points;
}

void time_limit_note_rest(time_limit *limit, double seconds, double n_points)
{
  limit->rests[limit->n_rests++ % TIME_LIMIT_MEMORY] = seconds / n_points;
}

static double slowest(const double *noted, int n_noted)
{
  double seconds = 0.0;
  for (int i = 0; i < n_noted && i < TIME_LIMIT_MEMORY; i++) seconds = fmax(seconds, noted[i]);
  return seconds;
}

double time_limit_margin(const time_limit *limit, double n_points)
{
  const double iteration = n_points * slowest(limit->iterations, limit->n_iterations);
  const double rest = n_points * slowest(limit->rests, limit->n_rests);
  return limit->reserve + safety * (iteration + rest + limit->checkpoint);
}

double time_limit_left(const time_limit *limit)
{
  return limit->end - clock_now();
}
