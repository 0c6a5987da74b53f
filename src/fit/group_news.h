/* SPDX-License-Identifier: BSD-3-Clause */
/* What ranks that fit groups, each its own, tell each other meanwhile: how far they are, and that somebody wants to
 * stop. No rank waits for another one before it has no more to do.
 *
 * Everything goes by rank 0:
 *
 *   others -> 0   PROGRESS (how many groups it has done), STOP, FINISHED, GONE
 *   0 -> others   STOP, BYE (all have finished)
 *
 * A rank that has finished waits for BYE, may say STOP meanwhile, and answers with GONE, its last word; rank 0 sends
 * BYE when all have finished, and has heard everything when all are gone. */
#ifndef FIT_GROUP_NEWS_H
#define FIT_GROUP_NEWS_H

#include <mpi.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct group_news {
  MPI_Comm comm; /* a copy of its own */
  int rank, n_ranks;
  bool stops;                                  /* somebody wants to stop */
  bool has_told;                               /* of that: rank 0 all others, the others rank 0 */
  bool is_over;                                /* BYE has come */
  double last;                                 /* when messages were looked for */
  double last_told;                            /* when this rank said how far it is */
  int64_t *done;                               /* rank 0: n_ranks */
  int n_finished, n_gone;                      /* rank 0 */
  bool (*wants_stop)(void *context);           /* asked again and again on every rank */
  void (*tell)(void *context, int64_t n_done); /* rank 0: again and again, groups of all ranks */
  void *context;
} group_news;

/* Collective. False on a rank without memory, which must not go on. */
bool group_news_open(MPI_Comm comm, group_news *news);

/* n_done: groups that this rank has done. Is it to stop? Costs little: messages are looked for now and then. */
bool group_news_exchange(group_news *news, int64_t n_done);

/* When this rank has done what it does: waits for the others. Collective. */
void group_news_close(group_news *news, int64_t n_done);

/* Collective, instead of that: the ranks did not begin. */
void group_news_abandon(group_news *news);

#endif
