/* SPDX-License-Identifier: BSD-3-Clause */
/* A stream is at rest, or in a pass; the caller's thread takes it from state to state, and a thread of the stream reads
 * what the state lets it.
 *
 *                 stream_begin_pass                         take_run: the first chunk is at hand
 *        RESTS ------------------------> BEGINS ------------------------------------------------> RUNS --.
 *        ^ ^ |                            | ^ ^                                                  | ^ |   | take_run:
 *        | | |  stream_reach_block        | | |  stream_begin_pass, which ends the pass that was | | |   | the next
 *        | | `----------------------------|-' `--------------------------------------------------' | |   | chunk is
 *        | |                              |   stream_reach_block: another chunk than the next one  | `---' at hand
 *        | `------------------------------'                                                        |
 *        `-----------------------------------------------------------------------------------------'
 *          take_run: no chunk is left, or reading has failed
 *
 *        the thread:  WAITS --- next_to_read gives a chunk ---> READS --- the chunk is at hand, or an error ---> WAITS
 *
 * What holds whenever the lock is free:
 *
 *   1. 0 <= low <= high <= n_chunks, and high - low <= n_slots. Chunks [low, high) are at hand: chunk c is in slot
 *      c mod n_slots, whole, and what it was when it was read first. So no two of them share a slot.
 *   2. In RUNS the current chunk is at hand and stays there: next_to_read gives chunks up on the side that the pass has
 *      left behind it, never the current one.
 *   3. The thread writes to the slot of a chunk outside of [low, high) only, while it READS; the caller's threads read
 *      the slot of the current chunk only, in RUNS. Neither needs the lock for that.
 *   4. The thread begins to read only while may_read is set. When it is not, and the thread does not READ, the source
 *      and the libraries behind it belong to the caller: so it is in RESTS, and, unless the pass reads ahead, in BEGINS
 *      and RUNS (stop_reading).
 *   5. The first error stays. From then on nothing is read, and no run begins.
 *   6. state, current, direction and ahead are changed by the caller's thread alone, under the lock, outside of
 * parallel regions: so the caller's threads look at them without it. low, high and reads are changed by the thread; by
 * the caller's only after stop_reading. may_read and error are changed by both. The thread looks at all of them under
 *      the lock. */
#include "points/stream/stream.h"

#include "points/stream/chunks.h"
#include "support/error.h"
#include "support/helper_thread.h"
#include "support/memory.h"

#include <pthread.h>
#include <stdlib.h>

typedef enum stream_state { RESTS, BEGINS, RUNS } stream_state;

typedef struct row_stream {
  shard_chunks chunks;
  double *slots;    /* n_slots x n_numbers: chunks at hand */
  int64_t *places;  /* n_slots x rows of a chunk: where they are in the source; NULL unless that is known */
  bool had_trouble; /* see stream_note_trouble */
  pthread_t thread;
  bool has_thread;

  /* What both threads know, under the lock. */
  pthread_mutex_t lock;
  pthread_cond_t news; /* something below has changed */
  stream_state state;
  int64_t low, high; /* chunks [low, high) are at hand */
  int64_t current;   /* is worked on, or was last, or, in BEGINS, comes first; -1: none yet */
  int direction;     /* of the pass: 1 or -1 */
  bool ahead;        /* the thread reads while rows are worked on, else only while they are waited for */
  bool may_read;
  bool reads; /* the thread is reading */
  bool ends;  /* the thread shall end */
  gmmpi_error error;
} row_stream;

static double *slot_of(const row_stream *stream, int64_t chunk)
{
  return stream->slots + chunk % stream->chunks.n_slots * stream->chunks.n_numbers;
}

static int64_t *places_of(const row_stream *stream, int64_t chunk)
{
  if (stream->places == NULL) return NULL;
  return stream->places +
         chunk % stream->chunks.n_slots * stream->chunks.chunk_blocks * stream->chunks.points->block_rows;
}

/* --- the reading thread --- */

/* The chunk to be read next, for which there is room; -1: none for now. */
static int64_t next_to_read(row_stream *stream)
{
  const bool is_full = stream->high - stream->low == stream->chunks.n_slots;
  if (!stream->may_read || stream->error.status != GMMPI_OK) return -1;
  if (stream->direction > 0) {
    if (stream->high == stream->chunks.n_chunks || (is_full && stream->low >= stream->current)) return -1;
    if (is_full) stream->low++;
    return stream->high;
  }
  if (stream->low == 0 || (is_full && stream->high - 1 <= stream->current)) return -1;
  if (is_full) stream->high--;
  return stream->low - 1;
}

static void *read_ahead(void *context)
{
  row_stream *stream = context;
  pthread_mutex_lock(&stream->lock);
  while (!stream->ends) {
    const int64_t chunk = next_to_read(stream);
    if (chunk < 0) {
      pthread_cond_wait(&stream->news, &stream->lock);
      continue;
    }
    gmmpi_error error = {0};
    stream->reads = true;
    pthread_mutex_unlock(&stream->lock);
    chunks_read(&stream->chunks, chunk, slot_of(stream, chunk), places_of(stream, chunk), &error);
    pthread_mutex_lock(&stream->lock);
    stream->reads = false;
    if (!stream->ahead && chunk == stream->current) stream->may_read = false;
    if (error.status != GMMPI_OK) {
      stream->error = error;
    } else {
      if (chunk < stream->low) stream->low = chunk;
      if (chunk >= stream->high) stream->high = chunk + 1;
    }
    pthread_cond_broadcast(&stream->news);
  }
  pthread_mutex_unlock(&stream->lock);
  return NULL;
}

/* --- passes --- */

/* Waits until the thread has done what it is at. */
static void stop_reading(row_stream *stream)
{
  stream->may_read = false;
  while (stream->reads) pthread_cond_wait(&stream->news, &stream->lock);
}

static void stream_begin_pass(const shard *points, bool ascending)
{
  row_stream *stream = points->rows;
  pthread_mutex_lock(&stream->lock);
  stop_reading(stream);
  const bool at_end = stream->current == stream->chunks.n_chunks - 1 && stream->high == stream->chunks.n_chunks;
  stream->direction = !ascending && at_end ? -1 : 1;
  if (stream->direction > 0 && stream->low > 0) stream->low = stream->high = 0;
  stream->current = stream->direction > 0 ? 0 : stream->chunks.n_chunks - 1;
  stream->state = BEGINS;
  stream->ahead = !ascending || reading_is_concurrent(stream->chunks.reading);
  stream->may_read = stream->ahead;
  pthread_cond_broadcast(&stream->news);
  pthread_mutex_unlock(&stream->lock);
}

/* Waits for the chunk that comes next; false when there is none, or reading fails. */
static bool advance(row_stream *stream)
{
  const int64_t next = stream->state == BEGINS ? stream->current : stream->current + stream->direction;
  if (stream->state == RESTS || next < 0 || next >= stream->chunks.n_chunks) return false;
  stream->current = next;
  stream->may_read = true;
  pthread_cond_broadcast(&stream->news);
  while (stream->error.status == GMMPI_OK && (next < stream->low || next >= stream->high))
    pthread_cond_wait(&stream->news, &stream->lock);
  if (!stream->ahead) stop_reading(stream);
  return stream->error.status == GMMPI_OK;
}

static void give_run(const row_stream *stream, shard_pass *pass)
{
  pass->first_block = stream->current * stream->chunks.chunk_blocks;
  pass->end_block = pass->first_block + stream->chunks.chunk_blocks;
  if (pass->end_block > stream->chunks.n_blocks) pass->end_block = stream->chunks.n_blocks;
}

/* The next run, or, when there is none, the end of the pass. */
static bool take_run(row_stream *stream, shard_pass *pass)
{
  stream->state = advance(stream) ? RUNS : RESTS;
  if (stream->state == RUNS)
    give_run(stream, pass);
  else
    stop_reading(stream);
  return stream->state == RUNS;
}

static bool stream_next_run(shard_pass *pass)
{
  row_stream *stream = pass->points->rows;
  pthread_mutex_lock(&stream->lock);
  const bool goes_on = take_run(stream, pass);
  pthread_mutex_unlock(&stream->lock);
  return goes_on;
}

static bool stream_reach_block(shard_pass *pass, int64_t block)
{
  row_stream *stream = pass->points->rows;
  const int64_t chunk = block / stream->chunks.chunk_blocks;
  if (stream->state == RUNS && chunk == stream->current) {
    give_run(stream, pass);
    return true;
  }
  pthread_mutex_lock(&stream->lock);
  if (stream->state != RUNS || stream->direction < 0 || chunk != stream->current + 1) {
    stop_reading(stream);
    if (chunk < stream->low || chunk >= stream->high) stream->low = stream->high = chunk;
    stream->direction = 1;
    stream->current = chunk;
    stream->state = BEGINS;
    /* Whoever begins at the first row is likely to want all in their order. */
    stream->ahead = chunk == 0 && reading_is_concurrent(stream->chunks.reading);
  }
  const bool goes_on = take_run(stream, pass);
  pthread_mutex_unlock(&stream->lock);
  return goes_on;
}

/* --- rows, for the caller's threads --- */

/* The tiles of this rank's index-th block; NULL when it is not in the current chunk. */
static const double *tiles_of_block(const row_stream *stream, int64_t index)
{
  const int64_t chunk = index / stream->chunks.chunk_blocks;
  if (stream->state != RUNS || chunk != stream->current) return NULL;
  return slot_of(stream, chunk) +
         index % stream->chunks.chunk_blocks * stream->chunks.points->block_rows * stream->chunks.points->row_width;
}

static void stream_find_block(const shard *points, int64_t index, block_view *block)
{
  const row_stream *stream = points->rows;
  block->tiles = tiles_of_block(stream, index);
  if (stream->places != NULL && block->tiles != NULL)
    block->source_rows = places_of(stream, stream->current) + index % stream->chunks.chunk_blocks * points->block_rows;
}

static void stream_copy_row(const shard *points, int64_t row, int64_t n_numbers, double *numbers)
{
  row_stream *stream = points->rows;
  const int64_t index = row - points->first_row;
  const double *tiles = tiles_of_block(stream, index / points->block_rows);
  if (tiles != NULL) {
    const int64_t within = index % points->block_rows;
    const double *first = tiles + within / TILE_ROWS * TILE_ROWS * points->row_width + within % TILE_ROWS;
    for (int64_t j = 0; j < n_numbers; j++) numbers[j] = first[j * TILE_ROWS];
    return;
  }
  pthread_mutex_lock(&stream->lock);
  stop_reading(stream);
  pthread_mutex_unlock(&stream->lock);
  gmmpi_error error = {0};
  if (stream->error.status == GMMPI_OK) reading_row(stream->chunks.reading, index, n_numbers, numbers, &error);
  if (error.status != GMMPI_OK) stream->error = error;
  for (int64_t j = 0; stream->error.status != GMMPI_OK && j < n_numbers; j++) numbers[j] = 0.0;
}

static const gmmpi_error *stream_failure(const shard *points)
{
  const row_stream *stream = points->rows;
  return &stream->error;
}

/* --- creation --- */

static void stream_destroy(void *rows)
{
  row_stream *stream = rows;
  if (stream->has_thread) {
    pthread_mutex_lock(&stream->lock);
    stream->ends = true;
    pthread_cond_broadcast(&stream->news);
    pthread_mutex_unlock(&stream->lock);
    pthread_join(stream->thread, NULL);
  }
  pthread_mutex_destroy(&stream->lock);
  pthread_cond_destroy(&stream->news);
  chunks_close(&stream->chunks);
  free(stream->slots);
  free(stream->places);
  free(stream);
}

static const shard_backing stream_backing = {.begin_pass = stream_begin_pass,
                                             .next_run = stream_next_run,
                                             .reach_block = stream_reach_block,
                                             .find_block = stream_find_block,
                                             .copy_row = stream_copy_row,
                                             .failure = stream_failure,
                                             .destroy = stream_destroy};

gmmpi_status stream_open(shard *points, row_reading *reading, const shard_options *options, gmmpi_error *error)
{
  row_stream *created = calloc(1, sizeof *created);
  if (created == NULL) return fail(error, GMMPI_NO_MEMORY, "there is no memory to stream points");
  points->backing = &stream_backing;
  points->rows = created;
  points->is_streamed = true;
  shard_chunks *chunks = &created->chunks;
  created->current = -1;
  pthread_mutex_init(&created->lock, NULL);
  pthread_cond_init(&created->news, NULL);
  if (chunks_open(points, reading, *options, chunks, error) != GMMPI_OK) return error->status;
  created->slots = allocate_untouched(chunks->n_slots * chunks->n_numbers, sizeof *created->slots);
  if (chunks->has_places)
    created->places =
        allocate_untouched(chunks->n_slots * chunks->chunk_blocks * points->block_rows, sizeof *created->places);
  if (created->slots == NULL || (chunks->has_places && created->places == NULL))
    return fail(error, GMMPI_NO_MEMORY, "there is no memory to stream points, %.3g bytes on each rank",
                (double)chunks->n_slots * (double)chunks->n_numbers * (double)sizeof(double));
  if (chunks->n_chunks > 0 && !(created->has_thread = helper_thread_start(&created->thread, read_ahead, created)))
    return fail(error, GMMPI_NO_MEMORY, "no thread can be started to read points; allow more processes");
  return GMMPI_OK;
}

void stream_close(shard *points)
{
  if (!is_stream(points)) return;
  stream_destroy(points->rows);
  points->backing = NULL;
  points->rows = NULL;
  points->is_streamed = false;
}

/* --- questions --- */

bool is_stream(const shard *points)
{
  return points->backing == &stream_backing;
}

void stream_surveyed(shard *points)
{
  row_stream *stream = points->rows;
  stream->chunks.surveyed = true;
  stream->chunks.owns_reading = true;
}

const shard_options *stream_options(const shard *points)
{
  const row_stream *stream = points->rows;
  return &stream->chunks.options;
}

const row_reading *stream_reading(const shard *points)
{
  const row_stream *stream = points->rows;
  return stream->chunks.reading;
}

const char *stream_scratch_trouble(const shard *points)
{
  const row_stream *stream = points->rows;
  return scratch_trouble(stream->chunks.kept);
}

bool stream_note_trouble(const shard *points)
{
  row_stream *stream = points->rows;
  const bool is_first = !stream->had_trouble;
  stream->had_trouble = true;
  return is_first;
}
