/* SPDX-License-Identifier: BSD-3-Clause */
/* How large a search for a start is: of candidates, and of memory. All of it depends on the sizes of the problem alone.
 */
#ifndef STARTS_SEARCH_SIZE_H
#define STARTS_SEARCH_SIZE_H

#include "starts/search_recipes.h"

/* Of the candidates of a round one in KEPT_OF is left, but at least MOST_BEST; so many different models are found. */
enum { KEPT_OF = 4, MOST_BEST = 3, MOST_FINDINGS = 3 };

/* Do these options ask for a search? */
bool search_is_wanted(const fit_options *options);

/* The bytes of a search among n_rows points of n_samples on one rank, beside them, and beside a copy of a large number
 * of points, which is made where there is room for it; INT64_MAX when they can't be counted. */
int64_t search_bytes(const fit_options *options, int64_t n_rows, int64_t n_samples, int64_t n_features);
bool search_makes_large_copy(const fit_options *options, int64_t n_rows, int64_t n_features);

/* Are the points so few that every rank gets all of them, so that ranks need not talk for each pass? */
bool search_gathers(const shard *points);

/* The candidates of a round, at most; how many of n candidates a round leaves, and how many lists must hold. */
int64_t search_most_candidates(const search_plan *plan);
int64_t search_kept_of(int64_t n_candidates);
int64_t search_n_kept(const search_plan *plan);

#endif
