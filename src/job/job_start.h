/* SPDX-License-Identifier: BSD-3-Clause */
/* A job before the data are read. */
#ifndef JOB_JOB_START_H
#define JOB_JOB_START_H

#include "job/checkpoint_lock.h"
#include "job/job_options.h"
#include "job/time_limit.h"

/* Not collective, for all ranks: the time until the limit begins to run, on rank 0 with a warning when that makes no
 * sense. A limit of 0 stands for the UNIX time in the environment's SLURM_JOB_END_TIME, if it is there. When the time
 * but for the margin's reserve is up, that is a signal to stop. */
void job_begin(const job_options *options, int rank, time_limit *limit);

/* Not collective, for rank 0: can the checkpoint and the log be written, and is there something to restart from?
 * *lock is to be released when the job is destroyed, whatever came of it. Errors: 73, also when another job has this
 * checkpoint; 66 an explicit checkpoint that is missing; 64 --restart auto without checkpoints; 75. */
gmmpi_status job_try_files(const job_options *options, checkpoint_lock **lock, gmmpi_error *error);

/* The bytes that rank 0 needs for checkpoints of states of this plan; INT64_MAX when they can't be counted. */
int64_t job_bytes(const job_options *options, const state_plan *plan);

/* Is this restart, not NULL, "auto": from the newest good checkpoint of the job, if there is one? */
bool job_restart_is_automatic(const char *restart);

#endif
