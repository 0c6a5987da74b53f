/* SPDX-License-Identifier: BSD-3-Clause */
/* Rows that stand for all others: those that fit a mixture worst, and some of each component's. */
#ifndef PASSES_REPRESENTATIVES_H
#define PASSES_REPRESENTATIVES_H

#include "passes/rows.h"

/* Of which mixture, and how many. */
typedef struct representatives_request {
  const density_form *form;
  int64_t n_worst, n_each;
  int64_t *rows; /* out: n_worst + K n_each */
} representatives_request;

/* Collective, for n mixtures in one walk. rows: first the n_worst rows of the smallest log density, then, component by
 * component, n_each rows drawn among those that belong to it (whose responsibility is the largest), by a hash of seed
 * and row; where there are fewer, -1. The team's workspaces must fit the forms. Errors, agreed: 71, and those of
 * shard_agree. */
gmmpi_status find_representatives(const shard *points, pass_team *team, const representatives_request *requests,
                                  int64_t n, uint64_t seed, gmmpi_error *error);

#endif
