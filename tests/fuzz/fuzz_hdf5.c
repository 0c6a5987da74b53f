/* SPDX-License-Identifier: BSD-3-Clause */
/* Points in HDF5 files that are sound as such, but claim any shape and hold any bytes: the library itself does not
 * survive every file. */
#include "fuzz/fuzz.h"
#include "support/hdf5_attributes.h"
#include "support/hdf5_image.h"

#include <stdlib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
  fuzz_begin(argc, argv);
  return 0;
}

/* Mostly small, sometimes beyond all bounds. */
static hsize_t take_extent(fuzz_input *input)
{
  const int shift = (int)fuzz_take(input, 1);
  return (hsize_t)fuzz_take(input, 1) << (shift < 200 ? shift % 4 : shift % 64);
}

static hid_t take_type(fuzz_input *input)
{
  const hid_t types[] = {H5T_IEEE_F64LE, H5T_IEEE_F64BE, H5T_IEEE_F32LE, H5T_STD_I8LE,
                         H5T_STD_U64BE,  H5T_STD_I32LE,  H5T_C_S1};
  return types[fuzz_take(input, 1) % (sizeof types / sizeof *types)];
}

/* A chunk of any bytes, as if a filter had packed it. */
static void write_chunk(fuzz_input *input, hid_t set, int n_dimensions, const hsize_t *shape, const hsize_t *chunk)
{
  uint8_t bytes[256];
  hsize_t offset[3];
  const size_t n_bytes = 1 + (size_t)fuzz_take(input, 1);
  for (int i = 0; i < n_dimensions; i++) {
    offset[i] = chunk[i] * (fuzz_take(input, 1) % 3);
    if (offset[i] >= shape[i] || shape[i] > UINT16_MAX) return; /* the library does not survive writing there */
  }
  fuzz_fill(input, bytes, n_bytes);
  H5Dwrite_chunk(set, H5P_DEFAULT, 0, offset, n_bytes, bytes);
}

static void write_names(fuzz_input *input, hid_t set)
{
  char text[3][8];
  const char *names[3];
  for (int i = 0; i < 3; i++) {
    fuzz_fill(input, text[i], 7);
    text[i][7] = '\0';
    names[i] = text[i];
  }
  hdf5_strings_write(set, "feature_names", 1 + (int64_t)fuzz_take(input, 1) % 3, names);
}

static void write_set(fuzz_input *input, hid_t file, const char *name)
{
  const int n_dimensions = (int)fuzz_take(input, 1) % 4;
  const unsigned how = (unsigned)fuzz_take(input, 1);
  const bool is_chunked = (how & 1) != 0 && n_dimensions > 0;
  hsize_t shape[3];
  hsize_t chunk[3];
  for (int i = 0; i < n_dimensions; i++) shape[i] = take_extent(input);
  for (int i = 0; i < n_dimensions; i++) chunk[i] = take_extent(input);
  const hid_t space = H5Screate_simple(n_dimensions, shape, NULL);
  const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
  if (is_chunked) H5Pset_chunk(creation, n_dimensions, chunk);
  if (is_chunked && (how & 2) != 0) H5Pset_shuffle(creation);
  if (is_chunked && (how & 4) != 0) H5Pset_deflate(creation, 1);
  if (is_chunked && (how & 8) != 0) H5Pset_fletcher32(creation);
  const hid_t set =
      space < 0 ? H5I_INVALID_HID : H5Dcreate2(file, name, take_type(input), space, H5P_DEFAULT, creation, H5P_DEFAULT);
  for (int i = 0; is_chunked && set >= 0 && i < 3; i++) write_chunk(input, set, n_dimensions, shape, chunk);
  if (set >= 0 && !is_chunked && H5Sget_simple_extent_npoints(space) <= 64) {
    double numbers[64];
    fuzz_fill(input, numbers, sizeof numbers);
    H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers);
  }
  if (set >= 0 && (how & 16) != 0) write_names(input, set);
  if (set >= 0) H5Dclose(set);
  H5Pclose(creation);
  if (space >= 0) H5Sclose(space);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
  fuzz_input input = {bytes, n_bytes};
  void *image = NULL;
  size_t n_image = 0;
  const hid_t file = hdf5_image_create(1 << 12);
  if (file < 0) return 0;
  write_set(&input, file, "points");
  if (fuzz_take(&input, 1) > 200) write_set(&input, file, "others");
  const bool is_made = hdf5_image_bytes(file, &image, &n_image);
  H5Fclose(file);
  if (is_made) fuzz_read_points(image, n_image);
  free(image);
  return 0;
}
