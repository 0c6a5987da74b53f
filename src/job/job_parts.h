/* SPDX-License-Identifier: BSD-3-Clause */
/* What a job consists of: for the files of job/job* only. */
#ifndef JOB_JOB_PARTS_H
#define JOB_JOB_PARTS_H

#include "em/observer.h"
#include "job/job_options.h"
#include "job/journal.h"
#include "job/progress.h"
#include "job/saver.h"
#include "job/time_limit.h"
#include "job/watchdog.h"

typedef struct job {
  MPI_Comm comm;
  int rank;
  job_options options;
  fit_state *resume;
  fit_observer observer;
  point_source *source; /* of the points: for the names of columns and rows */
  int64_t last_pass;    /* iteration of the last model that was measured, -1: none yet */
  watchdog *watchdog;   /* NULL: wait for ever */

  /* Rank 0 only. */
  time_limit limit;
  double n_samples;
  double n_in_pass;   /* points of the pass whose next model is being made */
  double asked_at;    /* clock_now() when the loop last wanted to know whether to stop */
  progress *progress; /* borrowed; NULL: none */
  saver *saver;       /* NULL: no checkpoints */
  journal *journal;   /* NULL: no log */
} job;

#endif
