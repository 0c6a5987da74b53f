#include "points/stream/stream.h"

#include "points/stream/chunks.h"
#include "support/error.h"
#include "support/helper_thread.h"
#include "support/memory.h"

#include <pthread.h>
#include <stdlib.h>

struct shard_stream {
  shard_chunks chunks;
  double *slots;    /* n_slots x n_numbers: chunks at hand */
  int64_t *places;  /* n_slots x rows of a chunk: where they are in the source; NULL unless that is known */
  bool had_trouble; /* see stream_first_trouble */
  pthread_t thread;
  bool has_thread;

  /* What both threads know, under the lock. */
  pthread_mutex_t lock;
  pthread_cond_t news;
  int64_t low, high; /* chunks [low, high) are at hand */
  int64_t current;   /* is worked on, or was last; -1: none */
  int direction;     /* of the pass: 1 or -1 */
  bool active;       /* a pass is on */
  bool begun;        /* and has had its first run */
  bool ahead;        /* the thread reads while rows are worked on, else only while they are waited for */
  bool may_read;
  bool reads; /* the thread is reading */
  bool ends;  /* the thread shall end */
  gmmpi_error error;
};

static double *slot_of(const shard_stream *stream, int64_t chunk)
{
  return stream->slots + chunk % stream->chunks.n_slots * stream->chunks.n_numbers;
}

static int64_t *places_of(const shard_stream *stream, int64_t chunk)
{
  if (stream->places == NULL) return NULL;
  return stream->places +
         chunk % stream->chunks.n_slots * stream->chunks.chunk_blocks * stream->chunks.points->block_rows;
}

/* --- the reading thread --- */

/* The chunk to be read next, for which there is room; -1: none for now. */
static int64_t next_to_read(shard_stream *stream)
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
  shard_stream *stream = context;
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

/* --- creation --- */

gmmpi_status stream_create(const shard *points, row_reading *reading, shard_options options, shard_stream **stream,
                           gmmpi_error *error)
{
  shard_stream *created = calloc(1, sizeof *created);
  *stream = created;
  if (created == NULL) return fail(error, GMMPI_NO_MEMORY, "there is no memory to stream points");
  shard_chunks *chunks = &created->chunks;
  created->current = -1;
  pthread_mutex_init(&created->lock, NULL);
  pthread_cond_init(&created->news, NULL);
  if (chunks_open(points, reading, options, chunks, error) != GMMPI_OK) return error->status;
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

void stream_destroy(shard_stream *stream)
{
  if (stream == NULL) return;
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

void stream_surveyed(shard_stream *stream)
{
  stream->chunks.surveyed = true;
  stream->chunks.owns_reading = true;
}

const shard_options *stream_options(const shard_stream *stream)
{
  return &stream->chunks.options;
}

const row_reading *stream_reading(const shard_stream *stream)
{
  return stream->chunks.reading;
}

row_place stream_place(const shard_stream *stream, int64_t row)
{
  const row_choice *choice = reading_choice(stream->chunks.reading);
  if (choice == NULL) return (row_place){row, row};
  return choice->starts[(row - stream->chunks.points->first_row) / stream->chunks.points->block_rows];
}

/* --- passes --- */

/* Waits until the thread has done what it is at. */
static void stop_reading(shard_stream *stream)
{
  stream->may_read = false;
  while (stream->reads) pthread_cond_wait(&stream->news, &stream->lock);
}

void stream_begin(shard_stream *stream, bool ascending)
{
  pthread_mutex_lock(&stream->lock);
  stop_reading(stream);
  const bool at_end = stream->current == stream->chunks.n_chunks - 1 && stream->high == stream->chunks.n_chunks;
  stream->direction = !ascending && at_end ? -1 : 1;
  if (stream->direction > 0 && stream->low > 0) stream->low = stream->high = 0;
  stream->current = stream->direction > 0 ? 0 : stream->chunks.n_chunks - 1;
  stream->begun = false;
  stream->active = true;
  stream->ahead = !ascending || reading_is_concurrent(stream->chunks.reading);
  stream->may_read = stream->ahead;
  pthread_cond_broadcast(&stream->news);
  pthread_mutex_unlock(&stream->lock);
}

/* Waits for the chunk that comes next. */
static bool advance(shard_stream *stream)
{
  const int64_t next = stream->begun ? stream->current + stream->direction : stream->current;
  stream->begun = true;
  if (next < 0 || next >= stream->chunks.n_chunks) return false;
  stream->current = next;
  stream->may_read = true;
  pthread_cond_broadcast(&stream->news);
  while (stream->error.status == GMMPI_OK && (next < stream->low || next >= stream->high))
    pthread_cond_wait(&stream->news, &stream->lock);
  if (!stream->ahead) stop_reading(stream);
  return stream->error.status == GMMPI_OK;
}

static void give_run(const shard_stream *stream, int64_t *first_block, int64_t *end_block)
{
  *first_block = stream->current * stream->chunks.chunk_blocks;
  *end_block = *first_block + stream->chunks.chunk_blocks;
  if (*end_block > stream->chunks.n_blocks) *end_block = stream->chunks.n_blocks;
}

/* The next run, or, when there is none, the end of the pass. */
static bool take_run(shard_stream *stream, int64_t *first_block, int64_t *end_block)
{
  stream->active = advance(stream);
  if (stream->active)
    give_run(stream, first_block, end_block);
  else
    stop_reading(stream);
  return stream->active;
}

bool stream_next(shard_stream *stream, int64_t *first_block, int64_t *end_block)
{
  pthread_mutex_lock(&stream->lock);
  const bool goes_on = take_run(stream, first_block, end_block);
  pthread_mutex_unlock(&stream->lock);
  return goes_on;
}

bool stream_reach(shard_stream *stream, int64_t block, int64_t *first_block, int64_t *end_block)
{
  const int64_t chunk = block / stream->chunks.chunk_blocks;
  if (stream->active && stream->begun && chunk == stream->current) { /* which only the caller's threads change */
    give_run(stream, first_block, end_block);
    return true;
  }
  pthread_mutex_lock(&stream->lock);
  if (!stream->begun || stream->direction < 0 || chunk != stream->current + 1) {
    stop_reading(stream);
    if (chunk < stream->low || chunk >= stream->high) stream->low = stream->high = chunk;
    stream->direction = 1;
    stream->current = chunk;
    stream->begun = false;
    /* Whoever begins at the first row is likely to want all in their order. */
    stream->ahead = chunk == 0 && reading_is_concurrent(stream->chunks.reading);
  }
  const bool goes_on = take_run(stream, first_block, end_block);
  pthread_mutex_unlock(&stream->lock);
  return goes_on;
}

const gmmpi_error *stream_error(const shard_stream *stream)
{
  return &stream->error;
}

const char *stream_scratch_trouble(const shard_stream *stream)
{
  return scratch_trouble(stream->chunks.kept);
}

bool stream_first_trouble(shard_stream *stream)
{
  const bool is_first = !stream->had_trouble;
  stream->had_trouble = true;
  return is_first;
}

/* --- rows, for the caller's threads, which alone change what is asked about here --- */

const double *stream_block_tiles(const shard_stream *stream, int64_t index)
{
  const int64_t chunk = index / stream->chunks.chunk_blocks;
  if (!stream->active || chunk != stream->current) return NULL;
  return slot_of(stream, chunk) +
         index % stream->chunks.chunk_blocks * stream->chunks.points->block_rows * stream->chunks.points->row_width;
}

const int64_t *stream_block_places(const shard_stream *stream, int64_t index)
{
  if (stream->places == NULL || stream_block_tiles(stream, index) == NULL) return NULL;
  return places_of(stream, stream->current) + index % stream->chunks.chunk_blocks * stream->chunks.points->block_rows;
}

void stream_copy_row(shard_stream *stream, int64_t index, int64_t n_numbers, double *numbers)
{
  const shard *points = stream->chunks.points;
  const double *tiles = stream_block_tiles(stream, index / points->block_rows);
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
