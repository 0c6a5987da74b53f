/* SPDX-License-Identifier: BSD-3-Clause */
/* A fit from command line to files: what fits and selections have in common. */
#ifndef CLI_FIT_SESSION_H
#define CLI_FIT_SESSION_H

#include "cli/fit_command.h"
#include "fit/select.h"
#include "job/progress.h"

/* A fit from command line to files. */
typedef struct fit_session {
  MPI_Comm comm;
  int rank, n_ranks;
  fit_command command;
  const selection *selection; /* NULL: one mixture is fitted */
  start_file start;
  point_source *source;
  data_account *data; /* rank 0 */
  shard *points;
  json_t *identity;
  checkpoint_lock *lock; /* rank 0 */
  job *job;
  fit_result result; /* of a selection that of the best candidate */
  time_limit limit;
  progress progress; /* speaks on rank 0 */
  double began, seconds_read, seconds_merge;
} fit_session;

/* Collective, as all that follows. Tries the outputs, and reads the points, unless the job is asked to stop before they
 * are all there. settle: called once the number of features is known, before memory is planned; NULL: nothing. Errors,
 * agreed. */
gmmpi_status session_read(fit_session *session, gmmpi_status (*settle)(fit_session *session, gmmpi_error *error),
                          gmmpi_error *error);

/* The job, with what identifies it besides (an object, borrowed; NULL: nothing). */
gmmpi_status session_open_job(fit_session *session, const json_t *more_identity, gmmpi_error *error);

/* Merges the components of the model of session->result into clusters, if that is wanted. Errors: 75 when the job is
 * asked to stop, and those of merge_by_entropy. */
gmmpi_status session_merge(fit_session *session, gmmpi_error *error);

fit_account session_account(fit_session *session);

/* The model of session->result, with more facts as attributes (an object, borrowed; NULL: none). */
gmmpi_status session_write_model(fit_session *session, const json_t *more_facts, gmmpi_error *error);

/* The labels, if they are wanted. */
gmmpi_status session_write_labels(fit_session *session, gmmpi_error *error);

/* Says that the model of session->result has not converged, where that is so. On rank 0. */
void session_warn_of_convergence(const fit_session *session);

/* A stopped job leaves a checkpoint, or without checkpoints the model as it stands. */
gmmpi_status session_leave_early(fit_session *session, gmmpi_error *error);

/* After the fit ended with this status, or outputs could not be written: what is done stays done. */
void session_keep_after_fit(const fit_session *session, gmmpi_status status);
void session_keep_after_outputs(const fit_session *session, gmmpi_status status);

void session_close(fit_session *session);

#endif
