/* SPDX-License-Identifier: BSD-3-Clause */
/* Moves between optima: every component is split in two, EM finds what becomes of the 2K components, and of these the
 * pairs that lose least are merged until K are left. (Compare Ueda, Nakano, Ghahramani, Hinton 2000, "SMEM algorithm
 * for mixture models", whose moves are one split and one merge at a time.)
 *
 * A component i with covariance S is split at its mean m into m + u and m - u, each with half its weight and covariance
 * S - u u^T, which keeps its moments: u = a S v / sqrt(v^T S v) for a direction v and 0 < a < 1.
 *
 * Components i and j are merged into one with their moments; by what the log-likelihood per point loses at most
 * (Runnalls 2007, "Kullback-Leibler approach to Gaussian mixture reduction", eq. 21)
 *
 *   ((w_i + w_j) log det S_ij - w_i log det S_i - w_j log det S_j) / 2
 *
 * is known which pair to merge. A background of volume V is one more partner, of everybody: a component whose points
 * are given to it loses, by the same bound,
 *
 *   w_i (log V - (log det S_i + d (1 + log 2 pi)) / 2),
 *
 * which is below 0 where the background is denser than the component.
 *
 * Functions that make a model say whether it is sound: a component that has weight has a factor. */
#ifndef STARTS_SPLIT_MERGE_H
#define STARTS_SPLIT_MERGE_H

#include "mixture/model.h"

typedef struct split_merge split_merge; /* room to work in */

/* For models of n_components components and twice as many. Errors: 71. */
gmmpi_status split_merge_create(const covariance_family *family, int64_t n_components, int64_t n_features,
                                split_merge **work, gmmpi_error *error);
void split_merge_destroy(split_merge *work); /* NULL is fine */

/* INT64_MAX when they can't be counted. */
int64_t split_merge_bytes(const covariance_family *family, int64_t n_components, int64_t n_features);

/* Splits all components of from (K) into those of wide (2K). The directions are random, in units of the features'
 * standard deviations, turned towards the longest axis by n_turns power iterations. variances: d, of all points. */
bool split_components(split_merge *work, const gmmpi_model *from, const double *variances, uint64_t seed, int n_turns,
                      gmmpi_model *wide);

/* Merges components of wide (2K, whose content is lost) until K are left, in narrow. */
bool merge_components(split_merge *work, gmmpi_model *wide, gmmpi_model *narrow);

/* Moves a single component: from (K), of which wide (2K) are the halves after EM, with the pair merged that loses the
 * merge_rank-th least, and in place of one of them the halves of another component, whose gain is the split_rank-th
 * best (ranks from 0), in narrow. */
bool move_component(split_merge *work, const gmmpi_model *from, const gmmpi_model *wide, int64_t split_rank,
                    int64_t merge_rank, gmmpi_model *narrow);

/* What merging the pair that loses least costs, in mean log-likelihood. */
double least_loss_of_merging(split_merge *work, const gmmpi_model *model);

/* Replaces a component: from (K), with the pair merged that loses the merge_rank-th least, and in place of one of them
 * a component of this weight, mean (d) and covariance (covariance_length numbers; of no use to a shared one), in to. */
bool replace_component(split_merge *work, const gmmpi_model *from, double weight, const double *mean,
                       const double *covariance, int64_t merge_rank, gmmpi_model *to);

#endif
