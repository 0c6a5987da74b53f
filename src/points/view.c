/* SPDX-License-Identifier: BSD-3-Clause */
#include "points/view.h"

#include "support/memory.h"

#include <stdlib.h>
#include <string.h>

typedef struct view_rows {
  const shard *base;
  double *matrix;    /* d x d, row-major */
  double *origin;    /* d */
  double *last_tile; /* 2 x row_width x TILE_ROWS: for single rows */
} view_rows;

static void view_destroy(void *rows)
{
  view_rows *view = rows;
  free(view->matrix);
  free(view->origin);
  free(view->last_tile);
  free(view);
}

static view_rows *view_create(const shard *base, const double *matrix, const double *origin)
{
  const int64_t d = base->n_features;
  view_rows *view = calloc(1, sizeof *view);
  if (view == NULL) return NULL;
  view->base = base;
  view->matrix = allocate(d * d, sizeof *view->matrix);
  view->origin = allocate(d, sizeof *view->origin);
  view->last_tile = allocate(base->row_width, 2 * TILE_ROWS * sizeof *view->last_tile);
  if (view->matrix == NULL || view->origin == NULL || view->last_tile == NULL) {
    view_destroy(view);
    return NULL;
  }
  memcpy(view->matrix, matrix, (size_t)(d * d) * sizeof *matrix);
  memcpy(view->origin, origin, (size_t)d * sizeof *origin);
  return view;
}

/* out: row_width x TILE_ROWS, = matrix (tile - origin) for every point of a tile, which is one of doubles or one of
 * floats; weights stay. */
static void transform_tile(const view_rows *view, const double *tile, const float *float_tile, double *restrict out)
{
  const int64_t d = view->base->n_features;
  memset(out, 0, (size_t)(d * TILE_ROWS) * sizeof *out);
  for (int64_t j = 0; j < d; j++) {
    double centred[TILE_ROWS];
    for (int p = 0; p < TILE_ROWS; p++)
      centred[p] = (tile != NULL ? tile[j * TILE_ROWS + p] : (double)float_tile[j * TILE_ROWS + p]) - view->origin[j];
    for (int64_t i = 0; i < d; i++) {
      const double factor = view->matrix[i * d + j];
      if (factor == 0.0) continue;
      for (int p = 0; p < TILE_ROWS; p++) out[i * TILE_ROWS + p] += factor * centred[p];
    }
  }
  for (int64_t i = d * TILE_ROWS; i < view->base->row_width * TILE_ROWS; i++)
    out[i] = tile != NULL ? tile[i] : (double)float_tile[i];
}

/* The tiles of a block are the other shard's, from which those here are made. */
static void view_find_block(const shard *points, int64_t index, block_view *block)
{
  const view_rows *view = points->rows;
  const block_view theirs = shard_block(view->base, index);
  block->tiles = theirs.tiles;
  block->float_tiles = theirs.float_tiles;
}

static const double *view_make_tile(const block_view *block, int64_t tile, double *room)
{
  const int64_t offset = tile * block->points->row_width * TILE_ROWS;
  transform_tile(block->points->rows, block->tiles != NULL ? block->tiles + offset : NULL,
                 block->float_tiles != NULL ? block->float_tiles + offset : NULL, room);
  return room;
}

static void view_copy_row(const shard *points, int64_t row, int64_t n_numbers, double *numbers)
{
  const view_rows *view = points->rows;
  const int64_t width = points->row_width;
  double *tile = view->last_tile;
  double *transformed = tile + width * TILE_ROWS;
  shard_copy_numbers(view->base, row, transformed);
  for (int64_t j = 0; j < width; j++) tile[j * TILE_ROWS] = transformed[j];
  transform_tile(view, tile, NULL, transformed);
  for (int64_t j = 0; j < n_numbers; j++) numbers[j] = transformed[j * TILE_ROWS];
}

/* --- passes, which are the other shard's
 * -------------------------------------------------------------------------------- */

static void view_begin_pass(const shard *points, bool ascending)
{
  const view_rows *view = points->rows;
  if (ascending)
    shard_pass_begin_ascending(view->base);
  else
    shard_pass_begin(view->base);
}

static bool view_next_run(shard_pass *pass)
{
  const shard *points = pass->points;
  const view_rows *view = points->rows;
  pass->points = view->base;
  const bool goes_on = shard_pass_next(pass);
  pass->points = points;
  return goes_on;
}

static bool view_reach_block(shard_pass *pass, int64_t block)
{
  const shard *points = pass->points;
  const view_rows *view = points->rows;
  pass->points = view->base;
  const bool goes_on = shard_pass_reach(pass, block);
  pass->points = points;
  return goes_on;
}

static const gmmpi_error *view_failure(const shard *points)
{
  const view_rows *view = points->rows;
  const shard_backing *theirs = view->base->backing;
  return theirs->failure != NULL ? theirs->failure(view->base) : NULL;
}

static const shard_backing view_backing = {.begin_pass = view_begin_pass,
                                           .next_run = view_next_run,
                                           .reach_block = view_reach_block,
                                           .find_block = view_find_block,
                                           .make_tile = view_make_tile,
                                           .copy_row = view_copy_row,
                                           .failure = view_failure,
                                           .destroy = view_destroy};

bool view_open(shard *points, const shard *base, const double *matrix, const double *origin)
{
  points->rows = view_create(base, matrix, origin);
  if (points->rows == NULL) return false;
  points->backing = &view_backing;
  points->is_streamed = base->is_streamed;
  return shard_make_rooms(points);
}
