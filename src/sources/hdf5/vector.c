/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/hdf5/vector.h"

#include "sources/hdf5/chunks.h"
#include "sources/hdf5/claims.h"
#include "sources/hdf5/filters.h"
#include "sources/hdf5/links.h"
#include "sources/hdf5/unwritten.h"
#include "support/error.h"
#include "support/hdf5_file.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

const hdf5_vector hdf5_no_vector = {
    .data_set = H5I_INVALID_HID, .space = H5I_INVALID_HID, .numbers = {H5I_INVALID_HID, H5I_INVALID_HID}};

static gmmpi_status out_of_memory(const hdf5_vector *vector, gmmpi_error *error)
{
  return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to read its %s", vector->label, vector->name);
}

static bool holds_numbers(hid_t data_set, bool is_integer)
{
  const hid_t type = H5Dget_type(data_set);
  const bool fits = type >= 0 && (!is_integer || H5Tget_class(type) == H5T_INTEGER) && hdf5_is_numeric(data_set);
  if (type >= 0) H5Tclose(type);
  return fits;
}

static gmmpi_status check_shape(hdf5_vector *vector, bool is_integer, gmmpi_error *error)
{
  hsize_t extent = 0;
  vector->space = H5Dget_space(vector->data_set);
  if (vector->space < 0 || H5Sget_simple_extent_ndims(vector->space) != 1 ||
      !holds_numbers(vector->data_set, is_integer) || H5Sget_simple_extent_dims(vector->space, &extent, NULL) < 0 ||
      extent >= INT64_MAX)
    return fail(error, GMMPI_BAD_DATA, "%s: its %s are no list of %s; write the matrix anew", vector->label,
                vector->name, is_integer ? "integers" : "numbers");
  vector->n = (int64_t)extent;
  return GMMPI_OK;
}

/* Was every part of it written? The library delivers fill values for others. */
static bool is_written(const hdf5_vector *vector)
{
  int64_t first;
  return vector->n == 0 || hdf5_unwritten_count(vector->data_set, &first) <= 0;
}

/* Is all there that reading needs? */
static gmmpi_status check_storage(const point_source *source, const hdf5_vector *vector, gmmpi_error *error)
{
  gmmpi_status status = hdf5_check_links(vector->data_set, source, error);
  if (status == GMMPI_OK) status = hdf5_check_filters_of(vector->data_set, source->label, error);
  if (status == GMMPI_OK) status = hdf5_check_claims(vector->data_set, 1, source->label, error);
  if (status == GMMPI_OK && !is_written(vector))
    status = fail(error, GMMPI_BAD_DATA, "%s: its %s were never written, or not all of them; write the matrix anew",
                  source->label, vector->name);
  return status;
}

gmmpi_status hdf5_vector_open(const point_source *source, hid_t group, const char *name, bool is_integer,
                              hdf5_vector *vector, gmmpi_error *error)
{
  *vector = hdf5_no_vector;
  vector->name = name;
  vector->label = source->label;
  errno = 0;
  vector->data_set = H5Dopen2(group, name, H5P_DEFAULT);
  if (vector->data_set < 0) return hdf5_broken(source->path, error);
  gmmpi_status status = check_shape(vector, is_integer, error);
  if (status == GMMPI_OK) status = check_storage(source, vector, error);
  if (status != GMMPI_OK) return status;
  const hdf5_chunk_memory memory = hdf5_chunk_memory_of(vector->data_set);
  vector->bytes = memory.cache + memory.unpacking;
  if (memory.cache > 0) {
    H5Dclose(vector->data_set);
    vector->data_set = hdf5_open_with_cache(group, name, memory.cache);
  }
  return vector->data_set >= 0 && hdf5_numbers_open(vector->data_set, &vector->numbers) ? GMMPI_OK
                                                                                        : out_of_memory(vector, error);
}

void hdf5_vector_close(hdf5_vector *vector)
{
  hdf5_numbers_close(&vector->numbers);
  if (vector->space >= 0) H5Sclose(vector->space);
  if (vector->data_set >= 0) H5Dclose(vector->data_set);
  *vector = hdf5_no_vector;
}

/* Says why a slice could not be read: reason is errno. */
static gmmpi_status not_read(const hdf5_vector *vector, bool is_ready, int reason, int64_t first, int64_t n,
                             gmmpi_error *error)
{
  if (!is_ready || reason == ENOMEM) return out_of_memory(vector, error);
  if (reason != 0)
    return fail(error, GMMPI_INPUT_FAILED,
                "%s: reading %s %" PRId64 " to %" PRId64 " failed (%s); check the disk and start again", vector->label,
                vector->name, first + 1, first + n, strerror(reason));
  return fail(error, GMMPI_BAD_DATA,
              "%s: %s %" PRId64 " to %" PRId64 " are damaged and cannot be unpacked; copy it anew", vector->label,
              vector->name, first + 1, first + n);
}

/* The space in memory for n numbers, with those from the first on selected in the file; negative: no memory. */
static hid_t select_slice(const hdf5_vector *vector, int64_t first, int64_t n)
{
  const hsize_t start = (hsize_t)first;
  const hsize_t count = (hsize_t)n;
  const hid_t memory = H5Screate_simple(1, &count, NULL);
  if (memory < 0 || H5Sselect_hyperslab(vector->space, H5S_SELECT_SET, &start, NULL, &count, NULL) >= 0) return memory;
  H5Sclose(memory);
  return H5I_INVALID_HID;
}

gmmpi_status hdf5_vector_read(const hdf5_vector *vector, int64_t first, int64_t n, double *values, gmmpi_error *error)
{
  if (n == 0) return GMMPI_OK;
  const hid_t memory = select_slice(vector, first, n);
  errno = 0;
  const bool is_read =
      memory >= 0 && hdf5_numbers_read(&vector->numbers, vector->data_set, memory, vector->space, n, values);
  const int reason = errno;
  if (memory >= 0) H5Sclose(memory);
  return is_read ? GMMPI_OK : not_read(vector, memory >= 0, reason, first, n, error);
}

gmmpi_status hdf5_vector_read_integers(const hdf5_vector *vector, int64_t first, int64_t n, int64_t *values,
                                       gmmpi_error *error)
{
  if (n == 0) return GMMPI_OK;
  const hid_t memory = select_slice(vector, first, n);
  errno = 0;
  const bool is_read =
      memory >= 0 && H5Dread(vector->data_set, H5T_NATIVE_INT64, memory, vector->space, H5P_DEFAULT, values) >= 0;
  const int reason = errno;
  if (memory >= 0) H5Sclose(memory);
  return is_read ? GMMPI_OK : not_read(vector, memory >= 0, reason, first, n, error);
}
