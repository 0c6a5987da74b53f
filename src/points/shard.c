/* SPDX-License-Identifier: BSD-3-Clause */
#include "points/shard.h"

#include "points/dealing.h"
#include "support/activity.h"
#include "support/error.h"
#include "support/memory.h"
#include "support/threads.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>

int64_t shard_least_stream_bytes(int64_t n_samples, int64_t row_width, bool drops)
{
  const int64_t rows = shard_block_rows(n_samples);
  const int64_t row_words = drops && row_width < INT64_MAX ? row_width + 1 : row_width;
  int64_t words;
  int64_t bytes;
  return multiply_fits(rows, row_words, &words) && multiply_fits(words, 2 * (int64_t)sizeof(double), &bytes)
             ? bytes
             : INT64_MAX;
}

int shard_owner(const shard *points, int64_t row, int n_ranks)
{
  return layout_owner(points->n_blocks, row / points->block_rows, n_ranks);
}

/* --- memory
 * ------------------------------------------------------------------------------------------------------------- */

gmmpi_status shard_no_memory(const shard *points, const char *label, gmmpi_error *error)
{
  return fail(error, GMMPI_NO_MEMORY,
              "%s: there is no memory for %" PRId64 " x %" PRId64 " points, %.3g bytes on each rank; use more nodes",
              label, points->n_samples, points->n_features,
              (points->single_precision ? 4.0 : 8.0) * (double)points->n_rows * (double)points->n_features);
}

gmmpi_status shard_lay_out(MPI_Comm comm, const char *label, int64_t n_samples, int64_t n_features,
                           const shard_options *options, shard **points, gmmpi_error *error)
{
  int rank;
  int n_ranks;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &n_ranks);
  shard *created = calloc(1, sizeof *created);
  *points = created;
  if (created == NULL) return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left", label);
  created->comm = comm;
  created->n_samples = n_samples;
  created->n_features = n_features;
  created->has_weights = options->has_weights;
  created->has_labels = options->has_labels;
  created->n_classes = options->n_classes;
  created->row_width = n_features + shard_n_beside(options);
  created->largest_weight = 1.0;
  created->weight_unit = 1.0;
  created->total_weight = (double)n_samples;
  created->single_precision = options->single_precision;
  created->without_bounds = options->without_bounds;
  created->n_threads = options->n_threads > 1 ? options->n_threads : 1;
  created->block_rows = shard_block_rows(n_samples);
  created->n_blocks = layout_n_blocks(n_samples);
  const int64_t first_block = layout_first_block(created->n_blocks, rank, n_ranks);
  const int64_t behind = layout_first_block(created->n_blocks, rank + 1, n_ranks);
  created->first_row = first_block * created->block_rows;
  if (behind > first_block)
    created->n_rows = (behind == created->n_blocks ? n_samples : behind * created->block_rows) - created->first_row;

  int64_t numbers;
  if (n_features < INT_MAX && layout_tile_numbers(created->n_rows, created->row_width, &numbers)) {
    created->minima = allocate(n_features, sizeof *created->minima);
    created->maxima = allocate(n_features, sizeof *created->maxima);
  }
  if (created->minima == NULL || created->maxima == NULL) return shard_no_memory(created, label, error);
  return GMMPI_OK;
}

/* As many tiles as the kernels ever want together (kernel_group_tiles): they know of features, not of weights and
 * labels. */
static int64_t room_tiles(const shard *points)
{
  return tiles_together((points->n_features + 1) / 2);
}

bool shard_make_rooms(shard *points)
{
  const int64_t width = points->row_width;
  int64_t numbers;
  if (multiply_fits(width, room_tiles(points) * TILE_ROWS, &numbers) &&
      multiply_fits(numbers, points->n_threads, &numbers))
    points->rooms = allocate_untouched(numbers, sizeof *points->rooms);
  return points->rooms != NULL;
}

bool shard_has_room_for_copy(const shard *points)
{
  int n_ranks;
  MPI_Comm_size(points->comm, &n_ranks);
  return !points->is_streamed &&
         shard_bytes(points->n_samples, points->row_width, n_ranks, false) <= points->room_for_copy;
}

void shard_normalise_weights(shard *points)
{
  const double sum = points->total_weight / points->weight_unit;
  if (!points->has_weights || !(sum > 0.0)) return;
  points->weight_unit = (double)points->n_samples / sum;
  points->total_weight = (double)points->n_samples;
}

void shard_destroy(shard *points)
{
  if (points == NULL) return;
  dealing_destroy(points->dealing);
  if (points->backing != NULL) points->backing->destroy(points->rows);
  free(points->minima);
  free(points->maxima);
  free(points->rooms);
  free(points);
}

/* --- rows
 * --------------------------------------------------------------------------------------------------------------- */

void shard_copy_row(const shard *points, int64_t row, double *point)
{
  points->backing->copy_row(points, row, points->n_features, point);
}

void shard_copy_numbers(const shard *points, int64_t row, double *numbers)
{
  points->backing->copy_row(points, row, points->row_width, numbers);
}

int64_t shard_n_blocks(const shard *points)
{
  return (points->n_rows + points->block_rows - 1) / points->block_rows;
}

block_view shard_block(const shard *points, int64_t index)
{
  const int64_t before = index * points->block_rows;
  const int64_t left = points->n_rows - before;
  const int64_t n_rows = left < points->block_rows ? left : points->block_rows;
  block_view block = {.points = points,
                      .first_row = points->first_row + before,
                      .n_rows = n_rows,
                      .n_tiles = (n_rows + TILE_ROWS - 1) / TILE_ROWS};
  if (points->backing != NULL) points->backing->find_block(points, index, &block);
  return block;
}

const double *block_tile(const block_view *block, int64_t tile, double *room)
{
  const int64_t length = block->points->row_width * TILE_ROWS;
  if (block->points->backing->make_tile != NULL) return block->points->backing->make_tile(block, tile, room);
  if (block->tiles != NULL) return block->tiles + tile * length;
  for (int64_t i = 0; i < length; i++) room[i] = (double)block->float_tiles[tile * length + i];
  return room;
}

/* --- passes
 * ------------------------------------------------------------------------------------------------------------- */

static shard_pass begin_pass(const shard *points, bool ascending)
{
  if (points->backing->begin_pass != NULL) points->backing->begin_pass(points, ascending);
  return (shard_pass){.points = points};
}

shard_pass shard_pass_begin(const shard *points)
{
  return begin_pass(points, false);
}

shard_pass shard_pass_begin_ascending(const shard *points)
{
  return begin_pass(points, true);
}

bool shard_pass_next(shard_pass *pass)
{
  if (pass->points->backing->next_run != NULL) return pass->points->backing->next_run(pass);
  if (pass->end_block > 0) return false;
  pass->end_block = shard_n_blocks(pass->points);
  return pass->end_block > 0;
}

bool shard_pass_reach(shard_pass *pass, int64_t block)
{
  if (block >= pass->first_block && block < pass->end_block) return true;
  if (pass->points->backing->reach_block == NULL) return shard_pass_next(pass);
  return pass->points->backing->reach_block(pass, block);
}

/* --- walks
 * -------------------------------------------------------------------------------------------------------------- */

/* room: for most_tiles tiles, or NULL where tiles are used where they are. */
static void visit_tiles(const block_view *block, int64_t most_tiles, const row_visitor *visitor, double *room,
                        int thread)
{
  const shard *points = block->points;
  const int64_t length = points->row_width * TILE_ROWS;
  row_tile tiles[MOST_TILES_TOGETHER];
  for (int64_t t = 0; t < block->n_tiles; t += most_tiles) {
    const int64_t left = block->n_tiles - t;
    const int64_t n = left < most_tiles ? left : most_tiles;
    for (int64_t i = 0; i < n; i++) {
      const double *numbers = block_tile(block, t + i, room == NULL ? NULL : room + i * length);
      tiles[i] = (row_tile){.numbers = numbers,
                            .weights = points->has_weights ? numbers + length - TILE_ROWS : NULL,
                            .labels = points->has_labels ? numbers + points->n_features * TILE_ROWS : NULL,
                            .first_row = block->first_row + (t + i) * TILE_ROWS,
                            .n_points = tile_points(block, t + i)};
    }
    visitor->tiles(visitor->context, tiles, n, thread);
  }
}

static void visit_block(const block_view *block, const row_visit *visit, int thread)
{
  const shard *points = block->points;
  const row_visitor *visitor = &visit->visitor;
  const int64_t width = points->row_width;
  double *room = points->rooms == NULL ? NULL : points->rooms + thread * room_tiles(points) * width * TILE_ROWS;
  if (visitor->begin_block != NULL) visitor->begin_block(visitor->context, thread);
  if (visitor->tiles != NULL) visit_tiles(block, visit->most_tiles, visitor, room, thread);
  if (visitor->end_block != NULL) visitor->end_block(visitor->context, block, thread);
}

static void visit_own_block(const shard *points, int64_t index, const row_visit *visits, int64_t n, int thread)
{
  const block_view block = shard_block(points, index);
  for (int64_t i = 0; i < n; i++) visit_block(&block, &visits[i], thread);
  activity_tell_walk(index + 1, shard_n_blocks(points));
}

/* Neighbouring blocks that are at hand. */
static void visit_run(const shard *points, int64_t first_block, int64_t end_block, const row_visit *visits, int64_t n)
{
  const int n_threads = visits[0].visitor.takes_turns ? 1 : points->n_threads;
  if (n_threads == 1) { /* without a team of one, which costs as much as a few hundred rows */
    for (int64_t b = first_block; b < end_block; b++) visit_own_block(points, b, visits, n, 0);
    return;
  }
#pragma omp parallel for num_threads(n_threads) schedule(dynamic)
  for (int64_t b = first_block; b < end_block; b++) visit_own_block(points, b, visits, n, thread_number());
}

void shard_visit_all(const shard *points, const row_visit *visits, int64_t n)
{
  shard_pass pass = shard_pass_begin(points);
  while (shard_pass_next(&pass)) visit_run(points, pass.first_block, pass.end_block, visits, n);
}

void shard_visit(const shard *points, int64_t most_tiles, const row_visitor *visitor)
{
  shard_visit_all(points, &(row_visit){most_tiles, *visitor}, 1);
}

/* A block of any rank of the node, which holds its rows as this one does. */
static block_view view_of_dealt(const shard *points, const dealt_block *dealt)
{
  const dealt_rows *rows = dealt->rows;
  const int64_t left = rows->n_rows - dealt->index * rows->block_rows;
  const int64_t n_rows = left < rows->block_rows ? left : rows->block_rows;
  const void *tiles = (const unsigned char *)rows->tiles + dealt->index * rows->block_bytes;
  return (block_view){.points = points,
                      .first_row = rows->first_row + dealt->index * rows->block_rows,
                      .n_rows = n_rows,
                      .n_tiles = (n_rows + TILE_ROWS - 1) / TILE_ROWS,
                      .tiles = points->single_precision ? NULL : tiles,
                      .float_tiles = points->single_precision ? tiles : NULL};
}

static void visit_dealt_blocks(const shard *points, const row_visit *visits, int64_t n, int thread)
{
  dealt_block block;
  while (dealing_next(points->dealing, &block)) {
    const block_view view = view_of_dealt(points, &block);
    for (int64_t i = 0; i < n; i++) visit_block(&view, &visits[i], thread);
    dealing_done(points->dealing, &block);
    if (view.first_row >= points->first_row) activity_tell_walk(view.first_row - points->first_row, points->n_rows);
  }
}

void shard_visit_dealt(const shard *points, const row_visit *visits, int64_t n)
{
  if (points->dealing == NULL) {
    shard_visit_all(points, visits, n);
    return;
  }
  dealing_begin(points->dealing);
  if (points->n_threads == 1) {
    visit_dealt_blocks(points, visits, n, 0);
    return;
  }
#pragma omp parallel num_threads(points->n_threads)
  visit_dealt_blocks(points, visits, n, thread_number());
}

bool shard_visit_blocks(const shard *points, int64_t first_block, int64_t end_block, int64_t most_tiles,
                        const row_visitor *visitor)
{
  const row_visit visit = {most_tiles, *visitor};
  shard_pass pass = {.points = points};
  while (first_block < end_block) {
    if (!shard_pass_reach(&pass, first_block)) return false;
    const int64_t run_end = pass.end_block < end_block ? pass.end_block : end_block;
    visit_run(points, first_block, run_end, &visit, 1);
    first_block = run_end;
  }
  return true;
}

/* --- failures
 * ----------------------------------------------------------------------------------------------------------- */

static const gmmpi_error no_failure;

static const gmmpi_error *first_failure(const shard *points)
{
  const gmmpi_error *failure = NULL;
  if (points->backing != NULL && points->backing->failure != NULL) failure = points->backing->failure(points);
  return failure != NULL ? failure : &no_failure;
}

bool shard_has_failed(const shard *points)
{
  return first_failure(points)->status != GMMPI_OK;
}

gmmpi_status shard_failure(const shard *points, gmmpi_error *error)
{
  if (error->status == GMMPI_OK) *error = *first_failure(points);
  return error->status;
}

gmmpi_status shard_agree(const shard *points, gmmpi_error *error)
{
  gmmpi_error local = {0};
  if (!points->is_streamed) return GMMPI_OK;
  shard_failure(points, &local);
  if (agree(points->comm, &local) == GMMPI_OK) return GMMPI_OK;
  if (error->status == GMMPI_OK) *error = local;
  return local.status;
}
