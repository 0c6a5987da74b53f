/* The steps by which shards are made; for the shard_*.c files only. */
#ifndef POINTS_SHARD_BUILD_H
#define POINTS_SHARD_BUILD_H

#include "points/reading/row_check.h"
#include "points/shard.h"

/* The first of the n_blocks blocks that rank owns. */
int64_t shard_first_block(int64_t n_blocks, int rank, int n_ranks);

/* A shard of n_samples points of n_features features, with weights if the options say so, with room for this rank's
 * rows, laid out but empty; label names the data in messages. Not collective. Errors: 71. */
gmmpi_status shard_lay_out(MPI_Comm comm, const char *label, int64_t n_samples, int64_t n_features,
                           shard_options options, shard **points, gmmpi_error *error);

/* A pass over this rank's rows: runs of neighbouring blocks whose rows are at hand, all blocks in one run when they are
 * held, else one chunk after the other. It is what walks are made of (shard_visit); those who need single rows in a
 * certain order make one themselves.
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

/* Room for the tiles that are made in walks over a shard whose tiles are not held as doubles; false when there is no
 * memory. */
bool shard_make_rooms(shard *points);

/* Rows of another shard in other coordinates, which are made when they are asked for. The other shard outlives them,
 * and its passes are theirs. */
void view_destroy(shard_view *view); /* NULL is fine */
block_view view_block(const shard *points, int64_t index);
const double *view_tile(const block_view *block, int64_t tile, double *room);
void view_copy_row(const shard *points, int64_t row, int64_t n_numbers, double *numbers); /* the first n_numbers */

/* Which rows are chosen, by their numbers in the data set. */
typedef struct row_filter {
  bool (*is_chosen)(const void *context, int64_t row); /* NULL: all */
  const void *context;
} row_filter;

/* Copies one of this rank's rows (0-based row of the data set) with its weight: row_width numbers. See shard_copy_row.
 */
void shard_copy_numbers(const shard *points, int64_t row, double *numbers);

/* Puts a row (row_width; -0.0 becomes 0.0) to the index-th place of this rank. */
void shard_put_row(shard *points, int64_t index, const double *row);

/* Where tiles are put: doubles, or floats; the other one is NULL. */
typedef struct tile_place {
  double *tiles;
  float *float_tiles;
} tile_place;

/* The place of this rank's index-th row, which is the first of a tile, in a shard that holds all rows. */
tile_place shard_place(const shard *points, int64_t index);

/* Puts this rank's rows from index on, which is the first of a tile, to their place, or, without one, nowhere. rows:
 * n_rows x row_width, row-major; room: row_width x TILE_ROWS. What is found in them is added to the survey; false
 * when a number is missing or not within the survey's limit, or a weight not within 0 ... SHARD_LARGEST_WEIGHT. n_rows:
 * whole tiles, but at the rank's end. */
typedef struct row_survey row_survey;
bool shard_put_rows(const shard *points, int64_t index, int64_t n_rows, const double *rows, tile_place to, double *room,
                    row_survey *survey);

/* What n_threads threads find in the rows they take, each in a survey of its own. limit: the largest number that is in
 * order. */
struct row_survey {
  double limit;
  double *minima, *maxima; /* row_width x SURVEY_LANES */
  uint64_t hash;           /* the sum of the rows' hashes */
};
enum { SURVEY_LANES = 8 };
row_survey *surveys_create(int n_threads, int64_t row_width, double limit); /* NULL when there is no memory */
void surveys_destroy(row_survey *surveys);                                  /* NULL is fine */

/* The fingerprint of points, from the sum of their rows' hashes. */
uint64_t shard_fingerprint_of(const shard *points, uint64_t sum);

/* Collective: sets ranges and fingerprint of the shard, of which all rows have been surveyed. */
void shard_take_surveys(shard *points, int n_surveys, const row_survey *surveys);

/* The sum of the hashes of n_rows of this rank's rows from index on, which are in tiles. survey: to work with. */
uint64_t shard_hash_tiles(const shard *points, int64_t index, int64_t n_rows, const double *tiles, row_survey *survey);

/* Collective, when all rows are in their places: fills up the last tile and surveys all of them. Errors, agreed: 71. */
gmmpi_status shard_complete(shard *points, gmmpi_error *error);

/* The largest number that may be held. In double precision squares of differences, and their products with counts, stay
 * far below the largest double; in single precision it is the largest float. */
double shard_largest_number(bool single_precision);

/* The largest weight: products with squares of differences, and with counts, stay below the largest double too. */
#define SHARD_LARGEST_WEIGHT 1e15

/* Rows that a rank holds before they go to their owners: those of all ranks, one rank after the other, are the data
 * set. */
typedef struct row_supply {
  int64_t n_rows;
  const shard *held;       /* rows of another shard, held or streamed; NULL: of the array rows */
  const int64_t *picked;   /* with held: which of this rank's rows, n_rows from 0 */
  bool consumes;           /* with held: its memory is given back while rows leave */
  const double *rows;      /* row-major, row_width numbers each */
  const int64_t *origins;  /* n_rows: each row's place in the source; NULL when none was dropped */
  int64_t first_of_source; /* with rows and origins: row i is the (origins[i] - first_of_source)-th of rows */
} row_supply;

/* Collective: sends every row to the rank that owns it. points: laid out on every rank, with room for source_rows where
 * the origins are to be remembered. Errors, agreed: 71. */
gmmpi_status shard_redistribute(const row_supply *supply, shard *points, gmmpi_error *error);

#endif
