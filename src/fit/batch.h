/* SPDX-License-Identifier: BSD-3-Clause */
/* Starts that advance together: every pass over the points, or over a subsample of them, is made once for all of them,
 * and every level's points are drawn once. What becomes of each is what would become of it alone, to the last bit. */
#ifndef FIT_BATCH_H
#define FIT_BATCH_H

#include "em/levels.h"
#include "em/together.h"

typedef struct fit_batch {
  const fit_options *options;   /* what all starts have in common */
  model_list models;            /* the options of each place, n_places; a fit's are all the same */
  const fit_options **alike;    /* these, where the batch has made the list */
  const fit_observer *observer; /* not NULL; its members may be */
  fit_state *state;
  fit_timings *timings;
  level_plan plan;
  int64_t n_places;          /* starts that there is room for: models.n */
  em_iteration **ems;        /* n_places: on all points; the first one is the others' host */
  shard *coarse_points;      /* of coarse_level; NULL: none */
  int64_t coarse_level;      /* the one in use, or 1 while all points are */
  em_iteration **coarse_ems; /* n_places: the same on these; NULL: none */
  fit_timings aside;         /* of passes that prepare, or go over subsamples: only the whole counts */
  refinement **inner;        /* n_places; NULL: none */
  ascent *ascents;           /* n_places */
  ascents group;             /* those that were on their way last */
  bool stopped;              /* somebody wants to stop */
  /* Makes the starts of the climbers on the points of ems, all or those of the coarsest level; NULL: each is made by
   * itself, as a fit's are. */
  gmmpi_status (*find_starts)(struct fit_batch *batch, em_iteration **ems, gmmpi_error *error);
} fit_batch;

/* What a start takes while it advances, with one thread; INT64_MAX when it can't be counted. */
int64_t start_bytes(const fit_options *options, int64_t n_features);

/* Starts that advance together take no more bytes than so many. */
#define MOST_BYTES_TOGETHER (INT64_C(1) << 30)

/* How many of the starts that are asked for advance together; it depends on the options and the number of features
 * alone. */
int64_t starts_together(const fit_options *options, int64_t n_features);

/* Collective. Places for starts of these models (borrowed), with the first parts of which, an iteration on all points,
 * all else is made. Errors, agreed: 71. */
gmmpi_status batch_open_among(const shard *points, model_list models, fit_batch *batch, gmmpi_error *error);

/* The same for n_places starts of the batch's options. */
gmmpi_status batch_open(const shard *points, int64_t n_places, fit_batch *batch, gmmpi_error *error);
void batch_close(fit_batch *batch); /* one that is all zero is fine */

/* Collective. From where the state's climbers stand, or from nothing when `fresh`, to the end of each, unless somebody
 * wants to stop. Errors, agreed: those of fit_run. */
gmmpi_status batch_run(fit_batch *batch, bool fresh, gmmpi_error *error);

/* After batch_run: is the model that the climber has measured last at hand? Sets *position to it, whose model is the
 * climber's. */
bool batch_last_measured(const fit_batch *batch, int64_t index, fit_position *position);

#endif
