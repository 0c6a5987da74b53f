/* SPDX-License-Identifier: BSD-3-Clause */
/* Fitting a mixture by expectation-maximisation (Dempster, Laird, Rubin 1977; Bishop 2006, sec. 9.2) to points that the
 * ranks of a communicator hold together. */
#ifndef GMMPI_FIT_H
#define GMMPI_FIT_H

#include "gmmpi/error.h"
#include "gmmpi/model.h"
#include "gmmpi/observer.h"
#include "gmmpi/options.h"
#include "gmmpi/points.h"

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a fit came to, beside the model. The same on every rank. */
typedef struct gmmpi_summary gmmpi_summary;

GMMPI_API void gmmpi_summary_destroy(gmmpi_summary *summary); /* NULL is fine */

/* Did the mean log-likelihood per point come to change by less than tol? */
GMMPI_API bool gmmpi_summary_converged(const gmmpi_summary *summary);
GMMPI_API int64_t gmmpi_summary_n_samples(const gmmpi_summary *summary);
GMMPI_API int64_t gmmpi_summary_n_iterations(const gmmpi_summary *summary); /* M-steps of the start that won */
/* E-steps over all points, of all starts; one over a subsample counts by its share of the points. */
GMMPI_API double gmmpi_summary_n_passes(const gmmpi_summary *summary);
/* Total, natural logarithm, of the model: the sum over points of log p(x), weighted where they have weights. With the
 * methods vb and dp of expected densities (docs/variational-bayes.md): compare objectives. */
GMMPI_API double gmmpi_summary_log_likelihood(const gmmpi_summary *summary);
/* What the fit has maximised: that, or with the methods map and adapt the log posterior, up to a constant, or with vb
 * and dp a lower bound of the evidence, likewise. */
GMMPI_API double gmmpi_summary_objective(const gmmpi_summary *summary);
/* The sum over points of the logarithm of the largest responsibility; icl = bic - 2 times it (Biernacki, Celeux,
 * Govaert 2000). */
GMMPI_API double gmmpi_summary_sum_log_max_responsibility(const gmmpi_summary *summary);
/* Numbers that the model is free in: weights, means and covariances of the components whose weight is not 0.
 * bic = n_parameters log(n) - 2 log_likelihood, n the number of points or the sum of their weights (Schwarz 1978), aic
 * = 2 n_parameters - 2 log_likelihood. */
GMMPI_API int64_t gmmpi_summary_n_parameters(const gmmpi_summary *summary);
/* What happened on the way that one should know: components that collapsed, covariances that were repaired, spurious
 * models. A sentence for each, index from 0; NULL beyond them. Valid until the summary is destroyed. */
GMMPI_API int64_t gmmpi_summary_n_events(const gmmpi_summary *summary);
GMMPI_API const char *gmmpi_summary_event(const gmmpi_summary *summary, int64_t index);

/* Collective over the points' communicator. Fits a mixture with the options to the points; the threads, the precision
 * and the way of reading are those with which the points were made. observer: NULL, or of this rank (see
 * gmmpi/observer.h; whether there is one may differ from rank to rank). On success every rank holds the same *model,
 * for gmmpi_model_destroy; summary, NULL where nobody wants it, is for gmmpi_summary_destroy.
 *
 * Errors, the same on every rank, with *model and *summary NULL: GMMPI_WRONG_USAGE components are missing, options that
 * contradict each other; GMMPI_BAD_DATA fewer points than components, a start that does not suit, a row that changed
 * while it was streamed (from 1, as error->place); GMMPI_NO_INPUT and GMMPI_INPUT_FAILED a file to start from, or
 * points that are streamed; GMMPI_NO_MEMORY; GMMPI_INTERNAL. And GMMPI_STOPPED, when a rank's observer wanted to stop:
 * then *model is the last one whose log-likelihood was measured on all points, with its *summary, or both are NULL
 * where there was none yet. */
GMMPI_API gmmpi_status gmmpi_fit(const gmmpi_points *points, const gmmpi_options *options,
                                 const gmmpi_observer *observer, gmmpi_model **model, gmmpi_summary **summary,
                                 gmmpi_error *error);

#ifdef __cplusplus
}
#endif

#endif
