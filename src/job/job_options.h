/* SPDX-License-Identifier: BSD-3-Clause */
/* What a job is asked to do, and what it fits to what. */
#ifndef JOB_JOB_OPTIONS_H
#define JOB_JOB_OPTIONS_H

#include "em/state.h"
#include "job/progress_state.h"
#include "sources/source.h"

#include <jansson.h>

/* Strings are borrowed and must outlive the job. */
typedef struct job_options {
  const char *output_path;     /* the model: names the job in messages */
  const char *checkpoint_path; /* NULL: none */
  int64_t checkpoint_every;    /* iterations, 0: off */
  double checkpoint_seconds;   /* INFINITY: off */
  double time_limit;           /* seconds since the program began; INFINITY: none; 0: see job_begin */
  double stall_seconds;        /* of waiting for the other ranks, 0: for ever */
  const char *restart;         /* NULL, "auto" or a file */
  const char *log_path;        /* NULL: none */
  int verbosity;               /* -1 quiet, 0, 1 verbose */
  int64_t n_init;
  const char *accelerate;  /* the method of fit_state_create */
  json_t *numeric_options; /* borrowed: an object, see checkpoint_identity */
} job_options;

/* What is fitted to what. */
typedef struct job_subject {
  state_plan plan; /* of its states; the shapes are borrowed while the job is created */
  int64_t n_samples;
  uint64_t fingerprint; /* of the points */
  point_source *source; /* of the points, borrowed; NULL: nobody is told of doubtful values */
  double seconds_read;  /* what reading them took */
  progress_plan fits;   /* of the points */
  progress *progress;   /* borrowed: opened on rank 0; NULL: nobody is told */
} job_subject;

#endif
