#include "apply/output_format.h"

#include "mixture/hdf5_attributes.h"
#include "support/error.h"
#include "support/file.h"

#include <hdf5.h>

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

static int64_t number_bytes(output_type type)
{
  return type == OUTPUT_INT32 || type == OUTPUT_FLOAT ? 4 : 8;
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
static hid_t layout_properties(void)
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

/* The offset of the new data set's numbers, -1 on failure. */
static int64_t create_column(hid_t file, hid_t properties, const output_column *column, int64_t n_rows)
{
  const hsize_t shape[2] = {(hsize_t)n_rows, (hsize_t)column->width};
  const hid_t space = H5Screate_simple(column->is_matrix ? 2 : 1, shape, NULL);
  hid_t set = H5I_INVALID_HID;
  int64_t offset = -1;
  if (space >= 0)
    set = H5Dcreate2(file, column->name, number_type(column->type), space, H5P_DEFAULT, properties, H5P_DEFAULT);
  if (set >= 0 && (column->headings_attribute == NULL ||
                   hdf5_strings_write(set, column->headings_attribute, column->width, column->headings))) {
    const haddr_t address = H5Dget_offset(set);
    if (address != HADDR_UNDEF) offset = (int64_t)address;
  }
  if (set >= 0) H5Dclose(set);
  if (space >= 0) H5Sclose(space);
  return offset;
}

gmmpi_status output_hdf5_create(const output_table *table, const char *path, const char *draft, output_layout *layout,
                                gmmpi_error *error)
{
  const hid_t file = create_file(draft);
  const hid_t properties = layout_properties();
  bool good = file >= 0 && properties >= 0;
  layout->n_bytes = 0;
  for (int c = 0; good && c < table->n_columns; c++) {
    const output_column *column = &table->columns[c];
    const int64_t offset = create_column(file, properties, column, table->n_rows);
    const int64_t end = offset + table->n_rows * column->width * number_bytes(column->type);
    good = offset >= 0;
    layout->columns[c] = offset;
    if (end > layout->n_bytes) layout->n_bytes = end;
  }
  if (properties >= 0) H5Pclose(properties);
  if (file >= 0 && H5Fclose(file) < 0) good = false;
  if (good) return GMMPI_OK;
  return fail(error, GMMPI_NO_OUTPUT, "%s: cannot be written (HDF5 failed to create it); make room or write elsewhere",
              path);
}

gmmpi_status output_hdf5_write(const output_table *table, const output_layout *layout, int descriptor, const char *path,
                               int64_t first, int64_t n, void *const *numbers, gmmpi_error *error)
{
  gmmpi_status status = GMMPI_OK;
  for (int c = 0; status == GMMPI_OK && c < table->n_columns; c++) {
    const output_column *column = &table->columns[c];
    const int64_t row_bytes = column->width * number_bytes(column->type);
    status = file_write_at(descriptor, path, numbers[c], (size_t)(n * row_bytes),
                           layout->columns[c] + (table->first_row + first) * row_bytes, error);
  }
  return status;
}
