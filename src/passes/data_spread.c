/* SPDX-License-Identifier: BSD-3-Clause */
#include "passes/data_spread.h"

#include "support/error.h"
#include "support/memory.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static data_spread *spread_allocate(density_shape shape, int64_t d)
{
  data_spread *spread = calloc(1, sizeof *spread);
  if (spread == NULL) return NULL;
  spread->means = allocate(d, sizeof(double));
  spread->variances = allocate(d, sizeof(double));
  spread->covariance = allocate(covariance_length(shape, d), sizeof(double));
  if (spread->means != NULL && spread->variances != NULL && spread->covariance != NULL) return spread;
  data_spread_destroy(spread);
  return NULL;
}

int64_t data_spread_bytes(density_shape shape, int64_t n_features)
{
  const int64_t numbers = sum_of_bytes(3, (int64_t[]){covariance_length(shape, n_features), n_features, n_features});
  int64_t bytes;
  return multiply_fits(numbers, (int64_t)sizeof(double), &bytes) ? bytes : INT64_MAX;
}

void data_spread_destroy(data_spread *spread)
{
  if (spread == NULL) return;
  free(spread->means);
  free(spread->variances);
  free(spread->covariance);
  free(spread);
}

/* Where only variances are wanted the families need not be told apart. */
static const covariance_family *family_of_probe(density_shape shape)
{
  return shape == DENSE ? &family_full : &family_diag;
}

int64_t data_spread_creation_bytes(density_shape shape, int64_t n_features, int n_threads)
{
  return sum_of_bytes(3, (int64_t[]){statistics_bytes(shape, SECOND_ORDER, 1, n_features, n_threads),
                                     team_bytes(shape, SECOND_ORDER, 1, n_features, n_threads),
                                     model_bytes(gaussian_kind(family_of_probe(shape)), 1, n_features)});
}

/* Mean and covariance from the sums about the middle of the data's range. */
static void take_moments(const statistics *sums, data_spread *spread)
{
  const int64_t d = sums->n_features;
  const double n = sums->counts[0];
  const double *second = sums->second;
  spread->n_samples = n;
  for (int64_t i = 0; i < d; i++) {
    const double shift_i = sums->first[i] / n;
    spread->means[i] = sums->references[i] + shift_i;
    for (int64_t j = triangle_first(sums->shape, i); j < i; j++) {
      const double covariance = *second++ / n - shift_i * (sums->first[j] / n);
      spread->covariance[i * d + j] = covariance;
      spread->covariance[j * d + i] = covariance;
    }
    spread->variances[i] = fmax(*second++ / n - shift_i * (sums->first[i] / n), 0.0);
  }
}

static bool is_definite(gmmpi_model *probe, const double *covariance)
{
  model_contract(probe, 0, covariance);
  return model_factorise(probe, 0);
}

/* Adds --reg-covar to the diagonal, and where that is not enough to make the covariance of all points definite, 1e-10
 * of each feature's variance more, or as much as is needed (1e-6 for one that does not vary at all and gets nothing
 * from --reg-covar). */
static void make_definite(double reg_covar, gmmpi_model *probe, data_spread *spread)
{
  const int64_t d = probe->n_features;
  const density_shape shape = probe->family->storage->shape;
  double *covariance = spread->covariance;
  for (int64_t j = 0; j < d; j++) covariance[covariance_diagonal(shape, d, j)] = spread->variances[j] + reg_covar;
  spread->degenerate = !is_definite(probe, covariance);
  for (double share = 1e-10; !is_definite(probe, covariance) && share < 1.0; share *= 100.0) {
    for (int64_t j = 0; j < d; j++) {
      const double ridge = reg_covar + share * spread->variances[j];
      covariance[covariance_diagonal(shape, d, j)] = spread->variances[j] + (ridge >= DBL_MIN ? ridge : 1e-6);
    }
  }
}

gmmpi_status data_spread_create(const shard *points, const kernel *kernels, density_shape shape, double reg_covar,
                                data_spread **spread, gmmpi_error *error)
{
  const int64_t d = points->n_features;
  gmmpi_error local = {0};
  statistics *sums = NULL;
  pass_team *team = NULL;
  gmmpi_model *probe = NULL;
  const pass_size size = {shape, SECOND_ORDER, 1, 1};
  double *middle = allocate(d, sizeof(double));
  *spread = spread_allocate(shape, d);
  if (*spread == NULL || middle == NULL)
    fail(&local, GMMPI_NO_MEMORY, "the covariance of %lld features does not fit into memory", (long long)d);
  else if (statistics_create(shape, SECOND_ORDER, 1, points, &sums, &local) == GMMPI_OK &&
           team_create(kernels, points, &size, 1, &team, &local) == GMMPI_OK)
    model_allocate(gaussian_kind(family_of_probe(shape)), 1, d, &probe, &local);

  if (agree(points->comm, &local) == GMMPI_OK) {
    for (int64_t j = 0; j < d; j++) middle[j] = points->minima[j] + 0.5 * (points->maxima[j] - points->minima[j]);
    pass_control control = {.n_questions = 0};
    const pass_request request = {.rule = whole_rule, .sums = sums};
    statistics_begin(sums, middle);
    if (pass_make(team, points, &request, 1, &control, &local) == GMMPI_OK) {
      take_moments(sums, *spread);
      make_definite(reg_covar, probe, *spread);
    }
  }
  if (local.status != GMMPI_OK) {
    error_pass(error, &local);
    data_spread_destroy(*spread);
    *spread = NULL;
  }
  statistics_destroy(sums);
  team_destroy(team);
  gmmpi_model_destroy(probe);
  free(middle);
  return local.status;
}
