/* SPDX-License-Identifier: BSD-3-Clause */
/* The names of drafts, under which outputs are written before they are whole: beside the output,
 * MACHINE-PID-START.OUT.partial.
 *
 * Each job has its own, so that two that write the same output do not write into one another; the last one to finish
 * has its file there. A job that was killed cannot remove its drafts: the next one that is to write the same output
 * does. */
#ifndef SUPPORT_DRAFT_H
#define SUPPORT_DRAFT_H

#include <mpi.h>

/* Collective: from now on all ranks of comm have the names of its first one. Else each process has its own. */
void draft_share_names(MPI_Comm comm);

/* The draft of the file `path`, which is no link. The caller frees; NULL when there is no memory. */
char *draft_name(const char *path);

/* Removes what jobs left that are no more: those of this machine that are dead, and drafts of other machines that have
 * not been touched for a day. */
void draft_sweep(const char *path);

#endif
