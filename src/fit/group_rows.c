/* SPDX-License-Identifier: BSD-3-Clause */
#include "fit/group_rows.h"

#include "support/error.h"
#include "support/large_messages.h"
#include "support/memory.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Numbers of a message, unless a row has more. A fit takes as long as so many rows more than the group has. */
enum { MESSAGE_NUMBERS = 1 << 20, MESSAGE_TAG = 2, ROWS_OF_A_FIT = 64 };

typedef struct dealing {
  const shard *points;
  const int64_t *offsets;
  int64_t n_groups;
  int rank, n_ranks;
  int64_t *sizes;      /* n_groups: rows of all ranks */
  int32_t *owners;     /* n_groups */
  int64_t *places;     /* n_groups: where the next row of an own group goes */
  int32_t *group_of;   /* of each of this rank's rows; -1: of none */
  int64_t *n_to;       /* n_ranks: rows for each rank */
  int64_t *n_from;     /* n_ranks: rows of each rank for this one */
  int64_t *sorted;     /* this rank's rows, by whom they are for */
  int64_t message_row; /* numbers of a row in a message: its group comes first */
  double *message;
  double *row; /* row_width of the points */
} dealing;

static void dealing_close(dealing *deal)
{
  free(deal->sizes);
  free(deal->owners);
  free(deal->places);
  free(deal->group_of);
  free(deal->n_to);
  free(deal->n_from);
  free(deal->sorted);
  free(deal->message);
  free(deal->row);
}

static bool dealing_open(dealing *deal)
{
  const shard *points = deal->points;
  MPI_Comm_rank(points->comm, &deal->rank);
  MPI_Comm_size(points->comm, &deal->n_ranks);
  deal->message_row = 1 + points->n_features + (points->has_weights ? 1 : 0);
  const int64_t rows = deal->message_row < MESSAGE_NUMBERS ? MESSAGE_NUMBERS / deal->message_row : 1;
  deal->sizes = allocate(deal->n_groups, sizeof *deal->sizes);
  deal->owners = allocate(deal->n_groups, sizeof *deal->owners);
  deal->places = allocate(deal->n_groups, sizeof *deal->places);
  deal->group_of = allocate(points->n_rows, sizeof *deal->group_of);
  deal->sorted = allocate(points->n_rows, sizeof *deal->sorted);
  deal->n_to = allocate(deal->n_ranks, sizeof *deal->n_to);
  deal->n_from = allocate(deal->n_ranks, sizeof *deal->n_from);
  deal->message = allocate_untouched(rows * deal->message_row, sizeof *deal->message);
  deal->row = allocate(points->row_width, sizeof *deal->row);
  return deal->sizes != NULL && deal->owners != NULL && deal->places != NULL && deal->group_of != NULL &&
         deal->sorted != NULL && deal->n_to != NULL && deal->n_from != NULL && deal->message != NULL &&
         deal->row != NULL;
}

/* --- which rows are of which group --- */

static int64_t group_of_source_row(const dealing *deal, int64_t row)
{
  int64_t low = 0;
  int64_t high = deal->n_groups;
  while (low < high) { /* the first group that ends behind the row */
    const int64_t middle = low + (high - low) / 2;
    if (deal->offsets[middle + 1] <= row)
      low = middle + 1;
    else
      high = middle;
  }
  return low < deal->n_groups && deal->offsets[low] <= row ? low : -1;
}

static int64_t group_of_row(const dealing *deal, const block_view *block, int64_t index)
{
  if (deal->offsets == NULL) {
    shard_copy_numbers(deal->points, block->first_row + index, deal->row);
    return (int64_t)deal->row[deal->points->n_features];
  }
  return group_of_source_row(deal, block->source_rows != NULL ? block->source_rows[index] : block->first_row + index);
}

/* Collective: sizes of all groups, and the rows outside. */
static int64_t find_groups(const dealing *deal)
{
  const shard *points = deal->points;
  int64_t n_outside = 0;
  int64_t next = 0;
  for (int64_t b = 0; b < shard_n_blocks(points); b++) {
    const block_view block = shard_block(points, b);
    for (int64_t i = 0; i < block.n_rows; i++) {
      const int64_t group = group_of_row(deal, &block, i);
      deal->group_of[next++] = (int32_t)group;
      if (group >= 0)
        deal->sizes[group]++;
      else
        n_outside++;
    }
  }
  allreduce_large(points->comm, deal->sizes, deal->n_groups, MPI_INT64_T, MPI_SUM);
  MPI_Allreduce(MPI_IN_PLACE, &n_outside, 1, MPI_INT64_T, MPI_SUM, points->comm);
  return n_outside;
}

/* --- who gets which group --- */

typedef struct sized_group {
  int64_t size, group;
} sized_group;

/* Ascending, the ones of the same size by their numbers. */
static int compare_sizes(const void *a, const void *b)
{
  const sized_group *x = a;
  const sized_group *y = b;
  if (x->size != y->size) return x->size < y->size ? -1 : 1;
  return (x->group > y->group) - (x->group < y->group);
}

/* Loads of ranks as a heap: the least one is the first, ties to the lower rank. */
typedef struct rank_share {
  int64_t load;
  int32_t rank;
} rank_share;

static bool has_less(const rank_share *a, const rank_share *b)
{
  return a->load < b->load || (a->load == b->load && a->rank < b->rank);
}

static void sink_first(rank_share *heap, int n)
{
  for (int at = 0;;) {
    int least = at;
    for (int child = 2 * at + 1; child <= 2 * at + 2 && child < n; child++) {
      if (has_less(&heap[child], &heap[least])) least = child;
    }
    if (least == at) return;
    const rank_share moved = heap[at];
    heap[at] = heap[least];
    heap[least] = moved;
    at = least;
  }
}

/* All ranks find the same. sorted: all groups, ascending. */
static bool choose_owners(dealing *deal, const sized_group *sorted)
{
  rank_share *heap = allocate(deal->n_ranks, sizeof *heap);
  if (heap == NULL) return false;
  for (int r = 0; r < deal->n_ranks; r++) heap[r].rank = r;
  for (int64_t i = deal->n_groups - 1; i >= 0; i--) {
    deal->owners[sorted[i].group] = heap[0].rank;
    heap[0].load += sorted[i].size + ROWS_OF_A_FIT;
    sink_first(heap, deal->n_ranks);
  }
  free(heap);
  return true;
}

static bool lay_out(const dealing *deal, const sized_group *sorted, group_rows *result)
{
  for (int64_t g = 0; g < deal->n_groups; g++) result->n_own += deal->owners[g] == deal->rank;
  result->groups = allocate(result->n_own, sizeof *result->groups);
  result->first = allocate(result->n_own + 1, sizeof *result->first);
  if (result->groups == NULL || result->first == NULL) return false;
  int64_t n = 0;
  for (int64_t i = 0; i < deal->n_groups; i++) {
    const sized_group *one = &sorted[i];
    if (deal->owners[one->group] != deal->rank) continue;
    deal->places[one->group] = result->first[n];
    result->groups[n] = one->group;
    result->first[n + 1] = result->first[n] + one->size;
    n++;
    if (one->size > result->most_rows) result->most_rows = one->size;
  }
  int64_t numbers;
  result->row_width = deal->message_row - 1;
  if (!multiply_fits(result->first[n], result->row_width, &numbers)) return false;
  result->rows = allocate_untouched(numbers, sizeof *result->rows);
  return result->rows != NULL;
}

static void sort_by_receivers(const dealing *deal)
{
  const int64_t n = deal->points->n_rows;
  int64_t next = 0;
  for (int64_t i = 0; i < n; i++) {
    if (deal->group_of[i] >= 0) deal->n_to[deal->owners[deal->group_of[i]]]++;
  }
  for (int r = 0; r < deal->n_ranks; r++) { /* the place of each rank's first row, for now */
    const int64_t count = deal->n_to[r];
    deal->n_to[r] = next;
    next += count;
  }
  for (int64_t i = 0; i < n; i++) {
    if (deal->group_of[i] >= 0) deal->sorted[deal->n_to[deal->owners[deal->group_of[i]]]++] = i;
  }
  for (int r = deal->n_ranks - 1; r > 0; r--) deal->n_to[r] -= deal->n_to[r - 1];
}

/* --- sending --- */

static void pack(const dealing *deal, int64_t index, double *to)
{
  const shard *points = deal->points;
  shard_copy_numbers(points, points->first_row + index, deal->row);
  to[0] = (double)deal->group_of[index];
  memcpy(to + 1, deal->row, (size_t)points->n_features * sizeof *to);
  if (points->has_weights) to[1 + points->n_features] = deal->row[points->row_width - 1];
}

static void unpack(const dealing *deal, const double *from, group_rows *result)
{
  const int64_t place = deal->places[(int64_t)from[0]]++;
  memcpy(result->rows + place * result->row_width, from + 1, (size_t)result->row_width * sizeof *from);
}

/* How many of the rows that are left fit into a message. */
static int64_t piece_of(const dealing *deal, int64_t n_left)
{
  const int64_t most = deal->message_row < MESSAGE_NUMBERS ? MESSAGE_NUMBERS / deal->message_row : 1;
  return n_left < most ? n_left : most;
}

static void send_to_all(const dealing *deal, group_rows *result)
{
  const int64_t *next = deal->sorted;
  for (int r = 0; r < deal->n_ranks; r++) {
    for (int64_t left = deal->n_to[r]; left > 0;) {
      const int64_t n = piece_of(deal, left);
      for (int64_t i = 0; i < n; i++) pack(deal, *next++, deal->message + i * deal->message_row);
      if (r != deal->rank)
        MPI_Send(deal->message, (int)(n * deal->message_row), MPI_DOUBLE, r, MESSAGE_TAG, deal->points->comm);
      for (int64_t i = 0; i < n && r == deal->rank; i++) unpack(deal, deal->message + i * deal->message_row, result);
      left -= n;
    }
  }
}

static void receive_from(const dealing *deal, int sender, group_rows *result)
{
  for (int64_t left = deal->n_from[sender]; left > 0;) {
    const int64_t n = piece_of(deal, left);
    MPI_Recv(deal->message, (int)(n * deal->message_row), MPI_DOUBLE, sender, MESSAGE_TAG, deal->points->comm,
             MPI_STATUS_IGNORE);
    for (int64_t i = 0; i < n; i++) unpack(deal, deal->message + i * deal->message_row, result);
    left -= n;
  }
}

/* Collective. One rank after the other sends what it has, so that rows arrive in the order of the data. */
static void exchange(const dealing *deal, group_rows *result)
{
  MPI_Alltoall(deal->n_to, 1, MPI_INT64_T, deal->n_from, 1, MPI_INT64_T, deal->points->comm);
  for (int r = 0; r < deal->n_ranks; r++) {
    if (r == deal->rank)
      send_to_all(deal, result);
    else
      receive_from(deal, r, result);
  }
}

gmmpi_status group_rows_deal(const shard *points, int64_t n_groups, const int64_t *offsets, group_rows *result,
                             gmmpi_error *error)
{
  gmmpi_error local = {0};
  dealing deal = {.points = points, .offsets = offsets, .n_groups = n_groups};
  *result = (group_rows){0};
  sized_group *sorted = allocate(n_groups, sizeof *sorted);
  bool good = dealing_open(&deal) && sorted != NULL;
  if (!good) fail(&local, GMMPI_NO_MEMORY, "there is no memory to deal %" PRId64 " groups; use more nodes", n_groups);
  if (agree(points->comm, &local) == GMMPI_OK) {
    result->n_outside = find_groups(&deal);
    for (int64_t g = 0; g < n_groups; g++) sorted[g] = (sized_group){deal.sizes[g], g};
    qsort(sorted, (size_t)n_groups, sizeof *sorted, compare_sizes);
    good = choose_owners(&deal, sorted) && lay_out(&deal, sorted, result);
    if (!good) fail(&local, GMMPI_NO_MEMORY, "there is no memory for the rows of groups; use more nodes");
    if (agree(points->comm, &local) == GMMPI_OK) {
      sort_by_receivers(&deal);
      exchange(&deal, result);
    }
  }
  free(sorted);
  dealing_close(&deal);
  return error_pass(error, &local);
}

void group_rows_clear(group_rows *rows)
{
  free(rows->groups);
  free(rows->first);
  free(rows->rows);
  *rows = (group_rows){0};
}

int64_t group_rows_bytes(int64_t n_samples, int64_t row_width, int64_t n_groups, int n_ranks)
{
  int64_t numbers;
  int64_t bytes;
  const int64_t rows = n_samples / n_ranks + 1;
  if (!multiply_fits(rows, row_width + 2, &numbers) || !multiply_fits(numbers, (int64_t)sizeof(double), &bytes))
    return INT64_MAX;
  const int64_t message = (row_width > MESSAGE_NUMBERS ? row_width : MESSAGE_NUMBERS) * (int64_t)sizeof(double);
  return sum_of_bytes(3, (int64_t[]){bytes, message, n_groups * 6 * (int64_t)sizeof(int64_t)});
}
