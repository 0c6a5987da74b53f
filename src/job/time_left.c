/* SPDX-License-Identifier: BSD-3-Clause */
#include "job/time_left.h"

#include <math.h>

/* --- rates --- */

static const double span_of_rate = 10.0;
static const double least_span = 0.5;

work_rate rate_begin(double now, double done)
{
  return (work_rate){.times = {now, now}, .done = {done, done}, .last_time = now, .last_done = done};
}

void rate_note(work_rate *self, double now, double done)
{
  self->last_time = now;
  self->last_done = done;
  if (now - self->times[1] < span_of_rate) return;
  self->times[0] = self->times[1];
  self->done[0] = self->done[1];
  self->times[1] = now;
  self->done[1] = done;
}

double rate_per_second(const work_rate *self)
{
  const double span = self->last_time - self->times[0];
  return span >= least_span ? (self->last_done - self->done[0]) / span : NAN;
}

double rate_seconds_left(const work_rate *self, double all)
{
  const double rate = rate_per_second(self);
  return rate > 0.0 && all >= self->last_done ? (all - self->last_done) / rate : NAN;
}

/* --- the decay of changes --- */

decay decay_begin(void)
{
  return (decay){.n = 0};
}

/* A change of nothing says nothing of a factor: what was seen before it does not count. */
void decay_note(decay *self, double change)
{
  const double size = fabs(change);
  if (!(size > 0.0) || isinf(size)) {
    self->n = 0;
    return;
  }
  self->logs[self->n++ % DECAY_MEMORY] = log(size);
  self->largest = fmax(self->largest, size);
}

/* The slope of the line through the last n logarithms (least squares). */
static double slope_of_last(const decay *self, int n)
{
  const double middle = 0.5 * (n - 1);
  double products = 0.0;
  double squares = 0.0;
  for (int i = 0; i < n; i++) {
    products += (i - middle) * self->logs[(self->n - n + i) % DECAY_MEMORY];
    squares += (i - middle) * (i - middle);
  }
  return products / squares;
}

double decay_iterations_left(const decay *self, double tolerance)
{
  enum { LEAST = 10 };
  static const double slowest = 1e-4; /* in an iteration: changes that fall by less may as well stand */
  const int n = self->n < DECAY_MEMORY ? self->n : DECAY_MEMORY;
  if (n < LEAST || !(tolerance > 0.0)) return NAN;
  const double all = -slope_of_last(self, n);
  const double late = -slope_of_last(self, n / 2);
  if (!(all > slowest && late > slowest) || all > 2.0 * late || late > 2.0 * all) return NAN;
  const double above = self->logs[(self->n - 1) % DECAY_MEMORY] - log(tolerance);
  return fmax(above, 0.0) / fmin(all, late);
}

double decay_share(const decay *self, double tolerance)
{
  if (self->n == 0 || !(tolerance > 0.0) || !(self->largest > tolerance)) return NAN;
  const int n = self->n < DECAY_MEMORY ? self->n : DECAY_MEMORY;
  const double top = log(self->largest);
  double now = self->logs[0];
  for (int i = 1; i < n; i++) now = fmax(now, self->logs[i]);
  return fmin(fmax((top - now) / (top - log(tolerance)), 0.0), 1.0);
}
