/* SPDX-License-Identifier: BSD-3-Clause */
/* Rules: where the responsibilities of a pass come from. The posterior probabilities of a mixture (the E-step), the
 * nearest centre (k-means), given labels, random numbers: the rest of a pass is the same for all of them.
 *
 * To add one: a responsibility_rule, here or in the file that alone uses it; whoever makes the pass names it, with its
 * context, in a pass_request (passes/pass.h) or to expectation_begin (em/iteration.h). What it gives a row depends on
 * the row and the context alone: a random number is keyed by the row (support/random.h), which is tile->first_row and
 * on. */
#ifndef PASSES_EXPECTATION_H
#define PASSES_EXPECTATION_H

#include "passes/workspace.h"

/* Fills workspace->responsibilities for a tile, whose lanes of padding must get zeros, and may add to the
 * log-likelihood sums in workspace->sums. Where rows have weights both are weighted. Called by several threads at once,
 * each with its workspace: a rule only reads its context. */
typedef void (*responsibility_rule)(void *context, const row_tile *tile, pass_workspace *workspace);

/* Multiplies responsibilities (n_components x TILE_ROWS) by the rows' weights, if they have any. */
void weigh_responsibilities(const row_tile *tile, int64_t n_components, double *responsibilities);

/* Rows whose component is known get all of that one. */
void keep_known_labels(const row_tile *tile, int64_t n_components, double *responsibilities);

/* The E-step: context is a density_form. A row whose component is known counts for the log of weight times density of
 * that one. */
void posterior_rule(void *context, const row_tile *tile, pass_workspace *workspace);

/* Can a kernel add these tiles to its sums in one go (kernel.together), as this rule gives them? */
bool posteriors_go_together(const density_form *form, const row_tile *tiles, int64_t n_tiles);

/* Nearest mean: context is a density_form, of which the component of the highest log density (ties: the lowest index)
 * gets all of a point; that log density is added to the log-likelihood. */
void nearest_rule(void *context, const row_tile *tile, pass_workspace *workspace);

/* The same, to the bit, of centres: all components have the same precisions and weights (log_constants are 0). quick is
 * set from the form: most centres are left out in single precision. */
typedef struct nearest_centre_context {
  density_form *form;
  const nearest_form *quick;
} nearest_centre_context;

void nearest_centre_rule(void *context, const row_tile *tile, pass_workspace *workspace);

/* All responsibilities are 1: the statistics of the points themselves. context is not used. */
void whole_rule(void *context, const row_tile *tile, pass_workspace *workspace);

#endif
