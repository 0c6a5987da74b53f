/* SPDX-License-Identifier: BSD-3-Clause */
/* Notices when this rank waits for the others as if for ever.
 *
 * Where only the network between the ranks is lost, neither MPI nor its launcher ends the job: the ranks wait in a
 * collective until somebody kills them. A helper thread looks once in a while whether the main thread still is in the
 * same wait (support/waiting.h). It counts its looks, not the clock, so that time for which a job was suspended does
 * not count. */
#ifndef JOB_WATCHDOG_H
#define JOB_WATCHDOG_H

#include "gmmpi/error.h"

typedef struct watchdog watchdog;

/* Calls stalled(context), in the helper thread, when a wait has lasted for so many seconds, and ten times as long as
 * the longest one before it that ended. Errors: 71. */
gmmpi_status watchdog_create(double seconds, void (*stalled)(void *context), void *context, watchdog **result,
                             gmmpi_error *error);
void watchdog_destroy(watchdog *self); /* NULL is fine */

#endif
