/* SPDX-License-Identifier: BSD-3-Clause */
/* Whom a fit tells how it goes, and asks whether to stop.
 *
 * Its functions are called on every rank, in the thread that called gmmpi_fit. They must not use the communicator of
 * the points in a way that is not the same on every rank, nor change the points or the options. */
#ifndef GMMPI_OBSERVER_H
#define GMMPI_OBSERVER_H

#include "gmmpi/error.h"

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What one pass over the points found; valid while the function that it is given to runs. The same on every rank, but
 * for the seconds. */
typedef struct gmmpi_progress gmmpi_progress;

GMMPI_API int64_t gmmpi_progress_start(const gmmpi_progress *progress);     /* which of n-init starts, from 0 */
GMMPI_API int64_t gmmpi_progress_iteration(const gmmpi_progress *progress); /* M-steps done before, on this level */
/* 0: all points; 1: the finest nested subsample of them, and so on. Iterations on subsamples come first. */
GMMPI_API int64_t gmmpi_progress_level(const gmmpi_progress *progress);
GMMPI_API int64_t gmmpi_progress_n_samples(const gmmpi_progress *progress);     /* points on this level */
GMMPI_API double gmmpi_progress_log_likelihood(const gmmpi_progress *progress); /* total, natural logarithm */
/* Of the mean log-likelihood per point since the iteration before; NaN in the first one. */
GMMPI_API double gmmpi_progress_change(const gmmpi_progress *progress);
GMMPI_API double gmmpi_progress_seconds(const gmmpi_progress *progress); /* of the pass and the M-step before it */

typedef struct gmmpi_observer gmmpi_observer;

/* An observer that does nothing yet. Errors: GMMPI_NO_MEMORY. */
GMMPI_API gmmpi_status gmmpi_observer_create(gmmpi_observer **observer, gmmpi_error *error);
GMMPI_API void gmmpi_observer_destroy(gmmpi_observer *observer); /* NULL is fine */

/* Calls report(context, progress) on every rank after each pass; not while a start is looked for. NULL: not at all. */
GMMPI_API void gmmpi_observer_on_progress(gmmpi_observer *observer,
                                          void (*report)(void *context, const gmmpi_progress *progress), void *context);

/* Asks wants_stop(context) on every rank in each pass, just before the ranks' sums are added up; also while a start is
 * looked for. When it is true on any rank all stop after that pass, and gmmpi_fit returns GMMPI_STOPPED. NULL: nobody
 * is asked. */
GMMPI_API void gmmpi_observer_on_question(gmmpi_observer *observer, bool (*wants_stop)(void *context), void *context);

/* Asks no more than once in so many seconds, for questions that cost more than a pass over few points. The first pass
 * always asks. 0, as an observer begins: in each pass. */
GMMPI_API void gmmpi_observer_ask_every(gmmpi_observer *observer, double seconds);

#ifdef __cplusplus
}
#endif

#endif
