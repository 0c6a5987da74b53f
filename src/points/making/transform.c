/* SPDX-License-Identifier: BSD-3-Clause */
/* The same rows in other coordinates: held, or made when they are asked for. */
#include "points/held.h"
#include "points/view.h"
#include "support/error.h"

#include <string.h>

/* Puts the rows of a view to where they are held. */
static void hold_tile(void *held, const row_tile *tile, int64_t n_tiles, int thread)
{
  const shard *to = held;
  (void)n_tiles;
  (void)thread;
  memcpy(held_place(to, tile->first_row - to->first_row).tiles, tile->numbers,
         (size_t)(to->row_width * TILE_ROWS) * sizeof(double));
}

gmmpi_status shard_transform(const shard *points, const double *matrix, const double *origin, bool hold, shard **result,
                             gmmpi_error *error)
{
  static const char label[] = "transformed points";
  shard_options options = {.n_threads = points->n_threads};
  shard_note_beside(points, &options);
  gmmpi_error local = {0};
  shard *view = NULL;
  shard *copy = NULL;
  if (shard_lay_out(points->comm, label, points->n_samples, points->n_features, &options, &view, &local) == GMMPI_OK &&
      !view_open(view, points, matrix, origin))
    fail(&local, GMMPI_NO_MEMORY, "there is no memory to transform points");
  if (hold) held_lay_out(points->comm, label, points->n_samples, points->n_features, &options, &copy, &local);
  if (agree(points->comm, &local) == GMMPI_OK) {
    view->weight_unit = points->weight_unit;
    if (hold) copy->weight_unit = points->weight_unit;
    if (hold) shard_visit(view, 1, &(row_visitor){.context = copy, .tiles = hold_tile});
    if (hold)
      held_complete(copy, &local);
    else
      shard_survey(view, &local);
    (hold ? copy : view)->total_weight = points->total_weight; /* as in shard_gather */
    shard_agree(points, &local);
  }
  shard *made_one = hold ? copy : view;
  if (hold || local.status != GMMPI_OK) shard_destroy(view);
  if (local.status != GMMPI_OK) shard_destroy(copy);
  *result = local.status == GMMPI_OK ? made_one : NULL;
  return error_pass(error, &local);
}
