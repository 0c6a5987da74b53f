/* SPDX-License-Identifier: BSD-3-Clause */
/* Who owns which rows, and how many bytes they take: arithmetic on sizes alone, the same on every rank.
 *
 * The n_samples rows of a data set are cut into blocks of block_rows rows; the size of a block depends on n_samples
 * alone, so the blocks are the same at any number of ranks. A rank owns a contiguous run of whole blocks. Inside, rows
 * are held as tiles of TILE_ROWS rows. */
#ifndef POINTS_LAYOUT_H
#define POINTS_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

enum { TILE_ROWS = 64 };

/* Rows of a block for a data set of n_samples rows, a multiple of TILE_ROWS. At most 2^22 blocks, at least 64 rows
 * each.
 */
int64_t shard_block_rows(int64_t n_samples);

/* How many blocks the data set has. */
int64_t layout_n_blocks(int64_t n_samples);

/* The first of the n_blocks blocks that rank owns; for rank n_ranks: n_blocks. */
int64_t layout_first_block(int64_t n_blocks, int rank, int n_ranks);

/* The rank that owns a block. */
int layout_owner(int64_t n_blocks, int64_t block, int n_ranks);

/* The numbers of n_rows rows of row_width numbers, in whole tiles; false when they can't be counted. */
bool layout_tile_numbers(int64_t n_rows, int64_t row_width, int64_t *numbers);

/* How many tiles, of rows of so many numbers, may be worked on together: their numbers stay in the second cache, or not
 * far from it. At least 1. */
enum { MOST_TILES_TOGETHER = 16 };
int64_t tiles_together(int64_t row_numbers);

/* The bytes that the busiest of n_ranks ranks holds for n_samples rows of row_width numbers; INT64_MAX when they can't
 * be counted. */
int64_t shard_bytes(int64_t n_samples, int64_t row_width, int n_ranks, bool single_precision);

/* The bytes that the tables of a stream take on a rank: for each block of points and of a subsample where it begins,
 * what it was, and how many rows it lacks. */
int64_t shard_stream_tables_bytes(int64_t n_samples, int n_ranks);

#endif
