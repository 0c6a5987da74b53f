/* SPDX-License-Identifier: BSD-3-Clause */
#include "apply/predictive_model.h"

#include "apply/family_parts.h"
#include "mixture/posterior.h"
#include "support/error.h"
#include "support/memory.h"

#include <stdlib.h>
#include <string.h>

static gmmpi_status take_predictive(const gmmpi_model *model, gmmpi_model *mixture, gmmpi_error *error)
{
  const int64_t K = model->n_components;
  const int64_t d = model->n_features;
  const int64_t length = covariance_length(model->family->storage->shape, d);
  double *covariance = allocate(length, sizeof *covariance);
  if (covariance == NULL) return fail(error, GMMPI_NO_MEMORY, "no memory is left for a covariance");
  memcpy(mixture->weights, model->weights, (size_t)K * sizeof(double));
  memcpy(mixture->means, model->means, (size_t)(K * d) * sizeof(double));
  for (int64_t k = 0; k < K; k++) {
    double scale;
    model_set_dof(mixture, k, predictive_dof(model, k, &scale));
    model_expand(model, k, covariance);
    for (int64_t i = 0; i < length; i++) covariance[i] *= scale;
    model_contract(mixture, k, covariance);
  }
  free(covariance);
  gmmpi_status status = model_accept_parameters(mixture, "the posterior predictive density", error);
  if (status == GMMPI_OK) status = model_set_feature_names(mixture, model->feature_names, error);
  if (status == GMMPI_OK) status = model_set_transforms(mixture, model->transforms, error);
  return status == GMMPI_OK ? model_set_component_names(mixture, model->component_names, error) : status;
}

gmmpi_status predictive_model(const gmmpi_model *model, gmmpi_model **mixture, gmmpi_error *error)
{
  if (!model_has(model, PART_POSTERIOR)) return model_duplicate(model, mixture, error);
  gmmpi_model *created = NULL;
  const model_kind kind = {family_of_part(model->family, true), PART_TAILS};
  gmmpi_status status = model_allocate(kind, model->n_components, model->n_features, &created, error);
  if (status == GMMPI_OK) status = take_predictive(model, created, error);
  if (status == GMMPI_OK) {
    *mixture = created;
  } else {
    gmmpi_model_destroy(created);
  }
  return status;
}
