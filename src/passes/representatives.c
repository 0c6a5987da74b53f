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
  workspace->kernel->posteriors(choice->form, tile->n_points, tile->numbers, responsibilities, log_density, &ignored[0],
                                &ignored[1], workspace->scratch);
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

static void offer_all(const row_choice *choice, const shard *points, pass_team *team, row_lists *lists)
{
  representatives_search search = {choice, team, lists};
  shard_visit(points, 1, &(row_visitor){.context = &search, .tiles = offer_tile});
  for (int t = 1; t < team->n_threads; t++) {
    const int64_t n_lists = choice->n_each > 0 ? 1 + choice->form->n_components : 1;
    for (int64_t list = 0; list < n_lists; list++) {
      const valued_row *rows = lists[t].rows + offset_of(choice, list);
      for (int64_t i = 0; i < lists[t].lengths[list]; i++) offer(choice, &lists[0], list, rows[i]);
    }
  }
}

gmmpi_status find_representatives(const shard *points, const density_form *form, pass_team *team, uint64_t seed,
                                  int64_t n_worst, int64_t n_each, int64_t *rows, gmmpi_error *error)
{
  const row_choice choice = {form, seed, n_worst, n_each};
  const int64_t K = form->n_components;
  const int64_t n_rows = n_worst + K * n_each;
  gmmpi_error local = {0};
  row_lists *lists = calloc((size_t)team->n_threads, sizeof *lists);
  valued_row *all_rows = allocate(team->n_threads * n_rows, sizeof *all_rows);
  int64_t *all_lengths = allocate(team->n_threads * (1 + K), sizeof *all_lengths);
  if (lists == NULL || all_rows == NULL || all_lengths == NULL)
    fail(&local, GMMPI_NO_MEMORY, "there is no memory to choose rows of each component");
  if (agree(points->comm, &local) == GMMPI_OK) {
    for (int t = 0; t < team->n_threads; t++) lists[t] = (row_lists){all_rows + t * n_rows, all_lengths + t * (1 + K)};
    offer_all(&choice, points, team, lists);
    for (int64_t list = 0; list < (n_each > 0 ? 1 + K : 1); list++) {
      const int64_t offset = offset_of(&choice, list);
      smallest_of_all_ranks(points->comm, lists[0].rows + offset, lists[0].lengths[list], list == 0 ? n_worst : n_each,
                            rows + offset);
    }
    shard_agree(points, &local);
  }
  free(lists);
  free(all_rows);
  free(all_lengths);
  return error_pass(error, &local);
}
