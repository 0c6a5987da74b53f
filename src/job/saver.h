/* SPDX-License-Identifier: BSD-3-Clause */
/* Rank 0's latest state, ready to be saved at any instant.
 *
 * After each M-step the loop's state is copied into an image (plain copying, no allocation as long as its shape stays).
 * A helper thread sleeps until a signal comes and then writes that image at once: under a plain mpirun a job has about
 * two seconds between SIGTERM and SIGKILL, and one pass over the points may take longer.
 *
 * Where the latest state is, and the function that takes it there:
 *
 *            saver_advance             saver_save
 *   NOTHING -----------------> PENDING ------------> SAVED
 *                               ^  | ^                 |
 *        saver_save that fails, |  | '-----------------'
 *        saver_advance          '--'    saver_advance
 *
 *   any of them: saver_retire ----> RETIRED, for good
 *
 * NOTHING: latest_stamp.generation = 0. PENDING: latest_stamp.generation > saved_stamp.generation. SAVED: they are
 * equal. RETIRED: `retired`. saver_save is called by the main thread (saver_advance when it is time, the end of a job),
 * by the helper thread when a signal has come, and by the watchdog's thread before it ends the process.
 *
 * What holds at any time:
 *
 *   1. The helper thread and the watchdog's make no MPI and no HDF5 call. Images are made by the main thread alone.
 *   2. `latest` is one whole state, that of latest_stamp. Only the main thread changes the two, holding state_lock, and
 *      so may read them without it. It is held for no longer than copying takes: never while a file is written.
 *   3. `outgoing`, saved_stamp, rotation, retired, failing and slowest are read and changed by who holds write_lock; it
 *      is held while a file is written, so that one thread at a time writes. last_save, seconds_spent and
 *      states_since_save are the main thread's.
 *   4. Who takes both locks takes write_lock first.
 *   5. `outgoing` has room for `latest`: a larger image becomes the latest only when that room is there, so that no
 *      memory is looked for when a signal has come.
 *   6. saved_stamp.generation <= latest_stamp.generation, and FILE is the state of saved_stamp if that is not 0. After
 *      a write that failed FILE is as it was (job/checkpoint.h), and a warning has said so, once until one succeeds.
 *   7. rotation is what saver_create was told until a write has succeeded, then ROTATE.
 *   8. RETIRED: FILE and FILE.prev are not there, and nobody writes them any more. */
#ifndef JOB_SAVER_H
#define JOB_SAVER_H

#include "job/checkpoint.h"

typedef struct saver saver;

/* path and identity->options are borrowed. every: save after so many states, 0 for never; seconds: save when so many
 * have passed since the last time, INFINITY for never. first: what the first save does to the files that are there.
 * Errors: 71, 70. */
gmmpi_status saver_create(const char *path, const checkpoint_identity *identity, int64_t every, double seconds,
                          checkpoint_rotation first, saver **result, gmmpi_error *error);

/* Takes the state over, and saves it when it is time to, or when a signal has come. Failures are warnings. */
void saver_advance(saver *self, const fit_state *state);

/* Saves the latest state unless it is saved already. GMMPI_OK when it is on the disk or there is none. Errors: 73, 71.
 */
gmmpi_status saver_save(saver *self, gmmpi_error *error);

/* Which state: of the loop's states, the generation-th. */
typedef struct saver_stamp {
  int64_t generation; /* 0: none */
  int64_t start;
  int64_t level;
  int64_t iteration; /* over all points */
} saver_stamp;

/* The latest state, and the last one on the disk. */
saver_stamp saver_latest(saver *self);
saver_stamp saver_saved(saver *self);

/* Wall time that the loop has spent here so far. */
double saver_seconds(const saver *self);

/* The seconds that the slowest write took; before the first one a careful guess. */
double saver_slowest(saver *self);

/* Removes the files; nothing is saved any more, even if a signal comes. */
void saver_retire(saver *self);

/* Stops the thread, after the write it may be in. NULL is fine. */
void saver_destroy(saver *self);

#endif
