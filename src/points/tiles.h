/* SPDX-License-Identifier: BSD-3-Clause */
/* Rows become tiles, and what is found in them on the way: are all numbers in order, the columns' ranges, the
 * fingerprint. For the files of points only. */
#ifndef POINTS_TILES_H
#define POINTS_TILES_H

#include "points/shard.h"
#include "support/exact_sum.h"

/* Where tiles are put: doubles, or floats; the other one is NULL. */
typedef struct tile_place {
  double *tiles;
  float *float_tiles;
} tile_place;

/* Puts this rank's rows from index on, which is the first of a tile, to their place, or, without one, nowhere. rows:
 * n_rows x row_width, row-major; room: row_width x TILE_ROWS. What is found in them is added to the survey; false
 * when a number is missing or not within the survey's limit, a weight is 0, or not within 0 ... SHARD_LARGEST_WEIGHT,
 * or a whole number that single precision changes, or a label not within -1 ... SHARD_LARGEST_LABEL. n_rows: whole
 * tiles, but at the rank's end. */
typedef struct row_survey row_survey;
bool shard_put_rows(const shard *points, int64_t index, int64_t n_rows, const double *rows, tile_place to, double *room,
                    row_survey *survey);

/* What n_threads threads find in the rows they take, each in a survey of its own. limit: the largest number that is in
 * order. */
struct row_survey {
  double limit;
  double *minima, *maxima;          /* row_width x SURVEY_LANES */
  uint64_t hash;                    /* the sum of the rows' hashes */
  int64_t weight[FULL_RANGE_LIMBS]; /* the sum of their weights */
  int64_t n_fractions;              /* tiles with weights that are no whole numbers */
};
enum { SURVEY_LANES = 8 };
row_survey *surveys_create(int n_threads, int64_t row_width, double limit); /* NULL when there is no memory */
void surveys_destroy(row_survey *surveys);                                  /* NULL is fine */
void surveys_clear(row_survey *surveys, int n_threads, int64_t row_width);  /* as if nothing had been seen */

/* The fingerprint of points, from the sum of their rows' hashes. */
uint64_t shard_fingerprint_of(const shard *points, uint64_t sum);

/* Collective: sets ranges and fingerprint of the shard, of which all rows have been surveyed. */
void shard_take_surveys(shard *points, int n_surveys, const row_survey *surveys);

/* The sum of the hashes of n_rows of this rank's rows from index on, which are in tiles. survey: to work with. */
uint64_t shard_hash_tiles(const shard *points, int64_t index, int64_t n_rows, const double *tiles, row_survey *survey);

/* Collective, when all rows are in their places: walks over them and sets ranges and fingerprint. Errors, agreed: 71.
 */
gmmpi_status shard_survey(shard *points, gmmpi_error *error);

/* The largest number that may be held. In double precision squares of differences, and their products with counts, stay
 * far below the largest double; in single precision it is the largest float. */
double shard_largest_number(bool single_precision);

/* The largest weight: products with squares of differences, and with counts, stay below the largest double too. */
#define SHARD_LARGEST_WEIGHT 1e15

/* The largest label. Whole numbers up to it are floats. */
#define SHARD_LARGEST_LABEL 0x1p24

/* Can the weight be held? In single precision a whole number must be the nearest float: counts lose no digits. */
bool shard_holds_weight(double weight, bool single_precision);

/* What fills up the j-th row of the data set's last tile, of which the first number is given. */
double shard_filling(const shard *points, int64_t j, double first);

#endif
