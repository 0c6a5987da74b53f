/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading a rank's rows from their source into tiles, piece by piece; for the files of points only. */
#ifndef POINTS_READING_READ_H
#define POINTS_READING_READ_H

#include "points/reading/row_choice.h"
#include "points/tiles.h"

typedef struct row_reading row_reading;

/* For the rows that this rank owns of points, which must outlive the reading like source. choice: which rows of the
 * source these are, NULL for all of them; it belongs to the reading, even after an error. n_readers: threads that read
 * at the same time where the source lets them. Errors: 71. */
gmmpi_status reading_create(const shard *points, point_source *source, row_choice *choice, shard_options options,
                            int n_readers, row_reading **reading, gmmpi_error *error);
void reading_destroy(row_reading *reading); /* NULL is fine */

point_source *reading_source(const row_reading *reading);
const row_choice *reading_choice(const row_reading *reading);

/* For each of this rank's blocks how many rows are to be dropped, when the rows are to be streamed, and some may be;
 * else NULL. The caller frees. */
int64_t *reading_take_dropped(row_reading *reading);

/* May others use the libraries behind the source (HDF5, MPI) while rows are read? */
bool reading_is_concurrent(const row_reading *reading);

/* Reads this rank's rows from index on, the first of a tile, to their place; one call at a time. places: NULL, or
 * n_rows, and receives where the rows are in the source. All rows have to be read once before reading_end, in any
 * order, or, of a choice, in their own. Errors: those of source_read; 65 an infinity, a number that is too large, a
 * choice that has changed; before reading_end 75 when this rank was asked to stop. */
gmmpi_status reading_rows(row_reading *reading, int64_t index, int64_t n_rows, tile_place to, int64_t *places,
                          gmmpi_error *error);

/* Reads the first n_numbers numbers of a single row as the shard would hold them. */
gmmpi_status reading_row(row_reading *reading, int64_t index, int64_t n_numbers, double *numbers, gmmpi_error *error);

/* Fails with 65: the rows around index are not what they were. */
gmmpi_status reading_changed(const row_reading *reading, int64_t index, gmmpi_error *error);

/* The sum of the hashes of all rows read so far. */
uint64_t reading_hash(const row_reading *reading);

/* Collective, after all rows: agrees on the errors so far, on missing values, and on whether the candidates of a choice
 * are what they were; *n_dropped_here and *dropped: rows to be dropped, of this rank and of all. Then, if there are
 * none, sets ranges and fingerprint of points. Errors, agreed: 65. */
gmmpi_status reading_end(row_reading *reading, shard *points, int64_t *n_dropped_here, dropped_count *dropped,
                         gmmpi_error *error);

#endif
