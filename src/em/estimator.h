/* SPDX-License-Identifier: BSD-3-Clause */
/* Estimators: what a fit maximises, and how the next model is estimated from what the points said.
 *
 * EM with any of them is the same loop: a pass under the model's density form, moments, the estimator's moments of the
 * posterior, the family's M-step. What may not fall from one textbook step to the next is the estimator's objective.
 *
 *   ml   maximum likelihood: the objective is the log-likelihood (Dempster, Laird, Rubin 1977)
 *
 * To add one: a file with an estimator of which every member may be NULL but the name, and its name below. As long as
 * there is one estimator no option picks it: with the second one comes an option (fit/options.h), which iteration.c
 * looks up where it takes estimator_ml now. Numbers that are kept beside the model's own are arrays of the model
 * (mixture/arrays.h). */
#ifndef EM_ESTIMATOR_H
#define EM_ESTIMATOR_H

#include "mixture/density.h"
#include "mixture/model.h"
#include "passes/moments.h"

/* NULL members: as maximum likelihood has it. */
typedef struct estimator {
  const char *name;
  /* What may not fall, from the model that was measured and the log-likelihood of all points. */
  double (*objective)(const gmmpi_model *model, double log_likelihood);
  /* The moments that the M-step takes, from those of the points; both of the same shape. */
  void (*posterior)(const gmmpi_model *model, const moments *from, moments *total);
  /* The density form of the E-step: expected log densities instead of log densities, for instance. */
  void (*form)(density_form *form, const gmmpi_model *model);
} estimator;

extern const estimator estimator_ml;

double estimator_objective(const estimator *how, const gmmpi_model *model, double log_likelihood);
void estimator_form(const estimator *how, density_form *form, const gmmpi_model *model);

/* The moments that the M-step takes: `from` as they are, or what the estimator makes of them, in total. */
const moments *estimator_posterior(const estimator *how, const gmmpi_model *model, const moments *from, moments *total);

#endif
