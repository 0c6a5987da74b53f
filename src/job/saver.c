#include "job/saver.h"

#include "job/checkpoint_trailer.h"
#include "support/clock.h"
#include "support/error.h"
#include "support/helper_thread.h"
#include "support/signals.h"

#include <errno.h>
#include <math.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* Until it is known how fast the file system is. */
static const double guessed_bytes_per_second = 5e7;
static const double guessed_seconds = 0.1;

struct saver {
  const char *path;
  checkpoint_identity identity;
  int64_t every;
  double seconds;

  /* The latest state, guarded by `state_lock`, which is held for no longer than copying takes. */
  pthread_mutex_t state_lock;
  checkpoint_image latest;
  saver_stamp latest_stamp;

  /* What is being written, guarded by `write_lock`, which is taken before state_lock where both are. */
  pthread_mutex_t write_lock;
  unsigned char *outgoing;
  int64_t outgoing_size;
  saver_stamp saved_stamp;
  checkpoint_rotation rotation;
  bool retired;   /* nothing is written any more */
  bool failing;   /* the last attempt failed, which was said */
  double slowest; /* seconds of a write; 0: none yet */

  /* Of the main thread alone. */
  double last_save;
  double seconds_spent;
  int64_t states_since_save;

  pthread_t thread;
  bool thread_runs;
  sem_t wake;
  volatile sig_atomic_t quit;
};

/* --- saving, by either thread --- */

static gmmpi_status reserve_outgoing(saver *keeper, int64_t n_bytes, gmmpi_error *error)
{
  if (keeper->outgoing_size >= n_bytes) return GMMPI_OK;
  unsigned char *larger = realloc(keeper->outgoing, (size_t)n_bytes);
  if (larger == NULL) return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left for the checkpoint", keeper->path);
  keeper->outgoing = larger;
  keeper->outgoing_size = n_bytes;
  return GMMPI_OK;
}

gmmpi_status saver_save(saver *keeper, gmmpi_error *error)
{
  gmmpi_status status = GMMPI_OK;
  pthread_mutex_lock(&keeper->write_lock);
  pthread_mutex_lock(&keeper->state_lock);
  const saver_stamp taken = keeper->latest_stamp;
  const int64_t n_bytes = keeper->latest.n_bytes;
  const bool needed = taken.generation > keeper->saved_stamp.generation && !keeper->retired;
  if (needed) memcpy(keeper->outgoing, keeper->latest.bytes, (size_t)n_bytes);
  pthread_mutex_unlock(&keeper->state_lock);

  if (needed) {
    const double began = clock_now();
    checkpoint_seal(keeper->outgoing, n_bytes);
    status = checkpoint_write(keeper->path, keeper->outgoing, n_bytes, keeper->rotation, error);
    if (status == GMMPI_OK) {
      keeper->rotation = ROTATE;
      keeper->saved_stamp = taken;
    }
    keeper->slowest = fmax(keeper->slowest, clock_now() - began);
  }
  pthread_mutex_unlock(&keeper->write_lock);
  return status;
}

/* Saving while the job goes on: a failure is a warning, once until it works again. */
static void save_or_warn(saver *keeper)
{
  gmmpi_error error = {0};
  saver_save(keeper, &error);
  pthread_mutex_lock(&keeper->write_lock);
  const bool speak = error.status != GMMPI_OK && !keeper->failing;
  keeper->failing = error.status != GMMPI_OK;
  pthread_mutex_unlock(&keeper->write_lock);
  if (speak) warn("%s; the job goes on without", error.message);
}

/* --- the helper thread --- */

static void *watch(void *context)
{
  saver *keeper = context;
  for (;;) {
    while (sem_wait(&keeper->wake) != 0 && errno == EINTR) {
    }
    if (keeper->quit) return NULL;
    save_or_warn(keeper);
  }
}

gmmpi_status saver_create(const char *path, const checkpoint_identity *identity, int64_t every, double seconds,
                          checkpoint_rotation first, saver **result, gmmpi_error *error)
{
  saver *keeper = calloc(1, sizeof *keeper);
  if (keeper == NULL) return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left for checkpoints", path);
  keeper->path = path;
  keeper->identity = *identity;
  keeper->every = every;
  keeper->seconds = seconds;
  keeper->rotation = first;
  keeper->last_save = clock_now();
  pthread_mutex_init(&keeper->state_lock, NULL);
  pthread_mutex_init(&keeper->write_lock, NULL);
  sem_init(&keeper->wake, 0, 0);
  keeper->thread_runs = helper_thread_start(&keeper->thread, watch, keeper);
  if (!keeper->thread_runs) {
    saver_destroy(keeper);
    return fail(error, GMMPI_NO_MEMORY, "%s: no thread can be started for checkpoints; allow more processes", path);
  }
  signals_notify(&keeper->wake);
  *result = keeper;
  return GMMPI_OK;
}

/* --- the loop --- */

/* A new image for a state of another shape, and room to write it. */
static gmmpi_status replace_image(saver *keeper, const fit_state *state, gmmpi_error *error)
{
  checkpoint_image image;
  gmmpi_status status = checkpoint_image_create(&keeper->identity, state, &image, error);
  if (status != GMMPI_OK) return status;
  pthread_mutex_lock(&keeper->write_lock);
  status = reserve_outgoing(keeper, image.n_bytes, error);
  if (status == GMMPI_OK) {
    pthread_mutex_lock(&keeper->state_lock);
    checkpoint_image_clear(&keeper->latest);
    keeper->latest = image;
    pthread_mutex_unlock(&keeper->state_lock);
  } else {
    checkpoint_image_clear(&image);
  }
  pthread_mutex_unlock(&keeper->write_lock);
  return status;
}

/* False when there is no memory for the state, so that the one before stays the latest. */
static bool take_over(saver *keeper, const fit_state *state)
{
  gmmpi_error error = {0};
  if (!checkpoint_image_fits(&keeper->latest, state) && replace_image(keeper, state, &error) != GMMPI_OK) {
    warn("%s; the job goes on with an older checkpoint", error.message);
    return false;
  }
  pthread_mutex_lock(&keeper->state_lock);
  checkpoint_image_fill(&keeper->latest, state);
  keeper->latest_stamp.generation++;
  keeper->latest_stamp.start = fit_first_start(state);
  keeper->latest_stamp.level = fit_state_leader(state)->level;
  keeper->latest_stamp.iteration = fit_iterations(fit_state_leader(state));
  pthread_mutex_unlock(&keeper->state_lock);
  return true;
}

void saver_advance(saver *keeper, const fit_state *state)
{
  const double began = clock_now();
  if (take_over(keeper, state)) {
    keeper->states_since_save++;
    const bool due = (keeper->every > 0 && keeper->states_since_save >= keeper->every) ||
                     began - keeper->last_save >= keeper->seconds || signals_stop_requested();
    if (due) {
      save_or_warn(keeper);
      keeper->states_since_save = 0;
      keeper->last_save = clock_now();
    }
  }
  keeper->seconds_spent += clock_now() - began;
}

static saver_stamp read_stamp(pthread_mutex_t *lock, const saver_stamp *which)
{
  pthread_mutex_lock(lock);
  const saver_stamp copy = *which;
  pthread_mutex_unlock(lock);
  return copy;
}

saver_stamp saver_latest(saver *keeper)
{
  return read_stamp(&keeper->state_lock, &keeper->latest_stamp);
}

saver_stamp saver_saved(saver *keeper)
{
  return read_stamp(&keeper->write_lock, &keeper->saved_stamp);
}

double saver_slowest(saver *keeper)
{
  pthread_mutex_lock(&keeper->write_lock);
  const double measured = keeper->slowest;
  pthread_mutex_unlock(&keeper->write_lock);
  if (measured > 0.0) return measured;
  return guessed_seconds + (double)keeper->latest.n_bytes / guessed_bytes_per_second;
}

void saver_retire(saver *keeper)
{
  pthread_mutex_lock(&keeper->write_lock);
  keeper->retired = true;
  checkpoint_remove(keeper->path);
  pthread_mutex_unlock(&keeper->write_lock);
}

double saver_seconds(const saver *keeper)
{
  return keeper->seconds_spent;
}

void saver_destroy(saver *keeper)
{
  if (keeper == NULL) return;
  if (keeper->thread_runs) {
    signals_notify(NULL);
    keeper->quit = 1;
    sem_post(&keeper->wake);
    pthread_join(keeper->thread, NULL);
  }
  sem_destroy(&keeper->wake);
  pthread_mutex_destroy(&keeper->state_lock);
  pthread_mutex_destroy(&keeper->write_lock);
  checkpoint_image_clear(&keeper->latest);
  free(keeper->outgoing);
  free(keeper);
}
