/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/pipe.h"

#include "sources/kinds.h"
#include "support/activity.h"
#include "support/error.h"
#include "support/large_messages.h"
#include "support/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What is read before it is given to the other nodes, and how long a signal may go unnoticed. */
enum { PIECE_BYTES = 4 << 20, PIPE_BYTES = 1 << 20, WAITING_MILLISECONDS = 100 };

const char pipe_standard_input[] = "standard input";

bool pipe_is_standard_input(const char *data, size_t *length)
{
  static const char *const names[] = {"-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    *length = strlen(names[i]);
    if (strncmp(data, names[i], *length) == 0 && (data[*length] == '\0' || strncmp(data + *length, ":/", 2) == 0))
      return true;
  }
  return false;
}

/* --- reading --- */

static gmmpi_status open_pipe(const char *path, const char *input, int *descriptor, gmmpi_error *error)
{
  if (input == pipe_standard_input && isatty(STDIN_FILENO))
    return fail(error, GMMPI_WRONG_USAGE,
                "%s: is a terminal; send points to it, as in: zcat points.csv.gz | gmmpi fit - -k 3", input);
  *descriptor = input == pipe_standard_input ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                                             : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (*descriptor < 0)
    return fail(error, GMMPI_NO_INPUT, "%s: cannot be read (%s); check that something is sent to it", input,
                strerror(errno));
  fcntl(*descriptor, F_SETPIPE_SZ, PIPE_BYTES); /* faster, where it is a pipe */
  return GMMPI_OK;
}

/* Reads until the piece is full or the input ends; *n_bytes: 0 at its end. */
static gmmpi_status read_piece(int descriptor, const char *input, unsigned char *piece, int64_t *n_bytes,
                               gmmpi_error *error)
{
  *n_bytes = 0;
  while (*n_bytes < PIECE_BYTES) {
    struct pollfd waited = {.fd = descriptor, .events = POLLIN};
    if (signals_stop_requested())
      return fail(error, GMMPI_STOPPED, "%s: stopped by %s while it was read; start again", input,
                  signals_name(signals_received()));
    activity_tell(&(activity){.doing = "receiving", .object = input, .share = NAN});
    if (poll(&waited, 1, WAITING_MILLISECONDS) <= 0) continue; /* also while nobody has opened its other end */
    const ssize_t n = read(descriptor, piece + *n_bytes, (size_t)(PIECE_BYTES - *n_bytes));
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (n < 0) return fail(error, GMMPI_INPUT_FAILED, "%s: reading failed (%s); start again", input, strerror(errno));
    if (n == 0) return GMMPI_OK;
    *n_bytes += n;
  }
  return GMMPI_OK;
}

/* --- all nodes --- */

/* The copying of one pipe. Writers are a node's ranks that write; rank 0 is the first of them. */
typedef struct copying {
  const char *input;
  MPI_Comm writers; /* MPI_COMM_NULL on other ranks */
  int descriptor;   /* rank 0: the pipe; else -1 */
  unsigned char *piece;
  int64_t n_bytes; /* in the piece */
} copying;

/* Collective over the writers: the next piece on each of them; none of them goes on when one has failed. */
static gmmpi_status next_piece(copying *work, gmmpi_error *error)
{
  if (work->descriptor >= 0 && error->status == GMMPI_OK)
    read_piece(work->descriptor, work->input, work->piece, &work->n_bytes, error);
  if (agree(work->writers, error) != GMMPI_OK) return error->status;
  MPI_Bcast(&work->n_bytes, 1, MPI_INT64_T, 0, work->writers);
  broadcast_large(work->writers, 0, work->piece, work->n_bytes, MPI_BYTE);
  return GMMPI_OK;
}

static gmmpi_status copy_all(MPI_Comm comm, const spool_node *node, copying *work, spool **copy, gmmpi_error *error)
{
  int writing = -1;
  int has_name = 0;
  if (node->is_writer && next_piece(work, error) == GMMPI_OK)
    has_name = kinds_need_name(work->piece, (size_t)work->n_bytes) ? 1 : 0;
  if (agree(comm, error) != GMMPI_OK) return error->status;
  MPI_Bcast(&has_name, 1, MPI_INT, 0, node->ranks);
  if (spool_create(comm, node, work->input, has_name != 0, copy, &writing, error) != GMMPI_OK) return error->status;
  while (node->is_writer && error->status == GMMPI_OK && work->n_bytes > 0) {
    spool_write(writing, work->input, work->piece, (size_t)work->n_bytes, error);
    next_piece(work, error);
  }
  if (writing >= 0) close(writing);
  return agree(comm, error);
}

static gmmpi_status copy_pipe(MPI_Comm comm, const char *path, const char *input, spool **copy, gmmpi_error *error)
{
  int rank;
  MPI_Comm_rank(comm, &rank);
  spool_node node;
  copying work = {.input = input, .descriptor = -1};
  spool_node_find(comm, &node);
  MPI_Comm_split(comm, node.is_writer ? 0 : MPI_UNDEFINED, rank, &work.writers);
  if (node.is_writer) {
    work.piece = malloc(PIECE_BYTES);
    if (work.piece == NULL) fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to read it", input);
  }
  if (rank == 0) open_pipe(path, input, &work.descriptor, error);
  if (agree(comm, error) == GMMPI_OK) copy_all(comm, &node, &work, copy, error);
  if (work.descriptor >= 0) close(work.descriptor);
  free(work.piece);
  if (work.writers != MPI_COMM_NULL) MPI_Comm_free(&work.writers);
  spool_node_free(&node);
  return error->status;
}

/* --- once for each --- */

/* Those that have been read, by name. */
typedef struct copied_pipe {
  char *path;
  spool *copy;
  struct copied_pipe *next;
} copied_pipe;
static copied_pipe *copied;

gmmpi_status pipe_copy(MPI_Comm comm, const char *path, spool **copy, gmmpi_error *error)
{
  size_t length;
  const char *input = pipe_is_standard_input(path, &length) ? pipe_standard_input : path;
  const char *name = input == pipe_standard_input ? input : path;
  *copy = NULL;
  for (const copied_pipe *each = copied; each != NULL; each = each->next) {
    if (strcmp(each->path, name) == 0) *copy = each->copy;
  }
  int is_there = *copy != NULL;
  MPI_Allreduce(MPI_IN_PLACE, &is_there, 1, MPI_INT, MPI_MIN, comm);
  if (is_there != 0) return GMMPI_OK;
  copied_pipe *entry = calloc(1, sizeof *entry);
  if (entry != NULL) entry->path = strdup(name);
  if (entry == NULL || entry->path == NULL) fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to read it", input);
  if (agree(comm, error) == GMMPI_OK && copy_pipe(comm, path, input, &entry->copy, error) == GMMPI_OK) {
    spool_keep(entry->copy);
    *copy = entry->copy;
    entry->next = copied;
    copied = entry;
    return GMMPI_OK;
  }
  if (entry != NULL) {
    spool_release(entry->copy);
    free(entry->path);
  }
  free(entry);
  *copy = NULL;
  return error->status;
}
