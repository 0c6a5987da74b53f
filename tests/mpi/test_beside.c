/* SPDX-License-Identifier: BSD-3-Clause */
/* What is beside the features of a row: known labels, as columns of the data and as files, with weights and without;
 * which classes they name; and how shards carry them. */
#include "mpi/point_files.h"

#include "points/shard.h"
#include "sources/beside.h"

static const char *const names_of_species[] = {"setosa", "versicolor", "virginica, \"x\""};

/* Collective: the data have these classes, and their rows, of `width` numbers, are these. */
static void check_classes(const char *data, const char *labels, const char *weights, int64_t n_names,
                          const char *const *names, int64_t n_rows, int64_t width, const double *expected)
{
  const source_word missing = {"missing-values", "unknown,-1"};
  const source_options options = {.words = &missing, .n_words = 1, .beside = {labels, weights}};
  point_source *source = NULL;
  gmmpi_error error = {0};
  int64_t n = 0;
  double rows[64];
  if (!check(source_open(MPI_COMM_WORLD, data, &options, &source, &error) == GMMPI_OK, error.message, __FILE__,
             __LINE__))
    return;
  char *const *found = source_class_names(source, &n);
  CHECK(source_has_labels(source) && source_has_weights(source) == (weights != NULL));
  CHECK(n == n_names && source_row_width(source) == width && source->n_rows == n_rows);
  for (int64_t i = 0; i < n && n == n_names; i++) check(strcmp(found[i], names[i]) == 0, found[i], __FILE__, __LINE__);
  for (int64_t i = 0; i < n_rows && source_row_width(source) == width; i++) {
    CHECK(source_read(source, i, 1, rows, &error) == GMMPI_OK);
    for (int64_t j = 0; j < width; j++) CHECK(rows[j] == expected[i * width + j]);
  }
  source_close(source);
}

static const char species[] =
    "a,kind,b,w\n1,setosa,2,1\n3,versicolor,4,0.5\n5,,6,1\n7,\"virginica, \"\"x\"\"\",8,3\n9,setosa,0,1\n"
    "1,unknown,1,2\n";

static void of_text(void)
{
  static const double rows[] = {1, 2, 0, 3, 4, 1, 5, 6, -1, 7, 8, 2, 9, 0, 0, 1, 1, -1};
  static const double weighted[] = {1, 2, 0, 1, 3, 4, 1, .5, 5, 6, -1, 1, 7, 8, 2, 3, 9, 0, 0, 1, 1, 1, -1, 2};
  static const char *const numbers[] = {"-3", "1", "2.5", "10"};
  static const double of_numbers[] = {1, 2, 3, 3, 4, 1, 5, 6, -1, 7, 8, 1, 9, 0, 0, 1, 1, 2};
  write_text("x.csv", species);
  check_classes(path_of("x.csv"), "kind", "w", 3, names_of_species, 6, 4, weighted);
  write_text("y.csv", "a,b\n1,2\n3,4\n5,6\n7,8\n9,0\n1,1\n");
  write_text("l.csv", "setosa\nversicolor\nNA\n\"virginica, \"\"x\"\"\"\nsetosa\nunknown\n");
  check_classes(path_of("y.csv"), path_of("l.csv"), NULL, 3, names_of_species, 6, 3, rows);
  write_text("l.csv", "kind\nsetosa\nversicolor\nNA\n\"virginica, \"\"x\"\"\"\nsetosa\nunknown\n");
  write_text("w.csv", "1\n.5\n1\n3\n1\n2\n");
  check_classes(path_of("y.csv"), path_of("l.csv"), path_of("w.csv"), 3, names_of_species, 6, 4, weighted);
  write_text("l.csv", "10\n1\nunknown\n1.0\n-3\n2.50\n");
  check_classes(path_of("y.csv"), path_of("l.csv"), NULL, 4, numbers, 6, 3, of_numbers);
  for (int i = 0; i < 4; i++) remove_file(((const char *const[]){"x.csv", "y.csv", "l.csv", "w.csv"})[i]);
}

/* A class of which every row has weight 0 is none; a table of weights only says what is missing. */
static void of_rows_that_count(void)
{
  static const char *const names[] = {"5", "7"};
  static const double rows[] = {1, 0, 1, 2, -1, 0, 3, 1, 2, 4, -1, 1};
  write_text("x.csv", "a,l,w\n1,5,1\n2,6,0\n3,7,2\n4,,1\n");
  check_classes(path_of("x.csv"), "l", "w", 2, names, 4, 3, rows);
  write_text("x.csv", "a,l,w\n1,u,1\n2,x,0\n3,v,2\n4,,1\n");
  check_classes(path_of("x.csv"), "l", "w", 2, (const char *const[]){"u", "v"}, 4, 3, rows);
  const source_options both = {.beside = {"l", "l"}};
  REFUSED(path_of("x.csv"), both, GMMPI_WRONG_USAGE, "both name column \"l\"");
  const source_options no_column = {.beside = {"k", NULL}};
  REFUSED(path_of("x.csv"), no_column, GMMPI_BAD_DATA, "--known-labels k is neither a column of it nor a file");
  remove_file("x.csv");
}

/* A shard carries them beside the features; lanes that fill up its last tile are of no class. */
typedef struct seen {
  const shard *points;
  int64_t n_wrong;
} seen;

static void see_tile(void *context, const row_tile *tile, int64_t n_tiles, int thread)
{
  seen *all = context;
  (void)n_tiles;
  (void)thread;
  all->n_wrong += tile->labels != tile->numbers + all->points->n_features * TILE_ROWS;
  for (int p = 0; p < TILE_ROWS; p++) {
    const int64_t row = tile->first_row + p;
    const double expected = p < tile->n_points ? (double)(row % 4 - 1) : -1.0;
    all->n_wrong += tile->labels[p] != expected;
    all->n_wrong += tile->weights[p] != (p < tile->n_points ? (double)(row % 3 + 1) : 0.0);
  }
}

static void of_shards(void)
{
  enum { N = 1000 };
  double *rows = malloc(sizeof *rows * N * 3);
  const int64_t first = N * rank / n_ranks;
  const int64_t end = N * (rank + 1) / n_ranks;
  for (int64_t i = first; i < end; i++) {
    double *row = rows + (i - first) * 3;
    row[0] = (double)i;
    row[1] = (double)(i % 4 - 1);
    row[2] = (double)(i % 3 + 1);
  }
  gmmpi_error error = {0};
  shard *points = NULL;
  const shard_options how = {.has_weights = true, .has_labels = true};
  if (CHECK(shard_create_from_memory(MPI_COMM_WORLD, rows, end - first, 1, how, &points, &error) == GMMPI_OK)) {
    seen all = {points, 0};
    shard_visit(points, 1, &(row_visitor){.context = &all, .tiles = see_tile, .takes_turns = true});
    CHECK(all.n_wrong == 0 && points->row_width == 3 && points->n_features == 1);
    CHECK(points->total_weight == 1999.0 && points->largest_weight == 3.0 && !points->has_fractions);
    CHECK(points->minima[0] == 0.0 && points->maxima[0] == N - 1.0);
    shard_normalise_weights(points);
    CHECK(points->total_weight == N && points->weight_unit == N / 1999.0);
  }
  shard_destroy(points);
  rows[1] = 0.5;
  shard_create_from_memory(MPI_COMM_WORLD, rows, end - first, 1, how, &points, &error);
  check_error(&error, GMMPI_BAD_DATA, "points: row 1, column 2: 0.5 is no label", __FILE__, __LINE__);
  free(rows);
}

int main(int argc, char **argv)
{
  begin_tests(&argc, &argv);
  of_text();
  of_rows_that_count();
  of_shards();
  return end_tests();
}
