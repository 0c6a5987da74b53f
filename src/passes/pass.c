#include "passes/pass.h"

#include "support/error.h"
#include "support/large_messages.h"
#include "support/threads.h"

#include <math.h>
#include <string.h>

/* --- the words that travel besides the sums ---
 *
 * Hashes are compared by 16-bit pieces h: of n ranks all have the same if and only if n sum h^2 = (sum h)^2 (Cauchy,
 * Schwarz), which every rank finds alike. */
enum { STOPS, QUESTIONS, FAILURES, PIECES, N_PIECES = 2, LOADS = PIECES + 2 * N_PIECES };
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

/* Of the block's tile t, the `place`-th of its group: a group's tiles are one after the other in memory, be it in the
 * block or in the workspace. */
static tile_view view_of_tile(const block_view *block, int64_t t, int64_t place, pass_workspace *workspace)
{
  double *room = workspace->tiles + place * workspace->sums.n_features * TILE_ROWS;
  return (tile_view){block_tile(block, t, room), block->first_row + t * TILE_ROWS, tile_points(block, t)};
}

/* Adds n_tiles tiles of a block, from tile `first` on, to the sums in the workspace. */
static void sum_group(const block_view *block, int64_t first, int64_t n_tiles, responsibility_rule rule, void *context,
                      pass_workspace *workspace)
{
  const double *tiles = NULL;
  for (int64_t t = 0; t < n_tiles; t++) {
    const tile_view tile = view_of_tile(block, first + t, t, workspace);
    if (t == 0) tiles = tile.tile;
    workspace->responsibilities = workspace->group_responsibilities + t * workspace->sums.n_components * TILE_ROWS;
    rule(context, &tile, workspace);
  }
  workspace->responsibilities = workspace->group_responsibilities;
  workspace->kernel->accumulate(n_tiles, workspace->group_responsibilities, tiles, &workspace->sums,
                                workspace->scratch);
}

/* The sums over one block, in the workspace. */
static void sum_block(const block_view *block, responsibility_rule rule, void *context, pass_workspace *workspace)
{
  for (int64_t t = 0; t < block->n_tiles; t += workspace->group_tiles) {
    const int64_t left = block->n_tiles - t;
    sum_group(block, t, left < workspace->group_tiles ? left : workspace->group_tiles, rule, context, workspace);
  }
}

static void widen_spans(const tile_view *tile, const pass_workspace *workspace, const statistics *sums, double *spans)
{
  const int64_t d = sums->n_features;
  for (int64_t k = 0; k < sums->n_components; k++) {
    const double *responsibilities = workspace->responsibilities + k * TILE_ROWS;
    for (int64_t j = 0; j < d; j++) {
      const double reference = sums->references[k * sums->width + j];
      double widest = spans[k * d + j];
      for (int p = 0; p < tile->n_points; p++) {
        const double distance = fabs(tile->tile[j * TILE_ROWS + p] - reference);
        if (responsibilities[p] > 0.0 && distance > widest) widest = distance;
      }
      spans[k * d + j] = widest;
    }
  }
}

static void widen_spans_of_block(const block_view *block, const pass_request *request, pass_workspace *workspace)
{
  for (int64_t t = 0; t < block->n_tiles; t++) {
    const tile_view tile = view_of_tile(block, t, 0, workspace);
    request->rule(request->context, &tile, workspace);
#pragma omp critical(spans)
    widen_spans(&tile, workspace, request->sums, request->spans);
  }
}

/* Works on every block for one request after the other. */
static void visit_points(pass_team *team, const shard *points, const pass_request *requests, int64_t n_requests)
{
  shard_pass pass = shard_pass_begin(points);
  while (shard_pass_next(&pass)) {
#pragma omp parallel for num_threads(team->n_threads) schedule(dynamic) if (team->n_threads > 1)
    for (int64_t b = pass.first_block; b < pass.end_block; b++) {
      const int thread = thread_number();
      pass_workspace *workspace = &team->workspaces[thread];
      const block_view block = shard_block(points, b);
      for (int64_t r = 0; r < n_requests; r++) {
        const pass_request *request = &requests[r];
        workspace_begin_block(workspace, request->sums);
        if (request->spans != NULL) {
          widen_spans_of_block(&block, request, workspace);
        } else {
          sum_block(&block, request->rule, request->context, workspace);
          statistics_add_block(request->sums, &workspace->sums, thread);
        }
      }
    }
  }
}

/* --- the pass --- */

static int64_t place_sums(const pass_team *team, const pass_request *requests, int64_t n_requests)
{
  int64_t n_words = 0;
  for (int64_t r = 0; r < n_requests; r++) {
    statistics *sums = requests[r].sums;
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
  allreduce_large(points->comm, team->words, n_words + PASS_CONTROL_WORDS, MPI_INT64_T, MPI_SUM);
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
