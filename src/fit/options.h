/* SPDX-License-Identifier: BSD-3-Clause */
/* The options of a fit: one table gives each its name, range, default and help text, and says where its value is noted.
 * From it come the defaults, what `gmmpi fit` and gmmpi_options_set accept and how they refuse, the help text, the
 * identity of checkpoints and the attributes of model files.
 *
 * To add one:
 *   - a member of fit_options (em/options.h), for what uses it;
 *   - a record at the end of the table in fit/options.c;
 *   - a word about it in docs/fit.md (cli.test_docs asks for it).
 * One that affects numbers says .affects_numbers and .in_model, and .if_changed, so that the checkpoints and models of
 * fits without it stay what they are. */
#ifndef FIT_OPTIONS_H
#define FIT_OPTIONS_H

#include "em/options.h"
#include "support/option.h"

/* Of members of fit_options: n_fit_options records, 64 at most, in the order in which model files note them. */
extern const option_record fit_option_table[];
extern const int n_fit_options;

/* What `gmmpi fit` does when no option is given, for n_components components. */
fit_options fit_defaults(int64_t n_components);

/* Do the options go together? given: bit i for the i-th record of the table. Errors: 64. */
gmmpi_status fit_options_check(const fit_options *options, uint64_t given, gmmpi_error *error);

/* Notes the options' values in an object: those of the records first <= i < end that have an effect and, by the names a
 * user types ("--reg-covar"), affect numbers; or, by their names as attributes ("reg_covar"), stand in model files.
 * False where there is no memory. */
bool fit_options_note_identity(const fit_options *options, json_t *object);
bool fit_options_note_model(const fit_options *options, int first, int end, json_t *object);

#endif
