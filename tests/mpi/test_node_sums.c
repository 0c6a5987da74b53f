/* SPDX-License-Identifier: BSD-3-Clause */
/* Sums over nodes: what an Allreduce gives, on nodes of as many ranks each and of different numbers, in any order of
 * ranks, for more and for fewer words than ranks; and what is kept with a communicator goes with it. */
#include "mpi/point_files.h"

#include "support/node_sums.h"

#include <stdlib.h>

enum { MOST_WORDS = 100000 };

static int64_t word_of(int r, int64_t i, int round)
{
  return (r + 1) * ((INT64_C(1) << 40) + i * i) - round;
}

static void check_sums(const node_plan *plan, MPI_Comm comm)
{
  static const int64_t lengths[] = {1, 2, 5, 7, 1000, MOST_WORDS};
  int own;
  int size;
  MPI_Comm_rank(comm, &own);
  MPI_Comm_size(comm, &size);
  int64_t *words = malloc((MOST_WORDS + 1) * sizeof *words);
  for (int round = 0; round < (int)(sizeof lengths / sizeof *lengths); round++) {
    const int64_t n = lengths[round];
    int64_t n_bad = 0;
    for (int64_t i = 0; i < n; i++) words[i] = word_of(own, i, round);
    words[n] = 99;
    if (plan != NULL)
      node_plan_sum(plan, words, n);
    else
      sum_over_ranks(comm, words, n);
    for (int64_t i = 0; i < n; i++) {
      int64_t expected = 0;
      for (int r = 0; r < size; r++) expected += word_of(r, i, round);
      n_bad += words[i] != expected;
    }
    CHECK(n_bad == 0 && words[n] == 99);
  }
  free(words);
}

/* The first n ranks on nodes: of node_size neighbours each, or, dealt out, of every n_nodes-th. */
static void check_nodes(int n, int node_size, bool dealt)
{
  MPI_Comm comm;
  MPI_Comm node;
  if (n > n_ranks) return;
  MPI_Comm_split(MPI_COMM_WORLD, rank < n ? 0 : MPI_UNDEFINED, rank, &comm);
  if (comm == MPI_COMM_NULL) return;
  const int n_nodes = (n + node_size - 1) / node_size;
  MPI_Comm_split(comm, dealt ? rank % n_nodes : rank / node_size, rank, &node);
  node_plan *plan = node_plan_create(comm, node);
  CHECK((plan != NULL) == (n_nodes > 1 && node_size > 1));
  MPI_Comm_free(&node);
  if (plan != NULL) check_sums(plan, comm);
  node_plan_destroy(plan);
  MPI_Comm_free(&comm);
}

static void kept_with_communicators(void)
{
  for (int i = 0; i < 3; i++) {
    MPI_Comm comm;
    MPI_Comm_dup(MPI_COMM_WORLD, &comm);
    check_sums(NULL, comm);
    check_sums(NULL, comm);
    MPI_Comm_free(&comm);
  }
  check_sums(NULL, MPI_COMM_WORLD);
  check_sums(NULL, MPI_COMM_SELF);
}

int main(int argc, char **argv)
{
  begin_tests(&argc, &argv);
  for (int dealt = 0; dealt < 2; dealt++) {
    check_nodes(2, 1, dealt);
    check_nodes(2, 2, dealt);
    check_nodes(3, 2, dealt);
    check_nodes(6, 3, dealt);
    check_nodes(6, 2, dealt);
    check_nodes(7, 3, dealt);
    check_nodes(7, 4, dealt);
    check_nodes(7, 6, dealt);
    check_nodes(7, 7, dealt);
  }
  kept_with_communicators();
  return end_tests();
}
