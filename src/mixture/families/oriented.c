/* SPDX-License-Identifier: BSD-3-Clause */
#include "mixture/families/oriented.h"

#include "mixture/families/orientation.h"
#include "mixture/families/scatters.h"
#include "support/linear_algebra.h"
#include "support/memory.h"

#include <string.h>

int64_t oriented_scratch_numbers(int64_t n_components, int64_t n_features)
{
  const int64_t square = numbers_of(1, n_features, n_features);
  if (square > INT64_MAX / 4) return INT64_MAX;
  return sum_of_bytes(4, (int64_t[]){orientation_numbers(n_components, n_features), numbers_of(2, 1, n_components),
                                     numbers_of(1, n_components, n_features), 2 * square});
}

/* Takes out the components whose scatters are not positive definite: with an axis across such a scatter the likelihood
 * has no bound. */
static int64_t keep_definite(const component_scatter *scatter, int64_t n, int64_t *components, double *matrix,
                             double *factor)
{
  int64_t n_kept = 0;
  for (int64_t i = 0; i < n; i++) {
    dense_scatter(scatter, components[i], matrix);
    if (whitening_factor(scatter->n_features, matrix, factor)) components[n_kept++] = components[i];
  }
  return n_kept;
}

/* Makes variances along the axes (n x d) of scatters those of covariances. */
static void divide_own(const component_scatter *scatter, const int64_t *components, int64_t n, double *variances)
{
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < scatter->n_features; j++)
      variances[i * scatter->n_features + j] /= scatter->divisors[components[i]];
  }
}

static void divide_by_volumes(int64_t d, int64_t n, double divisor, double *variances, double *volumes)
{
  double volume = 0;
  for (int64_t i = 0; i < n; i++) {
    volumes[i] = geometric_mean(d, variances + i * d);
    volume += volumes[i];
  }
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < d; j++) variances[i * d + j] = variances[i * d + j] / volumes[i] * (volume / divisor);
  }
}

void estimate_oriented(const component_scatter *scatter, bool equal_volumes, const gmmpi_model *previous,
                       gmmpi_model *next, double *scratch)
{
  const int64_t d = scatter->n_features;
  const int64_t K = scatter->n_components;
  int64_t *components = (int64_t *)(void *)scratch;
  double *volumes = scratch + K;
  double *variances = volumes + K; /* K x d */
  double *axes = variances + K * d;
  double *room = axes + d * d;
  double *rest = room + d * d;
  const int64_t n_estimated = estimated_components(scatter, components);
  double divisor = scatter->divisor;
  for (int64_t i = 0; i < n_estimated; i++) {
    divisor -= scatter->divisors[components[i]];
    memset(next->covariances + components[i] * d * d, 0, (size_t)(d * d) * sizeof(double));
  }
  const int64_t n = keep_definite(scatter, n_estimated, components, axes, room);
  if (n == n_estimated) divisor = scatter->divisor;
  for (int64_t i = 0; i < n && n < n_estimated; i++) divisor += scatter->divisors[components[i]];
  if (n == 0) return;
  const orientation_problem problem = {scatter, components, n, equal_volumes};
  orientation_of_model(previous, components, n, axes, rest);
  find_orientation(&problem, axes, variances, rest);
  if (equal_volumes)
    divide_by_volumes(d, n, divisor, variances, volumes);
  else
    divide_own(scatter, components, n, variances);
  for (int64_t i = 0; i < n; i++)
    covariance_of_axes(d, axes, variances + i * d, next->covariances + components[i] * d * d, room);
}
