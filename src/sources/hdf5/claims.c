/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/hdf5/claims.h"

#include "sources/hdf5/links.h"
#include "support/error.h"

#include <inttypes.h>
#include <stdbool.h>

/* Deflate packs at most 1032 bytes into one. */
static const double most_packed = 1032.0;

/* Are these the filters of which that is known? */
static bool packs_by_deflate_at_most(hid_t properties)
{
  const int n_filters = H5Pget_nfilters(properties);
  int n_deflate = 0;
  for (int i = 0; i < n_filters; i++) {
    unsigned flags;
    unsigned settings;
    size_t n_values = 0;
    const H5Z_filter_t filter = H5Pget_filter2(properties, (unsigned)i, &flags, &n_values, NULL, 0, NULL, &settings);
    if (filter == H5Z_FILTER_DEFLATE)
      n_deflate++;
    else if (filter != H5Z_FILTER_SHUFFLE && filter != H5Z_FILTER_FLETCHER32)
      return false;
  }
  return n_deflate <= 1;
}

/* The bytes of a chunk's numbers. */
static double chunk_bytes(hid_t properties, double item_bytes)
{
  hsize_t chunk[H5S_MAX_RANK];
  double bytes = item_bytes;
  const int n_dimensions = H5Pget_chunk(properties, H5S_MAX_RANK, chunk);
  for (int i = 0; i < n_dimensions; i++) bytes *= (double)chunk[i];
  return bytes;
}

gmmpi_status hdf5_check_claims(hid_t data_set, int64_t n_columns, const char *label, gmmpi_error *error)
{
  const hid_t properties = H5Dget_create_plist(data_set);
  const hid_t type = H5Dget_type(data_set);
  gmmpi_status status = GMMPI_OK;
  const int64_t n_bytes = hdf5_own_file_bytes(data_set);
  if (properties >= 0 && type >= 0 && n_bytes > 0 && H5Pget_layout(properties) != H5D_VIRTUAL &&
      H5Pget_external_count(properties) == 0) {
    const double most = most_packed * (double)n_bytes;
    const double item_bytes = (double)H5Tget_size(type);
    const bool is_chunked = H5Pget_layout(properties) == H5D_CHUNKED;
    if ((double)n_columns * item_bytes > most)
      status = fail(error, GMMPI_BAD_DATA,
                    "%s: claims %" PRId64 " columns, more than there can be in a file of its size; copy it anew", label,
                    n_columns);
    else if (is_chunked && packs_by_deflate_at_most(properties) && chunk_bytes(properties, item_bytes) > most)
      status = fail(error, GMMPI_BAD_DATA,
                    "%s: claims chunks of %.3g bytes, more than there can be in a file of its size; copy it anew",
                    label, chunk_bytes(properties, item_bytes));
  }
  if (type >= 0) H5Tclose(type);
  if (properties >= 0) H5Pclose(properties);
  return status;
}
