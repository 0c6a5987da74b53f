/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/spool.h"

#include "support/error.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *folder_of_copies(void)
{
  const char *folder = getenv("TMPDIR");
  return folder != NULL && folder[0] != '\0' ? folder : "/tmp";
}

void spool_node_find(MPI_Comm comm, spool_node *node)
{
  int rank;
  MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node->ranks);
  MPI_Comm_rank(node->ranks, &rank);
  node->is_writer = rank == 0;
}

void spool_node_free(spool_node *node)
{
  MPI_Comm_free(&node->ranks);
}

/* --- the file --- */

/* The writer's: name receives its name, PATH_MAX bytes. */
static gmmpi_status make_file(const char *input, char *name, int *writing, gmmpi_error *error)
{
  const char *folder = folder_of_copies();
  errno = ENAMETOOLONG;
  if (snprintf(name, PATH_MAX, "%s/gmmpi-XXXXXX", folder) < PATH_MAX) *writing = mkostemp(name, O_CLOEXEC);
  if (*writing >= 0) return GMMPI_OK;
  name[0] = '\0';
  return fail(error, GMMPI_NO_OUTPUT,
              "%s: no file can be made in %s to unpack it (%s); set TMPDIR to a folder with room", input, folder,
              strerror(errno));
}

/* Each rank's own descriptor: a rank can open no file of another one that has lost its name. */
static gmmpi_status open_file(const char *input, const char *name, bool has_name, spool *made, gmmpi_error *error)
{
  made->descriptor = open(name, O_RDONLY | O_CLOEXEC);
  if (made->descriptor < 0)
    return fail(error, GMMPI_NO_OUTPUT, "%s: its copy %s cannot be read by other ranks of the node (%s); set TMPDIR",
                input, name, strerror(errno));
  const int length =
      has_name ? asprintf(&made->file, "%s", name) : asprintf(&made->file, "/proc/self/fd/%d", made->descriptor);
  if (length >= 0) return GMMPI_OK;
  made->file = NULL;
  return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to open it", input);
}

gmmpi_status spool_create(MPI_Comm comm, const spool_node *node, const char *input, bool has_name, spool **created,
                          int *writing, gmmpi_error *error)
{
  char name[PATH_MAX] = "";
  spool *made = calloc(1, sizeof *made);
  *writing = -1;
  if (made == NULL) fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to open it", input);
  if (made != NULL) made->descriptor = -1;
  if (node->is_writer && made != NULL) make_file(input, name, writing, error);
  if (agree(comm, error) == GMMPI_OK) {
    MPI_Bcast(name, sizeof name, MPI_CHAR, 0, node->ranks);
    open_file(input, name, has_name, made, error);
    if (node->is_writer && has_name && error->status == GMMPI_OK) {
      made->name = strdup(name);
      if (made->name == NULL) fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to open it", input);
    }
    agree(comm, error);
  }
  if (node->is_writer && name[0] != '\0' && (!has_name || error->status != GMMPI_OK)) unlink(name);
  if (error->status != GMMPI_OK) {
    if (*writing >= 0) close(*writing);
    *writing = -1;
    spool_release(made);
    made = NULL;
  }
  *created = made;
  return error->status;
}

gmmpi_status spool_write(int writing, const char *input, const void *bytes, size_t n_bytes, gmmpi_error *error)
{
  const char *next = bytes;
  while (n_bytes > 0) {
    const ssize_t n = write(writing, next, n_bytes);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0)
      return fail(error, GMMPI_NO_OUTPUT,
                  "%s: there is no room in %s for what is in it (%s); set TMPDIR to a folder "
                  "with room",
                  input, folder_of_copies(), strerror(n == 0 ? ENOSPC : errno));
    next += n;
    n_bytes -= (size_t)n;
  }
  return GMMPI_OK;
}

/* --- its end --- */

static void remove_name(spool *copy)
{
  if (copy->name != NULL) unlink(copy->name);
  free(copy->name);
  copy->name = NULL;
}

void spool_opened(spool *copy)
{
  if (copy != NULL && !copy->stays) remove_name(copy);
}

/* Those that stay. */
enum { MOST_KEPT = 16 };
static spool *kept[MOST_KEPT];
static int n_kept;

static void remove_names(void)
{
  for (int i = 0; i < n_kept; i++) remove_name(kept[i]);
}

void spool_keep(spool *copy)
{
  copy->stays = true;
  if (copy->name == NULL || n_kept == MOST_KEPT) return;
  if (n_kept == 0) atexit(remove_names);
  kept[n_kept++] = copy;
}

void spool_release(spool *copy)
{
  if (copy == NULL || copy->stays) return;
  remove_name(copy);
  if (copy->descriptor >= 0) close(copy->descriptor);
  free(copy->file);
  free(copy);
}
