/* SPDX-License-Identifier: BSD-3-Clause */
/* The density form of a variational posterior (mixture/posterior.h). */
#ifndef MIXTURE_POSTERIOR_DENSITY_H
#define MIXTURE_POSTERIOR_DENSITY_H

#include "mixture/density.h"
#include "mixture/model.h"

/* The form whose log densities are expected log weights plus expected log densities. */
void density_from_posterior(density_form *form, const gmmpi_model *model);

#endif
