/* SPDX-License-Identifier: BSD-3-Clause */
#include "mixture/model.h"

#include "mixture/posterior_accept.h"
#include "support/error.h"
#include "support/feature_transform.h"
#include "support/hash.h"
#include "support/memory.h"

#include <float.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static gmmpi_status no_memory(int64_t n_components, int64_t n_features, const char *covariance, gmmpi_error *error)
{
  return fail(
      error, GMMPI_NO_MEMORY,
      "no memory is left for a model of %lld components in %lld features with %s covariances; use fewer components "
      "or simpler covariances",
      (long long)n_components, (long long)n_features, covariance);
}

gmmpi_status model_allocate(model_kind kind, int64_t n_components, int64_t n_features, gmmpi_model **model,
                            gmmpi_error *error)
{
  gmmpi_model *created = calloc(1, sizeof *created);
  if (created != NULL) {
    created->family = kind.family;
    created->parts = kind.parts;
    created->n_components = n_components;
    created->n_features = n_features;
    if (model_arrays_allocate(created)) {
      *model = created;
      return GMMPI_OK;
    }
  }
  gmmpi_model_destroy(created);
  return no_memory(n_components, n_features, kind.family->name, error);
}

static void free_names(char **names, int64_t n_names)
{
  if (names == NULL) return;
  for (int64_t j = 0; j < n_names; j++) free(names[j]);
  free(names);
}

void gmmpi_model_destroy(gmmpi_model *model)
{
  if (model == NULL) return;
  model_arrays_free(model);
  free_names(model->feature_names, model->n_features);
  free_names(model->transforms, model->n_features);
  free_names(model->component_names, model->n_components);
  hierarchy_destroy(model->hierarchy);
  json_decref(model->facts);
  free(model);
}

int64_t model_bytes(model_kind kind, int64_t n_components, int64_t n_features)
{
  const gmmpi_model outline = {
      .family = kind.family, .parts = kind.parts, .n_components = n_components, .n_features = n_features};
  model_array arrays[MODEL_MOST_ARRAYS];
  const int n_arrays = model_arrays(&outline, arrays);
  int64_t total = sizeof outline;
  for (int i = 0; i < n_arrays; i++) {
    int64_t bytes;
    if (arrays[i].length < 0 || !multiply_fits(arrays[i].length, sizeof(double), &bytes) ||
        __builtin_add_overflow(total, bytes, &total) || __builtin_add_overflow(total, MEMORY_ALIGNMENT, &total))
      return INT64_MAX;
  }
  return total;
}

void model_copy_parameters(gmmpi_model *to, const gmmpi_model *from)
{
  model_array target[MODEL_MOST_ARRAYS];
  model_array source[MODEL_MOST_ARRAYS];
  const int n_arrays = model_arrays(from, source);
  const int n_targets = model_arrays(to, target);
  for (int i = 0, j = 0; i < n_arrays && j < n_targets; j++) {
    if (strcmp(target[j].name, source[i].name) != 0) continue;
    memcpy(target[j].numbers, source[i].numbers, (size_t)source[i].length * sizeof(double));
    i++;
  }
}

static int64_t stored_offset(const gmmpi_model *model, int64_t k)
{
  return storage_offset(model->family->storage, model->n_features, k);
}

double *model_covariance(const gmmpi_model *model, int64_t k)
{
  return model->covariances + stored_offset(model, k);
}

double *model_factor(const gmmpi_model *model, int64_t k)
{
  return model->precisions_cholesky + stored_offset(model, k);
}

int64_t model_stored_length(const gmmpi_model *model)
{
  return storage_length(model->family->storage, model->n_features);
}

void model_expand(const gmmpi_model *model, int64_t k, double *covariance)
{
  model->family->storage->expand(model->n_features, model_covariance(model, k), covariance);
}

void model_contract(gmmpi_model *model, int64_t k, const double *covariance)
{
  model->family->storage->contract(model->n_features, covariance, model_covariance(model, k));
}

bool model_factorise(gmmpi_model *model, int64_t k)
{
  return model->family->storage->factorise(model->n_features, model_covariance(model, k), model_factor(model, k));
}

void model_set_dof(gmmpi_model *model, int64_t k, double dof)
{
  if (model->dof != NULL) model->dof[k] = dof;
}

void model_copy_dof(gmmpi_model *to, int64_t k, const gmmpi_model *from, int64_t i)
{
  if (to->dof != NULL) to->dof[k] = from->dof != NULL ? from->dof[i] : 0.0;
}

void model_merge_dof(gmmpi_model *model, int64_t a, int64_t b, double share)
{
  if (model->dof != NULL) model->dof[a] += share * (model->dof[b] - model->dof[a]);
}

gmmpi_status model_duplicate(const gmmpi_model *model, gmmpi_model **copy, gmmpi_error *error)
{
  gmmpi_model *created = NULL;
  gmmpi_status status = model_allocate(model_kind_of(model), model->n_components, model->n_features, &created, error);
  if (status != GMMPI_OK) return status;
  model_copy_parameters(created, model);
  status = model_set_feature_names(created, model->feature_names, error);
  if (status == GMMPI_OK) status = model_set_transforms(created, model->transforms, error);
  if (status == GMMPI_OK) status = model_set_component_names(created, model->component_names, error);
  if (status == GMMPI_OK) status = model_set_hierarchy(created, model->hierarchy, error);
  if (status == GMMPI_OK) {
    *copy = created;
  } else {
    gmmpi_model_destroy(created);
  }
  return status;
}

/* Replaces n texts by copies of others; of_what: for messages. */
static gmmpi_status set_texts(char ***place, char *const *texts, int64_t n, const char *of_what, gmmpi_error *error)
{
  char **copies = NULL;
  if (texts != NULL) {
    bool copied = (copies = calloc((size_t)n, sizeof *copies)) != NULL;
    for (int64_t j = 0; copied && j < n; j++) copied = (copies[j] = strdup(texts[j])) != NULL;
    if (!copied) {
      free_names(copies, n);
      return fail(error, GMMPI_NO_MEMORY, "no memory is left for the names of %lld %s", (long long)n, of_what);
    }
  }
  free_names(*place, n);
  *place = copies;
  return GMMPI_OK;
}

gmmpi_status model_set_feature_names(gmmpi_model *model, char *const *names, gmmpi_error *error)
{
  return set_texts(&model->feature_names, names, model->n_features, "features; pick fewer columns", error);
}

gmmpi_status model_set_transforms(gmmpi_model *model, char *const *transforms, gmmpi_error *error)
{
  return set_texts(&model->transforms, transforms, model->n_features, "features; pick fewer columns", error);
}

gmmpi_status model_set_component_names(gmmpi_model *model, char *const *names, gmmpi_error *error)
{
  return set_texts(&model->component_names, names, model->n_components, "components; ask for fewer", error);
}

static int compare_texts(const void *one, const void *other)
{
  return strcmp(*(char *const *)one, *(char *const *)other);
}

gmmpi_status model_accept_component_names(gmmpi_model *model, char *const *names, const char *label, gmmpi_error *error)
{
  const int64_t K = model->n_components;
  char **sorted = allocate(K, sizeof *sorted);
  if (sorted == NULL) return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to read it", label);
  if (names != NULL) {
    memcpy(sorted, names, (size_t)K * sizeof *sorted);
    qsort(sorted, (size_t)K, sizeof *sorted, compare_texts);
  }
  gmmpi_status status = GMMPI_OK;
  for (int64_t k = 1; names != NULL && k < K && status == GMMPI_OK; k++) {
    if (strcmp(sorted[k - 1], sorted[k]) == 0)
      status = fail(error, GMMPI_BAD_DATA, "%s: two components have the name \"%.100s\"; correct it", label, sorted[k]);
  }
  free(sorted);
  return status == GMMPI_OK ? model_set_component_names(model, names, error) : status;
}

gmmpi_status model_accept_transforms(gmmpi_model *model, char *const *transforms, const char *label, gmmpi_error *error)
{
  feature_transform transform;
  for (int64_t j = 0; transforms != NULL && j < model->n_features; j++) {
    if (!transform_read(transforms[j], &transform))
      return fail(error, GMMPI_BAD_DATA, "%s: the transform of feature %lld is unknown; correct it", label,
                  (long long)j + 1);
  }
  return model_set_transforms(model, transforms, error);
}

gmmpi_status model_set_hierarchy(gmmpi_model *model, const cluster_hierarchy *hierarchy, gmmpi_error *error)
{
  cluster_hierarchy *copy = NULL;
  if (hierarchy != NULL && hierarchy_duplicate(hierarchy, &copy, error) != GMMPI_OK) return GMMPI_NO_MEMORY;
  hierarchy_destroy(model->hierarchy);
  model->hierarchy = copy;
  return GMMPI_OK;
}

double model_undo_transform(const gmmpi_model *model, int64_t feature, double value)
{
  feature_transform transform;
  if (model->transforms == NULL || !transform_read(model->transforms[feature], &transform)) return value;
  return transform_undo(&transform, value);
}

static bool all_finite(const double *numbers, int64_t n_numbers)
{
  for (int64_t i = 0; i < n_numbers; i++) {
    if (!isfinite(numbers[i])) return false;
  }
  return true;
}

/* Weights that sum to 1 already, but for rounding, stay what they are: a model that was read back is the one that was
 * written. */
static gmmpi_status accept_weights(gmmpi_model *model, const char *label, gmmpi_error *error)
{
  double *weights = model->weights;
  const int64_t n_components = model->n_components;
  double largest = 0;
  for (int64_t k = 0; k < n_components; k++) {
    if (!isfinite(weights[k]) || weights[k] < 0)
      return fail(error, GMMPI_BAD_DATA, "%s: the weight of component %lld is %g; give a number that is not negative",
                  label, (long long)k, weights[k]);
    largest = fmax(largest, weights[k]);
  }
  if (largest == 0)
    return fail(error, GMMPI_BAD_DATA, "%s: all weights are 0; give at least one component a weight", label);
  double *of_background = model_has(model, PART_NOISE) ? model->noise_weight : NULL;
  double sum = 0;
  for (int64_t k = 0; k < n_components; k++) sum += weights[k];
  if (of_background != NULL) {
    sum += *of_background;
    largest = fmax(largest, *of_background);
  }
  model->given_sum = sum;
  if (fabs(sum - 1) <= (double)(n_components + (of_background != NULL)) * DBL_EPSILON) return GMMPI_OK;

  /* By way of the largest, lest the sum of huge ones overflows or tiny ones lose digits. */
  double relative_sum = 0;
  for (int64_t k = 0; k < n_components; k++) relative_sum += weights[k] / largest;
  if (of_background != NULL) relative_sum += *of_background / largest;
  for (int64_t k = 0; k < n_components; k++) weights[k] = weights[k] / largest / relative_sum;
  if (of_background != NULL) *of_background = *of_background / largest / relative_sum;
  return GMMPI_OK;
}

static gmmpi_status accept_background(const gmmpi_model *model, const char *label, gmmpi_error *error)
{
  const int64_t d = model->n_features;
  if (!model_has(model, PART_NOISE)) return GMMPI_OK;
  if (!isfinite(*model->noise_weight) || *model->noise_weight < 0)
    return fail(error, GMMPI_BAD_DATA, "%s: noise_weight is %g; give a number that is not negative", label,
                *model->noise_weight);
  if (!isfinite(*model->noise_volume) || !(*model->noise_volume >= DBL_MIN))
    return fail(error, GMMPI_BAD_DATA, "%s: noise_volume is %g; give a number above 0", label, *model->noise_volume);
  if (!all_finite(model->noise_origin, d) || !all_finite(model->noise_axes, d * d))
    return fail(error, GMMPI_BAD_DATA, "%s: the region of the noise has a number that is not finite; correct it",
                label);
  return GMMPI_OK;
}

/* How messages name the covariance of a component (counted from 0). */
static const char *covariance_name(const gmmpi_model *model, int64_t component, char name[64])
{
  if (model->family->storage->shared) return "the shared covariance";
  snprintf(name, 64, "the covariance of component %lld", (long long)component);
  return name;
}

/* Replaces both of a pair of mirrored entries by their mean. False when they differ by more than 1e-8 of the geometric
 * mean of their variances; variances that are not positive are left for the factorisation to refuse. */
static bool symmetrise(int64_t d, double *covariance, int64_t *row, int64_t *column)
{
  for (int64_t i = 0; i < d; i++) {
    for (int64_t j = 0; j < i; j++) {
      double *lower = &covariance[i * d + j];
      double *upper = &covariance[j * d + i];
      const double scale = sqrt(fabs(covariance[i * d + i])) * sqrt(fabs(covariance[j * d + j]));
      if (*lower == *upper) continue;
      if (fabs(*lower - *upper) > 1e-8 * scale) {
        *row = i;
        *column = j;
        return false;
      }
      *lower = *upper = *lower / 2 + *upper / 2;
    }
  }
  return true;
}

static gmmpi_status accept_covariances(gmmpi_model *model, const char *label, gmmpi_error *error)
{
  const int64_t d = model->n_features;
  const int64_t n_covariances = model->family->storage->shared ? 1 : model->n_components;
  const int64_t length = model_stored_length(model);
  char name[64];
  for (int64_t k = 0; k < n_covariances; k++) {
    double *covariance = model_covariance(model, k);
    int64_t row;
    int64_t column;
    if (!all_finite(covariance, length))
      return fail(error, GMMPI_BAD_DATA, "%s: %s has a number that is not finite; correct it", label,
                  covariance_name(model, k, name));
    if (model->family->storage->shape == DENSE && !symmetrise(d, covariance, &row, &column))
      return fail(error, GMMPI_BAD_DATA, "%s: %s is not symmetric (row %lld, column %lld); correct it", label,
                  covariance_name(model, k, name), (long long)row + 1, (long long)column + 1);
    if (!model_factorise(model, k))
      return fail(error, GMMPI_BAD_DATA, "%s: %s is not positive definite; correct it", label,
                  covariance_name(model, k, name));
  }
  return GMMPI_OK;
}

/* to[i] = from[order[i]] of each of n_rows rows. */
static void permute_rows(int64_t n_rows, int64_t d, const int64_t *order, const double *from, double *to)
{
  for (int64_t i = 0; i < n_rows; i++) {
    for (int64_t j = 0; j < d; j++) to[i * d + j] = from[i * d + order[j]];
  }
}

/* Rows and columns of each of n_matrices matrices d x d. */
static void permute_matrices(int64_t n_matrices, int64_t d, const int64_t *order, const double *from, double *to)
{
  for (int64_t k = 0; k < n_matrices; k++) {
    for (int64_t i = 0; i < d; i++) permute_rows(1, d, order, from + (k * d + order[i]) * d, to + (k * d + i) * d);
  }
}

static void permute_priors(gmmpi_model *model, const gmmpi_model *old, const int64_t *order)
{
  const int64_t d = model->n_features;
  const int rank = model->family->storage->rank;
  permute_rows(1, d, order, old->mean_prior, model->mean_prior);
  if (rank == 1) permute_rows(1, d, order, old->covariance_prior, model->covariance_prior);
  if (rank == 2) permute_matrices(1, d, order, old->covariance_prior, model->covariance_prior);
}

static void permute_texts(int64_t d, const int64_t *order, char **from, char **to)
{
  for (int64_t j = 0; from != NULL && j < d; j++) {
    free(to[j]);
    to[j] = from[order[j]];
    from[order[j]] = NULL;
  }
}

gmmpi_status model_permute_features(gmmpi_model *model, const int64_t *order, const char *label, gmmpi_error *error)
{
  const int64_t d = model->n_features;
  const int64_t n_covariances = model->family->storage->shared ? 1 : model->n_components;
  char name[64];
  bool changes = false;
  for (int64_t j = 0; j < d; j++) changes = changes || order[j] != j;
  if (!changes) return GMMPI_OK;
  gmmpi_model *old;
  if (model_duplicate(model, &old, error) != GMMPI_OK) return error->status;

  permute_rows(model->n_components, d, order, old->means, model->means);
  if (model->family->storage->shape == DENSE)
    permute_matrices(n_covariances, d, order, old->covariances, model->covariances);
  else if (model->family->storage->rank == 1)
    permute_rows(n_covariances, d, order, old->covariances, model->covariances);
  if (model_has(model, PART_POSTERIOR)) permute_priors(model, old, order);
  if (model_has(model, PART_NOISE)) {
    permute_rows(1, d, order, old->noise_origin, model->noise_origin);
    permute_rows(d, d, order, old->noise_axes, model->noise_axes);
  }
  permute_texts(d, order, old->feature_names, model->feature_names);
  permute_texts(d, order, old->transforms, model->transforms);
  gmmpi_model_destroy(old);
  for (int64_t k = 0; k < n_covariances; k++) {
    if (!model_factorise(model, k))
      return fail(
          error, GMMPI_BAD_DATA,
          "%s: %s is too nearly singular to be taken in the order of the data; give the columns in its own order",
          label, covariance_name(model, k, name));
  }
  return GMMPI_OK;
}

gmmpi_status model_accept_parameters(gmmpi_model *model, const char *label, gmmpi_error *error)
{
  gmmpi_status status = accept_background(model, label, error);
  if (status == GMMPI_OK) status = accept_weights(model, label, error);
  if (status != GMMPI_OK) return status;
  for (int64_t k = 0; k < model->n_components; k++) {
    if (!all_finite(model->means + k * model->n_features, model->n_features))
      return fail(error, GMMPI_BAD_DATA, "%s: the mean of component %lld has a number that is not finite; correct it",
                  label, (long long)k);
  }
  for (int64_t k = 0; k < model->n_components && model->dof != NULL; k++) {
    if (!(model->dof[k] > 0) || !isfinite(model->dof[k]))
      return fail(error, GMMPI_BAD_DATA, "%s: component %lld has %g degrees of freedom; give a number above 0", label,
                  (long long)k, model->dof[k]);
  }
  if (accept_covariances(model, label, error) != GMMPI_OK) return GMMPI_BAD_DATA;
  return posterior_accept(model, label, error);
}

int64_t model_n_living(const gmmpi_model *model)
{
  int64_t n_living = 0;
  for (int64_t k = 0; k < model->n_components; k++) n_living += model->weights[k] != 0.0;
  return n_living;
}

static int64_t count_parameters(const gmmpi_model *model, int64_t n_components)
{
  const int64_t d = model->n_features;
  const int64_t of_background = model_has(model, PART_NOISE) ? 2 : 0;
  return n_components - 1 + n_components * d + model->family->n_parameters(n_components, d) + of_background;
}

int64_t model_n_parameters(const gmmpi_model *model)
{
  return count_parameters(model, model_n_living(model));
}

int64_t model_n_parameters_nominal(const gmmpi_model *model)
{
  return count_parameters(model, model->n_components);
}

uint64_t model_hash(const gmmpi_model *model)
{
  model_array arrays[MODEL_MOST_ARRAYS];
  const int n_arrays = model_arrays(model, arrays);
  uint64_t hash = 0;
  for (int i = 0; i < n_arrays; i++)
    hash = hash_bytes(hash, arrays[i].numbers, (size_t)arrays[i].length * sizeof(double));
  return hash;
}

gmmpi_status gmmpi_model_create(int64_t n_components, int64_t n_features, const char *covariance, const double *weights,
                                const double *means, const double *covariances, gmmpi_model **model, gmmpi_error *error)
{
  const covariance_family *family = family_find(covariance);
  char families[256];
  if (n_components < 1 || n_features < 1)
    return fail(error, GMMPI_WRONG_USAGE, "a model has %lld components in %lld features; give at least one of each",
                (long long)n_components, (long long)n_features);
  if (family == NULL || (family_is_of_one_feature(covariance) && n_features > 1))
    return fail(error, GMMPI_WRONG_USAGE, "\"%s\" is no kind of covariance; use %s", covariance,
                family_list(families, sizeof families));
  gmmpi_model *created = NULL;
  gmmpi_status status = model_allocate(gaussian_kind(family), n_components, n_features, &created, error);
  if (status != GMMPI_OK) return status;
  memcpy(created->weights, weights, (size_t)n_components * sizeof(double));
  memcpy(created->means, means, (size_t)(n_components * n_features) * sizeof(double));
  memcpy(created->covariances, covariances, (size_t)family_length(family, n_components, n_features) * sizeof(double));
  status = model_accept_parameters(created, "the model", error);
  if (status == GMMPI_OK) {
    *model = created;
  } else {
    gmmpi_model_destroy(created);
  }
  return status;
}

int64_t gmmpi_model_n_components(const gmmpi_model *model)
{
  return model->n_components;
}

int64_t gmmpi_model_n_features(const gmmpi_model *model)
{
  return model->n_features;
}

const char *gmmpi_model_covariance(const gmmpi_model *model)
{
  return model->family->name;
}

const double *gmmpi_model_weights(const gmmpi_model *model)
{
  return model->weights;
}

const double *gmmpi_model_means(const gmmpi_model *model)
{
  return model->means;
}

const double *gmmpi_model_covariances(const gmmpi_model *model)
{
  return model->covariances;
}

const char *gmmpi_model_component_name(const gmmpi_model *model, int64_t component)
{
  if (model->component_names == NULL || component < 0 || component >= model->n_components) return NULL;
  return model->component_names[component];
}

const char *gmmpi_model_feature_name(const gmmpi_model *model, int64_t feature)
{
  if (model->feature_names == NULL || feature < 0 || feature >= model->n_features) return NULL;
  return model->feature_names[feature];
}

const char *gmmpi_model_transform(const gmmpi_model *model, int64_t feature)
{
  if (feature < 0 || feature >= model->n_features) return NULL;
  return model->transforms != NULL ? model->transforms[feature] : "";
}

int64_t gmmpi_model_n_parameters(const gmmpi_model *model)
{
  return model_n_parameters(model);
}
