/* SPDX-License-Identifier: BSD-3-Clause */
/* Clusters of several components: a hierarchy that begins with each living component (of a weight that is not 0) as a
 * cluster of its own and in each step merges two clusters into one, until one is left (Baudry, Raftery, Celeux, Lo,
 * Gottardo 2010, "Combining mixture components for clustering"; apply/merging.h finds it).
 *
 * A cluster is named by its lowest component. Components of weight 0 belong to no cluster, the background neither.
 *
 * The entropy of N clusters is that of the points' probabilities to belong to them, over all points:
 *   -sum_i w_i (sum_c t_ic log t_ic + t_i0 log t_i0),  t_ic = sum of the responsibilities of the components in c,
 * w_i being the point's weight and t_i0 the background's share, where there is one. */
#ifndef MIXTURE_HIERARCHY_H
#define MIXTURE_HIERARCHY_H

#include "gmmpi/error.h"

#include <stdint.h>

typedef struct cluster_hierarchy {
  int64_t n_clusters; /* living components */
  int64_t *merges;    /* (n_clusters - 1) x 2: names of the clusters that are merged, the lower first, which the new
                         cluster has too; the first step first */
  double *entropy;    /* n_clusters: of 1 ... n_clusters clusters */
} cluster_hierarchy;

/* One without numbers yet. Errors: 71. */
gmmpi_status hierarchy_create(int64_t n_clusters, cluster_hierarchy **result, gmmpi_error *error);
void hierarchy_destroy(cluster_hierarchy *self); /* NULL is fine */

/* One of its own with the same content. Errors: 71. */
gmmpi_status hierarchy_duplicate(const cluster_hierarchy *self, cluster_hierarchy **copy, gmmpi_error *error);

/* Is it one of a model of n_components with these weights, of which n_clusters are not 0? label names where it came
 * from. Errors: 65 it is not; 71. */
gmmpi_status hierarchy_check(const cluster_hierarchy *self, int64_t n_components, const double *weights,
                             const char *label, gmmpi_error *error);

/* Cut where n_clusters are left, 1 ... self->n_clusters: the number of each component's cluster, clusters being
 * numbered from 0 by their lowest components; -1 for a component of weight 0. weights, cluster_of: n_components. */
void hierarchy_cut(const cluster_hierarchy *self, int64_t n_components, const double *weights, int64_t n_clusters,
                   int64_t *cluster_of);

/* How many clusters there seem to be: where two straight lines, fitted by least squares to the entropies of 1 ... c and
 * of c ... n_clusters clusters, leave the least sum of squares; of several such c the lowest (as mclust's
 * clustCombiOptim: 2 <= c < n_clusters, but 2 of two clusters and 1 of one). */
int64_t hierarchy_suggestion(const cluster_hierarchy *self);

#endif
