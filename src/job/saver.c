/* SPDX-License-Identifier: BSD-3-Clause */
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

/* What the first write is expected to take until it is known how fast the file system is: a busy network file system's
 * bytes per second, and the seconds in which it creates, flushes and renames. Too much costs a job that is near the end
 * of its time an iteration, too little its checkpoint. */
static const double guessed_bytes_per_second = 5e7;
static const double guessed_seconds = 0.1;

/* The locks and what they guard are invariants 2 to 4 in saver.h. */
struct saver {
  const char *path;
  checkpoint_identity identity;
  int64_t every;
  double seconds;

  pthread_mutex_t state_lock;
  checkpoint_image latest;
  saver_stamp latest_stamp;

  pthread_mutex_t write_lock;
  unsigned char *outgoing; /* what is being written */
  int64_t outgoing_size;
  saver_stamp saved_stamp;
  checkpoint_rotation rotation;
  bool retired;
  bool failing;   /* the last attempt failed, which was said */
  double slowest; /* seconds of a write; 0: none yet */

  /* The main thread's alone: */
  double last_save; /* on clock_now() */
  double seconds_spent;
  int64_t states_since_save;

  pthread_t thread;
  bool thread_runs;
  sem_t wake;
  volatile sig_atomic_t quit;
};

/* --- saving, by any thread --- */

static gmmpi_status reserve_outgoing(saver *self, int64_t n_bytes, gmmpi_error *error)
{
  if (self->outgoing_size >= n_bytes) return GMMPI_OK;
  unsigned char *larger = realloc(self->outgoing, (size_t)n_bytes);
  if (larger == NULL) return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left for the checkpoint", self->path);
  self->outgoing = larger;
  self->outgoing_size = n_bytes;
  return GMMPI_OK;
}

gmmpi_status saver_save(saver *self, gmmpi_error *error)
{
  gmmpi_status status = GMMPI_OK;
  pthread_mutex_lock(&self->write_lock);
  pthread_mutex_lock(&self->state_lock);
  const saver_stamp taken = self->latest_stamp;
  const int64_t n_bytes = self->latest.n_bytes;
  const bool needed = taken.generation > self->saved_stamp.generation && !self->retired;
  if (needed) memcpy(self->outgoing, self->latest.bytes, (size_t)n_bytes);
  pthread_mutex_unlock(&self->state_lock);

  if (needed) {
    const double began = clock_now();
    checkpoint_seal(self->outgoing, n_bytes);
    status = checkpoint_write(self->path, self->outgoing, n_bytes, self->rotation, error);
    if (status == GMMPI_OK) {
      self->rotation = ROTATE;
      self->saved_stamp = taken;
    }
    self->slowest = fmax(self->slowest, clock_now() - began);
  }
  pthread_mutex_unlock(&self->write_lock);
  return status;
}

/* Saving while the job goes on: a failure is a warning, once until it works again. */
static void save_or_warn(saver *self)
{
  gmmpi_error error = {0};
  saver_save(self, &error);
  pthread_mutex_lock(&self->write_lock);
  const bool speak = error.status != GMMPI_OK && !self->failing;
  self->failing = error.status != GMMPI_OK;
  pthread_mutex_unlock(&self->write_lock);
  if (speak) warn("%s; the job goes on without", error.message);
}

/* --- the helper thread --- */

static void *watch(void *context)
{
  saver *self = context;
  for (;;) {
    while (sem_wait(&self->wake) != 0 && errno == EINTR) {
    }
    if (self->quit) return NULL;
    save_or_warn(self);
  }
}

gmmpi_status saver_create(const char *path, const checkpoint_identity *identity, int64_t every, double seconds,
                          checkpoint_rotation first, saver **result, gmmpi_error *error)
{
  saver *self = calloc(1, sizeof *self);
  if (self == NULL) return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left for checkpoints", path);
  self->path = path;
  self->identity = *identity;
  self->every = every;
  self->seconds = seconds;
  self->rotation = first;
  self->last_save = clock_now();
  pthread_mutex_init(&self->state_lock, NULL);
  pthread_mutex_init(&self->write_lock, NULL);
  sem_init(&self->wake, 0, 0);
  self->thread_runs = helper_thread_start(&self->thread, watch, self);
  if (!self->thread_runs) {
    saver_destroy(self);
    return fail(error, GMMPI_NO_MEMORY, "%s: no thread can be started for checkpoints; allow more processes", path);
  }
  signals_notify(&self->wake);
  *result = self;
  return GMMPI_OK;
}

/* --- the loop --- */

/* With state_lock: the latest image has become that of this state. */
static void stamp_latest(saver *self, const fit_state *state)
{
  self->latest_stamp.generation++;
  self->latest_stamp.start = fit_first_start(state);
  self->latest_stamp.level = fit_state_leader(state)->level;
  self->latest_stamp.iteration = fit_iterations(fit_state_leader(state));
}

/* A new image for a state of another extent becomes the latest, when there is room to write it. */
static gmmpi_status replace_image(saver *self, const fit_state *state, gmmpi_error *error)
{
  checkpoint_image image;
  gmmpi_status status = checkpoint_image_create(&self->identity, state, &image, error);
  if (status != GMMPI_OK) return status;
  pthread_mutex_lock(&self->write_lock);
  status = reserve_outgoing(self, image.n_bytes, error);
  if (status == GMMPI_OK) {
    pthread_mutex_lock(&self->state_lock);
    checkpoint_image_clear(&self->latest);
    self->latest = image;
    stamp_latest(self, state);
    pthread_mutex_unlock(&self->state_lock);
  } else {
    checkpoint_image_clear(&image);
  }
  pthread_mutex_unlock(&self->write_lock);
  return status;
}

/* False when there is no memory for the state, so that the one before stays the latest. */
static bool take_over(saver *self, const fit_state *state)
{
  gmmpi_error error = {0};
  if (checkpoint_image_fits(&self->latest, state)) {
    pthread_mutex_lock(&self->state_lock);
    checkpoint_image_fill(&self->latest, state);
    stamp_latest(self, state);
    pthread_mutex_unlock(&self->state_lock);
    return true;
  }
  if (replace_image(self, state, &error) == GMMPI_OK) return true;
  warn("%s; the job goes on with an older checkpoint", error.message);
  return false;
}

void saver_advance(saver *self, const fit_state *state)
{
  const double began = clock_now();
  if (take_over(self, state)) {
    self->states_since_save++;
    const bool due = (self->every > 0 && self->states_since_save >= self->every) ||
                     began - self->last_save >= self->seconds || signals_stop_requested();
    if (due) {
      save_or_warn(self);
      self->states_since_save = 0;
      self->last_save = clock_now();
    }
  }
  self->seconds_spent += clock_now() - began;
}

static saver_stamp read_stamp(pthread_mutex_t *lock, const saver_stamp *which)
{
  pthread_mutex_lock(lock);
  const saver_stamp copy = *which;
  pthread_mutex_unlock(lock);
  return copy;
}

saver_stamp saver_latest(saver *self)
{
  return read_stamp(&self->state_lock, &self->latest_stamp);
}

saver_stamp saver_saved(saver *self)
{
  return read_stamp(&self->write_lock, &self->saved_stamp);
}

double saver_slowest(saver *self)
{
  pthread_mutex_lock(&self->write_lock);
  const double measured = self->slowest;
  pthread_mutex_unlock(&self->write_lock);
  if (measured > 0.0) return measured;
  return guessed_seconds + (double)self->latest.n_bytes / guessed_bytes_per_second;
}

void saver_retire(saver *self)
{
  pthread_mutex_lock(&self->write_lock);
  self->retired = true;
  checkpoint_remove(self->path);
  pthread_mutex_unlock(&self->write_lock);
}

double saver_seconds(const saver *self)
{
  return self->seconds_spent;
}

void saver_destroy(saver *self)
{
  if (self == NULL) return;
  if (self->thread_runs) {
    signals_notify(NULL);
    self->quit = 1;
    sem_post(&self->wake);
    pthread_join(self->thread, NULL);
  }
  sem_destroy(&self->wake);
  pthread_mutex_destroy(&self->state_lock);
  pthread_mutex_destroy(&self->write_lock);
  checkpoint_image_clear(&self->latest);
  free(self->outgoing);
  free(self);
}
