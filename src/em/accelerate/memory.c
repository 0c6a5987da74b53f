/* SPDX-License-Identifier: BSD-3-Clause */
#include "em/accelerate/memory.h"

double *history_origins(const accelerator *memory)
{
  return memory->numbers;
}

double *history_count_units(const accelerator *memory)
{
  return memory->numbers + memory->n_components * memory->n_features;
}

double *history_tail_units(const accelerator *memory)
{
  return history_count_units(memory) + memory->n_components;
}

double *history_factors(const accelerator *memory)
{
  return history_count_units(memory) + (memory->tails ? 2 : 1) * memory->n_components;
}

double *history_residual_before(const accelerator *memory)
{
  return memory->numbers + memory->n_units;
}

double *history_residual_for_refinement(const accelerator *memory)
{
  return history_residual_before(memory) + 1;
}

double *history_point(const accelerator *memory)
{
  return history_residual_before(memory) + 2;
}

/* Where the entry is that is `age` records old. */
static int64_t place_of(const accelerator *memory, int64_t age)
{
  return (memory->counters[NEWEST] + memory->capacity - age) % memory->capacity;
}

double *history_output(const accelerator *memory, int64_t age)
{
  return history_point(memory) + (1 + place_of(memory, age)) * memory->length;
}

double *history_residual(const accelerator *memory, int64_t age)
{
  return history_point(memory) + (1 + memory->capacity + place_of(memory, age)) * memory->length;
}

double *history_next_output(accelerator *memory)
{
  if (memory->counters[BEGINS_ANEW] != 0) memory->counters[N_REMEMBERED] = 0;
  memory->counters[BEGINS_ANEW] = 0;
  memory->counters[NEWEST] = (memory->counters[NEWEST] + 1) % memory->capacity;
  if (memory->counters[N_REMEMBERED] < memory->capacity) memory->counters[N_REMEMBERED]++;
  return history_output(memory, 0);
}

void history_set_newest_residual(accelerator *memory)
{
  const double *newest = history_output(memory, 0);
  for (int64_t i = 0; i < memory->length; i++) history_residual(memory, 0)[i] = newest[i] - history_point(memory)[i];
}

double squared_length(const accelerator *memory, const double *vector)
{
  double sum = 0.0;
  for (int64_t i = 0; i < memory->length; i++) sum += vector[i] * vector[i];
  return sum;
}
