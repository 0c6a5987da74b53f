/* Rows that stand for all others: those that fit a mixture worst, and some of each component's. */
#ifndef PASSES_REPRESENTATIVES_H
#define PASSES_REPRESENTATIVES_H

#include "passes/rows.h"

/* Collective. rows: first the n_worst rows of the smallest log density, then, component by component, n_each rows drawn
 * among those that belong to it (whose responsibility is the largest), by a hash of seed and row; where there are
 * fewer, -1. rows: n_worst + K n_each. The team's workspaces must fit the form. Errors, agreed: 71, and those of
 * shard_agree. */
gmmpi_status find_representatives(const shard *points, const density_form *form, pass_team *team, uint64_t seed,
                                  int64_t n_worst, int64_t n_each, int64_t *rows, gmmpi_error *error);

#endif
