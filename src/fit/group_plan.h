/* SPDX-License-Identifier: BSD-3-Clause */
/* What is to be done with groups of points (fit/groups.h). */
#ifndef FIT_GROUP_PLAN_H
#define FIT_GROUP_PLAN_H

#include "fit/fit.h"
#include "fit/group_checkpoint.h"

/* Which number of components is best: lower is better. NULL where there is no choice. */
typedef double group_criterion(double log_likelihood, double sum_log_max_responsibility, int64_t n_parameters,
                               double n);

typedef struct groups_plan {
  const fit_options *options; /* of each group, n_components: the most */
  int64_t least_components;   /* n_components, or with a criterion the fewest */
  group_criterion *criterion;
  bool normalises_weights; /* in each group, to sum to the number of its rows */
  shard_options how;       /* how rows are held: as in the points that the rows are of */
  int64_t n_features;
  int64_t n_groups;

  group_checkpoint *checkpoint; /* NULL: none */
  group_checkpoint *loaded;     /* where groups that are done already are; NULL: nowhere; may be checkpoint */
  int64_t checkpoint_every;     /* groups of a rank, 0: off */
  double checkpoint_seconds;    /* INFINITY: off */

  bool (*wants_stop)(void *context);
  void (*tell)(void *context, int64_t n_done); /* rank 0: groups done of all, now and then */
  void *context;
} groups_plan;

#endif
