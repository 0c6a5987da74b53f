/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/helper_thread.h"

#include "support/warnings.h"

#include <signal.h>
#include <stdlib.h>

enum { STACK_BYTES = 1 << 20 };

typedef struct beginning {
  void *(*run)(void *);
  void *context;
  warning_list *warnings;
} beginning;

static void *begin(void *argument)
{
  const beginning work = *(beginning *)argument;
  free(argument);
  warnings_collect(work.warnings);
  return work.run(work.context);
}

bool helper_thread_start(pthread_t *thread, void *(*run)(void *), void *context)
{
  pthread_attr_t attributes;
  beginning *argument = malloc(sizeof *argument);
  if (argument == NULL || pthread_attr_init(&attributes) != 0) {
    free(argument);
    return false;
  }
  *argument = (beginning){run, context, warnings_collected()};
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_attr_setstacksize(&attributes, STACK_BYTES);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const bool runs = pthread_create(thread, &attributes, begin, argument) == 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  if (!runs) free(argument);
  return runs;
}
