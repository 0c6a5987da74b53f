/* SPDX-License-Identifier: BSD-3-Clause */
/* HDF5 files that are damaged, that claim more than there is in them, and that hold more than an int counts. */
#include "mpi/hdf5_files.h"

#include <fcntl.h>
#include <unistd.h>

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
  damaged_files();
  claims_beyond_the_file();
  huge_data_sets();
  remove_file("x.h5");
  return end_tests();
}
