/* SPDX-License-Identifier: BSD-3-Clause */
#include "passes/expectation.h"

#include "support/lanes.h"
#include "support/memory.h"

#include <math.h>
#include <string.h>

void weigh_responsibilities(const row_tile *tile, int64_t n_components, double *responsibilities)
{
  for (int64_t k = 0; k < n_components && tile->weights != NULL; k++) {
    for (int p = 0; p < TILE_ROWS; p++) responsibilities[k * TILE_ROWS + p] *= tile->weights[p];
  }
}

void keep_known_labels(const row_tile *tile, int64_t n_components, double *responsibilities)
{
  for (int p = 0; p < tile->n_points && tile->labels != NULL; p++) {
    if (tile->labels[p] < 0.0) continue;
    for (int64_t k = 0; k < n_components; k++) responsibilities[k * TILE_ROWS + p] = 0.0;
    responsibilities[(int64_t)tile->labels[p] * TILE_ROWS + p] = tile->weights != NULL ? tile->weights[p] : 1.0;
  }
}

static bool has_known_labels(const row_tile *tile)
{
  bool has = false;
  for (int p = 0; p < tile->n_points && tile->labels != NULL; p++) has = has || tile->labels[p] >= 0.0;
  return has;
}

/* The E-step of a tile with rows whose component is known: these count for log of weight times density of that
 * component, and the kernel is given the others, for which these have weight 0. */
static void posteriors_with_labels(const density_form *form, const row_tile *tile, pass_workspace *workspace)
{
  _Alignas(MEMORY_ALIGNMENT) double weights[TILE_ROWS];
  double *responsibilities = workspace->responsibilities;
  row_tile unknown = *tile;
  workspace->kernel->log_densities(form, tile->numbers, responsibilities, workspace->scratch);
  for (int p = 0; p < TILE_ROWS; p++) {
    weights[p] = p >= tile->n_points ? 0.0 : tile->weights != NULL ? tile->weights[p] : 1.0;
    if (p >= tile->n_points || tile->labels[p] < 0.0) continue;
    workspace->sums.log_likelihood += weights[p] * responsibilities[(int64_t)tile->labels[p] * TILE_ROWS + p];
    weights[p] = 0.0;
  }
  unknown.weights = weights;
  workspace->kernel->posteriors(form, &unknown, responsibilities, NULL, &workspace->sums.log_likelihood,
                                &workspace->sums.sum_log_max_responsibility, workspace->scratch);
  keep_known_labels(tile, form->n_components, responsibilities);
}

/* The form of component k alone, without the background. */
static density_form form_of_component(const density_form *form, int64_t k)
{
  density_form alone = *form;
  alone.n_components = 1;
  alone.log_constants = form->log_constants + k;
  alone.means = form->means + k * form->n_features;
  alone.whitening = form->whitening + k * form->whitening_length;
  alone.dof = form->dof + k;
  alone.background = -INFINITY;
  alone.common.holds = false;
  alone.centred.holds = false;
  return alone;
}

/* Adds the rows that are known to be component k's. In a mixture of it alone they have responsibility 1 (times their
 * weights, 0 for all other rows) and the pulls of this component; and so the kernel does all of it. */
static void add_known_pulls(const density_form *form, const row_tile *tile, int64_t k, const double *weights,
                            pass_workspace *workspace)
{
  _Alignas(MEMORY_ALIGNMENT) double pulls[TILE_ROWS];
  _Alignas(MEMORY_ALIGNMENT) double responsibilities[2 * TILE_ROWS];
  const density_form alone = form_of_component(form, k);
  block_sums sums = {.totals = workspace->sums.totals + k, .logs = workspace->sums.logs + k};
  row_tile known = *tile;
  known.weights = weights;
  workspace->kernel->pulls(&alone, &known, pulls, responsibilities, NULL, &sums, workspace->scratch);
  workspace->sums.log_likelihood += sums.log_likelihood;
  for (int p = 0; p < TILE_ROWS; p++) workspace->responsibilities[k * TILE_ROWS + p] += pulls[p];
}

/* The same of a component of weight 0, which has no density yet: the pulls are 1, times the weights. */
static void add_known_rows(int64_t k, const double *weights, pass_workspace *workspace)
{
  for (int p = 0; p < TILE_ROWS; p++) {
    if (weights[p] > 0.0) workspace->sums.log_likelihood = -INFINITY;
    workspace->sums.totals[k] += weights[p];
    workspace->responsibilities[k * TILE_ROWS + p] += weights[p];
  }
}

/* posteriors_with_labels for t distributions, where workspace->responsibilities are pulls. */
static void pulls_with_labels(const density_form *form, const row_tile *tile, pass_workspace *workspace)
{
  _Alignas(MEMORY_ALIGNMENT) double weights[TILE_ROWS];
  _Alignas(MEMORY_ALIGNMENT) double own[TILE_ROWS];
  row_tile unknown = *tile;
  bool is_known[TILE_ROWS];
  for (int p = 0; p < TILE_ROWS; p++) {
    is_known[p] = p < tile->n_points && tile->labels[p] >= 0.0;
    weights[p] = p >= tile->n_points ? 0.0 : tile->weights != NULL ? tile->weights[p] : 1.0;
    own[p] = is_known[p] ? 0.0 : weights[p];
  }
  unknown.weights = own;
  workspace->kernel->pulls(form, &unknown, workspace->responsibilities, workspace->spare, NULL, &workspace->sums,
                           workspace->scratch);
  for (int first = 0; first < TILE_ROWS; first++) {
    if (!is_known[first]) continue;
    const double label = tile->labels[first];
    for (int p = 0; p < TILE_ROWS; p++) {
      const bool has = is_known[p] && tile->labels[p] == label;
      own[p] = has ? weights[p] : 0.0;
      is_known[p] = is_known[p] && !has;
    }
    const int64_t k = (int64_t)label;
    if (form->log_constants[k] > -INFINITY)
      add_known_pulls(form, tile, k, own, workspace);
    else
      add_known_rows(k, own, workspace);
  }
}

void posterior_rule(void *context, const row_tile *tile, pass_workspace *workspace)
{
  const density_form *form = context;
  if (workspace->sums.totals != NULL && form->dof != NULL) {
    if (has_known_labels(tile)) {
      pulls_with_labels(form, tile, workspace);
      return;
    }
    workspace->kernel->pulls(form, tile, workspace->responsibilities, workspace->spare, NULL, &workspace->sums,
                             workspace->scratch);
    return;
  }
  if (has_known_labels(tile)) {
    posteriors_with_labels(context, tile, workspace);
    return;
  }
  workspace->kernel->posteriors(context, tile, workspace->responsibilities, NULL, &workspace->sums.log_likelihood,
                                &workspace->sums.sum_log_max_responsibility, workspace->scratch);
}

bool posteriors_go_together(const density_form *form, const row_tile *tiles, int64_t n_tiles)
{
  bool any_labels = false;
  for (int64_t t = 0; t < n_tiles; t++) any_labels = any_labels || has_known_labels(&tiles[t]);
  return goes_together(form) && !any_labels;
}

/* What is known of a tile's points: the nearest component, and minus its log density. */
typedef struct nearest_means {
  double least[TILE_ROWS];
  double nearest[TILE_ROWS];
} nearest_means;

/* Each point becomes the nearest component's. */
static void give_to_nearest(const density_form *form, const row_tile *tile, const nearest_means *found,
                            pass_workspace *workspace)
{
  double *responsibilities = workspace->responsibilities;
  memset(responsibilities, 0, (size_t)(form->n_components * TILE_ROWS) * sizeof(double));
  for (int p = 0; p < tile->n_points; p++) {
    responsibilities[(int64_t)found->nearest[p] * TILE_ROWS + p] = 1.0;
    workspace->sums.log_likelihood -= tile->weights != NULL ? tile->weights[p] * found->least[p] : found->least[p];
  }
  weigh_responsibilities(tile, form->n_components, responsibilities);
  keep_known_labels(tile, form->n_components, responsibilities);
}

void nearest_rule(void *context, const row_tile *tile, pass_workspace *workspace)
{
  const density_form *form = context;
  double *log_densities = workspace->responsibilities;
  nearest_means found = {.nearest = {0.0}}; /* of minus the log densities the least, so that ties are the first one's */
  workspace->kernel->log_densities(form, tile->numbers, log_densities, workspace->scratch);
  for (int64_t i = 0; i < form->n_components * TILE_ROWS; i++) log_densities[i] = -log_densities[i];
  memcpy(found.least, log_densities, sizeof found.least);
  for (int64_t k = 1; k < form->n_components; k++)
    lanes_keep_smaller(TILE_ROWS, log_densities + k * TILE_ROWS, (double)k, found.least, found.nearest);
  give_to_nearest(form, tile, &found, workspace);
}

void nearest_centre_rule(void *context, const row_tile *tile, pass_workspace *workspace)
{
  const nearest_centre_context *centres = context;
  nearest_candidate candidates[NEAREST_MOST_CANDIDATES];
  double distances[NEAREST_MOST_CANDIDATES];
  nearest_means found = {.nearest = {0.0}};
  int64_t n = -1;
  if (centres->quick->holds)
    n = workspace->kernel->candidates(centres->quick, tile->numbers, NULL, candidates,
                                      (float *)workspace->responsibilities, workspace->scratch);
  if (n < 0) {
    nearest_rule(centres->form, tile, workspace);
    return;
  }
  workspace->kernel->distances_of_pairs(centres->form, tile->numbers, n, candidates, distances);
  for (int p = 0; p < TILE_ROWS; p++) found.least[p] = INFINITY;
  for (int64_t i = 0; i < n; i++) {
    const int p = candidates[i].point;
    const double value = 0.5 * distances[i];
    if (!(value < found.least[p])) continue;
    found.least[p] = value;
    found.nearest[p] = (double)candidates[i].component;
  }
  give_to_nearest(centres->form, tile, &found, workspace);
}

void whole_rule(void *context, const row_tile *tile, pass_workspace *workspace)
{
  (void)context;
  for (int64_t k = 0; k < workspace->sums.n_components; k++) {
    for (int p = 0; p < TILE_ROWS; p++) workspace->responsibilities[k * TILE_ROWS + p] = p < tile->n_points ? 1.0 : 0.0;
  }
  weigh_responsibilities(tile, workspace->sums.n_components, workspace->responsibilities);
}
