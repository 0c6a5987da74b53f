/* SPDX-License-Identifier: BSD-3-Clause */
/* What rank 0 says on standard error while the loop runs, and when it is asked (SIGUSR2).
 *
 * On a terminal one live line, rewritten at most ten times a second; elsewhere plain lines: the first pass, then one
 * every ten seconds at most; when verbose a line for each pass; when quiet none. A line says where the fit stands, how
 * many points it sees in a second, how long the job has been running and may still run, and the shares of the time that
 * went into reading the points and, in iterations, into computing, the Allreduce, and waiting for the rank that has
 * most to do. The imbalance is that rank's computing time over the mean. */
#ifndef JOB_PROGRESS_H
#define JOB_PROGRESS_H

#include "em/observer.h"
#include "job/time_limit.h"

typedef struct progress {
  int verbosity;    /* -1 quiet, 0, 1 verbose */
  int64_t n_starts; /* with more than one the lines say which */
  int64_t n_left;   /* of a selection's, that have not ended; 0: not known, or not said */
  const time_limit *limit;
  bool terminal;
  bool live;       /* a live line is on the screen */
  bool spoken;     /* something was said already */
  double began;    /* on clock_now() */
  double last;     /* when the last line was written */
  double prepared; /* when the answer to questions was last renewed */
  double answered; /* when somebody who had asked was last answered */

  /* Seconds so far: */
  double reading;                       /* the points */
  double computing, waiting, allreduce; /* of the iterations, see fit_timings */
} progress;

/* limit is borrowed, NULL for none. seconds_read: what was spent on reading the points. */
progress progress_begin(int verbosity, int64_t n_starts, const time_limit *limit, double seconds_read);

void progress_pass(progress *reporter, const fit_pass *pass);

/* Of a selection, how many of all starts and folds have not ended. */
void progress_state(progress *reporter, const fit_state *state);

/* How far rows are, 0 to 1, of n_rows. Elsewhere than on a terminal the first line comes after ten seconds. */
void progress_rows(progress *reporter, double share, int64_t n_rows);

/* How many of all groups are done, likewise. */
void progress_groups(progress *reporter, int64_t n_done, int64_t n_groups);

/* A line of its own, unless quiet. */
void progress_note(progress *reporter, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Takes the live line away, to be called before anything else is printed. */
void progress_clear(progress *reporter);

#endif
