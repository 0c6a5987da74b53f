/* SPDX-License-Identifier: BSD-3-Clause */
#include "apply/divergence.h"

#include "apply/normal_pair.h"
#include "apply/output.h"
#include "apply/point_density.h"
#include "apply/sample.h"
#include "support/activity.h"
#include "support/error.h"
#include "support/exact_sum.h"
#include "support/memory.h"

#include <math.h>
#include <stdlib.h>

enum measure { KL_AB, KL_BA, JENSEN_SHANNON, TOTAL_VARIATION, N_MEASURES };

/* One of the two models. */
typedef struct side {
  sampler *source;
  point_density *density;
  double *own;   /* TILE_ROWS: log densities of the points that were drawn from it */
  double *other; /* the same by the other model */
} side;

typedef struct comparison {
  side sides[2];
  double *point;                                  /* d */
  double *tile;                                   /* d x TILE_ROWS */
  int64_t words[N_MEASURES][2][FULL_RANGE_LIMBS]; /* sums of each measure's values, and of their squares */
} comparison;

static gmmpi_status side_open(side *opened, const kernel *instructions, const gmmpi_model *model, const char *label,
                              uint64_t seed, gmmpi_error *error)
{
  gmmpi_error inner = {0};
  opened->own = allocate(TILE_ROWS, sizeof(double));
  opened->other = allocate(TILE_ROWS, sizeof(double));
  if (opened->own == NULL || opened->other == NULL)
    return fail(error, GMMPI_NO_MEMORY, "no memory is left to compare models; use machines with more memory");
  if (sampler_create(model, seed, &opened->source, &inner) == GMMPI_OK)
    point_density_create(instructions, model, &opened->density, &inner);
  return inner.status == GMMPI_OK ? GMMPI_OK : fail(error, inner.status, "%s: %s", label, inner.message);
}

static void comparison_close(comparison *work)
{
  if (work == NULL) return;
  for (int i = 0; i < 2; i++) {
    sampler_destroy(work->sides[i].source);
    point_density_destroy(work->sides[i].density);
    free(work->sides[i].own);
    free(work->sides[i].other);
  }
  free(work->point);
  free(work->tile);
  free(work);
}

/* log 2 - log(1 + exp(-x)): what a point with log density x higher in its own model than in the other one adds to the
 * Jensen-Shannon divergence. Exactly 0 at 0. */
static double jensen_shannon_of(double x)
{
  if (x < -30.0) return log(2.0) + x - log1p(exp(x));
  return -log1p(0.5 * expm1(-x));
}

/* Points first_row and on of both models, n_points of them. */
static void add_tile(comparison *work, int64_t first_row, int n_points)
{
  double sums[N_MEASURES][2] = {{0}};
  for (int i = 0; i < 2; i++) {
    side *self = &work->sides[i];
    sampler_draw_tile(self->source, first_row, n_points, work->point, work->tile);
    point_density_tile(self->density, work->tile, n_points, self->own);
    point_density_tile(work->sides[1 - i].density, work->tile, n_points, self->other);
  }
  for (int p = 0; p < n_points; p++) {
    const double of_a = work->sides[0].own[p] - work->sides[0].other[p];
    const double of_b = work->sides[1].own[p] - work->sides[1].other[p];
    const double values[N_MEASURES] = {
        [KL_AB] = of_a,
        [KL_BA] = of_b,
        [JENSEN_SHANNON] = 0.5 * (jensen_shannon_of(of_a) + jensen_shannon_of(of_b)),
        [TOTAL_VARIATION] = 0.5 * (fabs(tanh(0.5 * of_a)) + fabs(tanh(0.5 * of_b))),
    };
    for (int m = 0; m < N_MEASURES; m++) {
      sums[m][0] += values[m];
      sums[m][1] += values[m] * values[m];
    }
  }
  for (int m = 0; m < N_MEASURES; m++) {
    for (int power = 0; power < 2; power++) full_range_add(work->words[m][power], sums[m][power]);
  }
}

static divergence mean_of(int64_t (*words)[FULL_RANGE_LIMBS], int64_t n_points)
{
  const double n = (double)n_points;
  const double mean = full_range_value(words[0]) / n;
  const double variance = fmax(0.0, (full_range_value(words[1]) / n - mean * mean) * n / (n - 1.0));
  return (divergence){.value = mean, .standard_error = sqrt(variance / n)};
}

/* The component of a model that is one normal distribution; -1: it is more than that. */
static int64_t only_component(const gmmpi_model *model)
{
  int64_t only = -1;
  if (model_has(model, PART_TAILS) || model_has(model, PART_POSTERIOR) || model_n_living(model) != 1) return -1;
  if (model_has(model, PART_NOISE) && *model->noise_weight > 0.0) return -1;
  for (int64_t k = 0; k < model->n_components; k++) {
    if (model->weights[k] > 0.0) only = k;
  }
  return only;
}

/* The divergences of two normal distributions, where the models are such. */
static gmmpi_status take_closed_form(const gmmpi_model *a, const gmmpi_model *b, divergence_report *report,
                                     gmmpi_error *error)
{
  const int64_t i = only_component(a);
  const int64_t j = only_component(b);
  normal_pairs *pairs = NULL;
  normal_pairs *back = NULL;
  if (i < 0 || j < 0) return GMMPI_OK;
  if (normal_pairs_create(a, b, &pairs, error) == GMMPI_OK && normal_pairs_create(b, a, &back, error) == GMMPI_OK) {
    report->kullback_leibler_ab = (divergence){.value = normal_pairs_divergence(pairs, i, j), .is_exact = true};
    report->kullback_leibler_ba = (divergence){.value = normal_pairs_divergence(back, j, i), .is_exact = true};
  }
  normal_pairs_destroy(pairs);
  normal_pairs_destroy(back);
  return error->status;
}

gmmpi_status divergence_estimate(MPI_Comm comm, const gmmpi_model *a, const char *a_label, const gmmpi_model *b,
                                 const char *b_label, int64_t n_points, uint64_t seed, divergence_report *report,
                                 gmmpi_error *error)
{
  const kernel *instructions = kernel_common(comm);
  gmmpi_error own = {0};
  int rank;
  int n_ranks;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &n_ranks);
  comparison *work = calloc(1, sizeof *work);
  if (work != NULL) {
    work->point = allocate(a->n_features, sizeof(double));
    work->tile = allocate(a->n_features, TILE_ROWS * sizeof(double));
  }
  if (work == NULL || work->point == NULL || work->tile == NULL)
    fail(&own, GMMPI_NO_MEMORY, "no memory is left to compare models; use machines with more memory");
  else if (side_open(&work->sides[0], instructions, a, a_label, seed, &own) == GMMPI_OK)
    side_open(&work->sides[1], instructions, b, b_label, seed, &own);
  if (agree(comm, &own) == GMMPI_OK) {
    const int64_t end = output_first_row(n_points, TILE_ROWS, rank + 1, n_ranks);
    const int64_t begin = output_first_row(n_points, TILE_ROWS, rank, n_ranks);
    for (int64_t row = begin; row < end; row += TILE_ROWS) {
      add_tile(work, row, end - row < TILE_ROWS ? (int)(end - row) : TILE_ROWS);
      activity_tell(&(activity){.doing = "comparing the models",
                                .share = (double)(row - begin) / (double)(end - begin),
                                .n = n_points,
                                .unit = "points"});
    }
    MPI_Allreduce(MPI_IN_PLACE, &work->words[0][0][0], N_MEASURES * 2 * FULL_RANGE_LIMBS, MPI_INT64_T, MPI_SUM, comm);
    *report = (divergence_report){.kullback_leibler_ab = mean_of(work->words[KL_AB], n_points),
                                  .kullback_leibler_ba = mean_of(work->words[KL_BA], n_points),
                                  .jensen_shannon = mean_of(work->words[JENSEN_SHANNON], n_points),
                                  .total_variation = mean_of(work->words[TOTAL_VARIATION], n_points)};
    take_closed_form(a, b, report, &own);
    agree(comm, &own);
  }
  comparison_close(work);
  return error_pass(error, &own);
}

int64_t divergence_bytes(const gmmpi_model *a, const gmmpi_model *b)
{
  int64_t tile;
  int64_t pairs = normal_pairs_bytes(a, b);
  if (!multiply_fits(a->n_features, (TILE_ROWS + 2) * (int64_t)sizeof(double), &tile) ||
      !multiply_fits(pairs, 2, &pairs))
    return INT64_MAX;
  return sum_of_bytes(6, (int64_t[]){(int64_t)sizeof(comparison) + 4 * TILE_ROWS * (int64_t)sizeof(double), tile, pairs,
                                     (a->n_components + b->n_components + 2) * (int64_t)sizeof(double),
                                     point_density_bytes(a), point_density_bytes(b)});
}
