#include "passes/expectation.h"

#include "support/error.h"
#include "support/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int64_t second_rows(density_shape shape, int64_t n_features)
{
  return shape == DENSE ? n_features : 1;
}

/* With the tiles that a walk makes for the threads, where they are not held as doubles (points/shard.h). */
int64_t team_bytes(density_shape shape, int64_t n_components, int64_t n_features, int n_threads)
{
  const int64_t scratch = kernel_scratch_bytes(shape, n_components, n_features);
  const int64_t group_tiles = kernel_group_tiles(shape, n_components, n_features);
  int64_t numbers;
  int64_t bytes;
  if (!multiply_fits(padded_width(n_features), second_rows(shape, n_features) + 1, &numbers) ||
      !multiply_fits(numbers + group_tiles * TILE_ROWS + 1, (int64_t)sizeof(double), &numbers) ||
      !multiply_fits(n_components, numbers, &bytes) || scratch > INT64_MAX - bytes)
    return INT64_MAX;
  numbers = group_tiles * n_features * TILE_ROWS * (int64_t)sizeof(double);
  return bytes + scratch <= INT64_MAX - numbers && multiply_fits(n_threads, bytes + scratch + numbers, &bytes)
             ? bytes
             : INT64_MAX;
}

static bool workspace_open(pass_workspace *work, const kernel *kernels, density_shape shape, statistics_order order,
                           int64_t n_components, int64_t n_features)
{
  const int64_t width = padded_width(n_features);
  work->kernel = kernels;
  work->group_tiles = kernel_group_tiles(shape, n_components, n_features);
  work->group_responsibilities = allocate(work->group_tiles * n_components * TILE_ROWS, sizeof(double));
  work->responsibilities = work->group_responsibilities;
  work->scratch = allocate_untouched(kernel_scratch_bytes(shape, n_components, n_features), 1);
  work->sums.shape = shape;
  work->sums.n_components = n_components;
  work->sums.n_features = n_features;
  work->sums.width = width;
  work->sums.counts = allocate(n_components, sizeof(double));
  work->sums.first = allocate(n_components * width, sizeof(double));
  if (order == SECOND_ORDER)
    work->sums.second = allocate(n_components * second_rows(shape, n_features) * width, sizeof(double));
  return work->group_responsibilities != NULL && work->scratch != NULL && work->sums.counts != NULL &&
         work->sums.first != NULL && (order == FIRST_ORDER || work->sums.second != NULL);
}

static void workspace_close(pass_workspace *work)
{
  free(work->group_responsibilities);
  free(work->scratch);
  free(work->sums.counts);
  free(work->sums.first);
  free(work->sums.second);
}

gmmpi_status team_create(const kernel *kernels, density_shape shape, statistics_order order, int64_t n_components,
                         const shard *points, pass_team **team, gmmpi_error *error)
{
  const int64_t d = points->n_features;
  pass_team *created = calloc(1, sizeof *created);
  bool good = created != NULL && team_bytes(shape, n_components, d, points->n_threads) < INT64_MAX;
  if (good) created->workspaces = calloc((size_t)points->n_threads, sizeof *created->workspaces);
  good = good && created->workspaces != NULL;
  if (good) created->n_threads = points->n_threads;
  for (int t = 0; good && t < points->n_threads; t++)
    good = workspace_open(&created->workspaces[t], kernels, shape, order, n_components, d);
  *team = created;
  if (good) return GMMPI_OK;
  team_destroy(created);
  *team = NULL;
  return fail(error, GMMPI_NO_MEMORY,
              "the working memory for %lld components in %lld features is not there; ask for fewer components or use "
              "machines with more memory",
              (long long)n_components, (long long)d);
}

void team_destroy(pass_team *team)
{
  if (team == NULL) return;
  for (int t = 0; t < team->n_threads; t++) workspace_close(&team->workspaces[t]);
  free(team->workspaces);
  free(team);
}

static void clear_sums(block_sums *sums)
{
  const int64_t K = sums->n_components;
  memset(sums->counts, 0, (size_t)K * sizeof(double));
  memset(sums->first, 0, (size_t)(K * sums->width) * sizeof(double));
  if (sums->second != NULL)
    memset(sums->second, 0, (size_t)(K * second_rows(sums->shape, sums->n_features) * sums->width) * sizeof(double));
  sums->log_likelihood = 0.0;
  sums->sum_log_max_responsibility = 0.0;
}

/* --- the pass
 * ----------------------------------------------------------------------------------------------------------- */

/* What every thread of a pass knows. */
typedef struct points_pass {
  pass_team *team;
  const shard *points;
  responsibility_rule rule;
  void *context; /* of the rule */
  statistics *sums;
} points_pass;

static void begin_sums(void *context, int thread)
{
  const points_pass *pass = context;
  block_sums *sums = &pass->team->workspaces[thread].sums;
  sums->references = pass->sums->references;
  clear_sums(sums);
}

/* Responsibilities (K x TILE_ROWS) become those of points that count by their weights. */
static void weigh(const row_tile *tile, int64_t n_components, double *responsibilities)
{
  for (int64_t k = 0; k < n_components && tile->weights != NULL; k++) {
    for (int p = 0; p < TILE_ROWS; p++) responsibilities[k * TILE_ROWS + p] *= tile->weights[p];
  }
}

/* Adds tiles of a block to the sums in the thread's workspace. */
static void sum_tiles(void *context, const row_tile *tiles, int64_t n_tiles, int thread)
{
  const points_pass *pass = context;
  pass_workspace *workspace = &pass->team->workspaces[thread];
  const int64_t K = workspace->sums.n_components;
  const int64_t row_width = pass->points->row_width;
  for (int64_t t = 0; t < n_tiles; t++) {
    workspace->responsibilities = workspace->group_responsibilities + t * K * TILE_ROWS;
    pass->rule(pass->context, &tiles[t], workspace);
    weigh(&tiles[t], K, workspace->responsibilities);
  }
  workspace->responsibilities = workspace->group_responsibilities;
  workspace->kernel->accumulate(n_tiles, workspace->group_responsibilities, tiles[0].numbers, row_width * TILE_ROWS,
                                &workspace->sums, workspace->scratch);
}

static void end_sums(void *context, const block_view *block, int thread)
{
  const points_pass *pass = context;
  (void)block;
  statistics_add_block(pass->sums, &pass->team->workspaces[thread].sums, thread);
}

void pass_over_points(pass_team *team, const shard *points, responsibility_rule rule, void *context, statistics *sums)
{
  points_pass pass = {team, points, rule, context, sums};
  const row_visitor visitor = {.context = &pass, .begin_block = begin_sums, .tiles = sum_tiles, .end_block = end_sums};
  shard_visit(points, team->workspaces[0].group_tiles, &visitor);
}

/* --- the largest distances
 * ---------------------------------------------------------------------------------------------- */

typedef struct distance_pass {
  pass_team *team;
  responsibility_rule rule;
  void *context; /* of the rule */
  const statistics *sums;
  double *spans; /* K x d */
} distance_pass;

static void widen_spans(const row_tile *tile, const pass_workspace *workspace, const statistics *sums, double *spans)
{
  const int64_t d = sums->n_features;
  for (int64_t k = 0; k < sums->n_components; k++) {
    const double *responsibilities = workspace->responsibilities + k * TILE_ROWS;
    for (int64_t j = 0; j < d; j++) {
      const double reference = sums->references[k * sums->width + j];
      double widest = spans[k * d + j];
      for (int p = 0; p < tile->n_points; p++) {
        const double distance = fabs(tile->numbers[j * TILE_ROWS + p] - reference);
        if (responsibilities[p] > 0.0 && distance > widest) widest = distance;
      }
      spans[k * d + j] = widest;
    }
  }
}

static void widen_by_tiles(void *context, const row_tile *tiles, int64_t n_tiles, int thread)
{
  const distance_pass *pass = context;
  pass_workspace *workspace = &pass->team->workspaces[thread];
  for (int64_t t = 0; t < n_tiles; t++) {
    pass->rule(pass->context, &tiles[t], workspace);
#pragma omp critical(spans)
    widen_spans(&tiles[t], workspace, pass->sums, pass->spans);
  }
}

void largest_distances(pass_team *team, const shard *points, responsibility_rule rule, void *context,
                       const statistics *sums, double *spans)
{
  distance_pass pass = {team, rule, context, sums, spans};
  memset(spans, 0, (size_t)(sums->n_components * sums->n_features) * sizeof *spans);
  shard_visit(points, 1, &(row_visitor){.context = &pass, .tiles = widen_by_tiles});
}

/* --- rules
 * -------------------------------------------------------------------------------------------------------------- */

/* Adds to the sums what is known of each point: the log of its density, and its responsibilities. */
static void add_weighted_logs(const row_tile *tile, const double *log_density, pass_workspace *workspace)
{
  const double *responsibilities = workspace->responsibilities;
  for (int p = 0; p < tile->n_points; p++) {
    double largest = responsibilities[p];
    for (int64_t k = 1; k < workspace->sums.n_components; k++)
      largest = fmax(largest, responsibilities[k * TILE_ROWS + p]);
    workspace->sums.log_likelihood += tile->weights[p] * log_density[p];
    workspace->sums.sum_log_max_responsibility += tile->weights[p] * log(largest);
  }
}

void posterior_rule(void *density, const row_tile *tile, pass_workspace *workspace)
{
  const density_form *form = density;
  if (tile->weights != NULL) {
    _Alignas(MEMORY_ALIGNMENT) double log_density[TILE_ROWS];
    double unweighted[2] = {0.0, 0.0};
    workspace->kernel->posteriors(form, tile->n_points, tile->numbers, workspace->responsibilities, log_density,
                                  &unweighted[0], &unweighted[1], workspace->scratch);
    add_weighted_logs(tile, log_density, workspace);
    return;
  }
  workspace->kernel->posteriors(form, tile->n_points, tile->numbers, workspace->responsibilities, NULL,
                                &workspace->sums.log_likelihood, &workspace->sums.sum_log_max_responsibility,
                                workspace->scratch);
}

void nearest_rule(void *density, const row_tile *tile, pass_workspace *workspace)
{
  const density_form *form = density;
  double *log_densities = workspace->responsibilities;
  double highest[TILE_ROWS];
  int32_t nearest[TILE_ROWS];
  workspace->kernel->log_densities(form, tile->numbers, log_densities, workspace->scratch);
  for (int p = 0; p < TILE_ROWS; p++) {
    highest[p] = log_densities[p];
    nearest[p] = 0;
  }
  for (int64_t k = 1; k < form->n_components; k++) {
    for (int p = 0; p < TILE_ROWS; p++) {
      const bool higher = log_densities[k * TILE_ROWS + p] > highest[p];
      nearest[p] = higher ? (int32_t)k : nearest[p];
      highest[p] = higher ? log_densities[k * TILE_ROWS + p] : highest[p];
    }
  }
  memset(log_densities, 0, (size_t)(form->n_components * TILE_ROWS) * sizeof(double));
  for (int p = 0; p < tile->n_points; p++) {
    log_densities[nearest[p] * TILE_ROWS + p] = 1.0;
    workspace->sums.log_likelihood += tile->weights != NULL ? tile->weights[p] * highest[p] : highest[p];
  }
}

void whole_rule(void *context, const row_tile *tile, pass_workspace *workspace)
{
  (void)context;
  for (int64_t k = 0; k < workspace->sums.n_components; k++) {
    for (int p = 0; p < TILE_ROWS; p++) workspace->responsibilities[k * TILE_ROWS + p] = p < tile->n_points ? 1.0 : 0.0;
  }
}
