/* SPDX-License-Identifier: BSD-3-Clause */
#include "fit/replicate_match.h"

#include "support/assignment.h"
#include "support/error.h"
#include "support/linear_algebra.h"
#include "support/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct replicate_matcher {
  const gmmpi_model *model;
  int64_t n_living;
  int64_t *living;                 /* n_living: components of the model that have weight */
  double *apart;                   /* n_living x n_living: Hellinger distances between the model's components */
  double *log_determinants;        /* K: of the model's covariances */
  double *of_replicate;            /* K */
  double *costs;                   /* n_living x n_living */
  int64_t *partners;               /* n_living */
  double *middle, *first, *second; /* covariance_length each */
  double *difference, *solution;   /* d each */
};

static density_shape shape_of(const gmmpi_model *model)
{
  return model->family->storage->shape;
}

/* D^T S^-1 D; S is lost. */
static double squared_distance(const replicate_matcher *matcher, double *covariance)
{
  const int64_t d = matcher->model->n_features;
  double sum = 0.0;
  memcpy(matcher->solution, matcher->difference, (size_t)d * sizeof(double));
  if (shape_of(matcher->model) == DIAGONAL) {
    for (int64_t j = 0; j < d; j++) matcher->solution[j] /= covariance[j];
  } else if (!solve_definite(d, covariance, matcher->solution)) {
    return INFINITY;
  }
  for (int64_t j = 0; j < d; j++) sum += matcher->difference[j] * matcher->solution[j];
  return sum;
}

/* Of component k of a and l of b, whose covariances have these log determinants. */
static double squared_hellinger(replicate_matcher *matcher, const gmmpi_model *a, int64_t k, double log_determinant_a,
                                const gmmpi_model *b, int64_t l, double log_determinant_b)
{
  const density_shape shape = shape_of(a);
  const int64_t d = a->n_features;
  model_expand(a, k, matcher->middle);
  model_expand(b, l, matcher->second);
  covariance_mix(shape, d, 0.5, matcher->second, matcher->middle);
  memcpy(matcher->first, matcher->middle, (size_t)covariance_length(shape, d) * sizeof(double));
  for (int64_t j = 0; j < d; j++) matcher->difference[j] = b->means[l * d + j] - a->means[k * d + j];
  const double square = squared_distance(matcher, matcher->middle);
  const double log_determinant = covariance_log_determinant(shape, d, matcher->first);
  const double distance = square / 8.0 + 0.5 * (log_determinant - 0.5 * (log_determinant_a + log_determinant_b));
  return isfinite(distance) ? -expm1(-fmax(distance, 0.0)) : 1.0;
}

static void take_log_determinants(replicate_matcher *matcher, const gmmpi_model *model, double *log_determinants)
{
  for (int64_t i = 0; i < matcher->n_living; i++) {
    const int64_t k = matcher->living[i];
    model_expand(model, k, matcher->first);
    log_determinants[k] = covariance_log_determinant(shape_of(model), model->n_features, matcher->first);
  }
}

static double squared_between(replicate_matcher *matcher, int64_t i, const gmmpi_model *other,
                              const double *log_determinants, int64_t l)
{
  const int64_t k = matcher->living[i];
  return squared_hellinger(matcher, matcher->model, k, matcher->log_determinants[k], other, l, log_determinants[l]);
}

static void measure_model(replicate_matcher *matcher)
{
  const int64_t n = matcher->n_living;
  take_log_determinants(matcher, matcher->model, matcher->log_determinants);
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < n; j++)
      matcher->apart[i * n + j] =
          i == j ? 0.0
                 : sqrt(squared_between(matcher, i, matcher->model, matcher->log_determinants, matcher->living[j]));
  }
}

gmmpi_status matcher_create(const gmmpi_model *model, replicate_matcher **result, gmmpi_error *error)
{
  const int64_t K = model->n_components;
  const int64_t d = model->n_features;
  const int64_t length = covariance_length(shape_of(model), d);
  replicate_matcher *created = calloc(1, sizeof *created);
  *result = created;
  if (created == NULL || matcher_bytes(K, d) == INT64_MAX) goto no_memory;
  created->model = model;
  created->living = allocate(K, sizeof(int64_t));
  created->apart = allocate(K * K, sizeof(double));
  created->log_determinants = allocate(K, sizeof(double));
  created->of_replicate = allocate(K, sizeof(double));
  created->costs = allocate(K * K, sizeof(double));
  created->partners = allocate(K, sizeof(int64_t));
  created->middle = allocate(length, sizeof(double));
  created->first = allocate(length, sizeof(double));
  created->second = allocate(length, sizeof(double));
  created->difference = allocate(d, sizeof(double));
  created->solution = allocate(d, sizeof(double));
  if (created->living == NULL || created->apart == NULL || created->log_determinants == NULL ||
      created->of_replicate == NULL || created->costs == NULL || created->partners == NULL || created->middle == NULL ||
      created->first == NULL || created->second == NULL || created->difference == NULL || created->solution == NULL)
    goto no_memory;
  for (int64_t k = 0; k < K; k++) {
    if (model->weights[k] > 0.0) created->living[created->n_living++] = k;
  }
  measure_model(created);
  return GMMPI_OK;

no_memory:
  matcher_destroy(created);
  *result = NULL;
  return fail(error, GMMPI_NO_MEMORY, "there is no memory to match the components of replicates");
}

void matcher_destroy(replicate_matcher *matcher)
{
  if (matcher == NULL) return;
  free(matcher->living);
  free(matcher->apart);
  free(matcher->log_determinants);
  free(matcher->of_replicate);
  free(matcher->costs);
  free(matcher->partners);
  free(matcher->middle);
  free(matcher->first);
  free(matcher->second);
  free(matcher->difference);
  free(matcher->solution);
  free(matcher);
}

int64_t matcher_bytes(int64_t n_components, int64_t n_features)
{
  int64_t pairs;
  int64_t square;
  if (!multiply_fits(n_components, n_components, &pairs) ||
      !multiply_fits(pairs, 2 * (int64_t)sizeof(double), &pairs) || !multiply_fits(n_features, n_features, &square) ||
      !multiply_fits(square, 3 * (int64_t)sizeof(double), &square))
    return INT64_MAX;
  return sum_of_bytes(5, (int64_t[]){pairs, square, 4 * n_components * (int64_t)sizeof(double),
                                     2 * n_features * (int64_t)sizeof(double),
                                     assignment_bytes(n_components, n_components)});
}

/* Puts the distances between namesakes on the diagonal of the costs: is it certain that none is nearer to another one?
 */
static bool namesakes_are_nearest(replicate_matcher *matcher, const gmmpi_model *replicate)
{
  const int64_t n = matcher->n_living;
  for (int64_t i = 0; i < n; i++)
    matcher->costs[i * n + i] = squared_between(matcher, i, replicate, matcher->of_replicate, matcher->living[i]);
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < i; j++) {
      if (sqrt(matcher->costs[i * n + i]) + sqrt(matcher->costs[j * n + j]) > matcher->apart[i * n + j]) return false;
    }
  }
  return true;
}

gmmpi_status matcher_match(replicate_matcher *matcher, const gmmpi_model *replicate, int64_t *order, gmmpi_error *error)
{
  const int64_t n = matcher->n_living;
  for (int64_t k = 0; k < replicate->n_components; k++) order[k] = k;
  take_log_determinants(matcher, replicate, matcher->of_replicate);
  if (namesakes_are_nearest(matcher, replicate)) return GMMPI_OK;
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < n; j++) {
      if (i != j)
        matcher->costs[i * n + j] = squared_between(matcher, i, replicate, matcher->of_replicate, matcher->living[j]);
    }
  }
  if (assignment_solve(n, n, matcher->costs, matcher->partners, error) != GMMPI_OK) return error->status;
  for (int64_t i = 0; i < n; i++) order[matcher->living[i]] = matcher->living[matcher->partners[i]];
  return GMMPI_OK;
}
