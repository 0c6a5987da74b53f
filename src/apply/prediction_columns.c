/* SPDX-License-Identifier: BSD-3-Clause */
#include "apply/prediction_columns.h"

#include "support/error.h"
#include "support/memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEADING_BYTES = 64 }; /* of a heading with its pointers, as memory is counted */

/* --- what each column holds --- */

static void fill_labels(const prediction_kind *kind, const predictor *from, int n_points, void *numbers)
{
  (void)kind;
  memcpy(numbers, from->labels, (size_t)n_points * sizeof from->labels[0]);
}

/* One for each component, and the background's where there is one. */
static int64_t n_shares(const prediction_kind *kind)
{
  return kind->model->n_components + (model_has(kind->model, PART_NOISE) ? 1 : 0);
}

static char *responsibility_heading(const prediction_kind *kind, int64_t i)
{
  char *heading;
  if (i == kind->model->n_components) return strdup("noise");
  return asprintf(&heading, "responsibility_%" PRId64, i + 1) < 0 ? NULL : heading;
}

static void fill_responsibilities(const prediction_kind *kind, const predictor *from, int n_points, void *numbers)
{
  const int64_t K = kind->model->n_components;
  double *next = numbers;
  for (int p = 0; p < n_points; p++) {
    for (int64_t k = 0; k < K; k++) *next++ = from->responsibilities[k * TILE_ROWS + p];
    if (n_shares(kind) > K) *next++ = from->noise[p];
  }
}

static void fill_log_density(const prediction_kind *kind, const predictor *from, int n_points, void *numbers)
{
  (void)kind;
  memcpy(numbers, from->log_density, (size_t)n_points * sizeof(double));
}

static void fill_outlier_weights(const prediction_kind *kind, const predictor *from, int n_points, void *numbers)
{
  (void)kind;
  memcpy(numbers, from->outlier_weights, (size_t)n_points * sizeof(double));
}

static void fill_expected_log_density(const prediction_kind *kind, const predictor *from, int n_points, void *numbers)
{
  (void)kind;
  memcpy(numbers, from->expected_log_density, (size_t)n_points * sizeof(double));
}

#define WISH(member) offsetof(predict_wishes, member)

static const prediction_column all_columns[] = {
    {.name = "labels",
     .type = OUTPUT_INT32,
     .wish = PREDICTION_ALWAYS,
     .heading = "label",
     .names_heading = "class",
     .fill = fill_labels},
    {.name = "responsibilities",
     .type = OUTPUT_REAL,
     .wish = WISH(responsibilities),
     .width = n_shares,
     .heading_of = responsibility_heading,
     .fill = fill_responsibilities},
    {.name = "log_density",
     .type = OUTPUT_REAL,
     .wish = WISH(log_density),
     .heading = "log_density",
     .fill = fill_log_density},
    {.name = "outlier_weights",
     .type = OUTPUT_REAL,
     .wish = WISH(outlier_weights),
     .heading = "outlier_weight",
     .fill = fill_outlier_weights},
    {.name = "expected_log_density",
     .type = OUTPUT_REAL,
     .wish = WISH(expected_log_density),
     .heading = "expected_log_density",
     .fill = fill_expected_log_density},
    {.name = "rows", .type = OUTPUT_INT64, .wish = WISH(rows), .heading = "row"},
};

enum { N_COLUMNS = sizeof all_columns / sizeof all_columns[0] };

_Static_assert((int)N_COLUMNS <= (int)OUTPUT_MOST_COLUMNS, "OUTPUT_MOST_COLUMNS is to grow with the table");

/* --- the wished ones --- */

static bool is_wished(const prediction_column *column, const predict_wishes *wishes)
{
  return column->wish == PREDICTION_ALWAYS || *(const bool *)((const char *)wishes + column->wish);
}

static int64_t width_of(const prediction_column *column, const prediction_kind *kind)
{
  return column->width != NULL ? column->width(kind) : 1;
}

static bool make_headings(const prediction_column *column, const prediction_kind *kind, char ***headings)
{
  const int64_t width = width_of(column, kind);
  bool good = (*headings = calloc((size_t)width, sizeof **headings)) != NULL;
  for (int64_t i = 0; good && i < width; i++) good = ((*headings)[i] = column->heading_of(kind, i)) != NULL;
  return good;
}

gmmpi_status prediction_columns_open(prediction_kind kind, prediction_columns *columns, gmmpi_error *error)
{
  *columns = (prediction_columns){.kind = kind};
  for (int c = 0; c < N_COLUMNS; c++) {
    const prediction_column *record = &all_columns[c];
    if (!is_wished(record, kind.wishes)) continue;
    const int next = columns->n++;
    columns->records[next] = record;
    columns->columns[next] = (output_column){.name = record->name,
                                             .type = record->type,
                                             .width = width_of(record, &kind),
                                             .is_matrix = record->width != NULL,
                                             .headings = &record->heading};
    if (record->heading_of != NULL) {
      if (!make_headings(record, &kind, &columns->headings[next]))
        return fail(error, GMMPI_NO_MEMORY, "no memory is left to predict; use machines with more memory");
      columns->columns[next].headings = (const char *const *)columns->headings[next];
    }
    if (record->names_heading != NULL) {
      columns->columns[next].names = (const char *const *)kind.model->component_names;
      columns->columns[next].n_names = kind.model->n_components;
      columns->columns[next].names_heading = record->names_heading;
    }
  }
  return GMMPI_OK;
}

void prediction_columns_close(prediction_columns *columns)
{
  for (int c = 0; c < columns->n; c++) {
    for (int64_t i = 0; columns->headings[c] != NULL && i < columns->columns[c].width; i++)
      free(columns->headings[c][i]);
    free(columns->headings[c]);
  }
}

int prediction_columns_find(const prediction_columns *columns, const char *name)
{
  for (int c = 0; c < columns->n; c++) {
    if (strcmp(columns->columns[c].name, name) == 0) return c;
  }
  return -1;
}

void prediction_columns_fill(const prediction_columns *columns, const predictor *from, int n_points, int64_t row,
                             void *const *numbers)
{
  for (int c = 0; c < columns->n; c++) {
    const output_column *column = &columns->columns[c];
    const int64_t row_bytes = column->width * output_number_bytes(column->type);
    if (columns->records[c]->fill != NULL)
      columns->records[c]->fill(&columns->kind, from, n_points, (char *)numbers[c] + row * row_bytes);
  }
}

/* --- what they take --- */

static int64_t longest_name(const gmmpi_model *model)
{
  size_t longest = 0;
  for (int64_t k = 0; model->component_names != NULL && k < model->n_components; k++) {
    const size_t length = strlen(model->component_names[k]);
    if (length > longest) longest = length;
  }
  return (int64_t)longest;
}

int64_t prediction_columns_numbers(prediction_kind kind)
{
  int64_t numbers = 0;
  for (int c = 0; c < N_COLUMNS; c++) {
    if (!is_wished(&all_columns[c], kind.wishes)) continue;
    numbers += width_of(&all_columns[c], &kind);
    if (all_columns[c].names_heading != NULL) numbers += longest_name(kind.model) / 14;
  }
  return numbers;
}

int64_t prediction_columns_heading_bytes(prediction_kind kind)
{
  int64_t bytes = 0;
  for (int c = 0; c < N_COLUMNS; c++) {
    if (is_wished(&all_columns[c], kind.wishes) && all_columns[c].heading_of != NULL)
      bytes += width_of(&all_columns[c], &kind) * HEADING_BYTES;
  }
  return bytes;
}
