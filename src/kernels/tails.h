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

/* log(1 - x) for x <= 0, within 3 units in the last place, also where x is tiny; an x below -2^1000 counts as that.
 * q = 1 - x is 2^e m with m within sqrt(1/2) ... sqrt(2), as in vector_log; what rounding took away from q is added to
 * m - 1. The polynomial is that of fdlibm's log (Sun Microsystems 1993), whose error is below 2^-58. */
ALWAYS_INLINE vector vector_log_above_1(vector x)
{
  const vector least = vector_max(x, vector_of(-0x1p1000));
  const vector q = 1.0 - least;
  const vector lost = (1.0 - q) - least;
  const vector_bits bits = (vector_bits)q;
  const vector_bits above = (bits & INT64_C(0x000FFFFFFFFFFFFF)) > INT64_C(0x6A09E667F3BCC);
  const vector_bits exponent = (bits >> 52) - above; /* q is positive */
  const vector m = (vector)(bits - ((exponent - 1023) << 52));
  const vector inverse_power = (vector)((2046 - exponent) << 52);
  const vector e = (vector)(exponent | INT64_C(0x4330000000000000)) - (0x1p52 + 1023.0);
  const vector f = (m - 1.0) + lost * inverse_power;
  const vector s = f / (f + 2.0);
  const vector t = s * s;
  const vector t2 = t * t;
  const vector low =
      (0x1.5555555555593p-1 + t * 0x1.999999997fa04p-2) + t2 * (0x1.2492494229359p-2 + t * 0x1.c71c51d8e78afp-3);
  const vector high = (0x1.7466496cb03dep-3 + t * 0x1.39a09d078c69fp-3) + t2 * 0x1.2f112df3e5244p-3;
  const vector p = low + (t2 * t2) * high;
  return e * LN2_HIGH + (2.0 * s + (s * t * p + e * LN2_LOW));
}

ALWAYS_INLINE vector tails_log_density(const component_tail *tail, double log_constant, vector distance)
{
  return log_constant - tail->half * vector_log_above_1(tail->minus_inverse * distance);
}

/* The distance up to which a component may count, see farthest_that_counts: 1 + distance / nu is at most
 * exp(room / half), where room is how far below its log constant the least log density that counts is. It is a little
 * too large. */
ALWAYS_INLINE vector farthest_in_tails(const component_tail *tail, double log_constant, vector best)
{
  const vector least = best - SHARE_RANGE;
  const vector size = vector_max(least, -least) + __builtin_fabs(log_constant);
  const vector room = (log_constant - least) + 0x1p-48 * size;
  const vector logarithm = -vector_max(-tail->inverse_half * room, vector_of(-690.0)); /* of 1 + distance / nu */
  const vector reach =
      tail->nu *
      (0x1p-40 + (1.0 / vector_exp_of_negative(-vector_max(logarithm, vector_of(0.0))) - 1.0) * (1.0 + 0x1p-40));
  return vector_choose(logarithm < 0.0, vector_of(-1.0), reach);
}
