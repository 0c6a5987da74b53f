/* SPDX-License-Identifier: BSD-3-Clause */
/* The M-steps of the families with one orientation. */
#ifndef MIXTURE_FAMILIES_ORIENTED_H
#define MIXTURE_FAMILIES_ORIENTED_H

#include "mixture/arrays.h"

/* Covariances of one orientation, and of one volume or not; as covariance_family.estimate. */
void estimate_oriented(const component_scatter *scatter, bool equal_volumes, const gmmpi_model *previous,
                       gmmpi_model *next, double *scratch);
int64_t oriented_scratch_numbers(int64_t n_components, int64_t n_features);

#endif
