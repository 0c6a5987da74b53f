/* SPDX-License-Identifier: BSD-3-Clause */
/* HDF5 data sets of records: read in any order and any pieces by any number of ranks, and what is refused. */
#include "mpi/hdf5_files.h"

enum { N_RECORDS = 40 };

/* A record of columns 1 to 4 of item(): in the file as bytes of all kinds, in memory as here. */
typedef struct record {
  double x;
  double inner[2];
  int64_t k;
} record;

static hid_t insert(hid_t type, const char *name, size_t offset, hid_t member)
{
  if (H5Tinsert(type, name, offset, member) < 0) abort();
  return type;
}

static hid_t pair_of(hid_t number)
{
  return H5Tarray_create2(number, 1, (const hsize_t[]){2});
}

/* The type in memory, or in the file: with a hole, text, another order and numbers of other sizes. odd: one that only
 * the library converts. */
static hid_t type_of_records(bool in_file, bool odd)
{
  const hid_t type = H5Tcreate(H5T_COMPOUND, in_file ? 64 : sizeof(record));
  const hid_t text = H5Tcopy(H5T_C_S1);
  const hid_t pair = pair_of(in_file ? H5T_IEEE_F32BE : H5T_NATIVE_DOUBLE);
  H5Tset_size(text, 7);
  if (in_file) insert(type, "name", 1, text);
  insert(type, "k", in_file ? 9 : offsetof(record, k), in_file ? H5T_STD_I16BE : H5T_NATIVE_INT64);
  insert(type, "inner", in_file ? 20 : offsetof(record, inner), pair);
  insert(type, "x", in_file ? 33 : offsetof(record, x),
         !in_file ? H5T_NATIVE_DOUBLE
         : odd    ? H5T_NATIVE_LDOUBLE
                  : H5T_IEEE_F64LE);
  H5Tclose(pair);
  H5Tclose(text);
  return type;
}

static void add_records(hid_t file, const char *name, hid_t stored, hsize_t n_rows, hsize_t chunk, bool is_packed)
{
  record *records = malloc(sizeof *records * n_rows);
  for (int64_t i = 0; i < (int64_t)n_rows; i++)
    records[i] = (record){.x = item(i, 0), .inner = {item(i, 1), item(i, 2)}, .k = (int64_t)item(i, 3)};
  const hid_t space = H5Screate_simple(1, &n_rows, NULL);
  const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
  const hid_t memory = type_of_records(false, false);
  if (chunk > 0) H5Pset_chunk(creation, 1, &chunk);
  if (is_packed) H5Pset_deflate(creation, 4);
  const hid_t set = H5Dcreate2(file, name, stored, space, H5P_DEFAULT, creation, H5P_DEFAULT);
  if (set < 0 || H5Dwrite(set, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, records) < 0) abort();
  H5Dclose(set);
  H5Tclose(memory);
  H5Pclose(creation);
  H5Sclose(space);
  free(records);
}

static void pieces_and_columns(void)
{
  static const struct {
    hsize_t chunk;
    bool is_packed, is_odd;
  } ways[] = {{0, false, false}, {0, false, true}, {13, false, false}, {13, true, true}, {N_RECORDS, true, false}};
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
    hid_t file = H5I_INVALID_HID;
    if (rank == 0) {
      file = create_file("x.h5");
      const hid_t stored = type_of_records(true, ways[i].is_odd);
      add_records(file, "/table", stored, N_RECORDS, ways[i].chunk, ways[i].is_packed);
      H5Tclose(stored);
    }
    done_writing(file);
    has_items(path_of("x.h5"), NULL, (const int[]){4, 2, 3, 1}, 4, N_RECORDS, __LINE__);
    has_items(path_of("x.h5"), "x,inner", (const int[]){1, 2, 3}, 3, N_RECORDS, __LINE__);
    has_items(path_of("x.h5:/table"), "inner.1,k", (const int[]){3, 4}, 2, N_RECORDS, __LINE__);
    has_items(path_of("x.h5:/table"), "4,1", (const int[]){1, 4}, 2, N_RECORDS, __LINE__);
    REFUSED(path_of("x.h5"), (source_options){.columns = "x, \"name\""}, GMMPI_BAD_DATA, "\"name\" holds text");
    REFUSED(path_of("x.h5"), (source_options){.columns = "nam"}, GMMPI_BAD_DATA, "k, inner.0, inner.1, x");
    REFUSED(path_of("x.h5"), (source_options){.columns = "inner,x,inner.0"}, GMMPI_BAD_DATA, "picked twice");
  }
}

/* Records that are the features and nothing else are read to their place at once. */
static void flat_records(void)
{
  hid_t file = H5I_INVALID_HID;
  if (rank == 0) {
    file = create_file("x.h5");
    const hid_t stored = H5Tcreate(H5T_COMPOUND, 16);
    const hid_t pair = pair_of(H5T_NATIVE_FLOAT);
    insert(stored, "x", 0, H5T_NATIVE_FLOAT);
    insert(stored, "inner", 4, pair);
    insert(stored, "k", 12, H5T_NATIVE_FLOAT);
    H5Tclose(pair);
    add_records(file, "/table", stored, N_RECORDS, 0, false);
    H5Tclose(stored);
  }
  done_writing(file);
  has_items(path_of("x.h5"), NULL, (const int[]){1, 2, 3, 4}, 4, N_RECORDS, __LINE__);
  has_items(path_of("x.h5"), "x,k", (const int[]){1, 4}, 2, N_RECORDS, __LINE__);
}

/* A rank's threads may read at the same time where the library is not asked. */
static void what_may_be_concurrent(void)
{
  for (int chunked = 0; chunked < 2; chunked++) {
    hid_t file = H5I_INVALID_HID;
    if (rank == 0) {
      file = create_file("x.h5");
      const hid_t stored = type_of_records(true, false);
      add_records(file, "/table", stored, N_RECORDS, chunked ? 10 : 0, false);
      H5Tclose(stored);
    }
    done_writing(file);
    point_source *source = NULL;
    gmmpi_error error = {0};
    if (CHECK(source_open(MPI_COMM_WORLD, path_of("x.h5:/table"), &any_options, &source, &error) == GMMPI_OK)) {
      CHECK(source->is_concurrent == !chunked && source->streams && source->has_names);
      CHECK(source->buffer_bytes > 0);
      CHECK(source->notes.n == 1 && strstr(source->notes.remarks[0].text, "name") != NULL);
    }
    source_close(source);
    MPI_Barrier(MPI_COMM_WORLD);
  }
}

int main(int argc, char **argv)
{
  begin_tests(&argc, &argv);
  pieces_and_columns();
  flat_records();
  what_may_be_concurrent();
  remove_file("x.h5");
  return end_tests();
}
