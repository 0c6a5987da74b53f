/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/hdf5/filters.h"

#include "support/error.h"

#include <stdbool.h>

/* Filters by their registered numbers, for files that do not say how theirs are called. */
static const struct {
  H5Z_filter_t number;
  const char *name;
} known_filters[] = {
    {H5Z_FILTER_DEFLATE, "gzip"},
    {H5Z_FILTER_SZIP, "szip"},
    {307, "bzip2"},
    {32000, "lzf"},
    {32001, "blosc"},
    {32004, "lz4"},
    {32008, "bitshuffle"},
    {32013, "zfp"},
    {32015, "zstd"},
    {32017, "sz"},
    {32026, "blosc2"},
};

static const char *name_of(H5Z_filter_t filter, const char *name)
{
  for (size_t i = 0; i < sizeof known_filters / sizeof *known_filters; i++) {
    if (known_filters[i].number == filter) return known_filters[i].name;
  }
  return name[0] != '\0' ? name : "of no name";
}

/* Did some of the chunks go through the index-th filter? Yes if nobody can say. */
static bool is_needed(hid_t data_set, int index)
{
#if H5_VERSION_GE(1, 10, 5)
  /* Up to 1.10 the library counts to a chunk from the first one on. */
  enum { MOST_CHUNKS = 4096 };
  hsize_t n = 0;
  const hid_t space = H5Dget_space(data_set);
  bool needed = space < 0 || H5Dget_num_chunks(data_set, space, &n) < 0 || n > MOST_CHUNKS || index >= 32;
  for (hsize_t i = 0; i < n && !needed; i++) {
    hsize_t offset[H5S_MAX_RANK];
    unsigned skipped = 0;
    haddr_t address;
    hsize_t n_bytes;
    needed =
        H5Dget_chunk_info(data_set, space, i, offset, &skipped, &address, &n_bytes) < 0 || (skipped >> index & 1U) == 0;
  }
  if (space >= 0) H5Sclose(space);
  return needed;
#else
  (void)data_set, (void)index;
  return true;
#endif
}

static gmmpi_status check(hid_t data_set, hid_t properties, const char *label, gmmpi_error *error)
{
  const int n_filters = H5Pget_nfilters(properties);
  for (int i = 0; i < n_filters; i++) {
    unsigned flags;
    unsigned settings;
    size_t n_values = 0;
    char name[64] = "";
    const H5Z_filter_t filter =
        H5Pget_filter2(properties, (unsigned)i, &flags, &n_values, NULL, sizeof name, name, &settings);
    if (filter >= 0 && H5Zfilter_avail(filter) <= 0 && is_needed(data_set, i))
      return fail(error, GMMPI_BAD_DATA,
                  "%s: is packed with filter %d (%.60s), which this HDF5 does not have; name the folder of its plugin "
                  "in HDF5_PLUGIN_PATH, or write the data anew with gzip",
                  label, (int)filter, name_of(filter, name));
  }
  return GMMPI_OK;
}

gmmpi_status hdf5_check_filters_of(hid_t data_set, const char *label, gmmpi_error *error)
{
  const hid_t properties = H5Dget_create_plist(data_set);
  gmmpi_status status = GMMPI_OK;
  if (properties >= 0 && H5Pget_layout(properties) == H5D_CHUNKED) status = check(data_set, properties, label, error);
  if (properties >= 0) H5Pclose(properties);
  return status;
}
