/* SPDX-License-Identifier: BSD-3-Clause */
#include "passes/pass.h"

#include "support/error.h"
#include "support/large_messages.h"
#include "support/memory.h"
#include "support/node_sums.h"

#include <math.h>
#include <string.h>

/* --- the words that travel besides the sums ---
 *
 * Hashes are compared by 16-bit pieces h: of n ranks all have the same if and only if n sum h^2 = (sum h)^2 (Cauchy,
 * Schwarz), which every rank finds alike. */
enum { STOPS, QUESTIONS, FAILURES, PIECES, N_PIECES = 4, LOADS = PIECES + 2 * N_PIECES };
_Static_assert(LOADS + LOAD_WORDS == PASS_CONTROL_WORDS, "there is room for all control words");

__extension__ typedef __int128 wide;

static void put_hash(uint64_t hash, int64_t *words)
{
  for (int i = 0; i < N_PIECES; i++) {
    const int64_t piece = (int64_t)(hash >> (48 - 16 * i) & 0xffff);
    words[2 * i] = piece;
    words[2 * i + 1] = piece * piece;
  }
}

static bool hashes_agree(const int64_t *words, int n_ranks)
{
  bool agree = true;
  for (int i = 0; i < N_PIECES; i++)
    agree = agree && (wide)n_ranks * words[2 * i + 1] == (wide)words[2 * i] * words[2 * i];
  return agree;
}

/* --- the walk --- */

/* What every thread knows about a request. */
typedef struct request_visit {
  const pass_team *team;
  const shard *points;
  const pass_request *request;
} request_visit;

static void begin_block(void *context, int thread)
{
  const request_visit *visit = context;
  workspace_begin_block(&visit->team->workspaces[thread], visit->request->sums);
}

/* A tile with the weights that its rows have in this request. room: TILE_ROWS numbers. */
static row_tile weighted_tile(const pass_request *request, const row_tile *tile, double *room)
{
  row_tile weighted = *tile;
  if (request->weighting != NULL) weighted.weights = weights_of_tile(request->weighting, tile, room);
  return weighted;
}

/* The same of a group of tiles. */
typedef struct weighted_group {
  _Alignas(MEMORY_ALIGNMENT) double rooms[MOST_TILES_TOGETHER][TILE_ROWS];
  row_tile tiles[MOST_TILES_TOGETHER];
} weighted_group;

static void weigh_group(const pass_request *request, const row_tile *tiles, int64_t n_tiles, weighted_group *group)
{
  for (int64_t t = 0; t < n_tiles; t++) group->tiles[t] = weighted_tile(request, &tiles[t], group->rooms[t]);
}

/* Applies the request's rule to a tile, with the weights that its rows have in this request. */
static void apply_rule(const pass_request *request, const row_tile *tile, pass_workspace *workspace)
{
  if (request->weighting == NULL) {
    request->rule(request->context, tile, workspace);
    return;
  }
  _Alignas(MEMORY_ALIGNMENT) double room[TILE_ROWS];
  const row_tile weighted = weighted_tile(request, tile, room);
  request->rule(request->context, &weighted, workspace);
}

/* Adds tiles to the sums by posterior_rule in one go. False, and nothing is done, where the kernels can't. */
static bool sum_together(const pass_request *request, const row_tile *tiles, int64_t n_tiles, pass_workspace *workspace)
{
  weighted_group group;
  if (request->rule != posterior_rule || !posteriors_go_together(request->context, tiles, n_tiles)) return false;
  weigh_group(request, tiles, n_tiles, &group);
  workspace->kernel->together(request->context, group.tiles, n_tiles, &workspace->sums);
  return true;
}

/* Adds tiles of a block to the sums in the thread's workspace. */
static void sum_tiles(void *context, const row_tile *tiles, int64_t n_tiles, int thread)
{
  const request_visit *visit = context;
  const pass_request *request = visit->request;
  pass_workspace *workspace = &visit->team->workspaces[thread];
  const int64_t K = workspace->sums.n_components;
  if (sum_together(request, tiles, n_tiles, workspace)) return;
  for (int64_t t = 0; t < n_tiles; t++) {
    workspace->responsibilities = workspace->group_responsibilities + t * K * TILE_ROWS;
    apply_rule(request, &tiles[t], workspace);
  }
  workspace->responsibilities = workspace->group_responsibilities;
  workspace->kernel->accumulate(n_tiles, workspace->group_responsibilities, tiles[0].numbers,
                                visit->points->row_width * TILE_ROWS, &workspace->sums, workspace->scratch);
}

/* The same in single precision. */
static void sum_tiles_in_single(void *context, const row_tile *tiles, int64_t n_tiles, int thread)
{
  weighted_group group;
  const request_visit *visit = context;
  const pass_request *request = visit->request;
  pass_workspace *workspace = &visit->team->workspaces[thread];
  weigh_group(request, tiles, n_tiles, &group);
  workspace->kernel->single(request->single, group.tiles, n_tiles, &workspace->sums, workspace->group_responsibilities,
                            workspace->scratch);
}

static void add_block(void *context, const block_view *block, int thread)
{
  const request_visit *visit = context;
  (void)block;
  statistics_add_block(visit->request->sums, &visit->team->workspaces[thread].sums, thread);
}

static void widen_spans(const row_tile *tile, const pass_workspace *workspace, const pass_request *request)
{
  const statistics *sums = request->sums;
  const int64_t d = sums->n_features;
  for (int64_t k = 0; k < sums->n_components; k++) {
    const double *responsibilities = workspace->responsibilities + k * TILE_ROWS;
    for (int64_t j = 0; j < d; j++) {
      const double reference = sums->references[k * sums->width + j];
      double widest = request->spans[k * d + j];
      for (int p = 0; p < tile->n_points; p++) {
        const double distance = fabs(tile->numbers[j * TILE_ROWS + p] - reference);
        if (responsibilities[p] > 0.0 && distance > widest) widest = distance;
      }
      request->spans[k * d + j] = widest;
    }
  }
}

static void widen_by_tiles(void *context, const row_tile *tiles, int64_t n_tiles, int thread)
{
  const request_visit *visit = context;
  pass_workspace *workspace = &visit->team->workspaces[thread];
  for (int64_t t = 0; t < n_tiles; t++) {
    apply_rule(visit->request, &tiles[t], workspace);
#pragma omp critical(spans)
    widen_spans(&tiles[t], workspace, visit->request);
  }
}

static row_visit visit_of(request_visit *visit)
{
  const statistics *sums = visit->request->sums;
  row_visit one = {.most_tiles = kernel_group_tiles(sums->shape, sums->n_components, sums->n_features),
                   .visitor = {.context = visit, .begin_block = begin_block}};
  if (visit->request->spans != NULL) {
    one.most_tiles = 1;
    one.visitor.tiles = widen_by_tiles;
  } else {
    const bool single = visit->request->single != NULL;
    if (single) one.most_tiles = single_group_tiles(sums->shape, sums->n_components, sums->n_features);
    one.visitor.tiles = single ? sum_tiles_in_single : sum_tiles;
    one.visitor.end_block = add_block;
  }
  return one;
}

/* Works on every block for one request after the other. */
static void visit_points(pass_team *team, const shard *points, const pass_request *requests, int64_t n_requests)
{
  row_visit visits[MOST_REQUESTS];
  request_visit contexts[MOST_REQUESTS];
  bool of_any_rows = true;
  for (int64_t r = 0; r < n_requests; r++) {
    contexts[r] = (request_visit){team, points, &requests[r]};
    visits[r] = visit_of(&contexts[r]);
    of_any_rows = of_any_rows && requests[r].of_any_rows;
  }
  if (of_any_rows)
    shard_visit_dealt(points, visits, n_requests);
  else
    shard_visit_all(points, visits, n_requests);
}

/* --- the pass --- */

static int64_t place_sums(const pass_team *team, const pass_request *requests, int64_t n_requests)
{
  int64_t n_words = 0;
  for (int64_t r = 0; r < n_requests; r++) {
    statistics *sums = requests[r].sums;
    statistics_weigh(sums, requests[r].weighting);
    if (requests[r].spans != NULL) {
      memset(requests[r].spans, 0, (size_t)(sums->n_components * sums->n_features) * sizeof(double));
    } else {
      statistics_place(sums, team->words + n_words);
      n_words += sums->n_words;
    }
  }
  return n_words;
}

static void reduce_spans(MPI_Comm comm, const pass_request *requests, int64_t n_requests)
{
  for (int64_t r = 0; r < n_requests; r++) {
    const statistics *sums = requests[r].sums;
    if (requests[r].spans != NULL)
      allreduce_large(comm, requests[r].spans, sums->n_components * sums->n_features, MPI_DOUBLE, MPI_MAX);
  }
}

gmmpi_status pass_make(pass_team *team, const shard *points, const pass_request *requests, int64_t n_requests,
                       pass_control *control, gmmpi_error *error)
{
  const double began = MPI_Wtime();
  int n_ranks;
  MPI_Comm_size(points->comm, &n_ranks);
  const int64_t n_words = place_sums(team, requests, n_requests);
  int64_t *words = team->words + n_words;
  visit_points(team, points, requests, n_requests);
  for (int64_t r = 0; r < n_requests; r++) {
    if (requests[r].spans == NULL) statistics_add_threads(requests[r].sums);
  }

  words[STOPS] = stop_is_wanted(control->stop);
  words[QUESTIONS] = control->n_questions;
  words[FAILURES] = shard_has_failed(points);
  put_hash(control->hash, words + PIECES);
  load_put(words + LOADS, &team->load, MPI_Wtime() - began);
  sum_over_ranks(points->comm, team->words, n_words + PASS_CONTROL_WORDS);
  control->n_stop_requests = words[STOPS];
  control->n_questions = words[QUESTIONS];
  team->load = control->load = load_of(words + LOADS);
  if (words[FAILURES] > 0) return shard_agree(points, error);
  if (!hashes_agree(words + PIECES, n_ranks))
    return fail(error, GMMPI_INTERNAL,
                "the ranks hold different models, which must not be; use the same build and libraries on all nodes");

  reduce_spans(points->comm, requests, n_requests);
  for (int64_t r = 0; r < n_requests; r++) {
    if (requests[r].spans == NULL) statistics_take(requests[r].sums);
  }
  control->seconds = MPI_Wtime() - began;
  return GMMPI_OK;
}
