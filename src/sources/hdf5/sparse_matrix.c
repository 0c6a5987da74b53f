/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/hdf5/sparse_matrix.h"

#include "sources/hdf5/roles.h"
#include "sources/hdf5/strings.h"
#include "sources/hdf5/tables.h"
#include "support/error.h"
#include "support/hdf5_file.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* A file has at least a byte for so many columns, if only for their names. */
static const int64_t most_columns_of_byte = 64;

/* 'r' or 'c' for csr and csc, as AnnData says it; '\0': it says neither. */
static char stored_by(hid_t group)
{
  static const char *const attributes[] = {"encoding-type", "h5sparse_format"};
  char by = '\0';
  for (int i = 0; i < 2 && by == '\0'; i++) {
    char text[16];
    hdf5_text_attribute(group, attributes[i], text, sizeof text);
    if (strncmp(text, "csr", 3) == 0) by = 'r';
    if (strncmp(text, "csc", 3) == 0) by = 'c';
  }
  return by;
}

bool hdf5_is_sparse_matrix(hid_t object)
{
  if (H5Iget_type(object) != H5I_GROUP) return false;
  return hdf5_has_sparse_lists(object) && (H5Lexists(object, "shape", H5P_DEFAULT) > 0 || stored_by(object) != '\0');
}

/* --- the shape --- */

/* The two integers of an attribute. */
static bool read_shape_attribute(hid_t group, const char *name, int64_t shape[2])
{
  const hid_t attribute = H5Aexists(group, name) > 0 ? H5Aopen(group, name, H5P_DEFAULT) : H5I_INVALID_HID;
  const hid_t space = attribute >= 0 ? H5Aget_space(attribute) : H5I_INVALID_HID;
  const bool is_read =
      space >= 0 && H5Sget_simple_extent_npoints(space) == 2 && H5Aread(attribute, H5T_NATIVE_INT64, shape) >= 0;
  if (space >= 0) H5Sclose(space);
  if (attribute >= 0) H5Aclose(attribute);
  return is_read;
}

static bool read_shape_list(const point_source *source, hid_t group, int64_t shape[2])
{
  hdf5_vector list;
  const bool is_read = hdf5_vector_open(source, group, "shape", true, &list, NULL) == GMMPI_OK && list.n == 2 &&
                       hdf5_vector_read_integers(&list, 0, 2, shape, NULL) == GMMPI_OK;
  hdf5_vector_close(&list);
  return is_read;
}

static gmmpi_status set_shape(const point_source *source, hid_t group, sparse_matrix *matrix, gmmpi_error *error)
{
  const char by = stored_by(group);
  int64_t shape[2] = {0, 0};
  matrix->is_10x = by == '\0';
  errno = 0;
  const bool is_read = matrix->is_10x ? read_shape_list(source, group, shape)
                                      : read_shape_attribute(group, "shape", shape) ||
                                            read_shape_attribute(group, "h5sparse_shape", shape);
  if (!is_read && hdf5_disk_failed()) return hdf5_broken(matrix->label, error);
  if (!is_read)
    return fail(error, GMMPI_BAD_DATA, "%s: is a sparse matrix without a shape; write it anew", matrix->label);
  matrix->n_points = shape[matrix->is_10x ? 1 : 0];
  matrix->n_features = shape[matrix->is_10x ? 0 : 1];
  matrix->is_by_feature = by == 'c';
  if (matrix->n_points < 0 || matrix->n_features <= 0)
    return fail(error, GMMPI_BAD_DATA, "%s: holds %" PRId64 " rows of %" PRId64 " columns; give a file with points",
                matrix->label, matrix->n_points, matrix->n_features);
  if (matrix->n_features > most_columns_of_byte * hdf5_bytes_of_file(group))
    return fail(error, GMMPI_BAD_DATA,
                "%s: claims %" PRId64 " columns, more than there can be in a file of its size; copy it anew",
                matrix->label, matrix->n_features);
  return GMMPI_OK;
}

/* --- the lists --- */

static gmmpi_status check_lists(const sparse_matrix *matrix, gmmpi_error *error)
{
  const int64_t n_lines = matrix->is_by_feature ? matrix->n_features : matrix->n_points;
  int64_t ends[2] = {0, 0};
  if (matrix->data.n != matrix->indices.n)
    return fail(error, GMMPI_BAD_DATA, "%s: has %" PRId64 " data and %" PRId64 " indices; write the matrix anew",
                matrix->label, matrix->data.n, matrix->indices.n);
  if (matrix->indptr.n - 1 != n_lines)
    return fail(error, GMMPI_BAD_DATA,
                "%s: has %" PRId64 " indptr where its shape wants %" PRId64 "; write the matrix anew", matrix->label,
                matrix->indptr.n, n_lines + 1);
  gmmpi_status status = hdf5_vector_read_integers(&matrix->indptr, 0, 1, &ends[0], error);
  if (status == GMMPI_OK) status = hdf5_vector_read_integers(&matrix->indptr, n_lines, 1, &ends[1], error);
  if (status == GMMPI_OK && (ends[0] != 0 || ends[1] != matrix->data.n))
    status = fail(error, GMMPI_BAD_DATA,
                  "%s: its indptr go from %" PRId64 " to %" PRId64 " where there are %" PRId64
                  " data; write the matrix anew",
                  matrix->label, ends[0], ends[1], matrix->data.n);
  return status;
}

gmmpi_status sparse_matrix_open(const point_source *source, hid_t group, sparse_matrix *matrix, gmmpi_error *error)
{
  *matrix = (sparse_matrix){.label = source->label};
  matrix->data = hdf5_no_vector;
  matrix->indices = hdf5_no_vector;
  matrix->indptr = hdf5_no_vector;
  gmmpi_status status = set_shape(source, group, matrix, error);
  if (status == GMMPI_OK) status = hdf5_vector_open(source, group, "data", false, &matrix->data, error);
  if (status == GMMPI_OK) status = hdf5_vector_open(source, group, "indices", true, &matrix->indices, error);
  if (status == GMMPI_OK) status = hdf5_vector_open(source, group, "indptr", true, &matrix->indptr, error);
  return status == GMMPI_OK ? check_lists(matrix, error) : status;
}

void sparse_matrix_close(sparse_matrix *matrix)
{
  hdf5_vector_close(&matrix->data);
  hdf5_vector_close(&matrix->indices);
  hdf5_vector_close(&matrix->indptr);
}

gmmpi_status sparse_matrix_bounds(const sparse_matrix *matrix, int64_t first, int64_t n, int64_t *bounds,
                                  gmmpi_error *error)
{
  const gmmpi_status status = hdf5_vector_read_integers(&matrix->indptr, first, n + 1, bounds, error);
  for (int64_t i = 0; i <= n && status == GMMPI_OK; i++) {
    if (bounds[i] >= (i == 0 ? 0 : bounds[i - 1]) && bounds[i] <= matrix->data.n) continue;
    return fail_at(error, first + i, GMMPI_BAD_DATA,
                   "%s: its indptr %" PRId64 " is %" PRId64 ", which is not between the one before and %" PRId64
                   "; write the matrix anew",
                   matrix->label, first + i + 1, bounds[i], matrix->data.n);
  }
  return status;
}

gmmpi_status sparse_matrix_entries(const sparse_matrix *matrix, int64_t first, int64_t n, int64_t *places,
                                   double *values, gmmpi_error *error)
{
  const gmmpi_status status = hdf5_vector_read_integers(&matrix->indices, first, n, places, error);
  return status == GMMPI_OK ? hdf5_vector_read(&matrix->data, first, n, values, error) : status;
}

gmmpi_status sparse_matrix_bad_place(const sparse_matrix *matrix, int64_t line, int64_t place, gmmpi_error *error)
{
  const bool by_feature = matrix->is_by_feature;
  return fail_at(error, by_feature ? 0 : line + 1, GMMPI_BAD_DATA,
                 "%s: %s %" PRId64 " has an entry at index %" PRId64 ", there are %" PRId64
                 " %ss; write the matrix anew",
                 matrix->label, by_feature ? "column" : "row", line + 1, place,
                 by_feature ? matrix->n_points : matrix->n_features, by_feature ? "row" : "column");
}
