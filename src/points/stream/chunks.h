/* SPDX-License-Identifier: BSD-3-Clause */
/* The chunks that a rank's streamed rows are cut into, and where a chunk's rows come from: the source, or, of a
 * subsample, the scratch in which they are kept once they have been read. A chunk is always what it was when it was
 * read first; for stream.c only. */
#ifndef POINTS_STREAM_CHUNKS_H
#define POINTS_STREAM_CHUNKS_H

#include "points/reading/read.h"
#include "points/stream/scratch.h"

typedef struct shard_chunks {
  const shard *points;
  row_reading *reading;
  bool owns_reading;
  shard_options options;
  bool has_places;      /* is it known where a chunk's rows are in the source? */
  int64_t n_blocks;     /* of this rank */
  int64_t chunk_blocks; /* of a chunk, but for the last one */
  int64_t n_chunks;
  int64_t n_slots;    /* chunks for which there is memory */
  int64_t n_numbers;  /* of a chunk */
  uint64_t *hashes;   /* n_chunks: of the first pass */
  bool surveyed;      /* the first pass is over */
  scratch *kept;      /* NULL: none are kept */
  row_survey *survey; /* to look at chunks that were kept */
} shard_chunks;

/* Sets all of it; options.stream_bytes: for all slots. The caller closes it in any case. Errors: 71. */
gmmpi_status chunks_open(const shard *points, row_reading *reading, shard_options options, shard_chunks *chunks,
                         gmmpi_error *error);
void chunks_close(shard_chunks *chunks);

/* Reads a chunk into tiles (n_numbers), and where its rows are in the source into places, unless that is NULL. Errors:
 * those of reading_rows; 65 it is not what it was. */
gmmpi_status chunks_read(shard_chunks *chunks, int64_t chunk, double *tiles, int64_t *places, gmmpi_error *error);

#endif
