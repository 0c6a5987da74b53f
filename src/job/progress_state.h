/* SPDX-License-Identifier: BSD-3-Clause */
/* What is known of a job's progress: for the files of job/progress* only, but for its room. */
#ifndef JOB_PROGRESS_STATE_H
#define JOB_PROGRESS_STATE_H

#include "em/observer.h"
#include "job/pace.h"
#include "job/time_left.h"
#include "job/time_limit.h"
#include "support/activity.h"

/* The fits of a job: n_candidates models, n_init starts of each, and each without n_folds parts of the points. Of start
 * i the candidate is i % n_candidates. */
typedef struct progress_plan {
  bool is_selection;
  int64_t n_candidates, n_init, n_folds;
  int64_t max_iterations;
  double tolerance; /* of the mean objective's changes; 0: none */
} progress_plan;

enum { PROGRESS_NAME_BYTES = 160 };

typedef struct progress {
  bool is_open;
  int verbosity; /* -1 quiet, 0, 1 verbose */
  bool is_live;  /* one line on a terminal, else plain ones */
  bool unicode, colours;
  activity_listener listener;
  const time_limit *limit;
  pace pace;
  double began; /* on clock_now(), as all times */

  enum { SHOWS_ACTIVITY, SHOWS_PASSES, SHOWS_PARTS } shows;
  char doing[PROGRESS_NAME_BYTES], object[PROGRESS_NAME_BYTES]; /* what is done; ""; or of what there are parts */
  const char *unit;
  double share, n_in_all, n_done;
  double n_at_first; /* parts that were done before; -1: others have ended since */
  work_rate rate;    /* of rows, iterations or parts */
  double walk;       /* how far a walk over the points has come; NAN: there was none */
  char remark[80];   /* about parts */

  progress_plan plan;
  int64_t n_left;                       /* fits that have not ended */
  fit_pass last;                        /* the last one */
  decay changes;                        /* of its start, on its level */
  double prepared;                      /* when the answer to questions was last renewed */
  double answered;                      /* when somebody who had asked was last answered */
  double reading;                       /* seconds so far that went into the points, */
  double computing, waiting, allreduce; /* and in iterations into ...: see fit_timings */
} progress;

#endif
