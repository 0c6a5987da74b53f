/* SPDX-License-Identifier: BSD-3-Clause */
/* The start of an EM: parameters from k-means, from random points or responsibilities, from given labels or a given
 * model.
 *
 * To add one:
 *   - a start_method in em/options.h, before INIT_MODEL, and its word and help text in fit/options.c;
 *   - a function in initialize.c, and the place in initialize_by that calls it; it sets the model's parameters, or
 *     gives a rule (passes/expectation.h) for a first M-step;
 *   - a purpose in support/random.h for what it draws.
 * It is made from all points, unless starts_on_all_points (fit/batch.c) lets it be made on the coarsest subsample. For
 * users: docs/fit.md. A start that the search tries, too: starts/search_recipes.h. */
#ifndef STARTS_INITIALIZE_H
#define STARTS_INITIALIZE_H

#include "em/iteration.h"

/* How the centres of k-means are chosen and improved. */
typedef enum seeding_method {
  SEED_PARALLEL,       /* k-means||, then Lloyd's iterations */
  SEED_GREEDILY,       /* greedy k-means++ */
  SEED_GREEDILY_LLOYD, /* and then Lloyd's iterations */
  SEED_PLUS_PLUS       /* k-means++ */
} seeding_method;

/* The background's share of the points where a start does not say it. */
#define START_NOISE 0.25

/* How a start is made. */
typedef struct start_recipe {
  start_method init;
  uint64_t seed;
  seeding_method seeding;   /* for k-means */
  const shard *coordinates; /* for k-means: the rows of the points in other coordinates; NULL: the points themselves */
  bool standardised;        /* for k-means: distances in units of the features' standard deviations */
} start_recipe;

/* Collective. Sets climb->current.model (with its factors) by the recipe, for the points of em; the content of
 * climb->other is lost. Events of an initial M-step go to those of the climber. Errors, agreed: 65 (labels that are not
 * n_components distinct values), 71, 75 when a rank wants to stop. */
gmmpi_status initialize_by(em_iteration *em, const start_recipe *recipe, climber *climb, const fit_observer *observer,
                           gmmpi_error *error);

/* Collective. The first M-step is from the responsibilities that another model of as many components and of the same
 * parts has, of whatever family, for whose passes the team of em has room, too. Errors as above. */
gmmpi_status initialize_from_responsibilities(em_iteration *em, const gmmpi_model *other, climber *climb,
                                              const fit_observer *observer, gmmpi_error *error);

/* The same for the start-th start (from 0) by the options. */
gmmpi_status initialize(em_iteration *em, int64_t start, climber *climb, const fit_observer *observer,
                        gmmpi_error *error);

#endif
