/* SPDX-License-Identifier: BSD-3-Clause */
/* The rows of a rank that are not held but read anew in every pass; for the files of points only.
 *
 * A rank's blocks are cut into chunks of whole blocks. A few neighbouring chunks are at hand, chunk c in slot c mod
 * n_slots. While the current one is worked on, a thread of the stream reads those that come next into the slots of
 * those that have been done. Passes go back and forth, so that each begins with the chunks that the one before has
 * left. The thread reads during passes only: between them the source, and the library behind it, belong to the caller.
 * stream.c says what always holds, and who changes what. */
#ifndef POINTS_STREAM_STREAM_H
#define POINTS_STREAM_STREAM_H

#include "points/reading/read.h"

/* Gives a shard that is laid out a stream as its backing: chunks of at most options->stream_bytes bytes in all, read by
 * the reading, which outlives the stream. What was read of a subsample is kept in options->scratch, and read from there
 * in later passes. Errors: 71; then, too, the stream is to be closed. */
gmmpi_status stream_open(shard *points, row_reading *reading, const shard_options *options, gmmpi_error *error);

/* Takes it from the shard again, if it has one. */
void stream_close(shard *points);

/* Is it a stream that the shard's rows come from? All functions below are about such shards. */
bool is_stream(const shard *points);

/* After the first pass: from now on every chunk must be what it was then. The reading belongs to the stream now. */
void stream_surveyed(shard *points);

/* How the stream was made, and of what. */
const shard_options *stream_options(const shard *points);
const row_reading *stream_reading(const shard *points);

/* Why the scratch is not used; NULL while all is well. To be asked between passes. */
const char *stream_scratch_trouble(const shard *points);

/* Notes that a subsample of the points has such trouble; false when it was noted before. */
bool stream_note_trouble(const shard *points);

#endif
