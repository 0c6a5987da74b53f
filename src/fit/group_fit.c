/* SPDX-License-Identifier: BSD-3-Clause */
#include "fit/group_fit.h"

#include "fit/reading.h"
#include "support/error.h"

#include <math.h>

gmmpi_status group_fitter_open(const groups_plan *plan, int64_t most_rows, remark_list *remarks, group_fitter *fitter,
                               gmmpi_error *error)
{
  *fitter = (group_fitter){
      .plan = plan,
      .layout = group_layout_of(fit_kind(plan->options), plan->options->n_components, plan->n_features),
      .remarks = remarks,
  };
  return refillable_create(most_rows > 0 ? most_rows : 1, plan->n_features, &plan->how, &fitter->rows, error);
}

void group_fitter_close(group_fitter *fitter)
{
  refillable_clear(&fitter->rows);
}

static gmmpi_status no_memory(gmmpi_error *error)
{
  return fail(error, GMMPI_NO_MEMORY, "no memory is left to note what happened in groups");
}

static gmmpi_status note_failure(const group_fitter *fitter, int64_t group, int64_t n_rows, const gmmpi_error *failure,
                                 double *record, gmmpi_error *error)
{
  group_record_fail(&fitter->layout, failure->status, n_rows, record);
  return remarks_add(fitter->remarks, group, true, failure->message) ? GMMPI_OK : no_memory(error);
}

static gmmpi_status note_result(const group_fitter *fitter, int64_t group, const fit_result *result, double *record,
                                gmmpi_error *error)
{
  const fit_position *end = &result->end;
  const double facts[N_GROUP_FACTS] = {
      [GROUP_N_SAMPLES] = (double)fitter->rows.points->n_samples,
      [GROUP_N_COMPONENTS] = (double)end->model->n_components,
      [GROUP_N_ITER] = (double)end->iteration,
      [GROUP_CONVERGED] = end->converged,
      [GROUP_LOG_LIKELIHOOD] = end->measured.log_likelihood,
  };
  group_record_set(&fitter->layout, end->model, facts, record);
  for (int64_t i = 0; i < result->n_events; i++) {
    char text[400];
    fit_event_describe(&result->events[i], text, sizeof text);
    if (!remarks_add(fitter->remarks, group, false, text)) return no_memory(error);
  }
  return GMMPI_OK;
}

static double judge(const groups_plan *plan, const fit_options *options, const shard *points, const fit_result *result)
{
  const fit_position *end = &result->end;
  return plan->criterion(end->measured.log_likelihood, end->measured.sum_log_max_responsibility,
                         fit_n_parameters(options, end->model), points->total_weight);
}

/* The fit with as many components as the options say, or with the best number of them. The first failure counts when
 * there is no other outcome. */
static gmmpi_status fit_best(group_fitter *fitter, fit_result *best, gmmpi_error *failure)
{
  const groups_plan *plan = fitter->plan;
  const shard *points = fitter->rows.points;
  gmmpi_error first = {0};
  double least = INFINITY;
  bool found = false;
  fit_options options = *plan->options;
  for (int64_t K = plan->least_components; K <= plan->options->n_components; K++) {
    gmmpi_error own = {0};
    fit_result result = {0};
    options.n_components = K;
    fit_run(points, &options, NULL, &fitter->observer, &result, &own);
    if (own.status == GMMPI_OK) {
      fitter->n_row_visits += result.n_passes * (double)points->n_samples;
      const double value = plan->criterion != NULL ? judge(plan, &options, points, &result) : 0.0;
      if (!found || value < least) {
        fit_result_clear(best);
        *best = result;
        result = (fit_result){0};
        least = value;
        found = true;
      }
    }
    fit_result_clear(&result);
    if (own.status == GMMPI_STOPPED || own.status == GMMPI_NO_MEMORY) return error_pass(failure, &own);
    error_pass(&first, &own);
  }
  return found ? GMMPI_OK : error_pass(failure, &first);
}

gmmpi_status group_fit(group_fitter *fitter, int64_t group, const double *rows, int64_t n_rows, double *record,
                       gmmpi_error *error)
{
  fit_result best = {0};
  gmmpi_error failure = {0};
  if (n_rows == 0) {
    fail(&failure, GMMPI_BAD_DATA, "points: there are none; give at least one row");
  } else {
    refillable_fill(&fitter->rows, rows, n_rows);
    shard *points = fitter->rows.points;
    if (reading_check_sum("points", points, &failure) == GMMPI_OK) {
      if (fitter->plan->normalises_weights) shard_normalise_weights(points);
      fit_best(fitter, &best, &failure);
    }
  }
  gmmpi_status status = failure.status;
  if (status == GMMPI_OK)
    status = note_result(fitter, group, &best, record, error);
  else if (status == GMMPI_STOPPED || status == GMMPI_NO_MEMORY)
    error_pass(error, &failure);
  else
    status = note_failure(fitter, group, n_rows, &failure, record, error);
  fit_result_clear(&best);
  return status;
}
