/* SPDX-License-Identifier: BSD-3-Clause */
/* Estimators: what a fit maximises, and how the next model is estimated from what the points said.
 *
 * EM with any of them is the same loop: a pass under the model's density form, moments, the estimator's moments of the
 * posterior, the family's M-step. What may not fall from one textbook step to the next is the estimator's objective.
 *
 *   ml     maximum likelihood: the objective is the log-likelihood (Dempster, Laird, Rubin 1977)
 *
 *   map    the mode of the posterior under a conjugate prior (em/map.h)
 *   adapt  parameters between those of a model and the points' (em/adapt.h)
 *   vb     a variational posterior, with a Dirichlet distribution of weights, and
 *   dp     with weights by stick-breaking: the objective is the lower bound of the evidence (em/bayes.c)
 *
 * To add one: a file with an estimator of which every member may be NULL, its name below, a value of
 * fit_method (em/options.h), a line in estimator_of, and what it needs to know before in em/prior.h. Numbers that are
 * kept beside the model's own are arrays of the model (mixture/arrays.h). */
#ifndef EM_ESTIMATOR_H
#define EM_ESTIMATOR_H

#include "em/prior.h"
#include "mixture/density.h"
#include "mixture/model.h"
#include "passes/moments.h"

/* NULL members: as maximum likelihood has it. */
typedef struct estimator {
  const char *objective_name; /* where passes find no log-likelihood: "lower bound" */
  bool empty_is_sound;        /* a component that no point belongs to has an estimate all the same: it is no collapse */
  bool adds_ridge;            /* posterior has added --reg-covar: the M-step adds nothing */
  /* What may not fall, from the model that was measured and the log-likelihood of all points under its form. */
  double (*objective)(const prior *before, const gmmpi_model *model, double log_likelihood);
  /* The moments that the M-step takes, from those of the points, of the same shape; with divisors of its own. ridge: d,
   * for those who add it. */
  void (*posterior)(const prior *before, const double *ridge, const gmmpi_model *previous, const moments *from,
                    moments *total);
  /* After the family's M-step, which has set weights from counts, means, covariances and factors: the model's other
   * arrays, and what else differs. from: of the points. */
  void (*complete)(const prior *before, const moments *from, const gmmpi_model *previous, gmmpi_model *next);
  /* The density form of the E-step: expected log densities instead of log densities, for instance. */
  void (*form)(density_form *form, const gmmpi_model *model);
  /* Before the first pass over a model that came from elsewhere. */
  void (*adopt)(const prior *before, gmmpi_model *model);
  /* After a textbook step from previous, whose pass found these moments and this log-likelihood, to next. */
  void (*note_step)(const prior *before, const gmmpi_model *previous, const moments *from, double log_likelihood,
                    gmmpi_model *next);
} estimator;

extern const estimator estimator_ml, estimator_map, estimator_bayes, estimator_adapt;

/* That of the options' method. */
const estimator *estimator_of(const fit_options *options);

double estimator_objective(const estimator *how, const prior *before, const gmmpi_model *model, double log_likelihood);
void estimator_form(const estimator *how, density_form *form, const gmmpi_model *model);

#endif
