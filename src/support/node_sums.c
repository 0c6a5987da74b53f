/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/node_sums.h"

#include "support/large_messages.h"
#include "support/waiting.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* On nodes of different numbers of ranks the first ones have more to do than the others, which pays for so many words;
 * for more an Allreduce over all ranks sends parts too. */
enum { FEW_WORDS = 8192 };

struct node_plan {
  MPI_Comm comm; /* borrowed */
  MPI_Comm node;
  MPI_Comm across; /* of the ranks with the same part, or of the first ranks of all nodes; MPI_COMM_NULL for others */
  bool in_parts;   /* all nodes have as many ranks */
  int rank, n_ranks;
  int *counts, *places; /* n_ranks: the parts */
};

/* --- plans --- */

static void release(node_plan *plan)
{
  if (plan->across != MPI_COMM_NULL) MPI_Comm_free(&plan->across);
  if (plan->node != MPI_COMM_NULL) MPI_Comm_free(&plan->node);
  free(plan->counts);
  free(plan->places);
  free(plan);
}

node_plan *node_plan_create(MPI_Comm comm, MPI_Comm node)
{
  int all;
  int here;
  int sizes[2];
  MPI_Comm_size(comm, &all);
  MPI_Comm_size(node, &here);
  sizes[0] = here;
  sizes[1] = -here;
  MPI_Allreduce(MPI_IN_PLACE, sizes, 2, MPI_INT, MPI_MAX, comm);
  if (sizes[0] == 1 || -sizes[1] == all) return NULL;
  node_plan *plan = calloc(1, sizeof *plan);
  int *counts = calloc((size_t)here, sizeof *counts);
  int *places = calloc((size_t)here, sizeof *places);
  int good = plan != NULL && counts != NULL && places != NULL;
  MPI_Allreduce(MPI_IN_PLACE, &good, 1, MPI_INT, MPI_MIN, comm);
  if (!good) {
    free(plan);
    free(counts);
    free(places);
    return NULL;
  }
  int rank;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_dup(node, &plan->node);
  MPI_Comm_rank(node, &plan->rank);
  plan->comm = comm;
  plan->n_ranks = here;
  plan->in_parts = sizes[0] == -sizes[1];
  plan->counts = counts;
  plan->places = places;
  MPI_Comm_split(comm, plan->in_parts || plan->rank == 0 ? plan->rank : MPI_UNDEFINED, rank, &plan->across);
  return plan;
}

void node_plan_destroy(node_plan *plan)
{
  if (plan != NULL) release(plan);
}

/* --- sums --- */

static void sum_in_parts(const node_plan *plan, int64_t *words, int n)
{
  for (int r = 0, place = 0; r < plan->n_ranks; r++) {
    plan->counts[r] = n / plan->n_ranks + (r < n % plan->n_ranks ? 1 : 0);
    plan->places[r] = place;
    place += plan->counts[r];
  }
  int64_t *part = words + plan->places[plan->rank];
  const int n_part = plan->counts[plan->rank];
  MPI_Reduce_scatter(MPI_IN_PLACE, words, plan->counts, MPI_INT64_T, MPI_SUM, plan->node);
  memmove(part, words, (size_t)n_part * sizeof *part);
  MPI_Allreduce(MPI_IN_PLACE, part, n_part, MPI_INT64_T, MPI_SUM, plan->across);
  MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, words, plan->counts, plan->places, MPI_INT64_T, plan->node);
}

static void sum_by_first_ranks(const node_plan *plan, int64_t *words, int n)
{
  const bool is_first = plan->rank == 0;
  MPI_Reduce(is_first ? MPI_IN_PLACE : words, is_first ? words : NULL, n, MPI_INT64_T, MPI_SUM, 0, plan->node);
  if (is_first) MPI_Allreduce(MPI_IN_PLACE, words, n, MPI_INT64_T, MPI_SUM, plan->across);
  MPI_Bcast(words, n, MPI_INT64_T, 0, plan->node);
}

void node_plan_sum(const node_plan *plan, int64_t *words, int64_t n_words)
{
  const int64_t longest_piece = INT64_C(1) << 28;
  if (!plan->in_parts && n_words > FEW_WORDS) {
    allreduce_large(plan->comm, words, n_words, MPI_INT64_T, MPI_SUM);
    return;
  }
  waiting_begin();
  for (int64_t done = 0; done < n_words; done += longest_piece) {
    const int n = (int)(n_words - done < longest_piece ? n_words - done : longest_piece);
    if (plan->in_parts)
      sum_in_parts(plan, words + done, n);
    else
      sum_by_first_ranks(plan, words + done, n);
  }
  waiting_end();
}

/* --- what is kept with a communicator --- */

/* Of an attribute there is always one, since NULL is a plan too. */
typedef struct kept_plan {
  node_plan *plan;
} kept_plan;

/* The world ends with MPI, when no communicator can be freed any more. */
static int forget(MPI_Comm comm, int key, void *value, void *state)
{
  kept_plan *kept = value;
  (void)key;
  (void)state;
  if (comm == MPI_COMM_WORLD) return MPI_SUCCESS;
  node_plan_destroy(kept->plan);
  free(kept);
  return MPI_SUCCESS;
}

/* NULL, on all ranks, when there is no memory on one. */
static kept_plan *keep_plan(MPI_Comm comm, int key)
{
  MPI_Comm node;
  int rank;
  kept_plan *kept = malloc(sizeof *kept);
  int good = kept != NULL;
  MPI_Allreduce(MPI_IN_PLACE, &good, 1, MPI_INT, MPI_MIN, comm);
  if (!good) {
    free(kept);
    return NULL;
  }
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, rank, MPI_INFO_NULL, &node);
  kept->plan = node_plan_create(comm, node);
  MPI_Comm_free(&node);
  MPI_Comm_set_attr(comm, key, kept);
  return kept;
}

void sum_over_ranks(MPI_Comm comm, int64_t *words, int64_t n_words)
{
  static int key = MPI_KEYVAL_INVALID;
  kept_plan *kept = NULL;
  int found = 0;
  int n_ranks;
  MPI_Comm_size(comm, &n_ranks);
  if (n_ranks > 1) {
    if (key == MPI_KEYVAL_INVALID) MPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, forget, &key, NULL);
    MPI_Comm_get_attr(comm, key, &kept, &found);
    if (!found) kept = keep_plan(comm, key);
  }
  if (kept != NULL && kept->plan != NULL)
    node_plan_sum(kept->plan, words, n_words);
  else
    allreduce_large(comm, words, n_words, MPI_INT64_T, MPI_SUM);
}
