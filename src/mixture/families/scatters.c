/* SPDX-License-Identifier: BSD-3-Clause */
#include "mixture/families/scatters.h"

#include "support/linear_algebra.h"
#include "support/memory.h"

#include <math.h>
#include <string.h>

int64_t estimated_components(const component_scatter *scatter, int64_t *components)
{
  int64_t n = 0;
  for (int64_t k = 0; k < scatter->n_components; k++) {
    if (scatter->counts[k] > 0) components[n++] = k;
  }
  return n;
}

void dense_scatter(const component_scatter *scatter, int64_t k, double *matrix)
{
  const int64_t d = scatter->n_features;
  const double *triangle = scatter->scatter + k * triangle_length(DENSE, d);
  for (int64_t i = 0; i < d; i++) {
    for (int64_t j = 0; j <= i; j++) matrix[i * d + j] = *triangle++;
    matrix[i * d + i] += scatter->divisors[k] * scatter->ridge[i];
  }
  mirror_lower_triangle(d, matrix);
}

void diagonal_scatter(const component_scatter *scatter, int64_t k, double *diagonal)
{
  const int64_t d = scatter->n_features;
  for (int64_t j = 0; j < d; j++) diagonal[j] = scatter->scatter[k * d + j] + scatter->divisors[k] * scatter->ridge[j];
}

void covariance_of_axes(int64_t n_features, const double *axes, const double *variances, double *covariance,
                        double *scratch)
{
  const int64_t d = n_features;
  for (int64_t j = 0; j < d; j++) {
    if (!(variances[j] > 0)) {
      memset(covariance, 0, (size_t)(d * d) * sizeof *covariance);
      return;
    }
    const double deviation = sqrt(variances[j]);
    for (int64_t i = 0; i < d; i++) scratch[i * d + j] = deviation * axes[j * d + i];
  }
  gram_matrix(d, d, scratch, covariance);
}

bool has_spread(int64_t n_features, int64_t stride, const double *variances)
{
  for (int64_t j = 0; j < n_features; j++) {
    if (variances[j * stride] > 0) return true;
  }
  return false;
}

double geometric_mean(int64_t n, const double *numbers)
{
  double sum = 0;
  for (int64_t j = 0; j < n; j++) {
    if (!(numbers[j] > 0)) return 0;
    sum += log(numbers[j]);
  }
  return exp(sum / (double)n);
}

bool scatter_log_determinant(int64_t n_features, const double *matrix, double *factor, double *log_determinant)
{
  if (!whitening_factor(n_features, matrix, factor)) return false;
  *log_determinant = 0;
  for (int64_t j = 0; j < n_features; j++) *log_determinant -= 2 * log(factor[j * n_features + j]);
  return true;
}

int64_t numbers_of(int64_t n, int64_t rows, int64_t columns)
{
  int64_t numbers;
  return multiply_fits(rows, columns, &numbers) && multiply_fits(n, numbers, &numbers) ? numbers : INT64_MAX;
}
