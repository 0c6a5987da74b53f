/* SPDX-License-Identifier: BSD-3-Clause */
/* Variational Bayes: estimators of the posterior of a mixture's parameters (mixture/posterior.h), with the priors,
 * updates and bound of scikit-learn's BayesianGaussianMixture (1.2.1).
 *
 * The priors are a Dirichlet distribution of the weights, or of each stick Beta(1, weight_concentration), and
 * Normal-Wishart distributions (Bishop 2006, sec. 10.2; Attias 2000; Blei, Jordan 2006). From moments N, x, S of the
 * points (N S the scatter) the M-step is, for each component (eqs. 10.58 to 10.63, with W^-1 = nu covariance),
 *
 *   beta = beta0 + N,  m = (beta0 m0 + N x) / beta,  nu = nu0 + N,
 *   W^-1 = C0 + N (S + ridge) + N beta0 / beta (x - m0)(x - m0)^T.
 *
 * tied: nu = nu0 + sum N / K and W^-1 is the mean of the components' ones.
 *
 * The objective is the bound of the evidence at a model, with the responsibilities that are best for it:
 *
 *   sum_n log sum_k rho_nk + A(model) - sum of expected statistics times (posterior - prior) parameters,
 *
 * A the posterior's log normaliser. It never falls from one M-step to the next with a ridge of 0; the ridge is no part
 * of the points, and may make it fall by as little as it is itself. The terms that do not depend on the model are those
 * that scikit-learn drops, so that both agree at a fixed point: + n d/2 log 2 pi, and A of the prior is left out.
 * scikit-learn's lower_bound_ after T iterations is the entropy of the responsibilities of the last E-step, which was
 * made with the model before, plus A of the model after: model->lower_bound is the same number after a textbook step.
 */
#include "em/estimator.h"
#include "mixture/posterior.h"
#include "mixture/posterior_density.h"
#include "support/digamma.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double log_two_pi = 1.8378770664093454836;

/* --- M-step --- */

static double sum_of_counts(const moments *from)
{
  double sum = 0.0;
  for (int64_t k = 0; k < from->n_components; k++) sum += from->counts[k];
  return sum;
}

/* Adds to the scatter of component k, or of all where they are pooled, what makes it W^-1 (K times the mean of the
 * components' W^-1): sets the posterior mean. */
static void add_prior(const prior *before, const double *ridge, const moments *from, int64_t k, moments *total)
{
  const int64_t d = from->n_features;
  const double count = from->counts[k];
  const double share = count / (before->shrinkage + count);
  const double *mean = from->means + k * d;
  double *sum = total->scatter + (from->n_second == 1 ? 0 : k) * total->second_length;
  for (int64_t i = 0; i < d; i++) {
    const double from_prior = mean[i] - before->mean[i];
    total->means[k * d + i] = before->mean[i] + share * from_prior;
    for (int64_t j = triangle_first(from->shape, i); j <= i; j++) {
      const double scale = before->scale[from->shape == DENSE ? i * d + j : i];
      *sum++ += scale + share * before->shrinkage * from_prior * (mean[j] - before->mean[j]);
    }
    sum[-1] += count * ridge[i];
  }
}

static void add_priors(const prior *before, const double *ridge, const gmmpi_model *previous, const moments *from,
                       moments *total)
{
  const int64_t K = from->n_components;
  const bool shared = previous->family->storage->shared;
  const double each = sum_of_counts(from) / (double)K;
  memcpy(total->scatter, from->scatter, (size_t)(from->n_second * from->second_length) * sizeof(double));
  for (int64_t k = 0; k < K; k++) {
    add_prior(before, ridge, from, k, total);
    total->divisors[k] = before->dof + (shared ? each : from->counts[k]);
    total->counts[k] = total->divisors[k]; /* no component is without a posterior */
  }
  total->divisor = (double)K * (before->dof + each);
  total->n_samples = from->n_samples;
}

static void adopt_priors(const prior *before, gmmpi_model *model)
{
  *model->weight_concentration_prior = before->weight_concentration;
  *model->mean_precision_prior = before->shrinkage;
  *model->degrees_of_freedom_prior = before->dof;
  *model->lower_bound = NAN;
  memcpy(model->mean_prior, before->mean, (size_t)model->n_features * sizeof(double));
  model->family->storage->contract(model->n_features, before->scale, model->covariance_prior);
}

static void complete(const prior *before, const moments *from, const gmmpi_model *previous, gmmpi_model *next)
{
  const int64_t K = next->n_components;
  const bool shared = next->family->storage->shared;
  const double each = sum_of_counts(from) / (double)K;
  (void)previous;
  adopt_priors(before, next);
  for (int64_t k = 0; k < K; k++) {
    next->mean_precision[k] = before->shrinkage + from->counts[k];
    next->degrees_of_freedom[k] = before->dof + (shared ? each : from->counts[k]);
  }
  posterior_concentrate(next, from->counts);
}

/* --- bounds --- */

/* Expected log weights times how much the posterior's concentrations exceed the prior's. */
static double excess_of_weights(const prior *before, const gmmpi_model *model, double *log_weights)
{
  const int64_t K = model->n_components;
  const double *a = model->weight_concentration;
  double sum = 0.0;
  posterior_log_weights(model, log_weights);
  for (int64_t k = 0; k < K; k++) {
    if (model_has(model, PART_DIRICHLET)) {
      sum += log_weights[k] * (a[k] - before->weight_concentration);
      continue;
    }
    /* log v_k, and log (1 - v_k) as what it adds to all later weights. */
    const double of_sum = digamma(a[k] + a[K + k]);
    sum += (digamma(a[k]) - of_sum) * (a[k] - 1.0);
    sum += (digamma(a[K + k]) - of_sum) * (a[K + k] - before->weight_concentration);
  }
  return sum;
}

/* The same of the Normal-Wishart part of component k, in Bishop's terms (expectations 10.64 and 10.65 and B.80):
 *
 *   1/2 E log |precision| (nu - nu0) - d/2 (1 - beta0/beta) - 1/2 (nu d - trace(P C0) - beta0 (m - m0)^T P (m - m0)),
 *
 * P the inverse of the covariance. difference: d, scratch. */
static double excess_of_component(const prior *before, const gmmpi_model *model, int64_t k, double *difference)
{
  const int64_t d = model->n_features;
  const double nu = model->degrees_of_freedom[k];
  const double beta = model->mean_precision[k];
  /* E log |precision| / 2, out of the expected log density. */
  const double half_log_precision = posterior_log_constant(model, k, 0.0) + 0.5 * (double)d * (log_two_pi + 1.0 / beta);
  for (int64_t j = 0; j < d; j++) difference[j] = model->means[k * d + j] - before->mean[j];
  const double prior_square =
      posterior_trace(model, k, before->scale) + before->shrinkage * posterior_square(model, k, difference);
  return half_log_precision * (nu - before->dof) - 0.5 * (double)d * (1.0 - before->shrinkage / beta) -
         0.5 * (nu * (double)d - prior_square);
}

static double lower_bound(const prior *before, const gmmpi_model *model, double log_likelihood)
{
  const int64_t d = model->n_features;
  double sum = log_likelihood + 0.5 * before->n_samples * (double)d * log_two_pi + posterior_log_normaliser(model) -
               excess_of_weights(before, model, before->scratch);
  for (int64_t k = 0; k < model->n_components; k++) sum -= excess_of_component(before, model, k, before->scratch);
  return sum;
}

/* trace(P scatter) of the index-th scatter of the moments: of a component, or of all. */
static double trace_of_scatter(const prior *before, const gmmpi_model *model, const moments *from, int64_t index)
{
  const int64_t d = model->n_features;
  const double *scatter = from->scatter + index * from->second_length;
  double *whole = before->scratch;
  for (int64_t i = 0; i < d; i++) {
    if (from->shape == DIAGONAL) whole[i] = *scatter++;
    for (int64_t j = 0; from->shape == DENSE && j <= i; j++) whole[i * d + j] = *scatter++;
  }
  return posterior_trace(model, index, whole);
}

/* The sum over points and components of responsibility times log rho, rho of the previous model. */
static double expected_log_joint(const prior *before, const gmmpi_model *previous, const moments *from)
{
  const int64_t d = previous->n_features;
  double *difference = before->scratch;
  double *log_weights = before->scratch + before->n_scratch - previous->n_components;
  double sum = 0.0;
  posterior_log_weights(previous, log_weights);
  for (int64_t index = 0; index < from->n_second; index++) sum -= 0.5 * trace_of_scatter(before, previous, from, index);
  for (int64_t k = 0; k < previous->n_components; k++) {
    for (int64_t j = 0; j < d; j++) difference[j] = from->means[k * d + j] - previous->means[k * d + j];
    sum += from->counts[k] *
           (posterior_log_constant(previous, k, log_weights[k]) - 0.5 * posterior_square(previous, k, difference));
  }
  return sum;
}

static void note_bound(const prior *before, const gmmpi_model *previous, const moments *from, double log_likelihood,
                       gmmpi_model *next)
{
  const double entropy = log_likelihood - expected_log_joint(before, previous, from);
  *next->lower_bound = entropy + posterior_log_normaliser(next);
}

const estimator estimator_bayes = {.objective_name = "lower bound",
                                   .empty_is_sound = true,
                                   .adds_ridge = true,
                                   .objective = lower_bound,
                                   .posterior = add_priors,
                                   .complete = complete,
                                   .form = density_from_posterior,
                                   .adopt = adopt_priors,
                                   .note_step = note_bound};
