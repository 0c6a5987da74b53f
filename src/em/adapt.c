/* SPDX-License-Identifier: BSD-3-Clause */
#include "em/adapt.h"

#include "em/normal_terms.h"
#include "support/error.h"

#include <stdlib.h>
#include <string.h>

static bool adapts(const prior *before, adapted_parameters which)
{
  return (before->adapts & (unsigned)which) != 0;
}

/* The number (i, j) of a component's covariance; of a diagonal one (i, i). */
static double covariance_at(const gmmpi_model *model, int64_t k, int64_t i, int64_t j)
{
  const int rank = model->family->storage->rank;
  const double *stored = model_covariance(model, k);
  return rank == 2 ? stored[i * model->n_features + j] : rank == 1 ? stored[i] : *stored;
}

/* Adds to the scatter what the model makes, and sets the rest. */
static void take_component(const prior *before, const moments *from, int64_t k, moments *total)
{
  const gmmpi_model *given = before->from;
  const int64_t d = from->n_features;
  const double r = before->shrinkage;
  const double n = from->counts[k];
  const double *own = from->means + k * d;
  const double *mean = given->means + k * d;
  double *sum = moments_scatter(total, k);
  const bool moves = adapts(before, ADAPT_MEANS);
  const bool scales = adapts(before, ADAPT_VARIANCES);
  const double of_means = moves ? n * r / (n + r) : n;
  for (int64_t i = 0; i < d; i++) {
    for (int64_t j = triangle_first(from->shape, i); j <= i; j++) {
      const double known = covariance_at(given, k, i, j);
      *sum++ += scales ? r * known + of_means * (own[i] - mean[i]) * (own[j] - mean[j]) : (n + r) * known;
    }
  }
  for (int64_t j = 0; j < d; j++)
    total->means[k * d + j] = moves ? mean[j] + n / (n + r) * (own[j] - mean[j]) : mean[j];
  total->counts[k] = total->divisors[k] = n + r;
}

static void posterior(const prior *before, const double *ridge, const gmmpi_model *previous, const moments *from,
                      moments *total)
{
  (void)ridge;
  (void)previous;
  const size_t bytes = (size_t)(from->n_second * from->second_length) * sizeof(double);
  total->n_samples = from->n_samples;
  total->divisor = 0.0;
  if (adapts(before, ADAPT_VARIANCES))
    memcpy(total->scatter, from->scatter, bytes);
  else
    memset(total->scatter, 0, bytes);
  for (int64_t k = 0; k < from->n_components; k++) {
    take_component(before, from, k, total);
    total->divisor += total->divisors[k];
  }
}

static void adapt_weights(const prior *before, const moments *from, gmmpi_model *next)
{
  double sum = 0.0;
  for (int64_t k = 0; k < next->n_components; k++) {
    const double share = from->counts[k] / (from->counts[k] + before->shrinkage);
    next->weights[k] = share * (from->counts[k] / from->n_samples) + (1.0 - share) * before->from->weights[k];
    sum += next->weights[k];
  }
  for (int64_t k = 0; k < next->n_components; k++) next->weights[k] /= sum;
}

/* What is not adapted is the model's to the last bit. */
static void complete(const prior *before, const moments *from, const gmmpi_model *previous, gmmpi_model *next)
{
  (void)previous;
  const gmmpi_model *given = before->from;
  const int64_t n_covariances = given->family->storage->shared ? 1 : given->n_components;
  const size_t bytes = (size_t)(n_covariances * model_stored_length(given)) * sizeof(double);
  if (adapts(before, ADAPT_WEIGHTS))
    adapt_weights(before, from, next);
  else
    memcpy(next->weights, given->weights, (size_t)given->n_components * sizeof(double));
  if (adapts(before, ADAPT_VARIANCES)) return;
  memcpy(next->covariances, given->covariances, bytes);
  memcpy(next->precisions_cholesky, given->precisions_cholesky, bytes);
}

/* trace(covariance_k of what is adapted, covariance_k^-1 of the model) */
static double trace_of_given(const gmmpi_model *given, const gmmpi_model *model, int64_t k)
{
  if (given->family->storage->rank > 0) return component_trace(model, k, model_covariance(given, k));
  const double factor = *model_factor(model, k);
  return (double)given->n_features * *model_covariance(given, k) * (factor * factor);
}

static double objective(const prior *before, const gmmpi_model *model, double log_likelihood)
{
  const gmmpi_model *given = before->from;
  double sum = 0.0;
  for (int64_t k = 0; k < model->n_components; k++) {
    sum += component_distance(model, k, given->means + k * given->n_features);
    if (adapts(before, ADAPT_VARIANCES)) sum += component_log_determinant(model, k) + trace_of_given(given, model, k);
  }
  return log_likelihood - 0.5 * before->shrinkage * sum;
}

const estimator estimator_adapt = {
    .empty_is_sound = true, .objective = objective, .posterior = posterior, .complete = complete};

gmmpi_status adapt_prior(const fit_options *options, prior **made, gmmpi_error *error)
{
  prior *before = calloc(1, sizeof *before);
  *made = before;
  if (before == NULL) return fail(error, GMMPI_NO_MEMORY, "there is no memory for a prior");
  before->from = options->start;
  before->shrinkage = options->relevance;
  before->adapts = (unsigned)options->adapts;
  return GMMPI_OK;
}
