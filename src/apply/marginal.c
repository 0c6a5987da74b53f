/* SPDX-License-Identifier: BSD-3-Clause */
#include "apply/marginal.h"

#include "apply/family_parts.h"
#include "apply/predictive_model.h"
#include "mixture/background.h"
#include "support/error.h"
#include "support/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- names --- */

static gmmpi_status no_memory(gmmpi_error *error)
{
  return fail(error, GMMPI_NO_MEMORY, "no memory is left for a part of the model; use fewer components or features");
}

gmmpi_status part_take_names(gmmpi_model *part, const gmmpi_model *model, const int64_t *features, gmmpi_error *error)
{
  char **texts = allocate(part->n_features, sizeof *texts);
  bool is_transformed = false;
  if (texts == NULL) return no_memory(error);
  gmmpi_status status = model_set_component_names(part, model->component_names, error);
  for (int64_t j = 0; model->feature_names != NULL && j < part->n_features; j++)
    texts[j] = model->feature_names[features[j]];
  if (status == GMMPI_OK && model->feature_names != NULL) status = model_set_feature_names(part, texts, error);
  for (int64_t j = 0; model->transforms != NULL && j < part->n_features; j++) {
    texts[j] = model->transforms[features[j]];
    is_transformed = is_transformed || texts[j][0] != '\0';
  }
  if (status == GMMPI_OK && is_transformed) status = model_set_transforms(part, texts, error);
  free(texts);
  return status;
}

/* --- the background --- */

/* The row of axes that is an edge along feature j, and nothing else; -1: there is none. */
static int64_t edge_along(const gmmpi_model *model, int64_t j)
{
  const int64_t d = model->n_features;
  int64_t edge = -1;
  for (int64_t i = 0; i < d; i++) {
    if (model->noise_axes[i * d + j] == 0.0) continue;
    if (edge >= 0) return -1;
    edge = i;
  }
  for (int64_t other = 0; edge >= 0 && other < d; other++) {
    if (other != j && model->noise_axes[edge * d + other] != 0.0) return -1;
  }
  return edge;
}

bool background_edges(const gmmpi_model *model, double *lengths)
{
  const int64_t d = model->n_features;
  double log_volume = 0.0;
  for (int64_t j = 0; j < d; j++) {
    const int64_t edge = edge_along(model, j);
    if (edge < 0) return false;
    lengths[j] = model->noise_axes[edge * d + j];
    log_volume += log(fabs(lengths[j]));
  }
  return fabs(log_volume - log(*model->noise_volume)) < 1e-6;
}

gmmpi_status part_take_region(gmmpi_model *part, const gmmpi_model *model, const int64_t *features, const char *label,
                              gmmpi_error *error)
{
  const int64_t n = part->n_features;
  double *lengths = allocate(model->n_features, sizeof *lengths);
  gmmpi_status status = GMMPI_OK;
  if (lengths == NULL) {
    status = no_memory(error);
  } else if (!background_edges(model, lengths)) {
    status = fail(error, GMMPI_WRONG_USAGE,
                  "%s: its noise is uniform in a region that is %s, so that it has no uniform density in some of the "
                  "features; fit without --noise",
                  label, background_has_region(model) ? "no box along the features" : "not known");
  } else {
    double log_volume = 0.0;
    memset(part->noise_axes, 0, (size_t)(n * n) * sizeof(double));
    for (int64_t j = 0; j < n; j++) {
      part->noise_origin[j] = model->noise_origin[features[j]];
      part->noise_axes[j * n + j] = lengths[features[j]];
      log_volume += log(fabs(lengths[features[j]]));
    }
    *part->noise_volume = exp(log_volume);
  }
  free(lengths);
  return status;
}

/* --- the marginal --- */

static bool is_permutation(const gmmpi_model *model, int64_t n)
{
  return n == model->n_features;
}

/* All features in another order are the whole model, of whatever family. */
static gmmpi_status permute(const gmmpi_model *model, const int64_t *features, const char *label,
                            gmmpi_model **marginal, gmmpi_error *error)
{
  gmmpi_status status = model_duplicate(model, marginal, error);
  return status == GMMPI_OK ? model_permute_features(*marginal, features, label, error) : status;
}

static gmmpi_status take_covariances(const gmmpi_model *model, const int64_t *features, gmmpi_model *part,
                                     gmmpi_error *error)
{
  const density_shape shape = model->family->storage->shape;
  const int64_t d = model->n_features;
  const int64_t n = part->n_features;
  const int64_t n_covariances = part->family->storage->shared ? 1 : part->n_components;
  double *whole = allocate(covariance_length(shape, d), sizeof *whole);
  double *chosen = allocate(covariance_length(shape, n), sizeof *chosen);
  if (whole == NULL || chosen == NULL) {
    free(whole);
    free(chosen);
    return no_memory(error);
  }
  for (int64_t k = 0; k < n_covariances; k++) {
    model_expand(model, k, whole);
    for (int64_t i = 0; i < n; i++) {
      if (shape == DIAGONAL) chosen[i] = whole[features[i]];
      for (int64_t j = 0; shape == DENSE && j < n; j++) chosen[i * n + j] = whole[features[i] * d + features[j]];
    }
    model_contract(part, k, chosen);
    if (part->family->storage->rank == 0) *model_covariance(part, k) = chosen[0]; /* not a mean of equal numbers */
  }
  free(whole);
  free(chosen);
  return GMMPI_OK;
}

static gmmpi_status take_part(const gmmpi_model *model, const int64_t *features, const char *label, gmmpi_model *part,
                              gmmpi_error *error)
{
  const int64_t K = model->n_components;
  const int64_t n = part->n_features;
  memcpy(part->weights, model->weights, (size_t)K * sizeof(double));
  for (int64_t k = 0; k < K; k++) {
    for (int64_t j = 0; j < n; j++) part->means[k * n + j] = model->means[k * model->n_features + features[j]];
    model_copy_dof(part, k, model, k);
  }
  gmmpi_status status = take_covariances(model, features, part, error);
  if (status == GMMPI_OK && model_has(model, PART_NOISE)) {
    status = part_take_region(part, model, features, label, error);
    *part->noise_weight = *model->noise_weight;
  }
  if (status == GMMPI_OK) status = model_accept_parameters(part, label, error);
  return status == GMMPI_OK ? part_take_names(part, model, features, error) : status;
}

gmmpi_status model_marginal(const gmmpi_model *model, const int64_t *features, int64_t n, const char *label,
                            gmmpi_model **marginal, gmmpi_error *error)
{
  gmmpi_model *mixture = NULL;
  gmmpi_model *part = NULL;
  gmmpi_status status = predictive_model(model, &mixture, error);
  if (status == GMMPI_OK && is_permutation(mixture, n)) {
    status = permute(mixture, features, label, &part, error);
  } else if (status == GMMPI_OK) {
    const model_kind kind = {family_of_part(mixture->family, false), mixture->parts};
    status = model_allocate(kind, mixture->n_components, n, &part, error);
    if (status == GMMPI_OK) status = take_part(mixture, features, label, part, error);
  }
  gmmpi_model_destroy(mixture);
  if (status == GMMPI_OK) {
    *marginal = part;
  } else {
    gmmpi_model_destroy(part);
  }
  return status;
}
