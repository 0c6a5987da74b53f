/* SPDX-License-Identifier: BSD-3-Clause */
#include "fit/bootstrap.h"

#include "em/ascent.h"
#include "fit/fit.h"
#include "fit/replicate_match.h"
#include "support/error.h"
#include "support/large_messages.h"
#include "support/memory.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* So many weightings are measured in one walk over the points. */
enum { MEASURED_TOGETHER = 512 };

/* So many replicates share a pass at most: it is their arithmetic that takes the time then, and not reading or sending,
 * and what they sum stays in the caches. */
enum { MOST_PLACES = 64 };
static_assert((int)MOST_PLACES <= (int)MOST_REQUESTS, "they fit into a pass");

/* Places take no more than so many bytes, and the weights that are kept in them no more than so many. */
static const int64_t most_bytes_of_places = INT64_C(1) << 30;
static const int64_t most_bytes_of_weights = INT64_C(256) << 20;

/* Where one replicate after the other is fitted. */
typedef struct replicate_place {
  em_iteration *em;
  climber climb;
  ascent one;
  row_weighting weighting;
  double *kept; /* room for the weights of this rank's rows; NULL: they are made anew in each pass */
  bool *is_kept;
  int64_t number; /* of the replicate; -1: none */
} replicate_place;

typedef struct bootstrap_work {
  const shard *points;
  const gmmpi_model *model;
  const fit_options *options;
  const bootstrap_options *how;
  const bootstrap_observer *observer;
  bootstrap_result *result;
  fit_timings timings;
  int64_t n_places;
  replicate_place *places;
  em_iteration **wanted; /* n_places: whose passes are made next */
  replicate_place **wanting;
  row_weighting *measured; /* MEASURED_TOGETHER: of the replicates from first_measured on */
  int64_t first_measured, n_measured;
  int64_t next; /* the replicate that begins next */
  replicate_matcher *matcher;
  int64_t *order;     /* K */
  double *covariance; /* covariance_length: scratch */
  int rank;
} bootstrap_work;

/* --- memory --- */

static int64_t bytes_of_place(const fit_options *options, int64_t n_features)
{
  return sum_of_bytes(
      3, (int64_t[]){climber_bytes(options->accelerate, fit_kind(options), options->n_components, n_features),
                     iteration_bytes_beside(options, n_features), (int64_t)sizeof(replicate_place)});
}

static int64_t count_places(const fit_options *options, const bootstrap_options *how, int64_t n_features)
{
  fit_options alone = *options;
  alone.threads = 1;
  const int64_t each = bytes_of_place(&alone, n_features);
  int64_t n = how->n_replicates < MOST_PLACES ? how->n_replicates : MOST_PLACES;
  if (n > most_bytes_of_places / each) n = most_bytes_of_places / each;
  return n > 0 ? n : 1;
}

/* Of the busiest rank's weights in one place. */
static int64_t bytes_of_weights(int64_t n_samples, int n_ranks)
{
  const int64_t rows = n_samples / n_ranks + shard_block_rows(n_samples);
  return rows / TILE_ROWS * (TILE_ROWS * (int64_t)sizeof(double) + (int64_t)sizeof(bool));
}

/* Of those in all places; 0 where they would be too many, and are made anew in each pass. */
static int64_t bytes_of_kept(int64_t n_places, int64_t n_samples, int n_ranks)
{
  const int64_t each = bytes_of_weights(n_samples, n_ranks);
  return n_places <= most_bytes_of_weights / each ? n_places * each : 0;
}

int64_t bootstrap_bytes(const fit_options *options, const bootstrap_options *how, int64_t n_samples, int64_t n_features,
                        int n_ranks)
{
  const model_kind kind = fit_kind(options);
  const density_shape shape = kind.family->storage->shape;
  const replicate_layout layout = replicate_layout_of(kind, options->n_components, n_features);
  const int64_t n_places = count_places(options, how, n_features);
  int64_t places;
  int64_t lists;
  if (layout.length == INT64_MAX || !multiply_fits(n_places, bytes_of_place(options, n_features), &places) ||
      !multiply_fits(2 * how->n_replicates + 4, layout.length, &lists) || /* a copy of those that are done */
      !multiply_fits(lists, (int64_t)sizeof(double), &lists) || covariance_length(shape, n_features) == INT64_MAX)
    return INT64_MAX;
  const int64_t parts[] = {
      places,
      lists,
      iteration_bytes(options, n_features),
      data_spread_creation_bytes(shape, n_features, options->threads),
      options->noise ? noise_region_bytes(n_features, options->threads) : 0,
      matcher_bytes(options->n_components, n_features),
      bytes_of_kept(n_places, n_samples, n_ranks),
      how->n_replicates * (int64_t)(sizeof(double) + sizeof(int8_t)),
      weightings_measure_bytes(MEASURED_TOGETHER, options->threads) +
          MEASURED_TOGETHER * (int64_t)sizeof(row_weighting),
      covariance_length(shape, n_features) * (int64_t)sizeof(double),
  };
  return sum_of_bytes((int)(sizeof parts / sizeof parts[0]), parts);
}

static gmmpi_status allocate_lists(bootstrap_work *work, gmmpi_error *error)
{
  const gmmpi_model *model = work->model;
  bootstrap_result *result = work->result;
  const int64_t R = work->how->n_replicates;
  result->layout = replicate_layout_of(model_kind_of(model), model->n_components, model->n_features);
  const int64_t length = result->layout.length;
  int64_t all = 0;
  const bool counted = multiply_fits(R, length, &all);
  work->covariance = allocate(covariance_length(model->family->storage->shape, model->n_features), sizeof(double));
  work->order = allocate(model->n_components, sizeof(int64_t));
  work->wanted = calloc((size_t)work->n_places, sizeof(em_iteration *));
  work->wanting = calloc((size_t)work->n_places, sizeof(replicate_place *));
  work->measured = calloc(MEASURED_TOGETHER, sizeof *work->measured);
  result->states = calloc((size_t)R, sizeof *result->states);
  result->estimate = allocate(length, sizeof(double));
  bool good = counted && work->covariance != NULL && work->order != NULL && work->wanted != NULL &&
              work->wanting != NULL && work->measured != NULL && result->states != NULL && result->estimate != NULL;
  if (work->rank == 0) {
    result->replicates = good ? allocate(all, sizeof(double)) : NULL;
    result->summary = (replicate_summary){.standard_errors = allocate(length, sizeof(double)),
                                          .lower = allocate(length, sizeof(double)),
                                          .upper = allocate(length, sizeof(double))};
    good = good && result->replicates != NULL && result->summary.standard_errors != NULL &&
           result->summary.lower != NULL && result->summary.upper != NULL;
    for (int64_t i = 0; good && i < all; i++) result->replicates[i] = NAN;
  }
  if (!good)
    return fail(error, GMMPI_NO_MEMORY, "there is no memory for %lld replicates of %lld numbers; ask for fewer",
                (long long)R, (long long)length);
  result->counts[REPLICATE_UNDONE] = R;
  return GMMPI_OK;
}

/* Collective. */
static gmmpi_status open_places(bootstrap_work *work, gmmpi_error *error)
{
  const shard *points = work->points;
  const gmmpi_model *model = work->model;
  int n_ranks;
  MPI_Comm_size(points->comm, &n_ranks);
  const bool keeps = bytes_of_kept(work->n_places, points->n_samples + points->n_left_out, n_ranks) > 0;
  const int64_t n_tiles = weighting_n_tiles(points);
  gmmpi_error local = {0};
  for (int64_t i = 0; i < work->n_places; i++) {
    replicate_place *place = &work->places[i];
    const gmmpi_status status =
        i == 0 ? iteration_create(points, work->options, work->n_places, &work->timings, &place->em, error)
               : iteration_create_beside(work->places[0].em, work->options, NULL, &place->em, error);
    if (status != GMMPI_OK) return status;
    place->number = -1;
    climber_open(model_kind_of(model), model->n_components, model->n_features, work->options->accelerate, NULL,
                 &place->climb, &local);
    if (keeps) {
      place->kept = allocate(n_tiles * TILE_ROWS, sizeof(double));
      place->is_kept = calloc((size_t)(n_tiles > 0 ? n_tiles : 1), sizeof(bool));
      if (place->kept == NULL || place->is_kept == NULL)
        fail(&local, GMMPI_NO_MEMORY, "there is no memory for the weights of replicates");
    }
  }
  agree(points->comm, &local);
  return error_pass(error, &local);
}

static void close_work(bootstrap_work *work)
{
  for (int64_t i = work->n_places - 1; work->places != NULL && i >= 0; i--) {
    iteration_destroy(work->places[i].em);
    climber_close(&work->places[i].climb);
    free(work->places[i].kept);
    free(work->places[i].is_kept);
  }
  matcher_destroy(work->matcher);
  free(work->places);
  free(work->wanted);
  free(work->wanting);
  free(work->measured);
  free(work->order);
  free(work->covariance);
}

/* Collective. */
static gmmpi_status open_work(bootstrap_work *work, gmmpi_error *error)
{
  gmmpi_error local = {0};
  work->n_places = count_places(work->options, work->how, work->model->n_features);
  work->places = calloc((size_t)work->n_places, sizeof *work->places);
  if (work->places == NULL)
    fail(&local, GMMPI_NO_MEMORY, "there is no memory for %lld replicates", (long long)work->n_places);
  else if (allocate_lists(work, &local) == GMMPI_OK)
    matcher_create(work->model, &work->matcher, &local);
  if (agree(work->points->comm, &local) == GMMPI_OK) open_places(work, &local);
  return error_pass(error, &local);
}

/* --- one replicate --- */

static void note_state(bootstrap_result *result, int64_t number, replicate_state state)
{
  result->states[number] = (int8_t)state;
  result->counts[REPLICATE_UNDONE]--;
  result->counts[state]++;
  if (state == REPLICATE_MATCHED) result->counts[REPLICATE_DONE]++;
}

/* Collective. What an earlier run has made. */
static void take_earlier(const bootstrap_work *work, const bootstrap_done *earlier)
{
  bootstrap_result *result = work->result;
  const int64_t R = work->how->n_replicates;
  int8_t *states = result->states;
  int64_t n = earlier != NULL ? earlier->n : 0;
  if (n > R) n = R;
  if (work->rank == 0 && n > 0) {
    memcpy(states, earlier->states, (size_t)n);
    memcpy(result->replicates, earlier->replicates, (size_t)(n * result->layout.length) * sizeof(double));
  }
  broadcast_large(work->points->comm, 0, states, R, MPI_SIGNED_CHAR);
  for (int64_t r = 0; r < R; r++) {
    if (states[r] != REPLICATE_UNDONE) note_state(result, r, (replicate_state)states[r]);
  }
}

/* The next replicate that is not done. */
static void skip_done(bootstrap_work *work)
{
  while (work->next < work->how->n_replicates && work->result->states[work->next] != REPLICATE_UNDONE) work->next++;
}

/* Collective. Weights of the next replicates. */
static gmmpi_status measure_next(bootstrap_work *work, gmmpi_error *error)
{
  const int64_t left = work->how->n_replicates - work->next;
  work->first_measured = work->next;
  work->n_measured = left < MEASURED_TOGETHER ? left : MEASURED_TOGETHER;
  for (int64_t i = 0; i < work->n_measured; i++)
    work->measured[i] = work->how->type == BOOTSTRAP_POISSON ? weighting_poisson(work->how->seed, work->next + i)
                                                             : weighting_exponential(work->how->seed, work->next + i);
  return weightings_measure(work->points, work->measured, work->n_measured, error);
}

/* Collective where processors differ. */
static void begin_at_model(bootstrap_work *work, replicate_place *place)
{
  climber *climb = &place->climb;
  place->number = work->next;
  place->weighting = work->measured[work->next - work->first_measured];
  if (place->kept != NULL) weighting_keep(work->points, &place->weighting, place->kept, place->is_kept);
  place->em->weighting = &place->weighting;
  accelerator_forget(climb->history);
  climber_enter_level(climb, 0);
  climb->last_change = NAN;
  model_copy_parameters(climb->current.model, work->model);
  place->one = (ascent){.em = place->em,
                        .climb = climb,
                        .silent = true,
                        .fails_alone = true,
                        .tolerance = work->options->tolerance,
                        .max_iterations = work->options->max_iterations};
  ascent_begin(&place->one);
}

/* Collective. Replicates that have not begun take the places that are free. */
static gmmpi_status fill_places(bootstrap_work *work, gmmpi_error *error)
{
  for (int64_t i = 0; i < work->n_places; i++) {
    replicate_place *place = &work->places[i];
    for (skip_done(work); place->number < 0 && work->next < work->how->n_replicates; skip_done(work)) {
      if (work->next >= work->first_measured + work->n_measured && measure_next(work, error) != GMMPI_OK)
        return error->status;
      if (work->measured[work->next - work->first_measured].total_weight > 0.0)
        begin_at_model(work, place);
      else
        note_state(work->result, work->next, REPLICATE_COLLAPSED);
      work->next++;
    }
  }
  return GMMPI_OK;
}

static bool was_moved(const int64_t *order, int64_t n)
{
  for (int64_t k = 0; k < n; k++) {
    if (order[k] != k) return true;
  }
  return false;
}

/* The replicate has ended, and its place is free. Errors: 71. */
static gmmpi_status take_replicate(bootstrap_work *work, replicate_place *place, gmmpi_error *error)
{
  bootstrap_result *result = work->result;
  const fit_position *end = &place->climb.current;
  const int64_t number = place->number;
  const bool reached = work->options->tolerance == 0.0 && end->iteration >= work->options->max_iterations;
  place->number = -1;
  result->n_iterations += end->iteration;
  result->n_run++;
  if (place->one.has_failed || (!end->converged && !reached)) {
    note_state(result, number, place->one.has_failed ? REPLICATE_COLLAPSED : REPLICATE_NOT_CONVERGED);
    return GMMPI_OK;
  }
  for (int64_t k = 0; k < end->model->n_components; k++) work->order[k] = k;
  if (!work->points->has_labels && matcher_match(work->matcher, end->model, work->order, error) != GMMPI_OK)
    return error->status;
  if (result->replicates != NULL)
    replicate_take(&result->layout, end->model, work->order, work->covariance,
                   result->replicates + number * result->layout.length);
  note_state(result, number, was_moved(work->order, end->model->n_components) ? REPLICATE_MATCHED : REPLICATE_DONE);
  return GMMPI_OK;
}

/* --- all of them --- */

static bool asks_to_stop(void *context)
{
  const bootstrap_observer *observer = context;
  return observer->wants_stop != NULL && observer->wants_stop(observer->context);
}

/* Collective. One pass for all that are under way; *n_wanted of them, 0: there are none. */
static gmmpi_status make_one_pass(bootstrap_work *work, int64_t *n_wanted, bool *stopped, gmmpi_error *error)
{
  bootstrap_observer observer = *work->observer;
  pass_control control = {.stop = {asks_to_stop, &observer}};
  pass_round round = {.seconds = 0.0};
  gmmpi_error local = {0};
  *n_wanted = 0;
  for (int64_t i = 0; i < work->n_places; i++) {
    if (work->places[i].number < 0) continue;
    work->wanting[*n_wanted] = &work->places[i];
    work->wanted[(*n_wanted)++] = work->places[i].em;
  }
  if (*n_wanted == 0) return GMMPI_OK;
  if (make_passes(work->wanted, *n_wanted, &control, error) != GMMPI_OK) return error->status;
  *stopped = control.n_stop_requests > 0;
  work->result->n_passes++;
  for (int64_t i = 0; i < *n_wanted; i++) {
    replicate_place *place = work->wanting[i];
    if (ascent_take(&place->one, &round, error) != GMMPI_OK) return error->status;
    if (ascent_next(&place->one) == HAS_ENDED && local.status == GMMPI_OK) take_replicate(work, place, &local);
  }
  agree(work->points->comm, &local);
  return error_pass(error, &local);
}

static gmmpi_status run_replicates(bootstrap_work *work, gmmpi_error *error)
{
  int64_t n_wanted = 1;
  bool stopped = false;
  while (n_wanted > 0) {
    if (fill_places(work, error) != GMMPI_OK || make_one_pass(work, &n_wanted, &stopped, error) != GMMPI_OK)
      return error->status;
    const int64_t *counts = work->result->counts;
    if (work->observer->advanced != NULL)
      work->observer->advanced(work->observer->context, work->result, work->how->n_replicates);
    if (stopped && counts[REPLICATE_UNDONE] > 0)
      return fail(error, GMMPI_STOPPED, "stopped on request after %lld of %lld replicates",
                  (long long)(work->how->n_replicates - counts[REPLICATE_UNDONE]), (long long)work->how->n_replicates);
  }
  return GMMPI_OK;
}

/* For rank 0: the lists of those that are done, one behind the other. */
static void summarise(const bootstrap_work *work, gmmpi_error *error)
{
  const bootstrap_result *result = work->result;
  const int64_t length = result->layout.length;
  const int64_t n_done = result->counts[REPLICATE_DONE];
  double *scratch = allocate(n_done, sizeof *scratch);
  double *lists = n_done < work->how->n_replicates ? allocate(n_done * length, sizeof *lists) : result->replicates;
  if (scratch == NULL || lists == NULL) {
    fail(error, GMMPI_NO_MEMORY, "there is no memory to summarise %lld replicates", (long long)n_done);
  } else {
    int64_t next = 0;
    for (int64_t r = 0; lists != result->replicates && r < work->how->n_replicates; r++) {
      if (replicate_is_done(result->states[r]))
        memcpy(lists + next++ * length, result->replicates + r * length, (size_t)length * sizeof *lists);
    }
    replicate_summarise(&result->layout, result->estimate, n_done, lists, work->how->level, scratch, &result->summary);
  }
  free(scratch);
  if (lists != result->replicates) free(lists);
}

/* Collective. How likely the model finds the points, in one pass. */
static gmmpi_status measure_model(bootstrap_work *work, gmmpi_error *error)
{
  replicate_place *place = &work->places[0];
  pass_control control = {.n_questions = 0};
  model_copy_parameters(place->climb.current.model, work->model);
  place->em->weighting = NULL;
  if (expectation_step(place->em, place->climb.current.model, NULL, NULL, &control, error) == GMMPI_OK)
    work->result->log_likelihood = place->em->sums->log_likelihood;
  return error->status;
}

gmmpi_status bootstrap_run(const shard *points, const gmmpi_model *model, const fit_options *options,
                           const bootstrap_options *how, const bootstrap_done *earlier,
                           const bootstrap_observer *observer, bootstrap_result *result, gmmpi_error *error)
{
  static const bootstrap_observer nobody = {.context = NULL};
  gmmpi_error local = {0};
  memset(result, 0, sizeof *result);
  bootstrap_work work = {.points = points,
                         .model = model,
                         .options = options,
                         .how = how,
                         .observer = observer != NULL ? observer : &nobody,
                         .result = result};
  MPI_Comm_rank(points->comm, &work.rank);
  fit_check_options(points, options, &local);
  if (agree(points->comm, &local) == GMMPI_OK && open_work(&work, &local) == GMMPI_OK) {
    for (int64_t k = 0; k < model->n_components; k++) work.order[k] = k;
    replicate_take(&result->layout, model, work.order, work.covariance, result->estimate);
    take_earlier(&work, earlier);
    if (measure_model(&work, &local) == GMMPI_OK) run_replicates(&work, &local);
  }
  if (local.status == GMMPI_OK && result->counts[REPLICATE_DONE] < 2)
    fail(&local, GMMPI_BAD_DATA,
         "%lld of %lld replicates failed (%lld collapsed, %lld did not converge), so that nothing can be said; give a "
         "larger --max-iter or --tol where they did not converge, else fit fewer components, with a larger --reg-covar "
         "or a family with fewer parameters",
         (long long)(how->n_replicates - result->counts[REPLICATE_DONE]), (long long)how->n_replicates,
         (long long)result->counts[REPLICATE_COLLAPSED], (long long)result->counts[REPLICATE_NOT_CONVERGED]);
  if (local.status == GMMPI_OK) {
    if (work.rank == 0) summarise(&work, &local);
    agree(points->comm, &local);
  }
  close_work(&work);
  return error_pass(error, &local);
}

void bootstrap_result_clear(bootstrap_result *result)
{
  free(result->states);
  free(result->estimate);
  free(result->replicates);
  free(result->summary.standard_errors);
  free(result->summary.lower);
  free(result->summary.upper);
  memset(result, 0, sizeof *result);
}
