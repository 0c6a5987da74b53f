/* SPDX-License-Identifier: BSD-3-Clause */
#include "passes/representatives.h"

#include "support/error.h"
#include "support/memory.h"
#include "support/random.h"

#include <stdlib.h>

/* The smallest of what was offered to each list: list 0 is that of the worst rows, list 1 + k that of component k. */
typedef struct row_lists {
  valued_row *rows; /* of all lists, one behind the other */
  int64_t *lengths; /* 1 + K */
} row_lists;

typedef struct row_choice {
  const density_form *form;
  uint64_t seed;
  int64_t n_worst, n_each;
} row_choice;

static int64_t offset_of(const row_choice *choice, int64_t list)
{
  return list == 0 ? 0 : choice->n_worst + (list - 1) * choice->n_each;
}

static void offer(const row_choice *choice, const row_lists *lists, int64_t list, valued_row row)
{
  keep_smallest(lists->rows + offset_of(choice, list), &lists->lengths[list],
                list == 0 ? choice->n_worst : choice->n_each, row);
}

typedef struct representatives_search {
  const row_choice *choice;
  pass_team *team;
  row_lists *lists; /* of each thread */
} representatives_search;

static void offer_tile(void *context, const row_tile *tile, int64_t n_tiles, int thread)
{
  const representatives_search *search = context;
  const row_choice *choice = search->choice;
  const row_lists *lists = &search->lists[thread];
  pass_workspace *workspace = &search->team->workspaces[thread];
  double *responsibilities = workspace->group_responsibilities;
  _Alignas(MEMORY_ALIGNMENT) double log_density[TILE_ROWS];
  double ignored[2] = {0.0, 0.0};
  (void)n_tiles;
  workspace->kernel->posteriors(choice->form, tile, responsibilities, log_density, &ignored[0], &ignored[1],
                                workspace->scratch);
  for (int p = 0; p < tile->n_points; p++) {
    const int64_t row = tile->first_row + p;
    int64_t owner = 0;
    for (int64_t k = 1; k < choice->form->n_components; k++) {
      if (responsibilities[k * TILE_ROWS + p] > responsibilities[owner * TILE_ROWS + p]) owner = k;
    }
    offer(choice, lists, 0, (valued_row){log_density[p], row});
    if (choice->n_each > 0)
      offer(choice, lists, 1 + owner, (valued_row){random_uniform(choice->seed, RANDOM_PLACES, (uint64_t)row, 1), row});
  }
}

/* What one request's walk leaves behind. */
typedef struct representatives_found {
  row_choice choice;
  representatives_search search;
  valued_row *rows; /* of all threads' lists, as the next one */
  int64_t *lengths;
} representatives_found;

static bool open_lists(pass_team *team, const representatives_request *request, uint64_t seed,
                       representatives_found *found)
{
  const int64_t K = request->form->n_components;
  const int64_t n_rows = request->n_worst + K * request->n_each;
  row_lists *lists = calloc((size_t)team->n_threads, sizeof *lists);
  found->choice = (row_choice){request->form, seed, request->n_worst, request->n_each};
  found->rows = allocate(team->n_threads * n_rows, sizeof *found->rows);
  found->lengths = allocate(team->n_threads * (1 + K), sizeof *found->lengths);
  found->search = (representatives_search){&found->choice, team, lists};
  if (lists == NULL || found->rows == NULL || found->lengths == NULL) return false;
  for (int t = 0; t < team->n_threads; t++)
    lists[t] = (row_lists){found->rows + t * n_rows, found->lengths + t * (1 + K)};
  return true;
}

static void close_lists(representatives_found *found)
{
  free(found->search.lists);
  free(found->rows);
  free(found->lengths);
}

/* Collective: of the lists of all threads and ranks. */
static void take_rows(MPI_Comm comm, const representatives_found *found, const representatives_request *request)
{
  const row_choice *choice = &found->choice;
  row_lists *lists = found->search.lists;
  const int64_t n_lists = choice->n_each > 0 ? 1 + choice->form->n_components : 1;
  for (int64_t list = 0; list < n_lists; list++) {
    const int64_t offset = offset_of(choice, list);
    for (int t = 1; t < found->search.team->n_threads; t++) {
      for (int64_t i = 0; i < lists[t].lengths[list]; i++) offer(choice, &lists[0], list, lists[t].rows[offset + i]);
    }
    smallest_of_all_ranks(comm, lists[0].rows + offset, lists[0].lengths[list],
                          list == 0 ? choice->n_worst : choice->n_each, request->rows + offset);
  }
}

gmmpi_status find_representatives(const shard *points, pass_team *team, const representatives_request *requests,
                                  int64_t n, uint64_t seed, gmmpi_error *error)
{
  gmmpi_error local = {0};
  representatives_found *found = calloc((size_t)n, sizeof *found);
  row_visit *visits = calloc((size_t)n, sizeof *visits);
  bool complete = found != NULL && visits != NULL;
  for (int64_t i = 0; i < n && complete; i++) {
    complete = open_lists(team, &requests[i], seed, &found[i]);
    visits[i] = (row_visit){.most_tiles = 1, .visitor = {.context = &found[i].search, .tiles = offer_tile}};
  }
  if (!complete) fail(&local, GMMPI_NO_MEMORY, "there is no memory to choose rows of each component");
  if (agree(points->comm, &local) == GMMPI_OK) {
    shard_visit_all(points, visits, n);
    for (int64_t i = 0; i < n; i++) take_rows(points->comm, &found[i], &requests[i]);
    shard_agree(points, &local);
  }
  for (int64_t i = 0; i < n && found != NULL; i++) close_lists(&found[i]);
  free(found);
  free(visits);
  return error_pass(error, &local);
}
