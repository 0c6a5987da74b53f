#include "job/signals.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

static const struct {
  int number;
  const char *name;
} stop_signals[] = {{SIGTERM, "SIGTERM"}, {SIGINT, "SIGINT"}, {SIGUSR1, "SIGUSR1"}};

enum { N_STOP_SIGNALS = sizeof stop_signals / sizeof stop_signals[0] };

static volatile sig_atomic_t first_signal;
static volatile sig_atomic_t interrupted; /* by SIGINT */
static sem_t *volatile waiting;

static void stop_handler(int number)
{
  if (number == SIGINT && interrupted) _exit(130);
  if (number == SIGINT) interrupted = 1;
  if (first_signal == 0) first_signal = number;
  sem_t *semaphore = waiting;
  if (semaphore != NULL) sem_post(semaphore); /* is async-signal-safe */
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
  for (int i = 0; i < N_STOP_SIGNALS; i++) {
    sigaddset(&action.sa_mask, stop_signals[i].number);
    sigaddset(&ours, stop_signals[i].number);
    sigaction(stop_signals[i].number, &action, NULL);
  }
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

void signals_notify(sem_t *semaphore)
{
  waiting = semaphore;
  /* If it comes between these two lines it is posted twice, which does no harm. */
  if (semaphore != NULL && first_signal != 0) sem_post(semaphore);
}
