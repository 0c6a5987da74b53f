/* SPDX-License-Identifier: BSD-3-Clause */
/* Threads beside the one that computes: small, and deaf to signals, which are for the threads that were there before.
 * Their warnings go where those of the thread that starts them do. */
#ifndef SUPPORT_HELPER_THREAD_H
#define SUPPORT_HELPER_THREAD_H

#include <pthread.h>
#include <stdbool.h>

/* False when no thread can be started. To be joined. */
bool helper_thread_start(pthread_t *thread, void *(*run)(void *), void *context);

#endif
