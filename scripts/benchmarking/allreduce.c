/* SPDX-License-Identifier: BSD-3-Clause */
/* The Allreduce alone: sums of 64-bit integers in place, as one pass of gmmpi makes them.
 *
 *   mpirun -n RANKS allreduce BYTES...   prints, for every size, the median seconds of one Allreduce
 *
 * A call's time is that of the rank that took longest. */
#include <mpi.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST_CALLS = 201, LEAST_CALLS = 11 };

static int ascending(const void *a, const void *b)
{
  const double x = *(const double *)a;
  const double y = *(const double *)b;
  return (x > y) - (x < y);
}

/* The median time of one Allreduce of n words. */
static double measure(int64_t *words, int n)
{
  double seconds[MOST_CALLS];
  const int calls = n > 100000 ? LEAST_CALLS : MOST_CALLS;
  for (int call = -2; call < calls; call++) {
    MPI_Barrier(MPI_COMM_WORLD);
    const double began = MPI_Wtime();
    MPI_Allreduce(MPI_IN_PLACE, words, n, MPI_INT64_T, MPI_SUM, MPI_COMM_WORLD);
    double took = MPI_Wtime() - began;
    MPI_Allreduce(MPI_IN_PLACE, &took, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
    if (call >= 0) seconds[call] = took;
    for (int i = 0; i < n; i++) words[i] &= 0xffff;
  }
  qsort(seconds, (size_t)calls, sizeof *seconds, ascending);
  return seconds[calls / 2];
}

/* Seconds that adding one word to another takes, both in memory. */
static double seconds_per_added_word(int64_t *words, int n)
{
  int64_t *others = calloc((size_t)n, sizeof *others);
  if (others == NULL) MPI_Abort(MPI_COMM_WORLD, 71);
  const int rounds = 20;
  const double began = MPI_Wtime();
  for (int round = 0; round < rounds; round++) {
    for (int i = 0; i < n; i++) words[i] += others[i];
    others[round % n] += words[n - 1];
  }
  const double took = MPI_Wtime() - began;
  free(others);
  return took / rounds / n;
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  int rank;
  int n_ranks;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &n_ranks);
  const int adding = 1 << 20;
  int64_t *added = calloc((size_t)adding, sizeof *added);
  if (added == NULL) MPI_Abort(MPI_COMM_WORLD, 71);
  const double per_word = seconds_per_added_word(added, adding);
  free(added);
  if (rank == 0) printf("{\"ranks\": %d, \"seconds_per_added_word\": %.6g, \"seconds\": {", n_ranks, per_word);
  for (int i = 1; i < argc; i++) {
    const int n = (int)(atoll(argv[i]) / 8);
    int64_t *words = calloc((size_t)n + 1, sizeof *words);
    if (words == NULL) MPI_Abort(MPI_COMM_WORLD, 71);
    const double seconds = measure(words, n);
    if (rank == 0) printf("%s\"%s\": %.6g", i > 1 ? ", " : "", argv[i], seconds);
    free(words);
  }
  if (rank == 0) printf("}}\n");
  MPI_Finalize();
  return 0;
}
