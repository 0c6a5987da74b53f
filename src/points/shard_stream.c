#include "points/shard_stream.h"

#include "support/error.h"
#include "support/memory.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

/* A chunk has about so many bytes, or so many blocks for each thread, but not more than a part of all slots. */
static const int64_t chunk_bytes = INT64_C(64) << 20;
enum { BLOCKS_PER_THREAD = 8, LEAST_PARTS = 4 };

enum { THREAD_STACK = 1 << 20 };

struct shard_stream {
  const shard *points;
  row_reading *reading;
  bool owns_reading;
  int64_t n_blocks; /* of this rank */
  int64_t chunk_blocks;
  int64_t n_chunks;
  int64_t n_slots;
  int64_t slot_numbers;
  double *slots;    /* n_slots x slot_numbers */
  uint64_t *hashes; /* n_chunks: of the first pass */
  bool surveyed;
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
  return stream->slots + chunk % stream->n_slots * stream->slot_numbers;
}

/* --- the reading thread --- */

/* The chunk to be read next, for which there is room; -1: none for now. */
static int64_t next_to_read(shard_stream *stream)
{
  const bool is_full = stream->high - stream->low == stream->n_slots;
  if (!stream->may_read || stream->error.status != GMMPI_OK) return -1;
  if (stream->direction > 0) {
    if (stream->high == stream->n_chunks || (is_full && stream->low >= stream->current)) return -1;
    if (is_full) stream->low++;
    return stream->high;
  }
  if (stream->low == 0 || (is_full && stream->high - 1 <= stream->current)) return -1;
  if (is_full) stream->high--;
  return stream->low - 1;
}

static gmmpi_status read_chunk(shard_stream *stream, int64_t chunk, gmmpi_error *error)
{
  const shard *points = stream->points;
  const int64_t chunk_rows = stream->chunk_blocks * points->block_rows;
  const int64_t index = chunk * chunk_rows;
  const int64_t left = points->n_rows - index;
  const uint64_t before = reading_hash(stream->reading);
  const tile_place place = {.tiles = slot_of(stream, chunk)};
  if (reading_rows(stream->reading, index, left < chunk_rows ? left : chunk_rows, place, error) != GMMPI_OK)
    return error->status;
  const uint64_t hash = reading_hash(stream->reading) - before;
  if (!stream->surveyed) stream->hashes[chunk] = hash;
  if (hash == stream->hashes[chunk]) return GMMPI_OK;
  return reading_changed(stream->reading, index, error);
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
    read_chunk(stream, chunk, &error);
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

/* How many blocks make a chunk, and how many chunks there is room for. */
static bool cut_chunks(shard_stream *stream, int64_t n_bytes)
{
  const shard *points = stream->points;
  int64_t numbers;
  int64_t block_bytes;
  if (!multiply_fits(points->block_rows, points->n_features, &numbers) ||
      !multiply_fits(numbers, (int64_t)sizeof(double), &block_bytes))
    return false;
  const int64_t most = n_bytes / LEAST_PARTS / block_bytes;
  int64_t blocks = chunk_bytes / block_bytes;
  if (blocks < (int64_t)BLOCKS_PER_THREAD * points->n_threads) blocks = (int64_t)BLOCKS_PER_THREAD * points->n_threads;
  if (blocks > most) blocks = most;
  if (blocks > stream->n_blocks) blocks = stream->n_blocks;
  if (blocks < 1) blocks = 1;
  stream->chunk_blocks = blocks;
  stream->n_chunks = (stream->n_blocks + blocks - 1) / blocks;
  stream->n_slots = n_bytes / (blocks * block_bytes);
  if (stream->n_slots > stream->n_chunks) stream->n_slots = stream->n_chunks;
  stream->slot_numbers = blocks * numbers;
  return stream->n_slots >= 2 || stream->n_slots == stream->n_chunks;
}

/* Signals are for the threads that were there before. */
static bool start_thread(shard_stream *stream)
{
  pthread_attr_t attributes;
  sigset_t all;
  sigset_t before;
  if (pthread_attr_init(&attributes) != 0) return false;
  sigfillset(&all);
  pthread_attr_setstacksize(&attributes, THREAD_STACK);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  stream->has_thread = pthread_create(&stream->thread, &attributes, read_ahead, stream) == 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  return stream->has_thread;
}

gmmpi_status stream_create(const shard *points, row_reading *reading, int64_t n_bytes, shard_stream **stream,
                           gmmpi_error *error)
{
  shard_stream *created = calloc(1, sizeof *created);
  *stream = created;
  if (created == NULL) return fail(error, GMMPI_NO_MEMORY, "there is no memory to stream points");
  created->points = points;
  created->reading = reading;
  created->n_blocks = shard_n_blocks(points);
  created->current = -1;
  pthread_mutex_init(&created->lock, NULL);
  pthread_cond_init(&created->news, NULL);
  if (!cut_chunks(created, n_bytes))
    return fail(error, GMMPI_NO_MEMORY, "%.3g bytes are too few to stream points; give more memory", (double)n_bytes);
  created->slots = allocate_untouched(created->n_slots * created->slot_numbers, sizeof *created->slots);
  created->hashes = allocate(created->n_chunks, sizeof *created->hashes);
  if (created->slots == NULL || created->hashes == NULL)
    return fail(error, GMMPI_NO_MEMORY, "there is no memory to stream points, %.3g bytes on each rank",
                (double)created->n_slots * (double)created->slot_numbers * (double)sizeof(double));
  if (created->n_chunks > 0 && !start_thread(created))
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
  if (stream->owns_reading) reading_destroy(stream->reading);
  free(stream->slots);
  free(stream->hashes);
  free(stream);
}

void stream_surveyed(shard_stream *stream)
{
  stream->surveyed = true;
  stream->owns_reading = true;
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
  const bool at_end = stream->current == stream->n_chunks - 1 && stream->high == stream->n_chunks;
  stream->direction = !ascending && at_end ? -1 : 1;
  if (stream->direction > 0 && stream->low > 0) stream->low = stream->high = 0;
  stream->current = stream->direction > 0 ? 0 : stream->n_chunks - 1;
  stream->begun = false;
  stream->active = true;
  stream->ahead = !ascending || reading_is_concurrent(stream->reading);
  stream->may_read = stream->ahead;
  pthread_cond_broadcast(&stream->news);
  pthread_mutex_unlock(&stream->lock);
}

/* Waits for the chunk that comes next. */
static bool advance(shard_stream *stream)
{
  const int64_t next = stream->begun ? stream->current + stream->direction : stream->current;
  stream->begun = true;
  if (next < 0 || next >= stream->n_chunks) return false;
  stream->current = next;
  stream->may_read = true;
  pthread_cond_broadcast(&stream->news);
  while (stream->error.status == GMMPI_OK && (next < stream->low || next >= stream->high))
    pthread_cond_wait(&stream->news, &stream->lock);
  if (!stream->ahead) stop_reading(stream);
  return stream->error.status == GMMPI_OK;
}

/* The next run, or, when there is none, the end of the pass. */
static bool take_run(shard_stream *stream, int64_t *first_block, int64_t *end_block)
{
  stream->active = advance(stream);
  if (!stream->active) {
    stop_reading(stream);
    return false;
  }
  *first_block = stream->current * stream->chunk_blocks;
  *end_block = *first_block + stream->chunk_blocks;
  if (*end_block > stream->n_blocks) *end_block = stream->n_blocks;
  return true;
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
  const int64_t chunk = block / stream->chunk_blocks;
  pthread_mutex_lock(&stream->lock);
  if (!stream->begun || stream->direction < 0 || chunk != stream->current + 1) {
    stop_reading(stream);
    if (chunk < stream->low || chunk >= stream->high) stream->low = stream->high = chunk;
    stream->direction = 1;
    stream->current = chunk;
    stream->begun = false;
    /* Whoever begins at the first row is likely to want all in their order. */
    stream->ahead = chunk == 0 && reading_is_concurrent(stream->reading);
  }
  const bool goes_on = take_run(stream, first_block, end_block);
  pthread_mutex_unlock(&stream->lock);
  return goes_on;
}

const gmmpi_error *stream_error(const shard_stream *stream)
{
  return &stream->error;
}

/* --- rows, for the caller's threads, which alone change what is asked about here --- */

const double *stream_block_tiles(const shard_stream *stream, int64_t index)
{
  const int64_t chunk = index / stream->chunk_blocks;
  if (!stream->active || chunk != stream->current) return NULL;
  return slot_of(stream, chunk) +
         index % stream->chunk_blocks * stream->points->block_rows * stream->points->n_features;
}

void stream_copy_row(shard_stream *stream, int64_t index, double *row)
{
  const shard *points = stream->points;
  const int64_t d = points->n_features;
  const double *tiles = stream_block_tiles(stream, index / points->block_rows);
  if (tiles != NULL) {
    const int64_t within = index % points->block_rows;
    const double *first = tiles + within / TILE_ROWS * TILE_ROWS * d + within % TILE_ROWS;
    for (int64_t j = 0; j < d; j++) row[j] = first[j * TILE_ROWS];
    return;
  }
  gmmpi_error error = {0};
  if (stream->error.status == GMMPI_OK) reading_row(stream->reading, index, row, &error);
  if (error.status != GMMPI_OK) stream->error = error;
  for (int64_t j = 0; stream->error.status != GMMPI_OK && j < d; j++) row[j] = 0.0;
}
