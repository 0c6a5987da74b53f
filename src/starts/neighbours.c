/* SPDX-License-Identifier: BSD-3-Clause */
#include "starts/neighbours.h"

#include "starts/bench.h"
#include "starts/growth.h"
#include "starts/initialize.h"
#include "starts/search.h"
#include "starts/split_merge.h"
#include "support/activity.h"
#include "support/error.h"
#include "support/memory.h"
#include "support/random.h"

#include <math.h>
#include <stdlib.h>

/* Beside starts from neighbours, a search takes at least this share of its cost. Few candidates have more, all together
 * about as much as one alone; so have few components, up to another share, since they have few smaller neighbours. One
 * without a larger neighbour has so many times as much. */
static const double least_share_of_search = 0.125;
static const double most_share_of_small = 0.5;
static const double times_without_larger = 2.0;

/* Starts from neighbours: grown, and by the responsibilities of another family. */
enum { MOST_GIVEN = 2 };

/* EM after components were merged, and some more where the mean objective is less behind than by so much. */
enum { ITERATIONS_AFTER_MERGING = 10, MORE_ITERATIONS = 50 };
static const double hopeless = 0.01;

/* A model with fewer components is taken where its mean objective is higher by so much. */
static const double least_improvement = 1e-7;

typedef struct neighbourhood {
  em_iteration *const *ems;
  climber *climbers;
  int64_t n, n_models, n_samples;
  const fit_observer *observer;
  double *objectives; /* n: of the models that are there, less a handicap; NaN: not known */
} neighbourhood;

static int64_t components_of(const neighbourhood *work, int64_t i)
{
  return work->ems[i]->options->n_components;
}

static int64_t round_of(const neighbourhood *work, int64_t i)
{
  return work->climbers[i].current.start / work->n_models;
}

/* Do these two differ in nothing but the number of components? */
static bool are_of_a_family(const neighbourhood *work, int64_t i, int64_t j)
{
  return work->ems[i]->family == work->ems[j]->family && round_of(work, i) == round_of(work, j);
}

/* The model of the family before with as many components, or -1. */
static int64_t find_across(const neighbourhood *work, int64_t i)
{
  for (int64_t j = i - 1; j >= 0 && round_of(work, i) == round_of(work, j); j--) {
    if (work->ems[i]->family != work->ems[j]->family && components_of(work, i) == components_of(work, j)) return j;
  }
  return -1;
}

/* The model with the next fewer components, or -1. */
static int64_t find_smaller(const neighbourhood *work, int64_t i)
{
  return i > 0 && are_of_a_family(work, i, i - 1) && components_of(work, i - 1) < components_of(work, i) ? i - 1 : -1;
}

static gmmpi_status grow(const neighbourhood *work, int64_t i, int64_t smaller, gmmpi_model *to, gmmpi_error *error)
{
  const em_iteration *em = work->ems[i];
  gmmpi_error local = {0};
  place_finder *finder = NULL;
  place_finder_create(em, &finder, &local);
  if (agree(em->points->comm, &local) == GMMPI_OK)
    grow_model(em, finder, random_seed_of_start(em->options->seed, round_of(work, i)),
               smaller >= 0 ? work->climbers[smaller].current.model : NULL, work->observer, to,
               &work->climbers[i].n_row_visits, &local);
  place_finder_destroy(finder);
  return error_pass(error, &local);
}

/* The models that a search is given; 71 and what their making may lead to. */
static gmmpi_status make_given(const neighbourhood *work, int64_t i, gmmpi_model **models, int64_t *n,
                               gmmpi_error *error)
{
  climber *climb = &work->climbers[i];
  const int64_t smaller = find_smaller(work, i);
  const int64_t across = find_across(work, i);
  *n = 0;
  if (across >= 0) {
    event_list *events = climb->events; /* what a candidate goes through is nobody's concern */
    climb->events = NULL;
    initialize_from_responsibilities(work->ems[i], work->climbers[across].current.model, climb, work->observer, error);
    climb->events = events;
    if (error->status != GMMPI_OK) return error->status;
    model_copy_parameters(models[(*n)++], climb->current.model);
  }
  if (grow(work, i, smaller, models[*n], error) != GMMPI_OK) return error->status;
  ++*n;
  return GMMPI_OK;
}

static double share_of_search(const neighbourhood *work, int64_t i)
{
  int64_t n = 0;
  for (int64_t j = 0; j < work->n; j++) n += round_of(work, i) == round_of(work, j);
  const bool is_largest = i + 1 == work->n || !are_of_a_family(work, i, i + 1);
  const double of_small = fmin(most_share_of_small, 1.0 / (double)(components_of(work, i) - 1));
  const double share = fmax(fmax(least_share_of_search, of_small), 1.0 / (double)n);
  return fmin(1.0, is_largest ? times_without_larger * share : share);
}

/* A model for which there is no search: of one component, or among points too many for it. */
static gmmpi_status make_single(const neighbourhood *work, int64_t i, gmmpi_error *error)
{
  return initialize(work->ems[i], round_of(work, i), &work->climbers[i], work->observer, error);
}

static gmmpi_status search_beside(const neighbourhood *work, int64_t i, gmmpi_error *error)
{
  em_iteration *em = work->ems[i];
  climber *climb = &work->climbers[i];
  gmmpi_error local = {0};
  search_findings found = {.n = 0};
  gmmpi_model *models[MOST_GIVEN] = {NULL};
  given_starts given = {.models = models, .share = share_of_search(work, i)};
  for (int m = 0; m < MOST_GIVEN && local.status == GMMPI_OK; m++)
    model_allocate(em->kind, components_of(work, i), em->points->n_features, &models[m], &local);
  if (local.status == GMMPI_OK) search_findings_create(em, &found, &local);
  if (agree(em->points->comm, &local) == GMMPI_OK && make_given(work, i, models, &given.n, &local) == GMMPI_OK)
    search_start(em, work->n_samples, round_of(work, i), &given, climb, work->observer, &found, &local);
  if (found.n > 0) work->objectives[i] = found.objectives[0];
  for (int m = 0; m < MOST_GIVEN; m++) gmmpi_model_destroy(models[m]);
  search_findings_clear(&found);
  return error_pass(error, &local);
}

static gmmpi_status find_upwards(const neighbourhood *work, gmmpi_error *error)
{
  for (int64_t i = 0; i < work->n; i++) {
    activity_set_part(i, work->n + 1); /* the way down is the last one */
    const gmmpi_status status =
        search_is_wanted(work->ems[i]->options) ? search_beside(work, i, error) : make_single(work, i, error);
    if (status != GMMPI_OK) return status;
  }
  return GMMPI_OK;
}

static gmmpi_status improve_merged(const neighbourhood *work, int64_t i, bench *at, double *worth, gmmpi_error *error)
{
  const double enough = work->objectives[i] - hopeless * at->em->points->total_weight;
  if (bench_improve(at, work->observer, ITERATIONS_AFTER_MERGING, error) != GMMPI_OK ||
      !(at->climb.current.measured.objective > enough) ||
      bench_improve(at, work->observer, MORE_ITERATIONS, error) != GMMPI_OK)
    return error->status;
  return worth_of_model(at->em, at->climb.current.measured.objective, at->climb.current.model, worth, error);
}

/* The larger model with components merged, and a few iterations after it, if that is better than the i-th one. */
static gmmpi_status merge_into(const neighbourhood *work, int64_t i, int64_t larger, gmmpi_error *error)
{
  em_iteration *em = work->ems[i];
  const int64_t K = components_of(work, i);
  const int64_t d = em->points->n_features;
  const int64_t wide = components_of(work, larger);
  const double total = em->points->total_weight;
  gmmpi_error local = {0};
  bench at = {.em = em};
  gmmpi_model *copy = NULL;
  split_merge *mover = NULL;
  double worth = -INFINITY;
  if (climber_open(em->kind, K, d, em->options->accelerate, NULL, &at.climb, &local) == GMMPI_OK &&
      model_allocate(em->kind, wide, d, &copy, &local) == GMMPI_OK &&
      split_merge_create(em->family, wide, d, &mover, &local) == GMMPI_OK)
    model_copy_parameters(copy, work->climbers[larger].current.model);
  if (agree(em->points->comm, &local) == GMMPI_OK) {
    gmmpi_model *model = at.climb.current.model;
    const bool sound = share_model(em, merge_components(mover, copy, model), model);
    if (sound) improve_merged(work, i, &at, &worth, &local);
    if (local.status == GMMPI_OK && worth > work->objectives[i] + least_improvement * total) {
      work->objectives[i] = worth;
      model_copy_parameters(work->climbers[i].current.model, model);
    }
    work->climbers[i].n_row_visits += at.climb.n_row_visits;
  }
  climber_close(&at.climb);
  gmmpi_model_destroy(copy);
  split_merge_destroy(mover);
  return error_pass(error, &local);
}

static gmmpi_status find_downwards(const neighbourhood *work, gmmpi_error *error)
{
  activity_set_part(work->n, work->n + 1);
  for (int64_t i = work->n - 2; i >= 0; i--) {
    activity_tell_steps("looking for a start", work->n - 1 - i, work->n);
    if (!are_of_a_family(work, i, i + 1) || components_of(work, i + 1) <= components_of(work, i) ||
        isnan(work->objectives[i]))
      continue;
    if (merge_into(work, i, i + 1, error) != GMMPI_OK) return error->status;
  }
  return GMMPI_OK;
}

gmmpi_status find_neighbouring_starts(em_iteration *const *ems, climber *climbers, int64_t n, int64_t n_models,
                                      int64_t n_samples, const fit_observer *observer, gmmpi_error *error)
{
  gmmpi_error local = {0};
  neighbourhood work = {ems, climbers, n, n_models, n_samples, observer, allocate(n, sizeof(double))};
  if (work.objectives == NULL) fail(&local, GMMPI_NO_MEMORY, "there is no memory for %lld starts", (long long)n);
  for (int64_t i = 0; work.objectives != NULL && i < n; i++) work.objectives[i] = NAN;
  if (agree(ems[0]->points->comm, &local) == GMMPI_OK && find_upwards(&work, &local) == GMMPI_OK)
    find_downwards(&work, &local);
  activity_set_part(0, 1);
  free(work.objectives);
  return error_pass(error, &local);
}

int64_t neighbours_bytes(const fit_options *options, int64_t n_features)
{
  const covariance_family *family = family_find(options->covariance);
  const int64_t K = options->n_components;
  const int64_t model = model_bytes(fit_kind(options), K, n_features);
  return sum_of_bytes(5, (int64_t[]){sum_of_bytes(MOST_GIVEN + 1, (int64_t[]){model, model, model}),
                                     growth_bytes(options, n_features),
                                     place_finder_bytes(family->storage->shape, K, 0, n_features),
                                     split_merge_bytes(family, 2 * K, n_features),
                                     climber_bytes(options->accelerate, fit_kind(options), K, n_features)});
}
