/* SPDX-License-Identifier: BSD-3-Clause */
/* The rows that a rank owns, in the form that the kernels want: held in memory, or streamed from their source.
 *
 * The n_samples rows of a data set are cut into blocks of block_rows rows; the size of a block depends on n_samples
 * alone, so the blocks are the same at any number of ranks. A rank owns a contiguous run of whole blocks. Inside, rows
 * are held as tiles: a tile is row_width x TILE_ROWS numbers, lane p of row j being feature j of the tile's p-th point,
 * so that SIMD lanes run over points. Behind the features, where rows have labels, comes the component that each is
 * known to be of, from 0, or -1; and last, where rows have weights, the weight: a row of weight w counts like w rows.
 * The data set's last tile is filled up with copies of its first point, of weight 0 and unknown label, which count for
 * nothing (tile_points says how many are real).
 *
 * Numbers are doubles for everybody but the shard, which may hold them as floats to save memory; ranges and fingerprint
 * are those of the rounded numbers.
 *
 * A shard that is streamed holds only a few chunks of whole blocks at a time. Whoever needs all rows walks over them
 * (shard_visit); the next chunks are read while the rows of the current one are worked on. */
#ifndef POINTS_SHARD_H
#define POINTS_SHARD_H

#include "points/layout.h"
#include "sources/source.h"

typedef enum missing_choice { MISSING_ERROR, MISSING_DROP } missing_choice;
typedef enum infinite_choice { INFINITE_ERROR, INFINITE_DROP } infinite_choice;

/* How points are read and held. */
typedef struct shard_options {
  missing_choice missing;
  infinite_choice infinite;
  int n_threads;         /* of each rank, that will work on its points; 0 stands for 1 */
  bool single_precision; /* numbers are held as floats: rounded once, when they are read, and doubles for all others */
  bool has_weights;      /* the last number of each row is its weight, and no feature */
  bool has_labels;       /* the one before it, or the last one, is its label: -1, or the component, a whole number */
  int64_t n_classes;     /* labels are below it; 0: nobody says */
  bool without_bounds;   /* there is no memory for what passes leave for the next ones (passes/near.h) */
  bool drops_weightless; /* a row of weight 0 is left out, whatever else is in it */
  int64_t stream_bytes;  /* 0: all rows are held; else they are streamed through chunks of at most so many bytes */
  int64_t subsample_bytes; /* of points that are streamed: the most for a subsample of them, which is held, or streamed;
                              0: it is held */
  const char *scratch;     /* a folder on a disk, where what is streamed of subsamples is kept; NULL: nowhere */
  int64_t scratch_bytes;   /* that must be free there; set by shard_subsample */
} shard_options;

/* May rows be left out for a value? */
static inline bool shard_drops(const shard_options *options)
{
  return options->missing == MISSING_DROP || options->infinite == INFINITE_DROP ||
         (options->has_weights && options->drops_weightless);
}

/* How many rows of all ranks were left out. */
typedef struct dropped_count {
  int64_t n;
  int64_t n_infinite;   /* of them those with an infinity */
  int64_t n_weightless; /* and those of weight 0, whatever else is in them */
} dropped_count;

typedef struct shard_backing shard_backing;
typedef struct block_dealing block_dealing; /* points/dealing.h */

typedef struct shard {
  MPI_Comm comm;     /* borrowed */
  int64_t n_samples; /* rows of the data set, after dropping */
  int64_t n_features;
  bool has_weights;
  bool has_labels;
  int64_t n_classes;  /* see shard_options */
  int64_t row_width;  /* numbers of a row: n_features, the label where there is one, and the weight likewise */
  int64_t block_rows; /* rows of every block but the last; a multiple of TILE_ROWS */
  int64_t n_blocks;   /* of the data set */
  int64_t first_row;  /* 0-based row of the data set with which this rank begins */
  int64_t n_rows;     /* rows of this rank; 0 is fine */
  bool single_precision;
  bool without_bounds;          /* see shard_options */
  bool is_streamed;             /* not all rows are at hand, and reading them may fail; the same on all ranks */
  const shard_backing *backing; /* how its rows are held; NULL while they are not there yet */
  void *rows;                   /* the backing's own */
  block_dealing *dealing;       /* NULL: this rank's rows are for it alone. See shard_visit_dealt */
  int64_t room_for_copy;        /* bytes that a copy of the rows may take on a rank; INT64_MAX: any. See
                                   shard_has_room_for_copy */
  double *minima;               /* n_features: over the rows of all ranks */
  double *maxima;
  double largest_weight; /* of all ranks' rows, as they are in the tiles; 1 without weights */
  double weight_unit;    /* what a weight in a tile is multiplied with: 1, unless they are rescaled. Sums over weighted
                            rows are those of the tiles' weights times this, once, at their end */
  double total_weight;   /* of all ranks' rows, in units: how many points they count for; n_samples without weights.
                            The same bits at any number of ranks */
  bool has_fractions;    /* is any weight, as it is in a tile, no whole number? */
  uint64_t fingerprint;  /* of all rows in their order, the same at any number of ranks */
  int64_t n_left_out;    /* rows of the source that are not there, over all ranks: the sum of two of the next three */
  int64_t n_dropped;     /* for a missing or infinite value */
  int64_t n_infinite;    /* of these those with an infinity */
  int64_t n_weightless;  /* for their weight of 0 */
  int n_threads;         /* of this rank, at least 1 */
  double *rooms;         /* n_threads x room_tiles x row_width x TILE_ROWS: tiles that are made in a walk; NULL where
                            tiles are used where they are */
} shard;

static inline void shard_note_dropped(shard *points, dropped_count dropped)
{
  points->n_left_out = dropped.n;
  points->n_dropped = dropped.n - dropped.n_weightless;
  points->n_infinite = dropped.n_infinite;
  points->n_weightless = dropped.n_weightless;
}

static inline dropped_count shard_dropped(const shard *points)
{
  return (dropped_count){points->n_left_out, points->n_infinite, points->n_weightless};
}

/* Options for rows that have the same beside their features. */
static inline void shard_note_beside(const shard *points, shard_options *options)
{
  options->has_labels = points->has_labels;
  options->n_classes = points->n_classes;
  options->has_weights = points->has_weights;
}

/* How many numbers of a row are no features. */
static inline int shard_n_beside(const shard_options *options)
{
  return (options->has_labels ? 1 : 0) + (options->has_weights ? 1 : 0);
}

/* The least stream_bytes with which n_samples rows of row_width numbers can be streamed: two blocks are at hand;
 * INT64_MAX when they can't be counted. drops: shard_drops. */
int64_t shard_least_stream_bytes(int64_t n_samples, int64_t row_width, bool drops);

/* Collective over comm. Reads each rank's rows; source must outlive a shard that is streamed. Errors, agreed: those of
 * source_read; 65 a missing value (how many there are and where the first one is; only with MISSING_ERROR), an
 * infinity, a number too large to be squared or, in single precision, to be held, a weight that is missing, negative,
 * too large or, in single precision, a whole number that changes, a label that is none, no row left; 75 when a rank was
 * asked to stop (support/signals.h); 71. */
gmmpi_status shard_create(MPI_Comm comm, point_source *source, shard_options options, shard **result,
                          gmmpi_error *error);

/* Collective over comm. The same from the caller's memory: each rank gives n_local x n_features numbers (row-major),
 * or, with labels or weights or both, n_local x (n_features + 1 or 2), the data set being the ranks' rows one after the
 * other. */
gmmpi_status shard_create_from_memory(MPI_Comm comm, const double *rows, int64_t n_local, int64_t n_features,
                                      shard_options options, shard **result, gmmpi_error *error);

/* Collective over the points' communicator. A shard of the chosen rows in their order, of its own size, blocks, ranges
 * and fingerprint, spread over the ranks by its own blocks; where its rows were in the source is not remembered. row:
 * of the data set, from 0. A subsample of points that are streamed is read from their source: it is streamed too where
 * shard_options.subsample_bytes would not hold it, and then the context must outlive it. Errors, agreed: 65 no row is
 * chosen, 71, 75 as in shard_create, and those of shard_agree. */
gmmpi_status shard_subsample(const shard *points, bool (*is_chosen)(const void *context, int64_t row),
                             const void *context, shard **result, gmmpi_error *error);

/* Is there room for a copy of the rows, as doubles? Not of points that are streamed, or of a large subsample of such.
 * The same on all ranks. */
bool shard_has_room_for_copy(const shard *points);

/* Collective: the same rows, on the same ranks, in other coordinates: matrix (x - origin), matrix d x d, row-major.
 * They are held, or made anew in every pass, which is one over points too: these must outlive them. The numbers are the
 * same. Weights and labels stay as they are. Errors, agreed: 71, and those of shard_agree. */
gmmpi_status shard_transform(const shard *points, const double *matrix, const double *origin, bool hold, shard **result,
                             gmmpi_error *error);

/* Collective: a shard of MPI_COMM_SELF on every rank, with all rows. Errors, agreed: 71, and those of shard_agree. */
gmmpi_status shard_gather(const shard *points, shard **result, gmmpi_error *error);

/* From now on weights are multiplied by one factor, so that total_weight is n_samples. Not of shards that were made of
 * this one before. */
void shard_normalise_weights(shard *points);

void shard_destroy(shard *points); /* NULL is fine */

/* One block of this rank's rows. */
typedef struct block_view {
  const shard *points;
  int64_t first_row; /* 0-based row of the data set */
  int64_t n_rows;
  int64_t n_tiles;
  const double *tiles;        /* n_tiles x row_width x TILE_ROWS; for block_tile */
  const float *float_tiles;   /* the same; both are NULL while the block's rows are not at hand */
  const int64_t *source_rows; /* n_rows: where each was in the source (0-based), once rows were dropped, which
                                 subsamples do not remember; else NULL */
} block_view;

/* How many blocks this rank owns, and the index-th of them, from 0. Any thread may ask for any block; its rows are at
 * hand when all are held, or during a walk over the block. */
int64_t shard_n_blocks(const shard *points);
block_view shard_block(const shard *points, int64_t index);

/* The numbers of the block's tile (row_width x TILE_ROWS, aligned): where they are held, or, when they are not held as
 * doubles, in room, which has the same size. */
const double *block_tile(const block_view *block, int64_t tile, double *room);

/* How many points of the block's tile are real: TILE_ROWS but for the data set's last tile. */
static inline int tile_points(const block_view *block, int64_t tile)
{
  const int64_t left = block->n_rows - tile * TILE_ROWS;
  return left < TILE_ROWS ? (int)left : TILE_ROWS;
}

/* A tile of a block that is walked over. */
typedef struct row_tile {
  const double *numbers; /* n_features x TILE_ROWS, aligned */
  const double *weights; /* TILE_ROWS, 0 from n_points on, to be multiplied by weight_unit; NULL: all are 1 */
  const double *labels;  /* TILE_ROWS: components from 0, -1: unknown, as from n_points on; NULL: no row has one */
  int64_t first_row;     /* 0-based row of the data set: point p is row first_row + p */
  int n_points;          /* TILE_ROWS, but in the data set's last tile; lanes from here on are padding */
} row_tile;

/* What is done with the rows in a walk. Threads, each with its number (from 0), take whole blocks, whichever is next;
 * of a block its beginning, its tiles in their order, and its end are for the same thread. Any member may be NULL. */
typedef struct row_visitor {
  void *context;
  void (*begin_block)(void *context, int thread);
  /* n_tiles neighbouring tiles of a block: the numbers of each are row_width x TILE_ROWS behind those of the one
   * before it. They are gone when the function returns. */
  void (*tiles)(void *context, const row_tile *tiles, int64_t n_tiles, int thread);
  void (*end_block)(void *context, const block_view *block, int thread);
  bool takes_turns; /* all blocks are for thread 0, one after the other, in no certain order */
} row_visitor;

/* Walks over all of this rank's rows, which are shown to the visitor by at most most_tiles (1 ... tiles_together of
 * half a row's features) tiles at a time. Of a stream the last chunks come first when they are still at hand from the
 * walk before. The visitor uses neither MPI nor HDF5, which may be at work for the rows to come. When reading fails the
 * walk ends early; shard_agree tells, afterwards, at any time. One walk over a shard ends before the next one begins.
 */
void shard_visit(const shard *points, int64_t most_tiles, const row_visitor *visitor);

/* The same for n visitors at once: each block is shown to one after the other, while it is in the caches. None takes
 * turns, or all do. */
typedef struct row_visit {
  int64_t most_tiles;
  row_visitor visitor;
} row_visit;
void shard_visit_all(const shard *points, const row_visit *visits, int64_t n);

/* The same for what does not depend on who does it, and must be done for each row once, by any rank of the node: rows
 * may be another rank's, and another rank may have been shown rows of this one. All ranks make this walk, each of them
 * ends it before any begins the next one, and there are no turns to take. */
void shard_visit_dealt(const shard *points, const row_visit *visits, int64_t n);

/* The same as shard_visit for this rank's blocks from first_block up to, not including, end_block, in runs that ascend;
 * false when reading fails. The visitor of such a walk, if it takes turns, and the caller may use MPI and HDF5: where
 * reading needs them nothing is read but in this function. Fastest when calls go on where the last one ended, from the
 * first block on.
 */
bool shard_visit_blocks(const shard *points, int64_t first_block, int64_t end_block, int64_t most_tiles,
                        const row_visitor *visitor);

/* The same on all ranks. */
static inline bool shard_is_streamed(const shard *points)
{
  return points->is_streamed;
}

/* Has reading failed on this rank in any walk so far? Never without a stream. shard_failure says how. */
bool shard_has_failed(const shard *points);
gmmpi_status shard_failure(const shard *points, gmmpi_error *error);

/* Collective: has reading failed on any rank? Where all rows are held nothing is sent. Errors, agreed: those of
 * source_read, and 65 when the source has changed since it was read first. */
gmmpi_status shard_agree(const shard *points, gmmpi_error *error);

/* The row (0-based, of the data set) whose owner is asked for: the rank that owns it. */
int shard_owner(const shard *points, int64_t row, int n_ranks);

/* Copies one of this rank's rows (0-based row of the data set) to point: n_features. Of a stream it is read, unless it
 * is at hand; zeros when that fails. */
void shard_copy_row(const shard *points, int64_t row, double *point);

/* --- for the files of points only: passes, of which walks are made, and ways to hold rows
 * ------------------------------------------ */

/* Copies one of this rank's rows (0-based row of the data set) with its label and weight: row_width numbers. See
 * shard_copy_row. */
void shard_copy_numbers(const shard *points, int64_t row, double *numbers);

/* A pass over this rank's rows: runs of neighbouring blocks whose rows are at hand, all blocks in one run when they are
 * held, else one chunk after the other. Walks are made of it; those who need single rows in a certain order make one
 * themselves.
 *
 *   shard_pass pass = shard_pass_begin(points);
 *   while (shard_pass_next(&pass))
 *     for (int64_t b = pass.first_block; b < pass.end_block; b++) ... shard_block(points, b) ...
 *
 * A pass begins and goes on outside of parallel regions, and one of a shard ends before the next begins. When reading
 * fails the pass ends early; shard_agree tells, afterwards, at any time. */
typedef struct shard_pass {
  const shard *points;
  int64_t first_block; /* the run; both 0 before the first one */
  int64_t end_block;
} shard_pass;

/* Runs come in either order, so that the chunks which the last pass left are used first. Until the pass is over the
 * caller uses neither MPI nor HDF5, which may be at work for the runs to come. */
shard_pass shard_pass_begin(const shard *points);

/* Runs come in ascending order. The caller is free: where reading needs MPI or HDF5 nothing is read but in
 * shard_pass_next. */
shard_pass shard_pass_begin_ascending(const shard *points);

/* Goes on to the next run: false when there is none. */
bool shard_pass_next(shard_pass *pass);

/* In a pass begun as an ascending one: goes to the run of the block, wherever it is; false when reading fails. Fastest
 * when blocks ascend from the first one on. */
bool shard_pass_reach(shard_pass *pass, int64_t block);

/* How the rows of a shard are held. A NULL member: all rows are at hand, in one run, and reading does not fail; tiles
 * are where find_block says.
 *
 * To add one: a file with a table of these functions, and a function that gives a shard, which shard_lay_out has made,
 * its backing and rows. Where tiles are not held as doubles it calls shard_make_rooms; where reading may fail it sets
 * is_streamed, on all ranks. Who makes such shards is a file in points/making, and what they take is counted in
 * fit_memory_of (fit/memory.c). Ranges and fingerprint come from shard_survey (points/tiles.h), or are copied. */
struct shard_backing {
  void (*begin_pass)(const shard *points, bool ascending);
  bool (*next_run)(shard_pass *pass);
  bool (*reach_block)(shard_pass *pass, int64_t block);                      /* the block is not in the pass's run */
  void (*find_block)(const shard *points, int64_t index, block_view *block); /* sets tiles and source_rows, if any */
  const double *(*make_tile)(const block_view *block, int64_t tile, double *room);
  void (*copy_row)(const shard *points, int64_t row, int64_t n_numbers, double *numbers); /* the first n_numbers */
  const gmmpi_error *(*failure)(const shard *points); /* the first one; NULL or of status GMMPI_OK: none so far */
  void (*destroy)(void *rows);
};

/* A shard of n_samples points of n_features features, with labels and weights if the options say so, that has no rows
 * yet, and no room for a copy of them; label names the data in messages. Not collective. Errors: 71; the caller
 * destroys it in any case. */
gmmpi_status shard_lay_out(MPI_Comm comm, const char *label, int64_t n_samples, int64_t n_features,
                           const shard_options *options, shard **points, gmmpi_error *error);
gmmpi_status shard_no_memory(const shard *points, const char *label, gmmpi_error *error); /* fails with 71 */

/* Room for the tiles that are made in walks over a shard whose tiles are not held as doubles; false when there is no
 * memory. */
bool shard_make_rooms(shard *points);

#endif
