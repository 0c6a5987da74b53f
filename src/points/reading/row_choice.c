/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the rows of a choice begin, found by counting. */
#include "points/reading/row_choice.h"

#include "support/error.h"
#include "support/memory.h"

#include <stdlib.h>

/* Where a rank's rows begin: from the place on, at the candidate `first`. */
typedef struct row_bound {
  row_place place;
  int64_t first;
} row_bound;
enum { BOUND_WORDS = sizeof(row_bound) / sizeof(int64_t) };

/* Sets a bound to the n-th, from 0, of the rows that are taken from this rank. */
typedef void (*bound_finder)(const void *context, int64_t n, row_bound *bound);

static gmmpi_status choice_create(const shard *points, row_choice **choice, gmmpi_error *error)
{
  const int64_t n_blocks = shard_n_blocks(points);
  row_choice *created = calloc(1, sizeof *created);
  *choice = created;
  if (created != NULL) created->starts = allocate(n_blocks > 0 ? n_blocks : 1, sizeof *created->starts);
  if (created == NULL || created->starts == NULL)
    return fail(error, GMMPI_NO_MEMORY, "there is no memory to find %lld blocks of points", (long long)n_blocks);
  for (int64_t b = 1; b < n_blocks; b++) created->starts[b].source_row = -1;
  return GMMPI_OK;
}

/* Collective: how many there are on the ranks before this one. */
static int64_t count_before(MPI_Comm comm, int64_t n_mine)
{
  int64_t n_behind;
  MPI_Scan(&n_mine, &n_behind, 1, MPI_INT64_T, MPI_SUM, comm);
  return n_behind - n_mine;
}

/* Collective: every rank finds the bounds that lie among the n_mine rows taken from it. end: that of the last rank. */
static gmmpi_status find_bounds(const shard *points, int64_t n_mine, row_bound end, bound_finder find,
                                const void *context, row_choice *choice, gmmpi_error *error)
{
  const int64_t n_before = count_before(points->comm, n_mine);
  int rank;
  int n_ranks;
  MPI_Comm_rank(points->comm, &rank);
  MPI_Comm_size(points->comm, &n_ranks);
  row_bound *bounds = allocate(n_ranks + 1, sizeof *bounds);
  if (bounds == NULL) fail(error, GMMPI_NO_MEMORY, "there is no memory to find the points of %d ranks", n_ranks);
  if (agree(points->comm, error) == GMMPI_OK) {
    for (int r = 0; r < n_ranks; r++) {
      const int64_t row = layout_first_block(points->n_blocks, r, n_ranks) * points->block_rows - n_before;
      /* The first row of all begins with the first candidate, taken or not. */
      if (row >= 0 && row < n_mine && row + n_before > 0) find(context, row, &bounds[r]);
    }
    MPI_Allreduce(MPI_IN_PLACE, bounds, n_ranks * BOUND_WORDS, MPI_INT64_T, MPI_SUM, points->comm);
    bounds[n_ranks] = end;
    for (int r = n_ranks - 1; r >= 0; r--) {
      if (layout_first_block(points->n_blocks, r, n_ranks) == points->n_blocks) bounds[r] = end;
    }
    choice->starts[0] = bounds[rank].place;
    choice->first = bounds[rank].first;
    choice->end = bounds[rank + 1].first;
  }
  free(bounds);
  return error->status;
}

/* --- subsamples --- */

typedef struct subsample_context {
  const shard *parent;
  const row_choice *parent_choice;
  row_filter filter;
} subsample_context;

/* A place in the source from which one can walk to a row of the parent's on this rank. */
static row_place place_in_source(const subsample_context *sample, int64_t row)
{
  const shard *parent = sample->parent;
  if (sample->parent_choice == NULL) return (row_place){row, row};
  return sample->parent_choice->starts[(row - parent->first_row) / parent->block_rows];
}

static void find_in_subsample(const void *context, int64_t n, row_bound *bound)
{
  const subsample_context *sample = context;
  const shard *parent = sample->parent;
  int64_t row = parent->first_row - 1;
  do {
    row++;
    n -= sample->filter.is_chosen(sample->filter.context, row);
  } while (n >= 0);
  bound->first = row;
  bound->place = place_in_source(sample, row);
}

gmmpi_status choice_of_subsample(const shard *points, const shard *parent, const row_choice *parent_choice,
                                 row_filter filter, int64_t n_mine, row_choice **choice, gmmpi_error *error)
{
  const subsample_context context = {parent, parent_choice, filter};
  const int64_t n_candidates = parent->n_samples;
  const row_bound end = {{n_candidates + parent->n_left_out, n_candidates}, n_candidates};
  if (choice_create(points, choice, error) == GMMPI_OK) {
    (*choice)->drops = parent->n_left_out > 0;
    (*choice)->drops_weightless = parent->n_weightless > 0;
    (*choice)->filter = filter;
    (*choice)->parent = parent;
  }
  return agree(points->comm, error) == GMMPI_OK
             ? find_bounds(points, n_mine, end, find_in_subsample, &context, *choice, error)
             : error->status;
}

/* --- whole rows --- */

typedef struct whole_context {
  const shard *all;
  const int64_t *n_dropped;
  int64_t n_before;
} whole_context;

static int64_t whole_rows_of_block(const whole_context *whole, int64_t block)
{
  return shard_block(whole->all, block).n_rows - whole->n_dropped[block];
}

static void find_whole_row(const void *context, int64_t n, row_bound *bound)
{
  const whole_context *whole = context;
  int64_t block = 0;
  int64_t before = 0;
  for (; before + whole_rows_of_block(whole, block) <= n; block++) before += whole_rows_of_block(whole, block);
  bound->first = whole->n_before + n;
  bound->place = (row_place){whole->all->first_row + block * whole->all->block_rows, whole->n_before + before};
}

gmmpi_status choice_of_whole_rows(const shard *points, const shard *all, const int64_t *n_dropped, row_choice **choice,
                                  gmmpi_error *error)
{
  whole_context context = {all, n_dropped, 0};
  const row_bound end = {{all->n_samples, points->n_samples}, points->n_samples};
  int64_t n_mine = 0;
  for (int64_t b = 0; b < shard_n_blocks(all); b++) n_mine += whole_rows_of_block(&context, b);
  context.n_before = count_before(points->comm, n_mine);
  if (choice_create(points, choice, error) == GMMPI_OK) {
    (*choice)->drops = true;
    (*choice)->drops_weightless = points->n_weightless > 0;
  }
  return agree(points->comm, error) == GMMPI_OK
             ? find_bounds(points, n_mine, end, find_whole_row, &context, *choice, error)
             : error->status;
}

void choice_destroy(row_choice *choice)
{
  if (choice == NULL) return;
  free(choice->starts);
  free(choice);
}
