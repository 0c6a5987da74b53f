/* SPDX-License-Identifier: BSD-3-Clause */
#include "apply/common_features.h"

#include "mixture/background.h"
#include "sources/feature_names.h"
#include "support/error.h"
#include "support/feature_transform.h"
#include "support/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static gmmpi_status bring_into_order(const gmmpi_model *as, const char *as_label, const char *label, gmmpi_model *model,
                                     gmmpi_error *error)
{
  const name_list wanted = {.owner = as_label,
                            .names = as->feature_names,
                            .n = as->n_features,
                            .advice = "compare models of the same features (gmmpi marginal takes some of a model's)"};
  const name_list there = {.owner = label, .names = model->feature_names, .n = model->n_features};
  if (!names_are_own(wanted.names, wanted.n) || !names_are_own(there.names, there.n)) {
    if (wanted.n == there.n) return GMMPI_OK;
    return fail(error, GMMPI_BAD_DATA, "%s: has %lld feature%s, %s has %lld; %s", label, (long long)there.n,
                plural(there.n), as_label, (long long)wanted.n, wanted.advice);
  }
  int64_t *order = allocate(wanted.n > there.n ? wanted.n : there.n, sizeof *order);
  if (order == NULL)
    fail(error, GMMPI_NO_MEMORY, "%s: no memory is left for the names of its features", label);
  else if (names_match(there, wanted, order, error) == GMMPI_OK)
    model_permute_features(model, order, label, error);
  free(order);
  return error->status;
}

/* Feature j of the one is factor times that of the other, and shift more. */
typedef struct rescaling {
  double factor, shift;
} rescaling;

/* Logarithms of all bases are the natural one on other scales. */
static feature_transform transform_of(const gmmpi_model *model, int64_t j)
{
  feature_transform transform = transform_none;
  if (model->transforms != NULL) transform_read(model->transforms[j], &transform);
  const double base = transform.function == TRANSFORM_LOG10 ? 10.0 : transform.function == TRANSFORM_LOG2 ? 2.0 : 0.0;
  if (base == 0.0) return transform;
  transform.function = TRANSFORM_LOG;
  transform.shift *= log(base);
  transform.scale *= log(base);
  return transform;
}

static gmmpi_status compare_transforms(const gmmpi_model *as, const char *as_label, const char *label,
                                       const gmmpi_model *model, rescaling *scales, bool *changes, gmmpi_error *error)
{
  *changes = false;
  for (int64_t j = 0; j < as->n_features; j++) {
    const feature_transform to = transform_of(as, j);
    const feature_transform from = transform_of(model, j);
    const bool same =
        to.function == from.function && (to.function != TRANSFORM_ARCSINH || to.cofactor == from.cofactor);
    if (!same)
      return fail(error, GMMPI_BAD_DATA,
                  "%s: its feature %lld was fitted with the transform \"%s\", in %s with \"%s\", so that the densities "
                  "are of different quantities; fit both with the same --transform",
                  label, (long long)j + 1, model->transforms != NULL ? model->transforms[j] : "", as_label,
                  as->transforms != NULL ? as->transforms[j] : "");
    scales[j] = (rescaling){from.scale / to.scale, (from.shift - to.shift) / to.scale};
    *changes = *changes || from.scale != to.scale || from.shift != to.shift;
  }
  return GMMPI_OK;
}

static void scale_covariance(density_shape shape, int64_t d, const rescaling *scales, double *covariance)
{
  for (int64_t i = 0; i < d; i++) {
    if (shape == DIAGONAL) covariance[i] *= scales[i].factor * scales[i].factor;
    for (int64_t j = 0; shape == DENSE && j < d; j++) covariance[i * d + j] *= scales[i].factor * scales[j].factor;
  }
}

static void scale_background(const rescaling *scales, const gmmpi_model *from, gmmpi_model *to)
{
  const int64_t d = from->n_features;
  background_copy(to, from);
  for (int64_t j = 0; model_has(to, PART_NOISE) && j < d; j++) {
    *to->noise_volume *= scales[j].factor;
    to->noise_origin[j] = scales[j].factor * to->noise_origin[j] + scales[j].shift;
    for (int64_t i = 0; i < d; i++) to->noise_axes[i * d + j] *= scales[j].factor;
  }
}

/* A model of which all is set that densities depend on. */
static gmmpi_status rescale(const char *label, const rescaling *scales, gmmpi_model **model, gmmpi_error *error)
{
  const gmmpi_model *from = *model;
  const int64_t K = from->n_components;
  const int64_t d = from->n_features;
  const density_shape shape = from->family->storage->shape;
  gmmpi_model *to = NULL;
  const model_kind kind = {.family = shape == DENSE ? &family_full : &family_diag, .parts = from->parts};
  if (model_allocate(kind, K, d, &to, error) != GMMPI_OK) return error->status;
  memcpy(to->weights, from->weights, (size_t)K * sizeof(double));
  for (int64_t k = 0; k < K; k++) {
    model_copy_dof(to, k, from, k);
    if (model_has(from, PART_POSTERIOR)) {
      to->mean_precision[k] = from->mean_precision[k];
      to->degrees_of_freedom[k] = from->degrees_of_freedom[k];
    }
    for (int64_t j = 0; j < d; j++) to->means[k * d + j] = scales[j].factor * from->means[k * d + j] + scales[j].shift;
    model_expand(from, k, model_covariance(to, k));
    scale_covariance(shape, d, scales, model_covariance(to, k));
    if (!model_factorise(to, k))
      fail(error, GMMPI_BAD_DATA,
           "%s: the covariance of component %lld is too nearly singular on other scales of the features; fit both "
           "models with the same --transform",
           label, (long long)k);
  }
  scale_background(scales, from, to);
  if (error->status == GMMPI_OK) model_set_component_names(to, from->component_names, error);
  if (error->status != GMMPI_OK) {
    gmmpi_model_destroy(to);
    return error->status;
  }
  gmmpi_model_destroy(*model);
  *model = to;
  return GMMPI_OK;
}

gmmpi_status take_features_of(const gmmpi_model *as, const char *as_label, const char *label, gmmpi_model **model,
                              gmmpi_error *error)
{
  bool changes = false;
  if (bring_into_order(as, as_label, label, *model, error) != GMMPI_OK) return error->status;
  rescaling *scales = allocate(as->n_features, sizeof *scales);
  if (scales == NULL)
    fail(error, GMMPI_NO_MEMORY, "%s: no memory is left for its features", label);
  else if (compare_transforms(as, as_label, label, *model, scales, &changes, error) == GMMPI_OK && changes)
    rescale(label, scales, model, error);
  free(scales);
  return error->status;
}
