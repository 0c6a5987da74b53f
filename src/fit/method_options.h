/* SPDX-License-Identifier: BSD-3-Clause */
/* The options of methods (fit_options.method): how those that are parsed are read and printed. */
#ifndef FIT_METHOD_OPTIONS_H
#define FIT_METHOD_OPTIONS_H

#include "em/options.h"
#include "support/option.h"

/* Members parse and print of option records. Values: const char * that points to the text (mean, scale), double
 * (0: auto), int (adapted_parameters). Errors: 64. */
gmmpi_status parse_prior_mean(const option_record *option, const char *text, void *value, gmmpi_error *error);
gmmpi_status parse_prior_scale(const option_record *option, const char *text, void *value, gmmpi_error *error);
void print_prior_text(const option_record *option, const void *value, char *text, size_t size);
gmmpi_status parse_prior_dof(const option_record *option, const char *text, void *value, gmmpi_error *error);
void print_prior_dof(const option_record *option, const void *value, char *text, size_t size);
gmmpi_status parse_adapt(const option_record *option, const char *text, void *value, gmmpi_error *error);
void print_adapt(const option_record *option, const void *value, char *text, size_t size);

/* Do the options of an adaptation go together? starts_elsewhere: --init was given. Errors: 64. */
gmmpi_status adaptation_check(const fit_options *options, bool starts_elsewhere, gmmpi_error *error);

#endif
