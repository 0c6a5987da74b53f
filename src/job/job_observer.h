/* SPDX-License-Identifier: BSD-3-Clause */
/* What the loop tells a job, and asks it. */
#ifndef JOB_JOB_OBSERVER_H
#define JOB_JOB_OBSERVER_H

#include "job/job_parts.h"

/* The observer that does a job's part: it asks for a stop in time, and takes states, passes and events to saver,
 * journal and progress. work is borrowed; its source is set already. */
fit_observer job_make_observer(job *work);

#endif
