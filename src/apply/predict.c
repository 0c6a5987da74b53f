/* SPDX-License-Identifier: BSD-3-Clause */
/* Predictions for the points of all ranks, written to one file. */
#include "apply/predict.h"

#include "apply/output.h"
#include "apply/target_tile.h"
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
  target_tile **targets;  /* the same; NULL: there are no targets */
  outlier_scale *scale;   /* NULL: nobody wants outliers */
  int64_t *cluster_of;    /* of each component; NULL: labels are components */
  int64_t n_produced;     /* rows of this rank that are in the sums */

  /* What is summed over ranks: full-range limbs of each total, those of targets behind the predictor's, then points per
   * label and those of the background, then the number of outliers. */
  int64_t *words;
  int64_t n_words;
  int64_t n_target_totals;
} prediction;

static int64_t *words_of_labels(const prediction *work)
{
  return work->words + (N_PREDICTOR_TOTALS + work->n_target_totals) * FULL_RANGE_LIMBS;
}

/* Or have they the known features alone? */
static bool points_have_targets(const prediction *work)
{
  return work->points->n_features == work->wishes.regression->joint->n_features;
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
  self->n_outliers = 0;
  if (chunk->work->targets != NULL)
    memset(chunk->work->targets[thread]->totals, 0, (size_t)chunk->work->n_target_totals * sizeof(double));
}

static void predict_tile(void *context, const row_tile *tile, int64_t n_tiles, int thread)
{
  const produced_chunk *chunk = context;
  predictor *self = chunk->work->predictors[thread];
  (void)n_tiles;
  target_tile *targets = chunk->work->targets != NULL ? chunk->work->targets[thread] : NULL;
  const double *known = targets != NULL ? target_tile_known(targets, tile->numbers) : tile->numbers;
  predictor_tile(self, known, tile->weights, tile->n_points);
  if (targets != NULL) target_tile_predict(targets, self, tile->numbers, tile->weights, tile->n_points);
  for (int p = 0; p < tile->n_points && tile->labels != NULL; p++) {
    if (tile->labels[p] < 0.0) continue;
    const int64_t label = (int64_t)tile->labels[p];
    self->labels[p] = (int32_t)(self->cluster_of != NULL ? self->cluster_of[label] : label);
  }
  prediction_columns_fill(&chunk->work->columns, self, tile->n_points, tile->first_row - chunk->first_row,
                          chunk->numbers);
}

static void add_block(const prediction *work, int thread, int64_t n, const int32_t *labels)
{
  const predictor *self = work->predictors[thread];
  const int64_t K = prediction_n_labels(&work->columns.kind);
  for (int i = 0; i < N_PREDICTOR_TOTALS; i++) full_range_add(work->words + i * FULL_RANGE_LIMBS, self->totals[i]);
  for (int64_t i = 0; i < work->n_target_totals; i++)
    full_range_add(work->words + (N_PREDICTOR_TOTALS + i) * FULL_RANGE_LIMBS, work->targets[thread]->totals[i]);
  for (int64_t i = 0; i < n; i++) words_of_labels(work)[labels[i] == NOISE_LABEL ? K : labels[i]]++;
  words_of_labels(work)[K + 1] += self->n_outliers;
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
  add_block(work, thread, block->n_rows, (const int32_t *)chunk->numbers[0] + row);
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

static bool labels_alone(const prediction *work, const gmmpi_model *model)
{
  const predict_wishes *wishes = &work->wishes;
  return wishes->no_totals && !wishes->responsibilities && !wishes->log_density && !wishes->outlier_weights &&
         !wishes->expected_log_density && !wishes->entropy && !wishes->outliers && !wishes->targets &&
         work->cluster_of == NULL && !model_has(model, PART_POSTERIOR);
}

static gmmpi_status open_thread(prediction *work, const kernel *instructions, const gmmpi_model *model, int thread,
                                gmmpi_error *error)
{
  const regression *of = work->wishes.regression;
  gmmpi_status status = predictor_create(instructions, model, &work->predictors[thread], error);
  if (status == GMMPI_OK && work->wishes.outlier_weights)
    status = predictor_add_outlier_weights(work->predictors[thread], error);
  if (status == GMMPI_OK && work->wishes.entropy) status = predictor_add_entropy(work->predictors[thread], error);
  if (status == GMMPI_OK && labels_alone(work, model))
    status = predictor_set_labels_alone(work->predictors[thread], error);
  if (status == GMMPI_OK && work->cluster_of != NULL)
    predictor_merge(work->predictors[thread], work->wishes.clusters, work->cluster_of);
  if (status == GMMPI_OK && work->targets != NULL)
    status = target_tile_create(instructions, of, points_have_targets(work), &work->targets[thread], error);
  return status;
}

static gmmpi_status prediction_open(prediction *work, const kernel *instructions, const gmmpi_model *model,
                                    gmmpi_error *error)
{
  const int64_t n_threads = work->points->n_threads;
  const prediction_kind kind = {model, &work->wishes};
  const int64_t n_clusters = work->wishes.clusters;
  if (work->wishes.targets) work->n_target_totals = target_n_totals(work->wishes.regression->n_targets);
  work->n_words = (N_PREDICTOR_TOTALS + work->n_target_totals) * FULL_RANGE_LIMBS + prediction_n_labels(&kind) + 2;
  work->words = allocate(work->n_words, sizeof *work->words);
  work->predictors = calloc((size_t)n_threads, sizeof *work->predictors);
  work->targets = work->wishes.targets ? calloc((size_t)n_threads, sizeof *work->targets) : NULL;
  if (n_clusters > 0) work->cluster_of = allocate(model->n_components, sizeof *work->cluster_of);
  if (work->words == NULL || work->predictors == NULL || (work->wishes.targets && work->targets == NULL) ||
      (n_clusters > 0 && work->cluster_of == NULL))
    return fail(error, GMMPI_NO_MEMORY, "no memory is left to predict; use machines with more memory");
  if (n_clusters > 0)
    hierarchy_cut(model->hierarchy, model->n_components, model->weights, n_clusters, work->cluster_of);
  gmmpi_status status = prediction_columns_open(kind, &work->columns, error);
  for (int t = 0; t < n_threads && status == GMMPI_OK; t++) status = open_thread(work, instructions, model, t, error);
  return status;
}

/* Collective. Where outliers are wished: the scale on which they are such. */
static gmmpi_status prediction_add_outliers(prediction *work, const kernel *instructions, const gmmpi_model *model,
                                            gmmpi_error *error)
{
  const predict_wishes *wishes = &work->wishes;
  const shard *points = work->points;
  if (!wishes->outliers) return GMMPI_OK;
  if (outlier_scale_create(points->comm, instructions, model, wishes->outlier_draws, wishes->outlier_seed,
                           points->n_threads, &work->scale, error) != GMMPI_OK)
    return error->status;
  for (int t = 0; t < points->n_threads && error->status == GMMPI_OK; t++)
    predictor_add_outliers(work->predictors[t], model, work->scale, wishes->outlier_share, error);
  return agree(points->comm, error);
}

static void prediction_close(prediction *work)
{
  prediction_columns_close(&work->columns);
  free(work->words);
  for (int t = 0; work->predictors != NULL && t < work->points->n_threads; t++) predictor_destroy(work->predictors[t]);
  for (int t = 0; work->targets != NULL && t < work->points->n_threads; t++) target_tile_destroy(work->targets[t]);
  free(work->predictors);
  free(work->targets);
  outlier_scale_destroy(work->scale);
  free(work->cluster_of);
}

/* Collective. */
static void sum_up(MPI_Comm comm, prediction *work, predict_report *report)
{
  report->n_labels = prediction_n_labels(&work->columns.kind);
  const int64_t n_counts = report->n_labels + 1;
  MPI_Allreduce(MPI_IN_PLACE, work->words, (int)work->n_words, MPI_INT64_T, MPI_SUM, comm);
  report->n_samples = work->points->n_samples;
  report->total_weight = work->points->total_weight;
  for (int i = 0; i < N_PREDICTOR_TOTALS; i++)
    report->totals[i] = full_range_value(work->words + i * FULL_RANGE_LIMBS) * work->points->weight_unit;
  report->n_outliers = words_of_labels(work)[n_counts];
  for (int64_t i = 0; report->target_totals != NULL && i < work->n_target_totals; i++)
    report->target_totals[i] =
        full_range_value(work->words + (N_PREDICTOR_TOTALS + i) * FULL_RANGE_LIMBS) * work->points->weight_unit;
  memcpy(report->label_counts, words_of_labels(work), (size_t)n_counts * sizeof *report->label_counts);
}

gmmpi_status predict_to_file(const gmmpi_model *model, const shard *points, predict_wishes wishes, const char *path,
                             predict_report *report, gmmpi_error *error)
{
  gmmpi_error own = {0};
  prediction work = {.points = points, .wishes = wishes};
  const bool has_pairs = wishes.targets && wishes.regression->n_targets > 1;
  work.wishes.rows = points->n_left_out > 0;
  work.wishes.no_totals = wishes.no_totals || report == NULL;
  work.wishes.target_covariance = has_pairs && !output_is_text(path);
  work.wishes.target_pairs = has_pairs && output_is_text(path);
  int64_t *label_counts = allocate(model->n_components + 1, sizeof *label_counts);
  const bool compares = wishes.targets && points_have_targets(&work);
  double *target_totals =
      compares ? allocate(target_n_totals(wishes.regression->n_targets), sizeof *target_totals) : NULL;
  if (label_counts == NULL || (compares && target_totals == NULL))
    fail(&own, GMMPI_NO_MEMORY, "no memory is left to predict; use machines with more memory");
  const kernel *instructions = kernel_common(points->comm);
  prediction_open(&work, instructions, model, &own);
  if (agree(points->comm, &own) == GMMPI_OK && prediction_add_outliers(&work, instructions, model, &own) == GMMPI_OK) {
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
    report->target_totals = target_totals;
    label_counts = NULL;
    target_totals = NULL;
    sum_up(points->comm, &work, report);
  }
  free(label_counts);
  free(target_totals);
  prediction_close(&work);
  if (own.status != GMMPI_OK && error != NULL) *error = own;
  return own.status;
}

int64_t predict_bytes(const gmmpi_model *model, predict_wishes wishes, int64_t n_samples, int n_threads)
{
  const int64_t n_targets = wishes.targets ? wishes.regression->n_targets : 0;
  const gmmpi_model *joint = wishes.targets ? wishes.regression->joint : model;
  wishes.rows = true; /* nobody knows yet whether rows are dropped */
  wishes.target_covariance = n_targets > 1;
  const prediction_kind kind = {model, &wishes};
  int64_t predictors;
  int64_t targets = 0;
  if (!multiply_fits(n_threads, predictor_bytes(model, wishes.outlier_weights, wishes.outliers), &predictors) ||
      (wishes.targets && !multiply_fits(n_threads, target_tile_bytes(joint, n_targets), &targets)))
    return INT64_MAX;
  const int64_t scale = wishes.outliers ? outlier_scale_bytes(model, wishes.outlier_draws, n_threads) : 0;
  const int64_t parts[] = {predictors,
                           targets,
                           wishes.targets ? regression_bytes(joint, n_targets) : 0,
                           scale,
                           prediction_columns_heading_bytes(kind),
                           output_bytes(shard_block_rows(n_samples), prediction_columns_numbers(kind))};
  return sum_of_bytes(sizeof parts / sizeof parts[0], parts);
}
