/* SPDX-License-Identifier: BSD-3-Clause */
/* The public summary of a fit. */
#ifndef FIT_API_SUMMARY_H
#define FIT_API_SUMMARY_H

#include "fit/fit.h"
#include "gmmpi/fit.h"

/* What gmmpi_summary_* say of a result with a model. Errors: 71. */
gmmpi_status summary_create(const shard *points, const fit_options *options, const fit_result *result,
                            gmmpi_summary **summary, gmmpi_error *error);

#endif
