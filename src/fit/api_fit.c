/* SPDX-License-Identifier: BSD-3-Clause */
/* The public interface to fit_run. */
#include "fit/adaptation.h"
#include "fit/api.h"
#include "fit/api_summary.h"
#include "fit/facts.h"
#include "fit/start_file.h"

#include "support/error.h"
#include "support/linear_algebra.h"
#include "support/memory.h"

#include <stdlib.h>

/* The labels of the caller's rows become those of the shard's rows. As points of one feature they are distributed in
 * the same way, since blocks depend on the number of rows alone. Collective. */
static gmmpi_status labels_of_shard(const gmmpi_points *points, const gmmpi_options *options, int64_t **result,
                                    gmmpi_error *error)
{
  const shard *rows = points->rows;
  const int64_t n = options->n_labels;
  const int64_t most = INT64_C(1) << 53; /* beyond it doubles do not tell one from the next */
  gmmpi_error local = {0};
  shard *column = NULL;
  double *values = allocate(n, sizeof *values);
  *result = allocate(rows->n_rows, sizeof **result);
  if (values == NULL || *result == NULL) fail(&local, GMMPI_NO_MEMORY, "there is no memory for the labels");
  if (points->source != NULL || rows->n_left_out > 0 || n != points->n_local)
    fail(&local, GMMPI_WRONG_USAGE,
         "labels in memory are of the rows of gmmpi_points_create; give one for each of them, and drop none");
  for (int64_t i = 0; i < n && local.status == GMMPI_OK; i++) {
    const int64_t label = options->labels[i];
    if (label < -most || label > most)
      fail(&local, GMMPI_BAD_DATA, "label %lld is too large; use labels from -2^53 to 2^53", (long long)label);
    values[i] = (double)label;
  }
  if (agree(rows->comm, &local) == GMMPI_OK &&
      shard_create_from_memory(rows->comm, values, n, 1, (shard_options){0}, &column, &local) == GMMPI_OK) {
    for (int64_t i = 0; i < rows->n_rows; i++) {
      double value;
      shard_copy_row(column, column->first_row + i, &value);
      (*result)[i] = (int64_t)value;
    }
  }
  shard_destroy(column);
  free(values);
  return error_pass(error, &local);
}

/* The start's components in the order of the points' classes; of a model in memory that is a copy. Collective. */
static gmmpi_status set_start_in_order(const gmmpi_points *points, const gmmpi_options *options, const fit_options *fit,
                                       start_file *start, gmmpi_error *error)
{
  const char *label = options->start != NULL ? "the model to start from" : start_file_path(fit);
  if (options->start != NULL) model_duplicate(options->start, &start->model, error);
  if (error->status == GMMPI_OK && start->model != NULL)
    classes_match(api_classes(points), fit, label, start->model, error);
  return agree(points->rows->comm, error);
}

/* Sets what the fit starts from, if that is not a method. Collective. */
static gmmpi_status set_start(const gmmpi_points *points, const gmmpi_options *options, fit_options *fit,
                              start_file *start, gmmpi_error *error)
{
  const shard *rows = points->rows;
  if (options->labels != NULL) {
    labels_of_shard(points, options, &start->labels, error);
  } else if (start_file_path(fit) != NULL && start_file_open(rows->comm, fit, start, error) == GMMPI_OK) {
    if (start->is_labels) {
      fit->init = INIT_LABELS;
      start_file_labels(fit, rows, start, error);
    } else if (points->source != NULL) {
      start_file_match(rows->comm, fit, points->source, start, error);
    }
  }
  if (error->status == GMMPI_OK && options->start != NULL && points->source != NULL)
    model_check_transforms(options->start, "the model to start from", points->source, error);
  if (error->status == GMMPI_OK && rows->has_labels) set_start_in_order(points, options, fit, start, error);
  fit->labels = start->labels;
  fit->start = start->model != NULL ? start->model : options->start;
  if (error->status == GMMPI_OK && fit->start != NULL) fit_options_take_model(fit, options->given, fit->start, error);
  return error->status;
}

/* What the model's file notes. */
static gmmpi_status take_facts(const gmmpi_points *points, const fit_options *fit, const start_file *start,
                               const fit_result *result, gmmpi_error *error)
{
  const fit_findings findings = {
      .points = points->rows,
      .options = fit,
      .result = result,
      .start_fingerprint = start->fingerprint != 0 || fit->start == NULL ? start->fingerprint : model_hash(fit->start)};
  result->end.model->facts = findings_facts(&findings);
  return result->end.model->facts != NULL ? GMMPI_OK
                                          : fail(error, GMMPI_NO_MEMORY, "there is no memory to note the options");
}

/* The model and the summary, with the names of the features. Collective. */
static gmmpi_status take_result(const gmmpi_points *points, const fit_options *fit, const start_file *start,
                                fit_result *result, gmmpi_model **model, gmmpi_summary **summary, gmmpi_error *error)
{
  gmmpi_model *end = result->end.model;
  gmmpi_summary *created = NULL;
  if (end != NULL) {
    if (points->source != NULL)
      model_take_features(end, points->source, error);
    else
      model_set_feature_names(end, points->feature_names, error);
    if (error->status == GMMPI_OK) model_take_classes(end, api_classes(points), error);
    if (error->status == GMMPI_OK) take_facts(points, fit, start, result, error);
    if (error->status == GMMPI_OK) summary_create(points->rows, fit, result, &created, error);
  }
  if (agree(points->rows->comm, error) == GMMPI_OK) {
    *model = end;
    result->end.model = NULL;
    if (summary != NULL) {
      *summary = created;
      created = NULL;
    }
  }
  gmmpi_summary_destroy(created);
  return error->status;
}

static void run(const gmmpi_points *points, const gmmpi_options *options, fit_options *fit, start_file *start,
                api_watch *watch, fit_result *result, gmmpi_error *error)
{
  const fit_observer observer = api_observer(watch);
  if (set_start(points, options, fit, start, error) == GMMPI_OK)
    fit_run(points->rows, fit, NULL, &observer, result, error);
}

gmmpi_status gmmpi_fit(const gmmpi_points *points, const gmmpi_options *options, const gmmpi_observer *observer,
                       gmmpi_model **model, gmmpi_summary **summary, gmmpi_error *error)
{
  const shard *rows = points->rows;
  fit_options fit = options->fit;
  start_file start = {0};
  fit_result result = {0};
  api_watch watch = {.observer = observer};
  gmmpi_error local = {0};
  gmmpi_error taking = {0};
  *model = NULL;
  if (summary != NULL) *summary = NULL;
  fit.threads = rows->n_threads;
  fit.precision = rows->single_precision ? PRECISION_SINGLE : PRECISION_DOUBLE;
  fit_options_check(&fit, options->given, &local);
  fit_options_settle(&fit, options->given);
  if (local.status == GMMPI_OK && rows->has_labels) classes_settle(api_classes(points), &fit, &local);
  if (local.status == GMMPI_OK) linear_algebra_take_space(&local);
  if (agree(rows->comm, &local) == GMMPI_OK) {
    warning_list *before = warnings_collect(points->warnings);
    linear_algebra_begin();
    run(points, options, &fit, &start, &watch, &result, &local);
    linear_algebra_end();
    warnings_collect(before);
    api_report_warnings(options, points->warnings);
  }
  if (local.status == GMMPI_OK || local.status == GMMPI_STOPPED) {
    take_result(points, &fit, &start, &result, model, summary, &taking);
    if (taking.status != GMMPI_OK) local = taking;
  }
  fit_result_clear(&result);
  start_file_clear(&start);
  return error_pass(error, &local);
}
