/* The same rows in other coordinates. */
#include "points/shard_build.h"
#include "support/error.h"
#include "support/memory.h"

#include <stdlib.h>
#include <string.h>

/* out: d x TILE_ROWS, = matrix (tile - origin) for every point of a tile. */
static void transform_tile(int64_t d, const double *matrix, const double *origin, const double *restrict tile,
                           double *restrict out)
{
  memset(out, 0, (size_t)(d * TILE_ROWS) * sizeof *out);
  for (int64_t i = 0; i < d; i++) {
    for (int64_t j = 0; j < d; j++) {
      const double factor = matrix[i * d + j];
      if (factor == 0.0) continue;
      for (int p = 0; p < TILE_ROWS; p++) out[i * TILE_ROWS + p] += factor * (tile[j * TILE_ROWS + p] - origin[j]);
    }
  }
}

gmmpi_status shard_transform(const shard *points, const double *matrix, const double *origin, shard **result,
                             gmmpi_error *error)
{
  const int64_t d = points->n_features;
  const shard_options options = {.n_threads = points->n_threads};
  gmmpi_error local = {0};
  double *room = allocate(d * TILE_ROWS, sizeof *room);
  if (room == NULL) fail(&local, GMMPI_NO_MEMORY, "there is no memory to transform points");
  shard_lay_out(points->comm, "transformed points", points->n_samples, d, options, result, &local);
  if (agree(points->comm, &local) == GMMPI_OK) {
    shard_pass pass = shard_pass_begin(points);
    while (shard_pass_next(&pass)) {
      for (int64_t b = pass.first_block; b < pass.end_block; b++) {
        const block_view block = shard_block(points, b);
        double *out = shard_place(*result, b * points->block_rows).tiles;
        for (int64_t t = 0; t < block.n_tiles; t++)
          transform_tile(d, matrix, origin, block_tile(&block, t, room), out + t * d * TILE_ROWS);
      }
    }
    shard_complete(*result, &local);
    shard_agree(points, &local);
  }
  free(room);
  if (local.status == GMMPI_OK) return GMMPI_OK;
  shard_destroy(*result);
  *result = NULL;
  return fail(error, local.status, "%s", local.message);
}
