/* SPDX-License-Identifier: BSD-3-Clause */
/* Who started this process, as the environment tells: mpirun, srun, PALS ..., or nobody, so that it is alone.
 *
 * A launcher and an MPI library that do not understand each other start N programs each of which is rank 0 of 1, and
 * nothing says so. What launchers leave in the environment of their tasks does. */
#ifndef SUPPORT_LAUNCHER_H
#define SUPPORT_LAUNCHER_H

#include <stdbool.h>
#include <stddef.h>

/* Before MPI_Init: a process that no launcher has started asks Open MPI to start no daemon beside it. What the user has
 * set stays. */
void launcher_prepare(void);

/* For a process whose MPI_COMM_WORLD has one rank: does a launcher say that there are more tasks in its step? Then text
 * says which one, and what to do about it; cut to fit n_bytes. */
bool launcher_contradicts(char *text, size_t n_bytes);

#endif
