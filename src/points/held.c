/* SPDX-License-Identifier: BSD-3-Clause */
#include "points/held.h"

#include "points/dealing.h"
#include "support/error.h"
#include "support/memory.h"

#include <stdlib.h>

/* ceil(n_rows / TILE_ROWS) x row_width x TILE_ROWS numbers: doubles or floats; the other one is NULL. */
typedef struct held_rows {
  double *tiles;
  float *float_tiles;
  int64_t *origins;   /* n_rows: where each was in the source; NULL when no row was dropped */
  node_memory shared; /* bytes NULL: tiles are allocated; else they are in it, behind a head */
} held_rows;

static void held_destroy(void *rows)
{
  held_rows *held = rows;
  if (held->shared.bytes == NULL) {
    free(held->tiles);
    free(held->float_tiles);
  }
  node_memory_destroy(&held->shared);
  free(held->origins);
  free(held);
}

/* --- where a row is
 * ----------------------------------------------------------------------------------------------------- */

/* Where the first number of this rank's index-th row is in the tiles; the others follow TILE_ROWS apart. */
static int64_t place_of_row(const shard *points, int64_t index)
{
  return index / TILE_ROWS * TILE_ROWS * points->row_width + index % TILE_ROWS;
}

static void held_find_block(const shard *points, int64_t index, block_view *block)
{
  const held_rows *held = points->rows;
  const int64_t before = index * points->block_rows;
  if (held->tiles != NULL) block->tiles = held->tiles + before * points->row_width;
  if (held->float_tiles != NULL) block->float_tiles = held->float_tiles + before * points->row_width;
  if (held->origins != NULL) block->source_rows = held->origins + before;
}

static void held_copy_row(const shard *points, int64_t row, int64_t n_numbers, double *numbers)
{
  const held_rows *held = points->rows;
  const int64_t place = place_of_row(points, row - points->first_row);
  for (int64_t j = 0; j < n_numbers; j++)
    numbers[j] =
        held->tiles != NULL ? held->tiles[place + j * TILE_ROWS] : (double)held->float_tiles[place + j * TILE_ROWS];
}

static const shard_backing held_backing = {
    .find_block = held_find_block, .copy_row = held_copy_row, .destroy = held_destroy};

/* --- making
 * ------------------------------------------------------------------------------------------------------------- */

/* Room for so many numbers of one of the two kinds. */
static bool make_room(const shard *points, int64_t numbers, held_rows *held)
{
  const int64_t size = (int64_t)(points->single_precision ? sizeof(float) : sizeof(double));
  void *tiles = NULL;
  if (dealing_is_worthwhile(points->comm, points->n_samples, points->row_width) && numbers <= INT64_MAX / size &&
      dealing_allocate(numbers * size, &held->shared))
    tiles = held->shared.bytes + dealing_head_bytes();
  else
    tiles = allocate_untouched(numbers, (size_t)size);
  if (points->single_precision)
    held->float_tiles = tiles;
  else
    held->tiles = tiles;
  return tiles != NULL;
}

gmmpi_status held_lay_out(MPI_Comm comm, const char *label, int64_t n_samples, int64_t n_features,
                          const shard_options *options, shard **points, gmmpi_error *error)
{
  int64_t numbers;
  if (shard_lay_out(comm, label, n_samples, n_features, options, points, error) != GMMPI_OK) return error->status;
  shard *created = *points;
  held_rows *held = calloc(1, sizeof *held);
  if (held == NULL) return shard_no_memory(created, label, error);
  created->backing = &held_backing;
  created->rows = held;
  created->room_for_copy = INT64_MAX;
  if (!layout_tile_numbers(created->n_rows, created->row_width, &numbers))
    return shard_no_memory(created, label, error);
  const bool has_rooms = !created->single_precision || shard_make_rooms(created);
  return has_rooms && make_room(created, numbers, held) ? GMMPI_OK : shard_no_memory(created, label, error);
}

bool held_remember_origins(shard *points)
{
  held_rows *held = points->rows;
  held->origins = allocate(points->n_rows, sizeof *held->origins);
  return held->origins != NULL;
}

bool held_has_origins(const shard *points)
{
  const held_rows *held = points->rows;
  return held->origins != NULL;
}

void held_put_origin(shard *points, int64_t index, int64_t source_row)
{
  const held_rows *held = points->rows;
  held->origins[index] = source_row;
}

void held_put_row(shard *points, int64_t index, const double *row)
{
  const held_rows *held = points->rows;
  const int64_t place = place_of_row(points, index);
  for (int64_t j = 0; j < points->row_width; j++) {
    if (held->tiles != NULL)
      held->tiles[place + j * TILE_ROWS] = row[j] + 0.0;
    else
      held->float_tiles[place + j * TILE_ROWS] = (float)(row[j] + 0.0);
  }
}

tile_place held_place(const shard *points, int64_t index)
{
  const held_rows *held = points->rows;
  const int64_t place = place_of_row(points, index);
  return (tile_place){held->tiles != NULL ? held->tiles + place : NULL,
                      held->float_tiles != NULL ? held->float_tiles + place : NULL};
}

/* Fills the tile at the data set's end up with copies of its first point, of weight 0 and unknown label. */
static void fill_last_tile(shard *points)
{
  const held_rows *held = points->rows;
  const int64_t n_points = points->n_rows % TILE_ROWS;
  if (n_points == 0) return;
  const int64_t place = (points->n_rows - n_points) * points->row_width;
  for (int64_t j = 0; j < points->row_width; j++) {
    const int64_t first = place + j * TILE_ROWS;
    const double filling = shard_filling(points, j, held->tiles != NULL ? held->tiles[first] : 0.0);
    const float float_filling =
        (float)shard_filling(points, j, held->tiles == NULL ? (double)held->float_tiles[first] : 0.0);
    for (int64_t i = first + n_points; i < first + TILE_ROWS; i++) {
      if (held->tiles != NULL)
        held->tiles[i] = filling;
      else
        held->float_tiles[i] = float_filling;
    }
  }
}

gmmpi_status held_complete(shard *points, gmmpi_error *error)
{
  fill_last_tile(points);
  if (shard_survey(points, error) == GMMPI_OK) held_deal(points);
  return error->status;
}

void held_deal(shard *points)
{
  held_rows *held = points->rows;
  const int64_t size = (int64_t)(points->single_precision ? sizeof(float) : sizeof(double));
  const dealt_rows rows = {.first_row = points->first_row,
                           .n_rows = points->n_rows,
                           .block_rows = points->block_rows,
                           .block_bytes = points->block_rows * points->row_width * size};
  if (dealing_is_worthwhile(points->comm, points->n_samples, points->row_width))
    points->dealing = dealing_create(points->comm, rows, &held->shared);
}

void held_give_back(const shard *points, int64_t first_tile, int64_t end_tile)
{
  const held_rows *held = points->rows;
  const int64_t tile_bytes =
      points->row_width * TILE_ROWS * (int64_t)(held->tiles != NULL ? sizeof(double) : sizeof(float));
  const int64_t first = first_tile * tile_bytes;
  const int64_t n_bytes = (end_tile - first_tile) * tile_bytes;
  unsigned char *tiles = held->tiles != NULL ? (unsigned char *)held->tiles : (unsigned char *)held->float_tiles;
  if (held->shared.bytes != NULL)
    node_memory_release(&held->shared, dealing_head_bytes() + first, n_bytes);
  else
    release_pages(tiles + first, (size_t)n_bytes);
}
