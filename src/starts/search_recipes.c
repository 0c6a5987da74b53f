/* SPDX-License-Identifier: BSD-3-Clause */
#include "starts/search_recipes.h"

#include "starts/growth.h"
#include "support/random.h"

#include <math.h>
#include <stdlib.h>

enum { MOST_STARTS = 200, LEAST_STARTS = 3, LEAST_STARTS_BESIDE = 2, MOST_GENERATIONS = 16, MOST_CHILDREN = 8 };

/* In every so-many-th generation of moves one more puts a component at a place where one is missing. */
enum { TURNS_OF_PLACEMENT = 3 };

/* What a search may cost: rows that E-steps visit, times the operations of a visit ... */
static const double most_operations = 9.6e9;
/* ... or, where that is more, in passes over all points. */
static const double most_passes = 1.5;
/* A start and a move cost about so many visits of each row, the rounds that follow included. */
static const double visits_per_start = 30.0;
static const double visits_per_move = 50.0;
static const double share_of_moves = 0.5;
/* Beside given starts moves do more than other starts: they have this many times their share. */
static const double times_moves_beside = 2.5;
/* In noise starts are worse and moves do more, one after the other rather than side by side: there is room for so many,
 * if it takes no more than so many times as long. */
enum { MOVES_IN_NOISE = 6, MOST_CHILDREN_IN_NOISE = 2 };
static const double most_longer_in_noise = 4.0;
/* Growing a start may cost this share more. */
static const double share_of_growth = 0.15;

search_plan search_plan_for(const fit_options *options, int64_t n_rows, int64_t n_samples, int64_t n_features)
{
  const double K = (double)options->n_components;
  const double d = (double)n_features;
  const bool dense = family_find(options->covariance)->storage->shape == DENSE;
  const double operations_of_visit = K * (20.0 + (dense ? d * (d + 3.0) : 4.0 * d));
  const double visits = fmax(most_operations / operations_of_visit, most_passes * (double)n_samples);
  const double passes = visits / (double)n_rows;
  const double room_for_starts = passes * (1.0 - share_of_moves) / visits_per_start;
  double room_for_moves = passes * share_of_moves / visits_per_move;
  if (options->noise && room_for_moves < MOVES_IN_NOISE)
    room_for_moves = fmin(MOVES_IN_NOISE, most_longer_in_noise * room_for_moves);
  search_plan plan = {.n_starts = (int64_t)fmin(room_for_starts, MOST_STARTS)};
  plan.grows = growth_visits(family_find(options->covariance)->storage->shape, n_rows, n_features,
                             options->n_components) <= share_of_growth * passes;
  /* Without subsamples a search among large data would cost more than it is worth. */
  if (plan.n_starts < LEAST_STARTS) plan.n_starts = n_rows < n_samples || room_for_starts >= 1.0 ? LEAST_STARTS : 1;
  if (plan.n_starts == 1 || 2.0 * K * (d + 1.0) > (double)n_rows || room_for_moves < 1.0) return plan;
  plan.n_children = (int64_t)fmin(room_for_moves, options->noise ? MOST_CHILDREN_IN_NOISE : MOST_CHILDREN);
  plan.n_generations = (int64_t)fmin(room_for_moves / (double)plan.n_children, MOST_GENERATIONS);
  return plan;
}

search_plan search_plan_beside(const search_plan *whole, int64_t n_given, double share)
{
  search_plan plan = *whole;
  if (whole->n_starts == 1) return plan; /* there is no search */
  plan.n_given = n_given;
  plan.grows = whole->grows && n_given == 0;
  plan.n_starts = (int64_t)ceil(share * (double)whole->n_starts);
  if (plan.n_starts < LEAST_STARTS_BESIDE) plan.n_starts = LEAST_STARTS_BESIDE;
  const int64_t n_moves =
      (int64_t)ceil(times_moves_beside * share * (double)(whole->n_generations * whole->n_children));
  if (plan.n_children > n_moves) plan.n_children = n_moves;
  plan.n_generations = plan.n_children > 0 ? (n_moves + plan.n_children - 1) / plan.n_children : 0;
  return plan;
}

/* The kinds of starts in turn. Coordinates are whitened where there are such, else standardised. */
static const struct {
  start_method init;
  seeding_method seeding; /* with INIT_KMEANS */
  enum { RAW, STANDARDISED, WHITENED } coordinates;
} kinds_of_starts[] = {
    {INIT_KMEANS, SEED_GREEDILY_LLOYD, STANDARDISED},
    {INIT_KMEANS, SEED_GREEDILY, RAW},
    {INIT_KMEANS, SEED_GREEDILY_LLOYD, WHITENED},
    {INIT_KMEANS, SEED_GREEDILY_LLOYD, RAW},
    {INIT_KMEANS, SEED_PLUS_PLUS, WHITENED},
    {INIT_RANDOM_FROM_DATA, 0, RAW},
    {INIT_RANDOM, 0, RAW},
    {INIT_KMEANS, SEED_PARALLEL, STANDARDISED},
    {INIT_KMEANS, SEED_PLUS_PLUS, RAW},
};
enum { N_KINDS_OF_STARTS = sizeof kinds_of_starts / sizeof kinds_of_starts[0] };

start_recipe search_recipe(int64_t index, uint64_t seed, const shard *whitened)
{
  const int64_t kind = index % N_KINDS_OF_STARTS;
  const bool wants_whitened = kinds_of_starts[kind].coordinates == WHITENED;
  return (start_recipe){
      .init = kinds_of_starts[kind].init,
      .seed = seed,
      .seeding = kinds_of_starts[kind].seeding,
      .coordinates = wants_whitened ? whitened : NULL,
      .standardised = kinds_of_starts[kind].coordinates == STANDARDISED || (wants_whitened && whitened == NULL),
  };
}

/* A rank that is 0 about every second time, and rarely large. */
static int64_t draw_rank(uint64_t seed, uint64_t draw)
{
  return (int64_t)(1.5 * random_exponential(seed, RANDOM_SPLIT, UINT64_MAX, draw));
}

int64_t search_n_starts(const search_plan *plan)
{
  return plan->n_starts + (plan->grows ? 1 : 0) + plan->n_given;
}

int64_t search_n_moves(const search_plan *plan, int64_t generation)
{
  return plan->n_children + (generation % TURNS_OF_PLACEMENT == 0 ? 1 : 0);
}

int64_t search_n_placements(int64_t generation)
{
  return (generation + TURNS_OF_PLACEMENT - 1) / TURNS_OF_PLACEMENT;
}

move_recipe search_placement(int64_t number, uint64_t seed)
{
  /* The place, and the pair that is merged for it: the most promising ones first. */
  static const int8_t ranks[][2] = {{0, 0}, {0, 1}, {1, 0}, {0, 2}, {2, 0}, {1, 1}, {3, 0}, {4, 0}};
  const int8_t *chosen = ranks[number % (int64_t)(sizeof ranks / sizeof ranks[0])];
  return (move_recipe){.seed = seed, .places = true, .split_rank = chosen[0], .merge_rank = chosen[1]};
}

move_recipe search_move(int64_t number, uint64_t seed, int64_t n_best, bool has_noise, int64_t *parent)
{
  *parent = number % n_best;
  const int64_t turn = number / n_best + *parent; /* so that each of the best ones sees all kinds of moves */
  const bool single = turn % 2 == 1;
  const bool obvious = has_noise && turn % 4 == 1;
  return (move_recipe){.seed = seed,
                       .n_turns = turn / 2 % 2 == 0 ? 8 : 1,
                       .n_iterations = single ? 8 : 25,
                       .single = single,
                       .split_rank = obvious ? 0 : draw_rank(seed, 0),
                       .merge_rank = obvious ? 0 : draw_rank(seed, 1)};
}
