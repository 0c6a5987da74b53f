/* Rules: where the responsibilities of a pass come from. The posterior probabilities of a mixture (the E-step), the
 * nearest centre (k-means), given labels, random numbers: the rest of a pass is the same for all of them. */
#ifndef PASSES_EXPECTATION_H
#define PASSES_EXPECTATION_H

#include "passes/workspace.h"

/* One tile: where it is in the data set, and what the rule adds to the block's sums. */
typedef struct tile_view {
  const double *tile; /* d x TILE_ROWS */
  int64_t first_row;  /* 0-based row of the data set */
  int n_points;       /* lanes from here on are padding and must get zero responsibilities */
} tile_view;

/* Fills workspace->responsibilities for a tile; may add to the log-likelihood sums in workspace->sums. */
typedef void (*responsibility_rule)(void *context, const tile_view *tile, pass_workspace *workspace);

/* The E-step: context is a density_form. */
void posterior_rule(void *density_form, const tile_view *tile, pass_workspace *workspace);

/* Nearest mean: context is a density_form, of which the component of the highest log density (ties: the lowest index)
 * gets all of a point; that log density is added to the log-likelihood. */
void nearest_rule(void *density_form, const tile_view *tile, pass_workspace *workspace);

/* All responsibilities are 1: the statistics of the points themselves. context is not used. */
void whole_rule(void *context, const tile_view *tile, pass_workspace *workspace);

#endif
