/* SPDX-License-Identifier: BSD-3-Clause */
/* Points that are the columns of a file are those of the file the other way round: --transpose. */
#include "mpi/hdf5_files.h"

static const source_word words[] = {{"transpose", "yes"}};
static const source_options across = {.words = words, .n_words = 1};

static double number_of(int64_t point, int64_t feature)
{
  return (double)((point * 7 + feature * 13) % 101);
}

/* A file "/x" of n_features rows and n_points columns of that type; chunk_rows = 0: contiguous. */
static void write_features(hid_t file, hid_t type, int64_t n_points, int64_t n_features, hsize_t chunk_rows,
                           hsize_t chunk_columns, bool is_compressed)
{
  const hsize_t extents[2] = {(hsize_t)n_features, (hsize_t)n_points};
  const hsize_t chunk[2] = {chunk_rows, chunk_columns};
  double *numbers = malloc(sizeof *numbers * (size_t)(n_points * n_features));
  for (int64_t j = 0; j < n_features; j++) {
    for (int64_t i = 0; i < n_points; i++) numbers[j * n_points + i] = number_of(i, j);
  }
  const hid_t space = H5Screate_simple(2, extents, NULL);
  const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
  if (chunk_rows > 0) H5Pset_chunk(properties, 2, chunk);
  if (is_compressed) H5Pset_deflate(properties, 1);
  const hid_t data_set = H5Dcreate2(file, "/x", type, space, H5P_DEFAULT, properties, H5P_DEFAULT);
  if (H5Dwrite(data_set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers) < 0) abort();
  H5Dclose(data_set);
  H5Pclose(properties);
  H5Sclose(space);
  free(numbers);
}

/* Columns are counted from 1. */
static void has_numbers(const char *data, const char *columns, int64_t n_points, int n_picked, const int *picked,
                        int line)
{
  double *expected = malloc(sizeof *expected * (size_t)(n_points * n_picked));
  for (int64_t i = 0; i < n_points; i++) {
    for (int j = 0; j < n_picked; j++) expected[i * n_picked + j] = number_of(i, picked[j] - 1);
  }
  check_points(data, (source_options){.words = words, .n_words = 1, .columns = columns}, n_points, n_picked, expected,
               __FILE__, line);
  free(expected);
}

static void types_and_layouts(void)
{
  const hid_t types[] = {H5T_IEEE_F64LE, H5T_IEEE_F64BE, H5T_IEEE_F32LE, H5T_STD_U16BE};
  /* rows and columns of a chunk; 0: contiguous */
  const hsize_t chunks[][2] = {{0, 0}, {23, 100}, {23, 7}, {1, 100}, {4, 13}, {1, 1}};
  for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
    for (size_t c = 0; c < sizeof chunks / sizeof *chunks; c++) {
      hid_t file = H5I_INVALID_HID;
      if (rank == 0) {
        file = create_file("x.h5");
        write_features(file, types[t], 100, 23, chunks[c][0], chunks[c][1], c % 2 == 1);
      }
      done_writing(file);
      has_numbers(path_of("x.h5"), "1-3,9,20-23", 100, 8, (const int[]){1, 2, 3, 9, 20, 21, 22, 23}, __LINE__);
      has_numbers(path_of("x.h5"), "23,1", 100, 2, (const int[]){23, 1}, __LINE__);
    }
  }
}

/* Do rows of the source have their numbers, from these on, so many at a time? */
static void walk(point_source *source, int64_t first, int64_t end, int64_t step, bool is_backwards)
{
  const int64_t d = source->n_features;
  double *rows = malloc(sizeof *rows * (size_t)(step * d));
  gmmpi_error error = {0};
  const int64_t n_steps = (end - first + step - 1) / step;
  for (int64_t s = 0; s < n_steps; s++) {
    const int64_t row = first + step * (is_backwards ? n_steps - 1 - s : s);
    const int64_t n = end - row < step ? end - row : step;
    int64_t n_wrong = 0;
    if (!CHECK(source_read(source, row, n, rows, &error) == GMMPI_OK)) break;
    for (int64_t v = 0; v < n * d; v++) n_wrong += rows[v] != number_of(row + v / d, source->columns[v % d]) ? 1 : 0;
    CHECK(n_wrong == 0);
  }
  free(rows);
}

/* Several bands of points: each rank reads its share of them forwards and backwards. */
static void walk_file(const char *data, int64_t n_points, bool is_flat)
{
  point_source *source = NULL;
  gmmpi_error error = {0};
  if (!CHECK(source_open(MPI_COMM_WORLD, data, &across, &source, &error) == GMMPI_OK)) return;
  const int64_t first = n_points * rank / n_ranks;
  const int64_t end = n_points * (rank + 1) / n_ranks;
  CHECK(source->n_rows == n_points && source->is_transposed && source->streams);
  CHECK(source->is_concurrent == is_flat);
  CHECK(source->buffer_bytes < 64 << 20);
  walk(source, first, end, 4096, false);
  walk(source, first, end, 4096, true);
  walk(source, first, end, 5000, false);
  walk(source, first + 10, first + 20, 1, true);
  if (is_flat) {
#pragma omp parallel for num_threads(3) schedule(dynamic)
    for (int64_t row = first; row < end; row += 1000)
      walk(source, row, row + 1000 < end ? row + 1000 : end, 1000, false);
  }
  source_close(source);
  MPI_Barrier(MPI_COMM_WORLD);
}

static void many_points(void)
{
  enum { N_POINTS = 70001, N_FEATURES = 9 };
  const hsize_t chunks[][2] = {{0, 0}, {9, 1000}, {1, 70001}, {2, 30000}};
  for (size_t c = 0; c < sizeof chunks / sizeof *chunks; c++) {
    hid_t file = H5I_INVALID_HID;
    if (rank == 0) {
      file = create_file("x.h5");
      write_features(file, c == 0 ? H5T_NATIVE_DOUBLE : H5T_NATIVE_FLOAT, N_POINTS, N_FEATURES, chunks[c][0],
                     chunks[c][1], c > 0);
    }
    done_writing(file);
    walk_file(path_of("x.h5"), N_POINTS, c == 0);
  }
}

/* Behind a block that is not HDF5, numbers are where the library says. */
static void user_block(void)
{
  hid_t file = H5I_INVALID_HID;
  if (rank == 0) {
    const hid_t properties = H5Pcreate(H5P_FILE_CREATE);
    H5Pset_userblock(properties, 512);
    file = H5Fcreate(path_of("x.h5"), H5F_ACC_TRUNC, properties, H5P_DEFAULT);
    H5Pclose(properties);
    write_features(file, H5T_NATIVE_DOUBLE, 50, 3, 0, 0, false);
  }
  done_writing(file);
  has_numbers(path_of("x.h5"), NULL, 50, 3, (const int[]){1, 2, 3}, __LINE__);
}

/* Its numbers are in another file. */
static void external_data(void)
{
  hid_t file = H5I_INVALID_HID;
  if (rank == 0) {
    const hsize_t extents[2] = {3, 40};
    double numbers[3 * 40];
    for (int j = 0; j < 3; j++) {
      for (int i = 0; i < 40; i++) numbers[j * 40 + i] = number_of(i, j);
    }
    file = create_file("x.h5");
    const hid_t space = H5Screate_simple(2, extents, NULL);
    const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_external(properties, path_of("x.raw"), 0, sizeof numbers);
    const hid_t data_set = H5Dcreate2(file, "/x", H5T_NATIVE_DOUBLE, space, H5P_DEFAULT, properties, H5P_DEFAULT);
    if (H5Dwrite(data_set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers) < 0) abort();
    H5Dclose(data_set);
    H5Pclose(properties);
    H5Sclose(space);
  }
  done_writing(file);
  has_numbers(path_of("x.h5"), NULL, 40, 3, (const int[]){1, 2, 3}, __LINE__);
  remove_file("x.raw");
}

/* A virtual data set of chunked pieces: two beside each other, for three features each. */
static void virtual_data_set(void)
{
  enum { N_POINTS = 60 };
  hid_t file = H5I_INVALID_HID;
  if (rank == 0) {
    const hsize_t all[2] = {6, 2 * N_POINTS};
    const hsize_t part[2] = {6, N_POINTS};
    const hid_t space = H5Screate_simple(2, all, NULL);
    const hid_t used = H5Screate_simple(2, part, NULL);
    const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
    const char *const names[] = {"a.h5", "b.h5"};
    for (int p = 0; p < 2; p++) {
      const hsize_t start[2] = {0, (hsize_t)p * N_POINTS};
      file = create_file(names[p]);
      write_features(file, H5T_NATIVE_FLOAT, N_POINTS, 6, 2, 7, true);
      H5Fclose(file);
      H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, part, NULL);
      H5Pset_virtual(properties, space, names[p], "/x", used);
    }
    H5Sselect_all(space);
    file = create_file("x.h5");
    H5Dclose(H5Dcreate2(file, "/v", H5T_NATIVE_DOUBLE, space, H5P_DEFAULT, properties, H5P_DEFAULT));
    H5Pclose(properties);
    H5Sclose(used);
    H5Sclose(space);
  }
  done_writing(file);
  double expected[2 * N_POINTS * 6];
  for (int i = 0; i < 2 * N_POINTS; i++) {
    for (int j = 0; j < 6; j++) expected[i * 6 + j] = number_of(i % N_POINTS, j);
  }
  POINTS_ARE(path_of("x.h5"), across, 2 * N_POINTS, 6, expected);
  remove_file("a.h5");
  remove_file("b.h5");
}

/* The header of an NPY file, as long as HEADER_BYTES; the numbers follow. */
enum { HEADER_BYTES = 128 };
static void npy_header_text(char header[HEADER_BYTES], const char *type, bool is_fortran, int n_rows, int n_columns)
{
  memset(header, ' ', HEADER_BYTES);
  memcpy(header, "\x93NUMPY\1\0\x76\0", 10);
  const int length = snprintf(header + 10, 100, "{'descr': '%s', 'fortran_order': %s, 'shape': (%d, %d)}", type,
                              is_fortran ? "True" : "False", n_rows, n_columns);
  header[10 + length] = ' ';
}

/* Item (j, i) of the array is feature j of point i, in both orders and two types. */
static void npy(void)
{
  enum { N_POINTS = 60000, N_FEATURES = 9 };
  char *bytes = malloc(HEADER_BYTES + sizeof(double) * N_POINTS * N_FEATURES);
  for (int way = 0; way < 4; way++) {
    const bool is_fortran = way % 2 == 1;
    const bool is_double = way < 2;
    const size_t item_bytes = is_double ? sizeof(double) : sizeof(int16_t);
    npy_header_text(bytes, is_double ? "<f8" : ">i2", is_fortran, N_FEATURES, N_POINTS);
    for (int64_t k = 0; k < N_POINTS * N_FEATURES; k++) {
      const int64_t feature = is_fortran ? k % N_FEATURES : k / N_POINTS;
      const int64_t point = is_fortran ? k / N_FEATURES : k % N_POINTS;
      const double number = number_of(point, feature);
      const char swapped[2] = {0, (char)number};
      memcpy(bytes + HEADER_BYTES + (size_t)k * item_bytes, is_double ? (const void *)&number : swapped, item_bytes);
    }
    write_bytes("x.npy", bytes, HEADER_BYTES + item_bytes * N_POINTS * N_FEATURES);
    walk_file(path_of("x.npy"), N_POINTS, !is_fortran || is_double);
    has_numbers(path_of("x.npy"), "9,2", N_POINTS, 2, (const int[]){9, 2}, __LINE__);
    write_bytes("x.npy", bytes, HEADER_BYTES + item_bytes * N_POINTS * N_FEATURES - 1);
    REFUSED(path_of("x.npy"), across, GMMPI_BAD_DATA, "is too short for its 9 rows of 60000 columns");
  }
  free(bytes);
  remove_file("x.npy");
}

/* What shrinks while it is open is noticed. */
static void truncated(void)
{
  hid_t file = H5I_INVALID_HID;
  if (rank == 0) {
    file = create_file("x.h5");
    write_features(file, H5T_NATIVE_DOUBLE, 5000, 4, 0, 0, false);
  }
  done_writing(file);
  point_source *source = NULL;
  gmmpi_error error = {0};
  double row[4];
  CHECK(source_open(MPI_COMM_WORLD, path_of("x.h5"), &across, &source, &error) == GMMPI_OK);
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0 && truncate(path_of("x.h5"), 4 * 5000 * 8) != 0) abort();
  MPI_Barrier(MPI_COMM_WORLD);
  CHECK(source_read(source, 0, 1, row, &error) == GMMPI_OK);
  CHECK(row[3] == number_of(0, 3));
  CHECK(source_read(source, 4999, 1, row, &error) == GMMPI_BAD_DATA);
  CHECK(strstr(error.message, "before its content does") != NULL);
  source_close(source);
  MPI_Barrier(MPI_COMM_WORLD);
}

static void one_dimension(void)
{
  hid_t file = H5I_INVALID_HID;
  if (rank == 0) {
    file = create_file("x.h5");
    add_points(file, "/x", H5T_IEEE_F64LE, 10, 0);
  }
  done_writing(file);
  REFUSED(path_of("x.h5"), across, GMMPI_WRONG_USAGE, "--transpose: has one dimension");
  char header[HEADER_BYTES + 8] = "";
  npy_header_text(header, "<f8", false, 1, 1);
  memcpy(strstr(header + 10, "(1, 1)"), "(1,)  ", 6);
  write_bytes("x.npy", header, sizeof header);
  REFUSED(path_of("x.npy"), across, GMMPI_WRONG_USAGE, "--transpose: has one dimension");
  remove_file("x.npy");
}

int main(int argc, char **argv)
{
  begin_tests(&argc, &argv);
  types_and_layouts();
  many_points();
  user_block();
  external_data();
  virtual_data_set();
  npy();
  truncated();
  one_dimension();
  remove_file("x.h5");
  return end_tests();
}
