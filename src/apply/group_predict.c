/* SPDX-License-Identifier: BSD-3-Clause */
#include "apply/group_predict.h"

#include "apply/output.h"
#include "support/error.h"
#include "support/exact_sum.h"
#include "support/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEADING_BYTES = 40, MOST_COLUMNS = 4 };

/* Predictions of this rank's rows, all of them. */
typedef struct group_prediction {
  const group_models *models;
  const char *path; /* of the models */
  const shard *points;
  const int64_t *group_of;
  const predict_wishes *wishes;
  const kernel *kernel;
  int64_t n_shares; /* of a point: K, and the background's where there is one */
  int32_t *labels;
  double *log_density;
  double *responsibilities; /* n_rows x n_shares; NULL: not wished */
  int64_t *groups;          /* of each row, or -1 */
  int64_t *order;           /* rows by their groups */
  double *tile;             /* d x TILE_ROWS */
  double *row;              /* row_width */
  int64_t n_without;
  int64_t limbs[2 * FULL_RANGE_LIMBS]; /* of the log-likelihood, and of the weights */
  char *headings[1];                   /* n_shares texts of HEADING_BYTES, one behind the other */
  const char **heading_list;
} group_prediction;

static bool open_rows(group_prediction *work)
{
  const shard *points = work->points;
  const int64_t n = points->n_rows;
  int64_t numbers;
  if (!multiply_fits(n, work->n_shares, &numbers)) return false;
  work->labels = allocate(n, sizeof *work->labels);
  work->log_density = allocate(n, sizeof *work->log_density);
  if (work->wishes->responsibilities) work->responsibilities = allocate(numbers, sizeof *work->responsibilities);
  work->groups = allocate(n, sizeof *work->groups);
  work->order = allocate(n, sizeof *work->order);
  work->tile = allocate(points->n_features, TILE_ROWS * sizeof *work->tile);
  work->row = allocate(points->row_width, sizeof *work->row);
  work->headings[0] = allocate(work->n_shares, HEADING_BYTES);
  work->heading_list = allocate(work->n_shares, sizeof *work->heading_list);
  return work->labels != NULL && work->log_density != NULL && work->groups != NULL && work->order != NULL &&
         work->tile != NULL && work->row != NULL && work->headings[0] != NULL && work->heading_list != NULL &&
         (!work->wishes->responsibilities || work->responsibilities != NULL);
}

static void close_rows(group_prediction *work)
{
  free(work->labels);
  free(work->log_density);
  free(work->responsibilities);
  free(work->groups);
  free(work->order);
  free(work->tile);
  free(work->row);
  free(work->headings[0]);
  free(work->heading_list);
}

/* --- which rows are of which group --- */

static void find_groups(group_prediction *work)
{
  const shard *points = work->points;
  for (int64_t i = 0; i < points->n_rows; i++) {
    shard_copy_numbers(points, points->first_row + i, work->row);
    const int64_t label = (int64_t)work->row[points->n_features];
    const int64_t group = label >= 0 ? work->group_of[label] : -1;
    work->groups[i] = group >= 0 && group_is_fitted(work->models, group) ? group : -1;
  }
}

/* Counting: rows of a group stay in their order. Those without come first. */
static bool sort_rows(group_prediction *work)
{
  const int64_t G = work->models->keys.n;
  const int64_t n = work->points->n_rows;
  int64_t *places = allocate(G + 2, sizeof *places);
  if (places == NULL) return false;
  for (int64_t i = 0; i < n; i++) places[work->groups[i] + 2]++;
  for (int64_t g = 1; g < G + 2; g++) places[g] += places[g - 1];
  for (int64_t i = 0; i < n; i++) work->order[places[work->groups[i] + 1]++] = i;
  free(places);
  return true;
}

/* --- predicting --- */

static void leave_out(group_prediction *work, int64_t row)
{
  work->labels[row] = NO_PREDICTION;
  work->log_density[row] = NAN;
  for (int64_t k = 0; work->responsibilities != NULL && k < work->n_shares; k++)
    work->responsibilities[row * work->n_shares + k] = NAN;
  work->n_without++;
}

static double load_lane(const group_prediction *work, int64_t row, int lane)
{
  const shard *points = work->points;
  shard_copy_numbers(points, points->first_row + row, work->row);
  for (int64_t j = 0; j < points->n_features; j++) work->tile[j * TILE_ROWS + lane] = work->row[j];
  return points->has_weights ? work->row[points->row_width - 1] : 1.0;
}

static void take_lane(group_prediction *work, const predictor *from, int64_t n_components, int lane, int64_t row,
                      double weight)
{
  work->labels[row] = from->labels[lane];
  work->log_density[row] = from->log_density[lane];
  full_range_add(work->limbs, weight * from->log_density[lane]);
  full_range_add(work->limbs + FULL_RANGE_LIMBS, weight);
  if (work->responsibilities == NULL) return;
  double *shares = work->responsibilities + row * work->n_shares;
  for (int64_t k = 0; k < n_components; k++) shares[k] = from->responsibilities[k * TILE_ROWS + lane];
  for (int64_t k = n_components; k < work->n_shares; k++) shares[k] = 0.0;
  if (work->n_shares > work->models->layout.n_components) shares[work->n_shares - 1] = from->noise[lane];
}

/* rows: n of this rank, of one group. */
static gmmpi_status predict_group(group_prediction *work, int64_t group, const int64_t *rows, int64_t n,
                                  gmmpi_error *error)
{
  gmmpi_model *model = NULL;
  predictor *self = NULL;
  double weights[TILE_ROWS];
  if (group_model(work->models, group, work->path, &model, error) == GMMPI_OK &&
      predictor_create(work->kernel, model, &self, error) == GMMPI_OK) {
    for (int64_t done = 0; done < n; done += TILE_ROWS) {
      const int n_points = n - done < TILE_ROWS ? (int)(n - done) : TILE_ROWS;
      for (int p = 0; p < TILE_ROWS; p++) weights[p] = load_lane(work, rows[p < n_points ? done + p : done], p);
      predictor_tile(self, work->tile, NULL, n_points);
      for (int p = 0; p < n_points; p++) take_lane(work, self, model->n_components, p, rows[done + p], weights[p]);
    }
  }
  predictor_destroy(self);
  gmmpi_model_destroy(model);
  return error->status;
}

static gmmpi_status predict_all(group_prediction *work, gmmpi_error *error)
{
  const int64_t n = work->points->n_rows;
  find_groups(work);
  if (!sort_rows(work)) return fail(error, GMMPI_NO_MEMORY, "no memory is left to predict; use more nodes");
  for (int64_t first = 0; first < n;) {
    const int64_t group = work->groups[work->order[first]];
    int64_t end = first;
    while (end < n && work->groups[work->order[end]] == group) end++;
    for (int64_t i = first; i < end && group < 0; i++) leave_out(work, work->order[i]);
    if (group >= 0 && predict_group(work, group, work->order + first, end - first, error) != GMMPI_OK)
      return error->status;
    first = end;
  }
  return GMMPI_OK;
}

/* --- the file --- */

/* An output_producer. */
static gmmpi_status copy_rows(void *context, int64_t first, int64_t n, void *const *numbers, gmmpi_error *error)
{
  const group_prediction *work = context;
  const shard *points = work->points;
  int c = 0;
  (void)error;
  memcpy(numbers[c++], work->labels + first, (size_t)n * sizeof *work->labels);
  if (work->wishes->responsibilities)
    memcpy(numbers[c++], work->responsibilities + first * work->n_shares,
           (size_t)(n * work->n_shares) * sizeof(double));
  if (work->wishes->log_density) memcpy(numbers[c++], work->log_density + first, (size_t)n * sizeof(double));
  for (int64_t i = 0; i < n && points->n_left_out > 0; i++) {
    const block_view block = shard_block(points, (first + i) / points->block_rows);
    ((int64_t *)numbers[c])[i] = block.source_rows[(first + i) % points->block_rows] + 1;
  }
  return GMMPI_OK;
}

static int list_columns(group_prediction *work, output_column columns[MOST_COLUMNS])
{
  static const char *const label[] = {"label"};
  static const char *const log_density[] = {"log_density"};
  static const char *const row[] = {"row"};
  const int64_t K = work->models->layout.n_components;
  int n = 0;
  for (int64_t k = 0; k < work->n_shares; k++) {
    char *heading = work->headings[0] + k * HEADING_BYTES;
    if (k == K)
      snprintf(heading, HEADING_BYTES, "noise");
    else
      snprintf(heading, HEADING_BYTES, "responsibility_%lld", (long long)k + 1);
    work->heading_list[k] = heading;
  }
  columns[n++] = (output_column){.name = "labels", .type = OUTPUT_INT32, .width = 1, .headings = label};
  if (work->wishes->responsibilities)
    columns[n++] = (output_column){.name = "responsibilities",
                                   .type = OUTPUT_REAL,
                                   .width = work->n_shares,
                                   .is_matrix = true,
                                   .headings = work->heading_list};
  if (work->wishes->log_density)
    columns[n++] = (output_column){.name = "log_density", .type = OUTPUT_REAL, .width = 1, .headings = log_density};
  if (work->points->n_left_out > 0)
    columns[n++] = (output_column){.name = "rows", .type = OUTPUT_INT64, .width = 1, .headings = row};
  return n;
}

/* Collective: the instruction set that all ranks have. */
static const kernel *common_kernel(MPI_Comm comm)
{
  int level = kernel_best(KERNEL_HIGHEST_LEVEL)->level;
  MPI_Allreduce(MPI_IN_PLACE, &level, 1, MPI_INT, MPI_MIN, comm);
  return kernel_best(level);
}

/* Collective. */
static void sum_up(const group_prediction *work, group_predict_report *report)
{
  const shard *points = work->points;
  int64_t limbs[2 * FULL_RANGE_LIMBS];
  MPI_Allreduce(work->limbs, limbs, 2 * FULL_RANGE_LIMBS, MPI_INT64_T, MPI_SUM, points->comm);
  MPI_Allreduce(&work->n_without, &report->n_without, 1, MPI_INT64_T, MPI_SUM, points->comm);
  report->n_samples = points->n_samples;
  report->log_likelihood = full_range_value(limbs) * points->weight_unit;
  report->total_weight = full_range_value(limbs + FULL_RANGE_LIMBS) * points->weight_unit;
}

gmmpi_status group_predict_to_file(const group_models *models, const char *path_of_models, const shard *points,
                                   const int64_t *group_of, const predict_wishes *wishes, const char *path,
                                   group_predict_report *report, gmmpi_error *error)
{
  gmmpi_error own = {0};
  const bool has_noise = (models->layout.kind.parts & PART_NOISE) != 0;
  group_prediction work = {.models = models,
                           .path = path_of_models,
                           .points = points,
                           .group_of = group_of,
                           .wishes = wishes,
                           .kernel = common_kernel(points->comm),
                           .n_shares = models->layout.n_components + (has_noise ? 1 : 0)};
  if (!open_rows(&work)) fail(&own, GMMPI_NO_MEMORY, "no memory is left to predict; use more nodes");
  if (own.status == GMMPI_OK) predict_all(&work, &own);
  if (agree(points->comm, &own) == GMMPI_OK) {
    output_column columns[MOST_COLUMNS];
    const output_table table = {
        .n_rows = points->n_samples,
        .first_row = points->first_row,
        .n_own = points->n_rows,
        .granule = points->block_rows,
        .compress = wishes->compress,
        .columns = columns,
        .n_columns = list_columns(&work, columns),
        .produce = copy_rows,
        .context = &work,
    };
    sum_up(&work, report);
    output_write(points->comm, path, &table, &own);
  }
  close_rows(&work);
  return error_pass(error, &own);
}

int64_t group_predict_bytes(const group_models *models, const predict_wishes *wishes, int64_t n_samples, int n_ranks)
{
  const int64_t numbers = 5 + (wishes->responsibilities ? models->layout.n_components + 1 : 0);
  int64_t rows;
  int64_t bytes;
  if (!multiply_fits(n_samples / n_ranks + 4096, numbers, &rows) ||
      !multiply_fits(rows, (int64_t)sizeof(double), &bytes))
    return INT64_MAX;
  return sum_of_bytes(3, (int64_t[]){bytes, output_bytes(shard_block_rows(n_samples), numbers),
                                     2 * models->keys.n * (int64_t)sizeof(int64_t)});
}
