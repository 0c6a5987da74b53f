/* SPDX-License-Identifier: BSD-3-Clause */
#include "job/watchdog.h"

#include "support/error.h"
#include "support/helper_thread.h"
#include "support/waiting.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

/* Seconds between two looks: a look costs nothing, and what a wait lasted is known to a second. */
static const double longest_pause = 1.0;

/* A short patience is cut into so many looks at least: a wait is found too long within a quarter of it. */
static const double fewest_looks = 4.0;

/* A wait is no stall while it is shorter than this many times the longest one that ended: on large data a pass, and so
 * the wait for a rank that has more to do, may last longer than the patience. */
static const double times_longest = 10.0;

struct watchdog {
  double seconds; /* that a wait may last */
  double pause;   /* seconds between two looks */
  void (*stalled)(void *context);
  void *context;
  pthread_t thread;
  bool thread_runs;
  pthread_mutex_t lock; /* of quit */
  pthread_cond_t wake;
  bool quit;
};

/* True when there is to be no further look. */
static bool rest(watchdog *self)
{
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  const double end = (double)until.tv_nsec * 1e-9 + self->pause;
  until.tv_sec += (time_t)end;
  until.tv_nsec = (long)((end - floor(end)) * 1e9);
  int outcome = 0;
  pthread_mutex_lock(&self->lock);
  while (!self->quit && outcome == 0) outcome = pthread_cond_timedwait(&self->wake, &self->lock, &until);
  const bool quit = self->quit;
  pthread_mutex_unlock(&self->lock);
  return quit;
}

static void *watch(void *context)
{
  watchdog *self = context;
  uint64_t wait = 0;
  double lasted = 0.0;
  double longest = 0.0; /* of the waits that ended */
  while (!rest(self)) {
    const uint64_t now = waiting_now();
    if (now != wait) {
      longest = fmax(longest, lasted);
      wait = now;
      lasted = 0.0;
    } else if (now != 0) {
      lasted += self->pause;
      if (lasted >= fmax(self->seconds, times_longest * longest)) {
        self->stalled(self->context);
        return NULL;
      }
    }
  }
  return NULL;
}

gmmpi_status watchdog_create(double seconds, void (*stalled)(void *context), void *context, watchdog **result,
                             gmmpi_error *error)
{
  watchdog *self = calloc(1, sizeof *self);
  if (self == NULL) return fail(error, GMMPI_NO_MEMORY, "no memory is left to watch the job");
  self->seconds = seconds;
  self->pause = fmin(longest_pause, seconds / fewest_looks);
  self->stalled = stalled;
  self->context = context;
  pthread_mutex_init(&self->lock, NULL);
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(&self->wake, &attributes);
  pthread_condattr_destroy(&attributes);
  self->thread_runs = helper_thread_start(&self->thread, watch, self);
  if (!self->thread_runs) {
    watchdog_destroy(self);
    return fail(error, GMMPI_NO_MEMORY, "no thread can be started to watch the job; allow more processes");
  }
  *result = self;
  return GMMPI_OK;
}

void watchdog_destroy(watchdog *self)
{
  if (self == NULL) return;
  if (self->thread_runs) {
    pthread_mutex_lock(&self->lock);
    self->quit = true;
    pthread_cond_signal(&self->wake);
    pthread_mutex_unlock(&self->lock);
    pthread_join(self->thread, NULL);
  }
  pthread_cond_destroy(&self->wake);
  pthread_mutex_destroy(&self->lock);
  free(self);
}
