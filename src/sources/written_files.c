/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/written_files.h"

#include "support/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static bool locks_are_unwanted; /* by the user */

void written_files_prepare(void)
{
  static const char variable[] = "HDF5_USE_FILE_LOCKING";
  const char *choice = getenv(variable);
  locks_are_unwanted = choice != NULL && (strcmp(choice, "FALSE") == 0 || strcmp(choice, "0") == 0);
  setenv(variable, "FALSE", 1);
}

/* A descriptor of its own: with the one that is read from, the lock would stay as long as that. */
static bool is_being_written(const char *path)
{
  const int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) return false;
  const bool is_locked = flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  close(descriptor);
  return is_locked;
}

void written_files_ask(written_files *found, int64_t place, const char *path)
{
  if (found == NULL || locks_are_unwanted || !is_being_written(path)) return;
  place += found->base;
  if (found->first[0] == '\0' || place < found->place) {
    memcpy(found->other, found->first, sizeof found->other);
    snprintf(found->first, sizeof found->first, "%s", path);
    found->place = place;
  } else if (strcmp(found->first, path) != 0) {
    snprintf(found->other, sizeof found->other, "%s", path);
  }
}

void written_files_warn(MPI_Comm comm, const written_files *found)
{
  int rank;
  MPI_Comm_rank(comm, &rank);
  const bool has_found = found->first[0] != '\0';
  const int64_t mine = has_found ? found->place : INT64_MAX;
  int64_t place;
  MPI_Allreduce(&mine, &place, 1, MPI_INT64_T, MPI_MIN, comm);
  if (place == INT64_MAX) return;
  const int speaker_if_mine = mine == place ? rank : INT32_MAX;
  int speaker;
  MPI_Allreduce(&speaker_if_mine, &speaker, 1, MPI_INT, MPI_MIN, comm);
  char first[WRITTEN_NAME_BYTES];
  memcpy(first, found->first, sizeof first);
  MPI_Bcast(first, sizeof first, MPI_CHAR, speaker, comm);
  int others = has_found && (strcmp(found->first, first) != 0 || found->other[0] != '\0');
  MPI_Allreduce(MPI_IN_PLACE, &others, 1, MPI_INT, MPI_MAX, comm);
  if (rank == 0)
    warn_once(first,
              "%s: another program has it open for writing%s; rows may be missing or change, wait until it is closed",
              first, others ? ", and others of these files" : "");
}
