/* SPDX-License-Identifier: BSD-3-Clause */
#include "apply/output_hdf5_file.h"

#include "apply/output_job.h"
#include "support/error.h"
#include "support/file.h"
#include "support/hdf5_attributes.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static hid_t number_type(output_type type)
{
  switch (type) {
  case OUTPUT_INT32:
    return H5T_NATIVE_INT32;
  case OUTPUT_INT64:
    return H5T_NATIVE_INT64;
  case OUTPUT_FLOAT:
    return H5T_NATIVE_FLOAT;
  case OUTPUT_REAL:
    break;
  }
  return H5T_NATIVE_DOUBLE;
}

/* A file whose bytes depend on its content alone. Locks are for files that others know, and fail on some file systems.
 */
static hid_t create_file(const char *draft)
{
  const hid_t creation = H5Pcreate(H5P_FILE_CREATE);
  const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  hid_t file = H5I_INVALID_HID;
  bool good = creation >= 0 && access >= 0 && H5Pset_obj_track_times(creation, false) >= 0 &&
              H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18) >= 0;
#if H5_VERSION_GE(1, 10, 7)
  good = good && H5Pset_file_locking(access, false, true) >= 0;
#endif
  if (good) file = H5Fcreate(draft, H5F_ACC_TRUNC, creation, access);
  if (creation >= 0) H5Pclose(creation);
  if (access >= 0) H5Pclose(access);
  return file;
}

/* Contiguous, allocated at once, never filled, without times. Negative on failure. */
static hid_t contiguous_properties(void)
{
  const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
  if (properties >= 0 &&
      (H5Pset_layout(properties, H5D_CONTIGUOUS) < 0 || H5Pset_alloc_time(properties, H5D_ALLOC_TIME_EARLY) < 0 ||
       H5Pset_fill_time(properties, H5D_FILL_TIME_NEVER) < 0 || H5Pset_obj_track_times(properties, false) < 0)) {
    H5Pclose(properties);
    return H5I_INVALID_HID;
  }
  return properties;
}

/* The shape of so many rows of the column: how many dimensions. */
static int shape_of(const output_column *column, int64_t n_rows, hsize_t shape[3])
{
  shape[0] = (hsize_t)n_rows;
  shape[1] = (hsize_t)(column->inner > 0 ? column->width / column->inner : column->width);
  shape[2] = (hsize_t)column->inner;
  return !column->is_matrix ? 1 : column->inner > 0 ? 3 : 2;
}

/* Chunks of so many rows, shuffled and deflated. */
static hid_t chunk_properties(const output_column *column, int64_t chunk_rows, int level)
{
  hsize_t chunk[3];
  const int n_dimensions = shape_of(column, chunk_rows, chunk);
  const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
  if (properties >= 0 &&
      (H5Pset_chunk(properties, n_dimensions, chunk) < 0 || H5Pset_fill_time(properties, H5D_FILL_TIME_NEVER) < 0 ||
       H5Pset_shuffle(properties) < 0 || H5Pset_deflate(properties, (unsigned)level) < 0 ||
       H5Pset_obj_track_times(properties, false) < 0)) {
    H5Pclose(properties);
    return H5I_INVALID_HID;
  }
  return properties;
}

/* The column's data set, negative on failure. */
static hid_t create_column(hid_t file, hid_t properties, const output_column *column, int64_t n_rows)
{
  hsize_t shape[3];
  const int n_dimensions = shape_of(column, n_rows, shape);
  const hid_t space = H5Screate_simple(n_dimensions, shape, NULL);
  hid_t set = H5I_INVALID_HID;
  if (space >= 0 && properties >= 0)
    set = H5Dcreate2(file, column->name, number_type(column->type), space, H5P_DEFAULT, properties, H5P_DEFAULT);
  if (space >= 0) H5Sclose(space);
  if (set >= 0 && column->headings_attribute != NULL &&
      !hdf5_strings_write(set, column->headings_attribute, column->width, column->headings)) {
    H5Dclose(set);
    set = H5I_INVALID_HID;
  }
  if (set >= 0 && column->names != NULL && !hdf5_strings_write(set, "names", column->n_names, column->names)) {
    H5Dclose(set);
    set = H5I_INVALID_HID;
  }
  return set;
}

/* errno may say why HDF5 failed, and is set to 0 before. */
static gmmpi_status hdf5_failed(const char *path, gmmpi_error *error)
{
  if (errno != 0) return output_cannot_write(path, errno, error);
  return fail(error, GMMPI_NO_OUTPUT, "%s: cannot be written (HDF5 failed); %s", path, file_write_remedy(ENOSPC));
}

/* --- contiguous columns, which every rank writes itself --- */

gmmpi_status output_hdf5_lay_out(const output_table *table, const char *path, const char *draft, output_layout *layout,
                                 gmmpi_error *error)
{
  errno = 0;
  const hid_t file = create_file(draft);
  const hid_t properties = contiguous_properties();
  bool good = file >= 0 && properties >= 0;
  layout->file_bytes = 0;
  for (int c = 0; good && c < table->n_columns; c++) {
    const output_column *column = &table->columns[c];
    const hid_t set = create_column(file, properties, column, table->n_rows);
    const haddr_t offset = set >= 0 ? H5Dget_offset(set) : HADDR_UNDEF;
    if (set >= 0) H5Dclose(set);
    good = offset != HADDR_UNDEF;
    layout->columns[c] = (int64_t)offset;
    const int64_t end = layout->columns[c] + table->n_rows * column->width * output_number_bytes(column->type);
    if (end > layout->file_bytes) layout->file_bytes = end;
  }
  if (properties >= 0) H5Pclose(properties);
  if (file >= 0 && H5Fclose(file) < 0) good = false;
  return good ? GMMPI_OK : hdf5_failed(path, error);
}

/* --- packed chunks, which one rank writes --- */

gmmpi_status output_chunk_file_create(const output_table *table, int64_t chunk_rows, const char *draft,
                                      output_chunk_file *file, const char *path, gmmpi_error *error)
{
  errno = 0;
  *file = (output_chunk_file){.file = create_file(draft), .n_sets = 0};
  bool good = file->file >= 0;
  for (int c = 0; good && c < table->n_columns; c++) {
    const hid_t properties = chunk_properties(&table->columns[c], chunk_rows, table->compress);
    const hid_t set = create_column(file->file, properties, &table->columns[c], table->n_rows);
    if (properties >= 0) H5Pclose(properties);
    good = set >= 0;
    if (good) file->sets[file->n_sets++] = set;
  }
  return good ? GMMPI_OK : hdf5_failed(path, error);
}

gmmpi_status output_chunk_write(const output_chunk_file *file, int column, int64_t row, const void *bytes,
                                int64_t n_bytes, const char *path, gmmpi_error *error)
{
  const hsize_t place[3] = {(hsize_t)row, 0, 0};
  errno = 0;
  return H5Dwrite_chunk(file->sets[column], H5P_DEFAULT, 0, place, (size_t)n_bytes, bytes) >= 0
             ? GMMPI_OK
             : hdf5_failed(path, error);
}

/* To the disk, where a full one may show only now. */
static gmmpi_status flush_draft(const char *draft, const char *path, gmmpi_error *error)
{
  const int descriptor = open(draft, O_WRONLY | O_CLOEXEC);
  if (descriptor < 0) return hdf5_failed(path, error);
  const bool flushed = fsync(descriptor) == 0;
  const gmmpi_status status = flushed ? GMMPI_OK : hdf5_failed(path, error);
  return close(descriptor) == 0 || !flushed ? status : hdf5_failed(path, error);
}

gmmpi_status output_chunk_file_close(output_chunk_file *file, const char *draft, const char *path, gmmpi_error *error)
{
  bool good = true;
  errno = 0;
  for (int c = 0; c < file->n_sets; c++) good = H5Dclose(file->sets[c]) >= 0 && good;
  if (file->file >= 0) good = H5Fclose(file->file) >= 0 && good;
  if (error->status != GMMPI_OK) return error->status;
  return good ? flush_draft(draft, path, error) : hdf5_failed(path, error);
}
