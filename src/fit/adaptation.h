/* SPDX-License-Identifier: BSD-3-Clause */
/* What follows from METHOD_ADAPT for the other options: some of them are the adapted model's. */
#ifndef FIT_ADAPTATION_H
#define FIT_ADAPTATION_H

#include "em/options.h"
#include "gmmpi/error.h"

/* given: bit i for the i-th record of the table of options (fit/options.h). */

/* What follows from the method, once the options are checked: adaptation makes one iteration unless more are asked for,
 * and always from all points. */
void fit_options_settle(fit_options *options, uint64_t given);

/* When the model that is adapted is there: number of components and covariances are its own. Of other methods nothing.
 * Errors: 64 others were given; 65 its components are not normal distributions. */
gmmpi_status fit_options_take_model(fit_options *options, uint64_t given, const gmmpi_model *model, gmmpi_error *error);

#endif
