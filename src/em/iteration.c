#include "em/iteration.h"

#include "mixture/files/model_file.h"
#include "support/error.h"
#include "support/hash.h"
#include "support/large_messages.h"
#include "support/linear_algebra.h"
#include "support/memory.h"

#include <stdlib.h>
#include <string.h>

/* A pass whose sums lost digits is made again, at most so often. */
enum { MOST_REPEATED_PASSES = 3 };

/* The lowest instruction set of all ranks. Collective. */
static const kernel *common_kernel(MPI_Comm comm)
{
  int level = kernel_best(KERNEL_HIGHEST_LEVEL)->level;
  MPI_Allreduce(MPI_IN_PLACE, &level, 1, MPI_INT, MPI_MIN, comm);
  return kernel_best(level);
}

/* Do some ranks' processors differ in what their libraries do? Collective. */
static bool processors_differ(MPI_Comm comm)
{
  const char *core = linear_algebra_core();
  const int level = kernel_best(KERNEL_HIGHEST_LEVEL)->level;
  const int64_t mine = (int64_t)(hash_bytes((uint64_t)level, core, strlen(core)) >> 1);
  int64_t extremes[2] = {mine, -mine};
  MPI_Allreduce(MPI_IN_PLACE, extremes, 2, MPI_INT64_T, MPI_MIN, comm);
  return extremes[0] != -extremes[1];
}

static double stopwatch(double *since)
{
  const double now = MPI_Wtime();
  const double seconds = now - *since;
  *since = now;
  return seconds;
}

static void take_spread_of_rank_0(MPI_Comm comm, density_shape shape, int64_t d, data_spread *spread)
{
  broadcast_large(comm, 0, spread->means, d, MPI_DOUBLE);
  broadcast_large(comm, 0, spread->variances, d, MPI_DOUBLE);
  broadcast_large(comm, 0, spread->covariance, covariance_length(shape, d), MPI_DOUBLE);
  MPI_Bcast(&spread->degenerate, (int)sizeof spread->degenerate, MPI_BYTE, 0, comm);
}

static void take_step_of_rank_0(MPI_Comm comm, int64_t n_components, maximization *step, gmmpi_model *next)
{
  broadcast_large(comm, 0, step->states, n_components * (int64_t)sizeof *step->states, MPI_BYTE);
  MPI_Bcast(&step->ridged, (int)sizeof step->ridged, MPI_BYTE, 0, comm);
  model_broadcast_parameters(comm, 0, next);
}

/* The parts that are known beforehand come in `parts`. */
static gmmpi_status create_with(em_iteration parts, em_iteration **em, gmmpi_error *error)
{
  const fit_options *options = parts.options;
  const shard *points = parts.points;
  const kernel *kernels = parts.kernel;
  const int64_t K = options->n_components;
  const int64_t d = points->n_features;
  gmmpi_error local = {0};
  em_iteration *created = calloc(1, sizeof *created);
  *em = created;
  if (created == NULL) {
    fail(&local, GMMPI_NO_MEMORY, "there is no memory to begin a fit");
  } else {
    *created = parts;
    created->family = family_find(options->covariance);
    const density_shape shape = created->family->storage->shape;
    if (density_create(shape, K, d, &created->form, &local) == GMMPI_OK &&
        statistics_create(shape, SECOND_ORDER, K, points, &created->sums, &local) == GMMPI_OK &&
        team_create(kernels, shape, SECOND_ORDER, K, points, &created->team, &local) == GMMPI_OK &&
        moments_create(shape, K, d, &created->measured, &local) == GMMPI_OK &&
        moments_create(shape, K, d, &created->proposed, &local) == GMMPI_OK)
      maximization_create(created->family, created->sums, &created->step, &local);
    created->spans = allocate(K * d, sizeof(double));
    if (local.status == GMMPI_OK && created->spans == NULL)
      fail(&local, GMMPI_NO_MEMORY, "there is no memory for distances");
  }
  if (agree(points->comm, &local) == GMMPI_OK &&
      data_spread_create(points, kernels, created->family->storage->shape, options->reg_covar, &created->spread,
                         &local) == GMMPI_OK) {
    if (parts.broadcast_models)
      take_spread_of_rank_0(points->comm, created->family->storage->shape, d, created->spread);
    for (int64_t j = 0; j < d; j++) created->step->ridge[j] = options->reg_covar;
    created->step->variances = created->spread->variances;
    created->step->degenerate = created->spread->degenerate;
    return GMMPI_OK;
  }
  iteration_destroy(created);
  *em = NULL;
  return error_pass(error, &local);
}

gmmpi_status iteration_create(const shard *points, const fit_options *options, fit_timings *timings, em_iteration **em,
                              gmmpi_error *error)
{
  linear_algebra_single_thread();
  const em_iteration parts = {.points = points,
                              .options = options,
                              .kernel = common_kernel(points->comm),
                              .broadcast_models = processors_differ(points->comm),
                              .timings = timings};
  return create_with(parts, em, error);
}

gmmpi_status iteration_create_provisional(const shard *points, const fit_options *options, const em_iteration *whole,
                                          fit_timings *timings, em_iteration **em, gmmpi_error *error)
{
  const em_iteration parts = {.points = points,
                              .options = options,
                              .kernel = whole->kernel,
                              .broadcast_models = whole->broadcast_models,
                              .timings = timings,
                              .provisional = true};
  return create_with(parts, em, error);
}

void iteration_destroy(em_iteration *em)
{
  if (em == NULL) return;
  data_spread_destroy(em->spread);
  density_destroy(em->form);
  statistics_destroy(em->sums);
  team_destroy(em->team);
  maximization_destroy(em->step);
  moments_destroy(em->measured);
  moments_destroy(em->proposed);
  free(em->spans);
  free(em);
}

/* From the beginning of a pass to the end of its Allreduce all ranks take equally long, whatever they do meanwhile. */
static void take_times(fit_timings *timings, const rank_load *of_ranks, double seconds)
{
  timings->e_step += of_ranks->mean;
  timings->waiting += of_ranks->largest - of_ranks->mean;
  if (seconds > of_ranks->largest) timings->allreduce += seconds - of_ranks->largest;
}

/* A pass by the given rule (NULL: the posterior) with em->form as it is, about these reference points. tight: in units
 * from the points that count, which takes a look at all points more. */
static gmmpi_status make_pass(em_iteration *em, const double *references, bool tight, responsibility_rule rule,
                              void *context, reduction_control *control, gmmpi_error *error)
{
  const responsibility_rule chosen = rule != NULL ? rule : posterior_rule;
  void *chosen_context = rule != NULL ? context : em->form;
  MPI_Comm comm = em->points->comm;
  double clock = MPI_Wtime();
  statistics_begin(em->sums, references);
  if (tight) {
    largest_distances(em->team, em->points, chosen, chosen_context, em->sums, em->spans);
    allreduce_large(comm, em->spans, em->sums->n_components * em->sums->n_features, MPI_DOUBLE, MPI_MAX);
    statistics_tighten(em->sums, em->spans);
  }
  pass_over_points(em->team, em->points, chosen, chosen_context, em->sums);
  control->seconds = stopwatch(&clock);
  const gmmpi_status status = statistics_reduce(em->sums, comm, control, error);
  take_times(em->timings, &em->sums->load, control->seconds + stopwatch(&clock));
  if (status != GMMPI_OK || control->hashes_agree) return status;
  return fail(error, GMMPI_INTERNAL,
              "the ranks hold different models, which must not be; use the same build and libraries on all nodes");
}

gmmpi_status expectation_step(em_iteration *em, gmmpi_model *model, responsibility_rule rule, void *context,
                              reduction_control *control, gmmpi_error *error)
{
  if (em->broadcast_models) model_broadcast_parameters(em->points->comm, 0, model);
  control->hash = model_hash(model);
  density_from_model(em->form, model);
  return make_pass(em, model->means, false, rule, context, control, error);
}

gmmpi_status measure_moments(em_iteration *em, const gmmpi_model *previous, responsibility_rule rule, void *context,
                             fit_state *state, gmmpi_error *error)
{
  double clock = MPI_Wtime();
  bool tight = false;
  moments_outcome outcome = moments_of_statistics(em->step, em->sums, previous, false, em->measured);
  for (int i = 1; outcome != MOMENTS_TAKEN; i++) {
    reduction_control control = {.hash = model_hash(previous)};
    em->timings->m_step += stopwatch(&clock);
    tight |= outcome == SUMS_ARE_COARSE;
    if (make_pass(em, em->measured->means, tight, rule, context, &control, error) != GMMPI_OK) return error->status;
    if (rule == NULL) state->n_row_visits += (tight ? 2 : 1) * em->points->n_samples;
    stopwatch(&clock);
    outcome = moments_of_statistics(em->step, em->sums, previous, i == MOST_REPEATED_PASSES, em->measured);
  }
  em->timings->m_step += stopwatch(&clock);
  return GMMPI_OK;
}

bool try_maximization(em_iteration *em, const moments *from, const gmmpi_model *previous, gmmpi_model *next)
{
  double clock = MPI_Wtime();
  maximize(em->step, from, previous, next);
  if (em->broadcast_models) take_step_of_rank_0(em->points->comm, next->n_components, em->step, next);
  em->timings->m_step += stopwatch(&clock);
  return all_sound(em->step, next->n_components);
}

bool share_model(const em_iteration *em, bool sound, gmmpi_model *model)
{
  int answer = sound;
  if (!em->broadcast_models) return sound;
  MPI_Bcast(&answer, 1, MPI_INT, 0, em->points->comm);
  model_broadcast_parameters(em->points->comm, 0, model);
  return answer != 0;
}

gmmpi_status maximization_step(em_iteration *em, const moments *from, const gmmpi_model *previous, int64_t iteration,
                               gmmpi_model *next, fit_state *state, const fit_observer *observer, bool *repaired,
                               gmmpi_error *error)
{
  *repaired = !try_maximization(em, from, previous, next);
  if (!*repaired) return GMMPI_OK;
  double clock = MPI_Wtime();
  const collapse_policy policy = em->provisional ? COLLAPSE_RESEED : em->options->on_collapse;
  const gmmpi_status status = repair_collapsed(em->points, em->spread, em->form, em->team, policy, em->step, iteration,
                                               next, state, em->provisional ? NULL : observer, error);
  em->timings->m_step += stopwatch(&clock);
  return status;
}
