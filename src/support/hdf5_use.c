/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/hdf5_use.h"

#include <hdf5.h>
#include <pthread.h>

static pthread_mutex_t in_use = PTHREAD_MUTEX_INITIALIZER;
static _Thread_local int depth; /* of this thread's begins; 0: it does not have the lock */

/* How errors were reported before, under the lock. */
static H5E_auto2_t report;
static void *report_context;

/* A process that was forked has one thread, and nobody else to give the lock back. */
static void free_in_child(void)
{
  if (depth == 0) pthread_mutex_init(&in_use, NULL);
}

static void watch_forks(void)
{
  pthread_atfork(NULL, NULL, free_in_child);
}

static void take(void)
{
  static pthread_once_t is_watching = PTHREAD_ONCE_INIT;
  pthread_once(&is_watching, watch_forks);
  pthread_mutex_lock(&in_use);
  H5Eget_auto2(H5E_DEFAULT, &report, &report_context);
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

static void leave(void)
{
  H5Eset_auto2(H5E_DEFAULT, report, report_context);
  pthread_mutex_unlock(&in_use);
}

void hdf5_use_begin(void)
{
  if (depth++ == 0) take();
}

void hdf5_use_end(void)
{
  if (--depth == 0) leave();
}

int hdf5_use_pause(void)
{
  const int before = depth;
  depth = 0;
  if (before > 0) leave();
  return before;
}

void hdf5_use_resume(int before)
{
  if (before > 0) take();
  depth = before;
}
