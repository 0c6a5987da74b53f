/* SPDX-License-Identifier: BSD-3-Clause */
/* The options of a fit, by the names and with the values of `gmmpi fit` on the command line, without the dashes.
 *
 *   gmmpi_options_set(options, "components", "3", &error);
 *   gmmpi_options_set(options, "covariance", "diag", &error);
 *   gmmpi_options_set(options, "coarse-to-fine", "no", &error);      // --no-coarse-to-fine
 *
 * A value is refused, and nothing changes, where the command line would refuse it, with the same message. What a fit
 * reads from files, and how it holds points in memory, belongs to the options too: "init" may name a file to start
 * from, "columns", "missing", "memory-limit" and so on say how gmmpi_points_open reads. Only "components" has no
 * default. Nothing here is collective; all ranks must set the same. */
#ifndef GMMPI_OPTIONS_H
#define GMMPI_OPTIONS_H

#include "gmmpi/error.h"
#include "gmmpi/model.h"

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gmmpi_options gmmpi_options;

/* Options as `gmmpi fit` has them when none is given. Errors: GMMPI_NO_MEMORY. */
GMMPI_API gmmpi_status gmmpi_options_create(gmmpi_options **options, gmmpi_error *error);
GMMPI_API void gmmpi_options_destroy(gmmpi_options *options); /* NULL is fine */

/* Gives an option a value, which is copied; the last one counts. Errors: GMMPI_WRONG_USAGE no such option, or a value
 * that it does not take; GMMPI_NO_MEMORY. */
GMMPI_API gmmpi_status gmmpi_options_set(gmmpi_options *options, const char *name, const char *value,
                                         gmmpi_error *error);

/* Puts the option's value into value, size bytes with the end, as the text that would set it: numbers in full, "" where
 * there is none. "init" is "parameters" or "labels" after the two functions below. Errors: GMMPI_WRONG_USAGE no such
 * option, or more text than size. */
GMMPI_API gmmpi_status gmmpi_options_get(const gmmpi_options *options, const char *name, char *value, size_t size,
                                         gmmpi_error *error);

/* Starts from a model, which is copied, in place of what "init" says. It needs as many components as the fit, and the
 * same covariance; gmmpi_fit sees to that. With "method" "adapt" it is the model that is adapted, in place of "from",
 * and the fit has its components and covariance. Errors: GMMPI_NO_MEMORY. */
GMMPI_API gmmpi_status gmmpi_options_set_start(gmmpi_options *options, const gmmpi_model *model, gmmpi_error *error);

/* Starts from labels, which are copied, in place of what "init" says: the first M-step is from them. labels: n_local,
 * one for each row that this rank gives to gmmpi_points_create; over all ranks as many distinct values as there are
 * components, any integers from -2^53 to 2^53, in ascending order. Errors: GMMPI_WRONG_USAGE n_local below 0;
 * GMMPI_NO_MEMORY. */
GMMPI_API gmmpi_status gmmpi_options_set_labels(gmmpi_options *options, const int64_t *labels, int64_t n_local,
                                                gmmpi_error *error);

/* Whom gmmpi_points_create (and its likes), gmmpi_points_open and gmmpi_fit, which print nothing, tell in one sentence
 * what is doubtful but no error: a reading of a file, weights that do not sum to 1, a disk that failed. report is
 * called, once for each, before they return, whether they succeed or not, in the thread that called them, and on one
 * rank alone, in most cases rank 0; text is valid while it runs. NULL: nobody, which is the default. */
GMMPI_API void gmmpi_options_on_warning(gmmpi_options *options, void (*report)(void *context, const char *text),
                                        void *context);

/* All options there are, for index from 0 to gmmpi_options_count() - 1: the name, and what it does, as in
 * `gmmpi fit --help`. NULL beyond them. */
GMMPI_API int64_t gmmpi_options_count(void);
GMMPI_API const char *gmmpi_options_name(int64_t index);
GMMPI_API const char *gmmpi_options_help(int64_t index);

#ifdef __cplusplus
}
#endif

#endif
