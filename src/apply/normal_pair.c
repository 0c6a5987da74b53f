/* SPDX-License-Identifier: BSD-3-Clause */
#include "apply/normal_pair.h"

#include "mixture/posterior.h"
#include "support/error.h"
#include "support/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static density_shape shape_of(const gmmpi_model *model)
{
  return model->family->storage->shape;
}

/* The component's covariance in a shape: of a matrix the diagonal alone where that is asked for. */
static void take_covariance(const gmmpi_model *model, int64_t k, density_shape shape, double *covariance)
{
  const int64_t d = model->n_features;
  if (shape == shape_of(model)) {
    model_expand(model, k, covariance);
  } else if (shape == DENSE) {
    double *diagonal = covariance + d * (d - 1); /* the last row, which is written last */
    model_expand(model, k, diagonal);
    for (int64_t i = 0; i < d; i++) {
      const double variance = diagonal[i];
      for (int64_t j = 0; j < d && i + 1 < d; j++) covariance[i * d + j] = 0.0;
      covariance[i * d + i] = variance;
    }
    for (int64_t j = 0; j + 1 < d; j++) diagonal[j] = 0.0;
  } else {
    const double *matrix = model_covariance(model, k);
    for (int64_t j = 0; j < d; j++) covariance[j] = matrix[j * d + j];
  }
}

static void set_log_determinants(const gmmpi_model *model, double *covariance, double *log_determinants)
{
  for (int64_t k = 0; k < model->n_components; k++) {
    model_expand(model, k, covariance);
    log_determinants[k] = covariance_log_determinant(shape_of(model), model->n_features, covariance);
  }
}

gmmpi_status normal_pairs_create(const gmmpi_model *a, const gmmpi_model *b, normal_pairs **result, gmmpi_error *error)
{
  *result = NULL;
  normal_pairs *created = calloc(1, sizeof *created);
  if (created != NULL) {
    const bool dense = shape_of(a) == DENSE || shape_of(b) == DENSE;
    *created = (normal_pairs){.a = a, .b = b, .shape = dense ? DENSE : DIAGONAL};
    const int64_t length = covariance_length(created->shape, a->n_features);
    created->log_determinants_a = allocate(a->n_components, sizeof(double));
    created->log_determinants_b = allocate(b->n_components, sizeof(double));
    created->difference = allocate(a->n_features, sizeof(double));
    created->covariance = allocate(length, sizeof(double));
    created->other = allocate(length, sizeof(double));
  }
  if (created == NULL || created->log_determinants_a == NULL || created->log_determinants_b == NULL ||
      created->difference == NULL || created->covariance == NULL || created->other == NULL) {
    normal_pairs_destroy(created);
    return fail(error, GMMPI_NO_MEMORY, "no memory is left to compare components; use machines with more memory");
  }
  set_log_determinants(a, created->covariance, created->log_determinants_a);
  set_log_determinants(b, created->covariance, created->log_determinants_b);
  *result = created;
  return GMMPI_OK;
}

void normal_pairs_destroy(normal_pairs *pairs)
{
  if (pairs == NULL) return;
  free(pairs->log_determinants_a);
  free(pairs->log_determinants_b);
  free(pairs->difference);
  free(pairs->covariance);
  free(pairs->other);
  free(pairs);
}

int64_t normal_pairs_bytes(const gmmpi_model *a, const gmmpi_model *b)
{
  const bool dense = shape_of(a) == DENSE || shape_of(b) == DENSE;
  const int64_t length = covariance_length(dense ? DENSE : DIAGONAL, a->n_features);
  const int64_t numbers = sum_of_bytes(5, (int64_t[]){length, length, a->n_features, a->n_components, b->n_components});
  int64_t bytes;
  return multiply_fits(numbers, (int64_t)sizeof(double), &bytes) ? bytes : INT64_MAX;
}

static void set_difference(normal_pairs *pairs, int64_t i, int64_t j)
{
  const int64_t d = pairs->a->n_features;
  for (int64_t f = 0; f < d; f++) pairs->difference[f] = pairs->b->means[j * d + f] - pairs->a->means[i * d + f];
}

/* Of a DENSE covariance (lost) the Cholesky factor L: the log determinant, and |L^-1 x|^2 (x is lost). */
static double dense_log_determinant(int64_t d, double *covariance, double *x, double *square)
{
  double sum = 0.0;
  *square = 0.0;
  for (int64_t i = 0; i < d; i++) {
    double *row = covariance + i * d;
    for (int64_t j = 0; j <= i; j++) {
      const double *above = covariance + j * d;
      double value = row[j];
      for (int64_t l = 0; l < j; l++) value -= row[l] * above[l];
      row[j] = j < i ? value / above[j] : sqrt(value);
      if (j == i) sum += log(value);
    }
    for (int64_t l = 0; l < i; l++) x[i] -= row[l] * x[l];
    x[i] /= row[i];
    *square += x[i] * x[i];
  }
  return sum;
}

static double diagonal_log_determinant(int64_t d, const double *variances, const double *x, double *square)
{
  double sum = 0.0;
  *square = 0.0;
  for (int64_t j = 0; j < d; j++) {
    sum += log(variances[j]);
    *square += x[j] * x[j] / variances[j];
  }
  return sum;
}

/* Are the two the same distribution, to the bit? */
static bool are_same(normal_pairs *pairs, int64_t i, int64_t j)
{
  const int64_t d = pairs->a->n_features;
  const size_t bytes = (size_t)covariance_length(pairs->shape, d) * sizeof(double);
  if (memcmp(pairs->a->means + i * d, pairs->b->means + j * d, (size_t)d * sizeof(double)) != 0) return false;
  take_covariance(pairs->a, i, pairs->shape, pairs->covariance);
  take_covariance(pairs->b, j, pairs->shape, pairs->other);
  return memcmp(pairs->covariance, pairs->other, bytes) == 0;
}

/* What cannot be negative; no number stays none. */
static double without_rounding(double value)
{
  return value < 0.0 ? 0.0 : value;
}

normal_distance normal_pairs_distance(normal_pairs *pairs, int64_t i, int64_t j)
{
  const int64_t d = pairs->a->n_features;
  const int64_t length = covariance_length(pairs->shape, d);
  if (are_same(pairs, i, j)) return (normal_distance){0};
  set_difference(pairs, i, j);
  take_covariance(pairs->a, i, pairs->shape, pairs->covariance);
  take_covariance(pairs->b, j, pairs->shape, pairs->other);
  for (int64_t e = 0; e < length; e++) pairs->covariance[e] = 0.5 * (pairs->covariance[e] + pairs->other[e]);
  double square;
  const double log_determinant = pairs->shape == DENSE
                                     ? dense_log_determinant(d, pairs->covariance, pairs->difference, &square)
                                     : diagonal_log_determinant(d, pairs->covariance, pairs->difference, &square);
  const double geometric = 0.5 * (pairs->log_determinants_a[i] + pairs->log_determinants_b[j]);
  return (normal_distance){.bhattacharyya = without_rounding(0.125 * square + 0.5 * (log_determinant - geometric)),
                           .means = sqrt(square)};
}

double normal_pairs_divergence(normal_pairs *pairs, int64_t i, int64_t j)
{
  if (are_same(pairs, i, j)) return 0.0;
  set_difference(pairs, i, j);
  take_covariance(pairs->a, i, shape_of(pairs->b), pairs->covariance);
  const double trace = posterior_trace(pairs->b, j, pairs->covariance);
  const double square = posterior_square(pairs->b, j, pairs->difference);
  const double logs = pairs->log_determinants_b[j] - pairs->log_determinants_a[i];
  return without_rounding(0.5 * (trace + square - (double)pairs->a->n_features + logs));
}
