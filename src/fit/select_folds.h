/* SPDX-License-Identifier: BSD-3-Clause */
/* Cross-validation of the candidates of a selection: each is fitted without the rows of a fold, all of them in the same
 * passes, and then asked how likely those rows are. */
#ifndef FIT_SELECT_FOLDS_H
#define FIT_SELECT_FOLDS_H

#include "fit/batch.h"
#include "fit/selection.h"

/* Collective. For a batch whose starts are folds: from where their climbers stand, which is the best model of the
 * candidate where they have not begun; leaves what is found in state->held_out. Errors, agreed: those of fit_run. */
gmmpi_status run_folds(fit_batch *batch, const selection *what, gmmpi_error *error);

/* The mean of n folds, and its standard error; NaN where one of them is not known. */
double mean_of_folds(const double *held_out, int64_t n, double *standard_error);

#endif
