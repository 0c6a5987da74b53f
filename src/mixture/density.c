/* SPDX-License-Identifier: BSD-3-Clause */
#include "mixture/density.h"

#include "mixture/model.h"
#include "mixture/tails.h"
#include "support/error.h"
#include "support/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double log_two_pi = 1.8378770664093454836;

/* Groups of rows 0 ... n_groups - 1 of W take this many numbers: the sum of WHITENING_ROWS times (columns of the
 * group). */
static int64_t groups_length(int64_t n_groups)
{
  return WHITENING_ROWS * WHITENING_ROWS * (n_groups * (n_groups + 1) / 2);
}

int64_t dense_whitening_length(int64_t n_features)
{
  return groups_length((n_features + WHITENING_ROWS - 1) / WHITENING_ROWS);
}

static int64_t whitening_length(const covariance_family *family, int64_t n_features)
{
  return family->storage->shape == DIAGONAL ? n_features : dense_whitening_length(n_features);
}

/* Dense ones that all components share are there once. */
static bool whitening_is_shared(const covariance_family *family)
{
  return family->storage->shape == DENSE && family->storage->shared;
}

/* Of all components; INT64_MAX when they can't be counted. */
static int64_t whitening_numbers(const covariance_family *family, int64_t n_components, int64_t n_features)
{
  const int64_t each = whitening_length(family, n_features);
  int64_t numbers;
  if (whitening_is_shared(family)) return each;
  return multiply_fits(n_components, each, &numbers) ? numbers : INT64_MAX;
}

int64_t density_bytes(const covariance_family *family, int64_t n_components, int64_t n_features)
{
  int64_t vectors;
  int64_t bytes;
  /* Beyond 2^30 features a matrix does not fit into any memory, and its size not into 64 bits. */
  if (n_features > (int64_t)1 << 30 || !multiply_fits(n_components, 2 + n_features, &vectors)) return INT64_MAX;
  const int64_t numbers = sum_of_bytes(4, (int64_t[]){vectors, whitening_numbers(family, n_components, n_features),
                                                      common_form_length(family, n_components, n_features),
                                                      centred_form_length(family, n_components, n_features)});
  return multiply_fits(numbers, (int64_t)sizeof(double), &bytes) ? bytes : INT64_MAX;
}

gmmpi_status density_create(const covariance_family *family, int64_t n_components, int64_t n_features,
                            density_form **form, gmmpi_error *error)
{
  density_form *created = calloc(1, sizeof *created);
  if (created != NULL && density_bytes(family, n_components, n_features) < INT64_MAX) {
    created->shape = family->storage->shape;
    created->n_components = n_components;
    created->n_features = n_features;
    created->background = -INFINITY;
    created->whitening_length = whitening_is_shared(family) ? 0 : whitening_length(family, n_features);
    created->log_constants = allocate(n_components, sizeof(double));
    created->room_for_dof = allocate(n_components, sizeof(double));
    created->means = allocate(n_components * n_features, sizeof(double));
    created->whitening = allocate(whitening_numbers(family, n_components, n_features), sizeof(double));
    if (created->log_constants != NULL && created->room_for_dof != NULL && created->means != NULL &&
        created->whitening != NULL && common_form_allocate(family, created) && centred_form_allocate(family, created)) {
      *form = created;
      return GMMPI_OK;
    }
  }
  density_destroy(created);
  return fail(error, GMMPI_NO_MEMORY,
              "no memory is left for the densities of %lld components in %lld features; use fewer components or "
              "diagonal covariances",
              (long long)n_components, (long long)n_features);
}

void density_destroy(density_form *form)
{
  if (form == NULL) return;
  free(form->log_constants);
  free(form->room_for_dof);
  free(form->means);
  free(form->whitening);
  common_form_free(form);
  centred_form_free(form);
  free(form);
}

/* factor: d x d, upper triangular, the transpose of W. Returns log det W. */
static double set_dense(int64_t d, const double *factor, double *whitening)
{
  double log_determinant = 0;
  for (int64_t i = 0; i < d; i++) log_determinant += log(factor[i * d + i]);
  for (int64_t first = 0; first < d; first += WHITENING_ROWS) {
    for (int64_t column = 0; column < first + WHITENING_ROWS; column++) {
      for (int64_t row = first; row < first + WHITENING_ROWS; row++)
        *whitening++ = column < d && row < d ? factor[column * d + row] : 0;
    }
  }
  return log_determinant;
}

/* factors: n_factors = d numbers 1/standard deviation, or one for all features. Returns log det W. */
static double set_diagonal(int64_t d, int64_t n_factors, const double *factors, double *whitening)
{
  double log_determinant = 0;
  for (int64_t j = 0; j < d; j++) {
    const double factor = factors[n_factors == d ? j : 0];
    log_determinant += log(factor);
    whitening[j] = factor * factor;
  }
  return log_determinant;
}

void density_from_model(density_form *form, const gmmpi_model *model)
{
  const int64_t n_components = form->n_components;
  const int64_t d = form->n_features;
  const int64_t n_factors = model_stored_length(model);
  form->isotropic = form->shape == DIAGONAL && n_factors == 1;
  form->background = model_has(model, PART_NOISE) ? log(*model->noise_weight) - log(*model->noise_volume) : -INFINITY;
  form->dof = model_has(model, PART_TAILS) ? form->room_for_dof : NULL;
  for (int64_t k = 0; k < n_components && form->dof != NULL; k++)
    form->dof[k] = model->dof[k] > 0.0 ? model->dof[k] : DOF_START;
  memcpy(form->means, model->means, (size_t)(n_components * d) * sizeof(double));
  double log_determinant = 0.0;
  for (int64_t k = 0; k < n_components; k++) {
    const double *factors = model_factor(model, k);
    double *whitening = form->whitening + k * form->whitening_length;
    if (form->shape == DIAGONAL)
      log_determinant = set_diagonal(d, n_factors, factors, whitening);
    else if (k == 0 || form->whitening_length > 0)
      log_determinant = set_dense(d, factors, whitening);
    /* The log of weight 0 is -infinity, and all else is less than infinity. */
    form->log_constants[k] = log(model->weights[k]) - 0.5 * (double)d * log_two_pi + log_determinant;
    if (form->dof != NULL) form->log_constants[k] += tails_log_factor(form->dof[k], (double)d);
  }
  if (form->common.origin != NULL) common_form_set(form, model);
  centred_form_set(form, model->weights);
}
