/* SPDX-License-Identifier: BSD-3-Clause */
/* gmmpi fit: one mixture, from a file of points to a model. */
#include "cli/command.h"
#include "cli/fit_session.h"

#include "support/error.h"

static gmmpi_status write_outputs(fit_session *session, gmmpi_error *error)
{
  if (session_write_model(session, NULL, error) != GMMPI_OK || session_write_labels(session, error) != GMMPI_OK)
    return error->status;
  job_outputs_are_safe(session->job);
  const fit_account account = session_account(session);
  progress_close(&session->progress);
  session_warn_of_convergence(session);
  if (session->rank == 0) fit_print_summary(&account);
  return GMMPI_OK;
}

static gmmpi_status run_session(fit_session *session, gmmpi_error *error)
{
  if (session_read(session, NULL, error) != GMMPI_OK || session_open_job(session, NULL, error) != GMMPI_OK)
    return error->status;
  gmmpi_status status = GMMPI_STOPPED;
  if (!job_must_stop(session->job))
    status = fit_run(session->points, &session->command.fit, job_resume_state(session->job), job_observer(session->job),
                     &session->result, error);
  job_clear_line(session->job);
  if (status == GMMPI_OK) status = session_merge(session, error);
  if (status == GMMPI_STOPPED) return session_leave_early(session, error);
  if (session->rank == 0) signals_set_answer("status: the fit is done, writing %s", session->command.output_path);
  session_keep_after_fit(session, status);
  if (status != GMMPI_OK || write_outputs(session, error) == GMMPI_OK) return status;
  session_keep_after_outputs(session, error->status);
  return error->status;
}

gmmpi_status command_fit(MPI_Comm comm, int argc, char **argv, gmmpi_error *error)
{
  fit_session session = {.comm = comm, .began = MPI_Wtime()};
  MPI_Comm_rank(comm, &session.rank);
  MPI_Comm_size(comm, &session.n_ranks);
  if (fit_command_parse(argc, argv, session.rank, NULL, &session.command, error) == GMMPI_OK && !session.command.help) {
    if (session.command.json && session.rank == 0) warnings_keep();
    if (fit_is_by_groups(&session.command.by))
      fit_by_run(comm, &session.command, error);
    else
      run_session(&session, error);
  }
  session_close(&session);
  return error->status;
}
