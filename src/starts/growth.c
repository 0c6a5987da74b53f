/* SPDX-License-Identifier: BSD-3-Clause */
#include "starts/growth.h"

#include "mixture/background.h"
#include "mixture/shape.h"
#include "starts/initialize.h"
#include "starts/soundness.h"
#include "support/error.h"
#include "support/memory.h"
#include "support/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of EM, after each new component: for every place that is tried, then for the best one; and after the last one. */
enum { TRIAL_ITERATIONS = 6, KEPT_ITERATIONS = 10, LAST_ITERATIONS = 50 };

/* Models of one number of components. */
typedef struct stage {
  fit_options options; /* with this number of components */
  bench bench;
  gmmpi_model *best;
  double worth; /* of the best: its log-likelihood, less a handicap */
} stage;

static void stage_clear(stage *one)
{
  iteration_destroy(one->bench.em);
  climber_close(&one->bench.climb);
  gmmpi_model_destroy(one->best);
  *one = (stage){.best = NULL};
}

/* Collective. */
static gmmpi_status stage_open(const em_iteration *em, int64_t n_components, stage *one, gmmpi_error *error)
{
  const int64_t d = em->points->n_features;
  gmmpi_error local = {0};
  one->options = *em->options;
  one->options.n_components = n_components;
  if (climber_open(em->kind, n_components, d, em->options->accelerate, NULL, &one->bench.climb, &local) == GMMPI_OK)
    model_allocate(em->kind, n_components, d, &one->best, &local);
  if (agree(em->points->comm, &local) == GMMPI_OK)
    iteration_create_for_starts(em->points, &one->options, 1, em, em->timings, &one->bench.em, &local);
  return error_pass(error, &local);
}

bool add_component(const gmmpi_model *from, const component_place *where, double *covariance, gmmpi_model *to)
{
  const covariance_family *family = from->family;
  const int64_t K = from->n_components;
  const size_t row = (size_t)from->n_features * sizeof(double);
  for (int64_t k = 0; k < K; k++) {
    to->weights[k] = (1.0 - where->weight) * from->weights[k];
    memcpy(to->means + k * to->n_features, from->means + k * to->n_features, row);
    model_copy_dof(to, k, from, k);
    if (family->storage->shared && k > 0) continue;
    model_expand(from, k, covariance);
    model_contract(to, k, covariance);
    model_factorise(to, k);
  }
  background_copy(to, from);
  if (model_has(to, PART_NOISE)) *to->noise_weight *= 1.0 - where->weight;
  to->weights[K] = where->weight;
  model_set_dof(to, K, 0.0);
  memcpy(to->means + K * to->n_features, where->mean, row);
  if (family->storage->shared) return true;
  model_contract(to, K, where->covariance);
  return model_factorise(to, K);
}

/* The log-likelihood of the model on the bench, less a handicap where it is spurious. */
static gmmpi_status worth_of(const stage *one, double *worth, gmmpi_error *error)
{
  const fit_position *current = &one->bench.climb.current;
  return worth_of_model(one->bench.em, current->measured.objective, current->model, worth, error);
}

/* Improves the model on the bench and keeps it if it is better than next->best. */
static gmmpi_status try_model(stage *next, int64_t n_iterations, const fit_observer *observer, gmmpi_error *error)
{
  double worth = -INFINITY;
  if (bench_improve(&next->bench, observer, n_iterations, error) != GMMPI_OK ||
      worth_of(next, &worth, error) != GMMPI_OK)
    return error->status;
  if (!(worth > next->worth)) return GMMPI_OK;
  next->worth = worth;
  model_copy_parameters(next->best, next->bench.climb.current.model);
  return GMMPI_OK;
}

/* One component: all points. */
static gmmpi_status begin(stage *one, const fit_observer *observer, gmmpi_error *error)
{
  const em_iteration *em = one->bench.em;
  gmmpi_model *model = one->bench.climb.current.model;
  model->weights[0] = 1.0;
  model_set_dof(model, 0, 0.0);
  memcpy(model->means, em->spread->means, (size_t)model->n_features * sizeof(double));
  model_contract(model, 0, em->spread->covariance);
  model_factorise(model, 0);
  if (em->region != NULL) background_set(model, em->region, START_NOISE);
  share_model(em, true, model);
  one->worth = -INFINITY;
  return try_model(one, 2, observer, error);
}

/* Centres of k-means, which owe nothing to the components before. */
static gmmpi_status try_kmeans(stage *next, uint64_t seed, const fit_observer *observer, gmmpi_error *error)
{
  const start_recipe recipe = {.init = INIT_KMEANS, .seed = seed, .seeding = SEED_GREEDILY_LLOYD, .standardised = true};
  if (initialize_by(next->bench.em, &recipe, &next->bench.climb, observer, error) != GMMPI_OK) return error->status;
  return try_model(next, TRIAL_ITERATIONS, observer, error);
}

/* Half of a component's points for a copy of it: as good as the model with one component less. */
static void add_twin(const stage *from, component_place *room, double *covariance, const stage *next)
{
  gmmpi_model *model = next->best;
  int64_t heaviest = 0;
  for (int64_t k = 1; k < from->best->n_components; k++) {
    if (from->best->weights[k] > from->best->weights[heaviest]) heaviest = k;
  }
  room->weight = 0.0;
  memcpy(room->mean, from->best->means + heaviest * model->n_features, (size_t)model->n_features * sizeof(double));
  model_expand(from->best, heaviest, room->covariance);
  add_component(from->best, room, covariance, model);
  model->weights[heaviest] = model->weights[model->n_components - 1] = from->best->weights[heaviest] / 2.0;
  share_model(next->bench.em, true, model);
}

/* The best model of next->bench with one component more than from->best has. */
static gmmpi_status grow_by_one(const stage *from, place_finder *finder, uint64_t seed, const fit_observer *observer,
                                stage *next, int64_t n_iterations, double *covariance, gmmpi_error *error)
{
  next->worth = -INFINITY;
  if (find_places(finder, from->bench.em, from->best, seed, error) != GMMPI_OK) return error->status;
  for (int64_t i = 0; i < finder->n_found; i++) {
    gmmpi_model *model = next->bench.climb.current.model;
    if (!share_model(next->bench.em, add_component(from->best, &finder->found[i], covariance, model), model)) continue;
    if (try_model(next, TRIAL_ITERATIONS, observer, error) != GMMPI_OK) return error->status;
  }
  if (try_kmeans(next, seed, observer, error) != GMMPI_OK) return error->status;
  model_copy_parameters(next->bench.climb.current.model, next->best);
  if (try_model(next, n_iterations, observer, error) != GMMPI_OK) return error->status;
  if (next->worth < from->worth) {
    add_twin(from, &finder->found[0], covariance, next);
    next->worth = from->worth;
  }
  return GMMPI_OK;
}

/* The model that is there. */
static gmmpi_status begin_with(stage *one, const gmmpi_model *from, const fit_observer *observer, gmmpi_error *error)
{
  model_copy_parameters(one->bench.climb.current.model, from);
  one->worth = -INFINITY;
  return try_model(one, 1, observer, error);
}

gmmpi_status grow_model(const em_iteration *em, place_finder *finder, uint64_t seed, const gmmpi_model *from,
                        const fit_observer *observer, gmmpi_model *to, int64_t *n_row_visits, gmmpi_error *error)
{
  const int64_t K = to->n_components;
  const int64_t first = from != NULL ? from->n_components : 1;
  stage stages[2] = {{.best = NULL}, {.best = NULL}};
  gmmpi_error local = {0};
  double *covariance = allocate(covariance_length(em->family->storage->shape, em->points->n_features), sizeof(double));
  if (covariance == NULL) fail(&local, GMMPI_NO_MEMORY, "there is no memory for a covariance");
  if (agree(em->points->comm, &local) == GMMPI_OK && stage_open(em, first, &stages[0], &local) == GMMPI_OK) {
    if (from != NULL)
      begin_with(&stages[0], from, observer, &local);
    else
      begin(&stages[0], observer, &local);
  }
  for (int64_t k = first; k < K && local.status == GMMPI_OK; k++) {
    if (stage_open(em, k + 1, &stages[1], &local) == GMMPI_OK)
      grow_by_one(&stages[0], finder, random_seed_of_start(seed, k), observer, &stages[1],
                  k + 1 == K && from == NULL ? LAST_ITERATIONS : KEPT_ITERATIONS, covariance, &local);
    *n_row_visits += stages[1].bench.climb.n_row_visits * (k + 1) / K;
    stage_clear(&stages[0]);
    stages[0] = stages[1];
    if (stages[0].bench.em != NULL) stages[0].bench.em->options = &stages[0].options;
    stages[1] = (stage){.best = NULL};
  }
  if (local.status == GMMPI_OK) model_copy_parameters(to, stages[0].best);
  stage_clear(&stages[0]);
  free(covariance);
  return error_pass(error, &local);
}

double growth_visits(density_shape shape, int64_t n_samples, int64_t n_features, int64_t n_components)
{
  const double iterations = (MOST_PLACES + 2) * TRIAL_ITERATIONS + KEPT_ITERATIONS;
  return iterations * (double)n_components / 2.0 + LAST_ITERATIONS +
         place_visits(shape, n_components, n_samples, n_features);
}

int64_t growth_bytes(const fit_options *options, int64_t n_features)
{
  const int64_t one = bench_bytes(options, n_features);
  return sum_of_bytes(2, (int64_t[]){one, one});
}
