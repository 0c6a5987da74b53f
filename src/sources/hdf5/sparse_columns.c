/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/hdf5/sparse_columns.h"

#include "support/error.h"
#include "support/memory.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* An entry of a feature while they are sorted. */
typedef struct entry {
  int64_t point;
  int64_t position; /* in the file: entries of one point are summed in their order */
  double value;
} entry;

static gmmpi_status out_of_memory(const point_source *source, int64_t n_entries, gmmpi_error *error)
{
  return fail(error, GMMPI_NO_MEMORY,
              "%s: no memory is left for all %" PRId64 " entries of the features, which each rank keeps because the "
              "matrix is stored by columns; pick fewer (--columns), or store it by rows (X.tocsr() in Python)",
              source->label, n_entries);
}

gmmpi_status sparse_columns_measure(const point_source *source, const sparse_matrix *matrix, sparse_columns *columns,
                                    int64_t *n_bytes, gmmpi_error *error)
{
  int64_t *bounds = allocate(matrix->n_features + 1, sizeof *bounds);
  columns->begins = allocate(source->n_features + 1, sizeof *columns->begins);
  columns->file_begins = allocate(source->n_features, sizeof *columns->file_begins);
  gmmpi_status status = GMMPI_OK;
  if (bounds == NULL || columns->begins == NULL || columns->file_begins == NULL)
    status = out_of_memory(source, 0, error);
  else
    status = sparse_matrix_bounds(matrix, 0, matrix->n_features, bounds, error);
  for (int64_t j = 0; j < source->n_features && status == GMMPI_OK; j++) {
    const int64_t *of_feature = bounds + source->columns[j];
    columns->file_begins[j] = of_feature[0];
    columns->begins[j + 1] = columns->begins[j] + (of_feature[1] - of_feature[0]);
  }
  free(bounds);
  if (status != GMMPI_OK) return status;
  const int64_t item_bytes = (int64_t)(sizeof *columns->points + sizeof *columns->values);
  if (!multiply_fits(columns->begins[source->n_features], item_bytes, n_bytes)) *n_bytes = INT64_MAX;
  return GMMPI_OK;
}

/* --- reading --- */

static int compare_entries(const void *a, const void *b)
{
  const entry *left = a;
  const entry *right = b;
  if (left->point != right->point) return left->point < right->point ? -1 : 1;
  return (left->position > right->position) - (left->position < right->position);
}

/* Sorts n entries by point, if they are not. False: no memory. */
static bool sort_entries(int64_t *points, double *values, int64_t n)
{
  bool is_sorted = true;
  for (int64_t i = 1; i < n && is_sorted; i++) is_sorted = points[i - 1] <= points[i];
  entry *entries = is_sorted ? NULL : allocate_untouched(n, sizeof *entries);
  if (is_sorted) return true;
  if (entries == NULL) return false;
  for (int64_t i = 0; i < n; i++) entries[i] = (entry){points[i], i, values[i]};
  qsort(entries, (size_t)n, sizeof *entries, compare_entries);
  for (int64_t i = 0; i < n; i++) {
    points[i] = entries[i].point;
    values[i] = entries[i].value;
  }
  free(entries);
  return true;
}

static gmmpi_status read_feature(const point_source *source, const sparse_matrix *matrix, sparse_columns *columns,
                                 int64_t j, gmmpi_error *error)
{
  const int64_t begin = columns->begins[j];
  const int64_t n = columns->begins[j + 1] - begin;
  const gmmpi_status status = sparse_matrix_entries(matrix, columns->file_begins[j], n, columns->points + begin,
                                                    columns->values + begin, error);
  if (status != GMMPI_OK) return status;
  for (int64_t i = begin; i < begin + n; i++) {
    if (columns->points[i] < 0 || columns->points[i] >= matrix->n_points)
      return sparse_matrix_bad_place(matrix, source->columns[j], columns->points[i], error);
  }
  if (sort_entries(columns->points + begin, columns->values + begin, n)) return GMMPI_OK;
  return out_of_memory(source, columns->begins[source->n_features], error);
}

static gmmpi_status read_all(const point_source *source, const sparse_matrix *matrix, sparse_columns *columns,
                             gmmpi_error *error)
{
  const int64_t n_entries = columns->begins[source->n_features];
  columns->points = allocate_untouched(n_entries, sizeof *columns->points);
  columns->values = allocate_untouched(n_entries, sizeof *columns->values);
  gmmpi_status status = GMMPI_OK;
  if (columns->points == NULL || columns->values == NULL) status = out_of_memory(source, n_entries, error);
  for (int64_t j = 0; j < source->n_features && status == GMMPI_OK; j++)
    status = read_feature(source, matrix, columns, j, error);
  if (status == GMMPI_OK) return status;
  free(columns->points);
  free(columns->values);
  columns->points = NULL;
  columns->values = NULL;
  return status;
}

/* The first of the entries [begin, end) that is of this point or one behind it. */
static int64_t find_point(const int64_t *points, int64_t begin, int64_t end, int64_t point)
{
  while (begin < end) {
    const int64_t middle = begin + (end - begin) / 2;
    if (points[middle] < point)
      begin = middle + 1;
    else
      end = middle;
  }
  return begin;
}

gmmpi_status sparse_columns_read(const point_source *source, const sparse_matrix *matrix, sparse_columns *columns,
                                 int64_t first_row, int64_t n_rows, double *rows, gmmpi_error *error)
{
  const int64_t n_features = source->n_features;
  if (columns->points == NULL && read_all(source, matrix, columns, error) != GMMPI_OK) return error->status;
  memset(rows, 0, (size_t)(n_rows * n_features) * sizeof *rows);
  for (int64_t j = 0; j < n_features; j++) {
    const int64_t end = columns->begins[j + 1];
    int64_t i = find_point(columns->points, columns->begins[j], end, first_row);
    for (; i < end && columns->points[i] < first_row + n_rows; i++)
      rows[(columns->points[i] - first_row) * n_features + j] += columns->values[i];
  }
  return GMMPI_OK;
}

void sparse_columns_close(sparse_columns *columns)
{
  free(columns->begins);
  free(columns->file_begins);
  free(columns->points);
  free(columns->values);
}
