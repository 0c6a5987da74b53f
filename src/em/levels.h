/* SPDX-License-Identifier: BSD-3-Clause */
/* Levels: nested random subsamples of the points, each held or streamed like the points themselves.
 *
 * Level 0 is all points. Level l keeps a row when the first s_l bits of a hash of seed and row are all zero, so about
 * one in 2^s_l rows, those of a coarser level among those of a finer one, whoever owns them. How many levels there are
 * and how fine they are depends on the sizes of the problem alone. */
#ifndef EM_LEVELS_H
#define EM_LEVELS_H

#include "em/options.h"
#include "mixture/family.h"
#include "points/shard.h"

enum { MOST_LEVELS = 16 };

/* Which rows a level keeps. */
typedef struct level_rows {
  int halvings; /* s_l of level l; 0 for level 0 */
  uint64_t key; /* of the hash, when the level has been drawn */
} level_rows;

typedef struct level_plan {
  int64_t n_levels; /* subsamples; 0: none */
  level_rows rows[MOST_LEVELS + 1];
} level_plan;

level_plan levels_plan(const fit_options *options, int64_t n_samples, int64_t n_features);

/* Collective. The points of level 1 or a coarser one; the plan must outlive them. Errors, agreed: those of
 * shard_subsample. */
gmmpi_status level_draw(const shard *all, level_plan *plan, int64_t level, uint64_t seed, shard **points,
                        gmmpi_error *error);

/* To compare starts, iterations on n_samples points need not go on when the mean log-likelihood changes by less than
 * this: what is left to gain is small against what the model loses anyway for being fitted to a sample. */
double level_tolerance(const fit_options *options, int64_t n_samples, int64_t n_features);

/* The same before a finer level: where components overlap, hundreds of changes as small as that still add up to more
 * than the loss, and all that is not done here is to be done on more points. */
double level_last_tolerance(const fit_options *options, int64_t n_samples, int64_t n_features);

#endif
