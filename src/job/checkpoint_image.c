/* SPDX-License-Identifier: BSD-3-Clause */
#include "job/checkpoint_image.h"

#include "job/checkpoint_fields.h"
#include "job/checkpoint_trailer.h"
#include "support/error.h"
#include "support/hdf5_attributes.h"
#include "support/hdf5_image.h"
#include "support/large_messages.h"
#include "support/memory.h"

#include <stdlib.h>
#include <string.h>

enum { SMALL_PARTS = 1 << 16 }; /* bytes of attributes, headers and small data sets of a fit, at most */
enum { FIELD_PARTS = 512 };     /* of the header of a data set */

/* --- laying out --- */

/* The shapes of a selection as a text: [["full", 0, 3], ...], name of the family, parts, components. */
static char *text_of_shapes(const fit_state *state)
{
  json_t *shapes = json_array();
  for (int64_t i = 0; i < state->n_shapes; i++) {
    const fit_shape *shape = &state->shapes[i];
    json_array_append_new(shapes, json_pack("[s, I, I]", shape->kind.family->name, (json_int_t)shape->kind.parts,
                                            (json_int_t)shape->n_components));
  }
  char *text = json_dumps(shapes, JSON_COMPACT);
  json_decref(shapes);
  return text;
}

/* What a selection's checkpoint says besides. */
static bool add_shapes(const fit_state *state, const state_extent *extent, json_t *facts)
{
  if (state->n_shapes == 1) return facts != NULL;
  char *shapes = text_of_shapes(state);
  json_t *more = shapes == NULL ? NULL
                                : json_pack("{s:I, s:I, s:I, s:s}", "n_bests", (json_int_t)extent->n_bests,
                                            "first_start", (json_int_t)extent->first_start, "n_folds",
                                            (json_int_t)state->n_folds, "shapes", shapes);
  const bool added = facts != NULL && more != NULL && json_object_update(facts, more) == 0;
  json_decref(more);
  free(shapes);
  return added;
}

/* What the file is, at its beginning, and whose it is. */
static bool add_identity(hid_t file, const checkpoint_identity *identity, const fit_state *state)
{
  const gmmpi_model *model = state->climbers[0].current.model;
  const state_extent extent = fit_state_extent(state);
  char *options = json_dumps(identity->options, JSON_COMPACT);
  json_t *format = json_pack("{s:s, s:i, s:s}", "format", CHECKPOINT_NAME, "format_version", (int)CHECKPOINT_FORMAT,
                             "program_version", identity->version);
  json_t *facts =
      json_pack("{s:I, s:I, s:I, s:I, s:s, s:I, s:s, s:I, s:I, s:b, s:s}", "data_fingerprint",
                (json_int_t)identity->fingerprint, "n_samples", (json_int_t)identity->n_samples, "n_features",
                (json_int_t)model->n_features, "n_components", (json_int_t)model->n_components, "covariance",
                model->family->name, "parts", (json_int_t)model->parts, "acceleration",
                accelerator_name(state->climbers[0].history), "n_climbers", (json_int_t)extent.n_climbers, "n_events",
                (json_int_t)extent.n_events, "has_best", extent.n_bests > 0, "options", options != NULL ? options : "");
  const bool written = options != NULL && format != NULL && add_shapes(state, &extent, facts) &&
                       hdf5_attributes_write(file, format) && checkpoint_group_add(file, "/job", facts);
  json_decref(format);
  json_decref(facts);
  free(options);
  return written;
}

/* The bytes of an open file with those of the trailer behind them. */
static bool take_bytes(hid_t file, checkpoint_image *image)
{
  void *bytes;
  size_t length;
  if (!hdf5_image_bytes(file, &bytes, &length)) return false;
  image->bytes = bytes;
  image->n_bytes = (int64_t)length + CHECKPOINT_TRAILER;
  return true;
}

/* About as many as the image will have. */
static int64_t bytes_of_state(const fit_state *state)
{
  int64_t n_bytes = SMALL_PARTS;
  state_field field;
  for (state_walk walk = {0}; state_walk_next(&walk, state, &field);) n_bytes += (int64_t)field.n_bytes + FIELD_PARTS;
  return n_bytes;
}

static bool lay_out(const checkpoint_identity *identity, const fit_state *state, checkpoint_image *image)
{
  const hid_t file = hdf5_image_create(bytes_of_state(state));
  if (file < 0) return false;
  bool done = add_identity(file, identity, state);
  state_field field;
  state_walk adding = {0};
  while (done && state_walk_next(&adding, state, &field)) done = checkpoint_field_add(file, &field);
  done = done && take_bytes(file, image);
  state_walk finding = {0};
  for (int64_t i = 0; done && state_walk_next(&finding, state, &field); i++) {
    image->offsets[i] = checkpoint_field_offset(file, &field, image->n_bytes - CHECKPOINT_TRAILER);
    done = image->offsets[i] >= 0;
  }
  return H5Fclose(file) >= 0 && done;
}

/* --- filling --- */

static int64_t count_fields(const fit_state *state)
{
  int64_t n_fields = 0;
  state_field field;
  for (state_walk walk = {0}; state_walk_next(&walk, state, &field);) n_fields++;
  return n_fields;
}

gmmpi_status checkpoint_image_create(const checkpoint_identity *identity, const fit_state *state,
                                     checkpoint_image *image, gmmpi_error *error)
{
  *image = (checkpoint_image){.extent = fit_state_extent(state)};
  image->offsets = allocate(count_fields(state), sizeof *image->offsets);
  if (image->offsets == NULL) return fail(error, GMMPI_NO_MEMORY, "no memory is left for a checkpoint");
  bool done;
  H5E_BEGIN_TRY
  {
    done = lay_out(identity, state, image);
  }
  H5E_END_TRY
  if (!done) {
    checkpoint_image_clear(image);
    return fail(error, GMMPI_NO_MEMORY, "a checkpoint cannot be built in memory; there may be too little of it");
  }
  checkpoint_image_fill(image, state);
  return GMMPI_OK;
}

void checkpoint_image_clear(checkpoint_image *image)
{
  free(image->bytes);
  free(image->offsets);
  memset(image, 0, sizeof *image);
}

bool checkpoint_image_fits(const checkpoint_image *image, const fit_state *state)
{
  const state_extent extent = fit_state_extent(state);
  return image->bytes != NULL && memcmp(&image->extent, &extent, sizeof extent) == 0;
}

void checkpoint_image_fill(checkpoint_image *image, const fit_state *state)
{
  state_field field;
  state_walk walk = {0};
  for (int64_t i = 0; state_walk_next(&walk, state, &field); i++)
    memcpy(image->bytes + image->offsets[i], field.memory, field.n_bytes);
}

int64_t checkpoint_image_bytes(const state_plan *plan)
{
  /* The arrays of a model have a header each, and so have the numbers beside them. */
  const int64_t headers = (MODEL_MOST_ARRAYS + 16) * (int64_t)FIELD_PARTS;
  int64_t sum = SMALL_PARTS;
  for (int64_t i = 0; i < plan->n_shapes; i++) {
    const fit_shape *shape = &plan->shapes[i];
    const int64_t model = model_bytes(shape->kind, shape->n_components, plan->n_features);
    const int64_t history = accelerator_bytes(plan->accelerate, shape->kind, shape->n_components, plan->n_features);
    const int64_t n = plan->n_climbers / plan->n_shapes + (plan->n_climbers % plan->n_shapes > i);
    const int64_t climber_bytes = sum_of_bytes(3, (int64_t[]){model, history, plan->n_shapes > 1 ? headers : 0});
    int64_t climbers;
    if (!multiply_fits(n, climber_bytes, &climbers)) return INT64_MAX;
    sum = sum_of_bytes(3, (int64_t[]){sum, climbers, model});
  }
  return sum;
}

/* --- broadcasting --- */

gmmpi_status checkpoint_broadcast(MPI_Comm comm, const state_plan *plan, fit_state **state, gmmpi_error *error)
{
  int rank;
  MPI_Comm_rank(comm, &rank);
  state_extent extent = {0};
  if (rank == 0) extent = fit_state_extent(*state);
  MPI_Bcast(&extent, (int)sizeof extent, MPI_BYTE, 0, comm);
  state_plan own = *plan;
  own.n_climbers = extent.n_climbers;
  own.first_start = extent.first_start;
  if (rank != 0 && fit_state_open(&own, state, error) == GMMPI_OK) fit_state_set_extent(*state, extent, error);
  const gmmpi_status status = agree(comm, error);
  if (status != GMMPI_OK) return status;

  state_field field;
  for (state_walk walk = {0}; state_walk_next(&walk, *state, &field);)
    broadcast_large(comm, 0, field.memory, (int64_t)field.n_bytes, MPI_BYTE);
  return GMMPI_OK;
}
