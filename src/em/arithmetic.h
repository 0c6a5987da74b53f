/* SPDX-License-Identifier: BSD-3-Clause */
/* --arithmetic mixed: which passes of a fit are made in single precision (kernels/single.h).
 *
 * While a fit is far from its optimum, a pass in single precision leads as near to the next model as one in double. An
 * ascent (em/ascent.h) begins in single precision and goes over to double, for good, when what the objective gains is
 * no more than the tolerance or what single precision loses of it; whether a fit on all points has converged is judged
 * in double alone. So its end is that of a fit in double, whatever led there. Each decision follows from the options,
 * the ranges of the points, the model and what the climber remembers: all ranks find the same, at any number of ranks,
 * and after a restart. */
#ifndef EM_ARITHMETIC_H
#define EM_ARITHMETIC_H

#include "em/options.h"
#include "passes/data_spread.h"

/* May passes be made in single precision, and if not, why? */
typedef enum single_verdict {
  SINGLE_SUITS,
  SINGLE_NOT_ASKED,
  /* Never in this fit: */
  SINGLE_HAS_TAILS,  /* t distributions */
  SINGLE_IS_SHARED,  /* covariances with something in common have faster ways of their own */
  SINGLE_HAS_LABELS, /* rows of known components */
  SINGLE_FEW_FEATURES,
  SINGLE_WEIGHTS,    /* rows' weights have extreme sizes */
  SINGLE_FAR_POINTS, /* points are too many standard deviations from the mixture's mean */
  /* With this model: */
  SINGLE_FAR_MEANS, /* so are means, in their components' standard deviations */
  SINGLE_CONDITION, /* a covariance is too nearly singular */
  SINGLE_SIZES      /* variances are too large or too small for single precision */
} single_verdict;

/* By options and points alone. */
single_verdict single_verdict_of_fit(const fit_options *options, const shard *points);

/* The same with this model, too. spread: of the points. origin: d, receives the mixture's mean. *noise receives
 * what single precision may change of the mean objective from one pass to the next one at an optimum; *value the number
 * that is too large. */
single_verdict single_verdict_of_model(const gmmpi_model *model, const shard *points, const data_spread *spread,
                                       double *origin, double *noise, double *value);

/* What the last pass in single precision says of how near the optimum is. */
typedef struct single_progress {
  double tolerance;       /* of the change of the mean objective */
  double noise;           /* see single_verdict_of_model */
  double change;          /* of the mean objective, NaN in the first pass */
  double residual;        /* accelerator_residual, infinite where nothing is accelerated */
  double residual_before; /* accelerator_residual_before */
} single_progress;

/* Is there nothing more that passes in single precision could bring? */
bool single_has_done(const single_progress *progress);

#endif
