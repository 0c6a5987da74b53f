/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/waiting.h"

#include <stdatomic.h>

static _Atomic uint64_t changes; /* odd: waiting */

void waiting_begin(void)
{
  atomic_fetch_add_explicit(&changes, 1, memory_order_relaxed);
}

void waiting_end(void)
{
  atomic_fetch_add_explicit(&changes, 1, memory_order_relaxed);
}

uint64_t waiting_now(void)
{
  const uint64_t now = atomic_load_explicit(&changes, memory_order_relaxed);
  return now % 2 == 1 ? now : 0;
}
