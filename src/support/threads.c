/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/threads.h"

#include <sched.h>
#include <unistd.h>

bool threads_are_available(void)
{
#ifdef _OPENMP
  return true;
#else
  return false;
#endif
}

int threads_machine_cores(void)
{
  const long cores = sysconf(_SC_NPROCESSORS_ONLN);
  return cores > 0 ? (int)cores : 1;
}

int threads_allowed_cores(void)
{
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return threads_machine_cores(); /* more cores than fit into a set */
  return CPU_COUNT(&set);
}
