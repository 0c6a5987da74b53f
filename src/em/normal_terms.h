/* SPDX-License-Identifier: BSD-3-Clause */
/* The terms of a normal-inverse-Wishart log density that depend on the parameters of a component:
 *
 *   -(n/2) log det covariance - 1/2 trace(scale covariance^-1) - (shrinkage/2) (mean - m)^T covariance^-1 (mean - m)
 *
 * (Gelman et al., Bayesian Data Analysis, 3rd ed., sec. 3.6). All take the component's factor, which is to be that of
 * its covariance. */
#ifndef EM_NORMAL_TERMS_H
#define EM_NORMAL_TERMS_H

#include "mixture/model.h"

/* log det of the covariance of component k. */
double component_log_determinant(const gmmpi_model *model, int64_t k);

/* (mean_k - mean)^T covariance^-1 (mean_k - mean); mean: d. */
double component_distance(const gmmpi_model *model, int64_t k, const double *mean);

/* trace(scale covariance^-1); scale: covariance_length numbers in the shape of the family's storage. */
double component_trace(const gmmpi_model *model, int64_t k, const double *scale);

#endif
