/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of shards that are held and of shards that are streamed share: tables whose content every rank knows,
 * and what must hold of a shard made from one. */
#ifndef TESTS_SHARD_CHECKS_H
#define TESTS_SHARD_CHECKS_H

#include "mpi/point_files.h"

#include "points/shard.h"
#include "support/hash.h"

#include <inttypes.h>

/* All rows of a data set, which every rank knows. */
typedef struct table {
  int64_t n_rows;
  int64_t n_columns;
  double *rows;
  bool has_weights; /* the last column */
} table;

/* Do the tables that are made, and shards of files, have weights? */
static bool tables_have_weights;

static inline int64_t features_of(const table *all)
{
  return all->n_columns - all->has_weights;
}

static inline double random_value(uint64_t *state)
{
  *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (double)(int64_t)(*state >> 32) / 65536.0 - 32768.0;
}

static inline table make_table(int64_t n_rows, int64_t n_features)
{
  const int64_t n_columns = n_features + tables_have_weights;
  table made = {n_rows, n_columns, malloc(sizeof(double) * (size_t)(n_rows * n_columns + 1)), tables_have_weights};
  uint64_t state = (uint64_t)(n_rows * 31 + n_features);
  for (int64_t i = 0; i < n_rows * n_columns; i++) made.rows[i] = random_value(&state);
  made.rows[n_rows / 2 * n_columns] = -0.0;
  for (int64_t i = 0; made.has_weights && i < n_rows; i++) {
    double *weight = &made.rows[i * n_columns + n_features];
    *weight = i % 5 == 1 ? -0.0 : fabs(*weight);
  }
  return made;
}

static inline uint64_t fingerprint_of(const table *all)
{
  uint64_t sum = 0;
  for (int64_t i = 0; i < all->n_rows; i++) {
    uint64_t hash = hash_word(0, (uint64_t)i);
    for (int64_t j = 0; j < all->n_columns; j++) {
      const double value = all->rows[i * all->n_columns + j] == 0 ? 0.0 : all->rows[i * all->n_columns + j];
      uint64_t bits;
      memcpy(&bits, &value, sizeof bits);
      const uint64_t product = (hash ^ bits) * UINT64_C(0x9E3779B97F4A7C15);
      hash = product ^ (product >> 32);
    }
    sum += hash_word(hash, 0);
  }
  const uint64_t shape = hash_word(hash_word(0, (uint64_t)all->n_rows), (uint64_t)features_of(all));
  return hash_word(all->has_weights ? hash_word(shape, 1) : shape, sum);
}

static inline void check_ranges(const shard *points, const table *all)
{
  for (int64_t j = 0; j < all->n_columns; j++) {
    double smallest = INFINITY;
    double largest = -INFINITY;
    for (int64_t i = 0; i < all->n_rows; i++) {
      smallest = fmin(smallest, all->rows[i * all->n_columns + j]);
      largest = fmax(largest, all->rows[i * all->n_columns + j]);
    }
    if (j < features_of(all))
      CHECK(points->minima[j] == smallest && points->maxima[j] == largest);
    else
      CHECK(points->largest_weight == largest);
  }
  CHECK(all->has_weights || points->largest_weight == 1.0);
}

/* How many numbers of a tile, which begins with a row, differ from the table's; the last tile is filled up with its
 * first point, of weight 0. */
static inline int wrong_numbers_of_tile(const double *tile, int64_t first_row, int n_points, const table *all)
{
  int n_wrong = n_points != TILE_ROWS && first_row + n_points != all->n_rows;
  for (int p = 0; p < TILE_ROWS; p++) {
    const int64_t row = first_row + (p < n_points ? p : 0);
    for (int64_t j = 0; j < all->n_columns; j++) {
      const bool fills = p >= n_points && j == features_of(all);
      const double expected = fills ? 0.0 : all->rows[row * all->n_columns + j];
      const double value = tile[j * TILE_ROWS + p];
      n_wrong += value != expected || (value == 0 && signbit(value));
    }
  }
  return n_wrong;
}

static inline int wrong_numbers(const block_view *block, const table *all, double *room)
{
  int n_wrong = 0;
  for (int64_t t = 0; t < block->n_tiles; t++)
    n_wrong +=
        wrong_numbers_of_tile(block_tile(block, t, room), block->first_row + t * TILE_ROWS, tile_points(block, t), all);
  return n_wrong;
}

/* What a walk shows: each thread counts for itself. */
enum { MOST_THREADS = 3 };
typedef struct seen_rows {
  const shard *points;
  const table *all;
  int64_t most_tiles;
  struct {
    int64_t next_row; /* of the block in hand; -1: none is */
    int64_t n_rows, n_wrong;
  } threads[MOST_THREADS];
} seen_rows;

static inline void see_beginning(void *context, int thread)
{
  seen_rows *seen = context;
  seen->threads[thread].n_wrong += seen->threads[thread].next_row != -1;
  seen->threads[thread].next_row = -2;
}

static inline void see_tiles(void *context, const row_tile *tiles, int64_t n_tiles, int thread)
{
  seen_rows *seen = context;
  const shard *points = seen->points;
  int64_t *next_row = &seen->threads[thread].next_row;
  int64_t n_wrong = n_tiles < 1 || n_tiles > seen->most_tiles;
  if (*next_row == -2) *next_row = tiles[0].first_row;
  for (int64_t t = 0; t < n_tiles; t++) {
    const double *weights = points->has_weights ? tiles[t].numbers + points->n_features * TILE_ROWS : NULL;
    n_wrong += tiles[t].numbers != tiles[0].numbers + t * points->row_width * TILE_ROWS;
    n_wrong += tiles[t].weights != weights || tiles[t].first_row != *next_row;
    n_wrong += wrong_numbers_of_tile(tiles[t].numbers, tiles[t].first_row, tiles[t].n_points, seen->all);
    *next_row += tiles[t].n_points;
  }
  seen->threads[thread].n_wrong += n_wrong;
}

static inline void see_end(void *context, const block_view *block, int thread)
{
  seen_rows *seen = context;
  seen->threads[thread].n_wrong += seen->threads[thread].next_row != block->first_row + block->n_rows;
  seen->threads[thread].n_rows += block->n_rows;
  seen->threads[thread].next_row = -1;
}

/* A walk shows every row once, a block's from its beginning to its end; of some blocks, too. */
static inline void check_walk(const shard *points, const table *all, int64_t most_tiles, int64_t n_blocks)
{
  seen_rows seen = {points, all, most_tiles, {{0, 0, 0}}};
  row_visitor visitor = {&seen, see_beginning, see_tiles, see_end, most_tiles % 2 == 0};
  int64_t n_rows = 0;
  for (int t = 0; t < MOST_THREADS; t++) seen.threads[t].next_row = -1;
  CHECK(points->n_threads <= MOST_THREADS);
  if (n_blocks < 0) {
    shard_visit(points, most_tiles, &visitor);
  } else {
    for (int64_t b = 0; b < shard_n_blocks(points); b += n_blocks)
      CHECK(shard_visit_blocks(points, b, b + n_blocks < shard_n_blocks(points) ? b + n_blocks : shard_n_blocks(points),
                               most_tiles, &visitor));
  }
  for (int t = 0; t < MOST_THREADS; t++) {
    CHECK(seen.threads[t].n_wrong == 0 && seen.threads[t].next_row == -1);
    CHECK(t == 0 || !visitor.takes_turns || seen.threads[t].n_rows == 0);
    n_rows += seen.threads[t].n_rows;
  }
  CHECK(n_rows == points->n_rows);
}

/* A pass comes by each of this rank's blocks once, and they hold its rows. kept: where these were in the source, NULL
 * when none was dropped. */
static inline void check_pass(shard_pass pass, const table *all, const int64_t *kept, bool ascends)
{
  const shard *points = pass.points;
  int64_t n_seen = 0;
  int n_wrong = 0;
  double *room = malloc(sizeof *room * (size_t)all->n_columns * TILE_ROWS);
  bool *seen = calloc((size_t)shard_n_blocks(points) + 1, sizeof *seen);
  for (int64_t expected = 0; shard_pass_next(&pass); expected = pass.end_block) {
    CHECK(pass.first_block < pass.end_block && pass.end_block <= shard_n_blocks(points));
    CHECK(!ascends || pass.first_block == expected);
    for (int64_t b = pass.first_block; b < pass.end_block; b++) {
      const block_view block = shard_block(points, b);
      CHECK(block.first_row == points->first_row + b * points->block_rows);
      CHECK(block.first_row % points->block_rows == 0);
      CHECK(block.n_rows == points->block_rows || block.first_row + block.n_rows == all->n_rows);
      CHECK(block.n_tiles == (block.n_rows + TILE_ROWS - 1) / TILE_ROWS);
      CHECK(!seen[b]);
      seen[b] = true;
      n_seen += block.n_rows;
      n_wrong += wrong_numbers(&block, all, room);
      CHECK((block.source_rows != NULL) == (kept != NULL));
      for (int64_t i = 0; kept != NULL && block.source_rows != NULL && i < block.n_rows; i++)
        n_wrong += block.source_rows[i] != kept[block.first_row + i];
    }
  }
  free(room);
  free(seen);
  CHECK(n_wrong == 0);
  CHECK(n_seen == points->n_rows);
}

/* Passes in any order, after one that was left in the middle, too. */
static inline void check_blocks(const shard *points, const table *all, const int64_t *kept)
{
  check_pass(shard_pass_begin(points), all, kept, false);
  check_pass(shard_pass_begin(points), all, kept, false);
  check_pass(shard_pass_begin_ascending(points), all, kept, true);
  for (int n = 1; n < 6 && points->is_streamed; n++) {
    shard_pass left = shard_pass_begin(points);
    for (int i = 0; i < n; i++) shard_pass_next(&left);
    check_pass(n % 2 == 0 ? shard_pass_begin(points) : shard_pass_begin_ascending(points), all, kept, n % 2 == 1);
  }
  check_walk(points, all, 2, points->is_streamed ? 7 : 1);
  check_walk(points, all, tiles_together(all->n_columns), -1);
  gmmpi_error error = {0};
  CHECK(!shard_has_failed(points) && shard_agree(points, &error) == GMMPI_OK);
}

/* Every row has one owner, who has it. */
static inline void check_owners(const shard *points, const table *all)
{
  double *point = malloc(sizeof *point * (size_t)all->n_columns);
  int n_wrong = 0;
  int64_t n_owned = 0;
  for (int64_t row = 0; row < all->n_rows; row++) {
    const bool is_mine = row >= points->first_row && row < points->first_row + points->n_rows;
    n_wrong += (shard_owner(points, row, n_ranks) == rank) != is_mine;
    if (!is_mine) continue;
    n_owned++;
    if (points->is_streamed && row % 37 != 0) continue; /* each is read by itself */
    point[all->n_columns - 1] = -1.0;
    shard_copy_row(points, row, point);
    for (int64_t j = 0; j < features_of(all); j++) n_wrong += point[j] != all->rows[row * all->n_columns + j];
    n_wrong += all->has_weights && point[all->n_columns - 1] != -1.0;
    shard_copy_numbers(points, row, point);
    for (int64_t j = 0; j < all->n_columns; j++) n_wrong += point[j] != all->rows[row * all->n_columns + j];
  }
  CHECK(n_wrong == 0);
  MPI_Allreduce(MPI_IN_PLACE, &n_owned, 1, MPI_INT64_T, MPI_SUM, MPI_COMM_WORLD);
  CHECK(n_owned == all->n_rows);
  free(point);
}

/* Collective. kept: where the rows were in the source, NULL when none was dropped. */
static inline void check_shard(const shard *points, const table *all, const int64_t *kept, int64_t n_dropped)
{
  CHECK(points->n_samples == all->n_rows && points->n_features == features_of(all));
  CHECK(points->has_weights == all->has_weights && points->row_width == all->n_columns);
  CHECK(points->block_rows == shard_block_rows(all->n_rows));
  CHECK(points->n_dropped == n_dropped);
  const int64_t n_tiles = (points->n_rows + TILE_ROWS - 1) / TILE_ROWS;
  CHECK(n_tiles * TILE_ROWS * points->row_width * (int64_t)sizeof(double) <=
        shard_bytes(all->n_rows, all->n_columns, n_ranks, false));
  CHECK(points->fingerprint == fingerprint_of(all));
  check_ranges(points, all);
  check_blocks(points, all, kept);
  check_owners(points, all);
}

/* --- files
 * ---------------------------------------------------------------------------------------------------------------- */

/* A CSV file whose lines are about as long as the numbers need; missing values are empty cells. */
static inline void write_table(const table *all)
{
  const size_t room = (size_t)(all->n_rows * all->n_columns) * 32 + 100;
  char *text = malloc(room);
  size_t length = 0;
  for (int64_t i = 0; i < all->n_rows; i++) {
    for (int64_t j = 0; j < all->n_columns; j++) {
      const double value = all->rows[i * all->n_columns + j];
      if (!isnan(value)) length += (size_t)snprintf(text + length, room - length, "%.17g", value);
      text[length++] = j + 1 < all->n_columns ? ',' : '\n';
    }
  }
  write_bytes("x.csv", text, length);
  free(text);
}

/* How many pairs of blocks shards, and subsamples of those that are streamed, may hold; 0: all. */
static int stream_pairs;
static int sample_pairs;
static const char *scratch_folder;

static inline gmmpi_status open_and_create(const char *name, missing_choice missing, bool single_precision,
                                           point_source **source, shard **points, gmmpi_error *error)
{
  const source_options options = {.words = &(const source_word){"header", "no"}, .n_words = 1};
  *points = NULL;
  if (source_open(MPI_COMM_WORLD, path_of(name), &options, source, error) != GMMPI_OK) return error->status;
  const int64_t pair = shard_least_stream_bytes((*source)->n_rows, (*source)->n_features, missing == MISSING_DROP);
  const shard_options how = {.missing = missing,
                             .n_threads = 3,
                             .single_precision = single_precision,
                             .has_weights = tables_have_weights,
                             .stream_bytes = stream_pairs * pair,
                             .subsample_bytes = sample_pairs * pair,
                             .scratch = scratch_folder};
  return shard_create(MPI_COMM_WORLD, *source, how, points, error);
}

/* The source of the shard created last, from which that may be streamed. */
static point_source *latest_source;

static inline gmmpi_status create_from_file(missing_choice missing, shard **points, gmmpi_error *error)
{
  source_close(latest_source);
  latest_source = NULL;
  open_and_create("x.csv", missing, false, &latest_source, points, error);
  MPI_Barrier(MPI_COMM_WORLD);
  return error->status;
}

static inline void from_files(void)
{
  static const int64_t sizes[] = {1, 63, 64, 65, 129, 448, 1000, 6300, 13000};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    const table all = make_table(sizes[i], 1 + (int64_t)i % 5);
    shard *points;
    gmmpi_error error = {0};
    write_table(&all);
    if (CHECK(create_from_file(i % 2 == 0 ? MISSING_ERROR : MISSING_DROP, &points, &error) == GMMPI_OK))
      check_shard(points, &all, NULL, 0);
    shard_destroy(points);
    free(all.rows);
  }
}

/* --- what is refused
 * ------------------------------------------------------------------------------------------------------- */

/* A file of 5000 lines "1,2" but for some; they are given as (line, text), in order. */
typedef struct odd_line {
  int64_t line;
  const char *text;
} odd_line;

static inline void refused(const odd_line *odd, const char *part, int line)
{
  char *text = malloc(5000 * 20);
  size_t length = 0;
  for (int64_t i = 1; i <= 5000; i++) {
    const bool is_odd = odd->line == i;
    length += (size_t)sprintf(text + length, "%s\n", is_odd ? odd->text : "1,2");
    if (is_odd) odd++;
  }
  write_bytes("x.csv", text, length);
  free(text);
  shard *points;
  gmmpi_error error = {0};
  create_from_file(MISSING_DROP, &points, &error);
  check(points == NULL, "a shard in spite of an error", __FILE__, line);
  check_error(&error, GMMPI_BAD_DATA, part, __FILE__, line);
  shard_destroy(points);
}

#define BAD_LINES(part, ...) refused((const odd_line[]){__VA_ARGS__, {0, NULL}}, part, __LINE__)

static inline void the_first_bad_row_is_named(void)
{
  BAD_LINES("line 1, column 2: is infinite", {1, "1,inf"});
  BAD_LINES("line 5000, column 1: is infinite", {5000, "-inf,3"});
  BAD_LINES("line 17, column 1: is infinite", {17, "-Infinity,1"}, {18, "inf,1"}, {4000, "1"});
  BAD_LINES("line 17, column 1: 1.5e+140 is too large to be squared", {17, "1.5e140,1"}, {18, "inf,1"});
  BAD_LINES("line 2500, column 2: -1e+300 is too large to be squared", {2500, "1,-1e300"});
  BAD_LINES("line 40, column 1: is infinite", {40, "inf,1"}, {41, "x,y"});
  BAD_LINES("line 40, column 1: is infinite", {40, "inf,1"}, {3000, "1,2,3"}, {3001, "inf,1"});
  BAD_LINES("line 41, column 1: \"x\" is not a number", {41, "x,y"}, {42, "inf,1"});
  BAD_LINES("line 4990 has 1 field", {4990, "7"}, {4991, "x,y"});
  BAD_LINES("line 6, column 2: is infinite", {5, "NA,1"}, {6, "NA,inf"});
}

/* Which rows of n miss a value: few, many, all at the beginning, all but the last, all but some in the middle. */
static inline bool misses(int pattern, int64_t row, int64_t n)
{
  switch (pattern) {
  case 0:
    return row == n / 3;
  case 1:
    return row * row % 7 == 2;
  case 2:
    return row < n / 2;
  case 3:
    return row != n - 1;
  case 4:
    return row < n / 2 || row > n / 2 + 70;
  default:
    return row > 0;
  }
}

/* --- subsamples
 * ------------------------------------------------------------------------------------------------------------- */

/* Which rows: by pattern and size. */
typedef struct choice {
  int pattern;
  int64_t n;
} choice;

static inline bool is_chosen(const void *context, int64_t row)
{
  const choice *how = context;
  return !misses(how->pattern, row, how->n);
}

static inline bool is_never_chosen(const void *context, int64_t row)
{
  (void)context;
  (void)row;
  return false;
}

/* The rows of `all` that are chosen. */
static inline table chosen_part(const table *all, const choice *how)
{
  const size_t row_bytes = sizeof(double) * (size_t)all->n_columns;
  table part = {0, all->n_columns, malloc(row_bytes * (size_t)all->n_rows + 1), all->has_weights};
  for (int64_t i = 0; i < all->n_rows; i++) {
    if (is_chosen(how, i))
      memcpy(part.rows + part.n_rows++ * all->n_columns, all->rows + i * all->n_columns, row_bytes);
  }
  return part;
}

/* A subsample of points, which are all, and one of that. */
static inline void check_subsamples(const shard *points, const table *all, int pattern)
{
  const choice how = {pattern, all->n_rows};
  const choice again = {1, all->n_rows};
  const table part = chosen_part(all, &how);
  const table less = chosen_part(&part, &again);
  shard *sample = NULL;
  shard *of_sample = NULL;
  gmmpi_error error = {0};
  if (part.n_rows > 0 && CHECK(shard_subsample(points, is_chosen, &how, &sample, &error) == GMMPI_OK)) {
    check_shard(sample, &part, NULL, 0);
    if (less.n_rows > 0 && CHECK(shard_subsample(sample, is_chosen, &again, &of_sample, &error) == GMMPI_OK))
      check_shard(of_sample, &less, NULL, 0);
  }
  shard_destroy(of_sample);
  shard_destroy(sample);
  CHECK(shard_subsample(points, is_never_chosen, NULL, &sample, &error) == GMMPI_BAD_DATA && sample == NULL);
  free(part.rows);
  free(less.rows);
}

static const int64_t table_sizes[] = {2, 200, 3000, 13000};
static int n_table_sizes = 4;

static inline void subsamples(void)
{
  for (int c = 0; c < 6 * n_table_sizes; c++) {
    const table all = make_table(table_sizes[c / 6], 3);
    shard *points = NULL;
    gmmpi_error error = {0};
    write_table(&all);
    if (CHECK(create_from_file(MISSING_ERROR, &points, &error) == GMMPI_OK)) check_subsamples(points, &all, c % 6);
    shard_destroy(points);
    free(all.rows);
  }
}

#endif
