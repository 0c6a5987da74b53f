#include "points/shard.h"

#include "points/shard_build.h"
#include "points/stream/stream.h"
#include "support/error.h"
#include "support/memory.h"
#include "support/threads.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>

/* --- who owns what
 * ------------------------------------------------------------------------------------------------------ */

static const int64_t most_blocks = INT64_C(1) << 22;

static int64_t round_up_to_tile(int64_t rows)
{
  return (rows / TILE_ROWS + (rows % TILE_ROWS != 0 ? 1 : 0)) * TILE_ROWS;
}

/* About 96 blocks, so that some dozens of ranks share even small data evenly; a few thousand rows are enough work to be
 * worth the sums of a block. */
int64_t shard_block_rows(int64_t n_samples)
{
  const int64_t largest = 4096;
  int64_t rows = n_samples / 96;
  if (rows > largest) rows = largest;
  const int64_t needed = n_samples / most_blocks + (n_samples % most_blocks != 0 ? 1 : 0);
  if (rows < needed) rows = needed;
  return rows < TILE_ROWS ? TILE_ROWS : round_up_to_tile(rows);
}

static int64_t count_blocks(int64_t n_samples)
{
  const int64_t block_rows = shard_block_rows(n_samples);
  return n_samples / block_rows + (n_samples % block_rows != 0 ? 1 : 0);
}

/* Blocks are at most 2^22 and ranks fewer than 2^31: the products fit. */
int64_t shard_first_block(int64_t n_blocks, int rank, int n_ranks)
{
  return rank * n_blocks / n_ranks;
}

int shard_owner(const shard *points, int64_t row, int n_ranks)
{
  const int64_t block = row / points->block_rows;
  return (int)(((block + 1) * n_ranks - 1) / points->n_blocks);
}

static bool tile_numbers(int64_t n_rows, int64_t row_width, int64_t *numbers)
{
  return n_rows <= INT64_MAX - TILE_ROWS && multiply_fits(round_up_to_tile(n_rows), row_width, numbers);
}

int64_t shard_bytes(int64_t n_samples, int64_t row_width, int n_ranks, bool single_precision)
{
  const int64_t each = (int64_t)(single_precision ? sizeof(float) : sizeof(double));
  const int64_t n_blocks = count_blocks(n_samples);
  const int64_t most = n_blocks / n_ranks + (n_blocks % n_ranks != 0 ? 1 : 0);
  int64_t rows;
  int64_t numbers;
  int64_t bytes;
  if (!multiply_fits(most, shard_block_rows(n_samples), &rows) || rows > n_samples) rows = n_samples;
  if (!tile_numbers(rows, row_width, &numbers) || !multiply_fits(numbers, each, &bytes)) return INT64_MAX;
  return bytes;
}

int64_t shard_least_stream_bytes(int64_t n_samples, int64_t row_width, missing_choice missing)
{
  const int64_t rows = shard_block_rows(n_samples);
  const int64_t row_words = missing == MISSING_DROP && row_width < INT64_MAX ? row_width + 1 : row_width;
  int64_t words;
  int64_t bytes;
  return multiply_fits(rows, row_words, &words) && multiply_fits(words, 2 * (int64_t)sizeof(double), &bytes)
             ? bytes
             : INT64_MAX;
}

/* For each block of points and of a subsample where it begins, what it was, and how many rows it lacks. */
int64_t shard_stream_tables_bytes(int64_t n_samples, int n_ranks)
{
  enum { WORDS_OF_BLOCK = 8 };
  return (count_blocks(n_samples) / n_ranks + 2) * WORDS_OF_BLOCK * (int64_t)sizeof(int64_t);
}

/* --- memory
 * ------------------------------------------------------------------------------------------------------------- */

gmmpi_status shard_lay_out(MPI_Comm comm, const char *label, int64_t n_samples, int64_t n_features,
                           shard_options options, shard **points, gmmpi_error *error)
{
  int rank;
  int n_ranks;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &n_ranks);
  shard *created = calloc(1, sizeof *created);
  *points = created;
  if (created == NULL) return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left", label);
  created->comm = comm;
  created->n_samples = n_samples;
  created->n_features = n_features;
  created->has_weights = options.has_weights;
  created->row_width = n_features + (options.has_weights ? 1 : 0);
  created->largest_weight = 1.0;
  created->n_threads = options.n_threads > 1 ? options.n_threads : 1;
  created->block_rows = shard_block_rows(n_samples);
  created->n_blocks = count_blocks(n_samples);
  const int64_t first_block = shard_first_block(created->n_blocks, rank, n_ranks);
  const int64_t behind = shard_first_block(created->n_blocks, rank + 1, n_ranks);
  created->first_row = first_block * created->block_rows;
  if (behind > first_block)
    created->n_rows = (behind == created->n_blocks ? n_samples : behind * created->block_rows) - created->first_row;

  created->single_precision = options.single_precision;
  const bool holds = options.stream_bytes == 0;
  created->copy_bytes = holds ? INT64_MAX : 0;
  int64_t numbers;
  if (n_features < INT_MAX && tile_numbers(created->n_rows, created->row_width, &numbers)) {
    if (holds && options.single_precision && shard_make_rooms(created))
      created->float_tiles = allocate_untouched(numbers, sizeof *created->float_tiles);
    else if (holds && !options.single_precision)
      created->tiles = allocate_untouched(numbers, sizeof *created->tiles);
    created->minima = allocate(n_features, sizeof *created->minima);
    created->maxima = allocate(n_features, sizeof *created->maxima);
  }
  if ((holds && created->tiles == NULL && created->float_tiles == NULL) || created->minima == NULL ||
      created->maxima == NULL)
    return fail(error, GMMPI_NO_MEMORY,
                "%s: there is no memory for %" PRId64 " x %" PRId64 " points, %.3g bytes on each rank; use more nodes",
                label, n_samples, n_features,
                (options.single_precision ? 4.0 : 8.0) * (double)created->n_rows * (double)n_features);
  return GMMPI_OK;
}

bool shard_make_rooms(shard *points)
{
  const int64_t width = points->row_width;
  int64_t numbers;
  if (multiply_fits(width, tiles_together(width) * TILE_ROWS, &numbers) &&
      multiply_fits(numbers, points->n_threads, &numbers))
    points->rooms = allocate_untouched(numbers, sizeof *points->rooms);
  return points->rooms != NULL;
}

bool shard_has_room_for_copy(const shard *points)
{
  int n_ranks;
  MPI_Comm_size(points->comm, &n_ranks);
  return points->stream == NULL &&
         shard_bytes(points->n_samples, points->row_width, n_ranks, false) <= points->copy_bytes;
}

void shard_destroy(shard *points)
{
  if (points == NULL) return;
  if (points->view == NULL) stream_destroy(points->stream);
  view_destroy(points->view);
  free(points->tiles);
  free(points->float_tiles);
  free(points->minima);
  free(points->maxima);
  free(points->source_rows);
  free(points->rooms);
  free(points);
}

/* --- rows
 * --------------------------------------------------------------------------------------------------------------- */

/* Where the first number of this rank's index-th row is in the tiles; the others follow TILE_ROWS apart. */
static int64_t place_of_row(const shard *points, int64_t index)
{
  return index / TILE_ROWS * TILE_ROWS * points->row_width + index % TILE_ROWS;
}

void shard_put_row(shard *points, int64_t index, const double *row)
{
  const int64_t place = place_of_row(points, index);
  for (int64_t j = 0; j < points->row_width; j++) {
    if (points->tiles != NULL)
      points->tiles[place + j * TILE_ROWS] = row[j] + 0.0;
    else
      points->float_tiles[place + j * TILE_ROWS] = (float)(row[j] + 0.0);
  }
}

tile_place shard_place(const shard *points, int64_t index)
{
  const int64_t place = place_of_row(points, index);
  return (tile_place){points->tiles != NULL ? points->tiles + place : NULL,
                      points->float_tiles != NULL ? points->float_tiles + place : NULL};
}

/* The first n_numbers numbers of a row. */
static void copy_numbers(const shard *points, int64_t row, int64_t n_numbers, double *numbers)
{
  if (points->view != NULL) {
    view_copy_row(points, row, n_numbers, numbers);
    return;
  }
  if (points->stream != NULL) {
    stream_copy_row(points->stream, row - points->first_row, n_numbers, numbers);
    return;
  }
  const int64_t place = place_of_row(points, row - points->first_row);
  for (int64_t j = 0; j < n_numbers; j++)
    numbers[j] = points->tiles != NULL ? points->tiles[place + j * TILE_ROWS]
                                       : (double)points->float_tiles[place + j * TILE_ROWS];
}

void shard_copy_row(const shard *points, int64_t row, double *point)
{
  copy_numbers(points, row, points->n_features, point);
}

void shard_copy_numbers(const shard *points, int64_t row, double *numbers)
{
  copy_numbers(points, row, points->row_width, numbers);
}

int64_t shard_n_blocks(const shard *points)
{
  return (points->n_rows + points->block_rows - 1) / points->block_rows;
}

block_view shard_block(const shard *points, int64_t index)
{
  if (points->view != NULL) return view_block(points, index);
  const int64_t before = index * points->block_rows;
  const int64_t left = points->n_rows - before;
  const int64_t n_rows = left < points->block_rows ? left : points->block_rows;
  block_view block = {.points = points,
                      .first_row = points->first_row + before,
                      .n_rows = n_rows,
                      .n_tiles = (n_rows + TILE_ROWS - 1) / TILE_ROWS};
  if (points->source_rows != NULL) block.source_rows = points->source_rows + before;
  if (points->stream != NULL) {
    block.tiles = stream_block_tiles(points->stream, index);
    block.source_rows = stream_block_places(points->stream, index);
  } else if (points->tiles != NULL) {
    block.tiles = points->tiles + before * points->row_width;
  } else if (points->float_tiles != NULL) {
    block.float_tiles = points->float_tiles + before * points->row_width;
  }
  return block;
}

const double *block_tile(const block_view *block, int64_t tile, double *room)
{
  const int64_t length = block->points->row_width * TILE_ROWS;
  if (block->points->view != NULL) return view_tile(block, tile, room);
  if (block->tiles != NULL) return block->tiles + tile * length;
  for (int64_t i = 0; i < length; i++) room[i] = (double)block->float_tiles[tile * length + i];
  return room;
}

/* --- passes
 * ------------------------------------------------------------------------------------------------------------- */

shard_pass shard_pass_begin(const shard *points)
{
  if (points->stream != NULL) stream_begin(points->stream, false);
  return (shard_pass){.points = points};
}

shard_pass shard_pass_begin_ascending(const shard *points)
{
  if (points->stream != NULL) stream_begin(points->stream, true);
  return (shard_pass){.points = points};
}

bool shard_pass_next(shard_pass *pass)
{
  if (pass->points->stream != NULL) return stream_next(pass->points->stream, &pass->first_block, &pass->end_block);
  if (pass->end_block > 0) return false;
  pass->end_block = shard_n_blocks(pass->points);
  return pass->end_block > 0;
}

bool shard_pass_reach(shard_pass *pass, int64_t block)
{
  if (block >= pass->first_block && block < pass->end_block) return true;
  if (pass->points->stream == NULL) return shard_pass_next(pass);
  return stream_reach(pass->points->stream, block, &pass->first_block, &pass->end_block);
}

/* --- walks
 * -------------------------------------------------------------------------------------------------------------- */

int64_t tiles_together(int64_t row_numbers)
{
  enum { NUMBERS_TOGETHER = 1 << 17 };
  const int64_t tiles = NUMBERS_TOGETHER / TILE_ROWS / row_numbers;
  return tiles < 1 ? 1 : tiles > MOST_TILES_TOGETHER ? MOST_TILES_TOGETHER : tiles;
}

/* room: for most_tiles tiles, or NULL where tiles are used where they are. */
static void visit_tiles(const block_view *block, int64_t most_tiles, const row_visitor *visitor, double *room,
                        int thread)
{
  const shard *points = block->points;
  const int64_t length = points->row_width * TILE_ROWS;
  row_tile tiles[MOST_TILES_TOGETHER];
  for (int64_t t = 0; t < block->n_tiles; t += most_tiles) {
    const int64_t left = block->n_tiles - t;
    const int64_t n = left < most_tiles ? left : most_tiles;
    for (int64_t i = 0; i < n; i++) {
      const double *numbers = block_tile(block, t + i, room == NULL ? NULL : room + i * length);
      tiles[i] = (row_tile){.numbers = numbers,
                            .weights = points->has_weights ? numbers + points->n_features * TILE_ROWS : NULL,
                            .first_row = block->first_row + (t + i) * TILE_ROWS,
                            .n_points = tile_points(block, t + i)};
    }
    visitor->tiles(visitor->context, tiles, n, thread);
  }
}

static void visit_block(const shard *points, int64_t index, const row_visit *visit, int thread)
{
  const block_view block = shard_block(points, index);
  const row_visitor *visitor = &visit->visitor;
  const int64_t width = points->row_width;
  double *room = points->rooms == NULL ? NULL : points->rooms + thread * tiles_together(width) * width * TILE_ROWS;
  if (visitor->begin_block != NULL) visitor->begin_block(visitor->context, thread);
  if (visitor->tiles != NULL) visit_tiles(&block, visit->most_tiles, visitor, room, thread);
  if (visitor->end_block != NULL) visitor->end_block(visitor->context, &block, thread);
}

/* Neighbouring blocks that are at hand. */
static void visit_run(const shard *points, int64_t first_block, int64_t end_block, const row_visit *visits, int64_t n)
{
  const int n_threads = visits[0].visitor.takes_turns ? 1 : points->n_threads;
#pragma omp parallel for num_threads(n_threads) schedule(dynamic) if (n_threads > 1)
  for (int64_t b = first_block; b < end_block; b++) {
    for (int64_t i = 0; i < n; i++) visit_block(points, b, &visits[i], n_threads > 1 ? thread_number() : 0);
  }
}

void shard_visit_all(const shard *points, const row_visit *visits, int64_t n)
{
  shard_pass pass = shard_pass_begin(points);
  while (shard_pass_next(&pass)) visit_run(points, pass.first_block, pass.end_block, visits, n);
}

void shard_visit(const shard *points, int64_t most_tiles, const row_visitor *visitor)
{
  shard_visit_all(points, &(row_visit){most_tiles, *visitor}, 1);
}

bool shard_visit_blocks(const shard *points, int64_t first_block, int64_t end_block, int64_t most_tiles,
                        const row_visitor *visitor)
{
  const row_visit visit = {most_tiles, *visitor};
  shard_pass pass = {.points = points};
  while (first_block < end_block) {
    if (!shard_pass_reach(&pass, first_block)) return false;
    const int64_t run_end = pass.end_block < end_block ? pass.end_block : end_block;
    visit_run(points, first_block, run_end, &visit, 1);
    first_block = run_end;
  }
  return true;
}

bool shard_has_failed(const shard *points)
{
  return points->stream != NULL && stream_error(points->stream)->status != GMMPI_OK;
}

gmmpi_status shard_failure(const shard *points, gmmpi_error *error)
{
  if (shard_has_failed(points) && error->status == GMMPI_OK) *error = *stream_error(points->stream);
  return error->status;
}

gmmpi_status shard_agree(const shard *points, gmmpi_error *error)
{
  gmmpi_error local = {0};
  if (points->stream == NULL) return GMMPI_OK;
  shard_failure(points, &local);
  if (agree(points->comm, &local) == GMMPI_OK) return GMMPI_OK;
  if (error->status == GMMPI_OK) *error = local;
  return local.status;
}
