/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/signals.h"

#include "support/clock.h"
#include "support/live_line.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

static const struct {
  int number;
  const char *name;
  bool may_be_ignored; /* by whoever starts the program */
} stop_signals[] = {{SIGTERM, "SIGTERM", false},        {SIGINT, "SIGINT", false}, {SIGUSR1, "SIGUSR1", false},
                    {SIGALRM, "the time limit", false}, {SIGHUP, "SIGHUP", true},  {SIGXCPU, "SIGXCPU", true}};

enum { N_STOP_SIGNALS = sizeof stop_signals / sizeof stop_signals[0] };

static volatile sig_atomic_t first_signal;
static volatile sig_atomic_t interrupted; /* by SIGINT */
static sem_t *volatile waiting;

/* Two answers, of which the handler takes the one that is not being written. */
enum { ANSWER_BYTES = 400 };
static struct {
  char text[ANSWER_BYTES];
  double written; /* when */
} answers[2];
static volatile sig_atomic_t answer; /* 1 or 2: the first or second one; 0: none */
static volatile sig_atomic_t asked, answered;

static void note_stop(int number)
{
  if (first_signal == 0) first_signal = number;
  sem_t *semaphore = waiting;
  if (semaphore != NULL) sem_post(semaphore); /* is async-signal-safe */
}

static void stop_handler(int number)
{
  if (number == SIGINT && interrupted) {
    live_line_clear();
    _exit(130);
  }
  if (number == SIGINT) interrupted = 1;
  note_stop(number);
}

/* Appends the digits of number, which is not negative; nothing that is not allowed in a handler. */
static size_t append_number(char *text, size_t length, long number)
{
  char digits[24];
  int n = 0;
  do {
    digits[n++] = (char)('0' + number % 10);
    number /= 10;
  } while (number > 0 && n < (int)sizeof digits);
  while (n > 0) text[length++] = digits[--n];
  return length;
}

void signals_answer(void)
{
  static const char before[] = " (";
  static const char behind[] = " s ago)";
  char line[ANSWER_BYTES + 64];
  const char *text = answers[answer - 1].text;
  const char *eraser = live_line_eraser();
  size_t length = strlen(eraser);
  memcpy(line, eraser, length);              /* NOLINT(bugprone-not-null-terminated-result): it is written as */
  memcpy(line + length, text, strlen(text)); /* NOLINT(bugprone-not-null-terminated-result): so many bytes */
  length += strlen(text);
  const long age = (long)(clock_now() - answers[answer - 1].written);
  if (age > 0) {
    memcpy(line + length, before, sizeof before - 1);
    length = append_number(line, length + sizeof before - 1, age);
    memcpy(line + length, behind, sizeof behind - 1);
    length += sizeof behind - 1;
  }
  line[length++] = '\n';
  size_t done = 0;
  while (done < length) {
    const ssize_t written = write(STDERR_FILENO, line + done, length - done);
    if (written > 0) done += (size_t)written;
    if (written <= 0 && errno != EINTR) break;
  }
  answered = 1;
}

static void question_handler(int number)
{
  (void)number;
  const int error = errno;
  if (answer != 0)
    signals_answer();
  else
    asked = 1;
  errno = error;
}

void signals_survive_size_limit(void)
{
  signal(SIGXFSZ, SIG_IGN);
}

/* Is it ignored, and not because an MPI library does so? Known from the first call on. */
static bool stays_ignored(int which)
{
  static enum { UNKNOWN, IGNORED, HEARD } at_first[N_STOP_SIGNALS];
  struct sigaction before;
  if (at_first[which] == UNKNOWN) {
    const bool ignored = sigaction(stop_signals[which].number, NULL, &before) == 0 && before.sa_handler == SIG_IGN;
    at_first[which] = ignored && stop_signals[which].may_be_ignored ? IGNORED : HEARD;
  }
  return at_first[which] == IGNORED;
}

void signals_install(void)
{
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = stop_handler;
  action.sa_flags = SA_RESTART; /* reads and writes go on */
  sigemptyset(&action.sa_mask);
  sigset_t ours;
  sigemptyset(&ours);
  sigaddset(&ours, SIGUSR2);
  for (int i = 0; i < N_STOP_SIGNALS; i++) {
    sigaddset(&action.sa_mask, stop_signals[i].number);
    sigaddset(&ours, stop_signals[i].number);
  }
  for (int i = 0; i < N_STOP_SIGNALS; i++) {
    if (!stays_ignored(i)) sigaction(stop_signals[i].number, &action, NULL);
  }
  action.sa_handler = question_handler;
  sigaction(SIGUSR2, &action, NULL);
  /* A launcher may have started us with them blocked. */
  sigprocmask(SIG_UNBLOCK, &ours, NULL);
}

bool signals_stop_requested(void)
{
  return first_signal != 0;
}

int signals_received(void)
{
  return first_signal;
}

const char *signals_name(int number)
{
  for (int i = 0; i < N_STOP_SIGNALS; i++) {
    if (stop_signals[i].number == number) return stop_signals[i].name;
  }
  return "a signal";
}

void signals_time_is_up(void)
{
  note_stop(SIGALRM);
}

void signals_end_time_in(double seconds)
{
  const double longest = 1e9;
  struct itimerval timer = {{0, 0}, {0, 0}};
  if (seconds <= 0.0) {
    signals_time_is_up();
  } else if (seconds < longest) {
    timer.it_value.tv_sec = (time_t)seconds;
    timer.it_value.tv_usec = (suseconds_t)((seconds - floor(seconds)) * 1e6);
    if (timer.it_value.tv_sec == 0 && timer.it_value.tv_usec == 0) timer.it_value.tv_usec = 1;
  }
  setitimer(ITIMER_REAL, &timer, NULL);
}

void signals_notify(sem_t *semaphore)
{
  waiting = semaphore;
  /* If it comes between these two lines it is posted twice, which does no harm. */
  if (semaphore != NULL && first_signal != 0) sem_post(semaphore);
}

void signals_set_answer(const char *format, ...)
{
  const int next = answer == 1 ? 2 : 1;
  va_list list;
  va_start(list, format);
  vsnprintf(answers[next - 1].text, ANSWER_BYTES, format, list);
  va_end(list);
  answers[next - 1].written = clock_now();
  answer = next;
  if (signals_take_question()) signals_answer();
}

bool signals_take_question(void)
{
  if (!asked) return false;
  asked = 0;
  return true;
}

bool signals_take_answered(void)
{
  if (!answered) return false;
  answered = 0;
  return true;
}
