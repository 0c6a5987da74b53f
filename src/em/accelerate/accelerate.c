/* SPDX-License-Identifier: BSD-3-Clause */
#include "em/accelerate/accelerate.h"

#include "em/accelerate/memory.h"
#include "em/accelerate/methods.h"
#include "em/accelerate/vectors.h"

#include <string.h>

/* After a proposal that was no good come 1, 3 or 7 textbook steps, fewer again when one was good. */
enum { MOST_PAUSE = 7 };

/* Where the map expands steps grow twofold each time, up to so many residuals. */
enum { LONGEST_LEAP = 1024 };

/* A textbook step that reduces the residual's square to this share of it needs no acceleration. */
#define FAST_STEP 0.1

/* Other points give the model in hand another output and so another residual; differences between entries, which say
 * how the map bends, stay as they are. */
static void move_to_new_points(accelerator *memory, const double *new_output)
{
  for (int64_t i = 0; i < memory->length; i++) {
    const double shift = new_output[i] - history_output(memory, 0)[i];
    for (int64_t age = 0; age < memory->counters[N_REMEMBERED]; age++) {
      history_output(memory, age)[i] += shift;
      history_residual(memory, age)[i] += shift;
    }
  }
}

void accelerator_record(accelerator *memory, const moments *measured, bool new_points)
{
  if (memory->capacity == 0) return;
  if (memory->counters[HAS_ORIGINS] == 0) accelerator_set_origins(memory, measured);
  memory->counters[HAS_ORIGINS] = 1;
  if (memory->counters[HAS_POINT] == 0) {
    accelerator_vector(memory, measured, history_point(memory));
    memory->counters[HAS_POINT] = 1;
  } else if (new_points && memory->counters[N_REMEMBERED] > 0) {
    /* With a full history the oldest entry is given up, so that its place is free for a moment. */
    if (memory->counters[N_REMEMBERED] == memory->capacity) memory->counters[N_REMEMBERED]--;
    double *new_output = history_output(memory, -1);
    accelerator_vector(memory, measured, new_output);
    move_to_new_points(memory, new_output);
  } else {
    accelerator_vector(memory, measured, history_next_output(memory));
    history_set_newest_residual(memory);
  }
  accelerator_renew_units(memory, measured->n_samples);
}

bool accelerator_has_history(const accelerator *memory)
{
  return memory->counters[N_REMEMBERED] >= 2;
}

bool accelerator_is_fast(const accelerator *memory)
{
  if (!accelerator_has_history(memory)) return false;
  return squared_length(memory, history_residual(memory, 0)) <
         FAST_STEP * squared_length(memory, history_residual(memory, 1));
}

bool accelerator_pauses(const accelerator *memory)
{
  return memory->capacity == 0 || memory->counters[PAUSE] > 0;
}

void accelerator_take_pause(accelerator *memory)
{
  if (memory->counters[PAUSE] > 0) memory->counters[PAUSE]--;
  accelerator_take_plain_step(memory);
}

void accelerator_note_success(accelerator *memory)
{
  memory->counters[LONGEST_PAUSE] /= 2;
}

/* The point in hand becomes the method's combination of outputs and residuals, if it has one. */
static bool combine(accelerator *memory)
{
  const int64_t n = memory->counters[N_REMEMBERED];
  const double *residuals[MOST_REMEMBERED];
  double outputs[MOST_REMEMBERED];
  double inner[MOST_REMEMBERED];
  double *combined = history_point(memory);
  for (int64_t age = 0; age < n; age++) residuals[age] = history_residual(memory, age);
  if (!memory->method->combine(n, memory->length, residuals, outputs, inner)) return false;
  for (int64_t i = 0; i < memory->length; i++) combined[i] = 0.0;
  for (int64_t age = n - 1; age >= 0; age--) {
    const double *own_output = history_output(memory, age);
    for (int64_t i = 0; i < memory->length; i++)
      combined[i] += outputs[age] * own_output[i] + inner[age] * residuals[age][i];
  }
  return true;
}

/* The residual is nearly the gradient of the log-likelihood in the metric of its length (Xu, Jordan 1996). Did it grow
 * along the last move? Then a maximum is not where the fixed point seems to be, which is behind. */
static bool is_convex_along_last_move(const accelerator *memory)
{
  if (memory->counters[N_REMEMBERED] < 2) return false;
  const double *output_0 = history_output(memory, 0);
  const double *output_1 = history_output(memory, 1);
  const double *residual_0 = history_residual(memory, 0);
  const double *residual_1 = history_residual(memory, 1);
  double product = 0.0;
  for (int64_t i = 0; i < memory->length; i++) {
    const double growth = residual_0[i] - residual_1[i];
    product += growth * (output_0[i] - output_1[i] - growth);
  }
  return product > 0.0;
}

/* Does the point in hand lie uphill of the one where the newest residual was measured? */
static bool is_uphill(const accelerator *memory)
{
  const double *newest_output = history_output(memory, 0);
  const double *newest_residual = history_residual(memory, 0);
  double product = 0.0;
  for (int64_t i = 0; i < memory->length; i++)
    product += newest_residual[i] * (history_point(memory)[i] - newest_output[i] + newest_residual[i]);
  return product > 0.0;
}

/* A step of several residuals at once, further each time in a row. */
static void leap(accelerator *memory)
{
  int64_t *length = &memory->counters[LEAP];
  *length = *length == 0 ? 2 : *length < LONGEST_LEAP ? 2 * *length : LONGEST_LEAP;
  memory->counters[HAS_LEAPT] = 1;
  for (int64_t i = 0; i < memory->length; i++)
    history_point(memory)[i] = history_output(memory, 0)[i] + (double)(*length - 1) * history_residual(memory, 0)[i];
}

/* The point in hand becomes the method's combination, or that of a leap; false: neither is to be had. After a leap
 * comes a plain step, which brings down those parts of the residual that were fast to go and that a leap only
 * overshoots. */
static bool extrapolate(accelerator *memory)
{
  const acceleration_method *method = memory->method;
  if (memory->counters[HAS_LEAPT] != 0) {
    memory->counters[HAS_LEAPT] = 0;
    return false;
  }
  const bool is_convex = method->leaps && is_convex_along_last_move(memory);
  if (!is_convex && !combine(memory)) return false;
  if (is_convex || (method->leaps && !is_uphill(memory)))
    leap(memory);
  else
    memory->counters[LEAP] = 0;
  return true;
}

bool accelerator_propose(accelerator *memory, moments *proposed)
{
  if (memory->counters[N_REMEMBERED] == 0) return false;
  if (!extrapolate(memory)) {
    accelerator_take_plain_step(memory);
    return false;
  }
  memory->counters[IS_REFINED] = 0;
  memory->counters[BEGINS_ANEW] = memory->method->begins_anew;
  accelerator_moments(memory, history_point(memory), proposed);
  return true;
}

void accelerator_take_plain_step(accelerator *memory)
{
  if (memory->counters[N_REMEMBERED] == 0) return; /* then the point in hand is the only output there is */
  memcpy(history_point(memory), history_output(memory, 0), (size_t)memory->length * sizeof(double));
}

/* Leaps begin anew with a short one. */
static void forget_leaps(accelerator *memory)
{
  memory->counters[LEAP] = 0;
  memory->counters[HAS_LEAPT] = 0;
}

void accelerator_reject(accelerator *memory)
{
  forget_leaps(memory);
  accelerator_take_plain_step(memory);
}

void accelerator_step_back(accelerator *memory, moments *last_output)
{
  int64_t *counters = memory->counters;
  counters[N_REMEMBERED] = 1;
  counters[BEGINS_ANEW] = 0;
  forget_leaps(memory);
  if (counters[IS_REFINED] != 0) accelerator_distrust_refinement(memory);
  counters[IS_REFINED] = 0;
  counters[LONGEST_PAUSE] = counters[LONGEST_PAUSE] < MOST_PAUSE ? 2 * counters[LONGEST_PAUSE] + 1 : MOST_PAUSE;
  counters[PAUSE] = counters[LONGEST_PAUSE];
  accelerator_take_plain_step(memory);
  accelerator_moments(memory, history_point(memory), last_output);
}
