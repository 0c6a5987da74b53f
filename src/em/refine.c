/* SPDX-License-Identifier: BSD-3-Clause */
#include "em/refine.h"

#include "support/error.h"
#include "support/memory.h"

#include <math.h>
#include <stdlib.h>

struct refinement {
  em_iteration *em;
  int64_t most_iterations;
  bool in_single;       /* passes are in single precision, where that suits, as the fit's are */
  accelerator *history; /* goes on from the fit's */
  double *correction;
  gmmpi_model *model, *next;

  /* Of the refinement that goes on. */
  int64_t n_iterations;           /* models that were made */
  double first, enough, smallest; /* residuals, in squares */
};

/* Iterations on the subsample may cost so many passes over all points. */
static const double most_passes = 1.5;
enum { MOST_ITERATIONS = 60 };

/* The residual is brought down to this share of the one that all points left, in squares: less is lost in the noise. */
static const double least_share = 1e-3;

/* After so many iterations the residual's square must have come down to this share. */
enum { PATIENCE = 4 };
static const double least_progress = 0.25;

/* An iteration that makes the residual so many times larger, in squares, has gone astray. */
static const double most_growth = 4.0;

gmmpi_status refinement_create(em_iteration *em, int64_t n_samples, refinement **result, gmmpi_error *error)
{
  const int64_t K = em->options->n_components;
  const int64_t d = em->points->n_features;
  refinement *created = calloc(1, sizeof *created);
  *result = created;
  if (created != NULL) {
    const double iterations = most_passes * (double)n_samples / (double)em->points->n_samples;
    created->em = em;
    created->most_iterations = iterations < MOST_ITERATIONS ? (int64_t)iterations : MOST_ITERATIONS;
    if (accelerator_create(em->options->accelerate, em->kind, K, d, &created->history, error) == GMMPI_OK &&
        model_allocate(em->kind, K, d, &created->model, error) == GMMPI_OK &&
        model_allocate(em->kind, K, d, &created->next, error) == GMMPI_OK) {
      created->correction = allocate(accelerator_length(created->history), sizeof(double));
      if (created->correction != NULL) return GMMPI_OK;
    }
  }
  refinement_destroy(created);
  *result = NULL;
  return fail(error, GMMPI_NO_MEMORY, "there is no memory to refine a model; use --no-coarse-to-fine");
}

void refinement_destroy(refinement *inner)
{
  if (inner == NULL) return;
  accelerator_destroy(inner->history);
  gmmpi_model_destroy(inner->model);
  gmmpi_model_destroy(inner->next);
  free(inner->correction);
  free(inner);
}

int64_t refinement_bytes(const fit_options *options, int64_t n_features)
{
  const covariance_family *family = family_find(options->covariance);
  const int64_t K = options->n_components;
  const int64_t history = accelerator_bytes(options->accelerate, fit_kind(options), K, n_features);
  const int64_t model = model_bytes(fit_kind(options), K, n_features);
  int64_t bytes = moments_bytes(family->storage->shape, family_order(family), K, n_features);
  if (__builtin_add_overflow(bytes, history, &bytes) || __builtin_add_overflow(bytes, model, &bytes) ||
      __builtin_add_overflow(bytes, model, &bytes))
    return INT64_MAX;
  return bytes;
}

/* The next model: what the accelerator proposes, else a plain step of the corrected map. False when neither is sound.
 */
static bool make_next(refinement *inner)
{
  em_iteration *em = inner->em;
  em->proposed->n_samples = iteration_total_weight(em);
  const bool has_proposed = accelerator_propose(inner->history, em->proposed);
  bool sound = has_proposed && try_maximization(em, em->proposed, inner->model, inner->next);
  if (!sound) {
    if (has_proposed) accelerator_reject(inner->history);
    accelerator_last_output(inner->history, em->proposed);
    sound = try_maximization(em, em->proposed, inner->model, inner->next);
  }
  if (!sound) return false;
  gmmpi_model *made = inner->next;
  inner->next = inner->model;
  inner->model = made;
  return true;
}

static void begin_pass(refinement *inner)
{
  expectation_begin(inner->em, inner->model, NULL, NULL);
  if (inner->in_single) expectation_in_single(inner->em, inner->model);
}

em_iteration *refinement_iteration(const refinement *inner)
{
  return inner->em;
}

void refinement_begin(refinement *inner, const climber *climb, double target)
{
  accelerator_copy(inner->history, climb->history);
  model_copy_parameters(inner->model, climb->current.model);
  inner->n_iterations = 0;
  inner->enough = target;
  inner->in_single = !climb->precise;
  begin_pass(inner);
}

/* The model is that of all points: its moments tell the correction. */
static void take_first(refinement *inner)
{
  accelerator_correction(inner->history, inner->em->measured, inner->correction);
  inner->first = inner->smallest = accelerator_residual(inner->history);
  inner->enough = fmax(least_share * inner->first, inner->enough);
}

/* True when this model was the last one. */
static bool take_iteration(refinement *inner)
{
  accelerator_record_corrected(inner->history, inner->em->measured, inner->correction);
  const double now = accelerator_residual(inner->history);
  if (!(now < most_growth * inner->smallest)) accelerator_keep_newest(inner->history);
  inner->smallest = fmin(inner->smallest, now);
  return now <= inner->enough || (inner->n_iterations > PATIENCE && inner->smallest > inner->first * least_progress);
}

refinement_outcome refinement_take(refinement *inner, climber *climb, moments *proposed)
{
  bool is_last = false;
  climb->n_row_visits += inner->em->points->n_samples;
  if (!moments_are_measured(inner->em, inner->model)) return REFINEMENT_GOES_ON;
  if (inner->n_iterations == 0)
    take_first(inner);
  else
    is_last = take_iteration(inner);
  if (!is_last && inner->n_iterations < inner->most_iterations) {
    if (!make_next(inner)) return REFINEMENT_FAILED;
    inner->n_iterations++;
    begin_pass(inner);
    return REFINEMENT_GOES_ON;
  }
  if (!(accelerator_residual(inner->history) < inner->first)) return REFINEMENT_FAILED;
  accelerator_last_output(inner->history, proposed);
  accelerator_take_point(climb->history, inner->history);
  return REFINEMENT_FOUND;
}
