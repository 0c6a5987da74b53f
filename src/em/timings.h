/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the time of a fit goes. */
#ifndef EM_TIMINGS_H
#define EM_TIMINGS_H

#include <stdint.h>

/* Seconds of wall time. */
typedef struct fit_timings {
  double init;      /* preparations and the search for a start */
  double coarse;    /* iterations on subsamples, and drawing these */
  double e_step;    /* a mean over the ranks */
  double waiting;   /* for the rank that has most to do: a mean over the ranks (passes/load.h) */
  double allreduce; /* without this waiting */
  double m_step;
  double loop;           /* all iterations over all points, but for what is counted as coarse */
  int64_t n_loop_passes; /* passes over all points in the loop of this process */
} fit_timings;

#endif
