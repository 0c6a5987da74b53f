/* SPDX-License-Identifier: BSD-3-Clause */
/* HDF5 files whose numbers stand for others, and what was never written: numbers, and what is said of them. */
#include "mpi/hdf5_files.h"

static const source_options raw = {.words = (const source_word[]){{"raw-values", "yes"}}, .n_words = 1};

/* An attribute of one number. */
static void add_number(hid_t data_set, const char *name, hid_t type, double number)
{
  const hid_t space = H5Screate(H5S_SCALAR);
  const hid_t attribute = H5Acreate2(data_set, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
  if (attribute < 0 || H5Awrite(attribute, H5T_NATIVE_DOUBLE, &number) < 0) abort();
  H5Aclose(attribute);
  H5Sclose(space);
}

/* Collective: all ranks are told the same, with these words in the remark of this number. */
static void is_told(const char *data, source_options options, int n_remarks, const char *words)
{
  point_source *source = NULL;
  gmmpi_error error = {0};
  if (CHECK(source_open(MPI_COMM_WORLD, data, &options, &source, &error) == GMMPI_OK)) {
    CHECK(source->notes.n == n_remarks);
    const char *text = source->notes.n > 0 ? source->notes.remarks[0].text : "";
    CHECK(strcmp(text, words) == 0);
    if (strcmp(text, words) != 0) fprintf(stderr, "\"%s\"\n", text);
  }
  source_close(source);
  MPI_Barrier(MPI_COMM_WORLD);
}

/* item() packed: column 1 of the file is column 2 of the points, and so on. */
static void packed_numbers(void)
{
  enum { N = 50 };
  hid_t file = H5I_INVALID_HID;
  if (rank == 0) {
    file = create_file("x.h5");
    const hid_t data_set = create_points(file, "/x", H5T_STD_I16BE, N, 3, 8, 2, true);
    add_number(data_set, "scale_factor", H5T_IEEE_F32LE, 0.02);
    add_number(data_set, "add_offset", H5T_IEEE_F64BE, -300.0);
    add_number(data_set, "_FillValue", H5T_STD_I16LE, 7.0);
    add_number(data_set, "missing_value", H5T_STD_I64LE, 14.0);
    add_number(data_set, "valid_max", H5T_STD_I32LE, 95.0);
    H5Dclose(data_set);
  }
  done_writing(file);
  double expected[N * 2];
  double numbers[N * 2];
  for (int i = 0; i < N; i++) {
    for (int j = 0; j < 2; j++) {
      const double number = item(i, j == 0 ? 2 : 0);
      const bool is_missing = number == 7.0 || number == 14.0 || number > 95.0;
      numbers[i * 2 + j] = number;
      expected[i * 2 + j] = is_missing ? NAN : number * (double)0.02F + -300.0;
    }
  }
  POINTS_ARE(path_of("x.h5"), ((source_options){.columns = "3,1"}), N, 2, expected);
  source_options raw_columns = raw;
  raw_columns.columns = "3,1";
  POINTS_ARE(path_of("x.h5"), raw_columns, N, 2, numbers);
  is_told(path_of("x.h5"), any_options, 1,
          "its numbers are packed: times 0.02 plus -300, 7 and 14 are missing, numbers above 95 are missing "
          "(scale_factor, add_offset, _FillValue, missing_value, valid_max; --raw-values for the numbers themselves)");
  is_told(path_of("x.h5"), raw, 1,
          "its numbers are taken as they are, whatever scale_factor, add_offset, _FillValue, missing_value, valid_max "
          "say");
}

/* Rows 9 to 16 and 33 to 40 of 50 in chunks of 8: each rank reads all of them, several times, with their fill values in
 * the library's cache. */
static void unwritten_rows(void)
{
  enum { N = 50 };
  hid_t file = H5I_INVALID_HID;
  double expected[N];
  double filled[N];
  for (int i = 0; i < N; i++) {
    const bool is_written = i / 8 != 1 && i / 8 != 4;
    expected[i] = is_written ? (double)i : NAN;
    filled[i] = is_written ? (double)i : -5.0;
  }
  if (rank == 0) {
    file = create_file("x.h5");
    const hsize_t extent = N;
    const hsize_t chunk = 8;
    const int fill = -5;
    const hid_t space = H5Screate_simple(1, &extent, NULL);
    const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(properties, 1, &chunk);
    H5Pset_fill_value(properties, H5T_NATIVE_INT, &fill);
    const hid_t data_set = H5Dcreate2(file, "/x", H5T_STD_I32LE, space, H5P_DEFAULT, properties, H5P_DEFAULT);
    for (hsize_t first = 0; first < N; first += chunk) {
      if (first == 8 || first == 32) continue;
      const hsize_t count = first + chunk > N ? N - first : chunk;
      const hid_t memory = H5Screate_simple(1, &count, NULL);
      H5Sselect_hyperslab(space, H5S_SELECT_SET, &first, NULL, &count, NULL);
      if (H5Dwrite(data_set, H5T_NATIVE_DOUBLE, memory, space, H5P_DEFAULT, filled + first) < 0) abort();
      H5Sclose(memory);
    }
    H5Dclose(data_set);
    H5Pclose(properties);
    H5Sclose(space);
  }
  done_writing(file);
  for (int i = 0; i < 2; i++) POINTS_ARE(path_of("x.h5"), any_options, N, 1, expected);
  POINTS_ARE(path_of("x.h5"), raw, N, 1, filled);
  is_told(path_of("x.h5"), any_options, 1,
          "rows 9 to 16 and others were never written and count as missing; finish the file, leave them out with "
          "--missing drop, or --raw-values takes the file's fill value");
  is_told(path_of("x.h5"), raw, 0, "");
}

int main(int argc, char **argv)
{
  begin_tests(&argc, &argv);
  packed_numbers();
  unwritten_rows();
  remove_file("x.h5");
  return end_tests();
}
