/* SPDX-License-Identifier: BSD-3-Clause */
/* Before the libraries begin.
 *
 * OpenBLAS, when it is loaded, starts a thread for each core, and these keep the cores busy until they have found
 * nothing to do for a while: more than a short call takes by itself. gmmpi wants one thread of it. That is read from
 * the environment before main is called, and cannot be put there in time: the C library's own list is set up later. So
 * one of the shell's variables, which no library asks for, lends its place until main begins. */
#ifndef CLI_EARLY_H
#define CLI_EARLY_H

/* The first thing in main: gives the variable back. */
void early_settle(void);

#endif
