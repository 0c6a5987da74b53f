/* The rows of a rank that are not held but read anew in every pass; for the shard_*.c files only.
 *
 * A rank's blocks are cut into chunks of whole blocks. A few neighbouring chunks are at hand, chunk c in slot c mod
 * n_slots. While the current one is worked on, a thread of the stream reads those that come next into the slots of
 * those that have been done. Passes go back and forth, so that each begins with the chunks that the one before has
 * left. The thread reads during passes only: between them the source, and the library behind it, belong to the caller.
 */
#ifndef POINTS_SHARD_STREAM_H
#define POINTS_SHARD_STREAM_H

#include "points/shard_read.h"

/* Chunks of at most n_bytes bytes in all. points and reading must outlive the stream; unless there is an error reading
 * belongs to the stream, and an empty rank has nothing of it. Errors: 71. */
gmmpi_status stream_create(const shard *points, row_reading *reading, int64_t n_bytes, shard_stream **stream,
                           gmmpi_error *error);
void stream_destroy(shard_stream *stream); /* NULL is fine */

/* After the first pass: from now on every chunk must be what it was then. The reading belongs to the stream now. */
void stream_surveyed(shard_stream *stream);

/* See shard_pass_begin, shard_pass_next and shard_pass_reach. */
void stream_begin(shard_stream *stream, bool ascending);
bool stream_next(shard_stream *stream, int64_t *first_block, int64_t *end_block);
bool stream_reach(shard_stream *stream, int64_t block, int64_t *first_block, int64_t *end_block);

/* The first failure so far. */
const gmmpi_error *stream_error(const shard_stream *stream);

/* The tiles of this rank's index-th block; NULL when it is not in the current chunk. */
const double *stream_block_tiles(const shard_stream *stream, int64_t index);

/* See shard_copy_row; index: of this rank's rows. */
void stream_copy_row(shard_stream *stream, int64_t index, double *row);

#endif
