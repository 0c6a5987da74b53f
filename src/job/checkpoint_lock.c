/* SPDX-License-Identifier: BSD-3-Clause */
#include "job/checkpoint_lock.h"

#include "support/clock.h"
#include "support/error.h"
#include "support/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Seconds that the lock is waited for: a process that was killed has its files until all of its memory is given back,
 * which takes a second or two where that is hundreds of gigabytes; a job that lives keeps it for much longer. */
static const double patience = 5.0;

/* Between two tries: 50 ms, which nobody notices when the lock is free at once. */
static const struct timespec between_tries = {.tv_nsec = 50000000};

struct checkpoint_lock {
  char *path; /* FILE.lock */
  int descriptor;
};

/* What the file begins with; the rest of the line says who has the lock. */
static const char mark[] = "gmmpi: ";

enum { HOLDER_BYTES = 200 };

/* NULL when there is no memory. */
static char *lock_path(const char *path)
{
  char *resolved = realpath(path, NULL); /* of a link, where checkpoints are written to */
  char *name = NULL;
  if (asprintf(&name, "%s.lock", resolved != NULL ? resolved : path) < 0) name = NULL;
  free(resolved);
  return name;
}

/* Its text, or "" when the file has another one. */
static void read_holder(int descriptor, char text[HOLDER_BYTES])
{
  const ssize_t length = pread(descriptor, text, HOLDER_BYTES - 1, 0);
  text[length > 0 ? length : 0] = '\0';
  text[strcspn(text, "\n")] = '\0';
  const char *holder = strncmp(text, mark, sizeof mark - 1) == 0 ? text + sizeof mark - 1 : "";
  memmove(text, holder, strlen(holder) + 1);
}

/* It is for whoever is refused; without it (the disk may be full) the lock is as good. */
static void write_holder(int descriptor)
{
  char host[HOLDER_BYTES / 2] = "";
  char text[HOLDER_BYTES];
  gethostname(host, sizeof host - 1);
  const int length = snprintf(text, sizeof text, "%sprocess %ld on %s\n", mark, (long)getpid(), host);
  if (ftruncate(descriptor, 0) == 0 && pwrite(descriptor, text, (size_t)length, 0) != length &&
      ftruncate(descriptor, 0) != 0)
    return;
}

/* Opens the file, which somebody may have left; -1: it is none of ours, or cannot be made. */
static int open_lock_file(const char *path)
{
  struct stat status;
  char text[HOLDER_BYTES];
  const int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);
  if (descriptor < 0) return -1;
  bool is_ours = fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
  if (is_ours && status.st_size > 0) {
    read_holder(descriptor, text);
    is_ours = text[0] != '\0';
  }
  if (is_ours) return descriptor;
  close(descriptor);
  return -1;
}

/* Has the file still its name? Whoever had the lock before has removed it. */
static bool is_still_there(int descriptor, const char *path)
{
  struct stat opened;
  struct stat named;
  return fstat(descriptor, &opened) == 0 && stat(path, &named) == 0 && opened.st_dev == named.st_dev &&
         opened.st_ino == named.st_ino;
}

typedef enum attempt { TAKEN, HELD, NOT_TO_BE_HAD, TRY_ANEW } attempt;

/* Opens the file unless it is open: *descriptor is -1. It stays open when TAKEN and when HELD. */
static attempt try_lock(const char *path, int *descriptor)
{
  attempt outcome;
  if (*descriptor < 0) *descriptor = open_lock_file(path);
  if (*descriptor < 0) return NOT_TO_BE_HAD;
  if (flock(*descriptor, LOCK_EX | LOCK_NB) == 0)
    outcome = is_still_there(*descriptor, path) ? TAKEN : TRY_ANEW;
  else
    outcome = errno == EWOULDBLOCK ? HELD : errno == EINTR ? TRY_ANEW : NOT_TO_BE_HAD;
  if (outcome == TAKEN || outcome == HELD) return outcome;
  close(*descriptor);
  *descriptor = -1;
  return outcome;
}

/* Tries until it is taken, or cannot be, or for as long as patience lasts. */
static attempt wait_for_lock(const char *path, int *descriptor)
{
  const double began = clock_now();
  *descriptor = -1;
  attempt outcome = try_lock(path, descriptor);
  while ((outcome == HELD || outcome == TRY_ANEW) && !signals_stop_requested() && clock_now() - began < patience) {
    nanosleep(&between_tries, NULL);
    outcome = try_lock(path, descriptor);
  }
  return outcome;
}

/* descriptor: of the lock that another job has. */
static gmmpi_status refuse(const char *path, int descriptor, gmmpi_error *error)
{
  char holder[HOLDER_BYTES];
  read_holder(descriptor, holder);
  if (signals_stop_requested())
    return fail(error, GMMPI_STOPPED, "%s: stopped by %s while another job had this checkpoint; start again", path,
                signals_name(signals_received()));
  return fail(error, GMMPI_NO_OUTPUT,
              "%s: another job is writing this checkpoint (%s); wait for its end, or give another -o or --checkpoint",
              path, holder[0] != '\0' ? holder : "its process is not known");
}

gmmpi_status checkpoint_lock_take(const char *path, checkpoint_lock **lock, gmmpi_error *error)
{
  checkpoint_lock *taken = calloc(1, sizeof *taken);
  if (taken != NULL) taken->path = lock_path(path);
  *lock = NULL;
  if (taken == NULL || taken->path == NULL) {
    free(taken);
    return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left for its lock", path);
  }
  const attempt outcome = wait_for_lock(taken->path, &taken->descriptor);
  if (outcome == TAKEN) {
    write_holder(taken->descriptor);
    *lock = taken;
    return GMMPI_OK;
  }
  const gmmpi_status status = outcome == HELD ? refuse(path, taken->descriptor, error) : GMMPI_OK;
  if (taken->descriptor >= 0) close(taken->descriptor);
  free(taken->path);
  free(taken);
  return status;
}

/* The name goes while the lock is held: who waits for it then finds out that this is not the file any more. */
void checkpoint_lock_release(checkpoint_lock *lock)
{
  if (lock == NULL) return;
  if (is_still_there(lock->descriptor, lock->path)) unlink(lock->path);
  close(lock->descriptor);
  free(lock->path);
  free(lock);
}
