/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/hdf5/places.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The file of this name in a folder, be it there or not. "${ORIGIN}" is the folder of path. NULL: no memory. */
static char *join(const char *folder, const char *path, const char *name)
{
  static const char origin[] = "${ORIGIN}";
  const char *slash = strrchr(path, '/');
  const int length = slash != NULL ? (int)(slash - path) + 1 : 0;
  const bool is_beside = strncmp(folder, origin, sizeof origin - 1) == 0;
  char *joined = NULL;
  if (is_beside) folder += sizeof origin - 1;
  while (is_beside && length > 0 && folder[0] == '/') folder++;
  if (asprintf(&joined, "%.*s%s%s%s", is_beside ? length : 0, path, folder, folder[0] != '\0' ? "/" : "", name) < 0)
    return NULL;
  return joined;
}

/* The same when it is there, else NULL. */
static char *file_in(const char *folder, const char *path, const char *name)
{
  char *joined = join(folder, path, name);
  if (joined == NULL || access(joined, F_OK) == 0) return joined;
  free(joined);
  return NULL;
}

char *hdf5_find_file(const char *path, const char *name, const char *variable)
{
  if (name[0] == '/' && access(name, F_OK) == 0) return strdup(name);
  const char *last = name[0] == '/' ? strrchr(name, '/') + 1 : name;
  const char *prefixes = getenv(variable);
  char *list = prefixes != NULL ? strdup(prefixes) : NULL;
  char *rest = list;
  char *found = NULL;
  for (char *folder; found == NULL && (folder = strsep(&rest, ":")) != NULL;) {
    if (folder[0] != '\0') found = file_in(folder, path, last);
  }
  free(list);
  if (found == NULL) found = file_in("${ORIGIN}", path, last);
  return found != NULL ? found : file_in("", path, last);
}

char *hdf5_place_of_raw_file(const char *path, const char *name)
{
  const char *prefix = getenv("HDF5_EXTFILE_PREFIX");
  const bool has_prefix = prefix != NULL && prefix[0] != '\0' && strcmp(prefix, ".") != 0 && name[0] != '/';
  return has_prefix ? join(prefix, path, name) : strdup(name);
}
