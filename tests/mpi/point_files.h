/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of sources and shards share: files in a temporary folder that rank 0 makes, and checks that are
 * counted, since a rank that left would keep the others waiting. */
#ifndef TESTS_POINT_FILES_H
#define TESTS_POINT_FILES_H

#include "sources/source.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int rank;
static int n_ranks;
static int failures;
static char folder[512];
static const source_options any_options;

#define CHECK(condition) check((condition), #condition, __FILE__, __LINE__)

static inline bool check(bool holds, const char *what, const char *file, int line)
{
  if (!holds && failures++ < 20) fprintf(stderr, "%s:%d: rank %d: %s\n", file, line, rank, what);
  return holds;
}

static inline void begin_tests(int *argc, char ***argv)
{
  MPI_Init(argc, argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &n_ranks);
  const char *parent = getenv("TMPDIR");
  snprintf(folder, sizeof folder, "%s/gmmpi points XXXXXX", parent != NULL ? parent : "/tmp");
  if (rank == 0 && mkdtemp(folder) == NULL) abort();
  MPI_Bcast(folder, sizeof folder, MPI_CHAR, 0, MPI_COMM_WORLD);
}

static inline int end_tests(void)
{
  if (rank == 0) rmdir(folder);
  MPI_Allreduce(MPI_IN_PLACE, &failures, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  if (rank == 0) printf("%d ranks: %d checks failed\n", n_ranks, failures);
  MPI_Finalize();
  return failures == 0 ? 0 : 1;
}

/* The path of a file in the folder; valid until the call after the next three. */
static inline const char *path_of(const char *name)
{
  static char paths[4][1024];
  static int next;
  next = (next + 1) % 4;
  snprintf(paths[next], sizeof paths[next], "%s/%s", folder, name);
  return paths[next];
}

/* Collective: rank 0 writes the file, when nobody reads the one before it. */
static inline void write_bytes(const char *name, const void *bytes, size_t n_bytes)
{
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) {
    FILE *file = fopen(path_of(name), "wb");
    if (file == NULL || fwrite(bytes, 1, n_bytes, file) != n_bytes || fclose(file) != 0) abort();
  }
  MPI_Barrier(MPI_COMM_WORLD);
}

static inline void write_text(const char *name, const char *text)
{
  write_bytes(name, text, strlen(text));
}

/* Collective. */
static inline void remove_file(const char *name)
{
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) unlink(path_of(name));
}

static inline bool same_number(double a, double b)
{
  return isnan(a) ? isnan(b) : a == b && signbit(a) == signbit(b);
}

/* Collective: all ranks have the same error, of this status, and this is a part of its message, which is one line. */
static inline void check_error(const gmmpi_error *error, gmmpi_status status, const char *part, const char *file,
                               int line)
{
  gmmpi_error of_rank_0 = *error;
  MPI_Bcast(&of_rank_0, sizeof of_rank_0, MPI_BYTE, 0, MPI_COMM_WORLD);
  check(error->status == status, error->message, file, line);
  check(strstr(error->message, part) != NULL, part, file, line);
  check(error->status == GMMPI_OK || strstr(error->message, part) != NULL, error->message, file, line);
  check(strchr(error->message, '\n') == NULL, "more than one line", file, line);
  check(memcmp(&of_rank_0, error, sizeof of_rank_0) == 0, "not the error of rank 0", file, line);
}

/* Collective: opens data, or fails in the way that is told, at opening or when all rows are read. */
static inline void check_refused(const char *data, source_options options, gmmpi_status status, const char *part,
                                 const char *file, int line)
{
  point_source *source = NULL;
  gmmpi_error error = {0};
  if (source_open(MPI_COMM_WORLD, data, &options, &source, &error) == GMMPI_OK) {
    double *rows = malloc((size_t)(source->n_rows * source->n_features) * sizeof *rows);
    source_read(source, 0, source->n_rows, rows, &error);
    free(rows);
  } else {
    check(source == NULL, "a source in spite of an error", file, line);
  }
  check_error(&error, status, part, file, line);
  source_close(source);
  MPI_Barrier(MPI_COMM_WORLD);
}

#define REFUSED(data, options, status, part) check_refused(data, options, status, part, __FILE__, __LINE__)

/* Collective: data is n_rows x n_features and these numbers, read all at once, by ones, twos ..., and backwards. */
static inline void check_points(const char *data, source_options options, int64_t n_rows, int64_t n_features,
                                const double *expected, const char *file, int line)
{
  point_source *source = NULL;
  gmmpi_error error = {0};
  source_open(MPI_COMM_WORLD, data, &options, &source, &error);
  if (!check(error.status == GMMPI_OK, error.message, file, line)) return;
  double *rows = malloc((size_t)(n_rows * n_features) * sizeof *rows);
  if (check(source->n_rows == n_rows, "another number of rows", file, line) &&
      check(source->n_features == n_features, "another number of features", file, line)) {
    for (int64_t step = n_rows; step > 0; step = step > 3 ? 3 : step - 1) {
      for (int64_t i = 0; i < n_rows; i += step) {
        const int64_t count = n_rows - i < step ? n_rows - i : step;
        check(source_read(source, i, count, rows, &error) == GMMPI_OK, error.message, file, line);
        for (int64_t v = 0; v < count * n_features; v++)
          check(same_number(rows[v], expected[i * n_features + v]), "another number", file, line);
      }
    }
    for (int64_t i = n_rows - 1; i >= 0; i--) {
      check(source_read(source, i, 1, rows, &error) == GMMPI_OK, error.message, file, line);
      for (int64_t v = 0; v < n_features; v++)
        check(same_number(rows[v], expected[i * n_features + v]), "another number backwards", file, line);
    }
  }
  free(rows);
  source_close(source);
  MPI_Barrier(MPI_COMM_WORLD);
}

#define POINTS_ARE(data, options, n_rows, n_features, expected)                                                        \
  check_points(data, options, n_rows, n_features, expected, __FILE__, __LINE__)

#endif
