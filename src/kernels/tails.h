/* SPDX-License-Identifier: BSD-3-Clause */
/* Part of template.h: log densities of Student's t distributions (mixture/density.h) from distances.
 *
 * Where dense.h and this file have a `tails` it is known at compile time: of normal components nothing of this is left.
 */

/* What a t distribution needs of one component. */
typedef struct component_tail {
  double half;             /* (nu + d)/2 */
  double minus_inverse;    /* -1/nu */
  double nu, inverse_half; /* 2/(nu + d) */
} component_tail;

static component_tail tail_of(const density_form *form, int64_t k)
{
  const double nu = form->dof[k];
  const double half = 0.5 * (nu + (double)form->n_features);
  return (component_tail){.half = half, .minus_inverse = -1.0 / nu, .nu = nu, .inverse_half = 1.0 / half};
}

/* q = 1 + delta / nu: its logarithm, and 1/q. */
typedef struct tail_quotient {
  vector log, inverse;
} tail_quotient;

/* Of q = 1 - x for x <= 0, the logarithm within 3 units in the last place, also where x is tiny; an x below -2^1000
 * counts as that. q is 2^e m with m within sqrt(1/2) ... sqrt(2), as in vector_log; but f = m - 1 = (2^-e - 1) - 2^-e x
 * is made of x, so that nothing is lost by rounding q. Bits less those of sqrt(1/2) have e where exponents are. One
 * division serves f / (f + 2) and 1/m. The polynomial is that of fdlibm's log (Sun Microsystems 1993), whose error is
 * below 2^-58. */
ALWAYS_INLINE tail_quotient quotient_above_1(vector x)
{
  const vector least = vector_max(x, vector_of(-0x1p1000));
  const vector_bits above = (vector_bits)(1.0 - least) - INT64_C(0x3FE6A09E667F3BCD); /* not negative, as q >= 1 */
  const vector inverse_power = (vector)(INT64_C(0x3FF0000000000000) - (above & INT64_C(0x7FF0000000000000)));
  const vector e = (vector)((above >> 52) | INT64_C(0x4330000000000000)) - 0x1p52;
  const vector f = (inverse_power - 1.0) - inverse_power * least;
  const vector m = f + 1.0;
  const vector g = f + 2.0;
  const vector division = 1.0 / (m * g);
  const vector s = f * (m * division);
  const vector t = s * s;
  const vector t2 = t * t;
  const vector low =
      (0x1.5555555555593p-1 + t * 0x1.999999997fa04p-2) + t2 * (0x1.2492494229359p-2 + t * 0x1.c71c51d8e78afp-3);
  const vector high = (0x1.7466496cb03dep-3 + t * 0x1.39a09d078c69fp-3) + t2 * 0x1.2f112df3e5244p-3;
  const vector p = low + (t2 * t2) * high;
  return (tail_quotient){.log = e * LN2_HIGH + (2.0 * s + (s * t * p + e * LN2_LOW)),
                         .inverse = (inverse_power * g) * division};
}

ALWAYS_INLINE vector tails_log_density(const component_tail *tail, double log_constant, vector distance,
                                       vector *inverse)
{
  const tail_quotient quotient = quotient_above_1(tail->minus_inverse * distance);
  if (inverse != NULL) *inverse = quotient.inverse;
  return log_constant - tail->half * quotient.log;
}

/* 2^40 times a lower bound of log2 q, no more than 0.09 below it: the exponent, and between powers of 2 a straight line
 * below the curve, which are the bits of q. It never shrinks as q grows. */
ALWAYS_INLINE vector quotient_bits(const component_tail *tail, vector distance)
{
  const vector q = 1.0 - vector_max(tail->minus_inverse * distance, vector_of(-0x1p1000));
  return (vector)(((vector_bits)q >> 12) | INT64_C(0x4330000000000000)) - (0x1p52 + 0x1p40 * 1023.0);
}

/* What quotient_bits is at most where a component may count, see farthest_that_counts. It is a little too large. */
ALWAYS_INLINE vector farthest_in_tails(const component_tail *tail, double log_constant, vector best)
{
  const vector least = best - SHARE_RANGE;
  const vector size = vector_max(least, -least) + __builtin_fabs(log_constant);
  const vector room = (log_constant - least) + 0x1p-48 * size;
  return (0x1.71547652b82fep0 * 0x1p40 * tail->inverse_half) * room + 2.0;
}

/* A log density for guesses alone: it is too large, by up to 0.06 (nu + d)/2. */
ALWAYS_INLINE vector guessed_in_tails(const component_tail *tail, double log_constant, vector distance)
{
  return log_constant - (tail->half * 0x1.62e42fefa39efp-41) * quotient_bits(tail, distance);
}
