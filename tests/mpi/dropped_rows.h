/* SPDX-License-Identifier: BSD-3-Clause */
/* Files with missing values: rows are dropped for them, or they are an error. */
#ifndef TESTS_DROPPED_ROWS_H
#define TESTS_DROPPED_ROWS_H

#include "mpi/shard_checks.h"

/* The rows without a missing value; their numbers go to kept. */
static inline table without_missing(const table *all, int64_t *kept)
{
  table made = {0, all->n_columns, malloc(sizeof(double) * (size_t)(all->n_rows * all->n_columns + 1)),
                all->has_weights};
  for (int64_t i = 0; i < all->n_rows; i++) {
    bool is_whole = true;
    for (int64_t j = 0; j < all->n_columns; j++) is_whole &= !isnan(all->rows[i * all->n_columns + j]);
    if (!is_whole) continue;
    memcpy(made.rows + made.n_rows * made.n_columns, all->rows + i * all->n_columns,
           sizeof(double) * (size_t)all->n_columns);
    kept[made.n_rows++] = i;
  }
  return made;
}

static inline void check_dropped(const shard *points, const table *left, const int64_t *kept, int64_t n_dropped,
                                 int pattern)
{
  check_shard(points, left, kept, n_dropped);
  check_subsamples(points, left, pattern);
}

static inline void files_with_dropped_rows(void)
{
  for (int c = 0; c < 6 * n_table_sizes; c++) {
    table all = make_table(table_sizes[c / 6], 3);
    int64_t n_missing = 0;
    int64_t first = -1;
    for (int64_t i = 0; i < all.n_rows; i++) {
      if (!misses(c % 6, i, all.n_rows)) continue;
      if (n_missing++ == 0) first = i;
      all.rows[i * all.n_columns + i % features_of(&all)] = NAN;
    }
    int64_t *kept = malloc(sizeof *kept * (size_t)all.n_rows);
    const table left = without_missing(&all, kept);
    shard *points;
    gmmpi_error error = {0};
    write_table(&all);
    if (n_missing > 0 && left.n_rows > 0) {
      if (CHECK(create_from_file(MISSING_DROP, &points, &error) == GMMPI_OK))
        check_dropped(points, &left, kept, n_missing, c % 6);
      shard_destroy(points);

      char part[200];
      error = (gmmpi_error){0};
      CHECK(create_from_file(MISSING_ERROR, &points, &error) == GMMPI_BAD_DATA && points == NULL);
      snprintf(part, sizeof part, ": %" PRId64 " value%s missing%s: line %" PRId64 ", column %" PRId64 "; ", n_missing,
               n_missing == 1 ? " is" : "s are", n_missing == 1 ? "" : ", the first one", first + 1,
               first % features_of(&all) + 1);
      check_error(&error, GMMPI_BAD_DATA, part, __FILE__, __LINE__);
      check_error(&error, GMMPI_BAD_DATA, "--missing drop", __FILE__, __LINE__);
    }
    free(kept);
    free(left.rows);
    free(all.rows);
  }
}

static inline void files_without_whole_rows(void)
{
  shard *points;
  gmmpi_error error = {0};
  write_text("x.csv", "1,NA\nNA,1\n,\n");
  create_from_file(MISSING_DROP, &points, &error);
  check_error(&error, GMMPI_BAD_DATA, "every row has a missing value", __FILE__, __LINE__);
  error = (gmmpi_error){0};
  create_from_file(MISSING_ERROR, &points, &error);
  check_error(&error, GMMPI_BAD_DATA, "4 values are missing, the first one: line 1, column 2", __FILE__, __LINE__);
}

#endif
