/* SPDX-License-Identifier: BSD-3-Clause */
/* What makes a fit a cluster job, as one observer of the loop: checkpoints and restart, signals, the end of its time,
 * the convergence journal, progress; and a watchdog beside it.
 *
 * In the order of a command's life:
 *
 *   signals_install() before MPI_Init and after it
 *   job_begin         all ranks: the time runs
 *   job_try_files     on rank 0, before the data are read
 *   job_create        all ranks, with the data's size and fingerprint: loads the checkpoint to go on from
 *   fit_run           with job_resume_state and job_observer
 *   job_clear_line    before results are printed
 *   job_stopped       all ranks, when fit_run gave GMMPI_STOPPED (or a signal came before it): saves, and says so
 *   job_outputs_are_safe  when every output is on the disk: the checkpoints have done their duty
 *   job_destroy */
#ifndef JOB_JOB_H
#define JOB_JOB_H

#include "em/observer.h"
#include "job/job_start.h"
#include "support/signals.h"

typedef struct job job;

/* Collective over comm, which is borrowed. Errors, agreed: 66, 65 (damaged, or made by another job), 73, 74, 71, 70. */
gmmpi_status job_create(MPI_Comm comm, const job_options *options, const job_subject *subject, const time_limit *limit,
                        job **result, gmmpi_error *error);
void job_destroy(job *work); /* NULL is fine */

/* The state to go on from, or NULL for a fresh start. */
const fit_state *job_resume_state(const job *work);

const fit_observer *job_observer(const job *work);

/* Collective. Has any rank been asked to stop? For the time before the loop, which asks by itself. */
bool job_must_stop(const job *work);

/* Collective: what ended the time before there was a job: "SIGTERM". */
const char *job_stopped_by(MPI_Comm comm);

/* Takes the live progress line away. */
void job_clear_line(job *work);

/* Collective. Writes the last checkpoint after a stop and leaves the message in error: 75 "FILE: stopped by SIGTERM
 * after iteration 41; go on with --restart auto"; 73 when there is no checkpoint because none could be written. Without
 * checkpoints the message names output_path, which the caller writes (if there is a model: when not, the message says
 * so). model_measured: fit_run's result has a model. */
gmmpi_status job_stopped(job *work, bool model_measured, gmmpi_error *error);

/* For when outputs could not be written: on rank 0, saves the latest state unless it is saved already. False when there
 * is none or it cannot be saved, and on the other ranks. */
bool job_keep_state(job *work);

/* Wall time that rank 0's loop has spent on checkpoints; 0 elsewhere. */
double job_seconds_in_checkpoints(const job *work);

/* Removes the checkpoints. */
void job_outputs_are_safe(job *work);

#endif
