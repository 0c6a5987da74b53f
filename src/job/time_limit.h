/* SPDX-License-Identifier: BSD-3-Clause */
/* The end of a job's time: how it is written, and when to stop so that a checkpoint is on the disk by then.
 *
 * A job is asked before each Allreduce whether it stops after this iteration. If it goes on, it is asked again one
 * iteration later; then the Allreduce, the M-step and the checkpoint follow. So the margin is
 *
 *   reserve + 3/2 (iteration + rest of an iteration after the question + checkpoint)
 *
 * with the slowest of the last few iterations, in proportion to the points that they saw, the slowest checkpoint, and a
 * reserve of a twentieth of the time, at most five seconds. */
#ifndef JOB_TIME_LIMIT_H
#define JOB_TIME_LIMIT_H

#include <stdbool.h>

/* "90" (seconds), "90s", "90m", "4h", "2d", decimals allowed; "MM:SS", "HH:MM:SS", "D-HH", "D-HH:MM", "D-HH:MM:SS" as
 * SLURM writes them; "none" and "UNLIMITED" are INFINITY. False when text is none of these or no time at all. */
bool time_limit_parse(const char *text, double *seconds);

/* Seconds from now until the UNIX time in text (SLURM_JOB_END_TIME); INFINITY when it is NULL or no such time. */
double time_limit_until(const char *text);

enum { TIME_LIMIT_MEMORY = 8 };

typedef struct time_limit {
  double end; /* clock_now() then; INFINITY: never */
  double reserve;
  double iterations[TIME_LIMIT_MEMORY]; /* seconds per point, the last ones */
  double rests[TIME_LIMIT_MEMORY];      /* from the question to the next model, likewise */
  int n_iterations, n_rests;            /* so far */
  double checkpoint;                    /* seconds of the slowest */
} time_limit;

/* `seconds` are left. */
time_limit time_limit_begin(double seconds);

/* What an iteration over so many points took, from pass to pass, and its rest. */
void time_limit_note_iteration(time_limit *limit, double seconds, double n_points);
void time_limit_note_rest(time_limit *limit, double seconds, double n_points);

/* The seconds before the end at which a job that sees n_points in an iteration must be asked no more. */
double time_limit_margin(const time_limit *limit, double n_points);

/* Seconds left until the end; INFINITY without one. */
double time_limit_left(const time_limit *limit);

#endif
