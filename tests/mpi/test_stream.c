/* Shards that are streamed: they are those that hold their rows, whatever the number of chunks; and files that change
 * while they are streamed are noticed by all ranks. */
#include "mpi/shard_checks.h"

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

int main(int argc, char **argv)
{
  begin_tests(&argc, &argv);
  for (stream_pairs = 1; stream_pairs <= 5; stream_pairs += 4) {
    from_files();
    the_first_bad_row_is_named();
    subsamples();
    streams_in_single_precision();
    streams_drop_no_rows();
    if (stream_pairs == 1) files_that_change();
  }
  source_close(latest_source);
  remove_file("x.csv");
  remove_file("x.npy");
  return end_tests();
}
