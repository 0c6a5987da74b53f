/* SPDX-License-Identifier: BSD-3-Clause */
/* Components merged into clusters by entropy (Baudry, Raftery, Celeux, Lo, Gottardo 2010, "Combining mixture components
 * for clustering", sec. 3; mclust's clustCombi): step by step those two clusters become one whose merging lowers the
 * entropy of the points' memberships most,
 *
 *   gain_ab = sum_i w_i ((t_ia + t_ib) log (t_ia + t_ib) - t_ia log t_ia - t_ib log t_ib)
 *           = sum_i w_i (t_ia log (1 + t_ib / t_ia) + t_ib log (1 + t_ia / t_ib))  >= 0,
 *
 * ties being for the lowest two. t_ic: the sum of the responsibilities of the components in c; w_i: the point's weight.
 * A share of 0, which is one below 2^-60 of the point's largest (kernels/kernel.h), adds nothing; a point whose label
 * is known belongs to its component alone and adds nothing either. Components of weight 0 take no part. A background is
 * no component: it is not merged, and its share counts in the entropy as that of one cluster more.
 *
 * One pass over the points for each number of clusters: the first one sums the gains of all pairs, each other one those
 * of the cluster that is new; both sum the entropy. */
#ifndef APPLY_MERGING_H
#define APPLY_MERGING_H

#include "mixture/model.h"
#include "points/shard.h"

/* Asked before each pass, by all ranks: how many clusters there are now. False: no more of it. */
typedef bool (*merging_question)(void *context, int64_t n_clusters);

/* Collective over points->comm. Gives the model the hierarchy of its clusters (mixture/hierarchy.h), the same bits at
 * any number of ranks. goes_on, which may be NULL, must answer the same on all ranks. Errors, agreed: 71; 75 when it is
 * not to go on; those of shard_agree. */
gmmpi_status merge_by_entropy(gmmpi_model *model, const shard *points, merging_question goes_on, void *context,
                              gmmpi_error *error);

/* The bytes that this needs on a rank beside points and model; INT64_MAX when they can't be counted. */
int64_t merging_bytes(model_kind kind, int64_t n_components, int64_t n_features, int n_threads);

#endif
