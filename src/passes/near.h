/* SPDX-License-Identifier: BSD-3-Clause */
/* The E-step of many components with diagonal covariances, with what earlier passes over the same points have left:
 * each point's best component, and for groups of components how near they can be at most (kernels/near_groups.h).
 *
 * From one pass to the next log constants c_k, means and precisions change, by whatever way. With
 * r_k^2 = min_j (new precision_kj / old precision_kj, 1), D_k = |W_k (new mean_k - old mean_k)| in the old metric, and
 * h_k = sqrt(2 (C - c_k)), component k's distance e (near_groups.h) falls to no less than
 *
 *   r_k (e - sqrt(D_k^2 + max(0, old h_k - new h_k)^2)),
 *
 * by the triangle inequality; of a group the least r and the largest fall count. So scale and fall are numbers of a
 * group, and what is held of a point is written only when its group is computed. All of it is rounded to the safe side.
 *
 * Components whose density at a point is below 2^-60 of the best one's have no share of it, and so the results are, to
 * the bit, those of posterior_rule: nothing of this is in checkpoints, and each rank decides for itself whether it
 * pays. */
#ifndef PASSES_NEAR_H
#define PASSES_NEAR_H

#include "passes/expectation.h"

typedef struct near_state near_state;

/* With fewer components, or features, it is not worth while. */
enum { LEAST_NEAR_COMPONENTS = 128, LEAST_NEAR_FEATURES = 16 };

/* May there be bounds? The same on all ranks, other than whether near_create finds memory. Rows then have to be the
 * rank's own in every pass (pass_request.of_any_rows): those that another rank computes would have none. */
bool near_is_of_use(const shard *points, density_shape shape, int64_t n_components);

/* Of normal components on a shard whose rows are held, and have no labels; NULL when it would be of no use, or when
 * there is no memory: nobody needs it. Not collective. */
near_state *near_create(const shard *points, density_shape shape, int64_t n_components);
void near_destroy(near_state *near); /* NULL is fine */

/* The bytes of a rank for n_rows rows, at most 1/2 of what they take as doubles and what models take; 0 where
 * near_create gives NULL for such sizes. */
int64_t near_bytes(density_shape shape, int64_t n_components, int64_t n_features, int64_t n_rows);

/* Before a pass with this form: brings what is remembered up to date. False: it does not pay now; use posterior_rule.
 * Else use near_rule. near may be NULL. */
bool near_begin(near_state *near, const density_form *form);

/* posterior_rule of tiles together; context is a near_state. Rows of responsibilities that are all 0 may be left out:
 * see block_sums. */
void near_rule(void *context, const row_tile *tiles, int64_t n_tiles, pass_workspace *workspace);

/* Of the last pass: which part of pairs of points and groups was computed. */
double near_share_computed(const near_state *near);

#endif
