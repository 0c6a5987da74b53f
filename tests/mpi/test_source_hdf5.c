/* HDF5 files: types, layouts, the way to the data set, names, damage. */
#include "mpi/point_files.h"

#include <fcntl.h>
#include <hdf5.h>
#include <unistd.h>

enum { N_ROWS = 100, N_COLUMNS = 30 };

static double item(int64_t row, int64_t column)
{
  return (double)((row * 7 + column * 3) % 100);
}

/* --- writing, by rank 0
 * ------------------------------------------------------------------------------------------------- */

static hid_t create_file(const char *name)
{
  return H5Fcreate(path_of(name), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
}

/* n_columns = 0: a 1-D data set. chunk_rows = 0: contiguous. */
static hid_t create_points(hid_t file, const char *name, hid_t type, hsize_t n_rows, hsize_t n_columns,
                           hsize_t chunk_rows, hsize_t chunk_columns, bool is_compressed)
{
  const hsize_t extents[2] = {n_rows, n_columns};
  const hsize_t chunk[2] = {chunk_rows, chunk_columns};
  const int n_dimensions = n_columns == 0 ? 1 : 2;
  const hid_t space = H5Screate_simple(n_dimensions, extents, NULL);
  const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
  const hid_t links = H5Pcreate(H5P_LINK_CREATE);
  H5Pset_create_intermediate_group(links, 1);
  if (chunk_rows > 0) H5Pset_chunk(properties, n_dimensions, chunk);
  if (is_compressed) H5Pset_shuffle(properties);
  if (is_compressed) H5Pset_deflate(properties, 4);
  const hid_t data_set = H5Dcreate2(file, name, type, space, links, properties, H5P_DEFAULT);
  if (data_set < 0) abort();
  double *numbers = malloc(sizeof *numbers * (n_rows * (n_columns == 0 ? 1 : n_columns) + 1));
  for (hsize_t i = 0; i < n_rows; i++) {
    for (hsize_t j = 0; j < (n_columns == 0 ? 1 : n_columns); j++)
      numbers[i * (n_columns == 0 ? 1 : n_columns) + j] = item((int64_t)i, (int64_t)j);
  }
  if (H5Tget_class(type) != H5T_STRING &&
      H5Dwrite(data_set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers) < 0)
    abort();
  free(numbers);
  H5Pclose(links);
  H5Pclose(properties);
  H5Sclose(space);
  return data_set;
}

static void add_points(hid_t file, const char *name, hid_t type, hsize_t n_rows, hsize_t n_columns)
{
  H5Dclose(create_points(file, name, type, n_rows, n_columns, 0, 0, false));
}

/* An attribute of n_names names "f0", "f1" ..., of one length or of any. */
static void add_names(hid_t data_set, int n_names, bool is_variable)
{
  const hsize_t extent = (hsize_t)n_names;
  const hid_t space = H5Screate_simple(1, &extent, NULL);
  const hid_t type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, is_variable ? H5T_VARIABLE : 4);
  if (!is_variable) H5Tset_strpad(type, H5T_STR_NULLPAD);
  if (is_variable) H5Tset_cset(type, H5T_CSET_UTF8);
  char text[64][4];
  char padded[64 * 4] = {0};
  char *pointers[64];
  for (int i = 0; i < n_names; i++) {
    snprintf(text[i], sizeof text[i], "f%d", i % 100);
    memcpy(padded + i * 4, text[i], strlen(text[i]));
    pointers[i] = text[i];
  }
  const hid_t attribute = H5Acreate2(data_set, "feature_names", type, space, H5P_DEFAULT, H5P_DEFAULT);
  if (attribute < 0 || H5Awrite(attribute, type, is_variable ? (void *)pointers : (void *)padded) < 0) abort();
  H5Aclose(attribute);
  H5Tclose(type);
  H5Sclose(space);
}

/* Collective: afterwards the file of rank 0 can be opened by all. */
static void done_writing(hid_t file)
{
  if (rank == 0) H5Fclose(file);
  MPI_Barrier(MPI_COMM_WORLD);
}

/* --- reading
 * ------------------------------------------------------------------------------------------------------------ */

static void has_items(const char *data, const char *columns, const int *picked, int n_picked, int n_rows, int line)
{
  double *expected = malloc(sizeof *expected * (size_t)(n_rows * n_picked));
  for (int i = 0; i < n_rows; i++) {
    for (int j = 0; j < n_picked; j++) expected[i * n_picked + j] = item(i, picked[j] - 1);
  }
  check_points(data, (source_options){.columns = columns}, n_rows, n_picked, expected, __FILE__, line);
  free(expected);
}

static void types_and_layouts(void)
{
  int all[N_COLUMNS];
  for (int j = 0; j < N_COLUMNS; j++) all[j] = j + 1;
  const hid_t types[] = {H5T_IEEE_F64LE, H5T_IEEE_F64BE, H5T_IEEE_F32LE,    H5T_IEEE_F32BE, H5T_STD_I8LE,
                         H5T_STD_U8BE,   H5T_STD_I16BE,  H5T_STD_U16LE,     H5T_STD_I32LE,  H5T_STD_U32BE,
                         H5T_STD_I64BE,  H5T_STD_U64LE,  H5T_NATIVE_LDOUBLE};
  for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
    for (int layout = 0; layout < 4; layout++) {
      hid_t file = H5I_INVALID_HID;
      if (rank == 0) {
        file = create_file("x.h5");
        H5Dclose(create_points(file, "/points", types[t], N_ROWS, N_COLUMNS, layout == 0 ? 0 : 13,
                               layout == 3 ? 7 : N_COLUMNS, layout >= 2));
      }
      done_writing(file);
      has_items(path_of("x.h5"), NULL, all, N_COLUMNS, N_ROWS, __LINE__);
      has_items(path_of("x.h5"), "3", (const int[]){3}, 1, N_ROWS, __LINE__);
      has_items(path_of("x.h5:/points"), "30,1,2,15", (const int[]){30, 1, 2, 15}, 4, N_ROWS, __LINE__);
      has_items(path_of("x.h5:/points"), "12,2", (const int[]){12, 2}, 2, N_ROWS, __LINE__);
    }
  }
}

/* As in a NumPy array of type float16. */
static void half_precision(void)
{
  hid_t file = H5I_INVALID_HID;
  if (rank == 0) {
    file = create_file("x.h5");
    const hid_t half = H5Tcopy(H5T_IEEE_F32LE);
    H5Tset_fields(half, 15, 10, 5, 0, 10);
    H5Tset_size(half, 2);
    H5Tset_ebias(half, 15);
    add_points(file, "/points", half, N_ROWS, 3);
    H5Tclose(half);
  }
  done_writing(file);
  has_items(path_of("x.h5"), NULL, (const int[]){1, 2, 3}, 3, N_ROWS, __LINE__);
}

static void which_data_set(void)
{
  hid_t file = H5I_INVALID_HID;
  hid_t text = H5Tcopy(H5T_C_S1);
  H5Tset_size(text, 5);
  if (rank == 0) {
    file = create_file("x.h5");
    add_points(file, "/labels", H5T_STD_I32LE, 10, 0);
    add_points(file, "/other labels", H5T_STD_I32LE, 10, 0);
    add_points(file, "/words", text, 10, 2);
    add_points(file, "/deep/down/points", H5T_IEEE_F64LE, 10, 2);
  }
  done_writing(file);
  has_items(path_of("x.h5"), NULL, (const int[]){1, 2}, 2, 10, __LINE__);
  has_items(path_of("x.h5:/deep/down/points"), NULL, (const int[]){1, 2}, 2, 10, __LINE__);
  has_items(path_of("x.h5:/other labels"), NULL, (const int[]){1}, 1, 10, __LINE__);
  REFUSED(path_of("x.h5:/points"), any_options, GMMPI_BAD_DATA, "x.h5: has no data set \"/points\"");
  REFUSED(path_of("x.h5:/points"), any_options, GMMPI_BAD_DATA, "/labels (10)");
  REFUSED(path_of("x.h5:/points"), any_options, GMMPI_BAD_DATA, "/deep/down/points (10 x 2)");
  REFUSED(path_of("x.h5:/deep"), any_options, GMMPI_BAD_DATA, "no data set \"/deep\"");
  REFUSED(path_of("x.h5:/"), any_options, GMMPI_BAD_DATA, "no data set \"/\"");
  REFUSED(path_of("x.h5:/words"), any_options, GMMPI_BAD_DATA, "does not hold integers or floats");

  point_source *source = NULL;
  gmmpi_error error = {0};
  if (CHECK(source_open(MPI_COMM_WORLD, path_of("x.h5"), &any_options, &source, &error) == GMMPI_OK)) {
    CHECK(strcmp(source->inside, "/deep/down/points") == 0);
    CHECK(strstr(source->label, "x.h5:/deep/down/points") != NULL);
    CHECK(strcmp(source->path, path_of("x.h5")) == 0);
    CHECK(strcmp(source->feature_names[1], "x2") == 0 && !source->has_names);
  }
  source_close(source);
  MPI_Barrier(MPI_COMM_WORLD);

  if (rank == 0) {
    file = create_file("x.h5");
    add_points(file, "/labels", H5T_STD_I32LE, 10, 0);
    add_points(file, "/words", text, 10, 2);
  }
  done_writing(file);
  has_items(path_of("x.h5"), NULL, (const int[]){1}, 1, 10, __LINE__);

  if (rank == 0) {
    file = create_file("x.h5");
    add_points(file, "/a", H5T_STD_I32LE, 10, 3);
    add_points(file, "/b/c", H5T_IEEE_F64LE, 4, 2);
    add_points(file, "/d", H5T_IEEE_F64LE, 4, 0);
  }
  done_writing(file);
  REFUSED(path_of("x.h5"), any_options, GMMPI_BAD_DATA, "/a (10 x 3), /b/c (4 x 2), /d (4)");

  if (rank == 0) file = create_file("x.h5");
  done_writing(file);
  REFUSED(path_of("x.h5"), any_options, GMMPI_BAD_DATA, "its data sets are: none");

  if (rank == 0) {
    file = create_file("x.h5");
    for (int i = 0; i < 100; i++) {
      char name[40];
      snprintf(name, sizeof name, "/a name that is long %d", i);
      add_points(file, name, H5T_STD_I32LE, 2, 2);
    }
  }
  done_writing(file);
  REFUSED(path_of("x.h5"), any_options, GMMPI_BAD_DATA, ", ...");
  H5Tclose(text);
}

static void shapes_that_are_refused(void)
{
  hid_t file = H5I_INVALID_HID;
  if (rank == 0) {
    file = create_file("x.h5");
    const hsize_t extents[3] = {0, 3, 2};
    hid_t space = H5Screate_simple(2, extents, NULL);
    H5Dclose(H5Dcreate2(file, "/empty", H5T_IEEE_F64LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Sclose(space);
    space = H5Screate_simple(3, extents, NULL);
    H5Dclose(H5Dcreate2(file, "/cube", H5T_IEEE_F64LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Sclose(space);
    space = H5Screate(H5S_SCALAR);
    H5Dclose(H5Dcreate2(file, "/scalar", H5T_IEEE_F64LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Sclose(space);
  }
  done_writing(file);
  REFUSED(path_of("x.h5:/empty"), any_options, GMMPI_BAD_DATA, "holds 0 rows of 3 columns");
  REFUSED(path_of("x.h5:/cube"), any_options, GMMPI_BAD_DATA, "3 dimensions");
  REFUSED(path_of("x.h5:/scalar"), any_options, GMMPI_BAD_DATA, "0 dimensions");
}

static void names_of_features(void)
{
  for (int way = 0; way < 4; way++) {
    const bool is_variable = way % 2 == 1;
    const int n_names = way < 2 ? 12 : 11;
    hid_t file = H5I_INVALID_HID;
    if (rank == 0) {
      file = create_file("x.h5");
      const hid_t data_set = create_points(file, "/points", H5T_IEEE_F64LE, 5, 12, 0, 0, false);
      add_names(data_set, n_names, is_variable);
      H5Dclose(data_set);
    }
    done_writing(file);
    if (way < 2) {
      has_items(path_of("x.h5"), "f11,f0,3", (const int[]){12, 1, 3}, 3, 5, __LINE__);
      REFUSED(path_of("x.h5"), (source_options){.columns = "f12"}, GMMPI_BAD_DATA, "f0, f1, f2");
    } else {
      REFUSED(path_of("x.h5"), (source_options){.columns = "f0"}, GMMPI_BAD_DATA, "have no names");
    }
  }
}

static void user_block(void)
{
  hid_t file = H5I_INVALID_HID;
  if (rank == 0) {
    const hid_t properties = H5Pcreate(H5P_FILE_CREATE);
    H5Pset_userblock(properties, 1024);
    file = H5Fcreate(path_of("x.h5"), H5F_ACC_TRUNC, properties, H5P_DEFAULT);
    H5Pclose(properties);
    add_points(file, "/points", H5T_IEEE_F64LE, 5, 2);
  }
  done_writing(file);
  has_items(path_of("x.h5"), NULL, (const int[]){1, 2}, 2, 5, __LINE__);
}

static void overwrite(const char *name, off_t offset, size_t n_bytes)
{
  char zeros[256] = {0};
  const int descriptor = open(path_of(name), O_WRONLY);
  if (descriptor < 0 || pwrite(descriptor, zeros, n_bytes, offset) != (ssize_t)n_bytes) abort();
  close(descriptor);
}

static void damaged_files(void)
{
  haddr_t a_chunk = 0;
  hid_t file = H5I_INVALID_HID;
  if (rank == 0) {
    file = create_file("x.h5");
    const hid_t data_set = create_points(file, "/points", H5T_IEEE_F64LE, N_ROWS, N_COLUMNS, 20, N_COLUMNS, true);
    H5Fflush(file, H5F_SCOPE_GLOBAL);
    hsize_t offset[2];
    hsize_t size;
    unsigned mask;
    const hid_t space = H5Dget_space(data_set);
    if (H5Dget_chunk_info(data_set, space, 2, offset, &mask, &a_chunk, &size) < 0) abort();
    H5Sclose(space);
    H5Dclose(data_set);
  }
  done_writing(file);
  if (rank == 0) overwrite("x.h5", (off_t)a_chunk, 200);
  MPI_Barrier(MPI_COMM_WORLD);
  REFUSED(path_of("x.h5"), any_options, GMMPI_BAD_DATA, "rows 1 to 100 are damaged");

  if (rank == 0) {
    file = create_file("x.h5");
    add_points(file, "/points", H5T_IEEE_F64LE, N_ROWS, N_COLUMNS);
  }
  done_writing(file);
  if (rank == 0 && truncate(path_of("x.h5"), 9000) != 0) abort();
  MPI_Barrier(MPI_COMM_WORLD);
  REFUSED(path_of("x.h5"), any_options, GMMPI_BAD_DATA, "truncated or damaged");
  write_bytes("x.h5", "\x89HDF\r\n\x1a\n", 8);
  REFUSED(path_of("x.h5"), any_options, GMMPI_BAD_DATA, "truncated or damaged");
}

/* Shapes for which no number was ever written. */
static void claims_beyond_the_file(void)
{
  static const struct {
    hsize_t n_rows, n_columns, chunk_rows, chunk_columns;
    bool is_packed;
    const char *fault;
  } given[] = {{3, (hsize_t)1 << 31, 0, 0, false, "claims 2147483648 columns, more than"},
               {3, (hsize_t)1 << 31, 1, 64, true, "claims 2147483648 columns, more than"},
               {1 << 20, 64, 1 << 20, 64, true, "claims chunks of 5.37e+08 bytes, more than"},
               {1 << 20, 64, 1 << 20, 64, false, "claims chunks of 5.37e+08 bytes, more than"}};
  for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
    hid_t file = H5I_INVALID_HID;
    if (rank == 0) {
      file = create_file("x.h5");
      const hsize_t extents[2] = {given[i].n_rows, given[i].n_columns};
      const hsize_t chunk[2] = {given[i].chunk_rows, given[i].chunk_columns};
      const hid_t space = H5Screate_simple(2, extents, NULL);
      const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
      if (chunk[0] > 0) H5Pset_chunk(properties, 2, chunk);
      if (given[i].is_packed) H5Pset_deflate(properties, 1);
      const hid_t set = H5Dcreate2(file, "/points", H5T_IEEE_F64LE, space, H5P_DEFAULT, properties, H5P_DEFAULT);
      if (set < 0) abort();
      H5Dclose(set);
      H5Pclose(properties);
      H5Sclose(space);
    }
    done_writing(file);
    REFUSED(path_of("x.h5"), any_options, GMMPI_BAD_DATA, given[i].fault);
  }
}

/* More rows than an int counts, more bytes than 4 GiB; most of them are not on the disk. */
static void huge_data_sets(void)
{
  const hsize_t n_rows = (hsize_t)1 << 32;
  const hsize_t places[] = {0, ((hsize_t)1 << 31) - 2, ((hsize_t)1 << 31) + 7, n_rows - 3};
  enum { N_PLACES = sizeof places / sizeof *places };
  for (int is_chunked = 0; is_chunked < 2; is_chunked++) {
    hid_t file = H5I_INVALID_HID;
    if (rank == 0) {
      const hsize_t chunk = 1 << 20;
      file = create_file("x.h5");
      const hid_t space = H5Screate_simple(1, &n_rows, NULL);
      const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
      H5Pset_fill_time(properties, H5D_FILL_TIME_NEVER);
      if (is_chunked) H5Pset_chunk(properties, 1, &chunk);
      if (is_chunked) H5Pset_deflate(properties, 1);
      const hid_t type = is_chunked ? H5T_STD_I8LE : H5T_IEEE_F64LE;
      const hid_t data_set = H5Dcreate2(file, "/points", type, space, H5P_DEFAULT, properties, H5P_DEFAULT);
      const hsize_t count = 2;
      const hid_t memory = H5Screate_simple(1, &count, NULL);
      for (int i = 0; i < N_PLACES; i++) {
        const double numbers[2] = {10.0 * i + 1, 10.0 * i + 2};
        H5Sselect_hyperslab(space, H5S_SELECT_SET, &places[i], NULL, &count, NULL);
        if (H5Dwrite(data_set, H5T_NATIVE_DOUBLE, memory, space, H5P_DEFAULT, numbers) < 0) abort();
      }
      H5Sclose(memory);
      H5Dclose(data_set);
      H5Pclose(properties);
      H5Sclose(space);
    }
    done_writing(file);
    point_source *source = NULL;
    gmmpi_error error = {0};
    source_open(MPI_COMM_WORLD, path_of("x.h5"), &any_options, &source, &error);
    if (check(error.status == GMMPI_OK, error.message, __FILE__, __LINE__)) {
      CHECK(source->n_rows == (int64_t)n_rows);
      for (int i = 0; i < N_PLACES; i++) {
        double rows[2] = {0};
        CHECK(source_read(source, (int64_t)places[i], 2, rows, &error) == GMMPI_OK);
        CHECK(rows[0] == 10.0 * i + 1 && rows[1] == 10.0 * i + 2);
      }
    }
    source_close(source);
    MPI_Barrier(MPI_COMM_WORLD);
  }
}

int main(int argc, char **argv)
{
  begin_tests(&argc, &argv);
  types_and_layouts();
  half_precision();
  which_data_set();
  shapes_that_are_refused();
  names_of_features();
  user_block();
  damaged_files();
  claims_beyond_the_file();
  huge_data_sets();
  remove_file("x.h5");
  return end_tests();
}
