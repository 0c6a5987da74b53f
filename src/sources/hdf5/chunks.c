/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/hdf5/chunks.h"

#include "support/memory.h"

/* The most for all caches together, unless one chunk has more: unpacking it takes as much anyway. */
static const int64_t most_bytes = (int64_t)256 << 20;
/* Chunks that have been read whole are to go first; with 1, HDF5 1.10 keeps some chunks for ever. */
static const double preemption = 0.75;
/* A cache of so many bytes may have many chunks. */
static const int64_t many_slots_from = 4 << 20;
/* So many times the bytes of a chunk are taken while it is unpacked, beside its place in the cache: deflate doubles its
 * room until all fits, and shuffle wants as much again. Measured, chunks of 1 to 96 MiB: at most 2.0 times. */
enum { UNPACKING = 2 };

/* The extents of the data set and of a chunk; their number, 0 when it has no chunks. */
static int get_extents(hid_t data_set, hsize_t extents[H5S_MAX_RANK], hsize_t chunk[H5S_MAX_RANK])
{
  const hid_t properties = H5Dget_create_plist(data_set);
  const hid_t space = H5Dget_space(data_set);
  int n = 0;
  if (properties >= 0 && space >= 0 && H5Pget_layout(properties) == H5D_CHUNKED &&
      H5Sget_simple_extent_dims(space, extents, NULL) == H5Pget_chunk(properties, H5S_MAX_RANK, chunk))
    n = H5Sget_simple_extent_ndims(space);
  if (space >= 0) H5Sclose(space);
  if (properties >= 0) H5Pclose(properties);
  return n > 0 ? n : 0;
}

static int64_t bytes_of_item(hid_t data_set)
{
  const hid_t type = H5Dget_type(data_set);
  const int64_t bytes = type >= 0 ? (int64_t)H5Tget_size(type) : 0;
  if (type >= 0) H5Tclose(type);
  return bytes;
}

/* The bytes of the chunks that lie abreast where one dimension is gone along; INT64_MAX when they cannot be counted. */
static int64_t bytes_abreast(int64_t chunk_bytes, int n_dimensions, const hsize_t *extents, const hsize_t *chunk,
                             int along)
{
  int64_t bytes = chunk_bytes;
  bool fits = true;
  for (int i = 0; i < n_dimensions; i++) {
    if (i != along) fits = fits && multiply_fits(bytes, (int64_t)((extents[i] - 1) / chunk[i] + 1), &bytes);
  }
  return fits ? bytes : INT64_MAX;
}

hdf5_chunk_memory hdf5_chunk_memory_of(hid_t data_set)
{
  hsize_t extents[H5S_MAX_RANK];
  hsize_t chunk[H5S_MAX_RANK];
  const int n_dimensions = get_extents(data_set, extents, chunk);
  int64_t chunk_bytes = bytes_of_item(data_set); /* less than 4 GiB by HDF5's rules */
  for (int i = 0; i < n_dimensions; i++) {
    if (chunk[i] == 0 || extents[i] == 0) return (hdf5_chunk_memory){0};
    chunk_bytes *= (int64_t)chunk[i];
  }
  if (n_dimensions == 0) return (hdf5_chunk_memory){0};
  const int64_t most = chunk_bytes > most_bytes ? chunk_bytes : most_bytes;
  const int64_t of_row = bytes_abreast(chunk_bytes, n_dimensions, extents, chunk, 0);
  const int64_t of_column = bytes_abreast(chunk_bytes, n_dimensions, extents, chunk, 1);
  return (hdf5_chunk_memory){.cache = of_row > most ? most : of_row,
                             .cache_across = of_column > most ? chunk_bytes : of_column,
                             .unpacking = UNPACKING * chunk_bytes,
                             .are_many_across = of_column > most};
}

int64_t hdf5_chunk_columns(hid_t data_set)
{
  hsize_t extents[H5S_MAX_RANK];
  hsize_t chunk[H5S_MAX_RANK];
  return get_extents(data_set, extents, chunk) > 1 ? (int64_t)chunk[1] : 1;
}

int64_t hdf5_shared_cache(int64_t wanted, int64_t n)
{
  return n > 1 && wanted > most_bytes / n ? most_bytes / n : wanted;
}

hid_t hdf5_open_with_cache(hid_t file, const char *inside, int64_t bytes)
{
  const hid_t access = H5Pcreate(H5P_DATASET_ACCESS);
  hid_t data_set = H5I_INVALID_HID;
  const size_t n_slots = bytes < many_slots_from ? 521 : 12421; /* prime numbers */
  if (access >= 0 && H5Pset_chunk_cache(access, n_slots, (size_t)bytes, preemption) >= 0)
    data_set = H5Dopen2(file, inside, access);
  if (access >= 0) H5Pclose(access);
  return data_set;
}
