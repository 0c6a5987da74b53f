/* The public interface to fit_run: points from the caller's memory. */
#include "fit/fit.h"
#include "fit/options.h"
#include "gmmpi/fit.h"

#include "support/error.h"
#include "support/memory.h"

#include <stdlib.h>

gmmpi_fit_options gmmpi_fit_defaults(int64_t n_components)
{
  const fit_options own = fit_defaults(n_components);
  return (gmmpi_fit_options){.n_components = n_components,
                             .covariance = own.covariance,
                             .tolerance = own.tolerance,
                             .max_iterations = own.max_iterations,
                             .reg_covar = own.reg_covar,
                             .n_init = own.n_init,
                             .threads = own.threads,
                             .accelerate = own.accelerate};
}

static fit_options own_options_of(const gmmpi_fit_options *given)
{
  return (fit_options){.n_components = given->n_components,
                       .covariance = given->covariance,
                       .tolerance = given->tolerance,
                       .max_iterations = given->max_iterations,
                       .reg_covar = given->reg_covar,
                       .n_init = given->n_init,
                       .init = (start_method)given->init,
                       .init_covariance = given->init_identity ? START_IDENTITY : START_SAMPLE,
                       .start = given->start,
                       .labels = given->labels,
                       .seed = given->seed,
                       .on_collapse = (collapse_policy)given->on_collapse,
                       .threads = given->threads,
                       .precision = (point_precision)given->precision,
                       .accelerate = given->accelerate,
                       .coarse_to_fine = (coarse_choice)given->coarse_to_fine,
                       .spurious = (spurious_choice)given->spurious};
}

/* The labels of the caller's rows become those of the shard's rows. As points of one feature they are distributed in
 * the same way, since blocks depend on the number of rows alone. Collective. */
static gmmpi_status labels_of_shard(const shard *points, const int64_t *labels, int64_t n_local, int64_t **result,
                                    gmmpi_error *error)
{
  gmmpi_error local = {0};
  shard *column = NULL;
  double value;
  double *values = allocate(n_local, sizeof *values);
  *result = allocate(points->n_rows, sizeof **result);
  if (values == NULL || *result == NULL) fail(&local, GMMPI_NO_MEMORY, "there is no memory for the labels");
  for (int64_t i = 0; i < n_local && local.status == GMMPI_OK; i++) {
    values[i] = (double)labels[i];
    if ((int64_t)values[i] != labels[i])
      fail_at(&local, i + 1, GMMPI_BAD_DATA, "label %lld is too large; use labels below 2^53", (long long)labels[i]);
  }
  if (agree(points->comm, &local) == GMMPI_OK &&
      shard_create_from_memory(points->comm, values, n_local, 1, (shard_options){0}, &column, &local) == GMMPI_OK) {
    for (int64_t i = 0; i < points->n_rows; i++) {
      shard_copy_row(column, column->first_row + i, &value);
      (*result)[i] = (int64_t)value;
    }
  }
  shard_destroy(column);
  free(values);
  return error_pass(error, &local);
}

gmmpi_status gmmpi_fit(MPI_Comm comm, const double *rows, int64_t n_local, int64_t n_features,
                       const gmmpi_fit_options *options, gmmpi_model **model, gmmpi_fit_summary *summary,
                       gmmpi_error *error)
{
  gmmpi_error local = {0};
  fit_options own_options = own_options_of(options);
  shard *points = NULL;
  int64_t *labels = NULL;
  fit_result result = {0};
  *model = NULL;
  const shard_options how = {.n_threads = options->threads,
                             .single_precision = options->precision == GMMPI_PRECISION_SINGLE};
  shard_create_from_memory(comm, rows, n_local, n_features, how, &points, &local);
  if (local.status == GMMPI_OK && options->init == GMMPI_INIT_LABELS) {
    labels_of_shard(points, options->labels, n_local, &labels, &local);
    own_options.labels = labels;
  }
  if (local.status == GMMPI_OK && fit_run(points, &own_options, NULL, NULL, &result, &local) == GMMPI_OK) {
    *model = result.end.model;
    result.end.model = NULL;
    if (summary != NULL) {
      *summary = (gmmpi_fit_summary){.n_samples = points->n_samples,
                                     .n_iterations = result.end.iteration,
                                     .n_passes = result.n_passes,
                                     .n_events = result.n_events,
                                     .converged = result.end.converged,
                                     .log_likelihood = result.end.log_likelihood,
                                     .icl_entropy = result.end.sum_log_max_responsibility};
    }
  }
  fit_result_clear(&result);
  free(labels);
  shard_destroy(points);
  return error_pass(error, &local);
}
