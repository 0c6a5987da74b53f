/* SPDX-License-Identifier: BSD-3-Clause */
/* Blocks that ranks deal among themselves: each row is shown once, with its numbers, to whichever rank, also where one
 * rank comes only when the others are done; memory is not counted twice; where one rank does not take part, none does.
 */
#include "mpi/shard_checks.h"

#include "points/dealing.h"
#include "support/memory.h"

#include <stdlib.h>

/* What a rank is shown. */
typedef struct showing {
  const table *all;
  bool single_precision;
  int *times; /* of each row of the data set */
  int64_t n_wrong;
} showing;

static void look_at(void *context, const row_tile *tiles, int64_t n_tiles, int thread)
{
  showing *seen = context;
  const int64_t d = seen->all->n_columns;
  (void)thread;
  for (int64_t t = 0; t < n_tiles; t++) {
    for (int p = 0; p < tiles[t].n_points; p++) {
      const int64_t row = tiles[t].first_row + p;
      int64_t n_wrong = 0;
      for (int64_t j = 0; j < d; j++) {
        const double given = seen->all->rows[row * d + j];
        n_wrong += tiles[t].numbers[j * TILE_ROWS + p] != (seen->single_precision ? (double)(float)given : given);
      }
      __atomic_fetch_add(&seen->times[row], 1, __ATOMIC_RELAXED);
      __atomic_fetch_add(&seen->n_wrong, n_wrong, __ATOMIC_RELAXED);
    }
  }
}

static shard *make_points(const table *all, int n_threads, bool single_precision)
{
  const int64_t first = all->n_rows * rank / n_ranks;
  const int64_t n_local = all->n_rows * (rank + 1) / n_ranks - first;
  shard *points = NULL;
  gmmpi_error error = {0};
  const shard_options options = {.n_threads = n_threads, .single_precision = single_precision};
  CHECK(shard_create_from_memory(MPI_COMM_WORLD, all->rows + first * all->n_columns, n_local, all->n_columns, options,
                                 &points, &error) == GMMPI_OK);
  return points;
}

/* How many rows this rank was shown in the walk; each must be shown once. */
static int64_t check_showing(showing *seen)
{
  const int64_t n = seen->all->n_rows;
  int64_t n_shown = 0;
  int64_t n_bad = 0;
  for (int64_t i = 0; i < n; i++) n_shown += seen->times[i];
  MPI_Allreduce(MPI_IN_PLACE, seen->times, (int)n, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  for (int64_t i = 0; i < n; i++) n_bad += seen->times[i] != 1;
  CHECK(n_bad == 0);
  CHECK(seen->n_wrong == 0);
  memset(seen->times, 0, (size_t)n * sizeof *seen->times);
  seen->n_wrong = 0;
  return n_shown;
}

/* A walk in which one rank begins when the others are done: they have done all. -1: all begin. */
static void walk_with_a_late_rank(const shard *points, showing *seen, int late)
{
  const row_visit visit = {3, {.context = seen, .tiles = look_at}};
  if (rank == late) MPI_Barrier(MPI_COMM_WORLD);
  shard_visit_dealt(points, &visit, 1);
  if (late >= 0 && rank != late) MPI_Barrier(MPI_COMM_WORLD);
  const int64_t n_shown = check_showing(seen);
  if (rank == late && n_ranks > 1) CHECK(n_shown == 0);
}

static void all_rows_are_shown_once(void)
{
  for (int c = 0; c < 4; c++) {
    table all = make_table(20000 + c, c % 2 == 0 ? 3 : 20);
    shard *points = make_points(&all, c < 2 ? 1 : 3, c % 2 == 1);
    showing seen = {&all, c % 2 == 1, calloc((size_t)all.n_rows, sizeof(int)), 0};
    CHECK((points->dealing != NULL) == (n_ranks > 1));
    for (int walk = 0; walk < 3; walk++) walk_with_a_late_rank(points, &seen, -1);
    for (int late = 0; late < n_ranks; late++) walk_with_a_late_rank(points, &seen, late);
    walk_with_a_late_rank(points, &seen, -1);
    int64_t n_foreign = points->dealing != NULL ? dealing_n_foreign(points->dealing) : 0;
    MPI_Allreduce(MPI_IN_PLACE, &n_foreign, 1, MPI_INT64_T, MPI_SUM, MPI_COMM_WORLD);
    CHECK(n_ranks == 1 || n_foreign >= points->n_blocks); /* each rank was late once */
    shard_destroy(points);
    free(all.rows);
    free(seen.times);
  }
}

/* The pages of others are not held any more when their blocks are done. */
static void memory_is_held_once(void)
{
  table all = make_table(300000, 8);
  shard *points = make_points(&all, 1, false);
  showing seen = {&all, false, calloc((size_t)all.n_rows, sizeof(int)), 0};
  walk_with_a_late_rank(points, &seen, -1); /* touches all that it takes */
  for (int late = 0; late < n_ranks; late++) {
    const int64_t before = memory_held();
    walk_with_a_late_rank(points, &seen, late);
    CHECK(memory_held() - before < all.n_rows * all.n_columns * (int64_t)sizeof(double) / n_ranks / 4);
  }
  shard_destroy(points);
  free(all.rows);
  free(seen.times);
}

/* Where the last rank does not share its memory, for whatever reason, each rank is shown its own rows. */
static void all_take_part_or_none(void)
{
  table all = make_table(20000, 3);
  if (rank == n_ranks - 1) setenv("GMMPI_DEALING", "off", 1);
  shard *points = make_points(&all, 1, false);
  showing seen = {&all, false, calloc((size_t)all.n_rows, sizeof(int)), 0};
  CHECK(points->dealing == NULL);
  const row_visit visit = {3, {.context = &seen, .tiles = look_at}};
  shard_visit_dealt(points, &visit, 1);
  CHECK(check_showing(&seen) == points->n_rows);
  shard_destroy(points);
  unsetenv("GMMPI_DEALING");
  free(all.rows);
  free(seen.times);
}

static void a_few_points_are_not_dealt(void)
{
  table all = make_table(2000, 3);
  shard *points = make_points(&all, 1, false);
  CHECK(points->dealing == NULL);
  shard_destroy(points);
  free(all.rows);
}

/* Memory that is named wrongly is not taken for another rank's. */
static void addresses_are_checked(void)
{
  node_memory own;
  node_memory same;
  CHECK(node_memory_create(3 * node_memory_page(), &own));
  own.bytes[node_memory_page()] = 7;
  node_address address = node_memory_address(&own);
  CHECK(node_memory_open(address, node_memory_page(), &same));
  CHECK(same.bytes[node_memory_page()] == 7);
  same.bytes[0] = 5;
  CHECK(own.bytes[0] == 5);
  node_memory_release(&own, 0, own.n_bytes);
  CHECK(own.bytes[0] == 0 && same.bytes[node_memory_page()] == 0);
  node_memory_destroy(&same);
  address.inode++;
  CHECK(!node_memory_open(address, 0, &same) && same.bytes == NULL);
  address.inode--;
  address.n_bytes++;
  CHECK(!node_memory_open(address, 0, &same));
  address.n_bytes--;
  node_memory_close_file(&own);
  CHECK(!node_memory_open(address, 0, &same));
  CHECK(node_memory_address(&own).file == -1);
  node_memory_destroy(&own);
  node_memory_destroy(&own);
}

int main(int argc, char **argv)
{
  begin_tests(&argc, &argv);
  all_rows_are_shown_once();
  memory_is_held_once();
  all_take_part_or_none();
  a_few_points_are_not_dealt();
  addresses_are_checked();
  return end_tests();
}
