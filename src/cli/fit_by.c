/* SPDX-License-Identifier: BSD-3-Clause */
/* gmmpi fit --by: a mixture for each group, from a file of points to a file of models. */
#include "cli/fit_by_command.h"

#include "cli/prepare.h"
#include "fit/adaptation.h"
#include "fit/group_offsets.h"
#include "fit/memory_plan.h"
#include "job/progress.h"
#include "mixture/criteria.h"
#include "sources/pipe.h"
#include "support/clock.h"
#include "support/error.h"
#include "support/file.h"
#include "support/hash.h"
#include "support/memory.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* From command line to files. */
typedef struct by_session {
  MPI_Comm comm;
  int rank, n_ranks;
  fit_command *command;
  start_file start;
  point_source *source;
  data_account *data; /* rank 0 */
  int64_t n_groups;
  int64_t *offsets; /* NULL: groups are those of keys */
  group_rows rows;
  shard_options how;
  int64_t n_samples;
  dropped_count dropped;
  uint64_t fingerprint;
  checkpoint_lock *lock; /* rank 0 */
  json_t *identity;
  group_checkpoint checkpoint, loaded;
  time_limit limit;
  progress progress; /* speaks on rank 0 */
  groups_result result;
  double began, seconds_read;
} by_session;

/* --- reading --- */

static gmmpi_status try_outputs(by_session *session, gmmpi_error *error)
{
  const fit_command *command = session->command;
  if (session->rank == 0 && fit_command_check_outputs(command, error) == GMMPI_OK &&
      file_try_output(command->output_path, error) == GMMPI_OK)
    job_try_files(&command->job, &session->lock, error);
  return agree(session->comm, error);
}

/* The model that all groups start from, or are adapted from. */
static gmmpi_status open_start(by_session *session, gmmpi_error *error)
{
  fit_command *command = session->command;
  if (start_file_open(session->comm, &command->fit, &session->start, error) != GMMPI_OK) return error->status;
  if (session->start.is_labels)
    return fail(error, GMMPI_WRONG_USAGE,
                "--init: labels say nothing of the components of many groups; give a model, or a method");
  return fit_options_take_model(&command->fit, command->given, session->start.model, error);
}

static gmmpi_status open_source(by_session *session, gmmpi_error *error)
{
  fit_command *command = session->command;
  command->reading.keys = command->by.keys;
  source_options options = reading_source_options(&command->reading);
  if (!reading_has_word(&command->reading, "transform"))
    options.transforms = model_transforms(session->start.model, start_file_path(&command->fit));
  if (source_open(session->comm, command->data, &options, &session->source, error) != GMMPI_OK) return error->status;
  if (session->rank == 0) fit_command_check_input(command, session->source, error);
  if (agree(session->comm, error) != GMMPI_OK ||
      start_file_match(session->comm, &command->fit, session->source, &session->start, error) != GMMPI_OK)
    return error->status;
  command->fit.start = session->start.model;
  return fit_check_covariance(&command->fit, session->source->n_features, error);
}

static gmmpi_status read_offsets(by_session *session, gmmpi_error *error)
{
  const source_options how = {.words = NULL};
  point_source *file = NULL;
  if (source_open(session->comm, session->command->by.offsets, &how, &file, error) != GMMPI_OK) return error->status;
  if (session->rank == 0) fit_command_check_input(session->command, file, error);
  if (agree(session->comm, error) == GMMPI_OK)
    group_offsets_read(session->comm, file, session->source->n_rows, &session->offsets, &session->n_groups, error);
  source_close(file);
  return error->status;
}

static gmmpi_status find_groups(by_session *session, gmmpi_error *error)
{
  if (session->command->by.offsets != NULL) return read_offsets(session, error);
  session->n_groups = reading_keys(session->source).n;
  if (session->n_groups > 0) return GMMPI_OK;
  return fail(error, GMMPI_BAD_DATA, "%s: no row has a key; name another column (--by)", session->source->label);
}

static groups_plan plan_of(const by_session *session)
{
  const fit_command *command = session->command;
  shard_options how = session->how;
  how.has_labels = false;
  how.drops_weightless = false;
  how.missing = MISSING_ERROR;
  how.infinite = INFINITE_ERROR;
  return (groups_plan){.options = &command->fit,
                       .least_components =
                           command->by.least_components > 0 ? command->by.least_components : command->fit.n_components,
                       .normalises_weights = command->reading.sum == WEIGHTS_SUM_N,
                       .how = how,
                       .n_features = session->source->n_features,
                       .n_groups = session->n_groups};
}

/* Rows must be held: twice, while groups are put together. */
static gmmpi_status plan_memory(const by_session *session, shard_options *how, gmmpi_error *error)
{
  const point_source *source = session->source;
  const groups_plan plan = plan_of(session);
  const int64_t width = source_row_width(source);
  const int64_t rest[] = {group_rows_bytes(source->n_rows, width, session->n_groups, session->n_ranks),
                          groups_bytes(&plan, source->n_rows / session->n_groups + 1)};
  const int64_t points = shard_bytes(source->n_rows, width, session->n_ranks, how->single_precision);
  const memory_need need = {.rest = sum_of_bytes(ARRAY_LENGTH(rest), rest),
                            .points = points,
                            .least = points,
                            .advice = "use more nodes: the rows of groups must fit into memory"};
  return memory_plan(session->comm, source, &need, session->command->memory.memory_limit, true, how, error);
}

static uint64_t fingerprint_of(const by_session *session, const shard *points)
{
  uint64_t hash = hash_word(points->fingerprint, (uint64_t)session->n_groups);
  const class_list classes = reading_keys(session->source);
  for (int64_t g = 0; g < classes.n; g++) hash = hash_bytes(hash, classes.names[g], strlen(classes.names[g]) + 1);
  for (int64_t g = 0; session->offsets != NULL && g < session->n_groups; g++)
    hash = hash_word(hash, (uint64_t)session->offsets[g]);
  return hash;
}

static gmmpi_status deal_rows(by_session *session, gmmpi_error *error)
{
  const fit_command *command = session->command;
  shard *points = NULL;
  if (shard_create(session->comm, session->source, session->how, &points, error) == GMMPI_OK &&
      (command->reading.sum == WEIGHTS_SUM_N ||
       reading_settle_weights(&command->reading, session->source->label, points, error) == GMMPI_OK)) {
    session->n_samples = points->n_samples;
    session->dropped = shard_dropped(points);
    session->fingerprint = fingerprint_of(session, points);
    if (session->data != NULL && points->n_samples > 1)
      data_account_warn(session->data, points->minima, points->maxima);
    group_rows_deal(points, session->n_groups, session->offsets, &session->rows, error);
  }
  shard_destroy(points);
  if (error->status != GMMPI_OK) return error->status;
  /* Only now it is known how large the largest group is. */
  const groups_plan plan = plan_of(session);
  return memory_check(session->comm, groups_bytes(&plan, session->rows.most_rows), session->source->label, error);
}

static void tell_data(by_session *session)
{
  progress_clear(&session->progress);
  data_account_print(session->data, stderr, "", "", false);
}

static gmmpi_status read_groups(by_session *session, gmmpi_error *error)
{
  fit_command *command = session->command;
  session->how = (shard_options){.n_threads = command->fit.threads,
                                 .single_precision = command->fit.precision == PRECISION_SINGLE};
  if (open_start(session, error) != GMMPI_OK || open_source(session, error) != GMMPI_OK ||
      find_groups(session, error) != GMMPI_OK)
    return error->status;
  reading_note_rows(&command->reading, session->source, &session->how);
  if (plan_memory(session, &session->how, error) != GMMPI_OK) return error->status;
  if (session->rank == 0) session->data = data_account_create(session->source);
  if (session->data != NULL && command->job.verbosity >= 0 && !command->json) tell_data(session);
  if (deal_rows(session, error) != GMMPI_OK) return error->status;
  session->seconds_read = MPI_Wtime() - session->began;
  return GMMPI_OK;
}

static gmmpi_status read_or_stop(by_session *session, gmmpi_error *error)
{
  gmmpi_error local = {0};
  if (session->rank == 0) signals_set_answer("status: reading %s", session->command->data);
  if (read_groups(session, &local) != GMMPI_STOPPED) return error_pass(error, &local);
  return fail(error, GMMPI_STOPPED, "%s: stopped by %s while it was read, when there was nothing to save; start again",
              session->command->data, job_stopped_by(session->comm));
}

/* --- checkpoints --- */

static json_t *identity_of(const by_session *session)
{
  const fit_command *command = session->command;
  json_t *identity = fit_identity(command, &session->start);
  if (identity == NULL || command->by.least_components == 0) return identity;
  json_object_set_new(identity, "-k", json_integer((json_int_t)command->by.least_components));
  json_object_set_new(identity, "--criterion", json_integer(command->by.criterion));
  return identity;
}

/* Collective. Is there something to go on from? Only of --restart auto the answer may be no. */
static bool has_checkpoint(const by_session *session)
{
  const job_options *wanted = &session->command->job;
  int there = 0;
  if (session->rank == 0 && wanted->restart != NULL)
    there = !job_restart_is_automatic(wanted->restart) || access(wanted->checkpoint_path, R_OK) == 0;
  MPI_Bcast(&there, 1, MPI_INT, 0, session->comm);
  return there != 0;
}

/* Collective. Sets plan->loaded and plan->checkpoint, which may be the same file. */
static gmmpi_status open_checkpoints(by_session *session, groups_plan *plan, gmmpi_error *error)
{
  const job_options *wanted = &session->command->job;
  const group_layout layout = group_layout_of(fit_kind(plan->options), plan->options->n_components, plan->n_features);
  const groups_identity identity = {.fingerprint = session->fingerprint,
                                    .options = session->identity,
                                    .n_groups = session->n_groups,
                                    .record_length = group_record_length(&layout)};
  bool goes_on = false;
  if (has_checkpoint(session)) {
    const char *from = job_restart_is_automatic(wanted->restart) ? wanted->checkpoint_path : wanted->restart;
    if (group_checkpoint_open(session->comm, from, &identity, &session->loaded, error) != GMMPI_OK)
      return error->status;
    plan->loaded = &session->loaded;
    goes_on = wanted->checkpoint_path != NULL && file_is_same(from, wanted->checkpoint_path);
    if (goes_on) plan->checkpoint = &session->loaded;
  }
  if (goes_on || wanted->checkpoint_path == NULL) return GMMPI_OK;
  plan->checkpoint = &session->checkpoint;
  return group_checkpoint_create(session->comm, wanted->checkpoint_path, &identity, &session->checkpoint, error);
}

static void remove_checkpoint(const by_session *session)
{
  if (session->rank == 0 && session->command->job.checkpoint_path != NULL)
    unlink(session->command->job.checkpoint_path);
}

/* --- fitting --- */

static double bic(double log_likelihood, double sum_log_max_responsibility, int64_t n_parameters, double n)
{
  return criteria_of(log_likelihood, sum_log_max_responsibility, n_parameters, n).bic;
}

static double aic(double log_likelihood, double sum_log_max_responsibility, int64_t n_parameters, double n)
{
  return criteria_of(log_likelihood, sum_log_max_responsibility, n_parameters, n).aic;
}

static double icl(double log_likelihood, double sum_log_max_responsibility, int64_t n_parameters, double n)
{
  return criteria_of(log_likelihood, sum_log_max_responsibility, n_parameters, n).icl;
}

static bool wants_stop(void *context)
{
  (void)context;
  return signals_stop_requested();
}

static void tell(void *context, int64_t n_done)
{
  by_session *session = context;
  progress_parts(&session->progress, "groups", n_done, session->n_groups, "");
}

static gmmpi_status say_stopped(const by_session *session, gmmpi_error *error)
{
  const char *by = job_stopped_by(session->comm);
  const char *path = session->command->job.checkpoint_path;
  if (path == NULL)
    return fail(error, GMMPI_STOPPED, "%s: stopped by %s after %lld of %lld groups, without a checkpoint; start again",
                session->command->output_path, by, (long long)session->result.n_done, (long long)session->n_groups);
  if (!session->result.is_saved)
    return fail(error, GMMPI_NO_OUTPUT, "%s: stopped by %s after %lld of %lld groups, but not all could be saved", path,
                by, (long long)session->result.n_done, (long long)session->n_groups);
  return fail(error, GMMPI_STOPPED, "%s: stopped by %s after %lld of %lld groups; go on with --restart auto", path, by,
              (long long)session->result.n_done, (long long)session->n_groups);
}

static gmmpi_status fit_groups(by_session *session, gmmpi_error *error)
{
  const job_options *wanted = &session->command->job;
  static group_criterion *const criteria[] = {[BY_NO_CRITERION] = NULL, [BY_BIC] = bic, [BY_AIC] = aic, [BY_ICL] = icl};
  gmmpi_error local = {0};
  groups_plan plan = plan_of(session);
  plan.criterion = criteria[session->command->by.criterion];
  plan.checkpoint_every = wanted->checkpoint_every;
  plan.checkpoint_seconds = wanted->checkpoint_seconds;
  plan.wants_stop = wants_stop;
  plan.tell = tell;
  plan.context = session;
  session->identity = identity_of(session);
  if (session->identity == NULL) fail(&local, GMMPI_NO_MEMORY, "there is no memory to note the options");
  if (agree(session->comm, &local) != GMMPI_OK) return error_pass(error, &local);
  if (open_checkpoints(session, &plan, error) != GMMPI_OK) return error->status;
  groups_run(session->comm, &plan, &session->rows, &session->result, &local);
  if (local.status == GMMPI_STOPPED) return say_stopped(session, error);
  return error_pass(error, &local);
}

/* --- the file --- */

/* Rank 0. The keys, and what the features are called. */
static gmmpi_status describe_groups(const by_session *session, group_models *models, gmmpi_error *error)
{
  const class_list classes = reading_keys(session->source);
  const double *numbers = source_class_numbers(session->source);
  group_keys *keys = &models->keys;
  gmmpi_model *named = NULL;
  bool good = true;
  if (session->offsets != NULL || numbers != NULL) {
    good = (keys->numbers = allocate(keys->n, sizeof *keys->numbers)) != NULL;
    for (int64_t g = 0; g < keys->n && good; g++) keys->numbers[g] = session->offsets != NULL ? (double)g : numbers[g];
  } else {
    good = (keys->texts = allocate(keys->n, sizeof *keys->texts)) != NULL;
    for (int64_t g = 0; g < keys->n && good; g++) good = (keys->texts[g] = strdup(classes.names[g])) != NULL;
  }
  if (!good) return fail(error, GMMPI_NO_MEMORY, "there is no memory for the keys of groups");
  if (model_allocate(models->layout.kind, 1, models->layout.n_features, &named, error) == GMMPI_OK &&
      model_take_features(named, session->source, error) == GMMPI_OK) {
    models->feature_names = named->feature_names;
    models->transforms = named->transforms;
    named->feature_names = NULL;
    named->transforms = NULL;
  }
  gmmpi_model_destroy(named);
  return error->status;
}

static fit_by_account account_of(by_session *session)
{
  int64_t peak = memory_peak();
  MPI_Allreduce(MPI_IN_PLACE, &peak, 1, MPI_INT64_T, MPI_MAX, session->comm);
  return (fit_by_account){.command = session->command,
                          .result = &session->result,
                          .data = session->data,
                          .n_samples = session->n_samples,
                          .n_features = session->source->n_features,
                          .dropped = session->dropped,
                          .n_outside = session->rows.n_outside,
                          .seconds_total = MPI_Wtime() - session->began,
                          .seconds_read = session->seconds_read,
                          .peak_memory = peak,
                          .n_ranks = session->n_ranks};
}

/* Rank 0. Of no group there is a model: the first failure stands for all. */
static gmmpi_status refuse_failures(const group_models *models, gmmpi_error *error)
{
  char key[100];
  for (int64_t g = 0; g < models->keys.n; g++) {
    if (group_is_fitted(models, g)) return GMMPI_OK;
  }
  group_key_text(&models->keys, 0, key, sizeof key);
  return fail(error, GMMPI_BAD_DATA, "none of %lld groups could be fitted; the first one, %s: %s",
              (long long)models->keys.n, key, models->n_remarks > 0 ? models->remarks[0].text : "");
}

static gmmpi_status write_groups(by_session *session, gmmpi_error *error)
{
  const fit_by_account account = account_of(session);
  progress_begin(&session->progress, "writing", session->command->output_path);
  gmmpi_error local = {0};
  if (session->rank == 0) {
    group_models *models = session->result.models;
    void *bytes = NULL;
    size_t n_bytes = 0;
    json_t *facts = NULL;
    signals_set_answer("status: the fits are done, writing %s", session->command->output_path);
    if (describe_groups(session, models, &local) == GMMPI_OK && refuse_failures(models, &local) == GMMPI_OK) {
      fit_by_warn(&account);
      facts = fit_by_facts(&account);
      if (facts == NULL) fail(&local, GMMPI_NO_MEMORY, "there is no memory to describe the groups");
    }
    if (local.status == GMMPI_OK && group_models_image(models, facts, &bytes, &n_bytes, &local) == GMMPI_OK)
      file_write_whole(session->command->output_path, bytes, n_bytes, &local);
    free(bytes);
    json_decref(facts);
  }
  agree(session->comm, &local);
  if (local.status == GMMPI_OK || local.status == GMMPI_BAD_DATA)
    remove_checkpoint(session); /* nothing is left to do */
  if (local.status != GMMPI_OK) return error_pass(error, &local);
  const fit_by_account end = account_of(session);
  progress_close(&session->progress);
  if (session->rank == 0) fit_by_print_summary(&end);
  return GMMPI_OK;
}

gmmpi_status fit_by_run(MPI_Comm comm, fit_command *command, gmmpi_error *error)
{
  by_session session = {.comm = comm,
                        .command = command,
                        .checkpoint = {.descriptor = -1},
                        .loaded = {.descriptor = -1},
                        .began = MPI_Wtime()};
  MPI_Comm_rank(comm, &session.rank);
  MPI_Comm_size(comm, &session.n_ranks);
  job_begin(&command->job, session.rank, &session.limit);
  progress_open(&session.progress, session.rank, command->job.verbosity, &session.limit);
  progress_begin(&session.progress, "reading", command->data);
  if (prepare_threads(comm, command->fit.threads, error) == GMMPI_OK && try_outputs(&session, error) == GMMPI_OK &&
      read_or_stop(&session, error) == GMMPI_OK && fit_groups(&session, error) == GMMPI_OK)
    write_groups(&session, error);
  progress_close(&session.progress);
  group_checkpoint_close(&session.loaded);
  group_checkpoint_close(&session.checkpoint);
  checkpoint_lock_release(session.lock);
  groups_result_clear(&session.result);
  group_rows_clear(&session.rows);
  json_decref(session.identity);
  data_account_destroy(session.data);
  source_close(session.source);
  start_file_clear(&session.start);
  free(session.offsets);
  return error->status;
}
