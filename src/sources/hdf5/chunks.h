/* SPDX-License-Identifier: BSD-3-Clause */
/* Chunks of HDF5 data sets in memory. A chunk is unpacked as a whole; with a cache that holds those that lie abreast,
 * each is unpacked once when rows are read in order. */
#ifndef SOURCES_HDF5_CHUNKS_H
#define SOURCES_HDF5_CHUNKS_H

#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>

/* What reading a data set takes; all 0 when it has no chunks. */
typedef struct hdf5_chunk_memory {
  int64_t cache;        /* bytes that the cache should have */
  int64_t cache_across; /* the same where columns are read in order */
  int64_t unpacking;    /* bytes while a chunk is unpacked */
  bool are_many_across; /* are those of a column too many for a cache? Then it has one chunk. */
} hdf5_chunk_memory;

hdf5_chunk_memory hdf5_chunk_memory_of(hid_t data_set);

/* The columns of a chunk; 1 when there are no chunks, or no columns. */
int64_t hdf5_chunk_columns(hid_t data_set);

/* The cache for each of n data sets that want so much: less where they want too much together. */
int64_t hdf5_shared_cache(int64_t wanted, int64_t n);

/* Opens the data set `inside` of the file with such a cache; a virtual one gives each of its pieces as much. Negative
 * on failure. */
hid_t hdf5_open_with_cache(hid_t file, const char *inside, int64_t bytes);

#endif
