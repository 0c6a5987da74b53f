/* SPDX-License-Identifier: BSD-3-Clause */
#include "mixture/density.h"
#include "support/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* With fewer of them there is nothing to gain. */
enum { LEAST_CENTRED_FEATURES = 5, LEAST_CENTRED_COMPONENTS = 4 };

static bool may_be_centred(const covariance_family *family, int64_t n_components, int64_t n_features)
{
  return n_features >= LEAST_CENTRED_FEATURES && n_components >= LEAST_CENTRED_COMPONENTS &&
         (family->storage->shape == DIAGONAL || common_form_length(family, 1, n_features) > 0);
}

/* An odd number of cache lines: rows that are read side by side are in different places of a cache. */
static int64_t centred_stride(int64_t n_features)
{
  const int64_t lines = (n_features + 7) / 8;
  return 8 * (lines | 1);
}

static int64_t stages_before_last(int64_t n_features)
{
  return (n_features - 1) / STAGE_FEATURES;
}

/* Has every component of the family a single precision? */
static bool is_isotropic(const covariance_family *family)
{
  return family->storage->rank == 0 || (family->storage->shape == DENSE && family->common == COMMON_UP_TO_VOLUME);
}

int64_t centred_form_length(const covariance_family *family, int64_t n_components, int64_t n_features)
{
  int64_t rows;
  int64_t halves;
  if (!may_be_centred(family, n_components, n_features)) return 0;
  if (!multiply_fits(n_components, (is_isotropic(family) ? 1 : 2) * centred_stride(n_features), &rows) ||
      !multiply_fits(n_components, stages_before_last(n_features) + 1, &halves))
    return INT64_MAX;
  return sum_of_bytes(5, (int64_t[]){rows, halves, n_features, n_components, n_components});
}

bool centred_form_allocate(const covariance_family *family, density_form *form)
{
  const int64_t K = form->n_components;
  const int64_t d = form->n_features;
  centred_form *centred = &form->centred;
  if (!may_be_centred(family, K, d)) return true;
  centred->stride = centred_stride(d);
  centred->n_stages = stages_before_last(d);
  centred->room = allocate(d, sizeof(double));
  centred->means = allocate(K * centred->stride, sizeof(double));
  centred->halves = allocate(K * (centred->n_stages + 1), sizeof(double));
  centred->far = allocate(K, sizeof *centred->far);
  centred->order = allocate(K, sizeof *centred->order);
  if (!is_isotropic(family)) {
    centred->roots = allocate(K * centred->stride, sizeof(double));
    if (centred->roots == NULL) return false;
  }
  return centred->room != NULL && centred->means != NULL && centred->halves != NULL && centred->far != NULL &&
         centred->order != NULL;
}

void centred_form_free(density_form *form)
{
  free(form->centred.room);
  free(form->centred.means);
  free(form->centred.halves);
  free(form->centred.roots);
  free(form->centred.far);
  free(form->centred.order);
}

/* The numbers that the form, or that of transformed points, has of component k. */
typedef struct component_numbers {
  const double *mean, *precisions;
} component_numbers;

static component_numbers numbers_of(const density_form *form, int64_t k)
{
  const common_form *common = &form->common;
  if (form->shape == DENSE)
    return (component_numbers){common->means + k * form->n_features,
                               common->precisions + k * common->precisions_length};
  return (component_numbers){form->means + k * form->n_features, form->whitening + k * form->whitening_length};
}

/* The mean of the means, weighted, one by one, so that nothing overflows. */
static void set_middle(const density_form *form, const double *weights, double *origin)
{
  double total = 0.0;
  memset(origin, 0, (size_t)form->n_features * sizeof(double));
  for (int64_t k = 0; k < form->n_components; k++) {
    if (!(weights[k] > 0.0)) continue;
    total += weights[k];
    for (int64_t j = 0; j < form->n_features; j++)
      origin[j] += weights[k] / total * (form->means[k * form->n_features + j] - origin[j]);
  }
}

/* Returns whether the form may hold. */
static bool centre_with_roots(const density_form *form, int64_t k)
{
  const centred_form *centred = &form->centred;
  const component_numbers own = numbers_of(form, k);
  double *mean = centred->means + k * centred->stride;
  double *roots = centred->roots + k * centred->stride;
  double square = 0.0;
  centred->far[k] = false;
  for (int64_t j = 0; j < form->n_features; j++) {
    roots[j] = sqrt(own.precisions[j]);
    mean[j] = roots[j] * (own.mean[j] - (centred->origin != NULL ? centred->origin[j] : 0.0));
    square += mean[j] * mean[j];
  }
  return square <= MOST_CENTRED_SQUARE;
}

static bool centre_with_halves(const density_form *form, int64_t k)
{
  const centred_form *centred = &form->centred;
  const component_numbers own = numbers_of(form, k);
  double *mean = centred->means + k * centred->stride;
  double square = 0.0;
  for (int64_t j = 0; j < form->n_features; j++) {
    if (j > 0 && j % STAGE_FEATURES == 0)
      centred->halves[(j / STAGE_FEATURES - 1) * form->n_components + k] = 0.5 * square;
    mean[j] = own.mean[j] - (centred->origin != NULL ? centred->origin[j] : 0.0);
    square += mean[j] * mean[j];
  }
  centred->halves[centred->n_stages * form->n_components + k] = 0.5 * square;
  for (int64_t s = 0; s < centred->n_stages; s++)
    centred->halves[s * form->n_components + k] -= centred->slack * square;
  centred->far[k] = !(own.precisions[0] * square <= MOST_PRODUCTS_SQUARE);
  return own.precisions[0] * square <= MOST_CENTRED_SQUARE;
}

static void clear_component(const density_form *form, int64_t k)
{
  const centred_form *centred = &form->centred;
  const size_t row = (size_t)centred->stride * sizeof(double);
  memset(centred->means + k * centred->stride, 0, row);
  if (centred->roots != NULL) memset(centred->roots + k * centred->stride, 0, row);
  for (int64_t s = 0; s <= centred->n_stages; s++) centred->halves[s * form->n_components + k] = 0.0;
  centred->far[k] = false;
}

static void set_order(centred_form *centred, int64_t n_components)
{
  int64_t n = 0;
  for (int64_t k = 0; k < n_components; k++) {
    if (!centred->far[k]) centred->order[n++] = k;
  }
  centred->n_near = n;
  for (int64_t k = 0; k < n_components; k++) {
    if (centred->far[k]) centred->order[n++] = k;
  }
}

void centred_form_set(density_form *form, const double *weights)
{
  centred_form *centred = &form->centred;
  const bool isotropic = form->shape == DENSE ? form->common.isotropic : form->isotropic;
  centred->holds = centred->means != NULL && form->dof == NULL && (form->shape == DIAGONAL || form->common.holds);
  if (!centred->holds) return;
  centred->origin = NULL;
  centred->slack = 4.0 * (double)(form->n_features + 8) * 0x1p-53;
  if (form->shape == DIAGONAL) {
    set_middle(form, weights, centred->room);
    centred->origin = centred->room;
  }
  for (int64_t k = 0; k < form->n_components && centred->holds; k++) {
    if (form->log_constants[k] > -INFINITY)
      centred->holds = isotropic ? centre_with_halves(form, k) : centre_with_roots(form, k);
    else
      clear_component(form, k);
  }
  set_order(centred, form->n_components);
}
