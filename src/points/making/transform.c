/* The same rows in other coordinates: held, or made when they are asked for. */
#include "points/shard_build.h"
#include "support/error.h"
#include "support/memory.h"

#include <stdlib.h>
#include <string.h>

struct shard_view {
  const shard *base;
  double *matrix;    /* d x d, row-major */
  double *origin;    /* d */
  double *last_tile; /* 2 x row_width x TILE_ROWS: for single rows */
};

void view_destroy(shard_view *view)
{
  if (view == NULL) return;
  free(view->matrix);
  free(view->origin);
  free(view->last_tile);
  free(view);
}

static shard_view *view_create(const shard *base, const double *matrix, const double *origin)
{
  const int64_t d = base->n_features;
  shard_view *view = calloc(1, sizeof *view);
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
static void transform_tile(const shard_view *view, const double *tile, const float *float_tile, double *restrict out)
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

block_view view_block(const shard *points, int64_t index)
{
  block_view block = shard_block(points->view->base, index);
  block.points = points;
  block.source_rows = NULL;
  return block;
}

const double *view_tile(const block_view *block, int64_t tile, double *room)
{
  const int64_t offset = tile * block->points->row_width * TILE_ROWS;
  transform_tile(block->points->view, block->tiles != NULL ? block->tiles + offset : NULL,
                 block->float_tiles != NULL ? block->float_tiles + offset : NULL, room);
  return room;
}

void view_copy_row(const shard *points, int64_t row, int64_t n_numbers, double *numbers)
{
  const int64_t width = points->row_width;
  double *tile = points->view->last_tile;
  double *transformed = tile + width * TILE_ROWS;
  shard_copy_numbers(points->view->base, row, transformed);
  for (int64_t j = 0; j < width; j++) tile[j * TILE_ROWS] = transformed[j];
  transform_tile(points->view, tile, NULL, transformed);
  for (int64_t j = 0; j < n_numbers; j++) numbers[j] = transformed[j * TILE_ROWS];
}

/* Puts the rows of a view to where they are held. */
static void hold_tile(void *held, const row_tile *tile, int64_t n_tiles, int thread)
{
  const shard *to = held;
  (void)n_tiles;
  (void)thread;
  memcpy(shard_place(to, tile->first_row - to->first_row).tiles, tile->numbers,
         (size_t)(to->row_width * TILE_ROWS) * sizeof(double));
}

gmmpi_status shard_transform(const shard *points, const double *matrix, const double *origin, bool hold, shard **result,
                             gmmpi_error *error)
{
  static const char label[] = "transformed points";
  const shard_options held = {.n_threads = points->n_threads, .has_weights = points->has_weights};
  shard_options made = held;
  made.stream_bytes = 1;
  gmmpi_error local = {0};
  shard *view = NULL;
  shard *copy = NULL;
  if (shard_lay_out(points->comm, label, points->n_samples, points->n_features, made, &view, &local) == GMMPI_OK) {
    view->stream = points->stream;
    view->view = view_create(points, matrix, origin);
    if (view->view == NULL || !shard_make_rooms(view))
      fail(&local, GMMPI_NO_MEMORY, "there is no memory to transform points");
  }
  if (hold) shard_lay_out(points->comm, label, points->n_samples, points->n_features, held, &copy, &local);
  if (agree(points->comm, &local) == GMMPI_OK) {
    if (hold) shard_visit(view, 1, &(row_visitor){.context = copy, .tiles = hold_tile});
    shard_complete(hold ? copy : view, &local);
    shard_agree(points, &local);
  }
  shard *made_one = hold ? copy : view;
  if (hold || local.status != GMMPI_OK) shard_destroy(view);
  if (local.status != GMMPI_OK) shard_destroy(copy);
  *result = local.status == GMMPI_OK ? made_one : NULL;
  return error_pass(error, &local);
}
