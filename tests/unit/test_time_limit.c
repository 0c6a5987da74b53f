/* SPDX-License-Identifier: BSD-3-Clause */
/* Spans of time as people and SLURM write them, and the margin before the end of a job's time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "job/time_limit.h"
#include "support/clock.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

static void spans_of_time(void **unused)
{
  (void)unused;
  static const struct {
    const char *text;
    double seconds;
  } spans[] = {
      {"1", 1},
      {"90", 90},
      {"90s", 90},
      {"0.5", 0.5},
      {"90m", 90 * 60},
      {"90min", 90 * 60},
      {"4h", 4 * 3600},
      {"1.5h", 5400},
      {"2d", 2 * 86400},
      {"0:05", 5},
      {"30:00", 1800},
      {"90:30", 90 * 60 + 30},
      {"04:00:00", 4 * 3600},
      {"4:05:06", 4 * 3600 + 5 * 60 + 6},
      {"100:00:01", 360001},
      {"1-0", 86400},
      {"1-12", 36 * 3600},
      {"1-12:30", 36 * 3600 + 30 * 60},
      {"7-23:59:59", 8 * 86400 - 1},
      {"none", INFINITY},
      {"UNLIMITED", INFINITY}, /* what squeue prints */
  };
  for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++) {
    double seconds = -1.0;
    if (!time_limit_parse(spans[i].text, &seconds)) fail_msg("\"%s\" is refused", spans[i].text);
    if (seconds != spans[i].seconds) fail_msg("\"%s\" is %g", spans[i].text, seconds);
  }
}

static void no_spans_of_time(void **unused)
{
  (void)unused;
  static const char *const others[] = {"",        "0",    "0:00", "00:00:00",    "0-0",  "-1",    "-5:00",  "+5",
                                       "m",       "h4",   "4 h",  "4x",          "4hm",  "1:60",  "1:2:60", "1:60:00",
                                       "1:2:3:4", ":30",  "30:",  "1::2",        "1-",   "-1:00", "1-24",   "1-2-3",
                                       "1-5m",    "1.",   ".5",   "1.5:00",      "1e3",  "nan",   "inf",    "NOT_SET",
                                       "INVALID", "0x10", "1,5",  "12345678901", "1:2 ", " 1:2",  "1.-5",   "1.5.5"};
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
    double seconds;
    if (time_limit_parse(others[i], &seconds)) fail_msg("\"%s\" is taken for %g seconds", others[i], seconds);
  }
}

static void times_of_the_environment(void **unused)
{
  (void)unused;
  char text[32];
  snprintf(text, sizeof text, "%lld", (long long)time(NULL) + 1000);
  const double left = time_limit_until(text);
  assert_true(left > 700 && left <= 1000);
  assert_true(time_limit_until("1") < 0);
  assert_true(isinf(time_limit_until(NULL)));
  assert_true(isinf(time_limit_until("")));
  assert_true(isinf(time_limit_until("Unknown")));
  assert_true(isinf(time_limit_until("12 34")));
}

static void assert_near(double value, double expected)
{
  if (!(fabs(value - expected) <= 1e-12 * fabs(expected))) fail_msg("%.17g is not %.17g", value, expected);
}

static void the_margin(void **unused)
{
  (void)unused;
  time_limit limit = time_limit_begin(3600.0);
  assert_near(limit.reserve, 5.0);
  assert_near(time_limit_margin(&limit, 1e6), 5.0);
  assert_near(time_limit_begin(40.0).reserve, 2.0);
  assert_true(isinf(time_limit_left(&(time_limit){.end = INFINITY})));

  /* An iteration of 8 s, 1 s of them behind the question, and a checkpoint of 3 s: 5 + 3/2 (8 + 1 + 3). */
  time_limit_note_iteration(&limit, 8.0, 1e6);
  time_limit_note_rest(&limit, 1.0, 1e6);
  limit.checkpoint = 3.0;
  assert_near(time_limit_margin(&limit, 1e6), 23.0);
  /* Faster ones don't make it smaller, until the slow ones are long ago. */
  for (int i = 0; i < TIME_LIMIT_MEMORY - 1; i++) {
    time_limit_note_iteration(&limit, 4.0, 1e6);
    time_limit_note_rest(&limit, 0.5, 1e6);
  }
  assert_near(time_limit_margin(&limit, 1e6), 23.0);
  time_limit_note_iteration(&limit, 4.0, 1e6);
  time_limit_note_rest(&limit, 0.5, 1e6);
  assert_near(time_limit_margin(&limit, 1e6), 5.0 + 1.5 * (4.0 + 0.5 + 3.0));
  /* On a tenth of the points an iteration takes a tenth of the time; the next one may see all of them. */
  for (int i = 0; i < TIME_LIMIT_MEMORY; i++) {
    time_limit_note_iteration(&limit, 0.8, 1e5);
    time_limit_note_rest(&limit, 0.1, 1e5);
  }
  assert_near(time_limit_margin(&limit, 1e6), 23.0);
}

static void the_clock(void **unused)
{
  (void)unused;
  static const struct {
    double seconds;
    const char *text;
  } spans[] = {{0, "0.0 s"},          {12.34, "12.3 s"},     {100, "0:01:40"},         {3600, "1:00:00"},
               {86399.9, "23:59:59"}, {86400, "1-00:00:00"}, {273906.5, "3-04:05:06"}, {-3, "-3.0 s"},
               {-3725, "-1:02:05"}};
  char text[CLOCK_TEXT_BYTES];
  for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++)
    assert_string_equal(clock_text(spans[i].seconds, text), spans[i].text);

  const double age = clock_process_age();
  const double before = clock_now();
  const struct timespec pause = {.tv_nsec = 100000000};
  nanosleep(&pause, NULL);
  assert_true(age >= 0.0 && clock_process_age() >= age + 0.05);
  assert_true(clock_now() >= before + 0.05);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(spans_of_time), cmocka_unit_test(no_spans_of_time), cmocka_unit_test(times_of_the_environment),
      cmocka_unit_test(the_margin),    cmocka_unit_test(the_clock),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
