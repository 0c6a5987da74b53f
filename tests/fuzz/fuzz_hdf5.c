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

/* The bytes of a chunk that is not packed; more than MOST_BYTES_OF_CHUNK where they are too many. */
enum { MOST_BYTES_OF_CHUNK = 256 };

static size_t bytes_of_chunk(hid_t set, int n_dimensions, const hsize_t *chunk)
{
  const hid_t type = H5Dget_type(set);
  size_t n_bytes = H5Tget_size(type);
  H5Tclose(type);
  for (int i = 0; i < n_dimensions && n_bytes <= MOST_BYTES_OF_CHUNK; i++)
    n_bytes = chunk[i] > MOST_BYTES_OF_CHUNK ? MOST_BYTES_OF_CHUNK + 1 : n_bytes * (size_t)chunk[i];
  return n_bytes;
}

/* A chunk of any bytes, but of as many as it has: the library reads behind the end of shorter ones. */
static void write_chunk(fuzz_input *input, hid_t set, int n_dimensions, const hsize_t *shape, const hsize_t *chunk)
{
  uint8_t bytes[MOST_BYTES_OF_CHUNK];
  hsize_t offset[3];
  const size_t n_bytes = bytes_of_chunk(set, n_dimensions, chunk);
  if (n_bytes > sizeof bytes) return;
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
  const bool is_packed = is_chunked && (how & 14) != 0;
  for (int i = 0; is_chunked && !is_packed && set >= 0 && i < 3; i++)
    write_chunk(input, set, n_dimensions, shape, chunk);
  const bool fits = !is_chunked || (set >= 0 && bytes_of_chunk(set, n_dimensions, chunk) <= MOST_BYTES_OF_CHUNK);
  if (set >= 0 && (!is_chunked || is_packed) && fits && H5Sget_simple_extent_npoints(space) <= 64) {
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
