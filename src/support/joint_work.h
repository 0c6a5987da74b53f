/* SPDX-License-Identifier: BSD-3-Clause */
/* Ranks that work side by side, each at its own pace, and stop together.
 *
 * Small nonblocking Allreduces follow one another; what each of them brings is the same on all ranks: a reason to stop
 * that some rank has, and whether somebody is still at work. So nobody works on for long when another rank got a signal
 * or failed, and nobody waits for those that take longer. From begin to end ranks may send each other messages on comm,
 * but must not call its collective operations. */
#ifndef SUPPORT_JOINT_WORK_H
#define SUPPORT_JOINT_WORK_H

#include <mpi.h>
#include <stdbool.h>

/* A positive number when this rank wants all to stop, 0 when not. */
typedef int stop_reason(void *context);

typedef struct joint_work {
  MPI_Comm comm;
  stop_reason *reason;
  void *context;
  int told[2], heard[2]; /* a reason, and whether there is work to do; of this rank, and the largest of all */
  MPI_Request request;
  bool is_over;
} joint_work;

/* The reason that goes before all others: a rank failed. */
enum { JOINT_FAILURE = 1 << 30 };

/* A stop_reason: the number of the signal that this rank got. */
stop_reason joint_signal;

/* Collective over comm, which is borrowed. reason is asked from time to time until the end. */
void joint_work_begin(MPI_Comm comm, stop_reason *reason, void *context, joint_work *work);

/* To be asked often: does the work go on? */
bool joint_work_goes_on(joint_work *work);

/* Collective, to be called by every rank when it is done, or has failed, or does not go on: waits until that is so
 * everywhere. failed: the others need not go on. The same on all ranks: 0 when nobody was kept from being done, else
 * the largest reason to stop. */
int joint_work_end(joint_work *work, bool failed);

#endif
