/* SPDX-License-Identifier: BSD-3-Clause */
/* HDF5 files: types, layouts, the way to the data set, names. */
#include "mpi/hdf5_files.h"

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
  has_items(path_of("x.h5:/deep"), NULL, (const int[]){1, 2}, 2, 10, __LINE__);
  REFUSED(path_of("x.h5:/down"), any_options, GMMPI_BAD_DATA, "no data set \"/down\"");
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

int main(int argc, char **argv)
{
  begin_tests(&argc, &argv);
  types_and_layouts();
  half_precision();
  which_data_set();
  shapes_that_are_refused();
  names_of_features();
  user_block();
  remove_file("x.h5");
  return end_tests();
}
