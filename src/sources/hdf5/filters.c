/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/hdf5/filters.h"

#include "support/error.h"

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

gmmpi_status hdf5_check_filters(hid_t properties, const char *label, gmmpi_error *error)
{
  const int n_filters = H5Pget_nfilters(properties);
  for (int i = 0; i < n_filters; i++) {
    unsigned flags;
    unsigned settings;
    size_t n_values = 0;
    char name[64] = "";
    const H5Z_filter_t filter =
        H5Pget_filter2(properties, (unsigned)i, &flags, &n_values, NULL, sizeof name, name, &settings);
    if (filter >= 0 && H5Zfilter_avail(filter) <= 0)
      return fail(error, GMMPI_BAD_DATA,
                  "%s: is packed with filter %d (%.60s), which this HDF5 does not have; name the folder of its plugin "
                  "in HDF5_PLUGIN_PATH, or write the data anew with gzip",
                  label, (int)filter, name_of(filter, name));
  }
  return GMMPI_OK;
}
