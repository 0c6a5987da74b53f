#include "em/search.h"

#include "em/ascent.h"
#include "em/initialize.h"
#include "em/levels.h"
#include "mixture/model_file.h"
#include "support/error.h"
#include "support/large_messages.h"
#include "support/linear_algebra.h"
#include "support/memory.h"
#include "support/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Each round improves what the one before left by so many iterations, and leaves one in KEPT_OF. */
enum { ROUNDS = 3, KEPT_OF = 4, MOST_CANDIDATES = 200, LEAST_CANDIDATES = 3 };
static const int64_t iterations_of_round[ROUNDS] = {8, 25, 150};

/* What a search may cost: rows that E-steps visit, times the operations of a visit ... */
static const double most_operations = 5.5e9;
/* ... or, where that is more, in passes over all points. */
static const double most_passes = 1.5;
/* A candidate costs about so many visits of each row, its later rounds and k-means included. */
static const double visits_per_candidate = 25.0;

/* A component is as thin as the ridge below so many ridges, or this share of a feature's variance. */
static const double thin_in_ridges = 10.0;
static const double thin_in_variances = 1e-8;

typedef struct candidate {
  gmmpi_model *model;
  double log_likelihood; /* less a handicap for degenerate ones, which come behind all others */
  int64_t index;         /* in its round */
} candidate;

typedef struct search {
  MPI_Comm comm;
  bool divided; /* each rank has all points of em and improves candidates of its own; else all ranks improve all */
  em_iteration *em;
  const fit_observer *observer;
  fit_state *scratch; /* where a candidate is improved */
  gmmpi_model **spare;
  shard *whitened; /* NULL: not wanted */
  double *factor;  /* d x d: scratch */
  int64_t start;
  int64_t n_places;
  gmmpi_model **kept; /* n_places: what a round left, the best first, the same on every rank */
  int64_t n_kept;
  candidate *made; /* n_places: the best of those that this rank improved in the current round */
  int64_t n_made;
  double *log_likelihoods; /* of the round's candidates, of all ranks */
} search;

/* Points of at most so many numbers are gathered on every rank, so that ranks need not talk for each pass. */
static const int64_t most_numbers_gathered = INT64_C(1) << 24;

bool search_is_wanted(const gmmpi_fit_options *options)
{
  return options->init == GMMPI_INIT_KMEANS && options->coarse_to_fine != GMMPI_COARSE_OFF && options->n_components > 1;
}

static int64_t count_candidates(const gmmpi_fit_options *options, int64_t n_rows, int64_t n_samples, int64_t n_features)
{
  const double K = (double)options->n_components;
  const double d = (double)n_features;
  const bool dense = family_find(options->covariance)->shape == DENSE;
  const double operations_of_visit = K * (20.0 + (dense ? d * (d + 3.0) : 4.0 * d));
  const double visits = fmax(most_operations / operations_of_visit, most_passes * (double)n_samples);
  const double candidates = visits / ((double)n_rows * visits_per_candidate);
  if (candidates > MOST_CANDIDATES) return MOST_CANDIDATES;
  /* Without subsamples a search among large data would cost more than it is worth. */
  if (candidates < LEAST_CANDIDATES) return n_rows < n_samples ? LEAST_CANDIDATES : 1;
  return (int64_t)candidates;
}

static int64_t count_kept(int64_t n_candidates)
{
  return (n_candidates + KEPT_OF - 1) / KEPT_OF;
}

int64_t search_bytes(const gmmpi_fit_options *options, int64_t n_rows, int64_t n_samples, int64_t n_features)
{
  const covariance_family *family = family_find(options->covariance);
  const int64_t K = options->n_components;
  if (!search_is_wanted(options)) return 0;
  const int64_t n_models = 2 * count_kept(count_candidates(options, n_rows, n_samples, n_features)) + 2;
  const int64_t history = accelerator_bytes(options->accelerate, family->shape, K, n_features);
  int64_t bytes;
  int64_t points;
  if (!multiply_fits(n_models, model_bytes(family, K, n_features), &bytes) ||
      !multiply_fits(n_rows, n_features, &points) || __builtin_add_overflow(bytes, history, &bytes))
    return INT64_MAX;
  /* Gathered, twice while that goes on, and whitened. */
  if (points <= most_numbers_gathered && __builtin_add_overflow(bytes, 3 * 8 * points, &bytes)) return INT64_MAX;
  return bytes;
}

/* The points in coordinates in which their covariance is the identity. */
static gmmpi_status whiten(search *work, gmmpi_error *error)
{
  const em_iteration *em = work->em;
  const int64_t d = em->points->n_features;
  gmmpi_error local = {0};
  double *matrix = allocate(d * d, sizeof *matrix);
  if (matrix == NULL) fail(&local, GMMPI_NO_MEMORY, "there is no memory to whiten points");
  if (agree(em->points->comm, &local) == GMMPI_OK) {
    whitening_factor(d, em->spread->covariance, work->factor);
    for (int64_t i = 0; i < d; i++) {
      for (int64_t j = 0; j < d; j++) matrix[i * d + j] = work->factor[j * d + i];
    }
    shard_transform(em->points, matrix, em->spread->means, &work->whitened, &local);
  }
  free(matrix);
  return local.status == GMMPI_OK ? GMMPI_OK : fail(error, local.status, "%s", local.message);
}

static start_recipe recipe_of(const search *work, int64_t index)
{
  const uint64_t seed = random_seed_of_start(random_seed_of_start(work->em->options->seed, work->start), index);
  start_recipe recipe = {.init = GMMPI_INIT_KMEANS, .seed = seed};
  switch (index % 6) {
  case 0:
  case 3:
    recipe.coordinates = work->whitened;
    recipe.standardised = work->whitened == NULL;
    break;
  case 1:
    recipe.standardised = true;
    break;
  case 2:
    break;
  case 4:
    recipe.init = GMMPI_INIT_KMEANS_PLUS_PLUS;
    recipe.coordinates = work->whitened;
    recipe.standardised = work->whitened == NULL;
    break;
  default:
    recipe.init = GMMPI_INIT_RANDOM_FROM_DATA;
    break;
  }
  return recipe;
}

/* Improves the scratch state's model by some iterations. */
static gmmpi_status improve(const search *work, int64_t n_iterations, gmmpi_error *error)
{
  const shard *points = work->em->points;
  ascent climb = {.em = work->em,
                  .state = work->scratch,
                  .spare = work->spare,
                  .observer = work->observer,
                  .silent = true,
                  .tolerance = level_tolerance(work->em->options, points->n_samples, points->n_features),
                  .max_iterations = n_iterations};
  work->scratch->current.iteration = 0;
  work->scratch->current.log_likelihood = NAN;
  work->scratch->plain = true;
  accelerator_forget(work->scratch->history);
  memset(work->scratch->n_reseeds, 0, (size_t)work->em->options->n_components * sizeof(int64_t));
  if (ascend(&climb, error) != GMMPI_OK) return error->status;
  if (climb.stopped) return fail(error, GMMPI_STOPPED, "stopped on request during the search for a start");
  return GMMPI_OK;
}

/* Is the index-th candidate of a round this rank's? */
static bool is_mine(const search *work, int64_t index)
{
  int rank;
  int n_ranks;
  MPI_Comm_rank(work->comm, &rank);
  MPI_Comm_size(work->comm, &n_ranks);
  return !work->divided || index % n_ranks == rank;
}

/* A likelihood without bound is to be had where a component shrinks onto a point, a line or a plane (Bishop 2006,
 * sec. 9.2.1): the ridge bounds it, but such a model says nothing about the data. Is a component of this one on fewer
 * points than it takes, or as thin as the ridge? */
static bool is_degenerate(const search *work, const gmmpi_model *model)
{
  const em_iteration *em = work->em;
  const covariance_family *family = model->family;
  const int64_t d = model->n_features;
  const bool dense = family->shape == DENSE;
  double *covariance = em->step->covariance;
  for (int64_t k = 0; k < model->n_components; k++) {
    if (model->weights[k] == 0.0) continue;
    if (model->weights[k] * (double)em->points->n_samples < (double)(dense ? d + 1 : 2)) return true;
    family->expand(model, k, covariance);
    if (dense && !whitening_factor(d, covariance, work->factor)) return true;
    for (int64_t j = 0; j < d; j++) {
      /* Of feature j when those before it are known; without correlations simply its variance. */
      const double inverse = work->factor[j * d + j];
      const double variance = dense ? 1.0 / (inverse * inverse) : covariance[j * d + j];
      if (variance < fmax(thin_in_ridges * em->options->reg_covar, thin_in_variances * em->spread->variances[j]))
        return true;
    }
  }
  return false;
}

/* Notes how good the scratch state's model is, and keeps it if it is among the best n of this rank. */
static void note(search *work, int64_t index, int64_t n)
{
  const fit_position *current = &work->scratch->current;
  const double handicap = is_degenerate(work, current->model) ? 1e6 * (double)work->em->points->n_samples : 0.0;
  const double log_likelihood = current->log_likelihood - handicap;
  int64_t place = work->n_made;
  work->log_likelihoods[index] = log_likelihood;
  while (place > 0 && log_likelihood > work->made[place - 1].log_likelihood) place--;
  if (place >= n) return;
  if (work->n_made < n) work->n_made++;
  gmmpi_model *model = work->made[work->n_made - 1].model;
  for (int64_t i = work->n_made - 1; i > place; i--) work->made[i] = work->made[i - 1];
  model_copy_parameters(model, work->scratch->current.model);
  work->made[place] = (candidate){model, log_likelihood, index};
}

/* The best of the n candidates of a round that is not taken yet; ties to the one made first. */
static int64_t best_index(const double *log_likelihoods, int64_t n)
{
  int64_t best = 0;
  for (int64_t i = 1; i < n; i++) {
    if (log_likelihoods[i] > log_likelihoods[best]) best = i;
  }
  return best;
}

/* Collective, at the end of a round of n_candidates: the best n of all ranks become what is kept. */
static void keep_best(search *work, int64_t n_candidates, int64_t n)
{
  int n_ranks;
  MPI_Comm_size(work->comm, &n_ranks);
  if (work->divided) allreduce_large(work->comm, work->log_likelihoods, n_candidates, MPI_DOUBLE, MPI_MAX);
  work->n_kept = n < n_candidates ? n : n_candidates;
  for (int64_t place = 0; place < work->n_kept; place++) {
    const int64_t index = best_index(work->log_likelihoods, n_candidates);
    for (int64_t i = 0; i < work->n_made; i++) {
      if (work->made[i].index == index) model_copy_parameters(work->kept[place], work->made[i].model);
    }
    if (work->divided) model_broadcast_parameters(work->comm, (int)(index % n_ranks), work->kept[place]);
    work->log_likelihoods[index] = -INFINITY;
  }
}

/* One round: n_candidates, made anew in the first and kept ones later, are improved and the best n of them kept. */
static gmmpi_status play_round(search *work, int round, int64_t n_candidates, int64_t n, gmmpi_error *error)
{
  gmmpi_error local = {0};
  work->n_made = 0;
  for (int64_t i = 0; i < n_candidates; i++) work->log_likelihoods[i] = -INFINITY;
  for (int64_t i = 0; i < n_candidates && local.status == GMMPI_OK; i++) {
    if (!is_mine(work, i)) continue;
    if (round == 0) {
      const start_recipe recipe = recipe_of(work, i);
      initialize_by(work->em, &recipe, work->scratch->current.model, *work->spare, work->scratch, work->observer,
                    &local);
    } else {
      model_copy_parameters(work->scratch->current.model, work->kept[i]);
    }
    if (local.status == GMMPI_OK && improve(work, iterations_of_round[round], &local) == GMMPI_OK) note(work, i, n);
  }
  if (agree(work->comm, &local) != GMMPI_OK) return fail(error, local.status, "%s", local.message);
  keep_best(work, n_candidates, n);
  return GMMPI_OK;
}

static gmmpi_status run_search(search *work, int64_t n_candidates, gmmpi_model *best, gmmpi_error *error)
{
  int64_t n = n_candidates;
  for (int round = 0; round < ROUNDS; round++) {
    const int64_t n_left = round == ROUNDS - 1 ? 1 : count_kept(n);
    if (play_round(work, round, n, n_left, error) != GMMPI_OK) return error->status;
    n = work->n_kept;
  }
  model_copy_parameters(best, work->kept[0]);
  return GMMPI_OK;
}

static gmmpi_status search_allocate(search *work, int64_t n_candidates, gmmpi_error *error)
{
  const em_iteration *em = work->em;
  const int64_t K = em->options->n_components;
  const int64_t d = em->points->n_features;
  if (fit_state_create(em->family, K, d, em->options->accelerate, &work->scratch, error) != GMMPI_OK)
    return error->status;
  work->n_places = count_kept(n_candidates);
  work->kept = calloc((size_t)work->n_places, sizeof *work->kept);
  work->made = calloc((size_t)work->n_places, sizeof *work->made);
  work->factor = allocate(d * d, sizeof *work->factor);
  work->log_likelihoods = allocate(n_candidates, sizeof *work->log_likelihoods);
  if (work->kept == NULL || work->made == NULL || work->factor == NULL || work->log_likelihoods == NULL)
    return fail(error, GMMPI_NO_MEMORY, "there is no memory to search for a start");
  for (int64_t i = 0; i < work->n_places; i++) {
    if (model_allocate(em->family, K, d, &work->kept[i], error) != GMMPI_OK ||
        model_allocate(em->family, K, d, &work->made[i].model, error) != GMMPI_OK)
      return error->status;
  }
  return GMMPI_OK;
}

static void search_clear(search *work)
{
  for (int64_t i = 0; i < work->n_places && work->kept != NULL; i++) gmmpi_model_destroy(work->kept[i]);
  for (int64_t i = 0; i < work->n_places && work->made != NULL; i++) gmmpi_model_destroy(work->made[i].model);
  free(work->kept);
  free(work->made);
  free(work->factor);
  free(work->log_likelihoods);
  fit_state_destroy(work->scratch);
  shard_destroy(work->whitened);
}

/* The search itself, on the points of work->em. */
static gmmpi_status search_with(search *work, int64_t n_candidates, gmmpi_model *best, gmmpi_error *error)
{
  gmmpi_error local = {0};
  const bool provisional = work->em->provisional;
  work->em->provisional = true;
  search_allocate(work, n_candidates, &local);
  if (local.status == GMMPI_OK && work->em->family->shape == DENSE && work->divided) whiten(work, &local);
  if (agree(work->comm, &local) == GMMPI_OK &&
      (work->divided || work->em->family->shape == DIAGONAL || whiten(work, &local) == GMMPI_OK))
    run_search(work, n_candidates, best, &local);
  work->em->provisional = provisional;
  return local.status == GMMPI_OK ? GMMPI_OK : fail(error, local.status, "%s", local.message);
}

/* Could the ranks work on candidates of their own, with the same result? */
static bool can_be_divided(const em_iteration *em)
{
  int n_ranks;
  int64_t numbers;
  MPI_Comm_size(em->points->comm, &n_ranks);
  return n_ranks > 1 && !em->broadcast_models &&
         multiply_fits(em->points->n_samples, em->points->n_features, &numbers) && numbers <= most_numbers_gathered;
}

gmmpi_status search_start(em_iteration *em, int64_t n_samples, fit_state *state, gmmpi_model **spare,
                          const fit_observer *observer, gmmpi_error *error)
{
  const int64_t n_candidates = count_candidates(em->options, em->points->n_samples, n_samples, em->points->n_features);
  if (n_candidates == 1)
    return initialize(em, state->current.start, state->current.model, *spare, state, observer, error);
  MPI_Comm comm = em->points->comm;
  search work = {.comm = comm,
                 .divided = can_be_divided(em),
                 .em = em,
                 .observer = observer,
                 .spare = spare,
                 .start = state->current.start};
  gmmpi_error local = {0};
  fit_timings ignored = {0};
  shard *gathered = NULL;
  em_iteration *own_em = NULL;
  if (work.divided && shard_gather(em->points, &gathered, &local) == GMMPI_OK) {
    iteration_create_provisional(gathered, em, &ignored, &own_em, &local);
    work.em = own_em;
    agree(comm, &local);
  }
  if (local.status == GMMPI_OK) search_with(&work, n_candidates, state->current.model, &local);
  if (local.status == GMMPI_OK) {
    if (work.divided) MPI_Allreduce(MPI_IN_PLACE, &work.scratch->n_row_visits, 1, MPI_INT64_T, MPI_SUM, comm);
    state->n_row_visits += work.scratch->n_row_visits;
  }
  search_clear(&work);
  iteration_destroy(own_em);
  shard_destroy(gathered);
  return local.status == GMMPI_OK ? GMMPI_OK : fail(error, local.status, "%s", local.message);
}
