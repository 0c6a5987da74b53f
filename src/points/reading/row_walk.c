/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading chosen rows by walking over the source. */
#include "points/reading/row_check.h"
#include "points/reading/row_choice.h"
#include "points/tiles.h"
#include "support/error.h"
#include "support/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct row_walk {
  const shard *points;
  point_source *source;
  row_choice *choice;
  int64_t piece_rows;
  row_place next;    /* what is read next */
  int64_t index;     /* this rank's row that comes next; -1: none yet */
  double *rows;      /* piece_rows x row_width: the candidates of the piece in hand */
  int64_t *places;   /* piece_rows: where they are in the source */
  int64_t candidate; /* the number of the first one */
  int64_t n_candidates;
  int64_t n_passed;   /* of them */
  row_survey *survey; /* of the parent's rows, until all have been seen */
  double *room;       /* row_width x TILE_ROWS */
};

gmmpi_status walk_create(const shard *points, point_source *source, row_choice *choice, int64_t piece_rows,
                         row_walk **walk, gmmpi_error *error)
{
  const int64_t width = points->row_width;
  row_walk *created = calloc(1, sizeof *created);
  int64_t numbers;
  *walk = created;
  if (created != NULL && multiply_fits(piece_rows, width, &numbers)) {
    created->points = points;
    created->source = source;
    created->choice = choice;
    created->piece_rows = piece_rows;
    created->index = -1;
    created->rows = allocate(numbers, sizeof *created->rows);
    created->places = allocate(piece_rows, sizeof *created->places);
    created->survey = surveys_create(1, width, INFINITY);
    created->room = allocate(width, TILE_ROWS * sizeof *created->room);
    if (created->rows != NULL && created->places != NULL && created->survey != NULL && created->room != NULL)
      return GMMPI_OK;
  }
  return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to read points", source->label);
}

void walk_destroy(row_walk *walk)
{
  if (walk == NULL) return;
  free(walk->rows);
  free(walk->places);
  surveys_destroy(walk->survey);
  free(walk->room);
  free(walk);
}

/* --- pieces --- */

/* Of the n rows just read, those that are candidates move together. */
static void pack_candidates(row_walk *walk, int64_t n)
{
  const int64_t width = walk->points->row_width;
  const shard_options how = {.has_weights = walk->points->has_weights,
                             .drops_weightless = walk->choice->drops_weightless};
  int64_t n_kept = 0;
  for (int64_t i = 0; i < n; i++) {
    if (walk->choice->drops) {
      if (!row_is_kept(&how, walk->rows + i * width, width)) continue;
      if (n_kept < i) memcpy(walk->rows + n_kept * width, walk->rows + i * width, (size_t)width * sizeof *walk->rows);
    }
    walk->places[n_kept++] = walk->next.source_row + i;
  }
  walk->n_candidates = n_kept;
}

/* Looks at the candidates in hand that are among this rank's, if they are still to be compared with what they were. */
static void survey_candidates(row_walk *walk)
{
  const row_choice *choice = walk->choice;
  const int64_t end = walk->candidate + walk->n_candidates;
  const int64_t from = choice->first > walk->candidate ? choice->first : walk->candidate;
  const int64_t n = (choice->end < end ? choice->end : end) - from;
  if (choice->parent == NULL || n <= 0) return;
  shard_put_rows(choice->parent, from - choice->parent->first_row, n,
                 walk->rows + (from - walk->candidate) * walk->points->row_width, (tile_place){0}, walk->room,
                 walk->survey);
}

static gmmpi_status read_piece(row_walk *walk, gmmpi_error *error)
{
  const int64_t left = walk->source->n_rows - walk->next.source_row;
  const int64_t n = left < walk->piece_rows ? left : walk->piece_rows;
  walk->n_candidates = walk->n_passed = 0;
  if (n == 0) return row_check_changed(walk->source, walk->source->n_rows - 1, error);
  if (source_read(walk->source, walk->next.source_row, n, walk->rows, error) != GMMPI_OK) return error->status;
  walk->candidate = walk->next.candidate;
  pack_candidates(walk, n);
  survey_candidates(walk);
  walk->next.source_row += n;
  walk->next.candidate += walk->n_candidates;
  return GMMPI_OK;
}

/* --- rows --- */

/* To the beginning of the block with this rank's index-th row. */
static gmmpi_status go_to_block(row_walk *walk, int64_t index, gmmpi_error *error)
{
  const int64_t block = index / walk->points->block_rows;
  walk->next = walk->choice->starts[block];
  walk->n_candidates = walk->n_passed = 0;
  walk->index = block * walk->points->block_rows;
  if (walk->next.source_row >= 0) return GMMPI_OK;
  return fail(error, GMMPI_INTERNAL, "%s: rows were asked for before those in front of them", walk->source->label);
}

static bool is_taken(const row_choice *choice, int64_t candidate)
{
  return candidate >= choice->first &&
         (choice->filter.is_chosen == NULL || choice->filter.is_chosen(choice->filter.context, candidate));
}

/* Goes to the row that comes next: *found, among the candidates in hand. */
static gmmpi_status find_next(row_walk *walk, int64_t *found, gmmpi_error *error)
{
  const int64_t block_rows = walk->points->block_rows;
  do {
    while (walk->n_passed == walk->n_candidates) {
      if (read_piece(walk, error) != GMMPI_OK) return error->status;
    }
    *found = walk->n_passed++;
  } while (!is_taken(walk->choice, walk->candidate + *found));
  row_place *start = &walk->choice->starts[walk->index / block_rows];
  if (walk->index % block_rows == 0 && start->source_row < 0)
    *start = (row_place){walk->places[*found], walk->candidate + *found};
  walk->index++;
  return GMMPI_OK;
}

static gmmpi_status go_on(row_walk *walk, int64_t index, int64_t n_rows, double *rows, int64_t *places,
                          gmmpi_error *error)
{
  const int64_t width = walk->points->row_width;
  int64_t found = 0;
  if (walk->index != index && go_to_block(walk, index, error) != GMMPI_OK) return error->status;
  while (walk->index < index) {
    if (find_next(walk, &found, error) != GMMPI_OK) return error->status;
  }
  for (int64_t i = 0; i < n_rows; i++) {
    if (find_next(walk, &found, error) != GMMPI_OK) return error->status;
    memcpy(rows + i * width, walk->rows + found * width, (size_t)width * sizeof *rows);
    places[i] = walk->places[found];
  }
  return GMMPI_OK;
}

gmmpi_status walk_read(row_walk *walk, int64_t index, int64_t n_rows, double *rows, int64_t *places, gmmpi_error *error)
{
  if (go_on(walk, index, n_rows, rows, places, error) != GMMPI_OK) walk->index = -1;
  return error->status;
}

gmmpi_status walk_end_first(row_walk *walk, gmmpi_error *error)
{
  const shard *parent = walk->choice->parent;
  if (parent == NULL) return GMMPI_OK;
  while (error->status == GMMPI_OK && walk->index >= 0 && walk->next.candidate < walk->choice->end)
    read_piece(walk, error);
  if (agree(parent->comm, error) != GMMPI_OK) return error->status;
  walk->index = -1;
  walk->choice->parent = NULL;
  uint64_t sum = walk->survey->hash;
  MPI_Allreduce(MPI_IN_PLACE, &sum, 1, MPI_UINT64_T, MPI_SUM, parent->comm);
  if (shard_fingerprint_of(parent, sum) == parent->fingerprint) return GMMPI_OK;
  return row_check_changed(walk->source, -1, error);
}
