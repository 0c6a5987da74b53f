/* Reading a rank's rows from their source into tiles, piece by piece; for the shard_*.c files only. */
#ifndef POINTS_SHARD_READ_H
#define POINTS_SHARD_READ_H

#include "points/shard_build.h"

typedef struct row_reading row_reading;

/* For the rows that this rank owns of points, which must outlive the reading like source. n_readers: threads that read
 * at the same time where the source lets them. Errors: 71. */
gmmpi_status reading_create(const shard *points, point_source *source, shard_options options, int n_readers,
                            row_reading **reading, gmmpi_error *error);
void reading_destroy(row_reading *reading); /* NULL is fine */

/* May others use the libraries behind the source (HDF5, MPI) while rows are read? */
bool reading_is_concurrent(const row_reading *reading);

/* Reads this rank's rows from index on, the first of a tile, to their place; one call at a time. All rows have to be
 * read once, in any order, before reading_end. Errors: those of source_read; 65 an infinity, a number that is too
 * large; before reading_end 75 when this rank was asked to stop. */
gmmpi_status reading_rows(row_reading *reading, int64_t index, int64_t n_rows, tile_place to, gmmpi_error *error);

/* Reads a single row (n_features) as the shard would hold it. */
gmmpi_status reading_row(row_reading *reading, int64_t index, double *row, gmmpi_error *error);

/* Fails with 65: the rows around index are not what they were. */
gmmpi_status reading_changed(const row_reading *reading, int64_t index, gmmpi_error *error);

/* The sum of the hashes of all rows read so far. */
uint64_t reading_hash(const row_reading *reading);

/* Collective, after all rows: agrees on the errors so far and on missing values; *n_dropped_here and *n_dropped: rows
 * to be dropped, of this rank and of all. Then, if there are none, sets ranges and fingerprint of points. Errors,
 * agreed: 65. */
gmmpi_status reading_end(row_reading *reading, shard *points, int64_t *n_dropped_here, int64_t *n_dropped,
                         gmmpi_error *error);

#endif
