/* SPDX-License-Identifier: BSD-3-Clause */
#include "mixture/hierarchy.h"

#include "support/error.h"
#include "support/memory.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

gmmpi_status hierarchy_create(int64_t n_clusters, cluster_hierarchy **result, gmmpi_error *error)
{
  cluster_hierarchy *created = calloc(1, sizeof *created);
  *result = created;
  if (created != NULL) {
    created->n_clusters = n_clusters;
    created->merges = allocate(n_clusters - 1, 2 * sizeof *created->merges);
    created->entropy = allocate(n_clusters, sizeof *created->entropy);
    if (created->merges != NULL && created->entropy != NULL) return GMMPI_OK;
  }
  hierarchy_destroy(created);
  *result = NULL;
  return fail(error, GMMPI_NO_MEMORY, "no memory is left for a hierarchy of %lld clusters; fit fewer components",
              (long long)n_clusters);
}

void hierarchy_destroy(cluster_hierarchy *self)
{
  if (self == NULL) return;
  free(self->merges);
  free(self->entropy);
  free(self);
}

gmmpi_status hierarchy_duplicate(const cluster_hierarchy *self, cluster_hierarchy **copy, gmmpi_error *error)
{
  if (hierarchy_create(self->n_clusters, copy, error) != GMMPI_OK) return GMMPI_NO_MEMORY;
  memcpy((*copy)->merges, self->merges, (size_t)(self->n_clusters - 1) * 2 * sizeof *self->merges);
  memcpy((*copy)->entropy, self->entropy, (size_t)self->n_clusters * sizeof *self->entropy);
  return GMMPI_OK;
}

/* Is each merge one of two clusters that are there? is_there: n_components, for the names of those that are. */
static gmmpi_status check_merges(const cluster_hierarchy *self, int64_t n_components, bool *is_there, const char *label,
                                 gmmpi_error *error)
{
  for (int64_t step = 0; step < self->n_clusters - 1; step++) {
    const int64_t *merged = self->merges + 2 * step;
    if (merged[0] < 0 || merged[0] >= merged[1] || merged[1] >= n_components || !is_there[merged[0]] ||
        !is_there[merged[1]])
      return fail(error, GMMPI_BAD_DATA,
                  "%s: row %lld of merges names no two clusters that are there, the lower first; merge anew with gmmpi "
                  "fit --merge",
                  label, (long long)step + 1);
    is_there[merged[1]] = false;
  }
  return GMMPI_OK;
}

gmmpi_status hierarchy_check(const cluster_hierarchy *self, int64_t n_components, const double *weights,
                             const char *label, gmmpi_error *error)
{
  for (int64_t i = 0; i < self->n_clusters; i++) {
    if (!isfinite(self->entropy[i]) || self->entropy[i] < 0.0)
      return fail(error, GMMPI_BAD_DATA,
                  "%s: merge_entropy has %g; it must be a number that is not negative: merge anew with gmmpi fit "
                  "--merge",
                  label, self->entropy[i]);
  }
  bool *is_there = allocate(n_components, sizeof *is_there);
  if (is_there == NULL) return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to read it", label);
  for (int64_t k = 0; k < n_components; k++) is_there[k] = weights[k] != 0.0;
  const gmmpi_status status = check_merges(self, n_components, is_there, label, error);
  free(is_there);
  return status;
}

void hierarchy_cut(const cluster_hierarchy *self, int64_t n_components, const double *weights, int64_t n_clusters,
                   int64_t *cluster_of)
{
  for (int64_t k = 0; k < n_components; k++) cluster_of[k] = weights[k] != 0.0 ? k : -1;
  for (int64_t step = 0; step < self->n_clusters - n_clusters; step++) {
    const int64_t *merged = self->merges + 2 * step;
    for (int64_t k = merged[1]; k < n_components; k++) {
      if (cluster_of[k] == merged[1]) cluster_of[k] = merged[0];
    }
  }
  /* In place of names numbers: a cluster's lowest component comes before the others. */
  int64_t next = 0;
  for (int64_t k = 0; k < n_components; k++) {
    if (cluster_of[k] >= 0) cluster_of[k] = cluster_of[k] == k ? next++ : cluster_of[cluster_of[k]];
  }
}

/* The sum of squares that a straight line leaves of y[first ... last], against 0, 1, 2 ... */
static double residual(const double *y, int64_t first, int64_t last)
{
  const double n = (double)(last - first + 1);
  const double mean_x = 0.5 * (double)(first + last);
  double mean_y = 0.0;
  double xy = 0.0;
  double xx = 0.0;
  double sum = 0.0;
  for (int64_t i = first; i <= last; i++) mean_y += y[i] / n;
  for (int64_t i = first; i <= last; i++) {
    xy += ((double)i - mean_x) * (y[i] - mean_y);
    xx += ((double)i - mean_x) * ((double)i - mean_x);
  }
  for (int64_t i = first; i <= last; i++) {
    const double off = y[i] - mean_y - xy / xx * ((double)i - mean_x);
    sum += off * off;
  }
  return sum;
}

int64_t hierarchy_suggestion(const cluster_hierarchy *self)
{
  const int64_t last = self->n_clusters - 1;
  int64_t best = self->n_clusters < 2 ? 1 : 2;
  double least = INFINITY;
  for (int64_t c = 1; c < last; c++) {
    const double left = residual(self->entropy, 0, c) + residual(self->entropy, c, last);
    if (left < least) {
      least = left;
      best = c + 1;
    }
  }
  return best;
}
