/* SPDX-License-Identifier: BSD-3-Clause */
#include "em/iteration.h"

#include "mixture/files/model_file.h"
#include "mixture/tails.h"
#include "support/error.h"
#include "support/hash.h"
#include "support/large_messages.h"
#include "support/linear_algebra.h"
#include "support/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A pass whose sums lost digits is made again, at most so often. */
enum { MOST_REPEATED_PASSES = 3 };

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

double iteration_clock(const em_iteration *em)
{
  return em->is_untimed ? 0.0 : MPI_Wtime();
}

static double stopwatch(const em_iteration *em, double *since)
{
  const double now = iteration_clock(em);
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
  MPI_Bcast(&step->failed_together, (int)sizeof step->failed_together, MPI_BYTE, 0, comm);
  model_broadcast_parameters(comm, 0, next);
}

static bool has_tails(const em_iteration *em)
{
  return (em->kind.parts & PART_TAILS) != 0;
}

static pass_size size_of(const fit_options *options, int64_t n_requests)
{
  const covariance_family *family = family_find(options->covariance);
  return (pass_size){family->storage->shape, family_order(family), options->n_components, n_requests};
}

/* Room for the passes of all models together. */
static void create_shared(em_iteration *em, model_list models, gmmpi_error *error)
{
  const int64_t n = models.n;
  int64_t most_components = 0;
  bool tails = false;
  em->requests = allocate(n, sizeof *em->requests);
  em->spreads = calloc(N_DENSITY_SHAPES, sizeof *em->spreads);
  pass_size *sizes = allocate(n, sizeof *sizes);
  for (int64_t i = 0; sizes != NULL && i < n; i++) {
    sizes[i] = size_of(models.each[i], 1);
    tails = tails || (fit_kind(models.each[i]).parts & PART_TAILS) != 0;
    if (sizes[i].n_components > most_components) most_components = sizes[i].n_components;
  }
  if (em->requests == NULL || em->spreads == NULL || sizes == NULL)
    fail(error, GMMPI_NO_MEMORY, "there is no memory for %lld models", (long long)n);
  else if (team_create(em->kernel, em->points, sizes, (int)n, &em->team, error) == GMMPI_OK && tails)
    team_add_tails(em->team, most_components, n, error);
  for (int64_t i = 0; error->status == GMMPI_OK && i < n; i++) {
    if (models.each[i]->arithmetic == ARITHMETIC_MIXED)
      team_add_single(em->team, &sizes[i], em->points->n_features, error);
  }
  free(sizes);
}

/* Collective. The spread of the points, as far as the family's shape wants to know it. */
static gmmpi_status find_spread(em_iteration *em, gmmpi_error *error)
{
  const density_shape shape = em->family->storage->shape;
  data_spread **known = &em->spreads[shape];
  if (*known == NULL &&
      data_spread_create(em->points, em->kernel, shape, em->options->reg_covar, known, error) == GMMPI_OK &&
      em->broadcast_models)
    take_spread_of_rank_0(em->points->comm, shape, em->points->n_features, *known);
  em->spread = *known;
  return error->status;
}

static void create_own(em_iteration *em, gmmpi_error *error)
{
  const int64_t K = em->options->n_components;
  const int64_t d = em->points->n_features;
  const density_shape shape = em->family->storage->shape;
  const statistics_order order = family_order(em->family);
  if (density_create(em->family, K, d, &em->form, error) == GMMPI_OK &&
      statistics_create(shape, order, K, em->points, &em->sums, error) == GMMPI_OK &&
      moments_create(shape, order, K, d, &em->measured, error) == GMMPI_OK &&
      moments_create(shape, order, K, d, &em->proposed, error) == GMMPI_OK)
    maximization_create(em->family, em->estimator, em->sums, &em->step, error);
  if (error->status == GMMPI_OK && has_tails(em) && statistics_add_tails(em->sums, error) == GMMPI_OK &&
      moments_add_tails(em->measured, error) == GMMPI_OK)
    moments_add_tails(em->proposed, error);
  em->in_single = single_verdict_of_fit(em->options, em->points);
  if (error->status == GMMPI_OK && em->in_single == SINGLE_SUITS) single_form_create(em->form, &em->single, error);
  em->spans = allocate(K * d, sizeof(double));
  if (error->status == GMMPI_OK && em->spans == NULL) fail(error, GMMPI_NO_MEMORY, "there is no memory for distances");
}

/* What the M-step needs to know of all points. */
static void tell_step_of_points(const em_iteration *em)
{
  for (int64_t j = 0; j < em->points->n_features; j++) em->step->ridge[j] = em->options->reg_covar;
  em->step->variances = em->spread->variances;
  em->step->degenerate = em->spread->degenerate;
  em->step->n_classes = em->points->n_classes;
  em->step->dof = em->options->dof;
  em->step->before = em->before;
}

/* The parts that are known beforehand come in `parts`. */
static gmmpi_status create_with(em_iteration parts, model_list models, em_iteration **em, gmmpi_error *error)
{
  const shard *points = parts.points;
  gmmpi_error local = {0};
  em_iteration *created = calloc(1, sizeof *created);
  *em = created;
  if (created == NULL) {
    fail(&local, GMMPI_NO_MEMORY, "there is no memory to begin a fit");
  } else {
    *created = parts;
    int n_ranks;
    MPI_Comm_size(points->comm, &n_ranks);
    created->is_alone = n_ranks == 1;
    created->kind = fit_kind(parts.options);
    created->family = created->kind.family;
    created->estimator = estimator_of(parts.options);
    if (parts.host == NULL) create_shared(created, models, &local);
    if (local.status == GMMPI_OK) create_own(created, &local);
  }
  if (agree(points->comm, &local) == GMMPI_OK) find_spread(created, &local);
  if (local.status == GMMPI_OK && created->before == NULL && created->estimator != &estimator_ml) {
    created->owns_prior = true;
    prior_create(parts.options, created->spread, points->n_features, &created->before, &local);
    if (agree(points->comm, &local) == GMMPI_OK && parts.broadcast_models)
      prior_take_of_rank_0(points->comm, created->family->storage->shape, points->n_features, created->before);
  }
  if (local.status == GMMPI_OK && created->region == NULL && parts.options->noise) {
    created->owns_region = true;
    noise_region_create(points, parts.kernel, parts.options->noise_volume, parts.broadcast_models, &created->region,
                        &created->region_scale, &local);
  }
  if (local.status == GMMPI_OK) {
    created->may_have_bounds =
        parts.host == NULL && !parts.makes_starts &&
        near_is_of_use(parts.points, created->family->storage->shape, parts.options->n_components);
    if (created->may_have_bounds)
      created->near = near_create(parts.points, created->family->storage->shape, parts.options->n_components);
    tell_step_of_points(created);
    return GMMPI_OK;
  }
  iteration_destroy(created);
  *em = NULL;
  return error_pass(error, &local);
}

gmmpi_status iteration_create_among(const shard *points, model_list models, fit_timings *timings, em_iteration **em,
                                    gmmpi_error *error)
{
  linear_algebra_single_thread();
  const em_iteration parts = {.points = points,
                              .options = models.each[0],
                              .kernel = kernel_common(points->comm),
                              .broadcast_models = processors_differ(points->comm),
                              .timings = timings};
  return create_with(parts, models, em, error);
}

gmmpi_status iteration_create_among_starts(const shard *points, model_list models, const em_iteration *whole,
                                           fit_timings *timings, em_iteration **em, gmmpi_error *error)
{
  const em_iteration parts = {.points = points,
                              .options = models.each[0],
                              .kernel = whole->kernel,
                              .broadcast_models = whole->broadcast_models,
                              .before = whole->before,
                              .region = whole->region,
                              .timings = timings,
                              .makes_starts = true};
  return create_with(parts, models, em, error);
}

/* A list of the same options n times, which the caller frees; NULL when there is no memory. */
static const fit_options **repeated(const fit_options *options, int64_t n)
{
  const fit_options **each = allocate(n, sizeof *each);
  for (int64_t i = 0; each != NULL && i < n; i++) each[i] = options;
  return each;
}

gmmpi_status iteration_create(const shard *points, const fit_options *options, int64_t n_requests, fit_timings *timings,
                              em_iteration **em, gmmpi_error *error)
{
  gmmpi_error local = {0};
  const fit_options **each = repeated(options, n_requests);
  if (each == NULL) fail(&local, GMMPI_NO_MEMORY, "there is no memory to begin a fit");
  if (agree(points->comm, &local) == GMMPI_OK)
    iteration_create_among(points, (model_list){each, n_requests}, timings, em, &local);
  free(each);
  return error_pass(error, &local);
}

gmmpi_status iteration_create_for_starts(const shard *points, const fit_options *options, int64_t n_requests,
                                         const em_iteration *whole, fit_timings *timings, em_iteration **em,
                                         gmmpi_error *error)
{
  gmmpi_error local = {0};
  const fit_options **each = repeated(options, n_requests);
  if (each == NULL) fail(&local, GMMPI_NO_MEMORY, "there is no memory to begin a fit");
  if (agree(points->comm, &local) == GMMPI_OK)
    iteration_create_among_starts(points, (model_list){each, n_requests}, whole, timings, em, &local);
  free(each);
  return error_pass(error, &local);
}

gmmpi_status iteration_create_beside(const em_iteration *host, const fit_options *options, const em_iteration *whole,
                                     em_iteration **em, gmmpi_error *error)
{
  const em_iteration parts = {.points = host->points,
                              .options = options,
                              .kernel = host->kernel,
                              .spreads = host->spreads,
                              .team = host->team,
                              .requests = host->requests,
                              .host = host,
                              .broadcast_models = host->broadcast_models,
                              .before = whole != NULL              ? whole->before
                                        : options == host->options ? host->before
                                                                   : NULL,
                              .region = host->region,
                              .timings = host->timings,
                              .makes_starts = host->makes_starts};
  return create_with(parts, (model_list){0}, em, error);
}

void iteration_destroy(em_iteration *em)
{
  if (em == NULL) return;
  if (em->owns_prior) prior_destroy(em->before);
  if (em->owns_region) noise_region_destroy(em->region);
  if (em->host == NULL) {
    for (int i = 0; em->spreads != NULL && i < N_DENSITY_SHAPES; i++) data_spread_destroy(em->spreads[i]);
    free(em->spreads);
    team_destroy(em->team);
    free(em->requests);
  }
  near_destroy(em->near);
  density_destroy(em->form);
  single_form_destroy(em->single);
  statistics_destroy(em->sums);
  maximization_destroy(em->step);
  moments_destroy(em->measured);
  moments_destroy(em->proposed);
  free(em->spans);
  free(em);
}

int64_t iteration_bytes_beside(const fit_options *options, int64_t n_features)
{
  const covariance_family *family = family_find(options->covariance);
  const int64_t K = options->n_components;
  const int64_t moment = moments_bytes(family->storage->shape, family_order(family), K, n_features);
  const bool tails = (fit_kind(options).parts & PART_TAILS) != 0;
  const bool mixed = options->arithmetic == ARITHMETIC_MIXED;
  const int64_t parts[] = {
      mixed ? single_form_bytes(family, K, n_features) : 0,
      tails ? 2 * moments_tail_bytes(K) + statistics_tail_bytes(K, options->threads) : 0,
      moment,
      moment,
      density_bytes(family, K, n_features),
      maximization_bytes(family, estimator_of(options), K, n_features),
      moment < INT64_MAX ? K * n_features * (int64_t)sizeof(double) : INT64_MAX, /* spans */
      statistics_bytes(family->storage->shape, family_order(family), K, n_features, options->threads)};
  return sum_of_bytes((int)(sizeof parts / sizeof parts[0]), parts);
}

int64_t iteration_bytes(const fit_options *options, int64_t n_features)
{
  const covariance_family *family = family_find(options->covariance);
  const bool tails = (fit_kind(options).parts & PART_TAILS) != 0;
  const int64_t single =
      options->arithmetic != ARITHMETIC_MIXED
          ? 0
          : team_single_bytes(family->storage->shape, options->n_components, n_features, options->threads);
  return sum_of_bytes(6, (int64_t[]){single, tails ? team_tail_bytes(options->n_components, options->threads) : 0,
                                     iteration_bytes_beside(options, n_features),
                                     data_spread_bytes(family->storage->shape, n_features),
                                     prior_bytes(options, n_features),
                                     team_bytes(family->storage->shape, family_order(family), options->n_components,
                                                n_features, options->threads)});
}

/* --- E-step --- */

static void prepare_pass(em_iteration *em, const double *references)
{
  const density_form *form = em->form;
  statistics_begin(em->sums, references);
  if (em->sums->order == TRACE_ORDER && em->n_repeats == 0 && form->centred.holds)
    statistics_about_where_near(em->sums, form->centred.origin, form->whitening, form->whitening_length);
  if (em->sums->order == POOLED_ORDER && em->n_repeats == 0 && common_form_is_compact(&em->form->common))
    statistics_about(em->sums, em->form->common.origin);
  em->request.sums = em->sums;
  em->request.weighting = em->weighting;
  em->request.single = NULL;
  em->request.spans = em->is_tight ? em->spans : NULL;
}

/* Degrees of freedom that are not known yet, or that are given, and what they mean for the sums. */
static void prepare_tails(em_iteration *em, gmmpi_model *model)
{
  double largest_pull = 1.0;
  for (int64_t k = 0; k < model->n_components; k++) {
    if (em->options->dof > 0.0)
      model->dof[k] = em->options->dof;
    else if (!(model->dof[k] > 0.0))
      model->dof[k] = DOF_START;
    largest_pull = fmax(largest_pull, (model->dof[k] + (double)model->n_features) / model->dof[k]);
  }
  statistics_set_largest_pull(em->sums, largest_pull);
}

void expectation_begin(em_iteration *em, gmmpi_model *model, responsibility_rule rule, void *context)
{
  if (em->broadcast_models) model_broadcast_parameters(em->points->comm, 0, model);
  if (has_tails(em)) prepare_tails(em, model);
  em->hash = em->is_alone ? 0 : model_hash(model);
  estimator_form(em->estimator, em->form, model);
  em->n_repeats = 0;
  em->is_tight = false;
  em->request.rule = rule != NULL ? rule : posterior_rule;
  em->request.context = rule != NULL ? context : em->form;
  em->request.of_any_rows = rule == NULL && !em->may_have_bounds;
  em->request.rule_of_tiles = rule == NULL && near_begin(em->near, em->form) ? near_rule : NULL;
  em->request.context_of_tiles = em->near;
  prepare_pass(em, model->means);
}

/* After prepare_pass with these references: in single precision, about what they are there. */
static void pass_in_single(em_iteration *em, const double *references)
{
  const single_form *form = em->single;
  memcpy(em->spans, references, (size_t)(form->n_components * form->n_features) * sizeof(double));
  single_form_round(form, form->n_features, em->spans);
  statistics_begin(em->sums, em->spans);
  single_form_refer(em->single, em->sums->width, em->sums->references);
  em->request.single = form;
}

single_verdict expectation_in_single(em_iteration *em, const gmmpi_model *model)
{
  single_form *form = em->single;
  if (em->in_single != SINGLE_SUITS) return em->in_single;
  const single_verdict verdict =
      single_verdict_of_model(model, em->points, em->spread, form->origin, &em->noise, &em->not_single);
  if (verdict != SINGLE_SUITS) return verdict;
  single_form_set(form, em->form);
  pass_in_single(em, model->means);
  return SINGLE_SUITS;
}

bool moments_are_measured(em_iteration *em, const gmmpi_model *previous)
{
  double clock = iteration_clock(em);
  moments_outcome outcome = MEANS_MOVED_FAR;
  if (em->request.spans != NULL) { /* only now the sums themselves */
    statistics_tighten(em->sums, em->spans);
    em->request.spans = NULL;
  } else {
    outcome = moments_of_statistics(em->step, em->sums, previous, em->n_repeats == MOST_REPEATED_PASSES, em->measured);
    if (outcome != MOMENTS_TAKEN) {
      em->n_repeats++;
      em->is_tight = em->is_tight || outcome == SUMS_ARE_COARSE;
      const bool in_single = em->request.single != NULL && !em->is_tight;
      prepare_pass(em, em->measured->means);
      if (in_single) pass_in_single(em, em->measured->means);
    }
  }
  em->timings->m_step += stopwatch(em, &clock);
  return outcome == MOMENTS_TAKEN;
}

/* From the beginning of a pass to the end of its Allreduce all ranks take equally long, whatever they do meanwhile. */
static void take_times(fit_timings *timings, const pass_control *control)
{
  const rank_load *of_ranks = &control->load;
  timings->e_step += of_ranks->mean;
  timings->waiting += of_ranks->largest - of_ranks->mean;
  if (control->seconds > of_ranks->largest) timings->allreduce += control->seconds - of_ranks->largest;
}

gmmpi_status make_passes(em_iteration *const *all, int64_t n, pass_control *control, gmmpi_error *error)
{
  pass_request *requests = all[0]->requests;
  control->hash = all[0]->hash;
  control->is_untimed = all[0]->is_untimed;
  for (int64_t i = 0; i < n; i++) requests[i] = all[i]->request;
  for (int64_t i = 1; i < n; i++) control->hash = hash_word(control->hash, all[i]->hash);
  const gmmpi_status status = pass_make(all[0]->team, all[0]->points, requests, n, control, error);
  take_times(all[0]->timings, control);
  return status;
}

gmmpi_status expectation_step(em_iteration *em, gmmpi_model *model, responsibility_rule rule, void *context,
                              pass_control *control, gmmpi_error *error)
{
  expectation_begin(em, model, rule, context);
  return make_passes(&em, 1, control, error);
}

gmmpi_status measure_moments(em_iteration *em, const gmmpi_model *previous, int64_t *n_passes, gmmpi_error *error)
{
  while (!moments_are_measured(em, previous)) {
    pass_control control = {.n_questions = 0};
    if (make_passes(&em, 1, &control, error) != GMMPI_OK) return error->status;
    if (n_passes != NULL) ++*n_passes;
  }
  return GMMPI_OK;
}

double iteration_objective(const em_iteration *em, const gmmpi_model *model)
{
  double objective = estimator_objective(em->estimator, em->before, model, em->sums->log_likelihood);
  if (em->broadcast_models) MPI_Bcast(&objective, 1, MPI_DOUBLE, 0, em->points->comm);
  return objective;
}

/* --- M-step --- */

bool try_maximization(em_iteration *em, const moments *from, const gmmpi_model *previous, gmmpi_model *next)
{
  double clock = iteration_clock(em);
  maximize(em->step, from, previous, next);
  if (em->broadcast_models) take_step_of_rank_0(em->points->comm, next->n_components, em->step, next);
  em->timings->m_step += stopwatch(em, &clock);
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
                               gmmpi_model *next, climber *climb, const fit_observer *observer, bool *repaired,
                               gmmpi_error *error)
{
  *repaired = !try_maximization(em, from, previous, next);
  if (!*repaired) return GMMPI_OK;
  double clock = iteration_clock(em);
  const bool is_candidate = em->makes_starts || climb->events == NULL;
  const collapse_policy policy = is_candidate ? COLLAPSE_RESEED : em->options->on_collapse;
  const gmmpi_status status = repair_collapsed(em->points, em->spread, em->form, em->team, policy, em->step, iteration,
                                               next, climb, is_candidate ? NULL : observer, error);
  em->timings->m_step += stopwatch(em, &clock);
  return status;
}
