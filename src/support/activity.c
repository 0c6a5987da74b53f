/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/activity.h"

#include <math.h>
#include <stddef.h>

static _Thread_local const activity_listener *mine;
static _Thread_local int64_t part;
static _Thread_local int64_t n_parts = 1;

void activity_listen(const activity_listener *listener)
{
  mine = listener;
}

void activity_set_part(int64_t i, int64_t n)
{
  part = i;
  n_parts = n;
}

void activity_tell(const activity *now)
{
  if (mine != NULL) mine->hear(mine->context, now);
}

void activity_tell_steps(const char *doing, int64_t n_done, int64_t n_in_all)
{
  const double of_part = n_in_all > 0 ? (double)n_done / (double)n_in_all : NAN;
  const double share = ((double)part + of_part) / (double)n_parts;
  if (mine != NULL) mine->hear(mine->context, &(activity){.doing = doing, .share = share});
}

void activity_tell_walk(int64_t n_done, int64_t n_in_all)
{
  if (mine != NULL && n_in_all > 0) mine->hear_walk(mine->context, (double)n_done / (double)n_in_all);
}
