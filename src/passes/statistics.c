/* SPDX-License-Identifier: BSD-3-Clause */
#include "passes/statistics.h"

#include "support/error.h"
#include "support/exact_sum.h"
#include "support/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N_FULL_RANGE = 2 };

/* Numbers of a second moment. */
static int64_t second_length_of(density_shape shape, statistics_order order, int64_t n_features)
{
  return order == TRACE_ORDER ? 1 : triangle_length(shape, n_features);
}

/* What only sums of this order have. */
static int64_t trace_bytes(statistics_order order, int64_t n_components)
{
  return order == TRACE_ORDER ? n_components * (int64_t)(sizeof(double) + sizeof(bool)) : 0;
}

int64_t statistics_bytes(density_shape shape, statistics_order order, int64_t n_components, int64_t n_features,
                         int n_threads)
{
  const int64_t d = n_features;
  const int64_t n_second = n_second_moments(order, n_components);
  const int64_t each = n_threads * FIXED_LIMBS * (int64_t)sizeof(int64_t) + (int64_t)sizeof(double);
  const int64_t length = second_length_of(shape, order, d);
  int64_t first;
  int64_t second;
  int64_t vectors;
  if (length == INT64_MAX || !multiply_fits(n_components, 1 + d, &first) || !multiply_fits(first, each, &first) ||
      !multiply_fits(n_second, length, &second) || !multiply_fits(second, each, &second) ||
      !multiply_fits(n_components + 1, 2 * padded_width(d) * (int64_t)sizeof(double), &vectors))
    return INT64_MAX;
  return sum_of_bytes(4, (int64_t[]){first, second, vectors, trace_bytes(order, n_components)});
}

enum { N_TAIL_SUMS = 2 };

/* The least power of two that no log(1 + delta / nu) exceeds. */
static const double most_log = 1024.0;

int64_t statistics_tail_words(int64_t n_components)
{
  return N_TAIL_SUMS * FIXED_LIMBS * n_components;
}

int64_t statistics_tail_bytes(int64_t n_components, int n_threads)
{
  return N_TAIL_SUMS * n_components * (n_threads * FIXED_LIMBS * (int64_t)sizeof(int64_t) + (int64_t)sizeof(double));
}

static int64_t count_values(density_shape shape, statistics_order order, int64_t n_components, int64_t n_features)
{
  return n_components * (1 + n_features) +
         n_second_moments(order, n_components) * second_length_of(shape, order, n_features);
}

int64_t statistics_words(density_shape shape, statistics_order order, int64_t n_components, int64_t n_features)
{
  const int64_t n_values = count_values(shape, order, n_components, n_features);
  return FIXED_LIMBS * n_values + N_FULL_RANGE * FULL_RANGE_LIMBS;
}

gmmpi_status statistics_create(density_shape shape, statistics_order order, int64_t n_components, const shard *points,
                               statistics **result, gmmpi_error *error)
{
  const int64_t d = points->n_features;
  statistics *sums = calloc(1, sizeof *sums);
  *result = sums;
  if (sums == NULL || statistics_bytes(shape, order, n_components, d, points->n_threads) == INT64_MAX) goto no_memory;
  sums->shape = shape;
  sums->order = order;
  sums->n_components = n_components;
  sums->n_features = d;
  sums->width = padded_width(d);
  sums->n_second = n_second_moments(order, n_components);
  sums->second_length = second_length_of(shape, order, d);
  sums->n_values = count_values(shape, order, n_components, d);
  sums->n_words = statistics_words(shape, order, n_components, d);
  sums->points = points;
  sums->largest_pull = 1.0;
  statistics_weigh(sums, NULL);
  sums->n_threads = points->n_threads;
  sums->references = allocate(n_components * sums->width, sizeof(double));
  sums->inverse_scales = allocate(n_components * sums->width, sizeof(double));
  sums->counts = allocate(n_components, sizeof(double));
  sums->first = allocate(n_components * d, sizeof(double));
  sums->second = allocate(sums->n_second * sums->second_length, sizeof(double));
  sums->origin = allocate(sums->width, sizeof(double));
  sums->pooled_scales = allocate(sums->width, sizeof(double));
  sums->words = allocate((sums->n_threads - 1) * sums->n_words, sizeof(int64_t));
  if (order == TRACE_ORDER) {
    sums->trace_scales = allocate(n_components, sizeof(double));
    sums->at_origin = allocate(n_components, sizeof(bool));
    if (sums->trace_scales == NULL || sums->at_origin == NULL) goto no_memory;
  }
  if (sums->references == NULL || sums->inverse_scales == NULL || sums->counts == NULL || sums->first == NULL ||
      sums->second == NULL || sums->origin == NULL || sums->pooled_scales == NULL || sums->words == NULL)
    goto no_memory;
  return GMMPI_OK;

no_memory:
  statistics_destroy(sums);
  *result = NULL;
  return fail(error, GMMPI_NO_MEMORY,
              "the statistics of %lld components in %lld features do not fit into memory; ask for fewer components, "
              "'diag' covariances, or use machines with more memory",
              (long long)n_components, (long long)d);
}

gmmpi_status statistics_add_tails(statistics *sums, gmmpi_error *error)
{
  const int64_t K = sums->n_components;
  sums->n_values += N_TAIL_SUMS * K;
  sums->n_words += statistics_tail_words(K);
  free(sums->words);
  sums->words = allocate((sums->n_threads - 1) * sums->n_words, sizeof(int64_t));
  sums->totals = allocate(K, sizeof(double));
  sums->logs = allocate(K, sizeof(double));
  if (sums->words != NULL && sums->totals != NULL && sums->logs != NULL) return GMMPI_OK;
  return fail(error, GMMPI_NO_MEMORY, "the statistics of %lld components do not fit into memory; ask for fewer",
              (long long)K);
}

/* Units of sums over a block. */
static void set_block_scales(statistics *sums)
{
  const double largest = sums->weighting != NULL ? sums->weighting->largest_weight : sums->points->largest_weight;
  const double bound = (double)sums->points->block_rows * largest;
  sums->block_scale = fixed_scale(bound * sums->largest_pull);
  sums->total_scale = fixed_scale(bound);
}

void statistics_set_largest_pull(statistics *sums, double largest_pull)
{
  sums->largest_pull = largest_pull;
  set_block_scales(sums);
}

void statistics_weigh(statistics *sums, const row_weighting *weighting)
{
  sums->weighting = weighting;
  set_block_scales(sums);
}

double statistics_total_weight(const statistics *sums)
{
  return total_of_weighting(sums->points, sums->weighting);
}

double statistics_weight_unit(const statistics *sums)
{
  return sums->weighting != NULL ? sums->weighting->weight_unit : sums->points->weight_unit;
}

void statistics_destroy(statistics *sums)
{
  if (sums == NULL) return;
  free(sums->references);
  free(sums->inverse_scales);
  free(sums->counts);
  free(sums->first);
  free(sums->second);
  free(sums->totals);
  free(sums->logs);
  free(sums->origin);
  free(sums->pooled_scales);
  free(sums->trace_scales);
  free(sums->at_origin);
  free(sums->words);
  free(sums);
}

/* Walks the fixed-point values of a component in the order in which they are held: its count, first and second moments.
 * Pooled second moments come after all components. */
typedef struct limb_cursor {
  int64_t *high, *middle, *low;
} limb_cursor;

static int64_t *words_of_thread(const statistics *sums, int thread)
{
  return thread == 0 ? sums->travelling : sums->words + (thread - 1) * sums->n_words;
}

static limb_cursor limbs_of(const statistics *sums, int thread, int64_t component)
{
  const int64_t own_second = sums->order == SECOND_ORDER || sums->order == TRACE_ORDER ? sums->second_length : 0;
  const int64_t offset = component * (1 + sums->n_features + own_second);
  int64_t *high = words_of_thread(sums, thread) + offset;
  return (limb_cursor){high, high + sums->n_values, high + 2 * sums->n_values};
}

/* The tail sums of a component come behind the values of all components. */
static limb_cursor tail_limbs_of(const statistics *sums, int thread, int64_t component)
{
  int64_t *high = words_of_thread(sums, thread) + sums->n_values - N_TAIL_SUMS * (sums->n_components - component);
  return (limb_cursor){high, high + sums->n_values, high + 2 * sums->n_values};
}

static void add_values(limb_cursor *limbs, int64_t n, const double *values, const double *inverse_scales, double factor)
{
  fixed_add(n, values, inverse_scales, factor, limbs->high, limbs->middle, limbs->low);
  limbs->high += n;
  limbs->middle += n;
  limbs->low += n;
}

static int64_t *full_range_words(const statistics *sums, int thread)
{
  return words_of_thread(sums, thread) + FIXED_LIMBS * sums->n_values;
}

static void add_tail_sums(const statistics *sums, const block_sums *block, int thread, int64_t k)
{
  const double one = 1.0;
  limb_cursor limbs = tail_limbs_of(sums, thread, k);
  add_values(&limbs, 1, &block->totals[k], &one, 1.0 / sums->total_scale);
  add_values(&limbs, 1, &block->logs[k], &one, 1.0 / (most_log * sums->total_scale));
}

/* second: as block_sums has it for one component. */
static void add_second(const statistics *sums, fixed_run *run, const double *second, const double *inverse_scales,
                       double factor)
{
  if (sums->shape == DENSE)
    fixed_run_triangle(run, sums->n_features, second, sums->width, inverse_scales, factor);
  else
    fixed_run_squares(run, sums->n_features, second, inverse_scales, factor);
}

static void add_component(const statistics *sums, fixed_run *run, const block_sums *block, int64_t k)
{
  const double inverse_block_scale = 1.0 / sums->block_scale;
  const double *inverse_scales = sums->inverse_scales + k * sums->width;
  fixed_run_value(run, block->counts[k], inverse_block_scale);
  fixed_run_row(run, sums->n_features, block->first + k * sums->width, inverse_scales, inverse_block_scale);
  if (sums->order == SECOND_ORDER)
    add_second(sums, run, second_of_component(block, k), inverse_scales, inverse_block_scale);
  if (sums->order == TRACE_ORDER)
    fixed_run_value(run, block->second[k] * sums->trace_scales[k], sums->trace_scales[k] * inverse_block_scale);
}

static void begin_run(fixed_run *run, const statistics *sums, int thread, int64_t component)
{
  const limb_cursor limbs = limbs_of(sums, thread, component);
  fixed_run_begin(run, limbs.high, limbs.middle, limbs.low);
}

/* Neighbouring components are one run, which those without points interrupt. */
void statistics_add_block(statistics *sums, const block_sums *block, int thread)
{
  const int64_t K = sums->n_components;
  fixed_run run;
  for (int64_t k = 0; k < K && sums->totals != NULL; k++) add_tail_sums(sums, block, thread, k);
  for (int64_t k = 0; k < K; k++) {
    if (block->counts[k] == 0.0) continue;
    begin_run(&run, sums, thread, k);
    for (; k < K && block->counts[k] != 0.0; k++) add_component(sums, &run, block, k);
    fixed_run_end(&run);
  }
  if (sums->order == POOLED_ORDER) {
    begin_run(&run, sums, thread, K);
    add_second(sums, &run, block->second, sums->pooled_scales, 1.0 / sums->block_scale);
    fixed_run_end(&run);
  }
  full_range_add(full_range_words(sums, thread), block->log_likelihood);
  full_range_add(full_range_words(sums, thread) + FULL_RANGE_LIMBS, block->sum_log_max_responsibility);
}

/* The counterpart of add_values for one value. */
static double take_value(limb_cursor *limbs, double scale)
{
  return fixed_value(*limbs->high++, *limbs->middle++, *limbs->low++, scale);
}

static void take_tail_sums(statistics *sums, int64_t k)
{
  limb_cursor limbs = tail_limbs_of(sums, 0, k);
  sums->totals[k] = take_value(&limbs, sums->total_scale);
  sums->logs[k] = take_value(&limbs, most_log * sums->total_scale);
}

static void take_second(const statistics *sums, limb_cursor *limbs, const double *inverse_scales, double *second)
{
  for (int64_t i = 0; i < sums->n_features; i++) {
    const double row_scale = sums->block_scale / inverse_scales[i];
    for (int64_t j = triangle_first(sums->shape, i); j <= i; j++)
      *second++ = take_value(limbs, row_scale / inverse_scales[j]);
  }
}

/* n values in units of weight. */
static void rescale(const statistics *sums, int64_t n, double *values)
{
  const double unit = statistics_weight_unit(sums);
  for (int64_t i = 0; i < n && unit != 1.0; i++) values[i] *= unit;
}

static void take_component(statistics *sums, int64_t k)
{
  const int64_t d = sums->n_features;
  if (sums->totals != NULL) take_tail_sums(sums, k);
  const double *inverse_scales = sums->inverse_scales + k * sums->width;
  limb_cursor limbs = limbs_of(sums, 0, k);
  sums->counts[k] = take_value(&limbs, sums->block_scale);
  for (int64_t j = 0; j < d; j++) sums->first[k * d + j] = take_value(&limbs, sums->block_scale / inverse_scales[j]);
  if (sums->order == SECOND_ORDER) take_second(sums, &limbs, inverse_scales, sums->second + k * sums->second_length);
  if (sums->order == TRACE_ORDER)
    sums->second[k] = take_value(&limbs, sums->block_scale / sums->trace_scales[k] / sums->trace_scales[k]);
}

void statistics_place(statistics *sums, int64_t *words)
{
  const size_t size = (size_t)sums->n_words * sizeof *words;
  sums->travelling = words;
  memset(words, 0, size);
  memset(sums->words, 0, (size_t)(sums->n_threads - 1) * size);
}

void statistics_add_threads(statistics *sums)
{
  if (sums->n_threads == 1) return;
#pragma omp parallel for num_threads(sums->n_threads) schedule(static)
  for (int64_t i = 0; i < sums->n_words; i++) {
    for (int t = 1; t < sums->n_threads; t++) sums->travelling[i] += words_of_thread(sums, t)[i];
  }
}

void statistics_take(statistics *sums)
{
  for (int64_t k = 0; k < sums->n_components; k++) take_component(sums, k);
  if (sums->order == POOLED_ORDER) {
    limb_cursor limbs = limbs_of(sums, 0, sums->n_components);
    take_second(sums, &limbs, sums->pooled_scales, sums->second);
  }
  sums->log_likelihood = full_range_value(full_range_words(sums, 0));
  sums->sum_log_max_responsibility = full_range_value(full_range_words(sums, 0) + FULL_RANGE_LIMBS);
  rescale(sums, sums->n_components, sums->counts);
  if (sums->totals != NULL) {
    rescale(sums, sums->n_components, sums->totals);
    rescale(sums, sums->n_components, sums->logs);
  }
  rescale(sums, sums->n_components * sums->n_features, sums->first);
  rescale(sums, sums->n_second * sums->second_length, sums->second);
  rescale(sums, 1, &sums->log_likelihood);
  rescale(sums, 1, &sums->sum_log_max_responsibility);
}
