/* SPDX-License-Identifier: BSD-3-Clause */
#include "starts/split_merge.h"

#include "mixture/background.h"
#include "support/error.h"
#include "support/memory.h"
#include "support/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* How far apart the halves of a component are, in its standard deviations; below 1. */
static const double half_distance = 0.75;

struct split_merge {
  gmmpi_model *probe;       /* one component */
  double *covariance;       /* covariance_length: of the component in hand */
  double *other;            /* likewise */
  double *factor;           /* likewise: of which the determinant is taken */
  double *direction;        /* d */
  double *shift;            /* d: of the halves of a component; from one mean to another */
  double *costs;            /* 2K x 2K: what merging i and j > i loses; j = i: giving i to the background */
  double *log_determinants; /* 2K */
};

gmmpi_status split_merge_create(const covariance_family *family, int64_t n_components, int64_t n_features,
                                split_merge **work, gmmpi_error *error)
{
  const int64_t d = n_features;
  const int64_t length = covariance_length(family->storage->shape, d);
  split_merge *created = calloc(1, sizeof *created);
  *work = created;
  if (created != NULL && model_allocate(gaussian_kind(family), 1, d, &created->probe, error) == GMMPI_OK) {
    created->covariance = allocate(length, sizeof(double));
    created->other = allocate(length, sizeof(double));
    created->factor = allocate(length, sizeof(double));
    created->direction = allocate(d, sizeof(double));
    created->shift = allocate(d, sizeof(double));
    created->costs = allocate(4 * n_components * n_components, sizeof(double));
    created->log_determinants = allocate(2 * n_components, sizeof(double));
    if (created->covariance != NULL && created->other != NULL && created->factor != NULL &&
        created->direction != NULL && created->shift != NULL && created->costs != NULL &&
        created->log_determinants != NULL)
      return GMMPI_OK;
  }
  split_merge_destroy(created);
  *work = NULL;
  return fail(error, GMMPI_NO_MEMORY, "there is no memory to split %lld components", (long long)n_components);
}

void split_merge_destroy(split_merge *work)
{
  if (work == NULL) return;
  gmmpi_model_destroy(work->probe);
  free(work->covariance);
  free(work->other);
  free(work->factor);
  free(work->direction);
  free(work->shift);
  free(work->costs);
  free(work->log_determinants);
  free(work);
}

int64_t split_merge_bytes(const covariance_family *family, int64_t n_components, int64_t n_features)
{
  const int64_t length = covariance_length(family->storage->shape, n_features);
  const int64_t numbers = sum_of_bytes(5, (int64_t[]){length, length, length, n_features, n_features});
  int64_t bytes;
  int64_t costs;
  if (!multiply_fits(numbers, (int64_t)sizeof(double), &bytes) ||
      !multiply_fits(n_components, (4 * n_components + 2) * (int64_t)sizeof(double), &costs))
    return INT64_MAX;
  return sum_of_bytes(3, (int64_t[]){bytes, costs, model_bytes(gaussian_kind(family), 1, n_features)});
}

/* --- splitting ---------------------------------------------------------------------------------------------------- */

static void draw_direction(int64_t d, const double *variances, uint64_t seed, uint64_t component, double *direction)
{
  for (int64_t j = 0; j < d; j++) {
    double pair[2];
    random_normal_pair(seed, RANDOM_SPLIT, component, (uint64_t)j, pair);
    direction[j] = variances[j] > 0.0 ? pair[0] / sqrt(variances[j]) : 0.0;
  }
}

/* Power iterations in features of unit variance. */
static void turn_direction(const split_merge *work, int64_t d, const double *variances, int n_turns)
{
  const density_shape shape = work->probe->family->storage->shape;
  for (int turn = 0; turn < n_turns; turn++) {
    double length = 0.0;
    covariance_multiply(shape, d, work->covariance, work->direction, work->shift);
    for (int64_t j = 0; j < d; j++) {
      work->direction[j] = variances[j] > 0.0 ? work->shift[j] / variances[j] : 0.0;
      length += work->direction[j] * work->direction[j] * variances[j];
    }
    for (int64_t j = 0; j < d && length > 0.0; j++) work->direction[j] /= sqrt(length);
  }
}

/* u of the component whose covariance is at hand, in work->shift. */
static void set_shift(const split_merge *work, int64_t d)
{
  double square = 0.0;
  covariance_multiply(work->probe->family->storage->shape, d, work->covariance, work->direction, work->shift);
  for (int64_t j = 0; j < d; j++) square += work->direction[j] * work->shift[j];
  const double scale = square > 0.0 ? half_distance / sqrt(square) : 0.0;
  for (int64_t j = 0; j < d; j++) work->shift[j] *= scale;
}

static bool set_half(const split_merge *work, const gmmpi_model *from, int64_t k, double sign, gmmpi_model *wide,
                     int64_t half)
{
  const int64_t d = from->n_features;
  wide->weights[half] = from->weights[k] / 2.0;
  model_copy_dof(wide, half, from, k);
  for (int64_t j = 0; j < d; j++) wide->means[half * d + j] = from->means[k * d + j] + sign * work->shift[j];
  if (from->family->storage->shared && half > 0) return true;
  memcpy(work->other, work->covariance, (size_t)covariance_length(from->family->storage->shape, d) * sizeof(double));
  if (!from->family->storage->shared)
    covariance_add_square(from->family->storage->shape, d, -1.0, work->shift, work->other);
  model_contract(wide, half, work->other);
  if (model_factorise(wide, half)) return true;
  model_contract(wide, half, work->covariance);
  return model_factorise(wide, half) || wide->weights[half] == 0.0;
}

bool split_components(split_merge *work, const gmmpi_model *from, const double *variances, uint64_t seed, int n_turns,
                      gmmpi_model *wide)
{
  const int64_t d = from->n_features;
  bool sound = true;
  background_copy(wide, from);
  for (int64_t k = 0; k < from->n_components; k++) {
    model_expand(from, k, work->covariance);
    draw_direction(d, variances, seed, (uint64_t)k, work->direction);
    turn_direction(work, d, variances, n_turns);
    set_shift(work, d);
    sound = set_half(work, from, k, 1.0, wide, 2 * k) && sound;
    sound = set_half(work, from, k, -1.0, wide, 2 * k + 1) && sound;
  }
  return sound;
}

/* --- merging ------------------------------------------------------------------------------------------------------ */

/* Of the covariance at hand, as far as the family can hold it. */
static double log_determinant_in_family(const split_merge *work)
{
  const covariance_family *family = work->probe->family;
  model_contract(work->probe, 0, work->covariance);
  model_expand(work->probe, 0, work->factor);
  return covariance_log_determinant(family->storage->shape, work->probe->n_features, work->factor);
}

/* The covariance of two components taken together, in work->covariance; a shared covariance's growth when they are. */
static void merge_covariances(const split_merge *work, const gmmpi_model *model, int64_t a, int64_t b)
{
  const covariance_family *family = model->family;
  const int64_t d = model->n_features;
  const double total = model->weights[a] + model->weights[b];
  const double share = model->weights[a] / total;
  const double between = family->storage->shared ? total * share * (1.0 - share) : share * (1.0 - share);
  model_expand(model, a, work->covariance);
  if (!family->storage->shared) {
    model_expand(model, b, work->other);
    covariance_mix(family->storage->shape, d, share, work->other, work->covariance);
  }
  for (int64_t j = 0; j < d; j++) work->shift[j] = model->means[a * d + j] - model->means[b * d + j];
  covariance_add_square(family->storage->shape, d, between, work->shift, work->covariance);
}

static double cost_of_merging(const split_merge *work, const gmmpi_model *model, int64_t a, int64_t b)
{
  const double *weights = model->weights;
  if (weights[a] == 0.0 || weights[b] == 0.0) return 0.0;
  merge_covariances(work, model, a, b);
  const double merged = log_determinant_in_family(work);
  if (model->family->storage->shared) return (merged - work->log_determinants[a]) / 2.0;
  return ((weights[a] + weights[b]) * merged - weights[a] * work->log_determinants[a] -
          weights[b] * work->log_determinants[b]) /
         2.0;
}

static const double one_and_log_two_pi = 2.8378770664093454836;

static double cost_of_giving_up(const split_merge *work, const gmmpi_model *model, int64_t component)
{
  const double entropy = (work->log_determinants[component] + (double)model->n_features * one_and_log_two_pi) / 2.0;
  return model->weights[component] * (log(*model->noise_volume) - entropy);
}

static void set_costs_of(const split_merge *work, const gmmpi_model *model, int64_t n, int64_t component)
{
  const int64_t width = model->n_components;
  for (int64_t i = 0; i < n; i++) {
    if (i == component) continue;
    const int64_t a = i < component ? i : component;
    const int64_t b = i < component ? component : i;
    work->costs[a * width + b] = cost_of_merging(work, model, a, b);
  }
  if (model_has(model, PART_NOISE))
    work->costs[component * width + component] = cost_of_giving_up(work, model, component);
}

static void set_log_determinant(const split_merge *work, const gmmpi_model *model, int64_t component)
{
  model_expand(model, component, work->covariance);
  work->log_determinants[component] = log_determinant_in_family(work);
}

static void give_up(gmmpi_model *model, int64_t component)
{
  *model->noise_weight += model->weights[component];
  model->weights[component] = 0.0;
}

/* Component b of the first n goes into a < b, or b = a into the background, and the last one takes its place. */
static void merge_pair(const split_merge *work, gmmpi_model *model, int64_t n, int64_t a, int64_t b)
{
  const int64_t d = model->n_features;
  const int64_t last = n - 1;
  const double total = model->weights[a] + model->weights[b];
  if (a == b) {
    give_up(model, b);
  } else if (total > 0.0) {
    const double share = model->weights[b] / total;
    double *mean = model->means + a * d;
    if (model->weights[a] > 0.0 && share > 0.0) {
      merge_covariances(work, model, a, b);
      model_contract(model, a, work->covariance);
    } else if (share > 0.0 && !model->family->storage->shared) {
      model_expand(model, b, work->covariance);
      model_contract(model, a, work->covariance);
    }
    for (int64_t j = 0; j < d; j++) mean[j] += share * (model->means[b * d + j] - mean[j]);
    model_merge_dof(model, a, b, share);
  }
  if (a != b) model->weights[a] = total;
  model->weights[b] = model->weights[last];
  memmove(model->means + b * d, model->means + last * d, (size_t)d * sizeof(double));
  model_copy_dof(model, b, model, last);
  if (!model->family->storage->shared) {
    model_expand(model, last, work->covariance);
    model_contract(model, b, work->covariance);
  }
}

/* What is known of component `from` is now that of component `to` < from. */
static void move_costs(const split_merge *work, int64_t width, int64_t from, int64_t to)
{
  if (to == from) return;
  work->log_determinants[to] = work->log_determinants[from];
  work->costs[to * width + to] = work->costs[from * width + from];
  for (int64_t i = 0; i < from; i++) {
    if (i == to) continue;
    work->costs[i < to ? i * width + to : to * width + i] = work->costs[i * width + from];
  }
}

/* Among the first n; *b = *a: the background is the partner. */
static void find_cheapest_pair(const split_merge *work, const gmmpi_model *model, int64_t n, int64_t *a, int64_t *b)
{
  const int64_t width = model->n_components;
  const int64_t nearest = model_has(model, PART_NOISE) ? 0 : 1; /* partners */
  double least = INFINITY;
  *a = 0;
  *b = 1;
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = i + nearest; j < n; j++) {
      if (!(work->costs[i * width + j] < least)) continue;
      least = work->costs[i * width + j];
      *a = i;
      *b = j;
    }
  }
}

bool merge_components(split_merge *work, gmmpi_model *wide, gmmpi_model *narrow)
{
  const covariance_family *family = wide->family;
  const int64_t d = wide->n_features;
  const int64_t width = wide->n_components;
  bool sound = true;
  for (int64_t i = 0; i < width; i++) set_log_determinant(work, wide, i);
  for (int64_t i = 0; i < width; i++) set_costs_of(work, wide, i, i);
  for (int64_t n = width; n > narrow->n_components; n--) {
    int64_t a;
    int64_t b;
    find_cheapest_pair(work, wide, n, &a, &b);
    merge_pair(work, wide, n, a, b);
    move_costs(work, width, n - 1, b);
    if (a == b) continue;
    set_log_determinant(work, wide, a);
    set_costs_of(work, wide, n - 1, a);
  }
  background_copy(narrow, wide);
  for (int64_t k = 0; k < narrow->n_components; k++) {
    narrow->weights[k] = wide->weights[k];
    model_copy_dof(narrow, k, wide, k);
    memcpy(narrow->means + k * d, wide->means + k * d, (size_t)d * sizeof(double));
    if (family->storage->shared && k > 0) continue;
    model_expand(wide, k, work->covariance);
    model_contract(narrow, k, work->covariance);
    sound = (model_factorise(narrow, k) || narrow->weights[k] == 0.0) && sound;
  }
  return sound;
}

/* --- one split and one merge -------------------------------------------------------------------------------------- */

static void copy_component(const split_merge *work, const gmmpi_model *from, int64_t i, gmmpi_model *to, int64_t k)
{
  const size_t row = (size_t)from->n_features * sizeof(double);
  to->weights[k] = from->weights[i];
  model_copy_dof(to, k, from, i);
  memcpy(to->means + k * to->n_features, from->means + i * from->n_features, row);
  if (from->family->storage->shared) return;
  model_expand(from, i, work->covariance);
  model_contract(to, k, work->covariance);
}

/* The component whose halves gain the rank-th most; the gains are written over. */
static int64_t component_to_split(const split_merge *work, const gmmpi_model *wide, int64_t rank)
{
  const int64_t K = wide->n_components / 2;
  double *gains = work->costs;
  for (int64_t i = 0; i < 2 * K; i++) set_log_determinant(work, wide, i);
  for (int64_t k = 0; k < K; k++) gains[k] = cost_of_merging(work, wide, 2 * k, 2 * k + 1);
  int64_t best = 0;
  for (int64_t turn = 0; turn <= rank; turn++) {
    best = 0;
    for (int64_t k = 1; k < K; k++) {
      if (gains[k] > gains[best]) best = k;
    }
    if (turn < rank) gains[best] = -INFINITY;
  }
  return best;
}

/* The pair of a model's components that loses least when it is merged, or the rank-th such; the one kept out (-1: none)
 * is in no pair. */
static void find_pair_to_merge(const split_merge *work, const gmmpi_model *model, int64_t kept_out, int64_t rank,
                               int64_t *a, int64_t *b)
{
  const int64_t K = model->n_components;
  const int64_t n = kept_out >= 0 ? K - 1 : K;
  const int64_t n_pairs = n * (n - 1) / 2 + (model_has(model, PART_NOISE) ? n : 0);
  *a = 0;
  *b = 1;
  for (int64_t i = 0; i < K; i++) set_log_determinant(work, model, i);
  for (int64_t i = 0; i < K; i++) set_costs_of(work, model, i, i);
  for (int64_t i = 0; i < K && kept_out >= 0; i++)
    work->costs[i < kept_out ? i * K + kept_out : kept_out * K + i] = INFINITY;
  for (int64_t turn = 0; turn <= (n_pairs > 0 ? rank % n_pairs : 0); turn++) {
    if (turn > 0) work->costs[*a * K + *b] = INFINITY;
    find_cheapest_pair(work, model, K, a, b);
  }
}

/* Component b goes into a, or b = a into the background; b is free then. */
static void merge_into(const split_merge *work, gmmpi_model *model, int64_t a, int64_t b)
{
  const double merged_weight = model->weights[a] + model->weights[b];
  if (a == b) {
    give_up(model, b);
    return;
  }
  merge_covariances(work, model, a, b);
  model_contract(model, a, work->covariance);
  for (int64_t j = 0; j < model->n_features; j++) {
    double *mean = model->means + a * model->n_features + j;
    *mean += model->weights[b] / merged_weight * (model->means[b * model->n_features + j] - *mean);
  }
  model_merge_dof(model, a, b, model->weights[b] / merged_weight);
  model->weights[a] = merged_weight;
}

static bool finish_move(gmmpi_model *model)
{
  bool sound = true;
  model_normalise_weights(model);
  for (int64_t k = 0; k < model->n_components; k++) {
    sound = (model_factorise(model, k) || model->weights[k] == 0.0) && sound;
  }
  return sound;
}

bool move_component(split_merge *work, const gmmpi_model *from, const gmmpi_model *wide, int64_t split_rank,
                    int64_t merge_rank, gmmpi_model *narrow)
{
  const int64_t split = component_to_split(work, wide, split_rank % from->n_components);
  int64_t a;
  int64_t b;
  model_copy_parameters(narrow, from);
  find_pair_to_merge(work, narrow, split, merge_rank, &a, &b);
  if (a == split || b == split || narrow->weights[a] + narrow->weights[b] == 0.0) return true;
  merge_into(work, narrow, a, b);
  copy_component(work, wide, 2 * split, narrow, split);
  copy_component(work, wide, 2 * split + 1, narrow, b);
  return finish_move(narrow);
}

double least_loss_of_merging(split_merge *work, const gmmpi_model *model)
{
  int64_t a;
  int64_t b;
  find_pair_to_merge(work, model, -1, 0, &a, &b);
  return work->costs[a * model->n_components + b];
}

bool replace_component(split_merge *work, const gmmpi_model *from, double weight, const double *mean,
                       const double *covariance, int64_t merge_rank, gmmpi_model *to)
{
  int64_t a;
  int64_t b;
  model_copy_parameters(to, from);
  find_pair_to_merge(work, to, -1, merge_rank, &a, &b);
  if (to->weights[a] + to->weights[b] > 0.0) merge_into(work, to, a, b);
  for (int64_t k = 0; k < to->n_components; k++) to->weights[k] *= 1.0 - weight;
  if (model_has(to, PART_NOISE)) *to->noise_weight *= 1.0 - weight;
  to->weights[b] = weight;
  model_set_dof(to, b, 0.0);
  memcpy(to->means + b * to->n_features, mean, (size_t)to->n_features * sizeof(double));
  if (!to->family->storage->shared) model_contract(to, b, covariance);
  return finish_move(to);
}
