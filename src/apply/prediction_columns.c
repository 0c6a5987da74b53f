/* SPDX-License-Identifier: BSD-3-Clause */
#include "apply/prediction_columns.h"

#include "support/error.h"
#include "support/memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEADING_BYTES = 64 }; /* of a heading with its pointers, as memory is counted */

/* --- what labels are called --- */

void prediction_names_free(const prediction_kind *kind, char **names)
{
  for (int64_t i = 0; names != NULL && i < prediction_n_labels(kind); i++) free(names[i]);
  free(names);
}

/* Of the components in cluster i; NULL: no memory. */
static char *cluster_name(const gmmpi_model *model, const int64_t *cluster_of, int64_t i)
{
  size_t length = 1;
  for (int64_t k = 0; k < model->n_components; k++) {
    if (cluster_of[k] == i) length += strlen(model->component_names[k]) + 1;
  }
  char *name = malloc(length);
  if (name == NULL) return NULL;
  char *end = name;
  *end = '\0';
  for (int64_t k = 0; k < model->n_components; k++) {
    if (cluster_of[k] == i) end = stpcpy(end == name ? end : stpcpy(end, "+"), model->component_names[k]);
  }
  return name;
}

gmmpi_status prediction_names(const prediction_kind *kind, char ***names, gmmpi_error *error)
{
  const gmmpi_model *model = kind->model;
  const int64_t n = prediction_n_labels(kind);
  *names = NULL;
  if (model->component_names == NULL) return GMMPI_OK;
  int64_t *cluster_of = allocate(model->n_components, sizeof *cluster_of);
  char **created = calloc((size_t)n, sizeof *created);
  bool good = cluster_of != NULL && created != NULL;
  if (good && kind->wishes->clusters > 0)
    hierarchy_cut(model->hierarchy, model->n_components, model->weights, n, cluster_of);
  for (int64_t i = 0; good && i < n; i++) {
    created[i] = kind->wishes->clusters > 0 ? cluster_name(model, cluster_of, i) : strdup(model->component_names[i]);
    good = created[i] != NULL;
  }
  free(cluster_of);
  if (!good) {
    prediction_names_free(kind, created);
    return fail(error, GMMPI_NO_MEMORY, "no memory is left to predict; use machines with more memory");
  }
  *names = created;
  return GMMPI_OK;
}

/* --- what each column holds --- */

static void fill_labels(const prediction_kind *kind, const predictor *from, int n_points, void *numbers)
{
  (void)kind;
  memcpy(numbers, from->labels, (size_t)n_points * sizeof from->labels[0]);
}

/* One for each component or cluster, and the background's where there is one. */
static int64_t n_shares(const prediction_kind *kind)
{
  return prediction_n_labels(kind) + (model_has(kind->model, PART_NOISE) ? 1 : 0);
}

static char *responsibility_heading(const prediction_kind *kind, int64_t i)
{
  char *heading;
  if (i == prediction_n_labels(kind)) return strdup("noise");
  return asprintf(&heading, "responsibility_%" PRId64, i + 1) < 0 ? NULL : heading;
}

static void fill_responsibilities(const prediction_kind *kind, const predictor *from, int n_points, void *numbers)
{
  const int64_t K = prediction_n_labels(kind);
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

static void fill_entropy(const prediction_kind *kind, const predictor *from, int n_points, void *numbers)
{
  (void)kind;
  memcpy(numbers, from->entropy, (size_t)n_points * sizeof(double));
}

static void fill_p_values(const prediction_kind *kind, const predictor *from, int n_points, void *numbers)
{
  (void)kind;
  memcpy(numbers, from->p_values, (size_t)n_points * sizeof(double));
}

static void fill_is_outlier(const prediction_kind *kind, const predictor *from, int n_points, void *numbers)
{
  int32_t *is_outlier = numbers;
  for (int p = 0; p < n_points; p++) is_outlier[p] = from->p_values[p] <= kind->wishes->outlier_share;
}

/* --- targets --- */

static int64_t n_targets(const prediction_kind *kind)
{
  return kind->wishes->regression->n_targets;
}

static int64_t n_target_squares(const prediction_kind *kind)
{
  return n_targets(kind) * n_targets(kind);
}

static int64_t n_target_pairs(const prediction_kind *kind)
{
  return n_targets(kind) * (n_targets(kind) - 1) / 2;
}

/* A word, and the names of targets i and, unless it is -1, j. */
static char *target_heading(const prediction_kind *kind, const char *word, int64_t i, int64_t j)
{
  const regression *of = kind->wishes->regression;
  char *one = feature_called(of->joint, of->targets[i]);
  char *other = j >= 0 ? feature_called(of->joint, of->targets[j]) : strdup("");
  char *heading;
  if (one == NULL || other == NULL || asprintf(&heading, "%s_%s%s%s", word, one, j >= 0 ? "_" : "", other) < 0)
    heading = NULL;
  free(one);
  free(other);
  return heading;
}

static char *target_mean_heading(const prediction_kind *kind, int64_t i)
{
  return target_heading(kind, "mean", i, -1);
}

static char *target_variance_heading(const prediction_kind *kind, int64_t i)
{
  return target_heading(kind, "variance", i, -1);
}

static char *target_square_heading(const prediction_kind *kind, int64_t i)
{
  return target_heading(kind, "covariance", i / n_targets(kind), i % n_targets(kind));
}

/* Pair by pair: 0 and 1, 0 and 2, ..., 1 and 2, ... */
static char *target_pair_heading(const prediction_kind *kind, int64_t i)
{
  int64_t row = 0;
  int64_t left = i;
  for (; left >= n_targets(kind) - 1 - row; row++) left -= n_targets(kind) - 1 - row;
  return target_heading(kind, "covariance", row, row + 1 + left);
}

static void fill_target_mean(const prediction_kind *kind, const predictor *from, int n_points, void *numbers)
{
  double *next = numbers;
  for (int p = 0; p < n_points; p++) {
    for (int64_t j = 0; j < n_targets(kind); j++) *next++ = from->target_mean[j * TILE_ROWS + p];
  }
}

static void fill_target_variance(const prediction_kind *kind, const predictor *from, int n_points, void *numbers)
{
  const int64_t t = n_targets(kind);
  double *next = numbers;
  for (int p = 0; p < n_points; p++) {
    for (int64_t j = 0; j < t; j++) *next++ = from->target_covariance[j * (t + 1) * TILE_ROWS + p];
  }
}

static void fill_target_squares(const prediction_kind *kind, const predictor *from, int n_points, void *numbers)
{
  double *next = numbers;
  for (int p = 0; p < n_points; p++) {
    for (int64_t i = 0; i < n_target_squares(kind); i++) *next++ = from->target_covariance[i * TILE_ROWS + p];
  }
}

static void fill_target_pairs(const prediction_kind *kind, const predictor *from, int n_points, void *numbers)
{
  const int64_t t = n_targets(kind);
  double *next = numbers;
  for (int p = 0; p < n_points; p++) {
    for (int64_t i = 0; i < t; i++) {
      for (int64_t j = i + 1; j < t; j++) *next++ = from->target_covariance[(i * t + j) * TILE_ROWS + p];
    }
  }
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
    {.name = "entropy", .type = OUTPUT_REAL, .wish = WISH(entropy), .heading = "entropy", .fill = fill_entropy},
    {.name = "outlier_p_value",
     .type = OUTPUT_REAL,
     .wish = WISH(outliers),
     .heading = "outlier_p_value",
     .fill = fill_p_values},
    {.name = "is_outlier",
     .type = OUTPUT_INT32,
     .wish = WISH(outliers),
     .heading = "is_outlier",
     .fill = fill_is_outlier},
    {.name = "target_mean",
     .type = OUTPUT_REAL,
     .wish = WISH(targets),
     .width = n_targets,
     .heading_of = target_mean_heading,
     .headings_attribute = "columns",
     .fill = fill_target_mean},
    {.name = "target_variance",
     .type = OUTPUT_REAL,
     .wish = WISH(targets),
     .width = n_targets,
     .heading_of = target_variance_heading,
     .headings_attribute = "columns",
     .fill = fill_target_variance},
    {.name = "target_covariance",
     .type = OUTPUT_REAL,
     .wish = WISH(target_covariance),
     .width = n_target_squares,
     .inner = n_targets,
     .heading_of = target_square_heading,
     .headings_attribute = "columns",
     .fill = fill_target_squares},
    {.name = "target_covariances",
     .type = OUTPUT_REAL,
     .wish = WISH(target_pairs),
     .width = n_target_pairs,
     .heading_of = target_pair_heading,
     .fill = fill_target_pairs},
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
  if (prediction_names(&kind, &columns->names, error) != GMMPI_OK) return GMMPI_NO_MEMORY;
  for (int c = 0; c < N_COLUMNS; c++) {
    const prediction_column *record = &all_columns[c];
    if (!is_wished(record, kind.wishes)) continue;
    const int next = columns->n++;
    columns->records[next] = record;
    columns->columns[next] = (output_column){.name = record->name,
                                             .type = record->type,
                                             .width = width_of(record, &kind),
                                             .is_matrix = record->width != NULL,
                                             .inner = record->inner != NULL ? record->inner(&kind) : 0,
                                             .headings = &record->heading,
                                             .headings_attribute = record->headings_attribute};
    if (record->heading_of != NULL) {
      if (!make_headings(record, &kind, &columns->headings[next]))
        return fail(error, GMMPI_NO_MEMORY, "no memory is left to predict; use machines with more memory");
      columns->columns[next].headings = (const char *const *)columns->headings[next];
    }
    if (record->names_heading != NULL) {
      columns->columns[next].names = (const char *const *)columns->names;
      columns->columns[next].n_names = prediction_n_labels(&kind);
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
  prediction_names_free(&columns->kind, columns->names);
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

/* Of a component; that of a cluster is no longer than all together. */
static int64_t longest_name(const prediction_kind *kind)
{
  const gmmpi_model *model = kind->model;
  int64_t longest = 0;
  int64_t all = 0;
  for (int64_t k = 0; model->component_names != NULL && k < model->n_components; k++) {
    const int64_t length = (int64_t)strlen(model->component_names[k]);
    if (length > longest) longest = length;
    all += length + 1;
  }
  return kind->wishes->clusters > 0 ? all : longest;
}

int64_t prediction_columns_numbers(prediction_kind kind)
{
  int64_t numbers = 0;
  for (int c = 0; c < N_COLUMNS; c++) {
    if (!is_wished(&all_columns[c], kind.wishes)) continue;
    numbers += width_of(&all_columns[c], &kind);
    if (all_columns[c].names_heading != NULL) numbers += longest_name(&kind) / 14;
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
