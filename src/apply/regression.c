/* SPDX-License-Identifier: BSD-3-Clause */
#include "apply/regression.h"

#include "apply/marginal.h"
#include "apply/partition.h"
#include "apply/predictive_model.h"
#include "support/error.h"
#include "support/feature_transform.h"
#include "support/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static gmmpi_status no_memory(gmmpi_error *error)
{
  return fail(error, GMMPI_NO_MEMORY, "no memory is left to predict targets; use fewer components or targets");
}

static bool is_dense(const regression *self)
{
  return self->joint->family->storage->shape == DENSE;
}

static bool allocate_arrays(regression *self)
{
  const int64_t K = self->joint->n_components;
  const int64_t t = self->n_targets;
  int64_t squares;
  int64_t products;
  if (!multiply_fits(t, t, &squares) || !multiply_fits(squares, K, &squares) ||
      !multiply_fits(self->n_known, t, &products) || !multiply_fits(products, K, &products))
    return false;
  if (is_dense(self) && (self->coefficients = allocate(products, sizeof(double))) == NULL) return false;
  self->means = allocate(K * t, sizeof(double));
  self->covariances = allocate(squares, sizeof(double));
  self->noise_mean = allocate(t, sizeof(double));
  self->noise_variance = allocate(t, sizeof(double));
  self->middle = allocate(t, sizeof(double));
  self->shifts = allocate(t, sizeof(double));
  self->scales = allocate(t, sizeof(double));
  self->functions = allocate(t, sizeof *self->functions);
  return self->means != NULL && self->covariances != NULL && self->noise_mean != NULL && self->noise_variance != NULL &&
         self->middle != NULL && self->shifts != NULL && self->scales != NULL && self->functions != NULL;
}

/* Shift and scale are undone, a function is not. */
static void set_units(regression *self)
{
  for (int64_t j = 0; j < self->n_targets; j++) {
    feature_transform transform = transform_none;
    if (self->joint->transforms != NULL) transform_read(self->joint->transforms[self->targets[j]], &transform);
    self->shifts[j] = transform.shift;
    self->scales[j] = transform.scale;
    self->functions[j] = transform.function == TRANSFORM_NONE ? NULL : transform_function_name(transform.function);
    self->log_scale += log(transform.scale);
  }
}

static void set_component(regression *self, partition *parted, int64_t k, double *covariance)
{
  const int64_t m = self->n_known;
  const int64_t t = self->n_targets;
  const double *mean = self->joint->means + k * self->joint->n_features;
  double *to = self->covariances + k * t * t;
  partition_rest(parted, 1.0, covariance);
  for (int64_t i = 0; i < t; i++) {
    self->means[k * t + i] = self->shifts[i] + self->scales[i] * mean[self->targets[i]];
    self->middle[i] += self->joint->weights[k] * self->means[k * t + i];
    for (int64_t j = 0; j < t; j++) {
      const double own = is_dense(self) ? covariance[i * t + j] : i == j ? covariance[i] : 0.0;
      to[i * t + j] = own * self->scales[i] * self->scales[j];
    }
  }
  if (!is_dense(self)) return;
  double *coefficients = self->coefficients + k * m * t;
  partition_coefficients(parted, coefficients);
  for (int64_t i = 0; i < m; i++) {
    for (int64_t j = 0; j < t; j++) coefficients[i * t + j] *= self->scales[j];
  }
}

static gmmpi_status set_components(regression *self, const char *label, gmmpi_error *error)
{
  const int64_t t = self->n_targets;
  partition parted = {0};
  double *covariance = allocate(covariance_length(self->joint->family->storage->shape, t), sizeof *covariance);
  gmmpi_status status = covariance != NULL
                            ? partition_open(self->joint, self->known, self->n_known, self->targets, &parted, error)
                            : no_memory(error);
  for (int64_t k = 0; k < self->joint->n_components && status == GMMPI_OK; k++) {
    if (partition_take(&parted, k))
      set_component(self, &parted, k, covariance);
    else
      status = fail(error, GMMPI_BAD_DATA,
                    "%s: the covariance of component %lld is too nearly singular to predict some features from the "
                    "others; choose other targets",
                    label, (long long)k);
  }
  partition_close(&parted);
  free(covariance);
  return status;
}

static gmmpi_status set_background(regression *self, gmmpi_error *error)
{
  const gmmpi_model *joint = self->joint;
  if (!model_has(joint, PART_NOISE)) return GMMPI_OK;
  double *lengths = allocate(joint->n_features, sizeof *lengths);
  if (lengths == NULL) return no_memory(error);
  background_edges(joint, lengths); /* the marginal has asked already whether there are any */
  for (int64_t j = 0; j < self->n_targets; j++) {
    const int64_t feature = self->targets[j];
    const double edge = lengths[feature] * self->scales[j];
    self->noise_mean[j] = self->shifts[j] + self->scales[j] * (joint->noise_origin[feature] + lengths[feature] / 2.0);
    self->noise_variance[j] = edge * edge / 12.0;
    self->middle[j] += *joint->noise_weight * self->noise_mean[j];
  }
  free(lengths);
  return GMMPI_OK;
}

static gmmpi_status fill(regression *self, const gmmpi_model *model, const feature_choice *targets, const char *label,
                         gmmpi_error *error)
{
  self->n_targets = targets->n;
  self->n_known = model->n_features - targets->n;
  self->known = feature_choice_others(model, targets);
  self->targets = allocate(targets->n, sizeof *self->targets);
  if (self->known == NULL || self->targets == NULL) return no_memory(error);
  memcpy(self->targets, targets->features, (size_t)targets->n * sizeof *self->targets);
  gmmpi_status status = predictive_model(model, &self->joint, error);
  if (status == GMMPI_OK && !allocate_arrays(self)) status = no_memory(error);
  if (status == GMMPI_OK)
    status = model_marginal(self->joint, self->known, self->n_known, label, &self->marginal, error);
  if (status != GMMPI_OK) return status;
  set_units(self);
  status = set_components(self, label, error);
  return status == GMMPI_OK ? set_background(self, error) : status;
}

gmmpi_status regression_create(const gmmpi_model *model, const feature_choice *targets, const char *label,
                               regression **result, gmmpi_error *error)
{
  regression *created = calloc(1, sizeof *created);
  *result = NULL;
  if (created == NULL) return no_memory(error);
  const gmmpi_status status = fill(created, model, targets, label, error);
  if (status == GMMPI_OK) {
    *result = created;
  } else {
    regression_destroy(created);
  }
  return status;
}

void regression_destroy(regression *self)
{
  if (self == NULL) return;
  gmmpi_model_destroy(self->joint);
  gmmpi_model_destroy(self->marginal);
  free(self->known);
  free(self->targets);
  free(self->coefficients);
  free(self->means);
  free(self->covariances);
  free(self->noise_mean);
  free(self->noise_variance);
  free(self->middle);
  free(self->shifts);
  free(self->scales);
  free(self->functions);
  free(self);
}

int64_t regression_bytes(const gmmpi_model *model, int64_t n_targets)
{
  int64_t numbers;
  const int64_t bytes = model_bytes(model_kind_of(model), model->n_components, model->n_features);
  if (!multiply_fits(model->n_features + 1, n_targets, &numbers) ||
      !multiply_fits(numbers, model->n_components * (int64_t)sizeof(double), &numbers))
    return INT64_MAX;
  return sum_of_bytes(4, (int64_t[]){bytes, bytes, numbers, partition_bytes(model)});
}
