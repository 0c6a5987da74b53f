/* SPDX-License-Identifier: BSD-3-Clause */
/* The density of some features of a mixture alone: the mixture with the same weights of the components' marginals
 * (Bishop 2006, eqs. 2.92, 2.98; of t distributions, whose degrees of freedom stay, Ding 2016, "On the conditional
 * distribution of the multivariate t distribution", The American Statistician 70, sec. 2).
 *
 * A uniform background whose region is a box along the features has that box of the chosen features. A variational
 * posterior is left out: the result is the marginal of the posterior predictive density, a mixture of t distributions
 * (predictive_model). */
#ifndef APPLY_MARGINAL_H
#define APPLY_MARGINAL_H

#include "mixture/model.h"

/* features: n different ones, whose order the marginal has. label: the model's origin, for messages. Errors: 64 a
 * background's marginal is not known; 65 a covariance that cannot be factorised; 71. */
gmmpi_status model_marginal(const gmmpi_model *model, const int64_t *features, int64_t n, const char *label,
                            gmmpi_model **marginal, gmmpi_error *error);

/* Gives a part of a model with these features of the model's the names, transforms and names of components. Errors: 71.
 */
gmmpi_status part_take_names(gmmpi_model *part, const gmmpi_model *model, const int64_t *features, gmmpi_error *error);

/* The edges of a background's region along the features: lengths (n_features). False when the region is unknown or no
 * box along the features, or has another volume than the background. */
bool background_edges(const gmmpi_model *model, double *lengths);

/* Gives the part, a model with a background, that box of these features, without a weight. Errors: 64; 71. */
gmmpi_status part_take_region(gmmpi_model *part, const gmmpi_model *model, const int64_t *features, const char *label,
                              gmmpi_error *error);

#endif
