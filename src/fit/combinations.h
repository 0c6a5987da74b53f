/* SPDX-License-Identifier: BSD-3-Clause */
/* Which options make no sense together, and why.
 *
 * To add one: a question of the options and its line in the table of combinations.c. */
#ifndef FIT_COMBINATIONS_H
#define FIT_COMBINATIONS_H

#include "em/options.h"
#include "gmmpi/error.h"

/* Errors: 64 with the reason. */
gmmpi_status combinations_check(const fit_options *options, gmmpi_error *error);

#endif
