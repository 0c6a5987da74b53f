/* SPDX-License-Identifier: BSD-3-Clause */
/* Variational posteriors that come from outside. */
#ifndef MIXTURE_POSTERIOR_ACCEPT_H
#define MIXTURE_POSTERIOR_ACCEPT_H

#include "mixture/arrays.h"

/* Can the arrays of a posterior, which came from outside, be true? label names their origin. Errors: 65. */
gmmpi_status posterior_accept(gmmpi_model *model, const char *label, gmmpi_error *error);

#endif
