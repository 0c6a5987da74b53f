/* SPDX-License-Identifier: BSD-3-Clause */
#include "apply/condition.h"

#include "apply/family_parts.h"
#include "apply/feature_choice.h"
#include "apply/marginal.h"
#include "apply/partition.h"
#include "apply/predictive_model.h"
#include "mixture/tails.h"
#include "support/error.h"
#include "support/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double log_two_pi = 1.8378770664093454836;

/* What is at work for all components. */
typedef struct conditioning {
  const gmmpi_model *mixture;
  const double *values; /* n_known */
  partition parted;
  double *white;           /* n_known */
  double *covariance;      /* of one component's other features */
  long double *log_shares; /* K, and one more for a background: the logs of weight times density of what is given */
} conditioning;

static gmmpi_status no_memory(gmmpi_error *error)
{
  return fail(error, GMMPI_NO_MEMORY, "no memory is left to condition the model; use fewer components or features");
}

/* The density of the given features in component k, and the part of it that is left: mean, covariance. The squares of
 * far values go beyond what a double holds. */
static void condition_component(conditioning *work, int64_t k, gmmpi_model *rest)
{
  const gmmpi_model *mixture = work->mixture;
  const partition *parted = &work->parted;
  const int64_t m = parted->n_known;
  const int64_t t = parted->n_rest;
  const double *mean = mixture->means + k * mixture->n_features;
  double *new_mean = rest->means + k * t;
  long double square = 0.0L;
  for (int64_t i = 0; i < m; i++) work->white[i] = work->values[i] - mean[parted->order[i]];
  partition_whiten(parted, work->white);
  for (int64_t i = 0; i < m; i++) square += (long double)work->white[i] * work->white[i];
  long double log_density = logl((long double)mixture->weights[k]) - 0.5L * (long double)m * log_two_pi -
                            partition_half_log_determinant(parted);
  double factor = 1.0;
  if (model_has(mixture, PART_TAILS)) {
    const double dof = mixture->dof[k];
    log_density += tails_log_factor(dof, (double)m) - 0.5L * (dof + (long double)m) * log1pl(square / dof);
    factor = (double)((dof + square) / (dof + (long double)m));
    model_set_dof(rest, k, dof + (double)m);
  } else {
    log_density -= 0.5L * square;
  }
  work->log_shares[k] = mixture->weights[k] > 0.0 ? log_density : -INFINITY;
  partition_shift(parted, work->white, new_mean);
  for (int64_t j = 0; j < t; j++) new_mean[j] += mean[parted->order[m + j]];
  if (k > 0 && rest->family->storage->shared) return;
  partition_rest(parted, factor, work->covariance);
  model_contract(rest, k, work->covariance);
  if (rest->family->storage->rank == 0) *model_covariance(rest, k) = work->covariance[0];
}

/* What a background has in place of weight times density: the volume along the given features is what that of the rest
 * leaves. */
static gmmpi_status condition_background(conditioning *work, const char *label, gmmpi_model *rest, gmmpi_error *error)
{
  const gmmpi_model *mixture = work->mixture;
  const int64_t m = work->parted.n_known;
  if (!model_has(mixture, PART_NOISE)) return GMMPI_OK;
  if (part_take_region(rest, mixture, work->parted.order + m, label, error) != GMMPI_OK) return error->status;
  work->log_shares[mixture->n_components] = logl((long double)*mixture->noise_weight) -
                                            logl((long double)*mixture->noise_volume) +
                                            logl((long double)*rest->noise_volume);
  return GMMPI_OK;
}

/* Weights from the logs of shares; log p(a). */
static gmmpi_status set_weights(const conditioning *work, const char *label, gmmpi_model *rest, double *log_density,
                                gmmpi_error *error)
{
  const int64_t K = rest->n_components;
  const int64_t n = K + (model_has(rest, PART_NOISE) ? 1 : 0);
  long double highest = -INFINITY;
  long double sum = 0.0L;
  for (int64_t k = 0; k < n; k++) highest = fmaxl(highest, work->log_shares[k]);
  for (int64_t k = 0; k < n; k++) sum += expl(work->log_shares[k] - highest);
  bool is_finite = isfinite(highest) && isfinite(sum);
  for (int64_t i = 0; i < K * rest->n_features; i++) is_finite = is_finite && isfinite(rest->means[i]);
  for (int64_t i = 0; i < family_length(rest->family, K, rest->n_features); i++)
    is_finite = is_finite && isfinite(rest->covariances[i]);
  if (!is_finite)
    return fail(error, GMMPI_WRONG_USAGE,
                "%s: the given values are so far from all components that none has a density there; give values that "
                "are nearer",
                label);
  for (int64_t k = 0; k < K; k++) rest->weights[k] = (double)(expl(work->log_shares[k] - highest) / sum);
  if (n > K) *rest->noise_weight = (double)(expl(work->log_shares[K] - highest) / sum);
  if (log_density != NULL) *log_density = (double)(highest + logl(sum));
  return GMMPI_OK;
}

static gmmpi_status condition_all(conditioning *work, const char *label, gmmpi_model *rest, double *log_density,
                                  gmmpi_error *error)
{
  const int64_t m = work->parted.n_known;
  for (int64_t k = 0; k < work->mixture->n_components; k++) {
    if (!partition_take(&work->parted, k))
      return fail(error, GMMPI_BAD_DATA,
                  "%s: the covariance of component %lld is too nearly singular to be taken in this order; give other "
                  "features",
                  label, (long long)k);
    condition_component(work, k, rest);
  }
  gmmpi_status status = condition_background(work, label, rest, error);
  if (status == GMMPI_OK) status = set_weights(work, label, rest, log_density, error);
  if (status == GMMPI_OK) status = model_accept_parameters(rest, label, error);
  return status == GMMPI_OK ? part_take_names(rest, work->mixture, work->parted.order + m, error) : status;
}

gmmpi_status model_condition(const gmmpi_model *model, const int64_t *given, const double *values, int64_t n_given,
                             const char *label, gmmpi_model **conditional, double *log_density, gmmpi_error *error)
{
  const int64_t t = model->n_features - n_given;
  const feature_choice known = {.n = n_given, .features = (int64_t *)given};
  gmmpi_model *mixture = NULL;
  gmmpi_model *rest = NULL;
  int64_t *others = feature_choice_others(model, &known);
  conditioning work = {.values = values};
  gmmpi_status status = others != NULL ? predictive_model(model, &mixture, error) : no_memory(error);
  if (status == GMMPI_OK) {
    const model_kind kind = {family_of_part(mixture->family, model_has(mixture, PART_TAILS)), mixture->parts};
    work.mixture = mixture;
    work.white = allocate(n_given, sizeof *work.white);
    work.covariance = allocate(covariance_length(kind.family->storage->shape, t), sizeof *work.covariance);
    work.log_shares = allocate(model->n_components + 1, sizeof *work.log_shares);
    if (work.white == NULL || work.covariance == NULL || work.log_shares == NULL) status = no_memory(error);
    if (status == GMMPI_OK) status = partition_open(mixture, given, n_given, others, &work.parted, error);
    if (status == GMMPI_OK) status = model_allocate(kind, model->n_components, t, &rest, error);
    if (status == GMMPI_OK) status = condition_all(&work, label, rest, log_density, error);
  }
  free(others);
  free(work.white);
  free(work.covariance);
  free(work.log_shares);
  partition_close(&work.parted);
  gmmpi_model_destroy(mixture);
  if (status == GMMPI_OK) {
    *conditional = rest;
  } else {
    gmmpi_model_destroy(rest);
  }
  return status;
}
