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
#include "job/checkpoint_lock.h"
#include "job/time_limit.h"
#include "support/signals.h"

#include <jansson.h>

/* Strings are borrowed and must outlive the job. */
typedef struct job_options {
  const char *output_path;     /* the model: names the job in messages */
  const char *checkpoint_path; /* NULL: none */
  int64_t checkpoint_every;    /* iterations, 0: off */
  double checkpoint_seconds;   /* INFINITY: off */
  double time_limit;           /* seconds since the program began; INFINITY: none; 0: see job_begin */
  double stall_seconds;        /* of waiting for the other ranks, 0: for ever */
  const char *restart;         /* NULL, "auto" or a file */
  const char *log_path;        /* NULL: none */
  int verbosity;               /* -1 quiet, 0, 1 verbose */
  int64_t n_init;
  const char *accelerate;  /* the method of fit_state_create */
  json_t *numeric_options; /* borrowed: an object, see checkpoint_identity */
} job_options;

/* What is fitted to what. */
typedef struct job_subject {
  const covariance_family *family;
  int64_t n_components;
  int64_t n_samples;
  int64_t n_features;
  uint64_t fingerprint; /* of the points */
  point_source *source; /* of the points, borrowed; NULL: nobody is told of doubtful values */
  double seconds_read;  /* what reading them took */
} job_subject;

typedef struct job job;

/* Not collective, for all ranks: the time until the limit begins to run, on rank 0 with a warning when that makes no
 * sense. A limit of 0 stands for the UNIX time in the environment's SLURM_JOB_END_TIME, if it is there. When the time
 * but for the margin's reserve is up, that is a signal to stop. */
void job_begin(const job_options *options, int rank, time_limit *limit);

/* Not collective, for rank 0: can the checkpoint and the log be written, and is there something to restart from?
 * *lock is to be released when the job is destroyed, whatever came of it. Errors: 73, also when another job has this
 * checkpoint; 66 an explicit checkpoint that is missing; 64 --restart auto without checkpoints; 75. */
gmmpi_status job_try_files(const job_options *options, checkpoint_lock **lock, gmmpi_error *error);

/* The bytes that rank 0 needs for checkpoints of so many starts that advance together; INT64_MAX when they can't be
 * counted. */
int64_t job_bytes(const job_options *options, const covariance_family *family, int64_t n_components, int64_t n_features,
                  int64_t n_climbers);

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
