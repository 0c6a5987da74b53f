/* SPDX-License-Identifier: BSD-3-Clause */
/* How long it will still take, from what was seen so far. NAN stands for "nobody knows": better than a number that is
 * made up. Time is the caller's: any clock in seconds. */
#ifndef JOB_TIME_LEFT_H
#define JOB_TIME_LEFT_H

/* How fast something goes: over the last ten to twenty seconds, or since it began. */
typedef struct work_rate {
  double times[2], done[2]; /* the beginning of the span, and where the next one will begin */
  double last_time, last_done;
} work_rate;

work_rate rate_begin(double now, double done);
void rate_note(work_rate *self, double now, double done);

/* A second's; NAN before half a second has been seen. */
double rate_per_second(const work_rate *self);

/* Seconds until `all` is done. */
double rate_seconds_left(const work_rate *self, double all);

/* The changes of the objective from iteration to iteration. Near an optimum EM converges linearly (Dempster, Laird,
 * Rubin 1977, section 3): changes fall by about the same factor each time. */
enum { DECAY_MEMORY = 20 };
typedef struct decay {
  double logs[DECAY_MEMORY]; /* of the last changes' sizes, a ring */
  int n;
  double largest; /* of all */
} decay;

decay decay_begin(void);
void decay_note(decay *self, double change);

/* Iterations until a change is below tolerance: NAN unless the last ten or more fall steadily, so that the later half
 * of them and all of them say the same within a factor of two. */
double decay_iterations_left(const decay *self, double tolerance);

/* How far changes have come from the largest one down to the tolerance, on a scale of logarithms, 0 to 1: the largest
 * of the last ones, since accelerated iterations go up and down. NAN: there are none, or no tolerance. */
double decay_share(const decay *self, double tolerance);

#endif
