/* SPDX-License-Identifier: BSD-3-Clause */
/* When something is to be said again. Time is the caller's: any clock in seconds. */
#ifndef JOB_PACE_H
#define JOB_PACE_H

#include <stdbool.h>

typedef struct pace {
  double next; /* not before */
  double gap;  /* to the one after it */
  double growth;
  double most; /* the longest gap */
} pace;

/* A line that is read by eye: after half a second, then ten in a second. */
pace pace_live(double now);

/* Lines that stay, in log files of days: after 1 s, then 2, 4, ... and at last 60 s after the one before. */
pace pace_plain(double now);

/* Is it time? Then the next time is later. */
bool pace_is_due(pace *self, double now);

#endif
