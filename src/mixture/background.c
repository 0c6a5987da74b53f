/* SPDX-License-Identifier: BSD-3-Clause */
#include "mixture/background.h"

#include <string.h>

void background_set_region(gmmpi_model *model, const noise_region *region)
{
  const size_t d = (size_t)model->n_features;
  if (!model_has(model, PART_NOISE)) return;
  *model->noise_volume = region->volume;
  memcpy(model->noise_origin, region->origin, d * sizeof(double));
  memcpy(model->noise_axes, region->axes, d * d * sizeof(double));
}

void background_set(gmmpi_model *model, const noise_region *region, double weight)
{
  double total = 0.0;
  if (!model_has(model, PART_NOISE)) return;
  for (int64_t k = 0; k < model->n_components; k++) total += model->weights[k];
  for (int64_t k = 0; k < model->n_components; k++) model->weights[k] *= (1.0 - weight) / total;
  *model->noise_weight = weight;
  background_set_region(model, region);
}

void background_copy_region(gmmpi_model *to, const gmmpi_model *from)
{
  if (!model_has(to, PART_NOISE) || to == from) return;
  background_set_region(to, &(noise_region){*from->noise_volume, from->noise_origin, from->noise_axes});
}

void background_copy(gmmpi_model *to, const gmmpi_model *from)
{
  if (!model_has(to, PART_NOISE)) return;
  *to->noise_weight = *from->noise_weight;
  background_copy_region(to, from);
}

bool background_has_region(const gmmpi_model *model)
{
  const int64_t n = model->n_features * model->n_features;
  bool has = false;
  for (int64_t i = 0; model_has(model, PART_NOISE) && i < n && !has; i++) has = model->noise_axes[i] != 0.0;
  return has;
}

void model_normalise_weights(gmmpi_model *model)
{
  double total = 0.0;
  for (int64_t k = 0; k < model->n_components; k++) total += model->weights[k];
  if (model_has(model, PART_NOISE)) total += *model->noise_weight;
  for (int64_t k = 0; k < model->n_components; k++) model->weights[k] /= total;
  if (model_has(model, PART_NOISE)) *model->noise_weight /= total;
}
