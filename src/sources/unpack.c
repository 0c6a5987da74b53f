/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/unpack.h"

#include "sources/kinds.h"
#include "support/activity.h"
#include "support/error.h"
#include "support/signals.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

/* Few enough to stay in the cache between unpacking and writing. */
enum { PIECE_BYTES = 1 << 18 };

/* One node's unpacking. */
typedef struct unpacking {
  const char *input;
  unpacker *from;       /* the writer's; NULL on other ranks */
  unsigned char *piece; /* PIECE_BYTES */
  size_t n_bytes;
} unpacking;

static gmmpi_status next_piece(unpacking *work, gmmpi_error *error)
{
  if (signals_stop_requested())
    return fail(error, GMMPI_STOPPED, "%s: stopped by %s while it was unpacked; start again", work->input,
                signals_name(signals_received()));
  activity_tell(&(activity){.doing = "unpacking", .object = work->input, .share = NAN});
  return unpacker_read(work->from, work->piece, PIECE_BYTES, &work->n_bytes, error);
}

static void write_all(unpacking *work, int writing, gmmpi_error *error)
{
  while (work->n_bytes > 0 && spool_write(writing, work->input, work->piece, work->n_bytes, error) == GMMPI_OK &&
         next_piece(work, error) == GMMPI_OK)
    continue;
}

gmmpi_status unpack_copy(MPI_Comm comm, const char *input, const char *file, packing how, spool **copy,
                         gmmpi_error *error)
{
  spool_node node;
  unpacking work = {.input = input};
  int writing = -1;
  int has_name = 0;
  *copy = NULL;
  spool_node_find(comm, &node);
  if (node.is_writer && unpacker_open(input, file, how, &work.from, error) == GMMPI_OK) {
    work.piece = malloc(PIECE_BYTES);
    if (work.piece == NULL) fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to unpack it", input);
    if (work.piece != NULL && next_piece(&work, error) == GMMPI_OK)
      has_name = kinds_need_name(work.piece, work.n_bytes) ? 1 : 0;
  }
  if (agree(comm, error) == GMMPI_OK) {
    MPI_Bcast(&has_name, 1, MPI_INT, 0, node.ranks);
    if (spool_create(comm, &node, input, has_name != 0, copy, &writing, error) == GMMPI_OK && node.is_writer)
      write_all(&work, writing, error);
    agree(comm, error);
  }
  if (writing >= 0) close(writing);
  unpacker_close(work.from);
  free(work.piece);
  spool_node_free(&node);
  if (error->status != GMMPI_OK) {
    spool_release(*copy);
    *copy = NULL;
  }
  return error->status;
}
