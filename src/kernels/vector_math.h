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

/* exp(x) for -700 <= x <= 0, within 2 units in the last place and 4e-17 |x|; any bits for other x. (ln 2 is a double
 * here, which is wrong by 2.3e-17. x is the difference of numbers that rounding made wrong by about as much.) x = n ln
 * 2 + r with |r| <= ln(2)/2, and exp(r) = 1 + r + r^2 q(r), where the polynomial q of degree 9 interpolates at
 * Chebyshev's points; its error is below 2e-17. Its terms are added in a tree (Estrin's scheme), since a long chain of
 * operations, each waiting for the one before, takes twice the time. */
ALWAYS_INLINE vector vector_exp_of_negative(vector x)
{
  const double shift = 0x1.8p52;
  const vector shifted = x * 0x1.71547652b82fep0 + shift;
  const vector n = shifted - shift;
  const vector r = x - n * 0x1.62e42fefa39efp-1;
  const vector r2 = r * r;
  const vector r4 = r2 * r2;
  const vector low =
      (0x1.5555555555556p-3 * r + 0x1.0000000000001p-1) + r2 * (0x1.11111111109b3p-7 * r + 0x1.5555555553d63p-5);
  const vector middle =
      (0x1.a01a01a7c41d5p-13 * r + 0x1.6c16c1788bd90p-10) + r2 * (0x1.71de0dae63bb3p-19 * r + 0x1.a019b90d2ae7ap-16);
  const vector high = 0x1.af38a9b0ec855p-26 * r + 0x1.289185613a3d6p-22;
  const vector q = low + r4 * (middle + r4 * high);
  const vector p = 1.0 + (r + r2 * q);
  /* The integer n stands in the low bits of `shifted`: shifting it into the exponent's place multiplies by 2^n. */
  return (vector)((vector_words)p + ((vector_words)shifted << 52));
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
