/* SPDX-License-Identifier: BSD-3-Clause */
/* Threads of one rank (OpenMP). Only what does not depend on the order of work may be shared among them: integers that
 * are added up, largest values, places of their own. */
#ifndef SUPPORT_THREADS_H
#define SUPPORT_THREADS_H

#include <stdbool.h>

#ifdef _OPENMP
#include <omp.h>
#endif

/* Can a rank have more threads than one in this build? */
bool threads_are_available(void);

/* How many processor cores this process is allowed to use, and how many the machine has. */
int threads_allowed_cores(void);
int threads_machine_cores(void);

/* Inside a parallel region: the number of the thread that asks, from 0. */
static inline int thread_number(void)
{
#ifdef _OPENMP
  return omp_get_thread_num();
#else
  return 0;
#endif
}

#endif
