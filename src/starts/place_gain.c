/* SPDX-License-Identifier: BSD-3-Clause */
#include "starts/place_gain.h"

#include "mixture/shape.h"
#include "starts/far.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* What the model expects around one row. */
typedef struct expectation_about_row {
  double log_ball;     /* of the volume of the ellipsoid of radius 1 */
  double least_square; /* of a radius: the expected square of the ridge's own length; no component is smaller */
  double background;   /* the density form's */
  const double *log_densities,
      *square_slopes; /* K each: of the components at the row; slopes in the ellipsoid's units */
} expectation_about_row;

/* Sets log det W of component k, and the expected squared length of W times a vector of variance reg_covar. */
static double log_determinant_of_factor(const gmmpi_model *model, int64_t k, double reg_covar, double *least_square)
{
  const int64_t d = model->n_features;
  int64_t length;
  const double *factor = component_factor(model, k, &length);
  double log_determinant = 0.0;
  double squares = 0.0;
  for (int64_t j = 0; j < d; j++) {
    const double inverse_width = component_inverse_width(model, factor, length, j);
    log_determinant += log(component_inverse_deviation(model, factor, length, j));
    squares += inverse_width * inverse_width;
  }
  *least_square = reg_covar * squares;
  return log_determinant;
}

/* The logarithm of an upper bound of the points that the model expects within the radius. A component's log density is
 * concave, so it lies below its tangent at the row, of slope a; and the mean of exp(a u) over a ball of radius r is at
 * most exp(a^2 r^2 / (2 (d + 2))), and exp(a r). */
static double log_expected_points(const place_finder *finder, const gmmpi_model *model,
                                  const expectation_about_row *about, double total_weight, double square)
{
  const double d = (double)finder->n_features;
  const double log_volume = about->log_ball + d / 2.0 * log(square);
  double sum = 0.0;
  for (int64_t k = 0; k < model->n_components; k++) {
    if (model->weights[k] == 0.0) continue;
    const double square_rise = about->square_slopes[k] * square;
    const double log_share =
        about->log_densities[k] + log_volume + fmin(square_rise / (2.0 * (d + 2.0)), sqrt(square_rise));
    sum += log_share < 0.0 ? fmin(exp(log_share), model->weights[k]) : model->weights[k];
  }
  if (about->background > -INFINITY) sum += fmin(exp(about->background + log_volume), *model->noise_weight);
  return log(total_weight) + log(fmax(sum, DBL_MIN));
}

/* Densities and slopes of all components at row i, whose owner's covariance is the shape of the ellipsoids. */
static void describe_row(const place_finder *finder, const em_iteration *em, const gmmpi_model *model, int64_t i)
{
  const density_shape shape = model->family->storage->shape;
  const int64_t d = finder->n_features;
  const double *point = finder->points + i * d;
  double *difference = finder->tile;
  double *gradient = finder->tile + d;
  double *product = finder->tile + 2 * d;
  const row_ellipsoid own = ellipsoid_of_row(finder, model, i);
  model_expand(own.model, own.k, finder->covariance);
  for (int64_t k = 0; k < model->n_components; k++) {
    if (model->weights[k] == 0.0) continue;
    int64_t length;
    const double *factor = component_factor(model, k, &length);
    double square = 0.0;
    double slope = 0.0;
    for (int64_t j = 0; j < d; j++) difference[j] = point[j] - model->means[k * d + j];
    memset(gradient, 0, (size_t)d * sizeof(double));
    for (int64_t j = 0; j < d; j++) {
      const double value = component_whitened(model, factor, length, difference, j);
      square += value * value;
      if (shape == DIAGONAL) gradient[j] = component_inverse_deviation(model, factor, length, j) * value;
      for (int64_t l = 0; l <= j && shape == DENSE; l++) gradient[l] += factor[l * d + j] * value;
    }
    covariance_multiply(shape, d, finder->covariance, gradient, product);
    for (int64_t j = 0; j < d; j++) slope += gradient[j] * product[j];
    finder->log_densities[k] = em->form->log_constants[k] - square / 2.0;
    finder->square_slopes[k] = slope;
  }
}

/* In how many directions a component's scatter is below the ridge: there all its points lie at its centre, so that up
 * to about twice as many as its density says are found about it in each. */
static int64_t count_flat_directions(const gmmpi_model *model, int64_t k, double reg_covar)
{
  int64_t length;
  const double *factor = component_factor(model, k, &length);
  int64_t n = 0;
  for (int64_t j = 0; j < model->n_features; j++) {
    const double inverse_width = component_inverse_width(model, factor, length, j);
    n += inverse_width * inverse_width * 2.0 * reg_covar > 1.0;
  }
  return n;
}

void set_gain_of_place(const place_finder *finder, const em_iteration *em, const gmmpi_model *model, int64_t i)
{
  const double d = (double)finder->n_features;
  const double n = em->points->total_weight;
  const double unit = place_count_unit(em->points);
  const int64_t *counts = finder->counts + i * N_RADII;
  expectation_about_row about = {.background = em->form->background,
                                 .log_densities = finder->log_densities,
                                 .square_slopes = finder->square_slopes};
  const row_ellipsoid own = ellipsoid_of_row(finder, model, i);
  const double log_determinant =
      log_determinant_of_factor(own.model, own.k, em->options->reg_covar, &about.least_square);
  int sign; /* lgamma has one for all threads */
  about.log_ball = d / 2.0 * log(M_PI) - lgamma_r(d / 2.0 + 1.0, &sign) - log_determinant +
                   (double)count_flat_directions(own.model, own.k, em->options->reg_covar) * log(2.0);
  describe_row(finder, em, model, i);
  int64_t found = 0;
  finder->gains[i] = 0.0;
  for (int b = 0; b < N_RADII; b++) {
    found += counts[b];
    const double N = (double)found * unit - finder->weights[i]; /* but for the row itself */
    if (counts[b] == 0 || N < d) continue;
    const double square = fmax(ldexp(1.0, b + LEAST_EXPONENT), about.least_square);
    const double log_expected = log_expected_points(finder, model, &about, n, square);
    if (!(log(N) > log_expected)) continue;
    const double gain = N * (log(N) - log_expected) - N + exp(log_expected);
    if (!(gain > finder->gains[i])) continue;
    finder->gains[i] = gain;
    finder->square_radii[i] = square;
    finder->shares[i] = fmax(N - exp(log_expected), 1.0) / n;
  }
}
