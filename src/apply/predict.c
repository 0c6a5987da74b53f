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

typedef struct prediction {
  const shard *points;
  predict_wishes wishes;
  prediction_columns columns;
  predictor **predictors; /* one for each thread of the points */
  int64_t n_produced;     /* rows of this rank that are in the sums */

  /* What is summed over ranks: full-range limbs of each total, then points per label and those of the background. */
  int64_t *words;
  int64_t n_words;
} prediction;

static int64_t *words_of_labels(const prediction *work)
{
  return work->words + N_PREDICTOR_TOTALS * FULL_RANGE_LIMBS;
}

/* A chunk of rows that are produced. */
typedef struct produced_chunk {
  const prediction *work;
  int64_t first_row;    /* of the data set */
  void *const *numbers; /* of each column */
} produced_chunk;

static void begin_block(void *context, int thread)
{
  const produced_chunk *chunk = context;
  predictor *self = chunk->work->predictors[thread];
  memset(self->totals, 0, sizeof self->totals);
}

static void predict_tile(void *context, const row_tile *tile, int64_t n_tiles, int thread)
{
  const produced_chunk *chunk = context;
  predictor *self = chunk->work->predictors[thread];
  (void)n_tiles;
  predictor_tile(self, tile->numbers, tile->weights, tile->n_points);
  for (int p = 0; p < tile->n_points && tile->labels != NULL; p++) {
    if (tile->labels[p] >= 0.0) self->labels[p] = (int32_t)tile->labels[p];
  }
  prediction_columns_fill(&chunk->work->columns, self, tile->n_points, tile->first_row - chunk->first_row,
                          chunk->numbers);
}

static void add_block(const prediction *work, const predictor *self, int64_t n, const int32_t *labels)
{
  const int64_t K = work->columns.kind.model->n_components;
  for (int i = 0; i < N_PREDICTOR_TOTALS; i++) full_range_add(work->words + i * FULL_RANGE_LIMBS, self->totals[i]);
  for (int64_t i = 0; i < n; i++) words_of_labels(work)[labels[i] == NOISE_LABEL ? K : labels[i]]++;
}

static void end_block(void *context, const block_view *block, int thread)
{
  const produced_chunk *chunk = context;
  const prediction *work = chunk->work;
  const int64_t row = block->first_row - chunk->first_row;
  const int of_rows = prediction_columns_find(&work->columns, "rows");
  if (of_rows >= 0 && block->source_rows != NULL) {
    int64_t *rows = (int64_t *)chunk->numbers[of_rows] + row;
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

static gmmpi_status prediction_open(prediction *work, const kernel *instructions, const gmmpi_model *model,
                                    gmmpi_error *error)
{
  work->n_words = N_PREDICTOR_TOTALS * FULL_RANGE_LIMBS + model->n_components + 1;
  work->words = allocate(work->n_words, sizeof *work->words);
  work->predictors = calloc((size_t)work->points->n_threads, sizeof *work->predictors);
  if (work->words == NULL || work->predictors == NULL)
    return fail(error, GMMPI_NO_MEMORY, "no memory is left to predict; use machines with more memory");
  const gmmpi_status status = prediction_columns_open((prediction_kind){model, &work->wishes}, &work->columns, error);
  for (int t = 0; t < work->points->n_threads && status == GMMPI_OK; t++) {
    if (predictor_create(instructions, model, &work->predictors[t], error) != GMMPI_OK ||
        (work->wishes.outlier_weights && predictor_add_outlier_weights(work->predictors[t], error) != GMMPI_OK))
      return error->status;
  }
  return status;
}

static void prediction_close(prediction *work)
{
  prediction_columns_close(&work->columns);
  free(work->words);
  for (int t = 0; work->predictors != NULL && t < work->points->n_threads; t++) predictor_destroy(work->predictors[t]);
  free(work->predictors);
}

/* Collective. */
static void sum_up(MPI_Comm comm, prediction *work, predict_report *report)
{
  const int64_t n_counts = work->columns.kind.model->n_components + 1;
  MPI_Allreduce(MPI_IN_PLACE, work->words, (int)work->n_words, MPI_INT64_T, MPI_SUM, comm);
  report->n_samples = work->points->n_samples;
  report->total_weight = work->points->total_weight;
  for (int i = 0; i < N_PREDICTOR_TOTALS; i++)
    report->totals[i] = full_range_value(work->words + i * FULL_RANGE_LIMBS) * work->points->weight_unit;
  memcpy(report->label_counts, words_of_labels(work), (size_t)n_counts * sizeof *report->label_counts);
}

gmmpi_status predict_to_file(const gmmpi_model *model, const shard *points, predict_wishes wishes, const char *path,
                             predict_report *report, gmmpi_error *error)
{
  gmmpi_error own = {0};
  prediction work = {.points = points, .wishes = wishes};
  work.wishes.rows = points->n_left_out > 0;
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
        .columns = work.columns.columns,
        .n_columns = work.columns.n,
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

int64_t predict_bytes(const gmmpi_model *model, predict_wishes wishes, int64_t n_samples, int n_threads)
{
  wishes.rows = true; /* nobody knows yet whether rows are dropped */
  const prediction_kind kind = {model, &wishes};
  int64_t predictors;
  if (!multiply_fits(n_threads, predictor_bytes(model, wishes.outlier_weights), &predictors)) return INT64_MAX;
  const int64_t parts[] = {predictors, prediction_columns_heading_bytes(kind),
                           output_bytes(shard_block_rows(n_samples), prediction_columns_numbers(kind))};
  return sum_of_bytes(sizeof parts / sizeof parts[0], parts);
}
