/* The rows of a rank that are not held but read anew in every pass; for the shard_*.c files only.
 *
 * A rank's blocks are cut into chunks of whole blocks. A few neighbouring chunks are at hand, chunk c in slot c mod
 * n_slots. While the current one is worked on, a thread of the stream reads those that come next into the slots of
 * those that have been done. Passes go back and forth, so that each begins with the chunks that the one before has
 * left. The thread reads during passes only: between them the source, and the library behind it, belong to the caller.
 */
#ifndef POINTS_STREAM_STREAM_H
#define POINTS_STREAM_STREAM_H

#include "points/reading/read.h"

/* Chunks of at most options.stream_bytes bytes in all. points and reading must outlive the stream. What was read of a
 * subsample is kept in options.scratch, and read from there in later passes. Errors: 71. */
gmmpi_status stream_create(const shard *points, row_reading *reading, shard_options options, shard_stream **stream,
                           gmmpi_error *error);
void stream_destroy(shard_stream *stream); /* NULL is fine */

/* After the first pass: from now on every chunk must be what it was then. The reading belongs to the stream now. */
void stream_surveyed(shard_stream *stream);

/* How the stream was made, and of what. */
const shard_options *stream_options(const shard_stream *stream);
const row_reading *stream_reading(const shard_stream *stream);

/* A place in the source from which one can walk to a row (0-based, of the data set) of this rank. */
row_place stream_place(const shard_stream *stream, int64_t row);

/* See shard_pass_begin, shard_pass_next and shard_pass_reach. */
void stream_begin(shard_stream *stream, bool ascending);
bool stream_next(shard_stream *stream, int64_t *first_block, int64_t *end_block);
bool stream_reach(shard_stream *stream, int64_t block, int64_t *first_block, int64_t *end_block);

/* The first failure so far. */
const gmmpi_error *stream_error(const shard_stream *stream);

/* Why options.scratch is not used; NULL while all is well. To be asked between passes. */
const char *stream_scratch_trouble(const shard_stream *stream);

/* Is it the first time that this is asked of points of which a subsample has such trouble? */
bool stream_first_trouble(shard_stream *stream);

/* The tiles of this rank's index-th block; NULL when it is not in the current chunk. */
const double *stream_block_tiles(const shard_stream *stream, int64_t index);

/* Where the block's rows are in the source, when rows were dropped: see block_view. */
const int64_t *stream_block_places(const shard_stream *stream, int64_t index);

/* The first n_numbers numbers of this rank's index-th row; see shard_copy_row. */
void stream_copy_row(shard_stream *stream, int64_t index, int64_t n_numbers, double *numbers);

#endif
