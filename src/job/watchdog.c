#include "job/watchdog.h"

#include "support/error.h"
#include "support/helper_thread.h"
#include "support/waiting.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

static const double longest_pause = 1.0; /* seconds between two looks */
static const double looks_at_least = 4.0;
static const double times_longest = 10.0;

struct watchdog {
  double seconds;
  double pause;
  void (*stalled)(void *context);
  void *context;
  pthread_t thread;
  bool thread_runs;
  pthread_mutex_t lock; /* of quit */
  pthread_cond_t wake;
  bool quit;
};

/* True when there is to be no further look. */
static bool rest(watchdog *dog)
{
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  const double end = (double)until.tv_nsec * 1e-9 + dog->pause;
  until.tv_sec += (time_t)end;
  until.tv_nsec = (long)((end - floor(end)) * 1e9);
  int outcome = 0;
  pthread_mutex_lock(&dog->lock);
  while (!dog->quit && outcome == 0) outcome = pthread_cond_timedwait(&dog->wake, &dog->lock, &until);
  const bool quit = dog->quit;
  pthread_mutex_unlock(&dog->lock);
  return quit;
}

static void *watch(void *context)
{
  watchdog *dog = context;
  uint64_t wait = 0;
  double lasted = 0.0;
  double longest = 0.0; /* of the waits that ended */
  while (!rest(dog)) {
    const uint64_t now = waiting_now();
    if (now != wait) {
      longest = fmax(longest, lasted);
      wait = now;
      lasted = 0.0;
    } else if (now != 0) {
      lasted += dog->pause;
      if (lasted >= fmax(dog->seconds, times_longest * longest)) {
        dog->stalled(dog->context);
        return NULL;
      }
    }
  }
  return NULL;
}

gmmpi_status watchdog_create(double seconds, void (*stalled)(void *context), void *context, watchdog **result,
                             gmmpi_error *error)
{
  watchdog *dog = calloc(1, sizeof *dog);
  if (dog == NULL) return fail(error, GMMPI_NO_MEMORY, "no memory is left to watch the job");
  dog->seconds = seconds;
  dog->pause = fmin(longest_pause, seconds / looks_at_least);
  dog->stalled = stalled;
  dog->context = context;
  pthread_mutex_init(&dog->lock, NULL);
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(&dog->wake, &attributes);
  pthread_condattr_destroy(&attributes);
  dog->thread_runs = helper_thread_start(&dog->thread, watch, dog);
  if (!dog->thread_runs) {
    watchdog_destroy(dog);
    return fail(error, GMMPI_NO_MEMORY, "no thread can be started to watch the job; allow more processes");
  }
  *result = dog;
  return GMMPI_OK;
}

void watchdog_destroy(watchdog *dog)
{
  if (dog == NULL) return;
  if (dog->thread_runs) {
    pthread_mutex_lock(&dog->lock);
    dog->quit = true;
    pthread_cond_signal(&dog->wake);
    pthread_mutex_unlock(&dog->lock);
    pthread_join(dog->thread, NULL);
  }
  pthread_cond_destroy(&dog->wake);
  pthread_mutex_destroy(&dog->lock);
  free(dog);
}
