/* SPDX-License-Identifier: BSD-3-Clause */
/* When progress is told, what is said of the time left, and how a line is made to fit; on a clock of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "job/pace.h"
#include "job/progress_line.h"
#include "job/time_left.h"
#include "support/activity.h"

#include <math.h>
#include <string.h>

static bool is_near(double value, double expected, double most)
{
  return fabs(value - expected) <= most;
}

/* --- when --- */

/* Asked every millisecond, for a day and a bit, starting at any time. */
static void lines_that_stay_are_told_ever_more_rarely(void **unused)
{
  (void)unused;
  const double began = 12345.0;
  const double expected[] = {1, 3, 7, 15, 31, 63, 123, 183, 243};
  pace plain = pace_plain(began);
  int n = 0;
  for (int64_t i = 0; i <= 250000; i++) {
    if (!pace_is_due(&plain, began + 0.001 * (double)i)) continue;
    assert_in_range(n, 0, 8);
    assert_true(fabs(0.001 * (double)i - expected[n]) < 0.0015);
    n++;
  }
  assert_int_equal(n, 9);
}

/* Whoever asks rarely is not told more often for it: gaps are from one line to the next. */
static void late_lines_do_not_pile_up(void **unused)
{
  (void)unused;
  pace plain = pace_plain(0.0);
  assert_false(pace_is_due(&plain, 0.999));
  assert_true(pace_is_due(&plain, 1000.0));
  assert_false(pace_is_due(&plain, 1001.9));
  assert_true(pace_is_due(&plain, 1002.0));
  assert_false(pace_is_due(&plain, 1005.9));
  assert_true(pace_is_due(&plain, 1e6));
}

static void a_live_line_comes_ten_times_a_second(void **unused)
{
  (void)unused;
  pace live = pace_live(50.0);
  assert_false(pace_is_due(&live, 50.49));
  assert_true(pace_is_due(&live, 50.5));
  assert_false(pace_is_due(&live, 50.59));
  assert_true(pace_is_due(&live, 50.61));
  assert_true(pace_is_due(&live, 99.0));
}

/* --- the time left --- */

static void the_rate_is_that_of_the_last_seconds(void **unused)
{
  (void)unused;
  work_rate rate = rate_begin(100.0, 0.0);
  assert_true(isnan(rate_seconds_left(&rate, 1000.0)));
  rate_note(&rate, 100.2, 50.0);
  assert_true(isnan(rate_seconds_left(&rate, 1000.0))); /* too early to say */
  rate_note(&rate, 101.0, 100.0);
  assert_true(is_near(rate_seconds_left(&rate, 1000.0), 9.0, 1e-12));
  /* Ten times slower from here on: after a while that is what counts. */
  for (int i = 1; i <= 40; i++) rate_note(&rate, 101.0 + i, 100.0 + 10.0 * i);
  assert_true(is_near(rate_seconds_left(&rate, 1000.0), 50.0, 1e-9));
}

static void what_stands_still_has_no_end(void **unused)
{
  (void)unused;
  work_rate rate = rate_begin(0.0, 5.0);
  rate_note(&rate, 100.0, 5.0);
  assert_true(isnan(rate_seconds_left(&rate, 1000.0)));
  rate_note(&rate, 101.0, 2000.0); /* more than there is */
  assert_true(isnan(rate_seconds_left(&rate, 1000.0)));
}

/* A change that falls by the same factor each time: 0.9^n reaches the tolerance after log(tolerance) / log(0.9). */
static void a_steady_decay_says_when_it_ends(void **unused)
{
  (void)unused;
  decay changes = decay_begin();
  for (int i = 0; i < 60; i++) {
    if (i < 10) assert_true(isnan(decay_iterations_left(&changes, 1e-6)));
    decay_note(&changes, pow(0.9, i));
  }
  assert_true(is_near(decay_iterations_left(&changes, 1e-6), log(1e-6) / log(0.9) - 59.0, 1e-6));
  assert_true(is_near(decay_iterations_left(&changes, 0.5), 0.0, 0.0));
  assert_true(isnan(decay_iterations_left(&changes, 0.0)));
}

static void what_does_not_fall_steadily_says_nothing(void **unused)
{
  (void)unused;
  decay flat = decay_begin();
  decay waves = decay_begin();
  decay slower = decay_begin();
  decay rising = decay_begin();
  for (int i = 0; i < 60; i++) {
    decay_note(&flat, 1e-3);
    decay_note(&waves, i % 10 < 5 ? 1e-2 : 1e-6);
    decay_note(&slower, i < 50 ? pow(0.5, i) : pow(0.5, 50)); /* a plateau is reached */
    decay_note(&rising, pow(1.1, i));
  }
  assert_true(isnan(decay_iterations_left(&flat, 1e-6)));
  assert_true(isnan(decay_iterations_left(&waves, 1e-9)));
  assert_true(isnan(decay_iterations_left(&slower, 1e-30)));
  assert_true(isnan(decay_iterations_left(&rising, 1e-6)));
  decay_note(&slower, 0.0); /* nothing that a factor could be seen in */
  assert_true(isnan(decay_iterations_left(&slower, 1e-30)));
  decay_note(&flat, NAN);
  assert_true(isnan(decay_share(&flat, 1e-6)));
}

static void the_bar_of_a_decay_is_logarithmic(void **unused)
{
  (void)unused;
  decay changes = decay_begin();
  assert_true(isnan(decay_share(&changes, 1e-6)));
  for (int i = 0; i <= DECAY_MEMORY; i++) decay_note(&changes, i == 0 ? 1.0 : 1e-3);
  assert_true(is_near(decay_share(&changes, 1e-6), 0.5, 1e-12));
  assert_true(is_near(decay_share(&changes, 1e-3), 1.0, 1e-12));
  assert_true(isnan(decay_share(&changes, 0.0)));
  assert_true(isnan(decay_share(&changes, 2.0)));
}

/* --- what fits --- */

static progress_line example(double share, bool is_counted)
{
  progress_line line = {.share = share, .is_counted = is_counted};
  line_add(&line, 100, "", "reading %s", "points.csv");
  line_add(&line, 35, ", ", "%d rows", 1000);
  line_add(&line, 70, ", ", "about 12 s left");
  return line;
}

/* Columns of UTF-8 text that has nothing but narrow characters. */
static int count_columns(const char *text)
{
  int n = 0;
  for (; *text != '\0'; text++) n += ((unsigned char)*text & 0xC0) != 0x80;
  return n;
}

static void parts_go_by_their_weight(void **unused)
{
  (void)unused;
  static const struct {
    int columns;
    const char *expected;
  } cases[] = {
      {80, "[#######-------]  50 %  reading points.csv, 1000 rows, about 12 s left"},
      {60, "[#####-----]  50 %  reading points.csv, about 12 s left"},
      {50, "50 %  reading points.csv, about 12 s left"},
      {36, "50 %  reading points.csv"},
      {20, "reading points.csv"},
      {10, "reading p"},
      {2, "r"},
      {1, ""},
      {0, ""},
  };
  const progress_line line = example(0.5, true);
  char text[LINE_BYTES];
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const int columns = line_live(&line, (line_style){.columns = cases[i].columns}, text);
    assert_string_equal(text, cases[i].expected);
    assert_true(columns <= cases[i].columns - 1 || cases[i].columns == 0);
  }
}

static void no_line_is_too_long(void **unused)
{
  (void)unused;
  const double shares[] = {NAN, 0.0, 0.1, 0.999, 1.0};
  char text[LINE_BYTES];
  for (int columns = 1; columns < 200; columns++) {
    for (int s = 0; s < 5; s++) {
      for (int unicode = 0; unicode < 2; unicode++) {
        progress_line line = example(shares[s], s % 2 == 0);
        line.swing = 1.0;
        line_live(&line, (line_style){.columns = columns, .unicode = unicode != 0}, text);
        assert_in_range(count_columns(text), 0, columns - 1);
      }
    }
  }
}

static void the_bar(void **unused)
{
  (void)unused;
  char text[LINE_BYTES];
  progress_line line = example(1.0, false);
  line_live(&line, (line_style){.columns = 70}, text);
  assert_memory_equal(text, "[############]  reading", 22);
  line.share = 0.999; /* not done is not full */
  line_live(&line, (line_style){.columns = 70}, text);
  assert_memory_equal(text, "[###########-]  reading", 22);
  line.share = NAN; /* nobody knows: something moves */
  line_live(&line, (line_style){.columns = 70}, text);
  assert_memory_equal(text, "[###---------]  reading", 22);
  line.swing = 1.0;
  line_live(&line, (line_style){.columns = 70}, text);
  assert_memory_equal(text, "[---------###]  reading", 22);
  line.share = 0.5;
  line_live(&line, (line_style){.columns = 50, .unicode = true, .colours = true}, text);
  assert_memory_equal(text, "\033[36m\u2588\u2588\u2588\u2588\u2588\u2591\u2591\u2591\u2591\u2591\033[0m  reading",
                      5 + 30 + 4 + 9);
}

/* A name may be of anything: what is not ASCII takes two columns at most, and is not cut in the middle. */
static void names_of_any_characters(void **unused)
{
  (void)unused;
  char text[LINE_BYTES];
  progress_line line = {.share = NAN};
  line_add(&line, 100, "", "reading %s", "\u6570\u636e\u6570\u636e.csv\033[2J\n");
  assert_null(strchr(line.parts[0].text, '\033'));
  assert_null(strchr(line.parts[0].text, '\n'));
  for (int columns = 9; columns < 18; columns++) {
    const int used = line_live(&line, (line_style){.columns = columns, .unicode = true}, text);
    const int n = (columns - 1 - 8) / 2; /* whole characters that fit behind "reading " */
    assert_int_equal(used, 8 + 2 * n);
    assert_int_equal((int)strlen(text), 8 + 3 * n);
  }
  line_live(&line, (line_style){.columns = 17}, text);
  assert_memory_equal(text, "reading ????.csv", 16);
}

static void plain_lines(void **unused)
{
  (void)unused;
  char text[LINE_BYTES];
  progress_line line = example(0.437, true);
  line_plain(&line, text);
  assert_string_equal(text, "reading points.csv: 43 %, 1000 rows, about 12 s left");
  line = example(NAN, true);
  line_plain(&line, text);
  assert_string_equal(text, "reading points.csv, 1000 rows, about 12 s left");
}

/* --- who hears --- */

static void note(void *context, const activity *now)
{
  *(double *)context = now->share;
}

static void note_walk(void *context, double share)
{
  *(double *)context = -share;
}

static void steps_of_parts_add_up(void **unused)
{
  (void)unused;
  double heard = 7.0;
  const activity_listener listener = {&heard, note, note_walk};
  activity_tell_steps("nobody hears", 1, 2);
  assert_true(is_near(heard, 7.0, 0.0));
  activity_listen(&listener);
  activity_tell_steps("all", 1, 4);
  assert_true(is_near(heard, 0.25, 0.0));
  activity_set_part(2, 4);
  activity_tell_steps("the third quarter", 1, 2);
  assert_true(is_near(heard, 0.625, 0.0));
  activity_tell_steps("as before", 0, 0);
  assert_true(isnan(heard));
  activity_set_part(0, 1);
  activity_tell_walk(3, 4);
  assert_true(is_near(heard, -0.75, 0.0));
  activity_listen(NULL);
  activity_tell_walk(1, 4);
  assert_true(is_near(heard, -0.75, 0.0));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lines_that_stay_are_told_ever_more_rarely),
      cmocka_unit_test(late_lines_do_not_pile_up),
      cmocka_unit_test(a_live_line_comes_ten_times_a_second),
      cmocka_unit_test(the_rate_is_that_of_the_last_seconds),
      cmocka_unit_test(what_stands_still_has_no_end),
      cmocka_unit_test(a_steady_decay_says_when_it_ends),
      cmocka_unit_test(what_does_not_fall_steadily_says_nothing),
      cmocka_unit_test(the_bar_of_a_decay_is_logarithmic),
      cmocka_unit_test(parts_go_by_their_weight),
      cmocka_unit_test(no_line_is_too_long),
      cmocka_unit_test(the_bar),
      cmocka_unit_test(names_of_any_characters),
      cmocka_unit_test(plain_lines),
      cmocka_unit_test(steps_of_parts_add_up),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
