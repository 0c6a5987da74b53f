/* SPDX-License-Identifier: BSD-3-Clause */
/* Rows become tiles, and are surveyed on the way, while a tile is in the cache, in loops over its lanes. */
#include "points/tiles.h"

#include "support/error.h"
#include "support/hash.h"
#include "support/memory.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__) && defined(__GNUC__)
#define HAS_AVX2_VARIANT 1
#endif

double shard_largest_number(bool single_precision)
{
  return single_precision ? (double)FLT_MAX : 1e140;
}

bool shard_holds_weight(double weight, bool single_precision)
{
  return !single_precision || weight != floor(weight) || (double)(float)weight == weight;
}

double shard_filling(const shard *points, int64_t j, double first)
{
  if (j < points->n_features) return first;
  return points->has_labels && j == points->n_features ? -1.0 : 0.0;
}

/* --- surveys of threads --- */

void surveys_clear(row_survey *surveys, int n_threads, int64_t row_width)
{
  for (int t = 0; t < n_threads; t++) {
    row_survey *survey = &surveys[t];
    *survey = (row_survey){.limit = survey->limit, .minima = survey->minima, .maxima = survey->maxima};
    for (int64_t i = 0; i < SURVEY_LANES * row_width; i++) {
      survey->minima[i] = INFINITY;
      survey->maxima[i] = -INFINITY;
    }
  }
}

row_survey *surveys_create(int n_threads, int64_t row_width, double limit)
{
  row_survey *surveys = calloc((size_t)n_threads, sizeof *surveys);
  bool good = surveys != NULL;
  /* Every thread's numbers behind the surveys' own pointers: the first one owns them. */
  int64_t numbers;
  good = good && multiply_fits(2 * SURVEY_LANES * (int64_t)n_threads, row_width, &numbers);
  double *ranges = good ? allocate(numbers, sizeof *ranges) : NULL;
  if (ranges == NULL) {
    free(surveys);
    return NULL;
  }
  const int64_t length = SURVEY_LANES * row_width;
  for (int t = 0; t < n_threads; t++) {
    surveys[t] = (row_survey){.limit = limit, .minima = ranges + 2 * t * length};
    surveys[t].maxima = surveys[t].minima + length;
  }
  surveys_clear(surveys, n_threads, row_width);
  return surveys;
}

void surveys_destroy(row_survey *surveys)
{
  if (surveys == NULL) return;
  free(surveys[0].minima);
  free(surveys);
}

uint64_t shard_fingerprint_of(const shard *points, uint64_t sum)
{
  uint64_t shape = hash_word(hash_word(0, (uint64_t)points->n_samples), (uint64_t)points->n_features);
  if (points->has_weights) shape = hash_word(shape, 1);
  if (points->has_labels) shape = hash_word(shape, 2);
  return hash_word(shape, sum);
}

void shard_take_surveys(shard *points, int n_surveys, const row_survey *surveys)
{
  uint64_t sum = 0;
  double largest_weight = 0.0;
  int64_t weight[FULL_RANGE_LIMBS + 1] = {0}; /* and how many tiles have fractions */
  for (int64_t j = 0; j < points->n_features; j++) {
    points->minima[j] = INFINITY;
    points->maxima[j] = -INFINITY;
  }
  for (int t = 0; t < n_surveys; t++) {
    sum += surveys[t].hash;
    for (int64_t i = 0; i < SURVEY_LANES * points->n_features; i++) {
      const int64_t j = i / SURVEY_LANES;
      points->minima[j] = fmin(points->minima[j], surveys[t].minima[i]);
      points->maxima[j] = fmax(points->maxima[j], surveys[t].maxima[i]);
    }
    for (int64_t i = SURVEY_LANES * (points->row_width - 1); i < SURVEY_LANES * points->row_width; i++)
      largest_weight = fmax(largest_weight, surveys[t].maxima[i]);
    for (int i = 0; i < FULL_RANGE_LIMBS; i++) weight[i] += surveys[t].weight[i];
    weight[FULL_RANGE_LIMBS] += surveys[t].n_fractions;
  }
  const int n = (int)points->n_features;
  MPI_Allreduce(MPI_IN_PLACE, points->minima, n, MPI_DOUBLE, MPI_MIN, points->comm);
  MPI_Allreduce(MPI_IN_PLACE, points->maxima, n, MPI_DOUBLE, MPI_MAX, points->comm);
  MPI_Allreduce(MPI_IN_PLACE, &sum, 1, MPI_UINT64_T, MPI_SUM, points->comm);
  points->fingerprint = shard_fingerprint_of(points, sum);
  points->total_weight = (double)points->n_samples;
  if (!points->has_weights) return;
  MPI_Allreduce(&largest_weight, &points->largest_weight, 1, MPI_DOUBLE, MPI_MAX, points->comm);
  MPI_Allreduce(MPI_IN_PLACE, weight, FULL_RANGE_LIMBS + 1, MPI_INT64_T, MPI_SUM, points->comm);
  points->total_weight = full_range_value(weight) * points->weight_unit;
  points->has_fractions = weight[FULL_RANGE_LIMBS] > 0;
}

/* --- one tile --- */

/* A tile, and the place of its first row in the data set. Lanes from n_points on are copies of the first one, of weight
 * 0. */
typedef struct whole_tile {
  const double *numbers; /* row_width x TILE_ROWS */
  int64_t n_features, row_width;
  bool has_labels, has_weights;
  int64_t first_row;
  int n_points;
} whole_tile;

/* Vectors as GCC and Clang have them for any processor. */
enum { VECTOR_LANES = 4, SURVEY_VECTORS = SURVEY_LANES / VECTOR_LANES };
typedef double real_vector __attribute__((vector_size(VECTOR_LANES * sizeof(double))));
typedef int64_t mask_vector __attribute__((vector_size(VECTOR_LANES * sizeof(double)))); /* of comparisons: 0 or -1 */
typedef uint64_t bits_vector __attribute__((vector_size(VECTOR_LANES * sizeof(double))));

#define HOT static inline __attribute__((always_inline))

/* Lane by lane yes where the mask is set, else no. */
#define CHOOSE(mask, yes, no) ((real_vector)(((mask) & (mask_vector)(yes)) | (~(mask) & (mask_vector)(no))))

/* Ranges of one feature and the hashes of the rows (TILE_ROWS), lane by lane; are all numbers within
 * least ... most? */
HOT bool survey_numbers(const real_vector *restrict x, double least, double most, real_vector *restrict minima,
                        real_vector *restrict maxima, bits_vector *restrict hashes)
{
  real_vector smallest[SURVEY_VECTORS];
  real_vector largest[SURVEY_VECTORS];
  mask_vector good = ~(mask_vector){0};
  for (int v = 0; v < SURVEY_VECTORS; v++) {
    smallest[v] = minima[v];
    largest[v] = maxima[v];
  }
  for (int p = 0; p < TILE_ROWS / VECTOR_LANES; p += SURVEY_VECTORS) {
    for (int v = 0; v < SURVEY_VECTORS; v++) {
      const real_vector value = x[p + v];
      smallest[v] = CHOOSE(value < smallest[v], value, smallest[v]);
      largest[v] = CHOOSE(value > largest[v], value, largest[v]);
      good &= (value <= most) & (value >= least);
      const bits_vector product = (hashes[p + v] ^ (bits_vector)value) * LIGHT_MULTIPLIER;
      hashes[p + v] = product ^ (product >> LIGHT_SHIFT);
    }
  }
  for (int v = 0; v < SURVEY_VECTORS; v++) {
    minima[v] = smallest[v];
    maxima[v] = largest[v];
  }
  bool all_good = true;
  for (int i = 0; i < VECTOR_LANES; i++) all_good &= good[i] != 0;
  return all_good;
}

static whole_tile whole_tile_of(const shard *points, const double *numbers, int64_t first_row, int n_points)
{
  return (whole_tile){
      numbers, points->n_features, points->row_width, points->has_labels, points->has_weights, first_row, n_points};
}

/* What the j-th row of a tile may hold. */
HOT void limits_of(const whole_tile *tile, int64_t j, double limit, double *least, double *most)
{
  *least = -limit;
  *most = limit;
  if (j < tile->n_features) return;
  const bool is_label = tile->has_labels && j == tile->n_features;
  *least = is_label ? -1.0 : 0.0;
  *most = is_label ? SHARD_LARGEST_LABEL : SHARD_LARGEST_WEIGHT;
}

/* The sum of a tile's weights; is none 0? */
static bool add_weights(const whole_tile *tile, row_survey *survey)
{
  const double *weights = tile->numbers + (tile->row_width - 1) * TILE_ROWS;
  bool good = true;
  bool whole = true;
  for (int p = 0; p < tile->n_points; p++) {
    good &= weights[p] > 0.0;
    whole &= weights[p] == floor(weights[p]);
  }
  survey->n_fractions += whole ? 0 : 1;
  full_range_add_all(survey->weight, tile->n_points, weights);
  return good;
}

/* The sum of the rows' hashes is independent of the order of summing, but each begins with the row's number. */
HOT bool survey_whole_tile(const whole_tile *tile, row_survey *survey)
{
  _Alignas(MEMORY_ALIGNMENT) uint64_t hashes[TILE_ROWS];
  bool good = true;
  for (int p = 0; p < TILE_ROWS; p++) hashes[p] = hash_word(0, (uint64_t)(tile->first_row + p));
  for (int64_t j = 0; j < tile->row_width; j++) {
    double least;
    double most;
    limits_of(tile, j, survey->limit, &least, &most);
    good &= survey_numbers((const real_vector *)(tile->numbers + j * TILE_ROWS), least, most,
                           (real_vector *)(survey->minima + j * SURVEY_LANES),
                           (real_vector *)(survey->maxima + j * SURVEY_LANES), (bits_vector *)hashes);
  }
  uint64_t sum = 0;
  for (int p = 0; p < tile->n_points; p++) sum += hash_word(hashes[p], 0);
  survey->hash += sum;
  return (!tile->has_weights || add_weights(tile, survey)) && good;
}

static bool survey_tile_portable(const whole_tile *tile, row_survey *survey)
{
  return survey_whole_tile(tile, survey);
}

#if HAS_AVX2_VARIANT
static __attribute__((target("avx2"))) bool survey_tile_avx2(const whole_tile *tile, row_survey *survey)
{
  return survey_whole_tile(tile, survey);
}
#endif

static bool survey_tile(const whole_tile *tile, row_survey *survey)
{
#if HAS_AVX2_VARIANT
  if (__builtin_cpu_supports("avx2")) return survey_tile_avx2(tile, survey);
#endif
  return survey_tile_portable(tile, survey);
}

/* --- rows --- */

/* Eight columns at a time: a row's eight numbers are one line of the cache, and so are eight rows' in each of the
 * tile's. */
static void transpose(const double *restrict rows, int n_points, int64_t row_width, double *restrict tile)
{
  enum { COLUMNS = 8 };
  int64_t j = 0;
  for (; j + COLUMNS <= row_width; j += COLUMNS) {
    for (int p = 0; p < n_points; p++) {
      for (int i = 0; i < COLUMNS; i++) tile[(j + i) * TILE_ROWS + p] = rows[p * row_width + j + i] + 0.0;
    }
  }
  for (; j < row_width; j++) {
    for (int p = 0; p < n_points; p++) tile[j * TILE_ROWS + p] = rows[p * row_width + j] + 0.0;
  }
}

/* With copies of the first point, of weight 0 and unknown label. */
static void fill_up(const shard *points, double *tile, int n_points)
{
  for (int64_t j = 0; j < points->row_width; j++) {
    const double filling = shard_filling(points, j, tile[j * TILE_ROWS]);
    for (int p = n_points; p < TILE_ROWS; p++) tile[j * TILE_ROWS + p] = filling;
  }
}

/* Numbers beyond the range of floats become infinities, which the survey will find. floats may be NULL. */
static void round_to_float(int64_t n, double *restrict numbers, float *restrict floats)
{
  for (int64_t i = 0; floats != NULL && i < n; i++) floats[i] = (float)numbers[i];
  for (int64_t i = 0; i < n; i++) numbers[i] = (double)(float)numbers[i];
}

static bool holds_weights(const double *weights, int n_points)
{
  bool good = true;
  for (int p = 0; p < n_points; p++) good &= shard_holds_weight(weights[p], true);
  return good;
}

/* So few rows are not worth a call of the system. */
enum { MOST_SMALL_ROWS = 1024 };

bool shard_put_rows(const shard *points, int64_t index, int64_t n_rows, const double *rows, tile_place to, double *room,
                    row_survey *survey)
{
  const int64_t width = points->row_width;
  const int64_t length = width * TILE_ROWS;
  bool good = true;
  const size_t numbers = (size_t)((n_rows + TILE_ROWS - 1) / TILE_ROWS * length);
  if (!points->is_streamed && n_rows > MOST_SMALL_ROWS && (to.tiles != NULL || to.float_tiles != NULL))
    populate_pages(to.tiles != NULL ? (void *)to.tiles : to.float_tiles,
                   numbers * (to.tiles != NULL ? sizeof *to.tiles : sizeof *to.float_tiles));
  for (int64_t done = 0; done < n_rows; done += TILE_ROWS) {
    const int n_points = n_rows - done < TILE_ROWS ? (int)(n_rows - done) : TILE_ROWS;
    double *tile = to.tiles != NULL ? to.tiles + done * width : room;
    transpose(rows + done * width, n_points, width, tile);
    fill_up(points, tile, n_points);
    if (points->single_precision && points->has_weights) good &= holds_weights(tile + length - TILE_ROWS, n_points);
    if (points->single_precision)
      round_to_float(length, tile, to.float_tiles != NULL ? to.float_tiles + done * width : NULL);
    const whole_tile whole = whole_tile_of(points, tile, points->first_row + index + done, n_points);
    good &= survey_tile(&whole, survey);
  }
  return good;
}

/* --- all rows, where they are --- */

uint64_t shard_hash_tiles(const shard *points, int64_t index, int64_t n_rows, const double *tiles, row_survey *survey)
{
  const uint64_t before = survey->hash;
  for (int64_t done = 0; done < n_rows; done += TILE_ROWS) {
    const whole_tile whole = whole_tile_of(points, tiles + done * points->row_width, points->first_row + index + done,
                                           n_rows - done < TILE_ROWS ? (int)(n_rows - done) : TILE_ROWS);
    survey_tile(&whole, survey);
  }
  return survey->hash - before;
}

typedef struct joint_survey {
  const shard *points;
  row_survey *surveys; /* of each thread */
} joint_survey;

static void survey_row_tile(void *context, const row_tile *tile, int64_t n_tiles, int thread)
{
  const joint_survey *joint = context;
  const whole_tile whole = whole_tile_of(joint->points, tile->numbers, tile->first_row, tile->n_points);
  (void)n_tiles;
  survey_tile(&whole, &joint->surveys[thread]);
}

gmmpi_status shard_survey(shard *points, gmmpi_error *error)
{
  row_survey *surveys = surveys_create(points->n_threads, points->row_width, INFINITY);
  if (surveys == NULL) fail(error, GMMPI_NO_MEMORY, "points: no memory is left to find their ranges");
  if (agree(points->comm, error) == GMMPI_OK) {
    joint_survey joint = {points, surveys};
    shard_visit(points, 1, &(row_visitor){.context = &joint, .tiles = survey_row_tile});
    shard_take_surveys(points, points->n_threads, surveys);
  }
  surveys_destroy(surveys);
  return error->status;
}
