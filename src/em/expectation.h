/* A pass over a rank's points: tiles -> responsibilities -> statistics.
 *
 * Where the responsibilities come from is a rule: the posterior probabilities of a mixture (the E-step), the nearest
 * centre (k-means), given labels, random numbers. The rest of a pass is the same for all of them. */
#ifndef EM_EXPECTATION_H
#define EM_EXPECTATION_H

#include "em/statistics.h"

/* What a pass needs besides points and statistics; no memory is allocated during one. */
typedef struct pass_workspace {
  const kernel *kernel;
  double *responsibilities; /* K x TILE_ROWS */
  double *scratch;
  block_sums sums;
} pass_workspace;

/* One tile: where it is in the data set, and what the rule adds to the block's sums. */
typedef struct tile_view {
  const double *tile; /* d x TILE_ROWS */
  int64_t first_row;  /* 0-based row of the data set */
  int n_points;       /* lanes from here on are padding and must get zero responsibilities */
} tile_view;

/* Fills workspace->responsibilities for a tile; may add to the log-likelihood sums in workspace->sums. */
typedef void (*responsibility_rule)(void *context, const tile_view *tile, pass_workspace *workspace);

/* A workspace for statistics of this shape. Errors: 71. */
gmmpi_status workspace_create(const kernel *kernels, density_shape shape, statistics_order order, int64_t n_components,
                              int64_t n_features, pass_workspace **workspace, gmmpi_error *error);
void workspace_destroy(pass_workspace *workspace); /* NULL is fine */
int64_t workspace_bytes(density_shape shape, int64_t n_components, int64_t n_features);

/* Adds all of this rank's points to the statistics, on which statistics_begin was called. */
void pass_over_points(pass_workspace *workspace, const shard *points, responsibility_rule rule, void *context,
                      statistics *sums);

/* The largest |x - reference| per component and feature (spans: K x d) over this rank's points that count for the
 * component. Padding never counts. */
void largest_distances(pass_workspace *workspace, const shard *points, responsibility_rule rule, void *context,
                       const statistics *sums, double *spans);

/* The E-step: context is a density_form. */
void posterior_rule(void *density_form, const tile_view *tile, pass_workspace *workspace);

/* Nearest mean: context is a density_form, of which the component of the highest log density (ties: the lowest index)
 * gets all of a point; that log density is added to the log-likelihood. */
void nearest_rule(void *density_form, const tile_view *tile, pass_workspace *workspace);

/* All responsibilities are 1: the statistics of the points themselves. context is not used. */
void whole_rule(void *context, const tile_view *tile, pass_workspace *workspace);

#endif
