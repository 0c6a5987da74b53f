/* SPDX-License-Identifier: BSD-3-Clause */
/* Rows that are held in memory, as doubles or as floats; for the files of points only. */
#ifndef POINTS_HELD_H
#define POINTS_HELD_H

#include "points/tiles.h"

/* shard_lay_out, and room for this rank's rows, which are to be put there; any room for a copy. Errors: 71. */
gmmpi_status held_lay_out(MPI_Comm comm, const char *label, int64_t n_samples, int64_t n_features,
                          const shard_options *options, shard **points, gmmpi_error *error);

/* Room for where this rank's rows were in the source, to be set by held_put_origin; false when there is no memory. */
bool held_remember_origins(shard *points);
bool held_has_origins(const shard *points);
void held_put_origin(shard *points, int64_t index, int64_t source_row);

/* Puts a row (row_width; -0.0 becomes 0.0) to the index-th place of this rank. */
void held_put_row(shard *points, int64_t index, const double *row);

/* The place of this rank's index-th row, which is the first of a tile. */
tile_place held_place(const shard *points, int64_t index);

/* Collective, when all rows are in their places: fills up the last tile, surveys all of them, and begins to deal.
 * Errors, agreed: 71. */
gmmpi_status held_complete(shard *points, gmmpi_error *error);

/* Collective, when all rows are in their places and surveyed: from now on the ranks of a node deal blocks in walks that
 * allow it (shard_visit_dealt), where that is worth while and the system lets them. */
void held_deal(shard *points);

/* Gives the memory of this rank's tiles from first_tile up to, not including, end_tile back to the system. */
void held_give_back(const shard *points, int64_t first_tile, int64_t end_tile);

#endif
