/* SPDX-License-Identifier: BSD-3-Clause */
#include "mixture/posterior.h"

#include "support/digamma.h"
#include "support/error.h"
#include "support/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double log_two = 0.69314718055994530942;
static const double log_two_pi = 1.8378770664093454836;

static double log_gamma(double x)
{
  int sign;
  return lgamma_r(x, &sign);
}

static double log_beta(double a, double b)
{
  return log_gamma(a) + log_gamma(b) - log_gamma(a + b);
}

static double sum_of(const double *numbers, int64_t n)
{
  double sum = 0.0;
  for (int64_t i = 0; i < n; i++) sum += numbers[i];
  return sum;
}

/* --- weights --- */

void posterior_log_weights(const gmmpi_model *model, double *log_weights)
{
  const int64_t K = model->n_components;
  const double *a = model->weight_concentration;
  const double *b = a + K;
  if (model_has(model, PART_DIRICHLET)) {
    const double of_sum = digamma(sum_of(a, K));
    for (int64_t k = 0; k < K; k++) log_weights[k] = digamma(a[k]) - of_sum;
    return;
  }
  double rest = 0.0; /* the expected log of what the sticks before leave */
  for (int64_t k = 0; k < K; k++) {
    const double of_sum = digamma(a[k] + b[k]);
    log_weights[k] = digamma(a[k]) - of_sum + rest;
    rest += digamma(b[k]) - of_sum;
  }
}

void posterior_set_weights(gmmpi_model *model)
{
  const int64_t K = model->n_components;
  const double *a = model->weight_concentration;
  const double *b = a + K;
  double rest = 1.0;
  for (int64_t k = 0; k < K; k++) {
    if (model_has(model, PART_DIRICHLET)) {
      model->weights[k] = a[k];
    } else {
      model->weights[k] = a[k] / (a[k] + b[k]) * rest;
      rest *= b[k] / (a[k] + b[k]);
    }
  }
  const double sum = sum_of(model->weights, K);
  for (int64_t k = 0; k < K; k++) model->weights[k] /= sum;
}

/* Bishop 2006, eq. 10.58; Blei, Jordan 2006, eqs. 18 and 19. */
void posterior_concentrate(gmmpi_model *model, const double *counts)
{
  const int64_t K = model->n_components;
  const double before = *model->weight_concentration_prior;
  double *a = model->weight_concentration;
  double later = 0.0;
  for (int64_t k = K - 1; k >= 0; k--) {
    if (model_has(model, PART_DIRICHLET)) {
      a[k] = before + counts[k];
    } else {
      a[k] = 1.0 + counts[k];
      a[K + k] = before + later;
      later += counts[k];
    }
  }
  posterior_set_weights(model);
}

/* --- precisions --- */

/* log det of the factor of the inverse covariance. */
static double log_determinant_of_factor(const gmmpi_model *model, int64_t k)
{
  const int64_t d = model->n_features;
  const int rank = model->family->storage->rank;
  const double *factor = model_factor(model, k);
  double sum = 0.0;
  if (rank == 0) return (double)d * log(factor[0]);
  for (int64_t j = 0; j < d; j++) sum += log(rank == 2 ? factor[j * d + j] : factor[j]);
  return sum;
}

/* Expected log det of the precision less log det W (Bishop 2006, eq. B.81). */
static double expected_log_precision(double dof, int64_t d)
{
  double sum = (double)d * log_two;
  for (int64_t j = 0; j < d; j++) sum += digamma(0.5 * (dof - (double)j));
  return sum;
}

double posterior_log_constant(const gmmpi_model *model, int64_t k, double log_weight)
{
  const double d = (double)model->n_features;
  const double dof = model->degrees_of_freedom[k];
  return log_weight - 0.5 * d * log_two_pi + log_determinant_of_factor(model, k) - 0.5 * d * log(dof) +
         0.5 * (expected_log_precision(dof, model->n_features) - d / model->mean_precision[k]);
}

double posterior_square(const gmmpi_model *model, int64_t k, const double *difference)
{
  const int64_t d = model->n_features;
  const int rank = model->family->storage->rank;
  const double *factor = model_factor(model, k);
  double square = 0.0;
  for (int64_t j = 0; j < d; j++) {
    double white = 0.0;
    if (rank == 2) {
      for (int64_t i = 0; i <= j; i++) white += factor[i * d + j] * difference[i];
    } else {
      white = factor[rank == 1 ? j : 0] * difference[j];
    }
    square += white * white;
  }
  return square;
}

/* P = F F^T, F upper triangular: the sum over F's columns f of f^T C f. */
static double dense_trace(int64_t d, const double *factor, const double *covariance)
{
  double trace = 0.0;
  for (int64_t j = 0; j < d; j++) {
    for (int64_t i = 0; i <= j; i++) {
      double product = 0.0;
      for (int64_t l = 0; l < i; l++) product += covariance[i * d + l] * factor[l * d + j];
      trace += factor[i * d + j] * (2.0 * product + covariance[i * d + i] * factor[i * d + j]);
    }
  }
  return trace;
}

double posterior_trace(const gmmpi_model *model, int64_t k, const double *covariance)
{
  const int64_t d = model->n_features;
  const int rank = model->family->storage->rank;
  const double *factor = model_factor(model, k);
  double trace = 0.0;
  if (rank == 2) return dense_trace(d, factor, covariance);
  for (int64_t j = 0; j < d; j++) {
    const double own = factor[rank == 1 ? j : 0];
    trace += own * own * covariance[j];
  }
  return trace;
}

static double log_normaliser_of_weights(const gmmpi_model *model)
{
  const int64_t K = model->n_components;
  const double *a = model->weight_concentration;
  double sum = 0.0;
  if (model_has(model, PART_DIRICHLET)) {
    for (int64_t k = 0; k < K; k++) sum += log_gamma(a[k]);
    return sum - log_gamma(sum_of(a, K));
  }
  for (int64_t k = 0; k < K; k++) sum += log_beta(a[k], a[K + k]);
  return sum;
}

static double log_normaliser_of_wishart(const gmmpi_model *model, int64_t k)
{
  const int64_t d = model->n_features;
  const double dof = model->degrees_of_freedom[k];
  const double log_determinant = log_determinant_of_factor(model, k) - 0.5 * (double)d * log(dof);
  double sum = dof * log_determinant + 0.5 * dof * (double)d * log_two;
  for (int64_t j = 0; j < d; j++) sum += log_gamma(0.5 * (dof - (double)j));
  return sum;
}

double posterior_log_normaliser(const gmmpi_model *model)
{
  double sum = log_normaliser_of_weights(model);
  double shared = 0.0;
  for (int64_t k = 0; k < model->n_components; k++) {
    if (k == 0 || !model->family->storage->shared) shared = log_normaliser_of_wishart(model, k);
    sum += shared - 0.5 * (double)model->n_features * log(model->mean_precision[k]);
  }
  return sum;
}

/* --- components that are used --- */

double posterior_count(const gmmpi_model *model, int64_t k)
{
  return model->mean_precision[k] - *model->mean_precision_prior;
}

bool posterior_is_used(const gmmpi_model *model, int64_t k)
{
  return posterior_count(model, k) >= 1.0;
}

int64_t posterior_n_used(const gmmpi_model *model)
{
  int64_t n = 0;
  for (int64_t k = 0; k < model->n_components; k++) n += posterior_is_used(model, k);
  return n;
}

static int64_t largest_component(const gmmpi_model *model)
{
  int64_t largest = 0;
  for (int64_t k = 1; k < model->n_components; k++) {
    if (posterior_count(model, k) > posterior_count(model, largest)) largest = k;
  }
  return largest;
}

static void copy_priors(gmmpi_model *to, const gmmpi_model *from)
{
  const size_t d = (size_t)from->n_features;
  *to->weight_concentration_prior = *from->weight_concentration_prior;
  *to->mean_precision_prior = *from->mean_precision_prior;
  *to->degrees_of_freedom_prior = *from->degrees_of_freedom_prior;
  *to->lower_bound = *from->lower_bound;
  memcpy(to->mean_prior, from->mean_prior, d * sizeof(double));
  memcpy(to->covariance_prior, from->covariance_prior, (size_t)model_stored_length(from) * sizeof(double));
}

static void copy_component(gmmpi_model *to, int64_t k, const gmmpi_model *from, int64_t from_k)
{
  const int64_t d = from->n_features;
  const size_t stored = (size_t)model_stored_length(from) * sizeof(double);
  memcpy(to->means + k * d, from->means + from_k * d, (size_t)d * sizeof(double));
  memcpy(model_covariance(to, k), model_covariance(from, from_k), stored);
  memcpy(model_factor(to, k), model_factor(from, from_k), stored);
  to->mean_precision[k] = from->mean_precision[from_k];
  to->degrees_of_freedom[k] = from->degrees_of_freedom[from_k];
}

gmmpi_status posterior_sort(gmmpi_model *model, gmmpi_error *error)
{
  const int64_t K = model->n_components;
  gmmpi_model *old = NULL;
  double *counts = allocate(K, sizeof *counts);
  if (counts == NULL) return fail(error, GMMPI_NO_MEMORY, "there is no memory to sort components");
  const gmmpi_status status = model_duplicate(model, &old, error);
  for (int64_t k = 0; status == GMMPI_OK && k < K; k++) {
    int64_t place = 0;
    for (int64_t j = 0; j < K; j++) {
      const double other = posterior_count(old, j);
      if (other > posterior_count(old, k) || (other == posterior_count(old, k) && j < k)) place++;
    }
    copy_component(model, place, old, k);
    counts[place] = posterior_count(old, k);
  }
  if (status == GMMPI_OK) posterior_concentrate(model, counts);
  gmmpi_model_destroy(old);
  free(counts);
  return status;
}

/* Is this component one of a pruned model? */
static bool is_kept(const gmmpi_model *model, int64_t k)
{
  return posterior_n_used(model) > 0 ? posterior_is_used(model, k) : k == largest_component(model);
}

/* The components that are kept keep their names. */
static gmmpi_status take_names_of_used(gmmpi_model *pruned, const gmmpi_model *model, gmmpi_error *error)
{
  if (model->component_names == NULL) return GMMPI_OK;
  char **names = allocate(pruned->n_components, sizeof *names);
  if (names == NULL) return fail(error, GMMPI_NO_MEMORY, "there is no memory to leave out components");
  int64_t n = 0;
  for (int64_t k = 0; k < model->n_components; k++) {
    if (is_kept(model, k)) names[n++] = model->component_names[k];
  }
  model_set_component_names(pruned, names, error);
  free(names);
  return error->status;
}

gmmpi_status posterior_prune(const gmmpi_model *model, gmmpi_model **pruned, gmmpi_error *error)
{
  const int64_t n_used = posterior_n_used(model);
  const int64_t K = n_used > 0 ? n_used : 1;
  gmmpi_model *created = NULL;
  double *counts = allocate(K, sizeof *counts);
  gmmpi_error local = {0};
  *pruned = NULL;
  if (counts == NULL) fail(&local, GMMPI_NO_MEMORY, "there is no memory to leave out components");
  if (counts == NULL || model_allocate(model_kind_of(model), K, model->n_features, &created, &local) != GMMPI_OK ||
      model_set_feature_names(created, model->feature_names, &local) != GMMPI_OK ||
      model_set_transforms(created, model->transforms, &local) != GMMPI_OK ||
      take_names_of_used(created, model, &local) != GMMPI_OK) {
    free(counts);
    gmmpi_model_destroy(created);
    return error_pass(error, &local);
  }
  int64_t k = 0;
  for (int64_t from = 0; from < model->n_components; from++) {
    if (n_used > 0 ? !posterior_is_used(model, from) : from != largest_component(model)) continue;
    copy_component(created, k, model, from);
    counts[k++] = fmax(posterior_count(model, from), 0.0);
  }
  copy_priors(created, model);
  posterior_concentrate(created, counts);
  free(counts);
  *pruned = created;
  return GMMPI_OK;
}

/* --- prediction --- */

double predictive_dof(const gmmpi_model *model, int64_t k, double *scale)
{
  const double beta = model->mean_precision[k];
  const double nu = model->degrees_of_freedom[k];
  const double dof = nu + 1.0 - (double)model->n_features;
  *scale = (1.0 + beta) * nu / (beta * dof);
  return dof;
}
