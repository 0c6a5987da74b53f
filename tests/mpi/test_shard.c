/* Shards: the ranks' rows are the data set in order, whatever the number of ranks, whoever held the rows before, and
 * whether they are held or streamed; ranges and fingerprint equal those computed here from all rows; missing values,
 * infinities, and what is wrong with memory. */
#include "mpi/point_files.h"

#include "points/shard.h"
#include "support/hash.h"

#include <inttypes.h>
#include <sys/resource.h>

/* All rows of a data set, which every rank knows. */
typedef struct table {
  int64_t n_rows;
  int64_t n_features;
  double *rows;
} table;

static double random_value(uint64_t *state)
{
  *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (double)(int64_t)(*state >> 32) / 65536.0 - 32768.0;
}

static table make_table(int64_t n_rows, int64_t n_features)
{
  table made = {n_rows, n_features, malloc(sizeof(double) * (size_t)(n_rows * n_features + 1))};
  uint64_t state = (uint64_t)(n_rows * 31 + n_features);
  for (int64_t i = 0; i < n_rows * n_features; i++) made.rows[i] = random_value(&state);
  made.rows[n_rows / 2 * n_features] = -0.0;
  return made;
}

/* The rows without a missing value; their numbers go to kept. */
static table without_missing(const table *all, int64_t *kept)
{
  table made = {0, all->n_features, malloc(sizeof(double) * (size_t)(all->n_rows * all->n_features + 1))};
  for (int64_t i = 0; i < all->n_rows; i++) {
    bool is_whole = true;
    for (int64_t j = 0; j < all->n_features; j++) is_whole &= !isnan(all->rows[i * all->n_features + j]);
    if (!is_whole) continue;
    memcpy(made.rows + made.n_rows * made.n_features, all->rows + i * all->n_features,
           sizeof(double) * (size_t)all->n_features);
    kept[made.n_rows++] = i;
  }
  return made;
}

static uint64_t fingerprint_of(const table *all)
{
  uint64_t sum = 0;
  for (int64_t i = 0; i < all->n_rows; i++) {
    uint64_t hash = hash_word(0, (uint64_t)i);
    for (int64_t j = 0; j < all->n_features; j++) {
      const double value = all->rows[i * all->n_features + j] == 0 ? 0.0 : all->rows[i * all->n_features + j];
      uint64_t bits;
      memcpy(&bits, &value, sizeof bits);
      const uint64_t product = (hash ^ bits) * UINT64_C(0x9E3779B97F4A7C15);
      hash = product ^ (product >> 32);
    }
    sum += hash_word(hash, 0);
  }
  return hash_word(hash_word(hash_word(0, (uint64_t)all->n_rows), (uint64_t)all->n_features), sum);
}

static void check_ranges(const shard *points, const table *all)
{
  for (int64_t j = 0; j < all->n_features; j++) {
    double smallest = INFINITY;
    double largest = -INFINITY;
    for (int64_t i = 0; i < all->n_rows; i++) {
      smallest = fmin(smallest, all->rows[i * all->n_features + j]);
      largest = fmax(largest, all->rows[i * all->n_features + j]);
    }
    CHECK(points->minima[j] == smallest && points->maxima[j] == largest);
  }
}

/* How many numbers of the block differ from the table's; the last tile is filled up with its first point. */
static int wrong_numbers(const block_view *block, const table *all, double *room)
{
  int n_wrong = 0;
  for (int64_t t = 0; t < block->n_tiles; t++) {
    const int n_points = tile_points(block, t);
    const double *tile = block_tile(block, t, room);
    CHECK(n_points == TILE_ROWS || block->first_row + t * TILE_ROWS + n_points == all->n_rows);
    for (int p = 0; p < TILE_ROWS; p++) {
      const int64_t row = block->first_row + t * TILE_ROWS + (p < n_points ? p : 0);
      for (int64_t j = 0; j < all->n_features; j++) {
        const double expected = all->rows[row * all->n_features + j];
        const double value = tile[j * TILE_ROWS + p];
        n_wrong += value != expected || (value == 0 && signbit(value));
      }
    }
  }
  return n_wrong;
}

/* A pass comes by each of this rank's blocks once, and they hold its rows. */
static void check_pass(shard_pass pass, const table *all, bool ascends)
{
  const shard *points = pass.points;
  int64_t n_seen = 0;
  int n_wrong = 0;
  double *room = malloc(sizeof *room * (size_t)all->n_features * TILE_ROWS);
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
    }
  }
  free(room);
  free(seen);
  CHECK(n_wrong == 0);
  CHECK(n_seen == points->n_rows);
}

/* Passes in any order, after one that was left in the middle, too. */
static void check_blocks(const shard *points, const table *all)
{
  check_pass(shard_pass_begin(points), all, false);
  check_pass(shard_pass_begin(points), all, false);
  check_pass(shard_pass_begin_ascending(points), all, true);
  for (int n = 1; n < 6 && points->stream != NULL; n++) {
    shard_pass left = shard_pass_begin(points);
    for (int i = 0; i < n; i++) shard_pass_next(&left);
    check_pass(n % 2 == 0 ? shard_pass_begin(points) : shard_pass_begin_ascending(points), all, n % 2 == 1);
  }
  gmmpi_error error = {0};
  CHECK(!shard_has_failed(points) && shard_agree(points, &error) == GMMPI_OK);
}

/* Every row has one owner, who has it. */
static void check_owners(const shard *points, const table *all)
{
  double *point = malloc(sizeof *point * (size_t)all->n_features);
  int n_wrong = 0;
  int64_t n_owned = 0;
  for (int64_t row = 0; row < all->n_rows; row++) {
    const bool is_mine = row >= points->first_row && row < points->first_row + points->n_rows;
    n_wrong += (shard_owner(points, row, n_ranks) == rank) != is_mine;
    if (!is_mine) continue;
    n_owned++;
    if (points->stream != NULL && row % 37 != 0) continue; /* each is read by itself */
    shard_copy_row(points, row, point);
    for (int64_t j = 0; j < all->n_features; j++) n_wrong += point[j] != all->rows[row * all->n_features + j];
  }
  CHECK(n_wrong == 0);
  MPI_Allreduce(MPI_IN_PLACE, &n_owned, 1, MPI_INT64_T, MPI_SUM, MPI_COMM_WORLD);
  CHECK(n_owned == all->n_rows);
  free(point);
}

/* Collective. kept: where the rows were in the source, NULL when none was dropped. */
static void check_shard(const shard *points, const table *all, const int64_t *kept, int64_t n_dropped)
{
  CHECK(points->n_samples == all->n_rows && points->n_features == all->n_features);
  CHECK(points->block_rows == shard_block_rows(all->n_rows));
  CHECK(points->n_dropped == n_dropped);
  CHECK((points->source_rows != NULL) == (kept != NULL));
  for (int64_t i = 0; points->source_rows != NULL && i < points->n_rows; i++)
    CHECK(points->source_rows[i] == kept[points->first_row + i]);
  const int64_t n_tiles = (points->n_rows + TILE_ROWS - 1) / TILE_ROWS;
  CHECK(n_tiles * TILE_ROWS * points->n_features * (int64_t)sizeof(double) <=
        shard_bytes(all->n_rows, all->n_features, n_ranks, false));
  CHECK(points->fingerprint == fingerprint_of(all));
  check_ranges(points, all);
  check_blocks(points, all);
  check_owners(points, all);
}

/* --- files
 * ---------------------------------------------------------------------------------------------------------------- */

/* A CSV file whose lines are about as long as the numbers need; missing values are empty cells. */
static void write_table(const table *all)
{
  const size_t room = (size_t)(all->n_rows * all->n_features) * 32 + 100;
  char *text = malloc(room);
  size_t length = 0;
  for (int64_t i = 0; i < all->n_rows; i++) {
    for (int64_t j = 0; j < all->n_features; j++) {
      const double value = all->rows[i * all->n_features + j];
      if (!isnan(value)) length += (size_t)snprintf(text + length, room - length, "%.17g", value);
      text[length++] = j + 1 < all->n_features ? ',' : '\n';
    }
  }
  write_bytes("x.csv", text, length);
  free(text);
}

/* How many pairs of blocks shards may hold; 0: all. */
static int stream_pairs;

static gmmpi_status open_and_create(const char *name, missing_choice missing, bool single_precision,
                                    point_source **source, shard **points, gmmpi_error *error)
{
  const source_options options = {.header = HEADER_NO};
  *points = NULL;
  if (source_open(MPI_COMM_WORLD, path_of(name), &options, source, error) != GMMPI_OK) return error->status;
  const shard_options how = {.missing = missing,
                             .n_threads = 3,
                             .single_precision = single_precision,
                             .stream_bytes =
                                 stream_pairs * shard_least_stream_bytes((*source)->n_rows, (*source)->n_features)};
  return shard_create(MPI_COMM_WORLD, *source, how, points, error);
}

/* The source of the shard created last, from which that may be streamed. */
static point_source *latest_source;

static gmmpi_status create_from_file(missing_choice missing, shard **points, gmmpi_error *error)
{
  source_close(latest_source);
  latest_source = NULL;
  open_and_create("x.csv", missing, false, &latest_source, points, error);
  MPI_Barrier(MPI_COMM_WORLD);
  return error->status;
}

static void from_files(void)
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

/* --- missing values
 * ------------------------------------------------------------------------------------------------------- */

/* Which rows of n miss a value: few, many, all at the beginning, all but the last, all but some in the middle. */
static bool misses(int pattern, int64_t row, int64_t n)
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

static void dropped_rows(void)
{
  static const int64_t sizes[] = {2, 200, 3000, 13000};
  for (int c = 0; c < 24; c++) {
    table all = make_table(sizes[c / 6], 3);
    int64_t n_missing = 0;
    int64_t first = -1;
    for (int64_t i = 0; i < all.n_rows; i++) {
      if (!misses(c % 6, i, all.n_rows)) continue;
      if (n_missing++ == 0) first = i;
      all.rows[i * 3 + i % 3] = NAN;
    }
    int64_t *kept = malloc(sizeof *kept * (size_t)all.n_rows);
    const table left = without_missing(&all, kept);
    shard *points;
    gmmpi_error error = {0};
    write_table(&all);
    if (n_missing > 0 && left.n_rows > 0) {
      if (CHECK(create_from_file(MISSING_DROP, &points, &error) == GMMPI_OK))
        check_shard(points, &left, kept, n_missing);
      shard_destroy(points);

      char part[200];
      error = (gmmpi_error){0};
      CHECK(create_from_file(MISSING_ERROR, &points, &error) == GMMPI_BAD_DATA && points == NULL);
      snprintf(part, sizeof part, ": %" PRId64 " value%s missing%s: line %" PRId64 ", column %" PRId64 "; ", n_missing,
               n_missing == 1 ? " is" : "s are", n_missing == 1 ? "" : ", the first one", first + 1, first % 3 + 1);
      check_error(&error, GMMPI_BAD_DATA, part, __FILE__, __LINE__);
      check_error(&error, GMMPI_BAD_DATA, "--missing drop", __FILE__, __LINE__);
    }
    free(kept);
    free(left.rows);
    free(all.rows);
  }
  write_text("x.csv", "1,NA\nNA,1\n,\n");
  shard *points;
  gmmpi_error error = {0};
  create_from_file(MISSING_DROP, &points, &error);
  check_error(&error, GMMPI_BAD_DATA, "every row has a missing value", __FILE__, __LINE__);
  error = (gmmpi_error){0};
  create_from_file(MISSING_ERROR, &points, &error);
  check_error(&error, GMMPI_BAD_DATA, "4 values are missing, the first one: line 1, column 2", __FILE__, __LINE__);
}

/* --- what is refused
 * ------------------------------------------------------------------------------------------------------- */

/* A file of 5000 lines "1,2" but for some; they are given as (line, text), in order. */
typedef struct odd_line {
  int64_t line;
  const char *text;
} odd_line;

static void refused(const odd_line *odd, const char *part, int line)
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

static void the_first_bad_row_is_named(void)
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

static void limits_of_values(void)
{
  shard *points;
  gmmpi_error error = {0};
  const table all = {2, 2, (double[]){1e140, -1e140, 5e-324, -1e-320}};
  write_text("x.csv", "1e140,-1e140\n5e-324,-1e-320\n");
  if (CHECK(create_from_file(MISSING_ERROR, &points, &error) == GMMPI_OK)) check_shard(points, &all, NULL, 0);
  shard_destroy(points);
}

/* --- the caller's memory
 * ---------------------------------------------------------------------------------------------------- */

/* How many of n rows a rank holds: all on the first, all on the last, on every other one, ever more, even. */
static int64_t held_by(int way, int r, int64_t n)
{
  const int64_t weights = n_ranks * (n_ranks + 1) / 2;
  switch (way) {
  case 0:
    return r == 0 ? n : 0;
  case 1:
    return r == n_ranks - 1 ? n : 0;
  case 2:
    return r % 2 == 1 ? 0 : n * (r / 2 + 1) / ((n_ranks + 1) / 2) - n * (r / 2) / ((n_ranks + 1) / 2);
  case 3:
    return n * (r * (r + 1) / 2 + r + 1) / weights - n * (r * (r + 1) / 2) / weights;
  default:
    return n * (r + 1) / n_ranks - n * r / n_ranks;
  }
}

static void from_memory(void)
{
  static const int64_t sizes[] = {1, 100, 5000, 40000};
  for (int c = 0; c < 40; c++) {
    const bool drops = c % 2 == 1;
    const int way = c / 2 % 5;
    table all = make_table(sizes[c / 10], c % 3 == 0 ? 40 : 2);
    const int64_t d = all.n_features;
    for (int64_t i = 0; drops && i < all.n_rows; i++) {
      if (misses(c / 2 % 6, i, all.n_rows) && all.n_rows > 1) all.rows[i * d + i % d] = NAN;
    }
    int64_t first = 0;
    for (int r = 0; r < rank; r++) first += held_by(way, r, all.n_rows);
    const int64_t n_local = held_by(way, rank, all.n_rows);
    int64_t *kept = malloc(sizeof *kept * (size_t)all.n_rows);
    const table left = without_missing(&all, kept);
    shard *points = NULL;
    gmmpi_error error = {0};
    shard_create_from_memory(MPI_COMM_WORLD, n_local > 0 ? all.rows + first * d : NULL, n_local, d,
                             (shard_options){.missing = drops ? MISSING_DROP : MISSING_ERROR, .n_threads = 2}, &points,
                             &error);
    if (check(error.status == GMMPI_OK, error.message, __FILE__, __LINE__))
      check_shard(points, &left, left.n_rows < all.n_rows ? kept : NULL, all.n_rows - left.n_rows);
    shard_destroy(points);
    free(kept);
    free(left.rows);
    free(all.rows);
  }
}

static void memory_that_is_refused(void)
{
  double rows[] = {1, 2, 3, 4, 5, 6};
  shard *points;
  gmmpi_error error = {0};
  shard_create_from_memory(MPI_COMM_WORLD, rows, 0, 2, (shard_options){.missing = MISSING_ERROR}, &points, &error);
  check_error(&error, GMMPI_BAD_DATA, "none", __FILE__, __LINE__);
  error = (gmmpi_error){0};
  shard_create_from_memory(MPI_COMM_WORLD, rows, 1, 0, (shard_options){.missing = MISSING_ERROR}, &points, &error);
  check_error(&error, GMMPI_WRONG_USAGE, "points: ", __FILE__, __LINE__);
  error = (gmmpi_error){0};
  shard_create_from_memory(MPI_COMM_WORLD, rank == n_ranks - 1 ? NULL : rows, 1, 2,
                           (shard_options){.missing = MISSING_ERROR}, &points, &error);
  check_error(&error, GMMPI_WRONG_USAGE, "points: ", __FILE__, __LINE__);
  error = (gmmpi_error){0};
  shard_create_from_memory(MPI_COMM_WORLD, rows, rank == 0 ? -1 : 1, 2, (shard_options){.missing = MISSING_ERROR},
                           &points, &error);
  check_error(&error, GMMPI_WRONG_USAGE, "points: ", __FILE__, __LINE__);
  if (n_ranks > 1) {
    error = (gmmpi_error){0};
    shard_create_from_memory(MPI_COMM_WORLD, rows, 1, rank == 0 ? 2 : 3, (shard_options){.missing = MISSING_ERROR},
                             &points, &error);
    check_error(&error, GMMPI_WRONG_USAGE, "not the same on all ranks", __FILE__, __LINE__);
  }
  char part[100];
  rows[5] = rank == n_ranks - 1 ? NAN : 6;
  error = (gmmpi_error){0};
  shard_create_from_memory(MPI_COMM_WORLD, rows, 3, 2, (shard_options){.missing = MISSING_ERROR}, &points, &error);
  snprintf(part, sizeof part, "points: 1 value is missing: row %d, column 2", 3 * n_ranks);
  check_error(&error, GMMPI_BAD_DATA, part, __FILE__, __LINE__);
  rows[2] = INFINITY;
  error = (gmmpi_error){0};
  shard_create_from_memory(MPI_COMM_WORLD, rows, 3, 2, (shard_options){.missing = MISSING_DROP}, &points, &error);
  check_error(&error, GMMPI_BAD_DATA, "points: row 2, column 1: is infinite", __FILE__, __LINE__);
  CHECK(points == NULL);
}

/* The last rank can get no more memory: all ranks are told. */
static void no_memory_on_one_rank(void)
{
  enum { N_FEATURES = 40000 };
  double *rows = calloc((size_t)TILE_ROWS * N_FEATURES, sizeof *rows);
  struct rlimit before;
  getrlimit(RLIMIT_AS, &before);
  if (rank == n_ranks - 1) setrlimit(RLIMIT_AS, &(struct rlimit){.rlim_cur = 1, .rlim_max = before.rlim_max});
  shard *points;
  gmmpi_error error = {0};
  shard_create_from_memory(MPI_COMM_WORLD, rows, TILE_ROWS, N_FEATURES, (shard_options){.missing = MISSING_ERROR},
                           &points, &error);
  setrlimit(RLIMIT_AS, &before);
  check_error(&error, GMMPI_NO_MEMORY, "points: there is no memory for", __FILE__, __LINE__);
  check_error(&error, GMMPI_NO_MEMORY, "x 40000 points, 2.05e+07 bytes", __FILE__, __LINE__);
  CHECK(points == NULL);
  free(rows);
}

/* --- subsamples
 * ------------------------------------------------------------------------------------------------------------- */

/* Which rows: by pattern and size. */
typedef struct choice {
  int pattern;
  int64_t n;
} choice;

static bool is_chosen(const void *context, int64_t row)
{
  const choice *how = context;
  return !misses(how->pattern, row, how->n);
}

static bool is_never_chosen(const void *context, int64_t row)
{
  (void)context;
  (void)row;
  return false;
}

static void subsamples(void)
{
  static const int64_t sizes[] = {2, 200, 3000, 13000};
  for (int c = 0; c < 24; c++) {
    const choice how = {c % 6, sizes[c / 6]};
    const table all = make_table(how.n, 3);
    table part = {0, 3, malloc(sizeof(double) * (size_t)how.n * 3)};
    for (int64_t i = 0; i < how.n; i++) {
      if (is_chosen(&how, i)) memcpy(part.rows + part.n_rows++ * 3, all.rows + i * 3, 3 * sizeof(double));
    }
    shard *points = NULL;
    shard *sample = NULL;
    gmmpi_error error = {0};
    write_table(&all);
    if (CHECK(create_from_file(MISSING_ERROR, &points, &error) == GMMPI_OK) && part.n_rows > 0 &&
        CHECK(shard_subsample(points, is_chosen, &how, &sample, &error) == GMMPI_OK))
      check_shard(sample, &part, NULL, 0);
    shard_destroy(sample);
    CHECK(shard_subsample(points, is_never_chosen, NULL, &sample, &error) == GMMPI_BAD_DATA && sample == NULL);
    shard_destroy(points);
    free(part.rows);
    free(all.rows);
  }
}

/* --- streams
 * ---------------------------------------------------------------------------------------------------------------- */

/* The table as an .npy file, of doubles and in C order. */
static void write_array(const table *all)
{
  const size_t n_bytes = (size_t)(all->n_rows * all->n_features) * sizeof(double);
  unsigned char *bytes = calloc(128 + n_bytes, 1);
  memcpy(bytes, "\x93NUMPY\x01\x00\x76\x00", 10);
  const int length =
      sprintf((char *)bytes + 10, "{'descr': '<f8', 'fortran_order': False, 'shape': (%" PRId64 ", %" PRId64 "), }",
              all->n_rows, all->n_features);
  memset(bytes + 10 + length, ' ', 117 - (size_t)length);
  bytes[127] = '\n';
  memcpy(bytes + 128, all->rows, n_bytes);
  write_bytes("x.npy", bytes, 128 + n_bytes);
  free(bytes);
}

/* Rounded once, like rows that are held. */
static void streams_in_single_precision(void)
{
  table all = make_table(5000, 3);
  point_source *source = NULL;
  shard *points = NULL;
  gmmpi_error error = {0};
  for (int64_t i = 0; i < 15000; i++) all.rows[i] += 1e-9 * (double)i;
  write_array(&all);
  for (int64_t i = 0; i < 15000; i++) all.rows[i] = (double)(float)all.rows[i];
  if (CHECK(open_and_create("x.npy", MISSING_ERROR, true, &source, &points, &error) == GMMPI_OK))
    check_shard(points, &all, NULL, 0);
  shard_destroy(points);
  source_close(source);
  free(all.rows);
}

static void streams_drop_no_rows(void)
{
  shard *points;
  gmmpi_error error = {0};
  write_text("x.csv", "1,2\nNA,1\n3,\n");
  create_from_file(MISSING_DROP, &points, &error);
  check_error(&error, GMMPI_NO_MEMORY, "2 rows have missing values, and rows cannot be left out", __FILE__, __LINE__);
  CHECK(points == NULL);
}

/* Overwrites a number in the file, or cuts it off there; by rank 0. */
static void harm_file(int64_t number, bool cuts)
{
  const long offset = 128 + 8 * (long)number;
  const double other = 0.25;
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0 && cuts && truncate(path_of("x.npy"), offset) != 0) abort();
  if (rank == 0 && !cuts) {
    FILE *file = fopen(path_of("x.npy"), "r+b");
    if (file == NULL || fseek(file, offset, SEEK_SET) != 0 || fwrite(&other, 8, 1, file) != 1 || fclose(file) != 0)
      abort();
  }
  MPI_Barrier(MPI_COMM_WORLD);
}

static void walk(const shard *points)
{
  for (shard_pass pass = shard_pass_begin(points); shard_pass_next(&pass);) continue;
}

/* A file that is changed or cut off while it is streamed is an error on all ranks, and stays one. */
static void files_that_change(void)
{
  enum { N_ROWS = 7 * 64 * 8 };
  const table all = make_table(N_ROWS, 2);
  for (int c = 0; c < 4; c++) {
    const int64_t place = c / 2 == 0 ? 2 * 3001 : 2 * 1000 + 1;
    const bool cuts = c % 2 == 1;
    point_source *source = NULL;
    shard *points = NULL;
    shard *sample = NULL;
    gmmpi_error error = {0};
    write_array(&all);
    if (CHECK(open_and_create("x.npy", MISSING_ERROR, false, &source, &points, &error) == GMMPI_OK)) {
      harm_file(place, cuts);
      /* The last chunks of the first pass are still at hand in the second one. */
      walk(points);
      walk(points);
      CHECK(shard_agree(points, &error) == GMMPI_BAD_DATA);
      check_error(&error, GMMPI_BAD_DATA, cuts ? "x.npy" : "has changed since it was read first", __FILE__, __LINE__);
      walk(points);
      error = (gmmpi_error){0};
      const choice how = {0, N_ROWS};
      CHECK(shard_subsample(points, is_chosen, &how, &sample, &error) == GMMPI_BAD_DATA && sample == NULL);
    }
    shard_destroy(points);
    source_close(source);
  }
  free(all.rows);
}

static void streams(void)
{
  for (stream_pairs = 1; stream_pairs <= 5; stream_pairs += 4) {
    from_files();
    the_first_bad_row_is_named();
    limits_of_values();
    subsamples();
    streams_in_single_precision();
    streams_drop_no_rows();
    if (stream_pairs == 1) files_that_change();
  }
  stream_pairs = 0;
  remove_file("x.npy");
}

/* --- sizes of blocks
 * -------------------------------------------------------------------------------------------------------- */

static void sizes_of_blocks(void)
{
  static const struct {
    int64_t n_samples;
    int64_t block_rows;
  } given[] = {{1, 64},
               {64, 64},
               {6144, 64},
               {6240, 128},
               {12288, 128},
               {96 * 4096, 4096},
               {INT64_C(1) << 30, 4096},
               {INT64_C(1) << 34, 4096},
               {(INT64_C(1) << 34) + 1, 4160},
               {INT64_C(1) << 40, INT64_C(1) << 18}};
  for (size_t i = 0; i < sizeof given / sizeof *given; i++)
    CHECK(shard_block_rows(given[i].n_samples) == given[i].block_rows);
  for (int shift = 0; shift < 63; shift++) {
    for (int64_t n = (INT64_C(1) << shift) - 3; n < (INT64_C(1) << shift) + 3; n++) {
      if (n < 1) continue;
      const int64_t block_rows = shard_block_rows(n);
      CHECK(block_rows >= 64 && block_rows % 64 == 0);
      CHECK((n - 1) / block_rows + 1 <= INT64_C(1) << 22);
    }
  }
  CHECK(shard_bytes(64, 2, 1, false) == 64 * 2 * 8);
  CHECK(shard_bytes(65, 2, 1, false) == 128 * 2 * 8);
  CHECK(shard_bytes(65, 2, 2, false) == 64 * 2 * 8);
  CHECK(shard_bytes(65, 2, 100, false) == 64 * 2 * 8);
  CHECK(shard_bytes(INT64_C(1) << 60, 1000, 1, false) == INT64_MAX);
  CHECK(shard_bytes(INT64_MAX, 1, 1, false) == INT64_MAX);
}

int main(int argc, char **argv)
{
  begin_tests(&argc, &argv);
  sizes_of_blocks();
  from_files();
  dropped_rows();
  the_first_bad_row_is_named();
  limits_of_values();
  from_memory();
  memory_that_is_refused();
  no_memory_on_one_rank();
  subsamples();
  streams();
  source_close(latest_source);
  remove_file("x.csv");
  return end_tests();
}
