/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/joint_work.h"

#include "support/signals.h"
#include "support/waiting.h"

int joint_signal(void *context)
{
  (void)context;
  return signals_received();
}

static void tell(joint_work *work, bool failed, bool is_at_work)
{
  work->told[0] = failed ? JOINT_FAILURE : work->reason(work->context);
  work->told[1] = is_at_work;
  MPI_Iallreduce(work->told, work->heard, 2, MPI_INT, MPI_MAX, work->comm, &work->request);
}

/* Is that the end? Then no rank tells any more. */
static bool hear(joint_work *work)
{
  work->is_over = work->heard[0] != 0 || !work->heard[1];
  return work->is_over;
}

void joint_work_begin(MPI_Comm comm, stop_reason *reason, void *context, joint_work *work)
{
  *work = (joint_work){.comm = comm, .reason = reason, .context = context};
  tell(work, false, true);
}

bool joint_work_goes_on(joint_work *work)
{
  int is_heard = 0;
  if (!work->is_over) MPI_Test(&work->request, &is_heard, MPI_STATUS_IGNORE);
  if (is_heard && !hear(work)) tell(work, false, true);
  return !work->is_over;
}

int joint_work_end(joint_work *work, bool failed)
{
  while (!work->is_over) {
    waiting_begin();
    MPI_Wait(&work->request, MPI_STATUS_IGNORE);
    waiting_end();
    if (!hear(work)) tell(work, failed, false);
  }
  return work->heard[1] ? work->heard[0] : 0;
}
