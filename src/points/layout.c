/* SPDX-License-Identifier: BSD-3-Clause */
#include "points/layout.h"

#include "support/memory.h"

static const int64_t most_blocks = INT64_C(1) << 22;

static int64_t round_up_to_tile(int64_t rows)
{
  return (rows / TILE_ROWS + (rows % TILE_ROWS != 0 ? 1 : 0)) * TILE_ROWS;
}

/* About 96 blocks, so that some dozens of ranks share even small data evenly, and as many more as there are a thousand
 * rows for each: then adding a block's sums up takes about a hundredth of the time that its rows take. */
int64_t shard_block_rows(int64_t n_samples)
{
  const int64_t largest = 1024;
  int64_t rows = n_samples / 96;
  if (rows > largest) rows = largest;
  const int64_t needed = n_samples / most_blocks + (n_samples % most_blocks != 0 ? 1 : 0);
  if (rows < needed) rows = needed;
  return rows < TILE_ROWS ? TILE_ROWS : round_up_to_tile(rows);
}

int64_t layout_n_blocks(int64_t n_samples)
{
  const int64_t block_rows = shard_block_rows(n_samples);
  return n_samples / block_rows + (n_samples % block_rows != 0 ? 1 : 0);
}

/* Blocks are at most 2^22 and ranks fewer than 2^31: the products fit. */
int64_t layout_first_block(int64_t n_blocks, int rank, int n_ranks)
{
  return rank * n_blocks / n_ranks;
}

int layout_owner(int64_t n_blocks, int64_t block, int n_ranks)
{
  return (int)(((block + 1) * n_ranks - 1) / n_blocks);
}

bool layout_tile_numbers(int64_t n_rows, int64_t row_width, int64_t *numbers)
{
  return n_rows <= INT64_MAX - TILE_ROWS && multiply_fits(round_up_to_tile(n_rows), row_width, numbers);
}

int64_t shard_bytes(int64_t n_samples, int64_t row_width, int n_ranks, bool single_precision)
{
  const int64_t each = (int64_t)(single_precision ? sizeof(float) : sizeof(double));
  const int64_t n_blocks = layout_n_blocks(n_samples);
  const int64_t most = n_blocks / n_ranks + (n_blocks % n_ranks != 0 ? 1 : 0);
  int64_t rows;
  int64_t numbers;
  int64_t bytes;
  if (!multiply_fits(most, shard_block_rows(n_samples), &rows) || rows > n_samples) rows = n_samples;
  if (!layout_tile_numbers(rows, row_width, &numbers) || !multiply_fits(numbers, each, &bytes)) return INT64_MAX;
  return bytes;
}

int64_t shard_stream_tables_bytes(int64_t n_samples, int n_ranks)
{
  enum { WORDS_OF_BLOCK = 8 };
  return (layout_n_blocks(n_samples) / n_ranks + 2) * WORDS_OF_BLOCK * (int64_t)sizeof(int64_t);
}

int64_t tiles_together(int64_t row_numbers)
{
  enum { NUMBERS_TOGETHER = 1 << 17 };
  const int64_t tiles = NUMBERS_TOGETHER / TILE_ROWS / row_numbers;
  return tiles < 1 ? 1 : tiles > MOST_TILES_TOGETHER ? MOST_TILES_TOGETHER : tiles;
}
