/* SPDX-License-Identifier: BSD-3-Clause */
/* The digamma function: the derivative of log gamma. */
#ifndef SUPPORT_DIGAMMA_H
#define SUPPORT_DIGAMMA_H

/* Of x > 0, to a few units of the last digit of the larger of it and 1. By the recurrence psi(x) = psi(x + 1) - 1/x and
 * the asymptotic series (Abramowitz, Stegun 1972, eqs. 6.3.5 and 6.3.18). */
double digamma(double x);

#endif
