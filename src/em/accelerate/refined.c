/* SPDX-License-Identifier: BSD-3-Clause */
/* What em/refine.c needs of an accelerator. */
#include "em/accelerate/accelerate.h"
#include "em/accelerate/memory.h"
#include "em/accelerate/vectors.h"

#include <math.h>
#include <string.h>

/* A refinement is of use that reduces the residual's square to this share of it. After one that was not, the residual's
 * square must have come down to this share by other means before it is tried again. */
#define LEAST_REFINEMENT 0.25
#define LEAST_APPROACH   0.1

bool accelerator_has_point(const accelerator *memory)
{
  return memory->capacity > 0 && memory->counters[HAS_POINT] != 0 && memory->counters[N_REMEMBERED] > 0;
}

int64_t accelerator_length(const accelerator *memory)
{
  return memory->length;
}

void accelerator_correction(const accelerator *memory, const moments *fewer_points, double *correction)
{
  const double *newest = history_output(memory, 0);
  accelerator_vector(memory, fewer_points, correction);
  for (int64_t i = 0; i < memory->length; i++) correction[i] = newest[i] - correction[i];
}

void accelerator_record_corrected(accelerator *memory, const moments *fewer_points, const double *correction)
{
  double *newest = history_next_output(memory);
  accelerator_vector(memory, fewer_points, newest);
  for (int64_t i = 0; i < memory->length; i++) newest[i] += correction[i];
  history_set_newest_residual(memory);
}

void accelerator_last_output(accelerator *memory, moments *last)
{
  accelerator_take_plain_step(memory);
  accelerator_moments(memory, history_point(memory), last);
}

void accelerator_keep_newest(accelerator *memory)
{
  memory->counters[N_REMEMBERED] = 1;
}

void accelerator_distrust_refinement(accelerator *memory)
{
  memory->counters[IS_DISTRUSTED] = 1;
  *history_residual_for_refinement(memory) = LEAST_APPROACH * accelerator_residual(memory);
}

void accelerator_judge_refinement(accelerator *memory)
{
  if (!accelerator_has_point(memory) || memory->counters[IS_REFINED] == 0) return;
  if (!(accelerator_residual(memory) < LEAST_REFINEMENT * *history_residual_before(memory)))
    accelerator_distrust_refinement(memory);
}

bool accelerator_trusts_refinement(const accelerator *memory)
{
  return accelerator_has_point(memory) && (memory->counters[IS_DISTRUSTED] == 0 ||
                                           accelerator_residual(memory) < *history_residual_for_refinement(memory));
}

void accelerator_take_point(accelerator *memory, const accelerator *from)
{
  memory->counters[IS_REFINED] = 1;
  *history_residual_before(memory) = accelerator_residual(memory);
  memcpy(history_point(memory), history_point(from), (size_t)memory->length * sizeof(double));
}

double accelerator_residual(const accelerator *memory)
{
  return memory->counters[N_REMEMBERED] == 0 ? INFINITY : squared_length(memory, history_residual(memory, 0));
}

double accelerator_residual_before(const accelerator *memory)
{
  return memory->counters[N_REMEMBERED] < 2 ? INFINITY : squared_length(memory, history_residual(memory, 1));
}
