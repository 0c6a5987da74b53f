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
  if (climber_open(em->family, K, d, em->options->accelerate, NULL, &work->bench.climb, &local) == GMMPI_OK &&
      model_allocate(em->family, K, d, &work->best, &local) == GMMPI_OK &&
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
      find_spurious(em->points, em->points->n_samples, em->options->reg_covar, current->model, &found, error) !=
          GMMPI_OK)
    return error->status;
  const bool avoided = found.kind != COMPONENT_NOT_SPURIOUS && em->options->spurious == SPURIOUS_AVOID;
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
  const double loss = (double)em->points->n_samples * least_loss_of_merging(work->mover, work->best);
  const bool placed =
      where->gain > least_gain && where->gain > share_of_loss * loss &&
      replace_component(work->mover, work->best, where->weight, where->mean, where->covariance, 0, model);
  return share_model(em, placed, model);
}

/* Tries the places of the best model, until one of them makes a better one. */
static gmmpi_status try_places(second_look *work, int64_t turn, bool *better, gmmpi_error *error)
{
  place_finder *finder = work->finder;
  const uint64_t seed = random_seed_of_start(work->em->options->seed, turn);
  *better = false;
  if (find_places(finder, work->em, work->best, seed, error) != GMMPI_OK) return error->status;
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

gmmpi_status look_again(em_iteration *em, climber *climb, const fit_observer *observer, gmmpi_error *error)
{
  second_look work = {.em = em, .observer = observer, .worth = NAN};
  const bool provisional = em->provisional;
  bool better = true;
  bool changed = false;
  em->provisional = true;
  if (open_look(&work, climb, error) == GMMPI_OK) {
    for (int64_t turn = 0; turn < MOST_PLACED && better && try_places(&work, turn, &better, error) == GMMPI_OK; turn++)
      changed = changed || better;
  }
  em->provisional = provisional;
  if (error->status == GMMPI_OK && changed) {
    model_copy_parameters(climb->current.model, work.best);
    accelerator_forget(climb->history);
  }
  if (error->status == GMMPI_OK) climb->n_row_visits += work.bench.climb.n_row_visits;
  close_look(&work);
  return error->status;
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
  const bool provisional = em->provisional;
  double worth = -INFINITY;
  *taken = false;
  em->provisional = true;
  if (open_look(&work, climb, error) == GMMPI_OK && measure_first(&work, error) == GMMPI_OK) {
    gmmpi_model *model = work.bench.climb.current.model;
    model_copy_parameters(model, candidate);
    widen_small_components(em, (double)n_searched, work.covariance, model);
    share_model(em, true, model);
    improve(&work, &worth, error);
  }
  em->provisional = provisional;
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
  const int64_t model = model_bytes(family, K, n_features);
  return sum_of_bytes(5, (int64_t[]){model, sum_of_bytes(3, (int64_t[]){model, model, model}),
                                     accelerator_bytes(options->accelerate, family->storage->shape, K, n_features),
                                     place_finder_bytes(family->storage->shape, K, n_samples, n_features),
                                     split_merge_bytes(family, K, n_features)});
}
