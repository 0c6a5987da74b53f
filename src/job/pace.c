/* SPDX-License-Identifier: BSD-3-Clause */
#include "job/pace.h"

#include <math.h>

pace pace_live(double now)
{
  return (pace){.next = now + 0.5, .gap = 0.1, .growth = 1.0, .most = 0.1};
}

pace pace_plain(double now)
{
  return (pace){.next = now + 1.0, .gap = 2.0, .growth = 2.0, .most = 60.0};
}

bool pace_is_due(pace *self, double now)
{
  if (now < self->next) return false;
  self->next = now + self->gap;
  self->gap = fmin(self->gap * self->growth, self->most);
  return true;
}
