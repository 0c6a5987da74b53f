/* SPDX-License-Identifier: BSD-3-Clause */
/* Points that a test makes, held by the ranks of a communicator, and models of them that it writes down: what the parts
 * of the search for a start are run on. */
#ifndef TESTS_PROBLEM_H
#define TESTS_PROBLEM_H

#include "em/iteration.h"
#include "fit/options.h"
#include "support/random.h"
#include "unit/covariances.h"
#include "unit/matrices.h"

#include <float.h>

typedef struct problem {
  int64_t n, d;
  double *rows; /* n x d: all of them, on every rank */
  fit_options options;
  fit_timings timings;
  shard *points;
  em_iteration *em;
} problem;

/* Rows of zeros, to be filled before problem_open. */
static inline problem *problem_create(int64_t n, int64_t d, int64_t n_components, const char *covariance)
{
  problem *one = calloc(1, sizeof *one);
  assert_non_null(one);
  one->n = n;
  one->d = d;
  one->rows = calloc((size_t)(n * d), sizeof(double));
  assert_non_null(one->rows);
  one->options = fit_defaults(n_components);
  one->options.covariance = covariance;
  return one;
}

/* Collective: hands out the rows, to the ranks one after the other. Some get few. */
static inline void problem_open(problem *one, MPI_Comm comm, int n_threads)
{
  int rank;
  int n_ranks;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &n_ranks);
  const int64_t first = one->n * rank * rank / n_ranks / n_ranks;
  const int64_t end = one->n * (rank + 1) * (rank + 1) / n_ranks / n_ranks;
  gmmpi_error error = {0};
  one->options.threads = n_threads;
  assert_int_equal(shard_create_from_memory(comm, one->rows + first * one->d, end - first, one->d,
                                            (shard_options){.n_threads = n_threads}, &one->points, &error),
                   GMMPI_OK);
  assert_int_equal(iteration_create(one->points, &one->options, 1, &one->timings, &one->em, &error), GMMPI_OK);
}

static inline void problem_destroy(problem *one)
{
  iteration_destroy(one->em);
  shard_destroy(one->points);
  free(one->rows);
  free(one);
}

/* The i-th standard normal number of a test. */
static inline double normal_number(uint64_t seed, int64_t i)
{
  double pair[2];
  random_normal_pair(seed, RANDOM_SAMPLE_NORMAL, (uint64_t)i, 0, pair);
  return pair[0];
}

/* Rows first ... end - 1 become a sample of the normal distribution with this mean (d) and standard deviation. */
static inline void put_normal(problem *one, int64_t first, int64_t end, const double *mean, double deviation)
{
  for (int64_t i = first * one->d; i < end * one->d; i++)
    one->rows[i] = mean[i % one->d] + deviation * normal_number(5, i);
}

static inline gmmpi_model *new_model(const char *family, int64_t n_components, int64_t n_features)
{
  gmmpi_model *model = NULL;
  gmmpi_error error = {0};
  assert_int_equal(model_allocate(gaussian_kind(family_find(family)), n_components, n_features, &model, &error),
                   GMMPI_OK);
  return model;
}

/* covariance: d x d. */
static inline void set_component(gmmpi_model *model, int64_t k, double weight, const double *mean,
                                 const double *covariance)
{
  model->weights[k] = weight;
  memcpy(model->means + k * model->n_features, mean, (size_t)model->n_features * sizeof *mean);
  contract_dense(model, k, covariance);
  assert_true(model_factorise(model, k));
}

/* log of weight times density of component k at x. d <= 8. */
static inline long double log_share(const gmmpi_model *model, int64_t k, const double *x)
{
  double covariance[64];
  if (model->weights[k] == 0.0) return -INFINITY;
  expand_dense(model, k, covariance);
  return logl(model->weights[k]) +
         reference_log_density(model->n_features, x, model->means + k * model->n_features, covariance);
}

static inline long double log_density_of(const gmmpi_model *model, const double *x)
{
  long double sum = 0.0L;
  for (int64_t k = 0; k < model->n_components; k++) sum += expl(log_share(model, k, x));
  return logl(sum);
}

/* Of all rows. */
static inline long double log_likelihood_of(const problem *one, const gmmpi_model *model)
{
  long double sum = 0.0L;
  for (int64_t i = 0; i < one->n; i++) sum += log_density_of(model, one->rows + i * one->d);
  return sum;
}

/* The component whose mean is nearest to a point. */
static inline int64_t component_at(const gmmpi_model *model, const double *point)
{
  int64_t best = -1;
  double least = INFINITY;
  for (int64_t k = 0; k < model->n_components; k++) {
    double square = 0.0;
    for (int64_t j = 0; j < model->n_features; j++)
      square += pow(model->means[k * model->n_features + j] - point[j], 2.0);
    if (square < least) best = k;
    least = fmin(least, square);
  }
  return best;
}

#endif
