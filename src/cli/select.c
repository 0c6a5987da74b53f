/* SPDX-License-Identifier: BSD-3-Clause */
/* gmmpi select: the best of several mixtures, from a file of points to a model. */
#include "cli/command.h"
#include "cli/prepare.h"
#include "cli/select_command.h"

#include "job/checkpoint.h"
#include "support/error.h"
#include "support/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct select_session {
  fit_session fit; /* the first member, which session_read hands on */
  select_command command;
  selection what;
  selection_result result;
} select_session;

/* --- before the points are read --- */

/* On rank 0: a folder that is there, or can be made. */
static gmmpi_status try_folder(const char *path, gmmpi_error *error)
{
  struct stat found;
  if (mkdir(path, 0777) == 0 || (errno == EEXIST && stat(path, &found) == 0 && S_ISDIR(found.st_mode))) return GMMPI_OK;
  return fail(error, GMMPI_NO_OUTPUT, "%s: cannot be made a folder (%s); name another one", path, strerror(errno));
}

/* The file of a candidate; to be freed, NULL when there is no memory. */
static char *path_of_candidate(const select_command *command, int64_t c)
{
  char *path;
  if (asprintf(&path, "%s/%s_%lld.h5", command->keep_all, select_family_word(command, c),
               (long long)command->shapes[c].n_components) < 0)
    return NULL;
  return path;
}

/* On rank 0: is this, which an option names, nothing that another option names, nor anything that is read? */
static gmmpi_status check_name(const select_session *session, const char *option, const char *path, gmmpi_error *error)
{
  const fit_command *fit = &session->fit.command;
  char *previous = fit->job.checkpoint_path != NULL ? checkpoint_previous_path(fit->job.checkpoint_path) : NULL;
  const char *restart = fit->job.restart != NULL && strcmp(fit->job.restart, "auto") != 0 ? fit->job.restart : NULL;
  const char *others[] = {fit->output_path,         fit->labels_path, fit->job.log_path,
                          fit->job.checkpoint_path, previous,         restart};
  for (int i = 0; i < ARRAY_LENGTH(others) && error->status == GMMPI_OK; i++) {
    if (others[i] != NULL && file_is_same(others[i], path))
      fail(error, GMMPI_WRONG_USAGE, "--%s: %s is named by another option, too; name another file", option, path);
  }
  if (error->status == GMMPI_OK && source_reads(session->fit.source, path))
    fail(error, GMMPI_WRONG_USAGE, "--%s: %s would overwrite the data; name another file", option, path);
  free(previous);
  return error->status;
}

static gmmpi_status try_output(const select_session *session, const char *option, const char *path, gmmpi_error *error)
{
  return check_name(session, option, path, error) == GMMPI_OK ? file_try_output(path, error) : error->status;
}

static gmmpi_status try_candidates(const select_session *session, gmmpi_error *error)
{
  const select_command *command = &session->command;
  if (check_name(session, "keep-all", command->keep_all, error) == GMMPI_OK) try_folder(command->keep_all, error);
  for (int64_t c = 0; c < command->n && error->status == GMMPI_OK; c++) {
    char *path = path_of_candidate(command, c);
    if (path == NULL)
      fail(error, GMMPI_NO_MEMORY, "there is no memory for a file name");
    else if (command->table_path != NULL && file_is_same(path, command->table_path))
      fail(error, GMMPI_WRONG_USAGE, "--table: %s is a candidate's; name another file", path);
    else
      try_output(session, "keep-all", path, error);
    free(path);
  }
  return error->status;
}

/* Collective. */
static gmmpi_status try_outputs(const select_session *session, gmmpi_error *error)
{
  const select_command *command = &session->command;
  if (session->fit.rank == 0) {
    if (command->table_path != NULL) try_output(session, "table", command->table_path, error);
    if (error->status == GMMPI_OK && command->keep_all != NULL) try_candidates(session, error);
  }
  return agree(session->fit.comm, error);
}

/* The candidates, for the data's number of features. */
static gmmpi_status settle_candidates(fit_session *fit, gmmpi_error *error)
{
  select_session *session = (select_session *)fit;
  select_command *command = &session->command;
  select_command_list(command, &fit->command.fit, fit->source->n_features, error);
  if (agree(fit->comm, error) != GMMPI_OK) return error->status;
  session->what = (selection){.common = &fit->command.fit,
                              .shapes = command->shapes,
                              .n = command->n,
                              .criterion = (selection_criterion)command->criterion,
                              .n_folds = command->n_folds};
  fit->command.fit.covariance = command->shapes[0].kind.family->name;
  fit->selection = &session->what;
  return try_outputs(session, error);
}

/* --- outputs --- */

/* The candidate's result as that of a fit, whose model and events stay where they are. */
static void show_candidate(select_session *session, int64_t c)
{
  fit_session *fit = &session->fit;
  const candidate_result *one = &session->result.candidates[c];
  fit->command.fit = selection_options(&session->what, c);
  fit->command.fit.n_init = session->what.common->n_init;
  fit->result.end = one->end;
  fit->result.n_components_used = model_n_living(one->end.model);
  fit->result.n_passes = session->result.n_passes;
  fit->result.timings = session->result.timings;
  fit->result.instruction_set = session->result.instruction_set;
  fit->result.n_events = 0;
  for (int64_t i = 0; i < session->result.n_events; i++) {
    if (session->result.events[i].start != one->end.start) continue;
    fit_event *event = &fit->result.events[fit->result.n_events++];
    *event = session->result.events[i];
    event->start /= session->what.n;
  }
}

static gmmpi_status write_candidates(select_session *session, const fit_options *common, const json_t *facts,
                                     gmmpi_error *error)
{
  fit_session *fit = &session->fit;
  const char *output = fit->command.output_path;
  for (int64_t c = 0; c < session->what.n && error->status == GMMPI_OK; c++) {
    if (session->result.candidates[c].end.model == NULL) continue;
    char *path = path_of_candidate(&session->command, c);
    if (path == NULL) fail(error, GMMPI_NO_MEMORY, "there is no memory for a file name");
    if (agree(fit->comm, error) == GMMPI_OK) {
      show_candidate(session, c);
      fit->command.output_path = path;
      session_write_model(fit, facts, error);
      fit->command.output_path = output;
    }
    free(path);
    fit->command.fit = *common;
  }
  return error->status;
}

static gmmpi_status write_files(select_session *session, const fit_options *common, const json_t *facts,
                                gmmpi_error *error)
{
  fit_session *fit = &session->fit;
  if (session->command.keep_all != NULL && write_candidates(session, common, facts, error) != GMMPI_OK)
    return error->status;
  show_candidate(session, session->result.best);
  if (session_write_model(fit, facts, error) != GMMPI_OK || session_write_labels(fit, error) != GMMPI_OK)
    return error->status;
  if (fit->rank == 0 && session->command.table_path != NULL)
    select_write_table(&session->command, &session->result, error);
  return agree(fit->comm, error);
}

static gmmpi_status write_outputs(select_session *session, gmmpi_error *error)
{
  fit_session *fit = &session->fit;
  const fit_options common = fit->command.fit;
  gmmpi_error local = {0};
  json_t *facts = select_facts(&session->command, &session->result);
  session->what.common = &common;
  fit->result.events = calloc((size_t)session->result.n_events + 1, sizeof(fit_event));
  if (facts == NULL || fit->result.events == NULL)
    fail(&local, GMMPI_NO_MEMORY, "%s: there is no memory to write it", fit->command.output_path);
  if (agree(fit->comm, &local) == GMMPI_OK) write_files(session, &common, facts, &local);
  json_decref(facts);
  if (local.status == GMMPI_OK) {
    job_outputs_are_safe(fit->job);
    const fit_account account = session_account(fit);
    progress_close(&fit->progress);
    session_warn_of_convergence(fit);
    if (fit->rank == 0) {
      select_warn(&session->command, fit, &session->result);
      select_print_summary(&session->command, &account, &session->result);
    }
  }
  fit->result.end.model = NULL; /* it is the selection's */
  session->what.common = &fit->command.fit;
  return error_pass(error, &local);
}

/* The components of the best model become clusters, if that is wanted. */
static gmmpi_status merge_best(select_session *session, gmmpi_error *error)
{
  fit_session *fit = &session->fit;
  fit->result.end = session->result.candidates[session->result.best].end;
  session_merge(fit, error);
  fit->result.end.model = NULL; /* it is the selection's */
  return error->status;
}

/* Without checkpoints the best of what was measured is all that stays: before folds have ended, the best by BIC. */
static gmmpi_status leave_early(select_session *session, gmmpi_error *error)
{
  fit_session *fit = &session->fit;
  const fit_options common = fit->command.fit;
  session->what.common = &common;
  fit->result.events = calloc((size_t)session->result.n_events + 1, sizeof(fit_event));
  if (session->result.best < 0) session->result.best = session->result.best_of[CRITERION_BIC];
  if (session->result.best >= 0 && fit->result.events != NULL) show_candidate(session, session->result.best);
  session_leave_early(fit, error);
  fit->result.end.model = NULL; /* it is the selection's */
  session->what.common = &fit->command.fit;
  return error->status;
}

/* --- the command --- */

static gmmpi_status run_session(select_session *session, gmmpi_error *error)
{
  fit_session *fit = &session->fit;
  if (session_read(fit, settle_candidates, error) != GMMPI_OK) return error->status;
  json_t *identity = select_identity(&session->command);
  session_open_job(fit, identity, error);
  json_decref(identity);
  if (error->status != GMMPI_OK) return error->status;
  gmmpi_status status = GMMPI_STOPPED;
  session->result.best = session->result.best_of[CRITERION_BIC] = -1;
  if (!job_must_stop(fit->job))
    status = select_run(fit->points, &session->what, job_resume_state(fit->job), job_observer(fit->job),
                        &session->result, error);
  job_clear_line(fit->job);
  if (status == GMMPI_OK) status = merge_best(session, error);
  if (status == GMMPI_STOPPED) return leave_early(session, error);
  if (fit->rank == 0) signals_set_answer("status: the fits are done, writing %s", fit->command.output_path);
  session_keep_after_fit(fit, status);
  if (status != GMMPI_OK || write_outputs(session, error) == GMMPI_OK) return status;
  session_keep_after_outputs(fit, error->status);
  return error->status;
}

gmmpi_status command_select(MPI_Comm comm, int argc, char **argv, gmmpi_error *error)
{
  select_session session = {.fit = {.comm = comm, .began = MPI_Wtime()}};
  fit_session *fit = &session.fit;
  MPI_Comm_rank(comm, &fit->rank);
  MPI_Comm_size(comm, &fit->n_ranks);
  if (select_command_parse(argc, argv, fit->rank, &session.command, &fit->command, error) == GMMPI_OK &&
      !fit->command.help) {
    if (fit->command.json && fit->rank == 0) warnings_keep();
    run_session(&session, error);
  }
  selection_result_clear(&session.result);
  session_close(fit);
  select_command_clear(&session.command);
  return error->status;
}
