/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/exact_sum.h"

#include <math.h>
#include <string.h>

double fixed_scale(double bound)
{
  if (!(bound > 0.0)) return 1.0;
  int exponent;
  frexp(bound, &exponent); /* bound < 2^exponent */
  exponent += 1;
  if (exponent < -500) exponent = -500;
  if (exponent > 500) exponent = 500;
  return ldexp(1.0, exponent);
}

/* Adding 1.5 x 2^52 to a number of size below 2^51 leaves its nearest integer in the low bits of the sum. */
static const double integer_shift = 0x1.8p52;

static inline int64_t bits_of(double x)
{
  int64_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

#define HOT static inline __attribute__((always_inline))

/* The three limbs of a value in units of its scale. */
HOT void add_limbs(double scaled, int64_t *high, int64_t *middle, int64_t *low)
{
  const double unit = 0x1p40;
  const int64_t shift_bits = INT64_C(0x4338000000000000); /* those of integer_shift */
  const double first = scaled + integer_shift;
  const double rest = (scaled - (first - integer_shift)) * unit;
  const double second = rest + integer_shift;
  const double third = (rest - (second - integer_shift)) * unit + integer_shift;
  *high += bits_of(first) - shift_bits;
  *middle += bits_of(second) - shift_bits;
  *low += bits_of(third) - shift_bits;
}

void fixed_add(int64_t n, const double *restrict values, const double *restrict inverse_scales, double factor,
               int64_t *restrict high, int64_t *restrict middle, int64_t *restrict low)
{
  for (int64_t i = 0; i < n; i++)
    add_limbs(values[i] * (inverse_scales[i] * factor) * 0x1p40, &high[i], &middle[i], &low[i]);
}

/* --- runs ---
 *
 * The same operations on every value, in vectors as long as the processor has them: the bits do not depend on it. */

#if defined(__x86_64__) && defined(__GNUC__)
#define HAS_VARIANTS 1
#endif

typedef enum row_scale { PLAIN_ROW, SQUARED_ROW } row_scale;

HOT void flush(fixed_run *run)
{
  const int64_t n = run->n;
  const double *restrict scaled = run->scaled;
  int64_t *restrict high = run->high;
  int64_t *restrict middle = run->middle;
  int64_t *restrict low = run->low;
  for (int64_t i = 0; i < n; i++) add_limbs(scaled[i], &high[i], &middle[i], &low[i]);
  run->high += n;
  run->middle += n;
  run->low += n;
  run->n = 0;
}

/* Up to FIXED_RUN values. What the last eight of them are too many the next row overwrites. */
HOT void put_piece(fixed_run *run, int64_t n, const double *restrict values, const double *restrict inverse_scales,
                   double factor, row_scale scale)
{
  if (run->n + n > FIXED_RUN) flush(run);
  double *restrict scaled = run->scaled + run->n;
  for (int64_t i = 0; i < n; i += FIXED_GROUP) {
    for (int64_t l = i; l < i + FIXED_GROUP; l++)
      scaled[l] =
          values[l] * (inverse_scales[l] * (scale == SQUARED_ROW ? factor * inverse_scales[l] : factor)) * 0x1p40;
  }
  run->n += n;
}

/* So few values are not worth collecting. */
HOT void put_short_row(fixed_run *run, int64_t n, const double *restrict values, const double *restrict inverse_scales,
                       double factor, row_scale scale)
{
  int64_t *restrict high = run->high;
  int64_t *restrict middle = run->middle;
  int64_t *restrict low = run->low;
  for (int64_t i = 0; i < n; i++) {
    const double inverse = inverse_scales[i] * (scale == SQUARED_ROW ? factor * inverse_scales[i] : factor);
    add_limbs(values[i] * inverse * 0x1p40, &high[i], &middle[i], &low[i]);
  }
  run->high += n;
  run->middle += n;
  run->low += n;
}

HOT void put_row(fixed_run *run, int64_t n, const double *values, const double *inverse_scales, double factor,
                 row_scale scale)
{
  if (run->n == 0 && n < FIXED_GROUP) {
    put_short_row(run, n, values, inverse_scales, factor, scale);
    return;
  }
  for (int64_t i = 0; i < n; i += FIXED_RUN)
    put_piece(run, n - i < FIXED_RUN ? n - i : FIXED_RUN, values + i, inverse_scales + i, factor, scale);
}

#define DEFINE_RUNS(variant, target)                                                                                   \
  static target void flush_##variant(fixed_run *run)                                                                   \
  {                                                                                                                    \
    flush(run);                                                                                                        \
  }                                                                                                                    \
  static target void put_row_##variant(fixed_run *run, int64_t n, const double *values, const double *inverse_scales,  \
                                       double factor, row_scale scale)                                                 \
  {                                                                                                                    \
    put_row(run, n, values, inverse_scales, factor, scale);                                                            \
  }                                                                                                                    \
  static target void put_triangle_##variant(fixed_run *run, int64_t n, const double *values, int64_t stride,           \
                                            const double *inverse_scales, double factor)                               \
  {                                                                                                                    \
    for (int64_t i = 0; i < n; i++)                                                                                    \
      put_row(run, i + 1, values + i * stride, inverse_scales, factor * inverse_scales[i], PLAIN_ROW);                 \
  }

DEFINE_RUNS(portable, )
#if HAS_VARIANTS
DEFINE_RUNS(avx2, __attribute__((target("avx2"))))
DEFINE_RUNS(avx512, __attribute__((target("avx512f"))))
#define CALL_BEST(function, ...)                                                                                       \
  (__builtin_cpu_supports("avx512f") ? function##_avx512(__VA_ARGS__)                                                  \
   : __builtin_cpu_supports("avx2")  ? function##_avx2(__VA_ARGS__)                                                    \
                                     : function##_portable(__VA_ARGS__))
#else
#define CALL_BEST(function, ...) function##_portable(__VA_ARGS__)
#endif

void fixed_run_begin(fixed_run *run, int64_t *high, int64_t *middle, int64_t *low)
{
  run->high = high;
  run->middle = middle;
  run->low = low;
  run->n = 0;
}

void fixed_run_value(fixed_run *run, double value, double inverse_scale)
{
  if (run->n == FIXED_RUN) CALL_BEST(flush, run);
  if (run->n == 0)
    add_limbs(value * inverse_scale * 0x1p40, run->high++, run->middle++, run->low++);
  else
    run->scaled[run->n++] = value * inverse_scale * 0x1p40;
}

void fixed_run_row(fixed_run *run, int64_t n, const double *values, const double *inverse_scales, double factor)
{
  CALL_BEST(put_row, run, n, values, inverse_scales, factor, PLAIN_ROW);
}

void fixed_run_squares(fixed_run *run, int64_t n, const double *values, const double *inverse_scales, double factor)
{
  CALL_BEST(put_row, run, n, values, inverse_scales, factor, SQUARED_ROW);
}

void fixed_run_triangle(fixed_run *run, int64_t n, const double *values, int64_t stride, const double *inverse_scales,
                        double factor)
{
  CALL_BEST(put_triangle, run, n, values, stride, inverse_scales, factor);
}

void fixed_run_end(fixed_run *run)
{
  CALL_BEST(flush, run);
}

/* Leaves limb within half a unit of the next higher limb and returns what that one has to take over. */
static int64_t carry_from(int64_t *limb, int bits)
{
  const int64_t half = INT64_C(1) << (bits - 1);
  const int64_t carry = (*limb + half) >> bits;
  *limb -= carry * (INT64_C(1) << bits);
  return carry;
}

double fixed_value(int64_t high, int64_t middle, int64_t low, double scale)
{
  middle += carry_from(&low, FIXED_BITS);
  high += carry_from(&middle, FIXED_BITS);
  const double fraction = (double)middle * 0x1p-40 + (double)low * 0x1p-80;
  return ((double)high + fraction) * 0x1p-40 * scale;
}

/* So many values are added up side by side. */
enum { TOGETHER = 64 };

HOT void sum_of_few(int64_t n, int64_t n_summands, const double *restrict values, const double *restrict inverse_scales,
                    double *restrict sums)
{
  for (int64_t first = 0; first < n; first += TOGETHER) {
    const int64_t n_here = n - first < TOGETHER ? n - first : TOGETHER;
    const double *inverse = inverse_scales + first;
    int64_t high[TOGETHER] = {0};
    int64_t middle[TOGETHER] = {0};
    int64_t low[TOGETHER] = {0};
    for (int64_t s = 0; s < n_summands; s++) {
      const double *restrict own = values + s * n + first;
      for (int64_t i = 0; i < n_here; i++) add_limbs(own[i] * inverse[i] * 0x1p40, &high[i], &middle[i], &low[i]);
    }
    for (int64_t i = 0; i < n_here; i++) sums[first + i] = fixed_value(high[i], middle[i], low[i], 1.0 / inverse[i]);
  }
}

#define DEFINE_SUM_OF_FEW(variant, target)                                                                             \
  static target void sum_of_few_##variant(int64_t n, int64_t n_summands, const double *values,                         \
                                          const double *inverse_scales, double *sums)                                  \
  {                                                                                                                    \
    sum_of_few(n, n_summands, values, inverse_scales, sums);                                                           \
  }

DEFINE_SUM_OF_FEW(portable, )
#if HAS_VARIANTS
DEFINE_SUM_OF_FEW(avx2, __attribute__((target("avx2"))))
DEFINE_SUM_OF_FEW(avx512, __attribute__((target("avx512f"))))
#endif

void fixed_sum_of_few(int64_t n, int64_t n_summands, const double *values, const double *inverse_scales, double *sums)
{
  CALL_BEST(sum_of_few, n, n_summands, values, inverse_scales, sums);
}

/* Limb i counts in units of 2^(32 i - FULL_RANGE_OFFSET); the smallest subnormal number is 2^-1074. */
enum { FULL_RANGE_BITS = 32, FULL_RANGE_OFFSET = 1152 };

void full_range_add(int64_t *limbs, double value)
{
  if (!isfinite(value)) {
    limbs[FULL_RANGE_LIMBS - 1]++; /* beyond a double's range, so that the sum is not finite either */
    return;
  }
  int exponent;
  const double mantissa = frexp(value, &exponent);
  int64_t integer = (int64_t)ldexp(mantissa, 53); /* value = integer x 2^(exponent - 53) */
  if (integer == 0) return;
  const int64_t sign = integer < 0 ? -1 : 1;
  const int position = exponent - 53 + FULL_RANGE_OFFSET;
  const int limb = position / FULL_RANGE_BITS;
  const int shift = position % FULL_RANGE_BITS;
  const uint64_t size = (uint64_t)(sign * integer);
  const uint64_t mask = UINT32_MAX;
  const uint64_t low = size << shift; /* of a product of up to 53 + 31 bits */
  const uint64_t high = shift == 0 ? 0 : size >> (64 - shift);
  limbs[limb] += sign * (int64_t)(low & mask);
  limbs[limb + 1] += sign * (int64_t)(low >> FULL_RANGE_BITS);
  limbs[limb + 2] += sign * (int64_t)high;
}

void full_range_add_all(int64_t *limbs, int64_t n, const double *values)
{
  double sum = 0.0;
  double lost = 0.0;
  for (int64_t i = 0; i < n; i++) {
    const double next = sum + values[i];
    const double back = next - sum;
    lost += (sum - (next - back)) + (values[i] - back);
    sum = next;
  }
  full_range_add(limbs, sum);
  full_range_add(limbs, lost);
}

double full_range_value(const int64_t *limbs)
{
  int64_t carried[FULL_RANGE_LIMBS];
  int64_t carry = 0;
  int first = 0;
  int end = FULL_RANGE_LIMBS;
  /* Most limbs are 0, below and above a few. */
  while (first < end && limbs[first] == 0) first++;
  while (end > first && limbs[end - 1] == 0) end--;
  if (first == end) return 0.0;
  const int lowest = first > 3 ? first - 3 : 0;
  for (int i = lowest; i < first; i++) carried[i] = 0;
  int n = first;
  for (; n < end || (carry != 0 && n < FULL_RANGE_LIMBS); n++) {
    carried[n] = limbs[n] + carry;
    carry = n + 1 < FULL_RANGE_LIMBS ? carry_from(&carried[n], FULL_RANGE_BITS) : 0;
  }
  int top = n - 1;
  while (top > first && carried[top] == 0) top--;
  /* Four limbs from the top hold more than a double's 53 bits. */
  double sum = 0.0;
  for (int i = top > 3 ? top - 3 : 0; i <= top; i++) sum += ldexp((double)carried[i], FULL_RANGE_BITS * (i - top));
  return ldexp(sum, FULL_RANGE_BITS * top - FULL_RANGE_OFFSET);
}
