/* Vectors of doubles for the kernels, with the two functions that the E-step needs. VECTOR_BYTES says how long a vector
 * is.
 *
 * GNU vector extensions: arithmetic is element by element, a comparison gives all ones or all zeros per lane. */
#ifndef EM_VECTOR_MATH_H
#define EM_VECTOR_MATH_H

#include <stdint.h>

enum { LANES = VECTOR_BYTES / 8 };

typedef double vector __attribute__((vector_size(VECTOR_BYTES), may_alias));
typedef int64_t vector_bits __attribute__((vector_size(VECTOR_BYTES), may_alias));

static inline vector vector_of(double value)
{
  return value - (vector){0.0};
}

/* a where the mask's lanes are all ones, b where they are all zeros. */
static inline vector vector_choose(vector_bits mask, vector a, vector b)
{
  return (vector)((mask & (vector_bits)a) | (~mask & (vector_bits)b));
}

static inline vector vector_max(vector a, vector b)
{
  return vector_choose(a > b, a, b);
}

/* ln 2 in two parts; the first has 11 zero bits at its end, so that its product with an exponent is exact. */
#define LN2_HIGH 0x1.62e42fefa3800p-1
#define LN2_LOW  0x1.ef35793c76730p-45

/* exp(x) for x <= 0, within 2 units in the last place; exactly 0 below -708. x = n ln 2 + r with |r| <= ln(2)/2, and
 * Taylor's polynomial of degree 13 for exp(r), whose remainder is below 5e-18. */
static inline vector vector_exp_of_negative(vector x)
{
  const double shift = 0x1.8p52;
  const vector bounded = vector_max(x, vector_of(-708.0));
  const vector shifted = bounded * 0x1.71547652b82fep0 + shift;
  const vector n = shifted - shift;
  const vector r = (bounded - n * LN2_HIGH) - n * LN2_LOW;
  vector p = vector_of(1.0 / 6227020800.0);
  p = p * r + 1.0 / 479001600.0;
  p = p * r + 1.0 / 39916800.0;
  p = p * r + 1.0 / 3628800.0;
  p = p * r + 1.0 / 362880.0;
  p = p * r + 1.0 / 40320.0;
  p = p * r + 1.0 / 5040.0;
  p = p * r + 1.0 / 720.0;
  p = p * r + 1.0 / 120.0;
  p = p * r + 1.0 / 24.0;
  p = p * r + 1.0 / 6.0;
  p = p * r + 0.5;
  p = p * r + 1.0;
  p = p * r + 1.0;
  /* The integer n stands in the low bits of `shifted`: shifting it into the exponent's place multiplies by 2^n. */
  const vector scaled = (vector)((vector_bits)p + ((vector_bits)shifted << 52));
  return vector_choose(x < -708.0, vector_of(0.0), scaled);
}

/* log(x) for normal x > 0, within 2 units in the last place. x = 2^e m with m within sqrt(1/2) ... sqrt(2), and
 * log m = 2 atanh(s), s = (m - 1) / (m + 1), by its series up to s^19. */
static inline vector vector_log(vector x)
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
  vector p = vector_of(2.0 / 19.0);
  p = p * t + 2.0 / 17.0;
  p = p * t + 2.0 / 15.0;
  p = p * t + 2.0 / 13.0;
  p = p * t + 2.0 / 11.0;
  p = p * t + 2.0 / 9.0;
  p = p * t + 2.0 / 7.0;
  p = p * t + 2.0 / 5.0;
  p = p * t + 2.0 / 3.0;
  return e * LN2_HIGH + (2.0 * s + (s * t * p + e * LN2_LOW));
}

#endif
