/* SPDX-License-Identifier: BSD-3-Clause */
/* What a model knows of the features that it was fitted to. */
#include "fit/reading.h"
#include "support/error.h"
#include "support/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

gmmpi_status model_take_features(gmmpi_model *model, const point_source *source, gmmpi_error *error)
{
  if (model_set_feature_names(model, source->feature_names, error) != GMMPI_OK) return error->status;
  if (source->transforms == NULL) return GMMPI_OK;
  const int64_t d = source->n_features;
  char *room = allocate(d, TRANSFORM_TEXT_BYTES);
  char **texts = allocate(d, sizeof *texts);
  gmmpi_status status;
  if (room == NULL || texts == NULL) {
    status = fail(error, GMMPI_NO_MEMORY, "no memory is left for the transforms of the features");
  } else {
    for (int64_t j = 0; j < d; j++) transform_text(&source->transforms[j], texts[j] = room + j * TRANSFORM_TEXT_BYTES);
    status = model_set_transforms(model, texts, error);
  }
  free(room);
  free(texts);
  return status;
}

transform_list model_transforms(const gmmpi_model *model, const char *owner)
{
  if (model == NULL) return (transform_list){.texts = NULL};
  return (transform_list){
      .owner = owner, .texts = model->transforms, .names = model->feature_names, .n = model->n_features};
}

gmmpi_status model_check_transforms(const gmmpi_model *model, const char *owner, const point_source *source,
                                    gmmpi_error *error)
{
  for (int64_t j = 0; j < source->n_features && j < model->n_features; j++) {
    char here[TRANSFORM_TEXT_BYTES] = "";
    const char *there = model->transforms != NULL ? model->transforms[j] : "";
    if (source->transforms != NULL) transform_text(&source->transforms[j], here);
    if (strcmp(here, there) != 0)
      return fail(
          error, GMMPI_BAD_DATA,
          "%s: feature \"%.100s\" was fitted %s%s, and is read %s%s; leave --transform out, or start from another "
          "model",
          owner, source->feature_names[j], there[0] == '\0' ? "as it is" : "as ", there,
          here[0] == '\0' ? "as it is" : "as ", here);
  }
  return GMMPI_OK;
}
