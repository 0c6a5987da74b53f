/* SPDX-License-Identifier: BSD-3-Clause */
#include "starts/second_look.h"

#include "mixture/shape.h"
#include "starts/bench.h"
#include "starts/places.h"
#include "starts/soundness.h"
#include "starts/split_merge.h"
#include "support/error.h"
#include "support/memory.h"
#include "support/random.h"

#include <math.h>
#include <stdlib.h>

/* Components that are put elsewhere on a level at most, and iterations after each. */
enum { MOST_PLACED = 4, ITERATIONS = 10 };

/* Fewer points than so many for each feature do not tell a component's covariance. */
enum { POINTS_PER_FEATURE = 4 };

/* What the count of points promises must be so much to be tried: about what noise promises at the best of many rows. */
static const double least_gain = 20.0;

/* What merging two components that overlap loses is less than the estimate, which takes them for separate, by far. */
static const double share_of_loss = 0.1;

typedef struct second_look {
  em_iteration *em;
  const fit_observer *observer;
  bench bench;
  gmmpi_model *best;
  double worth;       /* of the best, after ITERATIONS; NaN: not known */
  double *covariance; /* of one component: scratch */
  place_finder *finder;
  split_merge *mover;
} second_look;

static gmmpi_status open_look(second_look *work, const climber *climb, gmmpi_error *error)
{
  const em_iteration *em = work->em;
  const int64_t K = em->options->n_components;
  const int64_t d = em->points->n_features;
  gmmpi_error local = {0};
  work->bench = (bench){.em = work->em};
  work->covariance = allocate(covariance_length(em->family->storage->shape, d), sizeof(double));
  if (work->covariance == NULL) fail(&local, GMMPI_NO_MEMORY, "there is no memory for a covariance");
  if (climber_open(em->kind, K, d, em->options->accelerate, NULL, &work->bench.climb, &local) == GMMPI_OK &&
      model_allocate(em->kind, K, d, &work->best, &local) == GMMPI_OK &&
      place_finder_create(em, &work->finder, &local) == GMMPI_OK &&
      split_merge_create(em->family, K, d, &work->mover, &local) == GMMPI_OK)
    model_copy_parameters(work->best, climb->current.model);
  agree(em->points->comm, &local);
  return error_pass(error, &local);
}

static void close_look(second_look *work)
{
  climber_close(&work->bench.climb);
  gmmpi_model_destroy(work->best);
  free(work->covariance);
  place_finder_destroy(work->finder);
  split_merge_destroy(work->mover);
}

/* Improves the model on the bench; *worth is its log-likelihood, or -infinity where it is spurious and those are
 * avoided. */
static gmmpi_status improve(second_look *work, double *worth, gmmpi_error *error)
{
  const em_iteration *em = work->em;
  const fit_position *current = &work->bench.climb.current;
  spurious_component found;
  if (bench_improve(&work->bench, work->observer, ITERATIONS, error) != GMMPI_OK ||
      find_spurious(em->points, em->points->total_weight, em->options, current->model, &found, error) != GMMPI_OK)
    return error->status;
  const bool avoided = found.kind != COMPONENT_NOT_SPURIOUS && em->options->spurious != SPURIOUS_KEEP;
  *worth = avoided ? -INFINITY : current->measured.objective;
  return GMMPI_OK;
}

/* What the model that came here is worth, which is looked at only when there is something to compare it with. */
static gmmpi_status measure_first(second_look *work, gmmpi_error *error)
{
  if (!isnan(work->worth)) return GMMPI_OK;
  model_copy_parameters(work->bench.climb.current.model, work->best);
  return improve(work, &work->worth, error);
}

/* Of the best model, onto the bench: two components are merged, and one is put at the place. False when that promises
 * nothing or cannot be done. */
static bool place_component(const second_look *work, const component_place *where)
{
  const em_iteration *em = work->em;
  gmmpi_model *model = work->bench.climb.current.model;
  const double loss = em->points->total_weight * least_loss_of_merging(work->mover, work->best);
  const bool placed =
      where->gain > least_gain && where->gain > share_of_loss * loss &&
      replace_component(work->mover, work->best, where->weight, where->mean, where->covariance, 0, model);
  return share_model(em, placed, model);
}

static uint64_t seed_of_turn(const second_look *work, int64_t turn)
{
  return random_seed_of_start(work->em->options->seed, turn);
}

/* Tries the places that were found for the best model, until one of them makes a better one. */
static gmmpi_status try_places(second_look *work, bool *better, gmmpi_error *error)
{
  const place_finder *finder = work->finder;
  *better = false;
  for (int64_t i = 0; i < finder->n_found && !*better; i++) {
    double worth = -INFINITY;
    if (!place_component(work, &finder->found[i])) continue;
    if (measure_first(work, error) != GMMPI_OK) return error->status;
    if (!place_component(work, &finder->found[i]) || improve(work, &worth, error) != GMMPI_OK) return error->status;
    if (!(worth > work->worth + least_gain)) continue;
    work->worth = worth;
    model_copy_parameters(work->best, work->bench.climb.current.model);
    *better = true;
  }
  return GMMPI_OK;
}

/* The places of the first turn have been found. */
static gmmpi_status take_turns(second_look *work, bool *changed, gmmpi_error *error)
{
  bool better = true;
  *changed = false;
  for (int64_t turn = 0; turn < MOST_PLACED && better; turn++) {
    if (turn > 0 && find_places(work->finder, work->em, work->best, seed_of_turn(work, turn), error) != GMMPI_OK)
      return error->status;
    if (try_places(work, &better, error) != GMMPI_OK) return error->status;
    *changed = *changed || better;
  }
  return GMMPI_OK;
}

/* Places for the models of all looks. */
static gmmpi_status find_first_places(const second_look *works, int64_t n, gmmpi_error *error)
{
  place_search searches[MOST_REQUESTS];
  for (int64_t i = 0; i < n; i++) searches[i] = (place_search){works[i].finder, works[i].em, works[i].best};
  return find_places_together(searches, n, seed_of_turn(&works[0], 0), error);
}

/* One after the other; on an error those before have been changed, which the caller takes back by giving up. */
static gmmpi_status look_at_each(second_look *works, climber *const *climbers, int64_t n, int64_t *n_changed,
                                 gmmpi_error *error)
{
  for (int64_t i = 0; i < n; i++) {
    bool changed;
    if (take_turns(&works[i], &changed, error) != GMMPI_OK) return error->status;
    climbers[i]->n_row_visits += works[i].bench.climb.n_row_visits;
    if (!changed) continue;
    ++*n_changed;
    model_copy_parameters(climbers[i]->current.model, works[i].best);
    accelerator_forget(climbers[i]->history);
  }
  return GMMPI_OK;
}

gmmpi_status look_again(em_iteration *const *ems, climber *const *climbers, int64_t n, const fit_observer *observer,
                        int64_t *n_changed, gmmpi_error *error)
{
  gmmpi_error local = {0};
  *n_changed = 0;
  second_look *works = calloc((size_t)n, sizeof *works);
  if (works == NULL) fail(&local, GMMPI_NO_MEMORY, "there is no memory to look at models again");
  agree(ems[0]->points->comm, &local);
  for (int64_t i = 0; i < n && local.status == GMMPI_OK; i++) {
    works[i] = (second_look){.em = ems[i], .observer = observer, .worth = NAN};
    open_look(&works[i], climbers[i], &local);
  }
  if (local.status == GMMPI_OK && find_first_places(works, n, &local) == GMMPI_OK)
    look_at_each(works, climbers, n, n_changed, &local);
  for (int64_t i = 0; i < n; i++) {
    if (works != NULL) close_look(&works[i]);
  }
  free(works);
  return error_pass(error, &local);
}

/* Components of few of the n_searched points say little about their width: they become as wide in all directions, in
 * units of the data's, as they are in the widest. */
static void widen_small_components(const em_iteration *em, double n_searched, double *covariance, gmmpi_model *model)
{
  const covariance_family *family = em->family;
  const int64_t d = model->n_features;
  const double enough = POINTS_PER_FEATURE * (double)(d + 1);
  for (int64_t k = 0; k < model->n_components && !family->storage->shared; k++) {
    if (model->weights[k] == 0.0 || model->weights[k] * n_searched >= enough) continue;
    double widest = 0.0;
    model_expand(model, k, covariance);
    for (int64_t j = 0; j < d; j++) {
      const double variance = em->spread->variances[j];
      if (variance > 0.0)
        widest = fmax(widest, covariance[covariance_diagonal(family->storage->shape, d, j)] / variance);
    }
    const int64_t length = covariance_length(family->storage->shape, d);
    for (int64_t i = 0; i < length; i++) covariance[i] = widest * em->spread->covariance[i];
    model_contract(model, k, covariance);
    model_factorise(model, k);
  }
}

gmmpi_status judge_again(em_iteration *em, const gmmpi_model *candidate, int64_t n_searched, climber *climb,
                         const fit_observer *observer, bool *taken, gmmpi_error *error)
{
  second_look work = {.em = em, .observer = observer, .worth = NAN};
  double worth = -INFINITY;
  *taken = false;
  if (open_look(&work, climb, error) == GMMPI_OK && measure_first(&work, error) == GMMPI_OK) {
    gmmpi_model *model = work.bench.climb.current.model;
    model_copy_parameters(model, candidate);
    widen_small_components(em, (double)n_searched, work.covariance, model);
    share_model(em, true, model);
    improve(&work, &worth, error);
  }
  if (error->status == GMMPI_OK) {
    *taken = worth > work.worth + least_gain;
    if (*taken) model_copy_parameters(climb->current.model, work.bench.climb.current.model);
    climb->n_row_visits += work.bench.climb.n_row_visits;
  }
  close_look(&work);
  return error->status;
}

int64_t second_look_bytes(const fit_options *options, int64_t n_samples, int64_t n_features)
{
  const covariance_family *family = family_find(options->covariance);
  const int64_t K = options->n_components;
  const int64_t model = model_bytes(fit_kind(options), K, n_features);
  return sum_of_bytes(5, (int64_t[]){model, sum_of_bytes(3, (int64_t[]){model, model, model}),
                                     accelerator_bytes(options->accelerate, fit_kind(options), K, n_features),
                                     place_finder_bytes(family->storage->shape, K, n_samples, n_features),
                                     split_merge_bytes(family, K, n_features)});
}
