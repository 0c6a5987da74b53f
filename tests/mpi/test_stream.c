/* SPDX-License-Identifier: BSD-3-Clause */
/* Shards that are streamed: they are those that hold their rows, whatever the number of chunks; and files that change
 * while they are streamed are noticed by all ranks. */
#include "mpi/dropped_rows.h"

/* The table as an .npy file, of doubles and in C order. */
static void write_array(const table *all)
{
  const size_t n_bytes = (size_t)(all->n_rows * all->n_columns) * sizeof(double);
  unsigned char *bytes = calloc(128 + n_bytes, 1);
  memcpy(bytes, "\x93NUMPY\x01\x00\x76\x00", 10);
  const int length =
      sprintf((char *)bytes + 10, "{'descr': '<f8', 'fortran_order': False, 'shape': (%" PRId64 ", %" PRId64 "), }",
              all->n_rows, all->n_columns);
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

/* Other coordinates that are made in every pass are those that are held. */
static void other_coordinates(void)
{
  enum { N_ROWS = 5000, D = 3 };
  static const double matrix[D * D] = {0.5, 0, 0, 0.1, -2, 0, 1e-3, 7, 1};
  static const double origin[D] = {1, -2, 1e4};
  const table all = make_table(N_ROWS, D);
  const choice how = {1, N_ROWS};
  shard *shards[2] = {NULL, NULL};
  gmmpi_error error = {0};
  write_table(&all);
  if (CHECK(create_from_file(MISSING_ERROR, &shards[0], &error) == GMMPI_OK))
    CHECK(shard_subsample(shards[0], is_chosen, &how, &shards[1], &error) == GMMPI_OK);
  for (int i = 0; i < 2 && shards[1] != NULL; i++) {
    shard *held = NULL;
    shard *made = NULL;
    CHECK(shard_has_room_for_copy(shards[i]) == (!shards[i]->is_streamed && sample_pairs == 0));
    if (CHECK(shard_transform(shards[i], matrix, origin, true, &held, &error) == GMMPI_OK) &&
        CHECK(shard_transform(shards[i], matrix, origin, false, &made, &error) == GMMPI_OK)) {
      table moved = {shards[i]->n_samples, D, calloc((size_t)shards[i]->n_samples * D, sizeof(double)), false};
      for (int64_t row = held->first_row; row < held->first_row + held->n_rows; row++)
        shard_copy_row(held, row, moved.rows + row * D);
      MPI_Allreduce(MPI_IN_PLACE, moved.rows, (int)moved.n_rows * D, MPI_INT64_T, MPI_SUM, MPI_COMM_WORLD);
      check_shard(held, &moved, NULL, 0);
      check_shard(made, &moved, NULL, 0);
      free(moved.rows);
    }
    shard_destroy(held);
    shard_destroy(made);
  }
  shard_destroy(shards[1]);
  shard_destroy(shards[0]);
  free(all.rows);
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

/* A file that has changed when a subsample is drawn from it, in a row that the subsample has, or has not. */
static void files_that_change_before_a_subsample(void)
{
  enum { N_ROWS = 7 * 64 * 8 };
  const table all = make_table(N_ROWS, 2);
  const choice how = {1, N_ROWS};
  for (int64_t row = 3000; row < 3004; row++) {
    point_source *source = NULL;
    shard *points = NULL;
    shard *sample = NULL;
    gmmpi_error error = {0};
    write_array(&all);
    if (CHECK(open_and_create("x.npy", MISSING_ERROR, false, &source, &points, &error) == GMMPI_OK)) {
      harm_file(2 * row + 1, false);
      CHECK(shard_subsample(points, is_chosen, &how, &sample, &error) == GMMPI_BAD_DATA && sample == NULL);
      check_error(&error, GMMPI_BAD_DATA, "has changed since it was read first", __FILE__, __LINE__);
    }
    shard_destroy(points);
    source_close(source);
  }
  free(all.rows);
}

/* A file that changes in a row that a streamed subsample has: found in its next pass, unless that is made over what was
 * kept. */
static void files_that_change_behind_a_subsample(void)
{
  enum { N_ROWS = 7 * 64 * 8 };
  const table all = make_table(N_ROWS, 2);
  const choice how = {1, N_ROWS};
  int64_t row = 1000;
  point_source *source = NULL;
  shard *points = NULL;
  shard *sample = NULL;
  gmmpi_error error = {0};
  while (!is_chosen(&how, row)) row++;
  write_array(&all);
  if (CHECK(open_and_create("x.npy", MISSING_ERROR, false, &source, &points, &error) == GMMPI_OK) &&
      CHECK(shard_subsample(points, is_chosen, &how, &sample, &error) == GMMPI_OK) && CHECK(sample->is_streamed)) {
    harm_file(2 * row, false);
    walk(sample);
    walk(sample);
    if (scratch_folder != NULL) {
      CHECK(shard_agree(sample, &error) == GMMPI_OK);
    } else {
      CHECK(shard_agree(sample, &error) == GMMPI_BAD_DATA);
      check_error(&error, GMMPI_BAD_DATA, "x.npy: has changed since it was read first, in row", __FILE__, __LINE__);
    }
  }
  shard_destroy(sample);
  shard_destroy(points);
  source_close(source);
  free(all.rows);
}

int main(int argc, char **argv)
{
  begin_tests(&argc, &argv);
  for (stream_pairs = 1; stream_pairs <= 5; stream_pairs += 4) {
    from_files();
    the_first_bad_row_is_named();
    streams_in_single_precision();
    files_without_whole_rows();
    for (sample_pairs = 0; sample_pairs <= 2; sample_pairs++) {
      if (stream_pairs > 1 && sample_pairs == 1) continue;
      n_table_sizes = stream_pairs > 1 || sample_pairs > 0 ? 3 : 4;
      scratch_folder = sample_pairs == 2 ? "." : NULL;
      subsamples();
      files_with_dropped_rows();
      other_coordinates();
      files_that_change_before_a_subsample();
      if (sample_pairs > 0) files_that_change_behind_a_subsample();
    }
    sample_pairs = 0;
    if (stream_pairs == 1) files_that_change();
  }
  source_close(latest_source);
  remove_file("x.csv");
  remove_file("x.npy");
  return end_tests();
}
