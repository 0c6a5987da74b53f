/* SPDX-License-Identifier: BSD-3-Clause */
/* Shards that hold their rows: the ranks' rows are the data set in order, whatever the number of ranks and whoever held
 * the rows before; ranges and fingerprint equal those computed here from all rows; missing values, infinities, and what
 * is wrong with memory. */
#include "mpi/dropped_rows.h"

#include <sys/resource.h>

static void limits_of_values(void)
{
  shard *points;
  gmmpi_error error = {0};
  const table all = {2, 2, (double[]){1e140, -1e140, 5e-324, -1e-320}, false};
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
    const int64_t d = all.n_columns;
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
               {96 * 1024, 1024},
               {INT64_C(1) << 30, 1024},
               {INT64_C(1) << 32, 1024},
               {(INT64_C(1) << 32) + 1, 1088},
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
  files_with_dropped_rows();
  files_without_whole_rows();
  the_first_bad_row_is_named();
  limits_of_values();
  from_memory();
  memory_that_is_refused();
  no_memory_on_one_rank();
  subsamples();
  source_close(latest_source);
  remove_file("x.csv");
  return end_tests();
}
