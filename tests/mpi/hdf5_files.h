/* SPDX-License-Identifier: BSD-3-Clause */
/* HDF5 files of known numbers, for the tests of reading them. */
#ifndef TESTS_HDF5_FILES_H
#define TESTS_HDF5_FILES_H

#include "mpi/point_files.h"

#include <hdf5.h>

enum { N_ROWS = 100, N_COLUMNS = 30 };

static inline double item(int64_t row, int64_t column)
{
  return (double)((row * 7 + column * 3) % 100);
}

/* --- writing, by rank 0
 * ------------------------------------------------------------------------------------------------- */

static inline hid_t create_file(const char *name)
{
  return H5Fcreate(path_of(name), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
}

/* n_columns = 0: a 1-D data set. chunk_rows = 0: contiguous. */
static inline hid_t create_points(hid_t file, const char *name, hid_t type, hsize_t n_rows, hsize_t n_columns,
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

static inline void add_points(hid_t file, const char *name, hid_t type, hsize_t n_rows, hsize_t n_columns)
{
  H5Dclose(create_points(file, name, type, n_rows, n_columns, 0, 0, false));
}

/* An attribute of n_names names "f0", "f1" ..., of one length or of any. */
static inline void add_names(hid_t data_set, int n_names, bool is_variable)
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
static inline void done_writing(hid_t file)
{
  if (rank == 0) H5Fclose(file);
  MPI_Barrier(MPI_COMM_WORLD);
}

/* --- reading
 * ------------------------------------------------------------------------------------------------------------ */

static inline void has_items(const char *data, const char *columns, const int *picked, int n_picked, int n_rows,
                             int line)
{
  double *expected = malloc(sizeof *expected * (size_t)(n_rows * n_picked));
  for (int i = 0; i < n_rows; i++) {
    for (int j = 0; j < n_picked; j++) expected[i * n_picked + j] = item(i, picked[j] - 1);
  }
  check_points(data, (source_options){.columns = columns}, n_rows, n_picked, expected, __FILE__, line);
  free(expected);
}

#endif
