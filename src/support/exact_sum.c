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

void fixed_add(int64_t n, const double *restrict values, const double *restrict inverse_scales, double factor,
               int64_t *restrict high, int64_t *restrict middle, int64_t *restrict low)
{
  const double unit = 0x1p40;
  const int64_t shift_bits = bits_of(integer_shift);
  for (int64_t i = 0; i < n; i++) {
    const double scaled = values[i] * (inverse_scales[i] * factor) * unit;
    const double first = scaled + integer_shift;
    const double rest = (scaled - (first - integer_shift)) * unit;
    const double second = rest + integer_shift;
    const double third = (rest - (second - integer_shift)) * unit + integer_shift;
    high[i] += bits_of(first) - shift_bits;
    middle[i] += bits_of(second) - shift_bits;
    low[i] += bits_of(third) - shift_bits;
  }
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
  for (int i = 0; i < FULL_RANGE_LIMBS; i++) {
    carried[i] = limbs[i] + carry;
    carry = i + 1 < FULL_RANGE_LIMBS ? carry_from(&carried[i], FULL_RANGE_BITS) : 0;
  }
  int top = FULL_RANGE_LIMBS - 1;
  while (top > 0 && carried[top] == 0) top--;
  /* Four limbs from the top hold more than a double's 53 bits. */
  double sum = 0.0;
  for (int i = top > 3 ? top - 3 : 0; i <= top; i++) sum += ldexp((double)carried[i], FULL_RANGE_BITS * (i - top));
  return ldexp(sum, FULL_RANGE_BITS * top - FULL_RANGE_OFFSET);
}
