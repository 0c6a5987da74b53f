/* SPDX-License-Identifier: BSD-3-Clause */
/* Signals: what asks a job to stop, and what is answered when somebody asks how it goes. Each test is a process of its
 * own, since what was received stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/signals.h"

#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char heard[2000]; /* on standard error */

/* Runs test in a child; returns its exit status and sets `heard`. */
static int in_a_child(int (*test)(void))
{
  int ends[2];
  assert_int_equal(pipe(ends), 0);
  const pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    dup2(ends[1], STDERR_FILENO);
    signals_install();
    _exit(test());
  }
  close(ends[1]);
  size_t length = 0;
  ssize_t got;
  while ((got = read(ends[0], heard + length, sizeof heard - 1 - length)) > 0) length += (size_t)got;
  heard[length] = '\0';
  close(ends[0]);
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  return WEXITSTATUS(status);
}

static int wait_for_the_end_of_the_time(void)
{
  signals_end_time_in(INFINITY);
  signals_end_time_in(0.05);
  const struct timespec pause = {.tv_nsec = 10000000};
  for (int i = 0; i < 30000 && !signals_stop_requested(); i++) nanosleep(&pause, NULL);
  if (strcmp(signals_name(signals_received()), "the time limit") != 0) return 1;
  raise(SIGTERM); /* the first one counts */
  return signals_received() == SIGALRM ? 0 : 2;
}

static int begin_when_the_time_is_up(void)
{
  if (signals_stop_requested()) return 1;
  signals_end_time_in(-3.0);
  return signals_stop_requested() && signals_received() == SIGALRM ? 0 : 2;
}

static void the_end_of_the_time(void **unused)
{
  (void)unused;
  assert_int_equal(in_a_child(wait_for_the_end_of_the_time), 0);
  assert_int_equal(in_a_child(begin_when_the_time_is_up), 0);
  assert_string_equal(heard, "");
}

/* As rank 0 does. */
static int answer_questions(void)
{
  raise(SIGUSR2); /* too early: answered with the first answer */
  signals_set_answer("status: reading %s", "points.h5");
  if (!signals_take_answered() || signals_take_answered()) return 1;
  signals_set_answer("status: %d", 1);
  signals_set_answer("status: %d", 2);
  if (signals_take_answered()) return 2;
  raise(SIGUSR2);
  raise(SIGUSR2);
  if (!signals_take_answered() || signals_take_question() || signals_stop_requested()) return 3;
  signals_set_answer("status: %d", 3);
  signals_answer();
  return 0;
}

static void answers(void **unused)
{
  (void)unused;
  assert_int_equal(in_a_child(answer_questions), 0);
  assert_string_equal(heard, "status: reading points.h5\nstatus: 2\nstatus: 2\nstatus: 3\n");
}

static int answer_late(void)
{
  signals_set_answer("status: long ago");
  const struct timespec pause = {.tv_sec = 1, .tv_nsec = 100000000};
  nanosleep(&pause, NULL);
  raise(SIGUSR2);
  return 0;
}

static void old_answers_say_so(void **unused)
{
  (void)unused;
  int age;
  char end;
  assert_int_equal(in_a_child(answer_late), 0);
  assert_int_equal(sscanf(heard, "status: long ago (%d s ago)%c", &age, &end), 2);
  assert_true(age >= 1 && end == '\n');
}

/* As the other ranks do. */
static int note_questions(void)
{
  if (signals_take_question()) return 1;
  raise(SIGUSR2);
  raise(SIGUSR2);
  return signals_take_question() && !signals_take_question() ? 0 : 2;
}

static void other_ranks_note_questions(void **unused)
{
  (void)unused;
  assert_int_equal(in_a_child(note_questions), 0);
  assert_string_equal(heard, "");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_end_of_the_time),
      cmocka_unit_test(answers),
      cmocka_unit_test(old_answers_say_so),
      cmocka_unit_test(other_ranks_note_questions),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
