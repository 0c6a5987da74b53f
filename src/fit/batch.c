/* SPDX-License-Identifier: BSD-3-Clause */
#include "fit/batch.h"

#include "starts/choose_start.h"
#include "starts/initialize.h"
#include "starts/search.h"
#include "starts/second_look.h"
#include "support/error.h"
#include "support/memory.h"

#include <stdlib.h>
#include <string.h>

/* On a subsample very slow progress is not worth waiting for. */
enum { MOST_COARSE_ITERATIONS = 1000 };

int64_t start_bytes(const fit_options *options, int64_t n_features)
{
  fit_options alone = *options;
  alone.threads = 1;
  return sum_of_bytes(
      4, (int64_t[]){climber_bytes(options->accelerate, fit_kind(options), options->n_components, n_features),
                     iteration_bytes_beside(&alone, n_features), iteration_bytes_beside(&alone, n_features),
                     refinement_bytes(options, n_features)});
}

int64_t starts_together(const fit_options *options, int64_t n_features)
{
  const int64_t each = start_bytes(options, n_features);
  int64_t n = options->n_init < MOST_TOGETHER ? options->n_init : MOST_TOGETHER;
  if (n > MOST_BYTES_TOGETHER / each) n = MOST_BYTES_TOGETHER / each;
  return n > 0 ? n : 1;
}

/* --- memory --- */

static void close_iterations(em_iteration **ems, int64_t n)
{
  for (int64_t i = n - 1; ems != NULL && i >= 0; i--) iteration_destroy(ems[i]);
  free(ems);
}

/* Collective. Those on the points of the first one, which is there. whole: those on all points; NULL: these are. */
static gmmpi_status open_beside_first(model_list models, em_iteration *const *whole, em_iteration **ems,
                                      gmmpi_error *error)
{
  for (int64_t i = 1; i < models.n; i++) {
    if (iteration_create_beside(ems[0], models.each[i], whole != NULL ? whole[i] : NULL, &ems[i], error) != GMMPI_OK)
      return error->status;
  }
  return GMMPI_OK;
}

/* Collective. */
static gmmpi_status allocate_list(MPI_Comm comm, int64_t n, em_iteration ***ems, gmmpi_error *error)
{
  gmmpi_error local = {0};
  *ems = calloc((size_t)n, sizeof **ems);
  if (*ems == NULL) fail(&local, GMMPI_NO_MEMORY, "there is no memory for %lld starts", (long long)n);
  agree(comm, &local);
  return error_pass(error, &local);
}

gmmpi_status batch_open_among(const shard *points, model_list models, fit_batch *batch, gmmpi_error *error)
{
  gmmpi_error local = {0};
  const int64_t n_places = models.n;
  batch->models = models;
  batch->n_places = n_places;
  batch->ascents = calloc((size_t)n_places, sizeof *batch->ascents);
  if (batch->ascents == NULL) fail(&local, GMMPI_NO_MEMORY, "there is no memory for %lld starts", (long long)n_places);
  if (agree(points->comm, &local) == GMMPI_OK &&
      allocate_list(points->comm, n_places, &batch->ems, &local) == GMMPI_OK &&
      iteration_create_among(points, models, &batch->aside, &batch->ems[0], &local) == GMMPI_OK)
    open_beside_first(models, NULL, batch->ems, &local);
  return error_pass(error, &local);
}

gmmpi_status batch_open(const shard *points, int64_t n_places, fit_batch *batch, gmmpi_error *error)
{
  gmmpi_error local = {0};
  batch->alike = allocate(n_places, sizeof *batch->alike);
  if (batch->alike == NULL) fail(&local, GMMPI_NO_MEMORY, "there is no memory for %lld starts", (long long)n_places);
  for (int64_t i = 0; batch->alike != NULL && i < n_places; i++) batch->alike[i] = batch->options;
  if (agree(points->comm, &local) == GMMPI_OK)
    batch_open_among(points, (model_list){batch->alike, n_places}, batch, &local);
  return error_pass(error, &local);
}

static void leave_level(fit_batch *batch)
{
  for (int64_t i = 0; batch->inner != NULL && i < batch->n_places; i++) refinement_destroy(batch->inner[i]);
  free(batch->inner);
  close_iterations(batch->coarse_ems, batch->n_places);
  shard_destroy(batch->coarse_points);
  batch->inner = NULL;
  batch->coarse_ems = NULL;
  batch->coarse_points = NULL;
}

void batch_close(fit_batch *batch)
{
  leave_level(batch);
  close_iterations(batch->ems, batch->n_places);
  free(batch->ascents);
  free(batch->alike);
}

/* --- levels --- */

static const shard *all_points(const fit_batch *batch)
{
  return batch->ems[0]->points;
}

static bool failed_or_stopped(fit_batch *batch, const gmmpi_error *error)
{
  batch->stopped = batch->stopped || error->status == GMMPI_STOPPED;
  return error->status != GMMPI_OK || batch->stopped;
}

static void tell_state(const fit_batch *batch)
{
  if (batch->observer->state_advanced != NULL) batch->observer->state_advanced(batch->observer->context, batch->state);
}

/* Draws the points of a level, which are the same for all starts, and prepares for iterations on them. */
static gmmpi_status enter_level(fit_batch *batch, int64_t level, gmmpi_error *error)
{
  leave_level(batch);
  batch->coarse_level = level;
  if (level_draw(all_points(batch), &batch->plan, level, batch->options->seed, &batch->coarse_points, error) !=
          GMMPI_OK ||
      allocate_list(all_points(batch)->comm, batch->n_places, &batch->coarse_ems, error) != GMMPI_OK ||
      iteration_create_among_starts(batch->coarse_points, batch->models, batch->ems[0], &batch->aside,
                                    &batch->coarse_ems[0], error) != GMMPI_OK)
    return error->status;
  return open_beside_first(batch->models, batch->ems, batch->coarse_ems, error);
}

/* Have the climber's iterations on this level not begun? Then a look at what coarser points could not tell is due. */
static bool is_new_on_level(const fit_batch *batch, const climber *climb)
{
  return climb->current.measured.iteration < 0 && climb->current.iteration == 0 &&
         climb->current.level < batch->plan.n_levels;
}

/* A component that was dropped on a coarser level gets another chance. */
static gmmpi_status revive(const fit_batch *batch, em_iteration *em, climber *climb, gmmpi_error *error)
{
  const gmmpi_model *model = climb->current.model;
  if (!is_new_on_level(batch, climb) || model_n_living(model) == model->n_components ||
      batch->options->init == INIT_MODEL)
    return GMMPI_OK;
  accelerator_forget(climb->history);
  density_from_model(em->form, model);
  return revive_dropped(em->points, em->spread, em->form, em->team, climb->current.model, climb, error);
}

/* Says of which components nothing will come, before the loop over all points. */
static gmmpi_status tell_of_lost(const fit_batch *batch, climber *climb, gmmpi_error *error)
{
  gmmpi_error local = {0};
  const gmmpi_model *given = batch->options->init == INIT_MODEL ? batch->options->start : NULL;
  const fit_position *current = &climb->current;
  if (current->level > 0 || current->iteration > 0 || fit_is_variational(batch->options) ||
      model_n_living(current->model) == current->model->n_components)
    return GMMPI_OK;
  report_lost(given, batch->options->on_collapse, climb, batch->observer, &local);
  agree(all_points(batch)->comm, &local);
  return error_pass(error, &local);
}

/* Where passes over all points leave their times. */
static void leave_times_in(const fit_batch *batch, fit_timings *timings)
{
  for (int64_t i = 0; i < batch->n_places; i++) batch->ems[i]->timings = timings;
}

/* Of models of a family on all points, all but the one with the most components come behind. Returns how many stay in
 * front. */
static int64_t put_largest_in_front(em_iteration **ems, climber **climbers, int64_t n)
{
  int64_t n_front = 0;
  for (int64_t i = 0; i < n; i++) {
    bool largest = true;
    for (int64_t j = 0; j < n; j++)
      largest = largest &&
                !(ems[j]->family == ems[i]->family && ems[j]->options->n_components > ems[i]->options->n_components);
    if (!largest) continue;
    em_iteration *em = ems[i];
    climber *climb = climbers[i];
    memmove(ems + n_front + 1, ems + n_front, (size_t)(i - n_front) * sizeof *ems);
    memmove(climbers + n_front + 1, climbers + n_front, (size_t)(i - n_front) * sizeof *climbers);
    ems[n_front] = em;
    climbers[n_front++] = climb;
  }
  return n_front;
}

/* A second look at n models. What the largest one of a family does not lack on all points, when the subsamples have
 * been looked at, the smaller ones are not asked for. */
static gmmpi_status look_at_new(const fit_batch *batch, em_iteration **ems, climber **climbers, int64_t n,
                                gmmpi_error *error)
{
  int64_t n_changed = 0;
  const bool on_all_points = ems[0]->points == all_points(batch);
  const int64_t n_first = on_all_points ? put_largest_in_front(ems, climbers, n) : n;
  if (look_again(ems, climbers, n_first, batch->observer, &n_changed, error) != GMMPI_OK || n_changed == 0 ||
      n_first == n)
    return error->status;
  return look_again(ems + n_first, climbers + n_first, n - n_first, batch->observer, &n_changed, error);
}

/* Before the first passes of the climbers of the group: those that are new on their level are looked at. */
static gmmpi_status prepare_group(const fit_batch *batch, gmmpi_error *error)
{
  em_iteration *ems[MOST_TOGETHER];
  climber *climbers[MOST_TOGETHER];
  int64_t n_new = 0;
  for (int64_t i = 0; i < batch->group.n; i++) {
    const ascent *one = &batch->ascents[i];
    if (one->climb->has_ended) continue;
    if (revive(batch, one->em, one->climb, error) != GMMPI_OK) return error->status;
    if (!is_new_on_level(batch, one->climb) || !search_is_wanted(one->em->options)) continue;
    ems[n_new] = one->em;
    climbers[n_new++] = one->climb;
  }
  if (n_new > 0 && look_at_new(batch, ems, climbers, n_new, error) != GMMPI_OK) return error->status;
  for (int64_t i = 0; i < batch->group.n; i++) {
    climber *climb = batch->ascents[i].climb;
    if (!climb->has_ended && tell_of_lost(batch, climb, error) != GMMPI_OK) return error->status;
  }
  return GMMPI_OK;
}

/* The loop over all points, or over those of a level, for the climbers that are there. */
static gmmpi_status climb_together(fit_batch *batch, int64_t level, gmmpi_error *error)
{
  em_iteration **ems = level > 0 ? batch->coarse_ems : batch->ems;
  const shard *points = ems[0]->points;
  fit_state *state = batch->state;
  batch->group = (ascents){.all = batch->ascents, .observer = batch->observer, .state = state};
  for (int64_t i = 0; i < state->n_climbers; i++) {
    climber *climb = &state->climbers[i];
    if (climb->current.level != level) continue;
    batch->ascents[batch->group.n++] = (ascent){
        .em = ems[i],
        .climb = climb,
        .inner = level > 0 || batch->inner == NULL ? NULL : batch->inner[i],
        .observer = batch->observer,
        .is_preliminary = level > 0,
        .tolerance = level > 0 ? level_last_tolerance(ems[i]->options, points->n_samples, points->n_features)
                               : batch->options->tolerance,
        .max_iterations = level > 0 ? MOST_COARSE_ITERATIONS : batch->options->max_iterations,
    };
  }
  if (batch->group.n == 0) return GMMPI_OK;
  const double began = MPI_Wtime();
  prepare_group(batch, error);
  if (level == 0) batch->timings->init += MPI_Wtime() - began;
  if (error->status != GMMPI_OK) return error->status;
  if (level == 0) leave_times_in(batch, batch->timings);
  ascend_together(&batch->group, &batch->stopped, error);
  leave_times_in(batch, &batch->aside);
  return error->status;
}

/* --- starts --- */

/* Does this start need all points? The others are looked for on the coarsest level. */
static bool starts_on_all_points(const fit_options *options)
{
  return options->init != INIT_KMEANS && options->init != INIT_KMEANS_PLUS_PLUS;
}

/* Initialises all climbers on the points of em, which are all or those of the coarsest level. */
static gmmpi_status find_starts(fit_batch *batch, em_iteration **ems, gmmpi_error *error)
{
  fit_state *state = batch->state;
  for (int64_t i = 0; i < state->n_climbers; i++) accelerator_forget(state->climbers[i].history);
  if (batch->find_starts != NULL) {
    batch->find_starts(batch, ems, error);
  } else if (search_is_wanted(batch->options)) {
    choose_starts(batch->ems, ems[0], state->climbers, state->n_climbers, batch->observer, error);
  } else {
    for (int64_t i = 0; i < state->n_climbers && error->status == GMMPI_OK; i++)
      initialize(ems[i], state->climbers[i].current.start / state->n_shapes, &state->climbers[i], batch->observer,
                 error);
  }
  if (!failed_or_stopped(batch, error)) tell_state(batch);
  return error->status;
}

/* From where the climbers stand on this level, or from nothing when `fresh`, to the next finer level. */
static gmmpi_status climb_level(fit_batch *batch, int64_t level, bool fresh, gmmpi_error *error)
{
  fit_state *state = batch->state;
  const double began = MPI_Wtime();
  enter_level(batch, level, error);
  if (error->status == GMMPI_OK && fresh) {
    find_starts(batch, batch->coarse_ems, error);
    batch->timings->init += MPI_Wtime() - began;
  }
  const double found = fresh ? MPI_Wtime() : began;
  if (!failed_or_stopped(batch, error)) climb_together(batch, level, error);
  if (!failed_or_stopped(batch, error)) {
    for (int64_t i = 0; i < state->n_climbers; i++) {
      if (state->climbers[i].current.level == level) climber_enter_level(&state->climbers[i], level - 1);
    }
    tell_state(batch);
  }
  batch->timings->coarse += MPI_Wtime() - found;
  return error->status;
}

/* Collective. For the loop over all points: the points of level 1, to refine models with. */
static gmmpi_status open_refinements(fit_batch *batch, gmmpi_error *error)
{
  gmmpi_error local = {0};
  if (batch->plan.n_levels == 0) return GMMPI_OK;
  if ((batch->coarse_points == NULL || batch->coarse_level != 1) && enter_level(batch, 1, error) != GMMPI_OK)
    return error->status;
  batch->inner = calloc((size_t)batch->n_places, sizeof(refinement *));
  if (batch->inner == NULL) fail(&local, GMMPI_NO_MEMORY, "there is no memory to refine models");
  for (int64_t i = 0; i < batch->n_places && local.status == GMMPI_OK; i++)
    refinement_create(batch->coarse_ems[i], all_points(batch)->n_samples, &batch->inner[i], &local);
  agree(all_points(batch)->comm, &local);
  return error_pass(error, &local);
}

static gmmpi_status climb_to_top(fit_batch *batch, gmmpi_error *error)
{
  const double began = MPI_Wtime();
  if (open_refinements(batch, error) != GMMPI_OK) {
    failed_or_stopped(batch, error);
    return error->status;
  }
  batch->timings->coarse += MPI_Wtime() - began;
  climb_together(batch, 0, error);
  failed_or_stopped(batch, error);
  return error->status;
}

/* The coarsest level on which there is a climber. */
static int64_t coarsest_level(const fit_state *state)
{
  int64_t coarsest = 0;
  for (int64_t i = 0; i < state->n_climbers; i++) {
    if (state->climbers[i].current.level > coarsest) coarsest = state->climbers[i].current.level;
  }
  return coarsest;
}

/* Starts that need all points. */
static gmmpi_status find_starts_on_all_points(fit_batch *batch, gmmpi_error *error)
{
  const double began = MPI_Wtime();
  find_starts(batch, batch->ems, error);
  batch->timings->init += MPI_Wtime() - began;
  return error->status;
}

gmmpi_status batch_run(fit_batch *batch, bool fresh, gmmpi_error *error)
{
  fit_state *state = batch->state;
  if (fresh) {
    for (int64_t i = 0; i < state->n_climbers; i++) climber_enter_level(&state->climbers[i], batch->plan.n_levels);
    if (batch->plan.n_levels == 0 || starts_on_all_points(batch->options)) {
      find_starts_on_all_points(batch, error);
      fresh = false;
    }
  }
  while (!failed_or_stopped(batch, error) && coarsest_level(state) > 0) {
    climb_level(batch, coarsest_level(state), fresh, error);
    fresh = false;
  }
  return failed_or_stopped(batch, error) ? error->status : climb_to_top(batch, error);
}

bool batch_last_measured(const fit_batch *batch, int64_t index, fit_position *position)
{
  const climber *climb = &batch->state->climbers[index];
  *position = climb->current;
  if (climb->current.level > 0) return false;
  if (climb->has_ended) return true;
  for (int64_t i = 0; i < batch->group.n; i++) {
    const ascent *one = &batch->ascents[i];
    if (one->climb != climb || !one->other_is_measured) continue;
    position->model = climb->other;
    position->iteration = climb->current.measured.iteration;
    return true;
  }
  return false;
}
