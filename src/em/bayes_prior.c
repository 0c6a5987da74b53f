/* SPDX-License-Identifier: BSD-3-Clause */
/* The priors of variational Bayes, from options and points. */
#include "em/prior.h"
#include "mixture/model.h"
#include "support/error.h"
#include "support/linear_algebra.h"
#include "support/memory.h"
#include "support/option.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Numbers with commas between them; *n: how many, at most `most` of which are put into numbers. False where one is no
 * finite number. */
static bool read_list(const char *text, int64_t most, double *numbers, int64_t *n)
{
  char word[64];
  for (*n = 0;; ++*n) {
    const size_t length = strcspn(text, ",");
    double number;
    if (length >= sizeof word) return false;
    memcpy(word, text, length);
    word[length] = '\0';
    if (!parse_real(word, &number) || !isfinite(number)) return false;
    if (*n < most) numbers[*n] = number;
    text += length;
    if (*text++ == '\0') break;
  }
  ++*n;
  return true;
}

static gmmpi_status set_mean(const fit_options *options, const data_spread *spread, int64_t d, prior *before,
                             gmmpi_error *error)
{
  int64_t n;
  memcpy(before->mean, spread->means, (size_t)d * sizeof(double));
  if (options->mean_prior == NULL) return GMMPI_OK;
  if (!read_list(options->mean_prior, d, before->mean, &n))
    return fail(error, GMMPI_WRONG_USAGE,
                "--mean-prior: \"%s\" is no list of numbers; give one per feature, as in 0,1.5", options->mean_prior);
  if (n == d) return GMMPI_OK;
  return fail(error, GMMPI_WRONG_USAGE, "--mean-prior: has %lld number%s for %lld feature%s; give one per feature",
              (long long)n, plural(n), (long long)d, plural(d));
}

/* The covariance of the points divided by n - 1, without the ridge unless `with_ridge`. */
static void set_scale_of_points(const data_spread *spread, density_shape shape, int64_t d, bool with_ridge,
                                double *scale)
{
  const double factor = spread->n_samples > 1.0 ? spread->n_samples / (spread->n_samples - 1.0) : 1.0;
  const int64_t length = covariance_length(shape, d);
  for (int64_t i = 0; i < length; i++) scale[i] = factor * spread->covariance[i];
  for (int64_t j = 0; j < d && !with_ridge; j++)
    scale[covariance_diagonal(shape, d, j)] = factor * spread->variances[j];
}

/* A number is the variance of all features, d numbers are their variances, d x d a matrix. */
static gmmpi_status read_scale(const fit_options *options, density_shape shape, int64_t d, double *scale,
                               gmmpi_error *error)
{
  const char *text = options->covariance_prior;
  const bool is_number = family_find(options->covariance)->storage->rank == 0;
  const int64_t length = covariance_length(shape, d);
  int64_t n;
  double *numbers = allocate(d * d, sizeof *numbers);
  if (numbers == NULL) return fail(error, GMMPI_NO_MEMORY, "there is no memory for --covariance-prior");
  if (!read_list(text, d * d, numbers, &n)) {
    fail(error, GMMPI_WRONG_USAGE, "--covariance-prior: is no list of finite numbers; give one, or %lld",
         (long long)(shape == DENSE ? d * d : d));
  } else if (n != 1 && (is_number || (n != d && (n != d * d || shape != DENSE)))) {
    fail(error, GMMPI_WRONG_USAGE, "--covariance-prior: has %lld numbers for %lld feature%s of %s covariances; give %s",
         (long long)n, (long long)d, plural(d), options->covariance,
         is_number        ? "one"
         : shape == DENSE ? "one, one per feature, or the rows of a matrix"
                          : "one, or one per feature");
  } else if (n == d * d && n > 1) {
    for (int64_t i = 0; i < length; i++) scale[i] = 0.5 * (numbers[i] + numbers[i % d * d + i / d]);
  } else {
    for (int64_t j = 0; j < d; j++) scale[covariance_diagonal(shape, d, j)] = numbers[n == 1 ? 0 : j];
  }
  free(numbers);
  return error->status;
}

/* Can the family's covariances have such a scale? */
static bool is_definite(const covariance_family *family, int64_t d, const double *scale, double *scratch)
{
  double *stored = scratch;
  double *factor = scratch + storage_length(family->storage, d);
  family->storage->contract(d, scale, stored);
  return family->storage->factorise(d, stored, factor);
}

static gmmpi_status set_scale(const fit_options *options, const data_spread *spread, int64_t d, prior *before,
                              gmmpi_error *error)
{
  const covariance_family *family = family_find(options->covariance);
  const density_shape shape = family->storage->shape;
  if (options->covariance_prior == NULL) {
    set_scale_of_points(spread, shape, d, false, before->scale);
    if (!is_definite(family, d, before->scale, before->scratch))
      set_scale_of_points(spread, shape, d, true, before->scale);
    return GMMPI_OK;
  }
  if (read_scale(options, shape, d, before->scale, error) != GMMPI_OK) return error->status;
  if (is_definite(family, d, before->scale, before->scratch)) return GMMPI_OK;
  return fail(error, GMMPI_WRONG_USAGE, "--covariance-prior: is not positive definite; give variances above 0");
}

/* Room for two covariances, or for one with a mean and numbers of each component. */
int64_t bayes_scratch_numbers(const fit_options *options, int64_t n_features)
{
  const int64_t length = covariance_length(family_find(options->covariance)->storage->shape, n_features);
  return sum_of_bytes(4, (int64_t[]){length, length, n_features, options->n_components});
}

gmmpi_status bayes_prior(const fit_options *options, const data_spread *spread, int64_t n_features, prior **made,
                         gmmpi_error *error)
{
  const density_shape shape = family_find(options->covariance)->storage->shape;
  const int64_t d = n_features;
  const int64_t K = options->n_components;
  gmmpi_error local = {0};
  prior *created = calloc(1, sizeof *created);
  *made = NULL;
  if (created != NULL) {
    created->n_scratch = bayes_scratch_numbers(options, d);
    created->mean = allocate(d, sizeof(double));
    created->scale = allocate(covariance_length(shape, d), sizeof(double));
    created->scratch = allocate(created->n_scratch, sizeof(double));
  }
  if (created == NULL || created->mean == NULL || created->scale == NULL || created->scratch == NULL) {
    prior_destroy(created);
    return fail(error, GMMPI_NO_MEMORY, "there is no memory for a prior");
  }
  const double weight = options->weight_concentration_prior;
  const double dof = options->degrees_of_freedom_prior;
  created->n_samples = spread->n_samples;
  created->weight_concentration = weight > 0.0 ? weight : 1.0 / (double)K;
  created->shrinkage = options->mean_precision_prior;
  created->dof = dof > 0.0 ? dof : (double)d;
  if (created->dof <= (double)d - 1.0)
    fail(&local, GMMPI_WRONG_USAGE, "--degrees-of-freedom-prior: must be above %lld, the number of features less 1",
         (long long)d - 1);
  if (local.status == GMMPI_OK && set_mean(options, spread, d, created, &local) == GMMPI_OK)
    set_scale(options, spread, d, created, &local);
  if (local.status != GMMPI_OK)
    prior_destroy(created);
  else
    *made = created;
  return error_pass(error, &local);
}
