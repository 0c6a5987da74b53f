/* SPDX-License-Identifier: BSD-3-Clause */
/* What rank 0 says on standard error while a command runs, and when it is asked (SIGUSR2).
 *
 * On a terminal one live line with a bar, from half a second on, rewritten at most ten times a second; elsewhere plain
 * lines: one after a second, the next ones 2, 4, ... and at last 60 seconds after the one before; when verbose, of a
 * fit, a line for each pass; when quiet none. A line says what is being done, how far it is, and how long it will take,
 * where that can be known (job/time_left.h), and how long the job may still run.
 *
 * What is done is heard in three ways: rooms tell of it (support/activity.h: reading, looking for a start, writing);
 * the loop of a fit has an observer, whose passes come here; and commands count what they have many of (groups,
 * replicates).
 *
 * All functions are for rank 0; on other ranks, and of NULL or what was not opened, they do nothing. */
#ifndef JOB_PROGRESS_H
#define JOB_PROGRESS_H

#include "job/progress_state.h"

/* limit is borrowed, NULL for none. reporter must stay where it is. */
void progress_open(progress *reporter, int rank, int verbosity, const time_limit *limit);

/* Takes the live line away; nothing is said from now on. Before results are printed. */
void progress_close(progress *reporter);

/* Something new begins. object: see activity. */
void progress_begin(progress *reporter, const char *doing, const char *object);

/* Fits begin. seconds_read: what was spent on reading the points. */
void progress_begin_fits(progress *reporter, const progress_plan *plan, double seconds_read);

/* A pass of a fit. */
void progress_pass(progress *reporter, const fit_pass *pass);

/* How many of all starts and folds have not ended. */
void progress_state(progress *reporter, const fit_state *state);

/* So many of n_in_all are done, of "groups". remark: "", or "3 failed". */
void progress_parts(progress *reporter, const char *of_what, int64_t n_done, int64_t n_in_all, const char *remark);

/* A line of its own, unless quiet. */
void progress_note(progress *reporter, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Takes the live line away, to be called before anything is printed other than by warn(). */
void progress_clear(progress *reporter);

#endif
