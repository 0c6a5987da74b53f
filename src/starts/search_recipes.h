/* SPDX-License-Identifier: BSD-3-Clause */
/* What a search tries: how many starts, how each of them is made, how many moves from the best of them, and how these
 * are made. All of it depends on the sizes of the problem alone.
 *
 * To add a kind of start: a line in kinds_of_starts (search_recipes.c); what is not made of a start_method and a
 * seeding that are there needs these first (starts/initialize.h; a seeding is a function in seeding.c and a case in
 * choose_centres). To add a kind of move: a member of move_recipe, what split_merge.c or moves.c does about it, and the
 * number that gets it in search_move. Either changes what fits find: scripts/compare_optima.py and compare_hard.py say
 * whether for the better. */
#ifndef STARTS_SEARCH_RECIPES_H
#define STARTS_SEARCH_RECIPES_H

#include "starts/initialize.h"
#include "starts/moves.h"

typedef struct search_plan {
  int64_t n_starts;
  int64_t n_generations; /* of moves by splitting and merging, from the best models so far */
  int64_t n_children;    /* moves in a generation */
  bool grows;            /* there is one start more, which grows from one component (starts/growth.h) */
  int64_t n_given;       /* and so many that were made elsewhere */
} search_plan;

/* For a search among n_rows of n_samples points. */
search_plan search_plan_for(const fit_options *options, int64_t n_rows, int64_t n_samples, int64_t n_features);

/* The same beside n_given starts that were made elsewhere, of which one grew: with this share of the cost. */
search_plan search_plan_beside(const search_plan *whole, int64_t n_given, double share);

/* The index-th start. whitened: the points where their covariance is the identity, or NULL. */
start_recipe search_recipe(int64_t index, uint64_t seed, const shard *whitened);

/* How many candidates there are: starts, and moves in a generation. */
int64_t search_n_starts(const search_plan *plan);
int64_t search_n_moves(const search_plan *plan, int64_t generation);
int64_t search_n_placements(int64_t generation); /* before this generation */

/* The number-th move by splitting, counted over all generations, made with this seed; and from which of the n_best
 * models. has_noise: every other single move is the most promising one, a component that lies among noise giving way to
 * a half of one that covers two clusters. */
move_recipe search_move(int64_t number, uint64_t seed, int64_t n_best, bool has_noise, int64_t *parent);

/* The number-th move that puts a component elsewhere, from the best model. */
move_recipe search_placement(int64_t number, uint64_t seed);

#endif
