/* SPDX-License-Identifier: BSD-3-Clause */
/* Vectors of doubles for the kernels, with the two functions that the E-step needs. VECTOR_BYTES says how long a vector
 * is.
 *
 * GNU vector extensions: arithmetic is element by element, a comparison gives all ones or all zeros per lane. What they
 * have no good word for (a maximum, the lanes of a comparison as bits) is said in intrinsics where the processor has
 * such vectors, and lane by lane elsewhere. */
#ifndef KERNELS_VECTOR_MATH_H
#define KERNELS_VECTOR_MATH_H

#include <stdint.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { LANES = VECTOR_BYTES / 8 };

typedef double vector __attribute__((vector_size(VECTOR_BYTES), may_alias));
typedef int64_t vector_bits __attribute__((vector_size(VECTOR_BYTES), may_alias));
typedef uint64_t vector_words
    __attribute__((vector_size(VECTOR_BYTES), may_alias)); /* bits whose sums may wrap round */

#define ALWAYS_INLINE static inline __attribute__((always_inline))

ALWAYS_INLINE vector vector_of(double value)
{
  return value - (vector){0.0};
}

/* The lanes in which a >= b, as the lowest LANES bits. */
ALWAYS_INLINE unsigned lanes_at_least(vector a, vector b)
{
#if VECTOR_BYTES == 64 && defined(__AVX512F__)
  return _mm512_cmp_pd_mask((__m512d)a, (__m512d)b, _CMP_GE_OQ);
#elif VECTOR_BYTES == 32 && defined(__AVX__)
  return (unsigned)_mm256_movemask_pd(_mm256_cmp_pd((__m256d)a, (__m256d)b, _CMP_GE_OQ));
#elif VECTOR_BYTES == 16 && defined(__SSE2__)
  return (unsigned)_mm_movemask_pd(_mm_cmpge_pd((__m128d)a, (__m128d)b));
#else
  unsigned lanes = 0;
  for (int i = 0; i < LANES; i++) lanes |= (unsigned)(a[i] >= b[i]) << i;
  return lanes;
#endif
}

/* a where the mask's lanes are all ones, b where they are all zeros. */
ALWAYS_INLINE vector vector_choose(vector_bits mask, vector a, vector b)
{
#if VECTOR_BYTES == 32 && defined(__AVX__)
  return (vector)_mm256_blendv_pd((__m256d)b, (__m256d)a, (__m256d)mask);
#else
  return (vector)((mask & (vector_bits)a) | (~mask & (vector_bits)b));
#endif
}

/* The larger one; b where a is not a number. */
ALWAYS_INLINE vector vector_max(vector a, vector b)
{
#if VECTOR_BYTES == 64 && defined(__AVX512F__)
  return (vector)_mm512_max_pd((__m512d)a, (__m512d)b);
#elif VECTOR_BYTES == 32 && defined(__AVX__)
  return (vector)_mm256_max_pd((__m256d)a, (__m256d)b);
#elif VECTOR_BYTES == 16 && defined(__SSE2__)
  return (vector)_mm_max_pd((__m128d)a, (__m128d)b);
#else
  return vector_choose(a > b, a, b);
#endif
}

/* Square roots of LANES numbers. */
ALWAYS_INLINE vector vector_sqrt(vector x)
{
#if VECTOR_BYTES == 64 && defined(__AVX512F__)
  return (vector)_mm512_sqrt_pd((__m512d)x);
#elif VECTOR_BYTES == 32 && defined(__AVX__)
  return (vector)_mm256_sqrt_pd((__m256d)x);
#elif VECTOR_BYTES == 16 && defined(__SSE2__)
  return (vector)_mm_sqrt_pd((__m128d)x);
#else
  for (int i = 0; i < LANES; i++) x[i] = __builtin_sqrt(x[i]);
  return x;
#endif
}

/* x, rounded: a product that goes through here is not fused into the sum it is added to, so that an adder can do the
 * sum while the multipliers go on. */
ALWAYS_INLINE vector vector_rounded(vector x)
{
#if VECTOR_BYTES == 64 && defined(__AVX512F__)
  __asm__("" : "+v"(x));
#elif VECTOR_BYTES <= 32 && defined(__x86_64__)
  __asm__("" : "+x"(x));
#elif defined(__x86_64__)
  for (int i = 0; i < LANES; i += 2) {
    __m128d part = {x[i], x[i + 1]};
    __asm__("" : "+x"(part));
    x[i] = part[0];
    x[i + 1] = part[1];
  }
#endif
  return x;
}

/* ln 2 in two parts; the first has 11 zero bits at its end, so that its product with an exponent is exact. */
#define LN2_HIGH 0x1.62e42fefa3800p-1
#define LN2_LOW  0x1.ef35793c76730p-45

/* 2^(n/8), of integers n that stand in the low bits of `shifted`: bits of a table from 1 to 2^(7/8), of which n mod 8
 * is taken off where the exponent begins, so that n, shifted there, adds the whole part and puts this right. */
ALWAYS_INLINE vector eighth_powers_of_2(vector shifted)
{
  static const uint64_t powers[8] __attribute__((aligned(64))) = {
      UINT64_C(0x3ff0000000000000), UINT64_C(0x3fef72b83c7d517b), UINT64_C(0x3fef06fe0a31b715),
      UINT64_C(0x3feebfdad5362a27), UINT64_C(0x3feea09e667f3bcd), UINT64_C(0x3feeace5422aa0db),
      UINT64_C(0x3feee89f995ad3ad), UINT64_C(0x3fef5818dcfba487)};
#if VECTOR_BYTES == 64 && defined(__AVX512F__)
  const vector_words power = (vector_words)_mm512_permutexvar_epi64((__m512i)shifted, *(const __m512i *)powers);
#elif VECTOR_BYTES == 32 && defined(__AVX2__)
  /* Lower and upper halves are looked up by themselves: each half of the table fits into a vector. */
  const __m256 first = (__m256)((const __m256i *)powers)[0];
  const __m256 second = (__m256)((const __m256i *)powers)[1];
  const __m256i lower = _mm256_permute4x64_epi64((__m256i)_mm256_shuffle_ps(first, second, 0x88), 0xd8);
  const __m256i upper = _mm256_permute4x64_epi64((__m256i)_mm256_shuffle_ps(first, second, 0xdd), 0xd8);
  const __m256i places = _mm256_shuffle_epi32((__m256i)shifted, 0xa0);
  const vector_words power = (vector_words)_mm256_blend_epi32(_mm256_permutevar8x32_epi32(lower, places),
                                                              _mm256_permutevar8x32_epi32(upper, places), 0xaa);
#else
  vector_words power;
  for (int i = 0; i < LANES; i++) power[i] = powers[((vector_words)shifted)[i] & 7];
#endif
  return (vector)(power + ((vector_words)shifted << 49));
}

/* exp(x) for -700 <= x <= 0, within 2 units in the last place and 4e-17 |x|; any bits for other x. (ln 2 is a double
 * here, which is wrong by 2.3e-17. x is the difference of numbers that rounding made wrong by about as much.) x = n/8
 * ln 2 + r with |r| <= ln(2)/16, and exp(r) = 1 + r + r^2 q(r), where the polynomial q of degree 5 interpolates at
 * Chebyshev's points; its error is below 1.1e-17. */
ALWAYS_INLINE vector vector_exp_of_negative(vector x)
{
  const double shift = 0x1.8p52;
  const vector shifted = x * 0x1.71547652b82fep3 + shift;
  const vector n = shifted - shift;
  const vector r = x - n * 0x1.62e42fefa39efp-4;
  const vector r2 = r * r;
  const vector high =
      (0x1.1111110e10a41p-7 * r + 0x1.5555554e945dbp-5) + r2 * (0x1.a01e2bdf0ac83p-13 * r + 0x1.6c1b70f434f0fp-10);
  const vector q = (0x1.555555555556ap-3 * r + 0x1.000000000002ep-1) + r2 * high;
  const vector power = eighth_powers_of_2(shifted);
  return power + power * (r + r2 * q);
}

/* log(x) for normal x > 0, within 2 units in the last place. x = 2^e m with m within sqrt(1/2) ... sqrt(2), and
 * log m = 2 atanh(s), s = (m - 1) / (m + 1), by its series up to s^19, its terms added in a tree, too. */
ALWAYS_INLINE vector vector_log(vector x)
{
  const vector_bits bits = (vector_bits)x;
  const vector_bits above =
      (bits & INT64_C(0x000FFFFFFFFFFFFF)) > INT64_C(0x6A09E667F3BCC); /* mantissa > sqrt(2): -1 */
  const vector_bits exponent = ((bits >> 52) & 0x7FF) - above;
  const vector m = (vector)(bits - ((exponent - 1023) << 52));
  /* A small integer becomes a double through the bits of 2^52 + integer. */
  const vector e = (vector)(exponent | INT64_C(0x4330000000000000)) - (0x1p52 + 1023.0);
  const vector f = m - 1.0;
  const vector s = f / (m + 1.0);
  const vector t = s * s;
  const vector t2 = t * t;
  const vector t4 = t2 * t2;
  const vector low = (2.0 / 5.0 * t + 2.0 / 3.0) + t2 * (2.0 / 9.0 * t + 2.0 / 7.0);
  const vector high = (2.0 / 13.0 * t + 2.0 / 11.0) + t2 * (2.0 / 17.0 * t + 2.0 / 15.0);
  const vector p = low + t4 * (high + t4 * (2.0 / 19.0));
  return e * LN2_HIGH + (2.0 * s + (s * t * p + e * LN2_LOW));
}

#endif
