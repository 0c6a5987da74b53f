/* SPDX-License-Identifier: BSD-3-Clause */
/* One job at a time has a checkpoint: FILE.lock beside it is locked for as long as the job lives.
 *
 * Two jobs that write FILE in turn would remove each other's, and the one that ends first both. The lock is the
 * kernel's (flock), so that it is gone with the process, however that ends; a file that a killed job left means nothing
 * and is used again. Locks are not required: where the file system has none, or FILE.lock cannot be made, there is no
 * lock and no word about it. */
#ifndef JOB_CHECKPOINT_LOCK_H
#define JOB_CHECKPOINT_LOCK_H

#include "gmmpi/error.h"

typedef struct checkpoint_lock checkpoint_lock;

/* Not collective, for the rank that writes checkpoints to path. *lock is NULL where locks are not to be had. A job that
 * was killed a moment ago may still have it, so that this waits some seconds. Errors: 73 a living job has it, 75 a stop
 * was requested meanwhile, 71. */
gmmpi_status checkpoint_lock_take(const char *path, checkpoint_lock **lock, gmmpi_error *error);

/* Removes FILE.lock. NULL is fine. */
void checkpoint_lock_release(checkpoint_lock *lock);

#endif
