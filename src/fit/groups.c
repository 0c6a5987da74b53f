/* SPDX-License-Identifier: BSD-3-Clause */
#include "fit/groups.h"

#include "fit/group_fit.h"
#include "fit/group_gather.h"
#include "fit/group_news.h"
#include "support/clock.h"
#include "support/error.h"
#include "support/memory.h"

#include <stdlib.h>

/* One rank's part. */
typedef struct groups_work {
  MPI_Comm comm;
  const groups_plan *plan;
  const group_rows *rows;
  group_fitter fitter;
  remark_list remarks;
  int64_t record_length;
  double *records; /* n_own x record_length */
  bool *is_done;   /* n_own */
  bool *is_saved;  /* n_own: in the checkpoint, or to be fitted again by whoever goes on */
  int64_t n_done;
  int64_t n_loaded; /* of these */
  int64_t n_unsaved;
  double last_save;
  bool saving_failed;
  group_news news;
} groups_work;

static double *record_of(const groups_work *work, int64_t index)
{
  return work->records + index * work->record_length;
}

/* --- checkpoints --- */

static void save(groups_work *work)
{
  group_checkpoint *checkpoint = work->plan->checkpoint;
  bool good = true;
  if (checkpoint == NULL) return;
  for (int64_t i = 0; i < work->rows->n_own && good; i++) {
    if (!work->is_done[i] || work->is_saved[i]) continue;
    good = group_checkpoint_put(checkpoint, work->rows->groups[i], record_of(work, i));
    work->is_saved[i] = good;
  }
  good = good && group_checkpoint_flush(checkpoint);
  work->saving_failed = !good;
  if (good) work->n_unsaved = 0;
  work->last_save = clock_now();
}

static void save_if_due(groups_work *work)
{
  const groups_plan *plan = work->plan;
  if (plan->checkpoint == NULL || work->n_unsaved == 0) return;
  const bool by_number = plan->checkpoint_every > 0 && work->n_unsaved >= plan->checkpoint_every;
  if (by_number || clock_now() - work->last_save >= plan->checkpoint_seconds) save(work);
}

/* Groups that were done before. */
static void load(groups_work *work)
{
  group_checkpoint *from = work->plan->loaded;
  for (int64_t i = 0; i < work->rows->n_own && from != NULL; i++) {
    if (!group_checkpoint_get(from, work->rows->groups[i], record_of(work, i))) continue;
    work->is_done[i] = true;
    work->is_saved[i] = from == work->plan->checkpoint;
    work->n_unsaved += work->is_saved[i] ? 0 : 1;
    work->n_done++;
    work->n_loaded++;
  }
}

/* --- the groups of a rank --- */

static gmmpi_status open_work(groups_work *work, gmmpi_error *error)
{
  const int64_t n = work->rows->n_own;
  int64_t numbers;
  if (group_fitter_open(work->plan, work->rows->most_rows, &work->remarks, &work->fitter, error) != GMMPI_OK)
    return error->status;
  work->record_length = group_record_length(&work->fitter.layout);
  if (multiply_fits(n, work->record_length, &numbers))
    work->records = allocate_untouched(numbers, sizeof *work->records);
  work->is_done = allocate(n, sizeof *work->is_done);
  work->is_saved = allocate(n, sizeof *work->is_saved);
  work->last_save = clock_now();
  if (work->records != NULL && work->is_done != NULL && work->is_saved != NULL) return GMMPI_OK;
  return fail(error, GMMPI_NO_MEMORY, "there is no memory for the models of groups; use more nodes");
}

static void close_work(groups_work *work)
{
  group_fitter_close(&work->fitter);
  remarks_clear(&work->remarks);
  free(work->records);
  free(work->is_done);
  free(work->is_saved);
}

static gmmpi_status fit_next(groups_work *work, int64_t index, gmmpi_error *error)
{
  const group_rows *rows = work->rows;
  const int64_t n_remarks = work->remarks.n;
  const double *first = rows->rows + rows->first[index] * rows->row_width;
  if (group_fit(&work->fitter, rows->groups[index], first, rows->first[index + 1] - rows->first[index],
                record_of(work, index), error) != GMMPI_OK)
    return error->status;
  work->is_done[index] = true;
  /* A checkpoint has no remarks, so that a group with some is fitted again. */
  work->is_saved[index] = work->remarks.n > n_remarks;
  work->n_unsaved += work->is_saved[index] ? 0 : 1;
  work->n_done++;
  return GMMPI_OK;
}

/* Not collective. Errors: 71, 75. */
static gmmpi_status fit_own(groups_work *work, gmmpi_error *error)
{
  for (int64_t i = 0; i < work->rows->n_own; i++) {
    if (group_news_exchange(&work->news, work->n_done))
      return fail(error, GMMPI_STOPPED, "stopped on request between groups");
    if (work->is_done[i]) continue;
    if (fit_next(work, i, error) != GMMPI_OK) return error->status;
    save_if_due(work);
  }
  return GMMPI_OK;
}

/* Somebody else's wish to stop ends the fit of a group, too. */
static bool must_stop(void *context)
{
  groups_work *work = context;
  return group_news_exchange(&work->news, work->n_done) || work->plan->wants_stop(work->plan->context);
}

/* --- the face --- */

/* Collective: what ranks came to, from the end of all on. */
static void sum_up(const groups_work *work, double seconds, groups_result *result)
{
  int64_t n_unsaved = work->saving_failed || work->plan->checkpoint == NULL ? 1 : 0;
  result->n_done = work->n_done;
  result->n_fitted_now = work->n_done - work->n_loaded;
  result->n_row_visits = work->fitter.n_row_visits;
  result->seconds = seconds;
  MPI_Allreduce(MPI_IN_PLACE, &result->n_done, 1, MPI_INT64_T, MPI_SUM, work->comm);
  MPI_Allreduce(MPI_IN_PLACE, &result->n_fitted_now, 1, MPI_INT64_T, MPI_SUM, work->comm);
  MPI_Allreduce(MPI_IN_PLACE, &n_unsaved, 1, MPI_INT64_T, MPI_SUM, work->comm);
  MPI_Allreduce(MPI_IN_PLACE, &result->n_row_visits, 1, MPI_DOUBLE, MPI_SUM, work->comm);
  MPI_Allreduce(MPI_IN_PLACE, &result->seconds, 1, MPI_DOUBLE, MPI_MAX, work->comm);
  result->is_saved = n_unsaved == 0;
}

gmmpi_status groups_run(MPI_Comm comm, const groups_plan *plan, const group_rows *rows, groups_result *result,
                        gmmpi_error *error)
{
  gmmpi_error local = {0};
  groups_work work = {.comm = comm, .plan = plan, .rows = rows};
  *result = (groups_result){0};
  work.news = (group_news){.wants_stop = plan->wants_stop, .tell = plan->tell, .context = plan->context};
  if (!group_news_open(comm, &work.news)) fail(&local, GMMPI_NO_MEMORY, "there is no memory to fit groups");
  open_work(&work, &local);
  work.fitter.observer = (fit_observer){.context = &work, .wants_stop = must_stop};
  if (agree(comm, &local) == GMMPI_OK) {
    const double began = clock_now();
    load(&work);
    fit_own(&work, &local);
    save(&work);
    const double seconds = clock_now() - began;
    group_news_close(&work.news, work.n_done);
    sum_up(&work, seconds, result);
    /* Of different failures that of memory is the one to know. */
    if (local.status == GMMPI_STOPPED) local.place = INT64_MAX - 1;
    if (agree(comm, &local) == GMMPI_OK)
      group_gather(comm, &work.fitter.layout, rows, work.records, &work.remarks, plan->n_groups, &result->models,
                   &local);
  } else {
    group_news_abandon(&work.news);
  }
  close_work(&work);
  return error_pass(error, &local);
}

void groups_result_clear(groups_result *result)
{
  group_models_destroy(result->models);
  *result = (groups_result){0};
}

int64_t groups_bytes(const groups_plan *plan, int64_t most_rows)
{
  const group_layout layout = group_layout_of(fit_kind(plan->options), plan->options->n_components, plan->n_features);
  const int64_t width = plan->n_features + shard_n_beside(&plan->how);
  const fit_memory fit =
      fit_memory_of(plan->options, most_rows, (row_shape){plan->n_features, shard_n_beside(&plan->how)}, 1);
  /* The records of all groups, once as they are sent, and twice as a file is made of them. */
  const int64_t records = group_models_bytes(&layout, plan->n_groups);
  return sum_of_bytes(7, (int64_t[]){refillable_bytes(most_rows, width, plan->how.single_precision), fit.bounds,
                                     fit.subsamples, fit.rest, records, records, records});
}
