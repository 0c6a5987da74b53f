/* Rank 0's latest state, ready to be saved at any instant.
 *
 * After each M-step the loop's state is copied into an image (plain copying, no allocation as long as its shape stays).
 * A helper thread sleeps until a signal comes and then writes that image at once: under a plain mpirun a job has about
 * two seconds between SIGTERM and SIGKILL, and one pass over the points may take longer. The thread makes no MPI and no
 * HDF5 call; during the loop HDF5 is used by the main thread alone. */
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
void saver_advance(saver *keeper, const fit_state *state);

/* Saves the latest state unless it is saved already. GMMPI_OK when it is on the disk or there is none. Errors: 73, 71.
 */
gmmpi_status saver_save(saver *keeper, gmmpi_error *error);

/* Which state: of the loop's states, the generation-th. */
typedef struct saver_stamp {
  int64_t generation; /* 0: none */
  int64_t start;
  int64_t level;
  int64_t iteration; /* over all points */
} saver_stamp;

/* The latest state, and the last one on the disk. */
saver_stamp saver_latest(saver *keeper);
saver_stamp saver_saved(saver *keeper);

/* Wall time that the loop has spent here so far. */
double saver_seconds(const saver *keeper);

/* The seconds that the slowest write took; before the first one a careful guess. */
double saver_slowest(saver *keeper);

/* Removes the files; nothing is saved any more, even if a signal comes. */
void saver_retire(saver *keeper);

/* Stops the thread, after the write it may be in. NULL is fine. */
void saver_destroy(saver *keeper);

#endif
