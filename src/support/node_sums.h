/* SPDX-License-Identifier: BSD-3-Clause */
/* Sums of integers over all ranks, first within a node, then between nodes, then back.
 *
 * On nodes of as many ranks each, R, a rank adds one R-th of the words of its node's ranks up, then that part of all
 * nodes together with the ranks that have the same part there, and gets the other parts from its node's ranks: each
 * node sends and receives its words once or twice, whatever R is, where an Allreduce over all ranks may send those of
 * each rank (recursive doubling does: R log2(nodes) times). Where nodes have different numbers of ranks the first rank
 * of each adds all of it up, if that is not much. On one node, or with one rank each, it is an Allreduce. (Compare
 * Bienz, Olson, Gropp 2019, "Node-aware improvements to Allreduce".) */
#ifndef SUPPORT_NODE_SUMS_H
#define SUPPORT_NODE_SUMS_H

#include <mpi.h>
#include <stdint.h>

/* Collective over comm: words become the sums over all ranks. What is found out about nodes is kept with comm. */
void sum_over_ranks(MPI_Comm comm, int64_t *words, int64_t n_words);

/* The same with nodes as they are given, each a communicator of its ranks; collective over comm. */
typedef struct node_plan node_plan;
node_plan *node_plan_create(MPI_Comm comm, MPI_Comm node); /* NULL, on all ranks: use an Allreduce */
void node_plan_destroy(node_plan *plan);                   /* collective; NULL is fine */
void node_plan_sum(const node_plan *plan, int64_t *words, int64_t n_words);

#endif
