/* SPDX-License-Identifier: BSD-3-Clause */
#include "em/accelerate/accelerator.h"

#include "em/accelerate/methods.h"
#include "em/accelerate/whiten.h"
#include "passes/moments.h"
#include "support/error.h"
#include "support/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A history of more numbers than this is out of proportion for `auto` (2 GB). */
static const int64_t most_numbers = INT64_C(1) << 28;

static bool has_tails(model_kind kind)
{
  return (kind.parts & PART_TAILS) != 0;
}

/* -1 when it can't be counted. */
static int64_t vector_length(model_kind kind, int64_t n_components, int64_t n_features)
{
  const covariance_family *family = kind.family;
  int64_t length = moments_length(family->storage->shape, family_order(family), n_components, n_features);
  if (has_tails(kind) && length < INT64_MAX / 2) length += 2 * n_components;
  return length == INT64_MAX ? -1 : length;
}

/* -1 when it can't be counted. */
static int64_t count_units(model_kind kind, int64_t n_components, int64_t n_features)
{
  const int64_t n_factors = kind.family->pools ? 1 : n_components;
  int64_t numbers;
  if (!multiply_fits(n_factors, triangle_length(kind.family->storage->shape, n_features), &numbers)) return -1;
  const int64_t others = n_components * (n_features + (has_tails(kind) ? 2 : 1));
  return numbers < INT64_MAX - others ? numbers + others : -1;
}

static int64_t work_length(model_kind kind, int64_t n_components, int64_t d)
{
  const density_shape shape = kind.family->storage->shape;
  return whiten_room(shape, d) + d + triangle_length(shape, d) + (kind.family->pools ? n_components * (1 + d) : 0);
}

/* The length of `numbers`; -1 when it can't be counted. */
static int64_t count_numbers(model_kind kind, int64_t capacity, int64_t n_components, int64_t n_features)
{
  const int64_t length = vector_length(kind, n_components, n_features);
  const int64_t units = count_units(kind, n_components, n_features);
  int64_t vectors;
  if (capacity == 0) return 0;
  if (length < 0 || units < 0 || !multiply_fits(2 * capacity + 1, length, &vectors) || vectors > INT64_MAX - 2 - units)
    return -1;
  return vectors + units + 2;
}

static const acceleration_method *find_method(const char *name, model_kind kind, int64_t n_components,
                                              int64_t n_features)
{
  if (strcmp(name, "auto") == 0) {
    const int64_t numbers = count_numbers(kind, acceleration_anderson.capacity, n_components, n_features);
    return numbers < 0 || numbers > most_numbers ? &acceleration_none : &acceleration_anderson;
  }
  return acceleration_method_find(name);
}

bool accelerator_method_exists(const char *method)
{
  return strcmp(method, "auto") == 0 || acceleration_method_find(method) != NULL;
}

int64_t accelerator_bytes(const char *method, model_kind kind, int64_t n_components, int64_t n_features)
{
  const acceleration_method *found = find_method(method, kind, n_components, n_features);
  const int64_t numbers = found == NULL ? -1 : count_numbers(kind, found->capacity, n_components, n_features);
  int64_t bytes;
  if (numbers < 0 || !multiply_fits(numbers, (int64_t)sizeof(double), &bytes)) return INT64_MAX;
  const int64_t work = numbers > 0 ? work_length(kind, n_components, n_features) * (int64_t)sizeof(double) : 0;
  return bytes < INT64_MAX - work ? bytes + work : INT64_MAX;
}

gmmpi_status accelerator_create(const char *method, model_kind kind, int64_t n_components, int64_t n_features,
                                accelerator **result, gmmpi_error *error)
{
  const acceleration_method *found = find_method(method, kind, n_components, n_features);
  *result = NULL;
  if (found == NULL)
    return fail(error, GMMPI_WRONG_USAGE, "unknown acceleration '%s'; use auto, none, anderson or squarem", method);
  accelerator *created = calloc(1, sizeof *created);
  if (created != NULL) {
    created->method = found;
    created->shape = kind.family->storage->shape;
    created->tails = has_tails(kind);
    created->pooled = kind.family->pools;
    created->n_components = n_components;
    created->n_features = n_features;
    created->length = vector_length(kind, n_components, n_features);
    created->capacity = found->capacity;
    created->n_numbers = count_numbers(kind, found->capacity, n_components, n_features);
    created->n_units = count_units(kind, n_components, n_features);
    if (created->n_numbers >= 0) created->numbers = allocate(created->n_numbers, sizeof(double));
    if (created->n_numbers > 0) created->work = allocate(work_length(kind, n_components, n_features), sizeof(double));
    if (created->numbers != NULL && (created->n_numbers == 0 || created->work != NULL)) {
      *result = created;
      return GMMPI_OK;
    }
  }
  accelerator_destroy(created);
  return fail(error, GMMPI_NO_MEMORY,
              "there is no memory for the history of accelerated EM with %lld components; use --accelerate none",
              (long long)n_components);
}

void accelerator_destroy(accelerator *memory)
{
  if (memory == NULL) return;
  free(memory->numbers);
  free(memory->work);
  free(memory);
}

const char *accelerator_name(const accelerator *memory)
{
  return memory->method->name;
}

void accelerator_copy(accelerator *to, const accelerator *from)
{
  memcpy(to->counters, from->counters, sizeof to->counters);
  if (from->n_numbers > 0) memcpy(to->numbers, from->numbers, (size_t)from->n_numbers * sizeof(double));
}

bool accelerator_is_valid(const accelerator *memory)
{
  const int64_t *counters = memory->counters;
  for (int i = 0; i < ACCELERATOR_COUNTERS; i++) {
    if (counters[i] < 0) return false;
  }
  if (counters[N_REMEMBERED] > memory->capacity) return false;
  if (counters[NEWEST] > (memory->capacity > 0 ? memory->capacity - 1 : 0)) return false;
  for (int64_t i = 0; i < memory->n_numbers; i++) {
    if (!isfinite(memory->numbers[i])) return false;
  }
  return true;
}

void accelerator_forget(accelerator *memory)
{
  memset(memory->counters, 0, sizeof memory->counters);
}
