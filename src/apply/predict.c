/* SPDX-License-Identifier: BSD-3-Clause */
/* Predictions for the points of all ranks, written to one file. */
#include "apply/predict.h"

#include "apply/output.h"
#include "mixture/background.h"
#include "support/error.h"
#include "support/exact_sum.h"
#include "support/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMN_HEADING_SIZE = 40 };

typedef struct prediction {
  const shard *points;
  predict_wishes wishes;
  int64_t n_components;
  int64_t n_shares;       /* of a point: n_components, and the background's where there is one */
  predictor **predictors; /* one for each thread of the points */
  int64_t n_produced;     /* rows of this rank that are in the sums */

  /* What is summed over ranks: full-range limbs of the log-likelihood, of the sum of log of the largest
   * responsibility and of expected log densities, then points per label. */
  int64_t *words;
  int64_t n_words;

  output_column columns[5];
  int n_columns;
  char **headings; /* n_shares: responsibility_1 ..., noise */
} prediction;

static int64_t *words_of_labels(const prediction *work)
{
  return work->words + 2 * FULL_RANGE_LIMBS;
}

/* A chunk of rows that are produced. */
typedef struct produced_chunk {
  const prediction *work;
  int64_t first_row;    /* of the data set */
  void *const *numbers; /* of each column */
} produced_chunk;

static void copy_tile(const prediction *work, const predictor *self, int n_points, int64_t row, void *const *numbers)
{
  const int64_t K = work->n_components;
  int c = 0;
  int32_t *labels = (int32_t *)numbers[c++] + row;
  memcpy(labels, self->labels, (size_t)n_points * sizeof *labels);
  if (work->wishes.responsibilities) {
    double *responsibilities = (double *)numbers[c++] + row * work->n_shares;
    for (int p = 0; p < n_points; p++) {
      for (int64_t k = 0; k < K; k++) *responsibilities++ = self->responsibilities[k * TILE_ROWS + p];
      if (work->n_shares > K) *responsibilities++ = self->noise[p];
    }
  }
  if (work->wishes.log_density)
    memcpy((double *)numbers[c++] + row, self->log_density, (size_t)n_points * sizeof(double));
  if (work->wishes.outlier_weights)
    memcpy((double *)numbers[c++] + row, self->outlier_weights, (size_t)n_points * sizeof(double));
  if (work->wishes.expected_log_density)
    memcpy((double *)numbers[c++] + row, self->expected_log_density, (size_t)n_points * sizeof(double));
}

static void begin_block(void *context, int thread)
{
  const produced_chunk *chunk = context;
  predictor *self = chunk->work->predictors[thread];
  self->log_likelihood = 0;
  self->expected_log_likelihood = 0;
}

/* In place of what the tile has added to the predictor's sums: the same of weighted points. */
static void weigh(const row_tile *tile, const predictor *before, predictor *self)
{
  self->log_likelihood = before->log_likelihood;
  self->expected_log_likelihood = before->expected_log_likelihood;
  for (int p = 0; p < tile->n_points; p++) {
    self->log_likelihood += tile->weights[p] * self->log_density[p];
    self->expected_log_likelihood += tile->weights[p] * self->expected_log_density[p];
  }
}

static void predict_tile(void *context, const row_tile *tile, int64_t n_tiles, int thread)
{
  const produced_chunk *chunk = context;
  predictor *self = chunk->work->predictors[thread];
  (void)n_tiles;
  const predictor before = *self;
  predictor_tile(self, tile->numbers, tile->n_points);
  if (tile->weights != NULL) weigh(tile, &before, self);
  for (int p = 0; p < tile->n_points && tile->labels != NULL; p++) {
    if (tile->labels[p] >= 0.0) self->labels[p] = (int32_t)tile->labels[p];
  }
  copy_tile(chunk->work, self, tile->n_points, tile->first_row - chunk->first_row, chunk->numbers);
}

static void add_block(const prediction *work, const predictor *self, int64_t n, const int32_t *labels)
{
  full_range_add(work->words, self->log_likelihood);
  full_range_add(work->words + FULL_RANGE_LIMBS, self->expected_log_likelihood);
  for (int64_t i = 0; i < n; i++) words_of_labels(work)[labels[i] == NOISE_LABEL ? work->n_components : labels[i]]++;
}

static void end_block(void *context, const block_view *block, int thread)
{
  const produced_chunk *chunk = context;
  const prediction *work = chunk->work;
  const int64_t row = block->first_row - chunk->first_row;
  if (block->source_rows != NULL) {
    int64_t *rows = (int64_t *)chunk->numbers[work->n_columns - 1] + row;
    for (int64_t i = 0; i < block->n_rows; i++) rows[i] = block->source_rows[i] + 1;
  }
#pragma omp critical(words)
  add_block(work, work->predictors[thread], block->n_rows, (const int32_t *)chunk->numbers[0] + row);
}

/* An output_producer: chunks are whole blocks, so each block's sum is one number at any number of ranks. */
static gmmpi_status predict_rows(void *context, int64_t first, int64_t n, void *const *numbers, gmmpi_error *error)
{
  prediction *work = context;
  const shard *points = work->points;
  const int64_t first_block = first / points->block_rows;
  const int64_t end = first_block + (n + points->block_rows - 1) / points->block_rows;
  if (work->n_produced == points->n_rows) { /* all rows are asked for once more */
    memset(work->words, 0, (size_t)work->n_words * sizeof *work->words);
    work->n_produced = 0;
  }
  produced_chunk chunk = {work, points->first_row + first, numbers};
  const row_visitor visitor = {
      .context = &chunk, .begin_block = begin_block, .tiles = predict_tile, .end_block = end_block};
  if (!shard_visit_blocks(points, first_block, end, 1, &visitor)) return shard_failure(points, error);
  work->n_produced += n;
  return GMMPI_OK;
}

/* The instruction set that all ranks have. Collective. */
static const kernel *common_kernel(MPI_Comm comm)
{
  int level = kernel_best(KERNEL_HIGHEST_LEVEL)->level;
  MPI_Allreduce(MPI_IN_PLACE, &level, 1, MPI_INT, MPI_MIN, comm);
  return kernel_best(level);
}

static gmmpi_status name_responsibilities(prediction *work, gmmpi_error *error)
{
  work->headings = calloc((size_t)work->n_shares, sizeof *work->headings);
  bool good = work->headings != NULL;
  for (int64_t k = 0; good && k < work->n_shares; k++) {
    work->headings[k] = malloc(COLUMN_HEADING_SIZE);
    good = work->headings[k] != NULL;
    if (good && k == work->n_components) snprintf(work->headings[k], COLUMN_HEADING_SIZE, "noise");
    if (good && k < work->n_components)
      snprintf(work->headings[k], COLUMN_HEADING_SIZE, "responsibility_%lld", (long long)k + 1);
  }
  return good ? GMMPI_OK : fail(error, GMMPI_NO_MEMORY, "no memory is left to predict; use machines with more memory");
}

static void choose_columns(const gmmpi_model *model, prediction *work)
{
  static const char *const label[] = {"label"};
  static const char *const log_density[] = {"log_density"};
  static const char *const outlier_weight[] = {"outlier_weight"};
  static const char *const expected[] = {"expected_log_density"};
  static const char *const row[] = {"row"};
  output_column *next = work->columns;
  *next++ = (output_column){.name = "labels",
                            .type = OUTPUT_INT32,
                            .width = 1,
                            .headings = label,
                            .names = (const char *const *)model->component_names,
                            .n_names = model->n_components,
                            .names_heading = "class"};
  if (work->wishes.responsibilities)
    *next++ = (output_column){.name = "responsibilities",
                              .type = OUTPUT_REAL,
                              .width = work->n_shares,
                              .is_matrix = true,
                              .headings = (const char *const *)work->headings};
  if (work->wishes.log_density)
    *next++ = (output_column){.name = "log_density", .type = OUTPUT_REAL, .width = 1, .headings = log_density};
  if (work->wishes.outlier_weights)
    *next++ = (output_column){.name = "outlier_weights", .type = OUTPUT_REAL, .width = 1, .headings = outlier_weight};
  if (work->wishes.expected_log_density)
    *next++ = (output_column){.name = "expected_log_density", .type = OUTPUT_REAL, .width = 1, .headings = expected};
  if (work->points->n_left_out > 0)
    *next++ = (output_column){.name = "rows", .type = OUTPUT_INT64, .width = 1, .headings = row};
  work->n_columns = (int)(next - work->columns);
}

static gmmpi_status prediction_open(prediction *work, const kernel *instructions, const gmmpi_model *model,
                                    gmmpi_error *error)
{
  work->n_words = 2 * FULL_RANGE_LIMBS + work->n_components + 1;
  work->words = allocate(work->n_words, sizeof *work->words);
  if (work->words == NULL)
    return fail(error, GMMPI_NO_MEMORY, "no memory is left to predict; use machines with more memory");
  const gmmpi_status status = name_responsibilities(work, error);
  if (status != GMMPI_OK) return status;
  choose_columns(model, work);
  work->predictors = calloc((size_t)work->points->n_threads, sizeof *work->predictors);
  if (work->predictors == NULL)
    return fail(error, GMMPI_NO_MEMORY, "no memory is left to predict; use machines with more memory");
  for (int t = 0; t < work->points->n_threads; t++) {
    if (predictor_create(instructions, model, &work->predictors[t], error) != GMMPI_OK ||
        (work->wishes.outlier_weights && predictor_add_outlier_weights(work->predictors[t], error) != GMMPI_OK))
      return error->status;
  }
  return GMMPI_OK;
}

static void prediction_close(prediction *work)
{
  for (int64_t k = 0; work->headings != NULL && k < work->n_shares; k++) free(work->headings[k]);
  free(work->headings);
  free(work->words);
  for (int t = 0; work->predictors != NULL && t < work->points->n_threads; t++) predictor_destroy(work->predictors[t]);
  free(work->predictors);
}

/* Collective. */
static void sum_up(MPI_Comm comm, prediction *work, predict_report *report)
{
  int64_t *counts = words_of_labels(work);
  MPI_Allreduce(MPI_IN_PLACE, work->words, (int)work->n_words, MPI_INT64_T, MPI_SUM, comm);
  report->n_samples = work->points->n_samples;
  report->total_weight = work->points->total_weight;
  report->log_likelihood = full_range_value(work->words) * work->points->weight_unit;
  report->expected_log_likelihood = full_range_value(work->words + FULL_RANGE_LIMBS) * work->points->weight_unit;
  memcpy(report->label_counts, counts, (size_t)(work->n_components + 1) * sizeof *counts);
}

gmmpi_status predict_to_file(const gmmpi_model *model, const shard *points, predict_wishes wishes, const char *path,
                             predict_report *report, gmmpi_error *error)
{
  gmmpi_error own = {0};
  prediction work = {.points = points,
                     .wishes = wishes,
                     .n_components = model->n_components,
                     .n_shares = model->n_components + (model_has(model, PART_NOISE) ? 1 : 0)};
  int64_t *label_counts = allocate(model->n_components + 1, sizeof *label_counts);
  if (label_counts == NULL) fail(&own, GMMPI_NO_MEMORY, "no memory is left to predict; use machines with more memory");
  prediction_open(&work, common_kernel(points->comm), model, &own);
  if (agree(points->comm, &own) == GMMPI_OK) {
    const output_table table = {
        .n_rows = points->n_samples,
        .first_row = points->first_row,
        .n_own = points->n_rows,
        .granule = points->block_rows,
        .compress = wishes.compress,
        .columns = work.columns,
        .n_columns = work.n_columns,
        .produce = predict_rows,
        .context = &work,
    };
    output_write(points->comm, path, &table, &own);
  }
  if (own.status == GMMPI_OK && report != NULL) {
    report->label_counts = label_counts;
    label_counts = NULL;
    sum_up(points->comm, &work, report);
  }
  free(label_counts);
  prediction_close(&work);
  if (own.status != GMMPI_OK && error != NULL) *error = own;
  return own.status;
}

static int64_t longest_name(const gmmpi_model *model)
{
  size_t longest = 0;
  for (int64_t k = 0; model->component_names != NULL && k < model->n_components; k++) {
    const size_t length = strlen(model->component_names[k]);
    if (length > longest) longest = length;
  }
  return (int64_t)longest;
}

int64_t predict_bytes(const gmmpi_model *model, predict_wishes wishes, int64_t n_samples, int n_threads)
{
  /* The text of a name counts as so many numbers. */
  const int64_t numbers = 4 + (wishes.responsibilities ? model->n_components + 1 : 0) +
                          (wishes.outlier_weights ? 1 : 0) + longest_name(model) / 14;
  const int64_t per_point = wishes.outlier_weights ? 3 * TILE_ROWS : 2 * TILE_ROWS;
  const int64_t chunk = output_bytes(shard_block_rows(n_samples), numbers);
  const int64_t form = model_bytes(model_kind_of(model), model->n_components, model->n_features);
  const int64_t room = model->n_features * TILE_ROWS * (int64_t)sizeof(double);
  const int64_t density = model_has(model, PART_POSTERIOR) ? predictive_bytes(model) : 0;
  int64_t tile;
  int64_t sum;
  if (!multiply_fits(model->n_components, (per_point + COLUMN_HEADING_SIZE) * (int64_t)sizeof(double), &tile) ||
      __builtin_add_overflow(form, tile + room, &sum) || __builtin_add_overflow(sum, density, &sum) ||
      __builtin_add_overflow(
          sum, kernel_scratch_bytes(model->family->storage->shape, model->n_components, model->n_features), &sum) ||
      !multiply_fits(n_threads, sum, &sum) || __builtin_add_overflow(sum, chunk, &sum))
    return INT64_MAX;
  return sum;
}
