/* SPDX-License-Identifier: BSD-3-Clause */
/* Moves from one optimum towards others, by splitting and merging components (starts/split_merge.h) with EM in between.
 */
#ifndef STARTS_MOVES_H
#define STARTS_MOVES_H

#include "starts/bench.h"
#include "starts/places.h"

typedef struct moves moves;

/* How a move is made. */
typedef struct move_recipe {
  uint64_t seed;
  int n_turns;          /* of the directions of splitting, towards the longest axes */
  int64_t n_iterations; /* of EM with the halves of all components */
  bool single;          /* one component is moved; else halves are merged until K are left */
  int64_t split_rank;   /* which one: where its halves gain most (rank 0), second most ... */
  int64_t merge_rank;   /* and which two are merged for it: those that lose least (rank 0) ... */
  bool places; /* instead of a split, a component is put at one of the places of starts/places.h, and two are merged
                  for it; split_rank says which place */
} move_recipe;

/* Collective over the points' communicator. For models of em's shape, from its points; em and the finder, NULL for
 * none, are borrowed. Errors, agreed: 71. */
gmmpi_status moves_create(em_iteration *em, place_finder *finder, moves **work, gmmpi_error *error);
void moves_destroy(moves *work); /* NULL is fine */
int64_t moves_bytes(const fit_options *options, int64_t n_features);

/* Collective like bench_improve, with the same errors: where the move from `from` leads, before EM with K components.
 */
gmmpi_status moves_make(moves *work, const move_recipe *recipe, const gmmpi_model *from, const fit_observer *observer,
                        gmmpi_model *to, gmmpi_error *error);

/* Rows that its E-steps have visited, in E-steps with K components. */
int64_t moves_row_visits(const moves *work);

#endif
