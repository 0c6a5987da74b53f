/* A pass over a rank's points: tiles -> responsibilities -> statistics.
 *
 * Where the responsibilities come from is a rule: the posterior probabilities of a mixture (the E-step), the nearest
 * centre (k-means), given labels, random numbers. The rest of a pass is the same for all of them. */
#ifndef PASSES_EXPECTATION_H
#define PASSES_EXPECTATION_H

#include "passes/statistics.h"

/* What one thread needs for a pass besides points and statistics; no memory is allocated during one. */
typedef struct pass_workspace {
  const kernel *kernel;
  int64_t group_tiles;            /* tiles that are accumulated together */
  double *group_responsibilities; /* group_tiles x K x TILE_ROWS */
  double *responsibilities;       /* K x TILE_ROWS: those of the tile in hand, within the group's */
  double *scratch;
  block_sums sums;
} pass_workspace;

/* The workspaces of a rank's threads. Each thread takes whole blocks, whichever is next; what a block adds does not
 * depend on who takes it when. */
typedef struct pass_team {
  int n_threads;
  pass_workspace *workspaces; /* n_threads */
} pass_team;

/* Fills workspace->responsibilities for a tile, whose lanes of padding must get zeros; may add to the log-likelihood
 * sums in workspace->sums. Where rows have weights a rule adds weighted log-likelihoods; responsibilities are weighted
 * for it. */
typedef void (*responsibility_rule)(void *context, const row_tile *tile, pass_workspace *workspace);

/* Workspaces for statistics of this shape, one for each of the points' threads. Errors: 71. */
gmmpi_status team_create(const kernel *kernels, density_shape shape, statistics_order order, int64_t n_components,
                         const shard *points, pass_team **team, gmmpi_error *error);
void team_destroy(pass_team *team); /* NULL is fine */
int64_t team_bytes(density_shape shape, int64_t n_components, int64_t n_features, int n_threads);

/* Adds all of this rank's points, a point of weight w like w points, to the statistics, on which statistics_begin was
 * called. The rule is called by several
 * threads at once, each with its workspace: it may only read its context. When points that are streamed cannot be read
 * the statistics are of no use, which statistics_reduce finds out. */
void pass_over_points(pass_team *team, const shard *points, responsibility_rule rule, void *context, statistics *sums);

/* The largest |x - reference| per component and feature (spans: K x d) over this rank's points that count for the
 * component. Padding never counts. */
void largest_distances(pass_team *team, const shard *points, responsibility_rule rule, void *context,
                       const statistics *sums, double *spans);

/* The E-step: context is a density_form. */
void posterior_rule(void *density_form, const row_tile *tile, pass_workspace *workspace);

/* Nearest mean: context is a density_form, of which the component of the highest log density (ties: the lowest index)
 * gets all of a point; that log density is added to the log-likelihood. */
void nearest_rule(void *density_form, const row_tile *tile, pass_workspace *workspace);

/* All responsibilities are 1: the statistics of the points themselves. context is not used. */
void whole_rule(void *context, const row_tile *tile, pass_workspace *workspace);

#endif
