/* SPDX-License-Identifier: BSD-3-Clause */
#include "job/checkpoint_image.h"

#include "job/checkpoint_fields.h"
#include "job/checkpoint_trailer.h"
#include "support/error.h"
#include "support/hdf5_attributes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static gmmpi_status damaged(const char *path, const char *fault, gmmpi_error *error)
{
  return fail(error, GMMPI_BAD_DATA, "%s: is no good checkpoint (%s); use the one before it or start afresh", path,
              fault);
}

/* --- the state --- */

/* The models of a selection that have their turn later are at most so many times as large as what is in the file. */
enum { MOST_TIMES_LARGER = 1000 };

/* Could arrays of these sizes be in so many bytes? */
static bool sizes_are_possible(const covariance_family *family, int64_t n_components, int64_t n_features,
                               int64_t n_bytes)
{
  const int64_t most = n_bytes / (int64_t)sizeof(double);
  if (n_components < 1 || n_features < 1 || n_components > most || n_features > most / n_components) return false;
  const int64_t length = family_length(family, n_components, n_features);
  return length > 0 && length <= most;
}

/* The extent that the file claims; false when that can't be. */
static bool read_extent(const json_t *facts, int64_t n_bytes, state_extent *extent)
{
  const json_t *has_best = json_object_get(facts, "has_best");
  const json_t *n_bests = json_object_get(facts, "n_bests");
  *extent = (state_extent){.n_climbers = json_integer_value(json_object_get(facts, "n_climbers")),
                           .n_events = json_integer_value(json_object_get(facts, "n_events")),
                           .n_bests = n_bests != NULL ? json_integer_value(n_bests) : json_is_true(has_best),
                           .first_start = json_integer_value(json_object_get(facts, "first_start"))};
  return extent->first_start >= 0 && extent->n_climbers >= 1 && extent->n_events >= 0 &&
         extent->n_events <= n_bytes / (int64_t)sizeof(fit_event) && json_is_boolean(has_best);
}

static bool copy_fields(hid_t file, const unsigned char *bytes, int64_t n_bytes, fit_state *state)
{
  state_field field;
  for (state_walk walk = {0}; state_walk_next(&walk, state, &field);) {
    const int64_t offset = checkpoint_field_offset(file, &field, n_bytes);
    if (offset < 0) return false;
    if (field.type == STATE_FLAG && bytes[offset] > 1) return false;
    memcpy(field.memory, bytes + offset, field.n_bytes);
  }
  return true;
}

/* Sets the identity from the attributes; false when something is missing. */
static bool read_identity(const json_t *header, const json_t *facts, checkpoint_identity *identity)
{
  const char *version = json_string_value(json_object_get(header, "program_version"));
  const json_t *fingerprint = json_object_get(facts, "data_fingerprint");
  const char *options = json_string_value(json_object_get(facts, "options"));
  identity->fingerprint = (uint64_t)json_integer_value(fingerprint);
  identity->n_samples = json_integer_value(json_object_get(facts, "n_samples"));
  identity->n_features = json_integer_value(json_object_get(facts, "n_features"));
  identity->options = options == NULL ? NULL : json_loads(options, 0, NULL);
  snprintf(identity->version, sizeof identity->version, "%s", version != NULL ? version : "");
  return version != NULL && json_is_integer(fingerprint) && identity->n_samples >= 1 &&
         json_is_object(identity->options);
}

static bool read_shape(const json_t *family, const json_t *parts, const json_t *n_components, fit_shape *shape)
{
  const char *name = json_string_value(family);
  const json_int_t bits = json_integer_value(parts);
  *shape = (fit_shape){{name == NULL ? NULL : family_find(name), (unsigned)bits}, json_integer_value(n_components)};
  return shape->kind.family != NULL && bits >= 0 && bits <= PART_ALL;
}

/* The shapes that the file claims, of which the caller frees the list; NULL when that can't be. */
static fit_shape *read_shapes(const json_t *facts, int64_t *n)
{
  const char *text = json_string_value(json_object_get(facts, "shapes"));
  json_t *list = text != NULL ? json_loads(text, 0, NULL) : NULL;
  *n = text == NULL ? 1 : (int64_t)json_array_size(list);
  fit_shape *shapes = *n > 0 ? calloc((size_t)*n, sizeof *shapes) : NULL;
  bool good = shapes != NULL;
  if (good && text == NULL)
    good = read_shape(json_object_get(facts, "covariance"), json_object_get(facts, "parts"),
                      json_object_get(facts, "n_components"), &shapes[0]);
  for (int64_t i = 0; good && text != NULL && i < *n; i++) {
    const json_t *one = json_array_get(list, (size_t)i);
    good = read_shape(json_array_get(one, 0), json_array_get(one, 1), json_array_get(one, 2), &shapes[i]);
  }
  json_decref(list);
  if (good) return shapes;
  free(shapes);
  return NULL;
}

/* Could a state of this plan be in so many bytes? */
static bool plan_is_possible(const state_plan *plan, int64_t n_bytes)
{
  int64_t most = n_bytes;
  if (plan->n_climbers > n_bytes || plan->n_folds < 0 || plan->n_folds > n_bytes / plan->n_shapes) return false;
  for (int64_t i = 0; i < plan->n_climbers; i++) {
    const fit_shape *shape = &plan->shapes[(plan->first_start + i) % plan->n_shapes];
    if (!sizes_are_possible(shape->kind.family, shape->n_components, plan->n_features, most)) return false;
    const int64_t model = family_length(shape->kind.family, shape->n_components, plan->n_features);
    const int64_t history = accelerator_bytes(plan->accelerate, shape->kind, shape->n_components, plan->n_features);
    if (history > most - model) return false;
    most -= history + model;
  }
  /* Those without a climber, and of which no start has ended, are not in the file. */
  most = n_bytes > INT64_MAX / MOST_TIMES_LARGER ? INT64_MAX : n_bytes * MOST_TIMES_LARGER;
  for (int64_t i = 0; i < plan->n_shapes; i++) {
    const fit_shape *shape = &plan->shapes[i];
    if (!sizes_are_possible(shape->kind.family, shape->n_components, plan->n_features, most)) return false;
    most -= family_length(shape->kind.family, shape->n_components, plan->n_features);
  }
  return true;
}

static gmmpi_status read_state(const char *path, hid_t file, const json_t *facts, const unsigned char *bytes,
                               int64_t n_bytes, fit_state **state, gmmpi_error *error)
{
  int64_t n_shapes;
  state_extent extent;
  fit_shape *shapes = read_shapes(facts, &n_shapes);
  const bool sized = shapes != NULL && read_extent(facts, n_bytes, &extent);
  const state_plan plan = {.shapes = shapes,
                           .n_shapes = n_shapes,
                           .n_folds = json_integer_value(json_object_get(facts, "n_folds")),
                           .n_features = json_integer_value(json_object_get(facts, "n_features")),
                           .accelerate = json_string_value(json_object_get(facts, "acceleration")),
                           .first_start = sized ? extent.first_start : 0,
                           .n_climbers = sized ? extent.n_climbers : 0};
  gmmpi_status status;
  if (!sized || plan.accelerate == NULL || !accelerator_method_exists(plan.accelerate) ||
      !plan_is_possible(&plan, n_bytes))
    status = damaged(path, "its sizes can't be true", error);
  else
    status = fit_state_open(&plan, state, error);
  free(shapes);
  if (status != GMMPI_OK) return status;
  status = fit_state_set_extent(*state, extent, error);
  if (status != GMMPI_OK) return status;
  if (!copy_fields(file, bytes, n_bytes, *state)) return damaged(path, "a part of it is missing", error);
  if (!fit_state_is_valid(*state)) return damaged(path, "its numbers can't be true", error);
  return GMMPI_OK;
}

/* The attributes of an object in the file, or NULL. */
static json_t *read_facts(hid_t file, const char *name, int64_t n_bytes)
{
  const hid_t object = H5Oopen(file, name, H5P_DEFAULT);
  if (object < 0) return NULL;
  json_t *facts = hdf5_attributes_read(object, n_bytes);
  H5Oclose(object);
  return facts;
}

static gmmpi_status read_open_image(const char *path, hid_t file, const unsigned char *bytes, int64_t n_bytes,
                                    fit_state **state, checkpoint_identity *identity, gmmpi_error *error)
{
  json_t *header = read_facts(file, "/", n_bytes);
  json_t *facts = read_facts(file, "/job", n_bytes);
  const char *format = json_string_value(json_object_get(header, "format"));
  gmmpi_status status;
  if (format == NULL || strcmp(format, CHECKPOINT_NAME) != 0 ||
      json_integer_value(json_object_get(header, "format_version")) != CHECKPOINT_FORMAT)
    status = damaged(path, "its format is not what its end says", error);
  else if (!read_identity(header, facts, identity))
    status = damaged(path, "it does not say whose it is", error);
  else
    status = read_state(path, file, facts, bytes, n_bytes, state, error);
  json_decref(header);
  json_decref(facts);
  return status;
}

gmmpi_status checkpoint_image_read(const char *path, const void *bytes, int64_t n_bytes, fit_state **state,
                                   checkpoint_identity *identity, bool *is_foreign, gmmpi_error *error)
{
  int64_t format = 0;
  *state = NULL;
  memset(identity, 0, sizeof *identity);
  const char *fault = checkpoint_fault(bytes, n_bytes, &format);
  *is_foreign = fault == NULL && format != CHECKPOINT_FORMAT;
  if (fault != NULL) return damaged(path, fault, error);
  if (*is_foreign)
    return fail(error, GMMPI_BAD_DATA,
                "%s: has checkpoint format %lld, this gmmpi (%s) knows %d; go on with the version that wrote it, or "
                "remove it to start afresh",
                path, (long long)format, GMMPI_VERSION, (int)CHECKPOINT_FORMAT);

  const int64_t length = n_bytes - CHECKPOINT_TRAILER;
  gmmpi_status status;
  /* HDF5 shall not print what it found. */
  H5E_BEGIN_TRY
  {
    const hid_t file = checkpoint_open_image(bytes, (size_t)length);
    if (file < 0)
      status = damaged(path, "it is not an HDF5 file", error);
    else
      status = read_open_image(path, file, bytes, length, state, identity, error);
    if (file >= 0) H5Fclose(file);
  }
  H5E_END_TRY

  if (status != GMMPI_OK) {
    fit_state_destroy(*state);
    *state = NULL;
    json_decref(identity->options);
    identity->options = NULL;
  }
  return status;
}
