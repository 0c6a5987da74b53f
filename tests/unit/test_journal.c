/* SPDX-License-Identifier: BSD-3-Clause */
/* The convergence journal: its rows, and that a restarted job goes on in it without a gap or a repeat. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "job/journal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <signal.h>

#define HEADER "iteration,log_likelihood,mean_log_likelihood,change,start,seconds\n"

static char path[] = "/tmp/gmmpi journal XXXXXX";

static void write_text(const char *text)
{
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fputs(text, file);
  fclose(file);
}

static void assert_text(const char *expected)
{
  static char text[4000];
  FILE *file = fopen(path, "r");
  assert_non_null(file);
  text[fread(text, 1, sizeof text - 1, file)] = '\0';
  fclose(file);
  assert_string_equal(text, expected);
}

static journal *open_journal(const fit_state *resume)
{
  journal *log = NULL;
  gmmpi_error error = {0};
  assert_int_equal(journal_open(path, resume, &log, &error), GMMPI_OK);
  return log;
}

/* A job that begins with this state and makes passes of iterations first ... last of start. */
static void run(int64_t resumed_start, int64_t first, int64_t last)
{
  climber climb = {.current = {.start = resumed_start, .iteration = first}};
  const fit_state resume = {.climbers = &climb, .n_climbers = 1};
  journal *log = open_journal(first == 0 && resumed_start == 0 ? NULL : &resume);
  for (int64_t i = first; i <= last; i++) {
    const fit_pass pass = {.start = resumed_start,
                           .iteration = i,
                           .n_samples = 4,
                           .total_weight = 4.0,
                           .log_likelihood = -10.0 + (double)i,
                           .change = i == 0 ? NAN : 0.25,
                           .seconds = 0.5};
    journal_add(log, &pass);
  }
  journal_close(log);
}

static void rows_and_header(void **unused)
{
  (void)unused;
  write_text("what an earlier job left\n");
  journal *log = open_journal(NULL);
  assert_text(HEADER);
  fit_pass pass = {.n_samples = 3, .total_weight = 3.0, .log_likelihood = -0.1, .change = NAN, .seconds = 0.5};
  journal_add(log, &pass);
  /* On the disk as soon as it happened; 17 digits. */
  assert_text(HEADER "0,-0.10000000000000001,-0.033333333333333333,,0,0.5\n");
  pass.iteration = 1;
  pass.change = 0.1;
  pass.start = 2;
  journal_add(log, &pass);
  journal_close(log);
  assert_text(HEADER "0,-0.10000000000000001,-0.033333333333333333,,0,0.5\n"
                     "1,-0.10000000000000001,-0.033333333333333333,0.10000000000000001,2,0.5\n");
}

static const char three_rows[] = HEADER "0,-10,-2.5,,0,0.5\n1,-9,-2.25,0.25,0,0.5\n2,-8,-2,0.25,0,0.5\n";

static void rows_after_the_checkpoint_go(void **unused)
{
  (void)unused;
  run(0, 0, 5);
  run(0, 1, 2);
  assert_text(three_rows);
}

static void a_journal_that_ends_at_the_checkpoint_goes_on(void **unused)
{
  (void)unused;
  run(0, 0, 1);
  run(0, 2, 2);
  assert_text(three_rows);
}

static void a_torn_line_is_dropped(void **unused)
{
  (void)unused;
  static const char *const torn[] = {"1,-9,-2.25,0.2", "1", "1,-9,-2.25,0.25,0,0.5", "1,-9,-2.25\n",
                                     "x,-9,-2.25,,0,1\n"};
  for (size_t i = 0; i < sizeof torn / sizeof torn[0]; i++) {
    char text[300];
    snprintf(text, sizeof text, "%s0,-10,-2.5,,0,0.5\n%s", HEADER, torn[i]);
    write_text(text);
    run(0, 1, 2);
    assert_text(three_rows);
  }
}

static void several_starts(void **unused)
{
  (void)unused;
  write_text(HEADER "0,-10,-2.5,,0,0.5\n1,-9,-2.25,0.25,0,0.5\n0,-10,-2.5,,1,0.5\n1,-9,-2.25,0.25,1,0.5\n"
                    "2,-8,-2,0.25,1,0.5\n0,-10,-2.5,,2,0.5\n");
  run(1, 1, 1);
  assert_text(HEADER "0,-10,-2.5,,0,0.5\n1,-9,-2.25,0.25,0,0.5\n0,-10,-2.5,,1,0.5\n1,-9,-2.25,0.25,1,0.5\n");
  run(2, 0, 0);
  assert_text(HEADER "0,-10,-2.5,,0,0.5\n1,-9,-2.25,0.25,0,0.5\n0,-10,-2.5,,1,0.5\n1,-9,-2.25,0.25,1,0.5\n"
                     "0,-10,-2.5,,2,0.5\n");
}

static void no_journal_or_a_strange_one(void **unused)
{
  (void)unused;
  unlink(path);
  run(0, 2, 2);
  assert_text(HEADER "2,-8,-2,0.25,0,0.5\n");
  write_text("");
  run(0, 2, 2);
  assert_text(HEADER "2,-8,-2,0.25,0,0.5\n");
  write_text("something else\n");
  run(0, 2, 2);
  assert_text(HEADER "2,-8,-2,0.25,0,0.5\n");
  write_text(HEADER "0,-10,-2.5,,0,0.5\n2,-8,-2,0.25,0,0.5\n"); /* a gap */
  run(0, 3, 3);
  assert_text(HEADER "0,-10,-2.5,,0,0.5\n3,-7,-1.75,0.25,0,0.5\n");
}

static void devices_are_written_to(void **unused)
{
  (void)unused;
  journal *log = NULL;
  gmmpi_error error = {0};
  climber climb = {.current = {.iteration = 3}};
  const fit_state resume = {.climbers = &climb, .n_climbers = 1};
  assert_int_equal(journal_open("/dev/null", NULL, &log, &error), GMMPI_OK);
  journal_close(log);
  assert_int_equal(journal_open("/dev/null", &resume, &log, &error), GMMPI_OK);
  journal_close(log);
  struct stat status;
  assert_int_equal(stat("/dev/null", &status), 0);
  assert_true(S_ISCHR(status.st_mode));

  assert_int_equal(journal_open("/dev/full", NULL, &log, &error), GMMPI_NO_OUTPUT);
  error = (gmmpi_error){0};
  assert_int_equal(journal_open("/no such folder/log.csv", NULL, &log, &error), GMMPI_NO_OUTPUT);
}

/* Standard error that goes to a file is written on, not opened anew: what is there stays. */
static void standard_error_in_a_file(void **unused)
{
  (void)unused;
  write_text("");
  const int before = dup(STDERR_FILENO);
  FILE *file = freopen(path, "w", stderr);
  fputs("earlier\n", stderr);
  fflush(stderr);
  run(0, 0, 0);
  journal *log = NULL;
  gmmpi_error error = {0};
  const gmmpi_status status = journal_open("/dev/stderr", NULL, &log, &error);
  journal_close(log);
  fputs("later\n", stderr);
  fflush(stderr);
  dup2(before, STDERR_FILENO);
  close(before);
  assert_non_null(file);
  assert_int_equal(status, GMMPI_OK);
  assert_text("earlier\n" HEADER "0,-10,-2.5,,0,0.5\n" HEADER "later\n");
}

/* A disk that becomes full, by way of a limit on the size of files: no torn line, and nothing fails later. */
static void a_full_disk(void **unused)
{
  (void)unused;
  run(0, 0, 2);
  struct rlimit before;
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
  signal(SIGXFSZ, SIG_IGN);
  const struct rlimit small = {.rlim_cur = sizeof three_rows - 1 + 7, .rlim_max = before.rlim_max};
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
  run(0, 3, 5);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
  assert_text(three_rows);
}

static int make_file(void **unused)
{
  (void)unused;
  const int descriptor = mkstemp(path);
  return descriptor < 0 ? -1 : close(descriptor);
}

static int remove_file(void **unused)
{
  (void)unused;
  return unlink(path);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rows_and_header),
      cmocka_unit_test(rows_after_the_checkpoint_go),
      cmocka_unit_test(a_journal_that_ends_at_the_checkpoint_goes_on),
      cmocka_unit_test(a_torn_line_is_dropped),
      cmocka_unit_test(several_starts),
      cmocka_unit_test(no_journal_or_a_strange_one),
      cmocka_unit_test(devices_are_written_to),
      cmocka_unit_test(standard_error_in_a_file),
      cmocka_unit_test(a_full_disk),
  };
  return cmocka_run_group_tests(tests, make_file, remove_file);
}
