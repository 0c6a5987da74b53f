/* SPDX-License-Identifier: BSD-3-Clause */
/* What a command or a fit needs in memory against what there is: are points held or streamed? */
#ifndef FIT_MEMORY_PLAN_H
#define FIT_MEMORY_PLAN_H

#include "fit/fit.h"
#include "points/shard.h"

/* What is needed on a rank, in bytes. */
typedef struct memory_need {
  int64_t rest;             /* all but points */
  int64_t points;           /* all points of a rank */
  int64_t bounds;           /* what passes leave for the next ones (passes/near.h), where there is room; 0: nothing */
  int64_t least;            /* the fewest for points that are streamed */
  int64_t subsamples;       /* subsamples of the points; 0: there are none */
  int64_t least_subsamples; /* the fewest for those that are streamed */
  int64_t reserved;         /* address space that is set aside but hardly used */
  const char *advice;       /* what to do when there is too little */
} memory_need;

/* Collective. May a rank hold its points, and bounds beside them? Else, if they can be streamed, how says with how much
 * memory. limit: of --memory-limit, in bytes; 0: none. Rank 0 says that it streams, or holds no bounds, unless quiet.
 * Errors, agreed: 71. */
gmmpi_status memory_plan(MPI_Comm comm, const point_source *source, const memory_need *need, int64_t limit, bool quiet,
                         shard_options *how, gmmpi_error *error);

/* Collective. The same for a fit, to which the caller adds `rest` bytes of its own. Errors, agreed: 71. */
gmmpi_status memory_plan_fit(MPI_Comm comm, const point_source *source, const fit_memory *memory, int64_t rest,
                             int64_t limit, bool quiet, shard_options *how, gmmpi_error *error);

/* Collective. Is there room for `needed` bytes on this rank? `what` is for the message. Errors, agreed: 71. */
gmmpi_status memory_check(MPI_Comm comm, int64_t needed, const char *what, gmmpi_error *error);

#endif
