/* SPDX-License-Identifier: BSD-3-Clause */
/* Tables of records and sparse matrices in HDF5 files that are sound as such, but have fields of any types, pickles of
 * any bytes and lists that need not fit to each other. */
#include "fuzz/fuzz.h"
#include "support/hdf5_image.h"

#include <stdlib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
  fuzz_begin(argc, argv);
  return 0;
}

static void put_attribute(hid_t object, const char *name, hid_t type, hid_t space, const void *value)
{
  const hid_t attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
  if (attribute < 0) return;
  H5Awrite(attribute, type, value);
  H5Aclose(attribute);
}

/* A text of any bytes, of a length from the input unless it is given. */
static void put_text(fuzz_input *input, hid_t object, const char *name, const char *text)
{
  char bytes[256];
  size_t length = 1;
  if (text == NULL) length += (size_t)fuzz_take(input, 1);
  if (text == NULL) fuzz_fill(input, bytes, length);
  while (text != NULL && text[length - 1] != '\0') length++;
  const hid_t type = H5Tcopy(H5T_C_S1);
  const hid_t space = H5Screate(H5S_SCALAR);
  H5Tset_size(type, length);
  put_attribute(object, name, type, space, text != NULL ? text : bytes);
  H5Sclose(space);
  H5Tclose(type);
}

/* --- records --- */

static hid_t take_type(fuzz_input *input, int depth);

static hid_t take_compound(fuzz_input *input, int depth)
{
  static const char *const names[] = {"index", "x", "x.mask", "values_block_0", "y", "r", "i", "a.b"};
  const hid_t type = H5Tcreate(H5T_COMPOUND, 1);
  size_t used = 0;
  for (int n = 1 + (int)fuzz_take(input, 1) % 5; n > 0; n--) {
    const hid_t member = take_type(input, depth + 1);
    const size_t offset = used + fuzz_take(input, 1) % 3;
    if (member < 0) continue;
    const size_t end = offset + H5Tget_size(member);
    if (end < (1 << 20) && H5Tset_size(type, end) >= 0 &&
        H5Tinsert(type, names[fuzz_take(input, 1) % (sizeof names / sizeof *names)], offset, member) >= 0)
      used = end;
    H5Tclose(member);
  }
  if (used > 0) H5Tset_size(type, used + fuzz_take(input, 1) % 4);
  if (used > 0) return type;
  H5Tclose(type);
  return H5I_INVALID_HID;
}

static hid_t take_type(fuzz_input *input, int depth)
{
  const hid_t types[] = {H5T_IEEE_F64LE, H5T_IEEE_F64BE, H5T_IEEE_F32LE,     H5T_STD_I8LE, H5T_STD_U64BE,
                         H5T_STD_I32LE,  H5T_C_S1,       H5T_NATIVE_LDOUBLE, H5T_STD_B8LE, H5T_STD_REF_OBJ};
  const int kind = (int)fuzz_take(input, 1);
  const hsize_t extents[2] = {1 + (hsize_t)fuzz_take(input, 1) % 5, 1 + (hsize_t)fuzz_take(input, 1) % 40};
  if (kind < 180 || depth > 3) return H5Tcopy(types[(size_t)kind % (sizeof types / sizeof *types)]);
  if (kind < 215) return take_compound(input, depth);
  const hid_t base = take_type(input, depth + 1);
  const hid_t type = base < 0     ? base
                     : kind < 245 ? H5Tarray_create2(base, 1 + (unsigned)kind % 2, extents)
                                  : H5Tvlen_create(base);
  if (base >= 0) H5Tclose(base);
  return type;
}

static void write_records(fuzz_input *input, hid_t place, const char *name)
{
  static const hsize_t chunk = 3;
  const hid_t type = take_compound(input, 0);
  const hsize_t n = (hsize_t)fuzz_take(input, 1) % 9;
  const unsigned how = (unsigned)fuzz_take(input, 1);
  const hid_t space = H5Screate_simple(1, &n, NULL);
  const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
  if ((how & 1) != 0) H5Pset_chunk(creation, 1, &chunk);
  if ((how & 3) == 3) H5Pset_deflate(creation, 1);
  const hid_t set = type < 0 ? type : H5Dcreate2(place, name, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
  const size_t n_bytes = type < 0 ? 0 : (size_t)n * H5Tget_size(type);
  void *records = n_bytes > 0 && n_bytes < (1 << 20) ? malloc(n_bytes) : NULL;
  if (records != NULL) fuzz_fill(input, records, n_bytes);
  if (set >= 0 && records != NULL && (how & 4) == 0 && H5Tdetect_class(type, H5T_VLEN) == 0 &&
      H5Tdetect_class(type, H5T_REFERENCE) == 0)
    H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, records);
  if (set >= 0 && (how & 8) != 0) {
    put_text(input, set, "index_kind", "integer");
    put_text(input, set, "values_block_0_kind", NULL);
  }
  free(records);
  if (set >= 0) H5Dclose(set);
  if (type >= 0) H5Tclose(type);
  H5Pclose(creation);
  H5Sclose(space);
}

static void write_frame(fuzz_input *input, hid_t file)
{
  const hid_t group = H5Gcreate2(file, "df", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  put_text(input, group, "pandas_type", "frame_table");
  put_text(input, group, "non_index_axes", NULL);
  put_text(input, group, "levels", NULL);
  write_records(input, group, "table");
  H5Gclose(group);
}

/* --- sparse matrices --- */

/* A list of small integers, now and then of others. */
static void write_list(fuzz_input *input, hid_t group, const char *name, hid_t type)
{
  int64_t numbers[64];
  const hsize_t n = (hsize_t)fuzz_take(input, 1) % 64;
  const bool is_wild = fuzz_take(input, 1) > 240;
  for (hsize_t i = 0; i < n; i++) numbers[i] = (int64_t)fuzz_take(input, is_wild ? 8 : 1);
  const hid_t space = H5Screate_simple(1, &n, NULL);
  const hid_t set = H5Dcreate2(group, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  if (set >= 0) H5Dwrite(set, H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers);
  if (set >= 0) H5Dclose(set);
  H5Sclose(space);
}

static void write_sparse(fuzz_input *input, hid_t file)
{
  static const hsize_t two = 2;
  const int kind = (int)fuzz_take(input, 1) % 3;
  const hid_t group = H5Gcreate2(file, "X", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  const hid_t space = H5Screate_simple(1, &two, NULL);
  const int64_t shape[2] = {(int64_t)fuzz_take(input, 1), (int64_t)fuzz_take(input, 1 + (int)fuzz_take(input, 1) / 60)};
  if (kind < 2) put_text(input, group, "encoding-type", kind == 0 ? "csr_matrix" : "csc_matrix");
  if (kind < 2) put_attribute(group, "shape", H5T_NATIVE_INT64, space, shape);
  if (kind == 2) write_list(input, group, "shape", H5T_STD_I32LE);
  write_list(input, group, "data", H5T_IEEE_F32LE);
  write_list(input, group, "indices", fuzz_take(input, 1) > 250 ? H5T_IEEE_F32LE : H5T_STD_U64LE);
  write_list(input, group, "indptr", H5T_STD_I64LE);
  H5Sclose(space);
  H5Gclose(group);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
  fuzz_input input = {bytes, n_bytes};
  void *image = NULL;
  size_t n_image = 0;
  const hid_t file = hdf5_image_create(1 << 12);
  if (file < 0) return 0;
  const int kind = (int)fuzz_take(&input, 1) % 3;
  if (kind == 0) write_records(&input, file, "table");
  if (kind == 1) write_frame(&input, file);
  if (kind == 2) write_sparse(&input, file);
  const bool is_made = hdf5_image_bytes(file, &image, &n_image);
  H5Fclose(file);
  if (is_made) fuzz_read_points(image, n_image);
  free(image);
  return 0;
}
