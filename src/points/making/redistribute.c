/* SPDX-License-Identifier: BSD-3-Clause */
/* Sending rows to their owners.
 *
 * Who holds and who owns which rows is known to every rank, and both divide the same rows in the same order. Every rank
 * sends its rows in ascending order and receives its own in ascending order, in pieces of some MB, with one message of
 * each kind under way. The lowest row that has not arrived is always being sent and waited for, so the exchange cannot
 * stall. */
#include "points/making/redistribute.h"
#include "support/error.h"
#include "support/memory.h"

#include <stdlib.h>
#include <string.h>

/* Words of 8 bytes in a message, unless one row has more. */
enum { MESSAGE_WORDS = 1 << 19, MESSAGE_TAG = 1 };

/* The pieces that this rank sends, or those that it receives. */
typedef struct transfer {
  const int64_t *bounds; /* n_ranks + 1: the rows with which the other side's ranks begin, and the end */
  int64_t next_row;
  int64_t end_row;
  int peer;
  int64_t first_row; /* of the piece under way */
  int64_t n_rows;
  uint64_t *message;
} transfer;

typedef struct exchange {
  const row_supply *supply;
  shard *points;
  int64_t row_words; /* row_width, and the origin where it is remembered */
  int64_t piece_rows;
  int64_t tiles_gone; /* of the supply's: given back */
  shard_pass pass;    /* over the rows that are held, ascending as they leave */
  int64_t *held;      /* n_ranks + 1: the rows with which the supplies of the ranks begin, and the end */
  int64_t *owned;     /* the same for the shards */
  transfer sending;
  transfer receiving;
} exchange;

/* Goes on to the next piece: false when there is none. Pieces begin where holder or owner changes, and end after
 * piece_rows. */
static bool next_piece(transfer *pieces, int64_t piece_rows)
{
  if (pieces->next_row >= pieces->end_row) return false;
  while (pieces->bounds[pieces->peer + 1] <= pieces->next_row) pieces->peer++;
  const int64_t peer_end = pieces->bounds[pieces->peer + 1];
  const int64_t end = peer_end < pieces->end_row ? peer_end : pieces->end_row;
  pieces->first_row = pieces->next_row;
  pieces->n_rows = end - pieces->next_row < piece_rows ? end - pieces->next_row : piece_rows;
  pieces->next_row += pieces->n_rows;
  return true;
}

/* One row of the supply as words. row: row_width, to work in. */
static void pack_row(exchange *all, int64_t index, uint64_t *words, double *row)
{
  const row_supply *supply = all->supply;
  const int64_t n = all->points->row_width;
  if (supply->held != NULL) {
    /* A pass that has failed says so later. */
    shard_pass_reach(&all->pass, supply->picked[index] / supply->held->block_rows);
    shard_copy_numbers(supply->held, supply->held->first_row + supply->picked[index], row);
    memcpy(words, row, (size_t)n * sizeof *words);
  } else {
    const int64_t held_row = supply->origins != NULL ? supply->origins[index] - supply->first_of_source : index;
    memcpy(words, supply->rows + held_row * n, (size_t)n * sizeof *words);
  }
  if (held_has_origins(all->points)) words[n] = (uint64_t)supply->origins[index];
}

static void unpack_row(const exchange *all, int64_t index, const uint64_t *words, double *row)
{
  const int64_t n = all->points->row_width;
  memcpy(row, words, (size_t)n * sizeof *row);
  held_put_row(all->points, index, row);
  if (held_has_origins(all->points)) held_put_origin(all->points, index, (int64_t)words[n]);
}

/* The supply's first n_gone rows are not needed any more. */
static void give_back(exchange *all, int64_t n_gone)
{
  const row_supply *supply = all->supply;
  const shard *held = supply->held;
  const int64_t behind = n_gone < supply->n_rows ? supply->picked[n_gone] : held->n_rows;
  const int64_t tile = behind / TILE_ROWS;
  held_give_back(held, all->tiles_gone, tile);
  all->tiles_gone = tile;
}

static void send_next(exchange *all, int64_t first_held, double *row, MPI_Request *request)
{
  transfer *out = &all->sending;
  if (!next_piece(out, all->piece_rows)) return;
  for (int64_t i = 0; i < out->n_rows; i++)
    pack_row(all, out->first_row - first_held + i, out->message + i * all->row_words, row);
  if (all->supply->consumes) give_back(all, out->first_row + out->n_rows - first_held);
  MPI_Isend(out->message, (int)(out->n_rows * all->row_words), MPI_UINT64_T, out->peer, MESSAGE_TAG, all->points->comm,
            request);
}

static void receive_next(exchange *all, MPI_Request *request)
{
  transfer *in = &all->receiving;
  if (!next_piece(in, all->piece_rows)) return;
  MPI_Irecv(in->message, (int)(in->n_rows * all->row_words), MPI_UINT64_T, in->peer, MESSAGE_TAG, all->points->comm,
            request);
}

static void unpack_received(const exchange *all, double *row)
{
  const transfer *in = &all->receiving;
  for (int64_t i = 0; i < in->n_rows; i++)
    unpack_row(all, in->first_row - all->points->first_row + i, in->message + i * all->row_words, row);
}

/* row: row_width, to work in. */
static void exchange_pieces(exchange *all, int64_t first_held, double *row)
{
  MPI_Request requests[2] = {MPI_REQUEST_NULL, MPI_REQUEST_NULL};
  int finished;
  receive_next(all, &requests[1]);
  send_next(all, first_held, row, &requests[0]);
  for (;;) {
    MPI_Waitany(2, requests, &finished, MPI_STATUS_IGNORE);
    if (finished == MPI_UNDEFINED) return;
    if (finished == 0) {
      send_next(all, first_held, row, &requests[0]);
    } else {
      unpack_received(all, row);
      receive_next(all, &requests[1]);
    }
  }
}

/* Collective: who holds and who owns which rows. */
static void find_bounds(exchange *all, int n_ranks)
{
  const shard *points = all->points;
  MPI_Allgather(&all->supply->n_rows, 1, MPI_INT64_T, all->held + 1, 1, MPI_INT64_T, points->comm);
  for (int r = 0; r < n_ranks; r++) {
    all->held[r + 1] += all->held[r];
    all->owned[r] = layout_first_block(points->n_blocks, r, n_ranks) * points->block_rows;
    if (all->owned[r] > points->n_samples) all->owned[r] = points->n_samples;
  }
  all->owned[n_ranks] = points->n_samples;
}

gmmpi_status shard_redistribute(const row_supply *supply, shard *points, gmmpi_error *error)
{
  int rank;
  int n_ranks;
  MPI_Comm_rank(points->comm, &rank);
  MPI_Comm_size(points->comm, &n_ranks);
  exchange all = {.supply = supply, .points = points};
  all.row_words = points->row_width + (held_has_origins(points) ? 1 : 0);
  all.piece_rows = all.row_words < MESSAGE_WORDS ? MESSAGE_WORDS / all.row_words : 1;
  /* Of a small table a message of its own size: clearing MBs would take longer than a fit to it. */
  if (all.piece_rows > points->n_samples) all.piece_rows = points->n_samples > 0 ? points->n_samples : 1;
  all.held = allocate(n_ranks + 1, sizeof *all.held);
  all.owned = allocate(n_ranks + 1, sizeof *all.owned);
  all.sending.message = allocate(all.piece_rows * all.row_words, sizeof(uint64_t));
  all.receiving.message = allocate(all.piece_rows * all.row_words, sizeof(uint64_t));
  double *row = allocate(points->row_width, sizeof *row);
  if (all.held == NULL || all.owned == NULL || all.sending.message == NULL || all.receiving.message == NULL ||
      row == NULL)
    fail(error, GMMPI_NO_MEMORY, "points: no memory is left for messages of %.3g bytes",
         8.0 * (double)all.piece_rows * (double)all.row_words);
  if (agree(points->comm, error) == GMMPI_OK) {
    find_bounds(&all, n_ranks);
    all.sending.bounds = all.owned;
    all.sending.next_row = all.held[rank];
    all.sending.end_row = all.held[rank + 1];
    all.receiving.bounds = all.held;
    all.receiving.next_row = all.owned[rank];
    all.receiving.end_row = all.owned[rank + 1];
    if (supply->held != NULL) all.pass = shard_pass_begin_ascending(supply->held);
    exchange_pieces(&all, all.held[rank], row);
    if (supply->held != NULL) {
      while (shard_pass_next(&all.pass)) continue;
      shard_agree(supply->held, error);
    }
  }
  free(all.held);
  free(all.owned);
  free(all.sending.message);
  free(all.receiving.message);
  free(row);
  return error->status;
}
