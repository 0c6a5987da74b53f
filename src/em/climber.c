/* SPDX-License-Identifier: BSD-3-Clause */
#include "em/climber.h"

#include "support/error.h"
#include "support/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const measurement not_measured = {.iteration = -1, .objective = NAN, .log_likelihood = NAN};

gmmpi_status climber_open(model_kind kind, int64_t n_components, int64_t n_features, const char *accelerate,
                          event_list *events, climber *climb, gmmpi_error *error)
{
  *climb = (climber){.plain = true, .last_change = NAN, .current = {.measured = not_measured}, .events = events};
  climb->n_reseeds = allocate(n_components, sizeof(int64_t));
  if (climb->n_reseeds != NULL &&
      model_allocate(kind, n_components, n_features, &climb->current.model, error) == GMMPI_OK &&
      model_allocate(kind, n_components, n_features, &climb->other, error) == GMMPI_OK &&
      accelerator_create(accelerate, kind, n_components, n_features, &climb->history, error) == GMMPI_OK)
    return GMMPI_OK;
  climber_close(climb);
  return fail(error, GMMPI_NO_MEMORY, "there is no memory for the state of a fit with %lld components",
              (long long)n_components);
}

void climber_close(climber *climb)
{
  gmmpi_model_destroy(climb->current.model);
  gmmpi_model_destroy(climb->other);
  accelerator_destroy(climb->history);
  free(climb->n_reseeds);
  *climb = (climber){.has_ended = true};
}

void climber_enter_level(climber *climb, int64_t level)
{
  climb->current.level = level;
  climb->current.iteration = 0;
  climb->current.measured = not_measured;
  climb->current.converged = false;
  climb->has_ended = false;
  climb->plain = true;
  climb->repaired = false;
  climb->precise = false;
  climb->measured_in_single = false;
  memset(climb->n_reseeds, 0, (size_t)climb->current.model->n_components * sizeof *climb->n_reseeds);
}

int64_t climber_bytes(const char *accelerate, model_kind kind, int64_t n_components, int64_t n_features)
{
  const int64_t model = model_bytes(kind, n_components, n_features);
  return sum_of_bytes(3, (int64_t[]){model, model, accelerator_bytes(accelerate, kind, n_components, n_features)});
}
