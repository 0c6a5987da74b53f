/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/helper_thread.h"

#include <signal.h>

enum { STACK_BYTES = 1 << 20 };

bool helper_thread_start(pthread_t *thread, void *(*run)(void *), void *context)
{
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return false;
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_attr_setstacksize(&attributes, STACK_BYTES);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const bool runs = pthread_create(thread, &attributes, run, context) == 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  return runs;
}
