/* SPDX-License-Identifier: BSD-3-Clause */
#include "starts/initialize.h"

#include "mixture/background.h"
#include "mixture/posterior.h"
#include "mixture/posterior_density.h"
#include "starts/greedy_seeding.h"
#include "starts/kmeans.h"
#include "starts/known_classes.h"
#include "support/error.h"
#include "support/memory.h"
#include "support/random.h"
#include "support/threads.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Collective. Equal weights, and the covariance of all points (or the identity) for each component. The means are the
 * caller's. */
static gmmpi_status set_broad_components(const em_iteration *em, bool identity, gmmpi_model *model, gmmpi_error *error)
{
  const int64_t d = model->n_features;
  const density_shape shape = model->family->storage->shape;
  double *unit = identity ? allocate(covariance_length(shape, d), sizeof *unit) : NULL;
  gmmpi_error local = {0};
  if (identity && unit == NULL) fail(&local, GMMPI_NO_MEMORY, "there is no memory for initial covariances");
  if (agree(em->points->comm, &local) != GMMPI_OK) {
    free(unit);
    return error_pass(error, &local);
  }
  for (int64_t j = 0; identity && j < d; j++) unit[covariance_diagonal(shape, d, j)] = 1.0;
  for (int64_t k = 0; k < model->n_components; k++) {
    model->weights[k] = 1.0 / (double)model->n_components;
    model_set_dof(model, k, 0.0);
    if (k > 0 && model->family->storage->shared) continue;
    model_contract(model, k, identity ? unit : em->spread->covariance);
    model_factorise(model, k);
  }
  if (em->region != NULL) background_set(model, em->region, START_NOISE);
  free(unit);
  return GMMPI_OK;
}

/* --- random points
 * ------------------------------------------------------------------------------------------------------ */

static bool contains(const int64_t *rows, int64_t n, int64_t row)
{
  for (int64_t i = 0; i < n; i++) {
    if (rows[i] == row) return true;
  }
  return false;
}

/* K different rows, every set of them equally likely (Floyd's method, Bentley 1987). */
static void draw_rows(int64_t n_samples, int64_t n_components, uint64_t seed, int64_t *rows)
{
  for (int64_t i = 0; i < n_components; i++) {
    const int64_t last = n_samples - n_components + i;
    const double draw = random_uniform(seed, RANDOM_START_ROWS, (uint64_t)i, 0);
    const int64_t row = (int64_t)(draw * (double)(last + 1));
    rows[i] = row > last || contains(rows, i, row) ? last : row;
  }
}

static gmmpi_status means_from_random_rows(const em_iteration *em, uint64_t seed, gmmpi_model *model,
                                           gmmpi_error *error)
{
  gmmpi_error local = {0};
  int64_t *rows = allocate(model->n_components, sizeof *rows);
  if (rows == NULL) fail(&local, GMMPI_NO_MEMORY, "there is no memory to draw rows");
  if (agree(em->points->comm, &local) == GMMPI_OK) {
    if (em->points->has_weights)
      draw_rows_by_weight(em->points, seed, RANDOM_START_ROWS, model->n_components, rows, &local);
    else
      draw_rows(em->points->n_samples, model->n_components, seed, rows);
    if (local.status == GMMPI_OK) fetch_rows(em->points, rows, model->n_components, model->means, &local);
  }
  free(rows);
  return error_pass(error, &local);
}

/* --- rules of initial responsibilities
 * ---------------------------------------------------------------------------------- */

static void random_rule(void *seed, const row_tile *tile, pass_workspace *workspace)
{
  const int64_t K = workspace->sums.n_components;
  double *responsibilities = workspace->responsibilities;
  memset(responsibilities, 0, (size_t)(K * TILE_ROWS) * sizeof(double));
  for (int p = 0; p < tile->n_points; p++) {
    const uint64_t row = (uint64_t)(tile->first_row + p);
    double total = 0.0;
    for (int64_t k = 0; k < K; k++) {
      const double draw = random_uniform(*(const uint64_t *)seed, RANDOM_RESPONSIBILITIES, row, (uint64_t)k);
      responsibilities[k * TILE_ROWS + p] = draw;
      total += draw;
    }
    for (int64_t k = 0; k < K; k++) responsibilities[k * TILE_ROWS + p] /= total;
  }
  weigh_responsibilities(tile, K, responsibilities);
  keep_known_labels(tile, K, responsibilities);
}

/* Labels of this rank's rows, as ranks in the sorted list of all values. */
typedef struct label_context {
  const int64_t *labels;
  int64_t first_row;
  const int64_t *values; /* K, ascending */
  bool has_noise;        /* NOISE_LABEL is no component's */
} label_context;

static void label_rule(void *labels, const row_tile *tile, pass_workspace *workspace)
{
  const label_context *context = labels;
  const int64_t K = workspace->sums.n_components;
  memset(workspace->responsibilities, 0, (size_t)(K * TILE_ROWS) * sizeof(double));
  for (int p = 0; p < tile->n_points; p++) {
    const int64_t label = context->labels[tile->first_row + p - context->first_row];
    int64_t low = 0;
    if (context->has_noise && label == NOISE_LABEL) continue;
    for (int64_t high = K - 1; low < high;) {
      const int64_t middle = low + (high - low) / 2;
      if (context->values[middle] < label)
        low = middle + 1;
      else
        high = middle;
    }
    workspace->responsibilities[low * TILE_ROWS + p] = 1.0;
  }
  weigh_responsibilities(tile, K, workspace->responsibilities);
  keep_known_labels(tile, K, workspace->responsibilities);
}

/* The smallest label of all ranks that is above `bound`. Collective. */
static int64_t next_label(const shard *points, const int64_t *labels, bool bounded, int64_t bound)
{
  int64_t smallest = INT64_MAX;
  for (int64_t i = 0; i < points->n_rows; i++) {
    if ((!bounded || labels[i] > bound) && labels[i] < smallest) smallest = labels[i];
  }
  MPI_Allreduce(MPI_IN_PLACE, &smallest, 1, MPI_INT64_T, MPI_MIN, points->comm);
  return smallest;
}

/* Sorted values of all ranks' labels, without that of noise; there must be exactly K. Collective; the error is the same
 * on all ranks. */
static gmmpi_status distinct_labels(const em_iteration *em, int64_t *values, gmmpi_error *error)
{
  const int64_t K = em->options->n_components;
  const int64_t *labels = em->options->labels;
  int64_t n = 0;
  for (int64_t value = next_label(em->points, labels, false, 0); value != INT64_MAX;
       value = next_label(em->points, labels, true, value)) {
    if (em->region != NULL && value == NOISE_LABEL) continue;
    if (n == K)
      return fail(error, GMMPI_BAD_DATA,
                  "the labels to start from have more than %lld distinct values; ask for as many components as there "
                  "are labels",
                  (long long)K);
    values[n++] = value;
  }
  if (n < K)
    return fail(
        error, GMMPI_BAD_DATA,
        "the labels to start from have only %lld distinct values for %lld components; ask for as many components as "
        "there are labels",
        (long long)n, (long long)K);
  return GMMPI_OK;
}

/* --- starts that end with an M-step
 * -------------------------------------------------------------------------------------- */

typedef struct initial_step {
  em_iteration *em;
  gmmpi_model *model, *broad; /* broad: what collapsed components fall back on */
  climber *climb;
  const fit_observer *observer;
  stop_question stop;
} initial_step;

static gmmpi_status m_step_from_rule(const initial_step *step, responsibility_rule rule, void *context,
                                     gmmpi_error *error)
{
  em_iteration *em = step->em;
  pass_control control = {.n_questions = 0};
  bool repaired;
  if (set_broad_components(em, false, step->broad, error) != GMMPI_OK ||
      expectation_step(em, step->broad, rule, context, &control, error) != GMMPI_OK ||
      measure_moments(em, step->broad, NULL, error) != GMMPI_OK)
    return error->status;
  if (maximization_step(em, em->measured, step->broad, 0, step->model, step->climb, step->observer, &repaired, error) !=
      GMMPI_OK)
    return error->status;
  if (em->region != NULL && *step->model->noise_weight == 0.0) background_set(step->model, em->region, START_NOISE);
  return GMMPI_OK;
}

static void set_means_to_centre(const em_iteration *em, gmmpi_model *model)
{
  for (int64_t k = 0; k < model->n_components; k++)
    memcpy(model->means + k * model->n_features, em->spread->means, (size_t)model->n_features * sizeof(double));
}

static gmmpi_status start_from_random_responsibilities(const initial_step *step, uint64_t seed, gmmpi_error *error)
{
  set_means_to_centre(step->em, step->broad);
  return m_step_from_rule(step, random_rule, &seed, error);
}

static gmmpi_status start_from_labels(const initial_step *step, gmmpi_error *error)
{
  const em_iteration *em = step->em;
  gmmpi_error local = {0};
  int64_t *values = allocate(em->options->n_components, sizeof *values);
  if (values == NULL) fail(&local, GMMPI_NO_MEMORY, "there is no memory for the values of labels");
  if (agree(em->points->comm, &local) == GMMPI_OK && distinct_labels(em, values, &local) == GMMPI_OK) {
    label_context context = {em->options->labels, em->points->first_row, values, em->region != NULL};
    set_means_to_centre(em, step->broad);
    m_step_from_rule(step, label_rule, &context, &local);
  }
  free(values);
  return error_pass(error, &local);
}

/* The nearest centre in other coordinates. */
typedef struct elsewhere_context {
  const shard *coordinates;
  double *tiles;      /* one for each thread */
  density_form *form; /* of the centres there */
} elsewhere_context;

static void nearest_elsewhere_rule(void *elsewhere, const row_tile *tile, pass_workspace *workspace)
{
  const elsewhere_context *context = elsewhere;
  const shard *there = context->coordinates;
  const int64_t row = tile->first_row - there->first_row;
  const block_view block = shard_block(there, row / there->block_rows);
  double *room = context->tiles + thread_number() * there->n_features * TILE_ROWS;
  row_tile same = *tile;
  same.numbers = block_tile(&block, row % there->block_rows / TILE_ROWS, room);
  nearest_rule(context->form, &same, workspace);
}

/* inverse_variances: d, of the features in the coordinates of k-means. */
static void set_scales(const em_iteration *em, const start_recipe *recipe, double *inverse_variances)
{
  for (int64_t j = 0; j < em->points->n_features; j++) {
    const double variance = em->spread->variances[j];
    inverse_variances[j] = !recipe->standardised ? 1.0 : variance > 0.0 ? 1.0 / variance : 0.0;
  }
}

static gmmpi_status choose_centres(const shard *points, const seeding_options *options, seeding_method method,
                                   double *centres, gmmpi_error *error)
{
  switch (method) {
  case SEED_PLUS_PLUS:
    if (seed_kmeans_plus_plus(points, options, centres, error) != GMMPI_OK) return error->status;
    return centres_take_known_classes(points, options, centres, error);
  case SEED_GREEDILY:
    return seed_greedily(points, options, centres, error);
  case SEED_GREEDILY_LLOYD:
    if (seed_greedily(points, options, centres, error) != GMMPI_OK) return error->status;
    return kmeans_run(points, options, centres, error);
  case SEED_PARALLEL:
    break;
  }
  if (seed_kmeans_parallel(points, options, centres, error) != GMMPI_OK ||
      centres_take_known_classes(points, options, centres, error) != GMMPI_OK)
    return error->status;
  return kmeans_run(points, options, centres, error);
}

static gmmpi_status start_from_kmeans(const initial_step *step, const start_recipe *recipe, gmmpi_error *error)
{
  const em_iteration *em = step->em;
  const shard *points = recipe->coordinates != NULL ? recipe->coordinates : em->points;
  const int64_t d = points->n_features;
  gmmpi_error local = {0};
  density_form *form = NULL;
  double *inverse_variances = allocate(d, sizeof(double));
  double *tiles = allocate(recipe->coordinates != NULL ? points->n_threads * d : 0, TILE_ROWS * sizeof(double));
  double *centres = step->broad->means;
  const seeding_options options = {em->kernel, em->options->n_components, inverse_variances, recipe->seed, step->stop};
  if (inverse_variances == NULL || tiles == NULL) fail(&local, GMMPI_NO_MEMORY, "there is no memory to scale features");
  if (agree(points->comm, &local) == GMMPI_OK) {
    set_scales(em, recipe, inverse_variances);
    choose_centres(points, &options, recipe->seeding, centres, &local);
  }
  if (local.status == GMMPI_OK) {
    kmeans_form(&options, d, centres, &form, &local);
    if (agree(points->comm, &local) == GMMPI_OK) {
      elsewhere_context elsewhere = {points, tiles, form};
      if (recipe->coordinates == NULL) {
        m_step_from_rule(step, nearest_rule, form, &local);
      } else {
        set_means_to_centre(em, step->broad); /* centres in other coordinates are no reference points for sums */
        m_step_from_rule(step, nearest_elsewhere_rule, &elsewhere, &local);
      }
    }
  }
  density_destroy(form);
  free(inverse_variances);
  free(tiles);
  return error_pass(error, &local);
}

/* Means of classes in place of means that were drawn. */
static gmmpi_status means_of_known_classes(const initial_step *step, const start_recipe *recipe, gmmpi_error *error)
{
  const em_iteration *em = step->em;
  gmmpi_error local = {0};
  if (!em->points->has_labels) return GMMPI_OK;
  double *inverse_variances = allocate(em->points->n_features, sizeof(double));
  const seeding_options options = {em->kernel, em->options->n_components, inverse_variances, recipe->seed, step->stop};
  if (inverse_variances == NULL) fail(&local, GMMPI_NO_MEMORY, "there is no memory to scale features");
  if (agree(em->points->comm, &local) == GMMPI_OK) {
    set_scales(em, recipe, inverse_variances);
    centres_take_known_classes(em->points, &options, step->model->means, &local);
  }
  free(inverse_variances);
  return error_pass(error, &local);
}

/* A model without a background gets one; one that has keeps its own, but for a volume that is given. */
static void take_model(const em_iteration *em, const gmmpi_model *start, gmmpi_model *model)
{
  model_copy_parameters(model, start);
  for (int64_t k = 0; k < model->n_components && !model_has(start, PART_TAILS); k++) model_set_dof(model, k, 0.0);
  if (em->region == NULL) return;
  if (!model_has(start, PART_NOISE))
    background_set(model, em->region, START_NOISE);
  else if (em->options->noise_volume > 0.0)
    background_set_region(model, em->region);
}

/* Collective. Sticks are broken from the largest component on; the order of others says nothing. Components of known
 * classes stay where they are. */
static gmmpi_status sort_sticks(const em_iteration *em, gmmpi_model *model, gmmpi_error *error)
{
  gmmpi_error local = {0};
  if (!model_has(model, PART_STICKS) || em->points->has_labels) return GMMPI_OK;
  posterior_sort(model, &local);
  agree(em->points->comm, &local);
  return error_pass(error, &local);
}

/* An M-step from the responsibilities that `start` has. */
static gmmpi_status m_step_from_model(const initial_step *step, const gmmpi_model *start, bool as_posterior,
                                      gmmpi_error *error)
{
  gmmpi_error local = {0};
  density_form *form = NULL;
  density_create(start->family, start->n_components, start->n_features, &form, &local);
  if (agree(step->em->points->comm, &local) == GMMPI_OK) {
    if (as_posterior)
      density_from_posterior(form, start);
    else
      density_from_model(form, start);
    memcpy(step->broad->means, start->means, (size_t)(start->n_components * start->n_features) * sizeof(double));
    m_step_from_rule(step, posterior_rule, form, &local);
  }
  density_destroy(form);
  return error_pass(error, &local);
}

/* A model of another kind tells the responsibilities that the first M-step is from. */
static gmmpi_status start_from_model(const initial_step *step, const gmmpi_model *start, gmmpi_error *error)
{
  em_iteration *em = step->em;
  if (start->parts == em->kind.parts || em->estimator->adopt == NULL) {
    take_model(em, start, step->model);
    if (em->estimator->adopt != NULL) em->estimator->adopt(em->before, step->model);
    return GMMPI_OK;
  }
  return m_step_from_model(step, start, model_has(start, PART_POSTERIOR), error);
}

/* Components of one size about points. A posterior is that from their responsibilities. */
static gmmpi_status start_from_random_rows(const initial_step *step, const start_recipe *recipe, gmmpi_error *error)
{
  em_iteration *em = step->em;
  if (means_from_random_rows(em, recipe->seed, step->model, error) != GMMPI_OK ||
      means_of_known_classes(step, recipe, error) != GMMPI_OK ||
      set_broad_components(em, em->options->init_covariance == START_IDENTITY, step->model, error) != GMMPI_OK)
    return error->status;
  if (!model_has(step->model, PART_POSTERIOR)) return GMMPI_OK;
  return m_step_from_model(step, step->model, false, error);
}

gmmpi_status initialize_by(em_iteration *em, const start_recipe *recipe, climber *climb, const fit_observer *observer,
                           gmmpi_error *error)
{
  gmmpi_model *model = climb->current.model;
  const initial_step step = {em, model, climb->other, climb, observer, fit_stop_question(observer)};
  switch (recipe->init) {
  case INIT_KMEANS:
  case INIT_KMEANS_PLUS_PLUS:
    if (start_from_kmeans(&step, recipe, error) != GMMPI_OK) return error->status;
    return sort_sticks(em, model, error);
  case INIT_RANDOM:
    return start_from_random_responsibilities(&step, recipe->seed, error);
  case INIT_LABELS:
    return start_from_labels(&step, error);
  case INIT_MODEL:
    return start_from_model(&step, em->options->start, error);
  case INIT_RANDOM_FROM_DATA:
    return start_from_random_rows(&step, recipe, error);
  }
  return fail(error, GMMPI_INTERNAL, "unknown initialisation %d", (int)recipe->init);
}

gmmpi_status initialize_from_responsibilities(em_iteration *em, const gmmpi_model *other, climber *climb,
                                              const fit_observer *observer, gmmpi_error *error)
{
  const initial_step step = {em, climb->current.model, climb->other, climb, observer, fit_stop_question(observer)};
  return m_step_from_model(&step, other, false, error);
}

gmmpi_status initialize(em_iteration *em, int64_t start, climber *climb, const fit_observer *observer,
                        gmmpi_error *error)
{
  const start_recipe recipe = {.init = em->options->init,
                               .seed = random_seed_of_start(em->options->seed, start),
                               .seeding = em->options->init == INIT_KMEANS_PLUS_PLUS ? SEED_PLUS_PLUS : SEED_PARALLEL,
                               .standardised = true};
  return initialize_by(em, &recipe, climb, observer, error);
}
