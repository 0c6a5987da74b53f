/* SPDX-License-Identifier: BSD-3-Clause */
/* What a line of progress says: for the files of job/progress* only. */
#ifndef JOB_PROGRESS_TEXT_H
#define JOB_PROGRESS_TEXT_H

#include "job/progress_line.h"
#include "job/progress_state.h"

/* Starts and folds of all candidates. */
int64_t progress_n_fits(const progress *reporter);

/* What is being done, and how far it is. */
progress_line progress_text(const progress *reporter);

/* A pass, for answers and for who wants a line for each. in_full: also what goes without saying. */
void progress_describe_pass(const progress *reporter, const fit_pass *pass, bool in_full, char whole[LINE_BYTES]);

#endif
