/* The rows that a rank owns, held in memory in the form that the kernels want.
 *
 * The n_samples rows of a data set are cut into blocks of block_rows rows; the size of a block depends on n_samples
 * alone, so the blocks are the same at any number of ranks. A rank owns a contiguous run of whole blocks. Inside, rows
 * are held as tiles: a tile is n_features x TILE_ROWS numbers, lane p of row j being feature j of the tile's p-th
 * point, so that SIMD lanes run over points. The data set's last tile is filled up with copies of its first point,
 * which count for nothing (tile_points says how many are real).
 *
 * Numbers are doubles for everybody but the shard, which may hold them as floats to save memory; ranges and fingerprint
 * are those of the rounded numbers. */
#ifndef POINTS_SHARD_H
#define POINTS_SHARD_H

#include "points/source.h"

enum { TILE_ROWS = 64 };

typedef enum missing_choice { MISSING_ERROR, MISSING_DROP } missing_choice;

/* How points are read and held. */
typedef struct shard_options {
  missing_choice missing;
  int n_threads;         /* of each rank, that will work on its points; 0 stands for 1 */
  bool single_precision; /* numbers are held as floats: rounded once, when they are read, and doubles for all others */
} shard_options;

typedef struct shard {
  MPI_Comm comm;     /* borrowed */
  int64_t n_samples; /* rows of the data set, after dropping */
  int64_t n_features;
  int64_t block_rows; /* rows of every block but the last; a multiple of TILE_ROWS */
  int64_t n_blocks;   /* of the data set */
  int64_t first_row;  /* 0-based row of the data set with which this rank begins */
  int64_t n_rows;     /* rows of this rank; 0 is fine */
  double *tiles;      /* ceil(n_rows / TILE_ROWS) x n_features x TILE_ROWS; for the shard_*.c files only */
  float *float_tiles; /* the same in single precision; one of them is NULL */
  double *minima;     /* n_features: over the rows of all ranks */
  double *maxima;
  uint64_t fingerprint; /* of all rows in their order, the same at any number of ranks */
  int64_t n_dropped;    /* rows left out for a missing value, over all ranks */
  int64_t *source_rows; /* n_rows: where each row was in the source (0-based); NULL when none was dropped */
  int n_threads;        /* of this rank, at least 1 */
} shard;

/* Rows of a block for a data set of n_samples rows. At most 2^22 blocks, at least 64 rows each. */
int64_t shard_block_rows(int64_t n_samples);

/* The bytes that the busiest of n_ranks ranks holds for n_samples x n_features points; INT64_MAX when they can't be
 * counted. */
int64_t shard_bytes(int64_t n_samples, int64_t n_features, int n_ranks, bool single_precision);

/* Collective over comm. Reads each rank's rows. Errors, agreed: those of source_read; 65 a missing value (how many
 * there are and where the first one is; only with MISSING_ERROR), an infinity, a number too large to be squared or, in
 * single precision, to be held, no row left; 75 when a rank was asked to stop (support/signals.h); 71. */
gmmpi_status shard_create(MPI_Comm comm, point_source *source, shard_options options, shard **result,
                          gmmpi_error *error);

/* Collective over comm. The same from the caller's memory: each rank gives n_local x n_features numbers (row-major),
 * the data set being the ranks' rows one after the other. */
gmmpi_status shard_create_from_memory(MPI_Comm comm, const double *rows, int64_t n_local, int64_t n_features,
                                      shard_options options, shard **result, gmmpi_error *error);

/* Collective over the points' communicator. A shard of the chosen rows in their order, of its own size, blocks, ranges
 * and fingerprint, spread over the ranks by its own blocks; where its rows were in the source is not remembered. row:
 * of the data set, from 0; is_chosen is asked about this rank's rows, twice each. Errors, agreed: 65 no row is
 * chosen, 71.
 */
gmmpi_status shard_subsample(const shard *points, bool (*is_chosen)(const void *context, int64_t row),
                             const void *context, shard **result, gmmpi_error *error);

/* Collective: the same rows, on the same ranks, in other coordinates: matrix (x - origin), matrix d x d, row-major.
 * Errors, agreed: 71. */
gmmpi_status shard_transform(const shard *points, const double *matrix, const double *origin, shard **result,
                             gmmpi_error *error);

/* Collective: a shard of MPI_COMM_SELF on every rank, with all rows. Errors, agreed: 71. */
gmmpi_status shard_gather(const shard *points, shard **result, gmmpi_error *error);

void shard_destroy(shard *points); /* NULL is fine */

/* One block of this rank's rows. */
typedef struct block_view {
  const shard *points;
  int64_t first_row; /* 0-based row of the data set */
  int64_t n_rows;
  int64_t n_tiles;
} block_view;

/* How many blocks this rank owns, and the index-th of them, from 0. Any thread may ask for any block. */
int64_t shard_n_blocks(const shard *points);
block_view shard_block(const shard *points, int64_t index);

/* The numbers of the block's tile (n_features x TILE_ROWS, aligned): where they are held, or, when they are not held as
 * doubles, in room, which has the same size. */
const double *block_tile(const block_view *block, int64_t tile, double *room);

/* How many points of the block's tile are real: TILE_ROWS but for the data set's last tile. */
static inline int tile_points(const block_view *block, int64_t tile)
{
  const int64_t left = block->n_rows - tile * TILE_ROWS;
  return left < TILE_ROWS ? (int)left : TILE_ROWS;
}

/* The row (0-based, of the data set) whose owner is asked for: the rank that owns it. */
int shard_owner(const shard *points, int64_t row, int n_ranks);

/* Copies one of this rank's rows (0-based row of the data set) to point: n_features. */
void shard_copy_row(const shard *points, int64_t row, double *point);

#endif
