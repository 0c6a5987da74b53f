/* SPDX-License-Identifier: BSD-3-Clause */
/* What is being done now, for whoever wants to show it: all rooms may tell, none of them knows who listens.
 *
 * A listener is of the thread that sets it: what helper threads do is not heard, nor what other threads do with the
 * library. Where nobody listens telling costs the look at one pointer. */
#ifndef SUPPORT_ACTIVITY_H
#define SUPPORT_ACTIVITY_H

#include <stdbool.h>
#include <stdint.h>

typedef struct activity {
  const char *doing;  /* "reading", "looking for a start" */
  const char *object; /* what is read: "points.csv"; NULL: nothing that has a name */
  double share;       /* done, 0 to 1; NAN: not known, or as before */
  int64_t n;          /* how much there is in all, over all ranks, of ... */
  const char *unit;   /* "rows", "bytes": which all take about as long; NULL: steps of any length */
} activity;

typedef struct activity_listener {
  void *context;
  void (*hear)(void *context, const activity *now);
  void (*hear_walk)(void *context, double share); /* see activity_tell_walk */
} activity_listener;

/* The listener of this thread from now on; borrowed, NULL: nobody. */
void activity_listen(const activity_listener *listener);

/* To be told again and again. Texts are borrowed for the call. */
void activity_tell(const activity *now);

/* Steps: n_done of n_in_all; 0 of 0: as far as before. */
void activity_tell_steps(const char *doing, int64_t n_done, int64_t n_in_all);

/* Steps of this thread are from now on those of the i-th of n equal parts; 0 of 1 at the end. */
void activity_set_part(int64_t i, int64_t n);

/* A walk over this rank's points, in whatever is being done, has come so far. */
void activity_tell_walk(int64_t n_done, int64_t n_in_all);

#endif
