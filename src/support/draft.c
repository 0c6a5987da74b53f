/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/draft.h"

#include "support/clock.h"
#include "support/hash.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const double longest_untouched = 86400.0;

typedef struct process_name {
  unsigned machine;
  int pid;
  unsigned long long start;
} process_name;

static process_name shared; /* pid 0: not yet */

/* Of the host, and on it of the part whose processes can see each other. */
static unsigned number_of_machine(void)
{
  char host[256] = "";
  char space[64] = "";
  gethostname(host, sizeof host - 1);
  if (readlink("/proc/self/ns/pid", space, sizeof space - 1) < 0) space[0] = '\0';
  const uint64_t hash = hash_bytes(hash_bytes(0, host, strlen(host)), space, strlen(space));
  return (unsigned)(hash >> 32);
}

static process_name own_name(void)
{
  return (process_name){number_of_machine(), getpid(), clock_process_start(getpid())};
}

void draft_share_names(MPI_Comm comm)
{
  shared = own_name();
  MPI_Bcast(&shared, (int)sizeof shared, MPI_BYTE, 0, comm);
}

/* Where the name of the file in path begins. */
static size_t folder_length(const char *path)
{
  const char *slash = strrchr(path, '/');
  return slash == NULL ? 0 : (size_t)(slash - path) + 1;
}

char *draft_name(const char *path)
{
  const process_name name = shared.pid != 0 ? shared : own_name();
  const size_t length = folder_length(path);
  char *draft = NULL;
  if (asprintf(&draft, "%.*s%08x-%d-%llx.%s.partial", (int)length, path, name.machine, name.pid, name.start,
               path + length) < 0)
    return NULL;
  return draft;
}

/* Is it a draft of this output? Then *name says whose. */
static bool is_draft_of(const char *draft, const char *output, process_name *name)
{
  int length = 0;
  if (sscanf(draft, "%8x-%d-%llx.%n", &name->machine, &name->pid, &name->start, &length) != 3 || length == 0)
    return false;
  const size_t n = strlen(output);
  return strncmp(draft + length, output, n) == 0 && strcmp(draft + length + n, ".partial") == 0;
}

static bool is_stale(int folder, const char *draft, const process_name *name, unsigned machine)
{
  struct stat status;
  if (name->machine == machine) return clock_process_start(name->pid) != name->start;
  return fstatat(folder, draft, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
         difftime(time(NULL), status.st_mtime) > longest_untouched;
}

void draft_sweep(const char *path)
{
  const size_t length = folder_length(path);
  char *folder_name = length == 0 ? strdup(".") : strndup(path, length);
  DIR *folder = folder_name != NULL ? opendir(folder_name) : NULL;
  free(folder_name);
  if (folder == NULL) return;
  const unsigned machine = number_of_machine();
  const struct dirent *entry;
  while ((entry = readdir(folder)) != NULL) {
    process_name name;
    if (is_draft_of(entry->d_name, path + length, &name) && is_stale(dirfd(folder), entry->d_name, &name, machine))
      unlinkat(dirfd(folder), entry->d_name, 0);
  }
  closedir(folder);
}
