/* SPDX-License-Identifier: BSD-3-Clause */
#include "points/stream/chunks.h"

#include "support/error.h"
#include "support/memory.h"

#include <math.h>
#include <stdlib.h>

/* --- how they are cut --- */

/* A chunk has about so many bytes, or so many blocks for each thread, but not more than a part of all slots. */
static const int64_t chunk_bytes = INT64_C(64) << 20;
enum { BLOCKS_PER_THREAD = 8, LEAST_PARTS = 4 };

/* How many blocks make a chunk, and how many chunks there is room for. */
static bool cut_chunks(shard_chunks *chunks)
{
  const int64_t n_bytes = chunks->options.stream_bytes;
  const shard *points = chunks->points;
  int64_t words;
  int64_t block_bytes;
  if (!multiply_fits(points->block_rows, points->row_width + (chunks->has_places ? 1 : 0), &words) ||
      !multiply_fits(words, (int64_t)sizeof(double), &block_bytes))
    return false;
  const int64_t most = n_bytes / LEAST_PARTS / block_bytes;
  int64_t blocks = chunk_bytes / block_bytes;
  if (blocks < (int64_t)BLOCKS_PER_THREAD * points->n_threads) blocks = (int64_t)BLOCKS_PER_THREAD * points->n_threads;
  if (blocks > most) blocks = most;
  if (blocks > chunks->n_blocks) blocks = chunks->n_blocks;
  if (blocks < 1) blocks = 1;
  chunks->chunk_blocks = blocks;
  chunks->n_chunks = (chunks->n_blocks + blocks - 1) / blocks;
  chunks->n_slots = n_bytes / (blocks * block_bytes);
  if (chunks->n_slots > chunks->n_chunks) chunks->n_slots = chunks->n_chunks;
  chunks->n_numbers = blocks * points->block_rows * points->row_width;
  return chunks->n_slots >= 2 || chunks->n_slots == chunks->n_chunks;
}

static bool is_subsample(const row_reading *reading)
{
  const row_choice *choice = reading_choice(reading);
  return choice != NULL && choice->filter.is_chosen != NULL;
}

/* Where rows are in the source is asked about points, not about subsamples of them. */
static bool wants_places(const row_reading *reading)
{
  return reading_choice(reading) != NULL && reading_choice(reading)->drops && !is_subsample(reading);
}

/* It is no error that there is none. */
static void open_scratch(shard_chunks *chunks)
{
  const shard_options *options = &chunks->options;
  if (options->scratch == NULL || chunks->n_chunks == 0 || !is_subsample(chunks->reading)) return;
  chunks->survey = surveys_create(1, chunks->points->row_width, INFINITY);
  if (chunks->survey != NULL)
    chunks->kept = scratch_open(options->scratch, chunks->n_chunks, chunks->n_numbers * (int64_t)sizeof(double),
                                options->scratch_bytes);
}

gmmpi_status chunks_open(const shard *points, row_reading *reading, shard_options options, shard_chunks *chunks,
                         gmmpi_error *error)
{
  *chunks = (shard_chunks){.points = points,
                           .reading = reading,
                           .options = options,
                           .has_places = wants_places(reading),
                           .n_blocks = shard_n_blocks(points)};
  if (!cut_chunks(chunks))
    return fail(error, GMMPI_NO_MEMORY, "%.3g bytes are too few to stream points; give more memory",
                (double)options.stream_bytes);
  chunks->hashes = allocate(chunks->n_chunks, sizeof *chunks->hashes);
  if (chunks->hashes == NULL) return fail(error, GMMPI_NO_MEMORY, "there is no memory to stream points");
  open_scratch(chunks);
  return GMMPI_OK;
}

void chunks_close(shard_chunks *chunks)
{
  if (chunks->owns_reading) reading_destroy(chunks->reading);
  scratch_close(chunks->kept);
  surveys_destroy(chunks->survey);
  free(chunks->hashes);
}

/* --- how one is read --- */

/* The rows of a chunk: the first one, from 0 on this rank, and their number. */
static int64_t rows_of_chunk(const shard_chunks *chunks, int64_t chunk, int64_t *index)
{
  const int64_t chunk_rows = chunks->chunk_blocks * chunks->points->block_rows;
  *index = chunk * chunk_rows;
  const int64_t left = chunks->points->n_rows - *index;
  return left < chunk_rows ? left : chunk_rows;
}

static size_t kept_bytes(const shard_chunks *chunks, int64_t n_rows)
{
  const int64_t n_tiles = (n_rows + TILE_ROWS - 1) / TILE_ROWS;
  return (size_t)(n_tiles * TILE_ROWS * chunks->points->row_width) * sizeof(double);
}

/* False when the chunk has to be read from its source. */
static bool take_kept_chunk(shard_chunks *chunks, int64_t chunk, int64_t index, int64_t n_rows, double *tiles)
{
  const bool was_well = scratch_trouble(chunks->kept) == NULL;
  if (scratch_take(chunks->kept, chunk, tiles, kept_bytes(chunks, n_rows))) {
    if (shard_hash_tiles(chunks->points, index, n_rows, tiles, chunks->survey) == chunks->hashes[chunk]) return true;
    scratch_give_up(chunks->kept, "it gave back other bytes than were written");
  }
  if (was_well && scratch_trouble(chunks->kept) != NULL)
    warn("%s: part of a subsample was kept there, but %s; it is read from the data again", chunks->options.scratch,
         scratch_trouble(chunks->kept));
  return false;
}

gmmpi_status chunks_read(shard_chunks *chunks, int64_t chunk, double *tiles, int64_t *places, gmmpi_error *error)
{
  int64_t index;
  const int64_t n_rows = rows_of_chunk(chunks, chunk, &index);
  if (chunks->surveyed && take_kept_chunk(chunks, chunk, index, n_rows, tiles)) return GMMPI_OK;
  const uint64_t before = reading_hash(chunks->reading);
  const tile_place place = {.tiles = tiles};
  if (reading_rows(chunks->reading, index, n_rows, place, places, error) != GMMPI_OK) return error->status;
  const uint64_t hash = reading_hash(chunks->reading) - before;
  if (!chunks->surveyed) chunks->hashes[chunk] = hash;
  if (hash != chunks->hashes[chunk]) return reading_changed(chunks->reading, index, error);
  scratch_keep(chunks->kept, chunk, tiles, kept_bytes(chunks, n_rows));
  return GMMPI_OK;
}
