/* SPDX-License-Identifier: BSD-3-Clause */
/* The convergence journal, --log FILE.csv: one row per pass over the points, on the disk as soon as it happened.
 *
 *   iteration,log_likelihood,mean_log_likelihood,change,start,seconds
 *
 * Passes over subsamples are not in it. `change` is empty in the first pass of a start; starts count from 0; numbers
 * have 17 digits and so are exact. A restarted job goes on behind the rows that come before its state, without a gap or
 * a repeat. */
#ifndef JOB_JOURNAL_H
#define JOB_JOURNAL_H

#include "em/observer.h"

typedef struct journal journal;

/* A new journal, or, when resume is not NULL, the one that there is, cut to the rows that were there when resume was
 * saved; a last line that was torn is dropped. Devices and pipes ("/dev/stderr") are appended to. path is borrowed.
 * Errors: 73, 71, 74. */
gmmpi_status journal_open(const char *path, const fit_state *resume, journal **result, gmmpi_error *error);

/* One row. The first failure is a warning, and nothing more is written then. */
void journal_add(journal *self, const fit_pass *pass);

void journal_close(journal *self); /* NULL is fine */

#endif
