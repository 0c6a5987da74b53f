/* SPDX-License-Identifier: BSD-3-Clause */
/* How a model was fitted, from what its file notes of that (fit_options_note_model), for those who fit it again. */
#ifndef FIT_MODEL_OPTIONS_H
#define FIT_MODEL_OPTIONS_H

#include "em/options.h"

#include <jansson.h>

/* The options of a fit that begins at the model: its size, family and parts; of the facts, which are borrowed as long
 * as the options are used (NULL: there are none), method, priors, ridge, tolerance, iterations, acceleration, and what
 * is known of degrees of freedom; the volume of its background. All else, and what the facts do not say, is as by
 * default. label names the model in messages. Errors: 65 a fact that is no value of its option. */
gmmpi_status fit_options_of_model(const gmmpi_model *model, const json_t *facts, const char *label,
                                  fit_options *options, gmmpi_error *error);

#endif
