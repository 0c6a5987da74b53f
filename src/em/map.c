/* SPDX-License-Identifier: BSD-3-Clause */
#include "em/map.h"

#include "em/maximization.h"
#include "em/normal_terms.h"
#include "em/number_list.h"
#include "support/error.h"
#include "support/linear_algebra.h"
#include "support/memory.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* How a family's M-step takes the prior. A divisor has more than the count of points
 *
 *   (nu + constant + d [by_features] + s [one_mean]) / (d where [over_features]) + s n [means],     s = 1 where kappa >
 * 0
 *
 * for the n components that it is of: 1, or all where it is pooled. Where volumes
 * alone are free the M-step divides by d N where the papers do; there [over_features] is. Where the scale is there once
 * there is one covariance; else each component has it.
 *
 * EII, VII, EEI, VVI, EEE, VVV: Fraley, Raftery 2007, in one dimension also their univariate formulas. EVI, VEI, EEV,
 * VEV: as mclust 6.0.0 has them. */
typedef struct map_family {
  const char *code;
  bool pooled, once, over_features, by_features, one_mean, means;
  bool no_more; /* counts alone divide */
  double constant;
} map_family;

static const map_family table[] = {
    {.code = "EII", .pooled = true, .once = true, .over_features = true, .constant = 2.0, .means = true},
    {.code = "VII", .over_features = true, .constant = 2.0, .means = true},
    {.code = "EEI", .pooled = true, .once = true, .constant = 2.0, .means = true},
    {.code = "VEI", .over_features = true, .constant = 2.0, .one_mean = true},
    {.code = "EVI", .pooled = true, .constant = 1.0, .one_mean = true},
    {.code = "VVI", .constant = 2.0, .means = true},
    {.code = "EEE", .pooled = true, .once = true, .constant = 1.0, .by_features = true, .means = true},
    {.code = "EEV", .pooled = true, .constant = 1.0, .by_features = true, .one_mean = true},
    {.code = "VEV", .no_more = true},
    {.code = "VVV", .constant = 1.0, .by_features = true, .means = true},
};

static const map_family *rules_of(const covariance_family *family)
{
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    if (strcmp(table[i].code, family->code) == 0) return &table[i];
  }
  return NULL;
}

bool map_knows(const covariance_family *family)
{
  return rules_of(family) != NULL;
}

/* What a divisor has more than the count; n: components that there are. */
static double more_of_divisor(const prior *before, int64_t n, int64_t d)
{
  const map_family *rules = before->rules;
  const double s = before->shrinkage > 0.0 ? 1.0 : 0.0;
  if (rules->no_more) return 0.0;
  double more = before->dof + rules->constant;
  if (rules->by_features) more += (double)d;
  if (rules->one_mean) more += s;
  if (rules->over_features) more /= (double)d;
  if (rules->means) more += rules->pooled ? s * (double)n : s;
  return more;
}

/* --- the estimator --- */

static bool is_estimated(const moments *from, int64_t k)
{
  return from->counts[k] >= EMPTY_SHARE * from->n_samples;
}

/* Shrinks the mean of component k, and adds to its scatter what the prior mean and `share` of the scale make. */
static void add_prior(const prior *before, const moments *from, int64_t k, double share, moments *total)
{
  const int64_t d = from->n_features;
  const double n = from->counts[k];
  const double kappa = before->shrinkage;
  const double *own = from->means + k * d;
  double *mean = total->means + k * d;
  double *scatter = moments_scatter(total, k);
  const double of_mean = kappa * n / (kappa + n);
  for (int64_t i = 0; i < d; i++) {
    for (int64_t j = triangle_first(total->shape, i); j <= i; j++) {
      const double scale = before->scale[total->shape == DENSE ? i * d + j : i];
      *scatter++ += of_mean * (own[i] - before->mean[i]) * (own[j] - before->mean[j]) + share * scale;
    }
  }
  for (int64_t j = 0; j < d; j++) mean[j] = own[j] + kappa / (kappa + n) * (before->mean[j] - own[j]);
}

static void posterior(const prior *before, const double *ridge, const gmmpi_model *previous, const moments *from,
                      moments *total)
{
  (void)ridge;
  (void)previous;
  const int64_t K = from->n_components;
  const int64_t d = from->n_features;
  int64_t n_estimated = 0;
  double all = 0.0;
  for (int64_t k = 0; k < K; k++) {
    n_estimated += is_estimated(from, k);
    all += from->counts[k];
  }
  const double more = more_of_divisor(before, n_estimated, d);
  total->n_samples = from->n_samples;
  memcpy(total->counts, from->counts, (size_t)K * sizeof(double));
  memcpy(total->means, from->means, (size_t)(K * d) * sizeof(double));
  memcpy(total->scatter, from->scatter, (size_t)(from->n_second * from->second_length) * sizeof(double));
  for (int64_t k = 0; k < K; k++) {
    total->divisors[k] = from->counts[k];
    if (!is_estimated(from, k)) continue;
    add_prior(before, from, k, before->rules->once ? 1.0 / (double)n_estimated : 1.0, total);
    total->divisors[k] += before->rules->pooled ? more / (double)n_estimated : more;
  }
  total->divisor = all + more;
}

static double objective(const prior *before, const gmmpi_model *model, double log_likelihood)
{
  const map_family *rules = before->rules;
  const double n_living = (double)model_n_living(model);
  const double more = more_of_divisor(before, model_n_living(model), model->n_features);
  double sum = 0.0;
  bool is_first = true;
  for (int64_t k = 0; k < model->n_components; k++) {
    if (!(model->weights[k] > 0.0)) continue;
    sum += (rules->pooled ? more / n_living : more) * component_log_determinant(model, k);
    if (is_first || !rules->once) sum += component_trace(model, k, before->scale);
    if (before->shrinkage > 0.0) sum += before->shrinkage * component_distance(model, k, before->mean);
    is_first = false;
  }
  return log_likelihood - 0.5 * sum;
}

const estimator estimator_map = {.objective = objective, .posterior = posterior};

/* --- its numbers --- */

static gmmpi_status refuse_length(const char *option, const char *text, int64_t n_features, gmmpi_error *error)
{
  return fail(error, GMMPI_WRONG_USAGE, "--%s: its length is %lld, the data have %lld feature%s; give as many numbers",
              option, (long long)number_list_length(text), (long long)n_features, plural(n_features));
}

static gmmpi_status set_mean(const fit_options *options, const data_spread *spread, int64_t d, prior *before,
                             gmmpi_error *error)
{
  if (strcmp(options->prior_mean, "data") == 0)
    memcpy(before->mean, spread->means, (size_t)d * sizeof(double));
  else if (number_list_length(options->prior_mean) != d)
    return refuse_length("prior-mean", options->prior_mean, d, error);
  else
    number_list_read(options->prior_mean, before->mean);
  return GMMPI_OK;
}

static gmmpi_status set_dof(const fit_options *options, int64_t d, prior *before, gmmpi_error *error)
{
  before->dof = options->prior_dof > 0.0 ? options->prior_dof : (double)d + 2.0;
  if (before->rules->by_features && !(before->dof > (double)d - 1.0))
    return fail(error, GMMPI_WRONG_USAGE,
                "--prior-dof: %g is not above %lld, for which there is no inverse Wishart distribution of %lld "
                "features; give more",
                before->dof, (long long)d - 1, (long long)d);
  return GMMPI_OK;
}

/* A scale for a feature that does not vary: the square of a thousandth of its value, or 1e-6 for 0. */
static double scale_of_constant(double value)
{
  const double scale = 1e-6 * value * value;
  return variance_is_safe(scale) ? scale : 1e-6;
}

/* The variances of all points (divisor n - 1), none of them 0. Where they are to be one number it is their mean. */
static void take_variances(const data_spread *spread, int64_t d, bool one_number, double *variances)
{
  const double n = spread->n_samples;
  const double unbiased = n > 1.0 ? n / (n - 1.0) : 1.0;
  double mean = 0.0;
  double mean_of_constants = 0.0;
  for (int64_t j = 0; j < d; j++) {
    const double constant = scale_of_constant(spread->means[j]);
    const double variance = spread->variances[j] * unbiased;
    variances[j] = variance_is_safe(variance) ? variance : constant;
    mean += variance / (double)d;
    mean_of_constants += constant / (double)d;
  }
  for (int64_t j = 0; j < d && one_number; j++) variances[j] = variance_is_safe(mean) ? mean : mean_of_constants;
}

/* Puts a diagonal into the scale, zeros beside it. */
static void put_diagonal(density_shape shape, int64_t d, const double *diagonal, double *scale)
{
  if (shape == DENSE) memset(scale, 0, (size_t)(d * d) * sizeof(double));
  for (int64_t j = 0; j < d; j++) scale[covariance_diagonal(shape, d, j)] = diagonal[j];
}

/* The covariance of all points (divisor n - 1), or its diagonal: where there are no more points than features, as in
 * mclust, and where it is not positive definite. room: d, and d x d for a dense one. */
static void take_covariance(const data_spread *spread, density_shape shape, int64_t d, bool one_number, double *room,
                            double *scale)
{
  const double n = spread->n_samples;
  take_variances(spread, d, one_number, room);
  put_diagonal(shape, d, room, scale);
  if (shape != DENSE || n <= (double)d) return;
  for (int64_t i = 0; i < d; i++) {
    for (int64_t j = 0; j < d; j++) {
      if (i != j) scale[i * d + j] = spread->covariance[i * d + j] * (n / (n - 1.0));
    }
  }
  if (!whitening_factor(d, scale, room + d)) put_diagonal(shape, d, room, scale);
}

/* From 1 number, d or d x d of them. */
static gmmpi_status read_scale(const char *text, density_shape shape, int64_t d, double *room, double *scale,
                               gmmpi_error *error)
{
  const int64_t n = number_list_length(text);
  if (n == d * d && shape == DENSE && d > 1) {
    number_list_read(text, scale);
    bool is_right = whitening_factor(d, scale, room + d);
    for (int64_t i = 0; i < d * d; i++) is_right = is_right && scale[i] == scale[i % d * d + i / d];
    if (is_right) return GMMPI_OK;
    return fail(error, GMMPI_WRONG_USAGE,
                "--prior-scale: the matrix is not symmetric and positive definite; give another one, row by row");
  }
  if (n != 1 && n != d) return refuse_length("prior-scale", text, d, error);
  number_list_read(text, room);
  for (int64_t j = 0; j < d; j++) {
    if (n == 1) room[j] = room[0];
    if (!variance_is_safe(room[j]))
      return fail(error, GMMPI_WRONG_USAGE, "--prior-scale: %g is no variance; give numbers above 0", room[j]);
  }
  put_diagonal(shape, d, room, scale);
  return GMMPI_OK;
}

static gmmpi_status set_scale(const fit_options *options, const covariance_family *family, const data_spread *spread,
                              int64_t d, double *room, double *scale, gmmpi_error *error)
{
  const density_shape shape = family->storage->shape;
  const bool is_ball = family->storage->rank == 0;
  const bool as_mclust = strcmp(options->prior_scale, "mclust") == 0;
  double share = 1.0;
  if (as_mclust || strcmp(options->prior_scale, "auto") == 0) {
    take_covariance(spread, shape, d, is_ball || (as_mclust && shape == DIAGONAL), room, scale);
    share = pow((double)options->n_components, -2.0 / (double)d);
  } else {
    if (is_ball && d > 1 && number_list_length(options->prior_scale) != 1)
      return fail(error, GMMPI_WRONG_USAGE,
                  "--prior-scale: with --covariance %s all features have one variance; give one number", family->name);
    if (read_scale(options->prior_scale, shape, d, room, scale, error) != GMMPI_OK) return error->status;
  }
  /* The one number of a ball's scale is added to the sum over the features. */
  if (is_ball) share /= (double)d;
  for (int64_t i = 0; i < covariance_length(shape, d); i++) scale[i] *= share;
  return GMMPI_OK;
}

gmmpi_status map_prior(const fit_options *options, const data_spread *spread, int64_t n_features, prior **made,
                       gmmpi_error *error)
{
  const covariance_family *family = family_find(options->covariance);
  const int64_t n_room = family->storage->shape == DENSE ? n_features * (n_features + 1) : n_features;
  prior *before = prior_allocate(family->storage->shape, n_features);
  double *room = allocate(n_room, sizeof *room);
  gmmpi_error local = {0};
  if (before == NULL || room == NULL) {
    fail(&local, GMMPI_NO_MEMORY, "there is no memory for a prior");
  } else {
    before->rules = rules_of(family);
    before->shrinkage = options->prior_shrinkage;
    if (set_mean(options, spread, n_features, before, &local) == GMMPI_OK &&
        set_dof(options, n_features, before, &local) == GMMPI_OK)
      set_scale(options, family, spread, n_features, room, before->scale, &local);
  }
  free(room);
  if (local.status != GMMPI_OK) {
    prior_destroy(before);
    before = NULL;
  }
  *made = before;
  return error_pass(error, &local);
}
