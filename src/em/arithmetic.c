/* SPDX-License-Identifier: BSD-3-Clause */
#include "em/arithmetic.h"

#include <math.h>
#include <string.h>

/* Points so many of the data's standard deviations away from the mixture's mean lose 10 of 24 bits. */
static const double farthest_point = 0x1p10;

/* A coordinate of a whitened point may be wrong by 2^-24 times this on average, and of one component. */
static const double most_loss = 0x1p11;
static const double most_loss_of_component = 0x1p19;

/* Of what rounding does to log densities so much is left in their mean: errors of points are independent of each other,
 * and of the others, which come from the model, most are the same in the next pass. */
static const double share_in_mean = 0x1p-4;

/* Variances, and squares of points, far from the ends of single precision's range. */
static const double least_variance = 0x1p-50;
static const double largest_variance = 0x1p50;

/* Below this many features of diagonal covariances there is nothing to gain: lanes run over features, of which a vector
 * has twice as many in single precision. */
enum { LEAST_DIAGONAL_FEATURES = 12 };

single_verdict single_verdict_of_fit(const fit_options *options, const shard *points)
{
  const covariance_family *family = family_find(options->covariance);
  if (options->arithmetic != ARITHMETIC_MIXED) return SINGLE_NOT_ASKED;
  if (options->distribution == DISTRIBUTION_T) return SINGLE_HAS_TAILS;
  if (points->has_labels) return SINGLE_HAS_LABELS;
  if (family->storage->shared || family->pools || family->common != COMMON_NOTHING) return SINGLE_IS_SHARED;
  if (family->storage->shape == DIAGONAL && points->n_features < LEAST_DIAGONAL_FEATURES) return SINGLE_FEW_FEATURES;
  if (points->has_weights && !(points->largest_weight >= 0x1p-30 && points->largest_weight <= 0x1p30))
    return SINGLE_WEIGHTS;
  return SINGLE_SUITS;
}

static void set_origin(const gmmpi_model *model, double *origin)
{
  const int64_t d = model->n_features;
  double total = 0.0;
  memset(origin, 0, (size_t)d * sizeof(double));
  for (int64_t k = 0; k < model->n_components; k++) {
    if (model->weights[k] == 0.0) continue;
    total += model->weights[k];
    for (int64_t j = 0; j < d; j++) origin[j] += model->weights[k] / total * (model->means[k * d + j] - origin[j]);
  }
}

static double variance_of(const gmmpi_model *model, int64_t k, int64_t j)
{
  const double *covariance = model_covariance(model, k);
  const int rank = model->family->storage->rank;
  return covariance[rank == 2 ? j * model->n_features + j : rank == 1 ? j : 0];
}

/* The square of what rounding errors of points near component k's mean, in units of themselves, become at most in a
 * coordinate of W (x - mean). Those of the features are independent of each other. */
static double amplified_square(const gmmpi_model *model, int64_t k, const double *origin)
{
  const int64_t d = model->n_features;
  const double *factor = model_factor(model, k); /* the transpose of W */
  double most = 0.0;
  for (int64_t i = 0; i < d; i++) {
    double sum = 0.0;
    for (int64_t j = 0; j <= i; j++) {
      const double away = model->means[k * d + j] - origin[j];
      sum += factor[j * d + i] * factor[j * d + i] * (away * away + 9.0 * variance_of(model, k, j));
    }
    most = fmax(most, sum);
  }
  return most;
}

/* What rounding errors in points do to one component. */
typedef struct component_loss {
  double loss;     /* what errors of 1 become in a coordinate of W (x - mean) */
  double farthest; /* of the mean from the origin, in a feature's standard deviations */
} component_loss;

/* False when a variance is too large or too small: *value. */
static bool find_loss(const gmmpi_model *model, int64_t k, const double *origin, component_loss *found, double *value)
{
  const int64_t d = model->n_features;
  double farthest = 0.0;
  for (int64_t j = 0; j < d; j++) {
    const double variance = variance_of(model, k, j);
    const double away = model->means[k * d + j] - origin[j];
    *value = sqrt(variance);
    if (!(variance >= least_variance && variance <= largest_variance)) return false;
    farthest = fmax(farthest, away * away / variance);
  }
  found->farthest = sqrt(farthest);
  found->loss = sqrt(model->family->storage->shape == DIAGONAL ? farthest + 9.0 : amplified_square(model, k, origin));
  return true;
}

static single_verdict judge(const component_loss *worst, double *value)
{
  *value = worst->farthest;
  if (worst->farthest > 0.3 * worst->loss) return SINGLE_FAR_MEANS;
  *value = worst->loss;
  return SINGLE_CONDITION;
}

single_verdict single_verdict_of_model(const gmmpi_model *model, const shard *points, const data_spread *spread,
                                       double *origin, double *noise, double *value)
{
  const double d = (double)model->n_features;
  double losses = 0.0;
  double heaviest = 0.0;
  component_loss worst = {0.0, 0.0};
  set_origin(model, origin);
  for (int64_t j = 0; j < model->n_features; j++) {
    const double range = fmax(points->maxima[j] - origin[j], origin[j] - points->minima[j]);
    *value = range / sqrt(spread->variances[j]);
    if (range > farthest_point * sqrt(spread->variances[j])) return SINGLE_FAR_POINTS;
    if (!(range * range <= largest_variance)) {
      *value = range;
      return SINGLE_SIZES;
    }
  }
  for (int64_t k = 0; k < model->n_components; k++) {
    component_loss found;
    if (model->weights[k] == 0.0) continue;
    if (!find_loss(model, k, origin, &found, value)) return SINGLE_SIZES;
    if (!(found.loss <= most_loss_of_component)) return judge(&found, value);
    losses += model->weights[k] * found.loss;
    if (model->weights[k] * found.loss > heaviest) {
      heaviest = model->weights[k] * found.loss;
      worst = found;
    }
  }
  if (!(losses <= most_loss)) return judge(&worst, value);
  *noise = 0x1p-24 * (8.0 + d + sqrt(d) * losses) * share_in_mean;
  return SINGLE_SUITS;
}

/* Without a residual: changes of textbook steps are below 0 when nothing but errors is left. */
static bool change_is_lost(const single_progress *progress)
{
  const double change = progress->change;
  return fabs(change) < progress->noise || (change <= 0.0 && -change < progress->noise / share_in_mean);
}

/* A residual is a squared distance, so that single precision leaves the square of what it does to log densities of it.
 */
bool single_has_done(const single_progress *progress)
{
  const double residual = progress->residual;
  const double of_log_density = progress->noise / share_in_mean;
  if (residual < progress->tolerance) return true;
  if (fabs(progress->change) < progress->tolerance && progress->noise < progress->tolerance) return true;
  if (isinf(residual)) return change_is_lost(progress);
  return fabs(progress->change) < progress->noise &&
         (residual >= progress->residual_before || residual < of_log_density * of_log_density);
}
