/* SPDX-License-Identifier: BSD-3-Clause */
#include "passes/far_values.h"

#include "passes/rows.h"
#include "support/error.h"
#include "support/hash.h"
#include "support/large_messages.h"
#include "support/memory.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How many interquartile ranges are far. */
static const double far_away = 1e6;

/* Rows of the samples, and how many numbers the larger one may hold where it has more rows than the smaller one's
 * least. */
enum { FIRST_ROWS = 256, MOST_ROWS = 4096, LEAST_ROWS = 64, MOST_NUMBERS = 1 << 20 };

/* Distinct distances that are a spread. */
enum { ENOUGH_DISTANCES = 8 };

/* A column that may have far values. */
typedef struct suspect {
  far_values far;
  double low, high; /* values outside are far */
} suspect;

/* What a thread has found: for each suspect how many, and the first. */
typedef struct tally {
  int64_t n;
  int64_t row;        /* of the data set */
  int64_t source_row; /* where it was in the source */
  double value;
} tally;

typedef struct far_search {
  const shard *points;
  pass_team *team;
  suspect *suspects; /* n_features at most */
  int64_t n_suspects;
  tally *tallies; /* n_threads x n_suspects */
  int64_t *rows;  /* n_rows of the sample, ascending */
  int64_t n_rows;
  double *sample;    /* n_rows x n_features, or x n_suspects */
  double *column;    /* n_rows: one of its columns, sorted */
  double *distances; /* n_rows */
} far_search;

/* --- the sample --- */

static int64_t sample_rows(int64_t n_samples, int64_t n_features, int64_t most)
{
  int64_t n = MOST_NUMBERS / n_features;
  if (n < LEAST_ROWS) n = LEAST_ROWS;
  if (n > most) n = most;
  return n < n_samples ? n : n_samples;
}

/* One row of each of n_rows stretches. */
static void choose_rows(far_search *search, int64_t most)
{
  const int64_t n_samples = search->points->n_samples;
  search->n_rows = sample_rows(n_samples, search->points->n_features, most);
  const int64_t length = n_samples / search->n_rows;
  const int64_t n_longer = n_samples % search->n_rows;
  for (int64_t i = 0; i < search->n_rows; i++) {
    const int64_t begin = i * length + (i < n_longer ? i : n_longer);
    const uint64_t n_here = (uint64_t)(length + (i < n_longer ? 1 : 0));
    search->rows[i] = begin + (int64_t)(hash_word(hash_word(1, (uint64_t)i), n_here) % n_here);
  }
}

static int compare_numbers(const void *a, const void *b)
{
  const double one = *(const double *)a;
  const double other = *(const double *)b;
  return (one > other) - (one < other);
}

/* search->column: a column of the sample, whose rows have `width` numbers. */
static void sort_column(far_search *search, int64_t width, int64_t place)
{
  for (int64_t i = 0; i < search->n_rows; i++) search->column[i] = search->sample[i * width + place];
  qsort(search->column, (size_t)search->n_rows, sizeof *search->column, compare_numbers);
}

static double quantile(const far_search *search, double share)
{
  const double place = share * (double)(search->n_rows - 1);
  const int64_t below = (int64_t)place;
  const int64_t above = below + 1 < search->n_rows ? below + 1 : below;
  const double fraction = place - (double)below;
  return (1.0 - fraction) * search->column[below] + fraction * search->column[above];
}

/* Differences up to this are rounding. */
static double rounding(const far_search *search, double value)
{
  return 64.0 * (search->points->single_precision ? (double)FLT_EPSILON : DBL_EPSILON) * fabs(value);
}

/* The distances from the median at which the sorted column has values, each once; returns how many there are. */
static int64_t list_distances(far_search *search, double median)
{
  int64_t n = 0;
  for (int64_t i = 0; i < search->n_rows; i++) {
    const double distance = fabs(search->column[i] - median);
    const bool again = i > 0 && search->column[i] == search->column[i - 1];
    if (!again && distance > rounding(search, median)) search->distances[n++] = distance;
  }
  qsort(search->distances, (size_t)n, sizeof *search->distances, compare_numbers);
  return n;
}

/* --- which columns may have far values --- */

/* From few rows, with a wide margin: where half of the values lie within a millionth of the range, so does, all but
 * surely, the middle fifth of those few. */
static bool is_suspect(far_search *search, int64_t feature)
{
  const double range = search->points->maxima[feature] - search->points->minima[feature];
  sort_column(search, search->points->n_features, feature);
  const double median = quantile(search, 0.5);
  double spread = quantile(search, 0.6) - quantile(search, 0.4);
  if (!(spread > rounding(search, median))) {
    spread = fmax(1.0, fabs(median));
    if (list_distances(search, median) > 0) spread = fmin(spread, search->distances[0]);
  }
  return range > 0.1 * far_away * spread;
}

/* Sets the suspect's limits by the larger sample. Can values lie outside? */
static bool set_limits(far_search *search, int64_t place, suspect *one)
{
  const shard *points = search->points;
  sort_column(search, search->n_suspects, place);
  const double median = quantile(search, 0.5);
  double spread = quantile(search, 0.75) - quantile(search, 0.25);
  one->far.spread_is_0 = !(spread > rounding(search, median));
  if (one->far.spread_is_0) {
    const int64_t n = list_distances(search, median);
    spread = n >= ENOUGH_DISTANCES ? search->distances[n / 2] : fmax(1.0, fabs(median));
  }
  one->low = median - far_away * spread;
  one->high = median + far_away * spread;
  return points->minima[one->far.feature] < one->low || points->maxima[one->far.feature] > one->high;
}

/* The place in the sample of its first row that is not before `row`. */
static int64_t place_in_sample(const far_search *search, int64_t row)
{
  int64_t low = 0;
  for (int64_t high = search->n_rows; low < high;) {
    const int64_t middle = low + (high - low) / 2;
    if (search->rows[middle] < row)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static void sample_tile(void *context, const row_tile *tile, int64_t n_tiles, int thread)
{
  const far_search *search = context;
  const int64_t n_suspects = search->n_suspects;
  (void)n_tiles;
  (void)thread;
  for (int64_t i = place_in_sample(search, tile->first_row);
       i < search->n_rows && search->rows[i] < tile->first_row + tile->n_points; i++) {
    const double *point = tile->numbers + (search->rows[i] - tile->first_row);
    for (int64_t s = 0; s < n_suspects; s++)
      search->sample[i * n_suspects + s] = point[search->suspects[s].far.feature * TILE_ROWS];
  }
}

/* The suspects' columns of the rows of the sample, in one walk: single rows of points that are streamed would cost as
 * much each as a chunk. */
static gmmpi_status gather_sample(far_search *search, gmmpi_error *error)
{
  const shard *points = search->points;
  const int64_t n_suspects = search->n_suspects;
  memset(search->sample, 0, (size_t)(search->n_rows * n_suspects) * sizeof(double));
  shard_visit(points, 1, &(row_visitor){.context = search, .tiles = sample_tile});
  /* As in fetch_rows: bits are added to zeros. */
  allreduce_large(points->comm, search->sample, search->n_rows * n_suspects, MPI_INT64_T, MPI_SUM);
  return shard_agree(points, error);
}

/* --- counting --- */

static void count_in_tile(void *context, const row_tile *tile, int64_t n_tiles, int thread)
{
  const far_search *search = context;
  tally *tallies = search->tallies + thread * search->n_suspects;
  (void)n_tiles;
  for (int64_t s = 0; s < search->n_suspects; s++) {
    const suspect *one = &search->suspects[s];
    const double *values = tile->numbers + one->far.feature * TILE_ROWS;
    for (int p = 0; p < tile->n_points; p++) {
      if (values[p] >= one->low && values[p] <= one->high) continue;
      const int64_t row = tile->first_row + p;
      tallies[s].n++;
      if (row >= tallies[s].row) continue;
      tallies[s].row = tallies[s].source_row = row;
      tallies[s].value = values[p];
    }
  }
}

/* Where the first far values were in the source, of those that the block has. */
static void find_in_source(void *context, const block_view *block, int thread)
{
  const far_search *search = context;
  tally *tallies = search->tallies + thread * search->n_suspects;
  for (int64_t s = 0; s < search->n_suspects && block->source_rows != NULL; s++) {
    const int64_t within = tallies[s].row - block->first_row;
    if (within >= 0 && within < block->n_rows) tallies[s].source_row = block->source_rows[within];
  }
}

/* The first thread's tallies receive those of all. */
static void count_here(far_search *search)
{
  const int n_threads = search->team->n_threads;
  for (int64_t i = 0; i < n_threads * search->n_suspects; i++) search->tallies[i] = (tally){.row = INT64_MAX};
  const row_visitor visitor = {.context = search, .tiles = count_in_tile, .end_block = find_in_source};
  shard_visit(search->points, 1, &visitor);
  for (int64_t i = search->n_suspects; i < n_threads * search->n_suspects; i++) {
    tally *whole = &search->tallies[i % search->n_suspects];
    const int64_t n = whole->n + search->tallies[i].n;
    if (search->tallies[i].row < whole->row) *whole = search->tallies[i];
    whole->n = n;
  }
}

/* Collective. */
static gmmpi_status count(far_search *search, gmmpi_error *error)
{
  count_here(search);
  for (int64_t s = 0; s < search->n_suspects; s++) {
    const tally *mine = &search->tallies[s];
    far_values *far = &search->suspects[s].far;
    int64_t row;
    MPI_Allreduce(&mine->n, &far->n, 1, MPI_INT64_T, MPI_SUM, search->points->comm);
    MPI_Allreduce(&mine->row, &row, 1, MPI_INT64_T, MPI_MIN, search->points->comm);
    int64_t bits[2] = {0, 0};
    if (mine->row == row && mine->n > 0) {
      bits[0] = mine->source_row;
      memcpy(&bits[1], &mine->value, sizeof bits[1]);
    }
    MPI_Allreduce(MPI_IN_PLACE, bits, 2, MPI_INT64_T, MPI_SUM, search->points->comm);
    far->first_row = bits[0];
    memcpy(&far->first, &bits[1], sizeof far->first);
  }
  return shard_agree(search->points, error);
}

/* --- all of it --- */

static void keep_suspects(far_search *search, bool (*keeps)(far_search *search, int64_t place, suspect *one))
{
  int64_t n = 0;
  for (int64_t s = 0; s < search->n_suspects; s++) {
    suspect one = search->suspects[s];
    if (keeps(search, s, &one)) search->suspects[n++] = one;
  }
  search->n_suspects = n;
}

static bool may_be_far(far_search *search, int64_t place, suspect *one)
{
  (void)place;
  return is_suspect(search, one->far.feature);
}

/* Collective. */
static gmmpi_status look(far_search *search, gmmpi_error *error)
{
  const int64_t d = search->points->n_features;
  choose_rows(search, FIRST_ROWS);
  if (fetch_rows(search->points, search->rows, search->n_rows, search->sample, error) != GMMPI_OK) return error->status;
  for (int64_t j = 0; j < d; j++) search->suspects[j] = (suspect){.far = {.feature = j}};
  search->n_suspects = d;
  keep_suspects(search, may_be_far);
  if (search->n_suspects == 0) return GMMPI_OK;
  choose_rows(search, MOST_ROWS);
  if (gather_sample(search, error) != GMMPI_OK) return error->status;
  keep_suspects(search, set_limits);
  if (search->n_suspects == 0) return GMMPI_OK;
  search->tallies = allocate(search->team->n_threads * search->n_suspects, sizeof *search->tallies);
  if (search->tallies == NULL)
    fail(error, GMMPI_NO_MEMORY, "there is no memory to count the far values of %lld columns",
         (long long)search->n_suspects);
  return agree(search->points->comm, error) == GMMPI_OK ? count(search, error) : error->status;
}

gmmpi_status far_values_find(const shard *points, pass_team *team, far_values **found, int64_t *n_found,
                             gmmpi_error *error)
{
  const int64_t d = points->n_features;
  const int64_t n_rows = sample_rows(points->n_samples, d, MOST_ROWS);
  gmmpi_error local = {0};
  int64_t n_numbers;
  far_search search = {.points = points, .team = team};
  search.suspects = allocate(d, sizeof *search.suspects);
  search.rows = allocate(n_rows, sizeof *search.rows);
  search.column = allocate(n_rows, sizeof *search.column);
  search.distances = allocate(n_rows, sizeof *search.distances);
  search.sample = multiply_fits(n_rows, d, &n_numbers) ? allocate(n_numbers, sizeof *search.sample) : NULL;
  *n_found = 0;
  *found = allocate(d, sizeof **found);
  if (search.suspects == NULL || search.rows == NULL || search.column == NULL || search.distances == NULL ||
      search.sample == NULL || *found == NULL)
    fail(&local, GMMPI_NO_MEMORY, "there is no memory to look for far values in %lld columns", (long long)d);
  if (agree(points->comm, &local) == GMMPI_OK && look(&search, &local) == GMMPI_OK) {
    for (int64_t s = 0; s < search.n_suspects; s++) (*found)[(*n_found)++] = search.suspects[s].far;
  }
  free(search.suspects);
  free(search.rows);
  free(search.column);
  free(search.distances);
  free(search.sample);
  free(search.tallies);
  return error_pass(error, &local);
}

int64_t far_values_bytes(int64_t n_samples, int64_t n_features, int n_threads)
{
  const int64_t n_rows = sample_rows(n_samples, n_features, MOST_ROWS);
  const int64_t of_feature = n_rows * (int64_t)sizeof(double) + (int64_t)(sizeof(suspect) + sizeof(far_values)) +
                             (n_threads > 1 ? n_threads : 1) * (int64_t)sizeof(tally);
  int64_t bytes;
  return multiply_fits(n_features, of_feature, &bytes) ? bytes : INT64_MAX;
}

void far_values_describe(const far_values *far, const char *column, const char *place, char *text, size_t size)
{
  snprintf(text, size,
           "%s: %lld value%s beyond %.0f times %s, the first %.10g in %s; if this is a fill value leave such rows out, "
           "or mark them as missing",
           column, (long long)far->n, far->n == 1 ? " lies" : "s lie", far_away,
           far->spread_is_0 ? "the spread of the others (the interquartile range is 0)" : "the interquartile range",
           far->first, place);
  const size_t length = strlen(text);
  if (far->n_more_columns > 0)
    snprintf(text + length, size - length, " (and so in %lld more column%s)", (long long)far->n_more_columns,
             plural(far->n_more_columns));
}
