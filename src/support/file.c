/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/file.h"

#include "support/draft.h"
#include "support/error.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Writing more than about 2 GiB in one call is cut short by the kernel. */
static const size_t largest_transfer = (size_t)1 << 30;

/* Where a link leads that leads nowhere yet; NULL when path is no link. */
static char *target_of_link(const char *path)
{
  char target[PATH_MAX];
  const ssize_t length = readlink(path, target, sizeof target - 1);
  if (length < 0) return NULL;
  target[length] = '\0';
  const char *slash = strrchr(path, '/');
  char *joined = NULL;
  if (target[0] == '/' || slash == NULL) return strdup(target);
  return asprintf(&joined, "%.*s/%s", (int)(slash - path), path, target) < 0 ? NULL : joined;
}

/* path with links followed as far as they lead, so that renaming replaces the file and not the link to it. The caller
 * frees. */
static char *resolved_path(const char *path)
{
  enum { MOST_LINKS = 40 };
  char *resolved = realpath(path, NULL);
  if (resolved != NULL) return resolved;
  resolved = strdup(path);
  for (int i = 0; i < MOST_LINKS && resolved != NULL; i++) {
    char *target = target_of_link(resolved);
    if (target == NULL) break;
    free(resolved);
    resolved = target;
  }
  return resolved;
}

/* The full name of a file that need not be there; NULL when its folder is not. The caller frees. */
static char *full_name(const char *path)
{
  char *resolved = resolved_path(path);
  char *copy = resolved != NULL ? strdup(resolved) : NULL;
  char *folder = copy != NULL ? realpath(dirname(copy), NULL) : NULL;
  char *name = NULL;
  if (folder != NULL) {
    const char *slash = strrchr(resolved, '/');
    if (asprintf(&name, "%s/%s", folder, slash != NULL ? slash + 1 : resolved) < 0) name = NULL;
  }
  free(folder);
  free(copy);
  free(resolved);
  return name;
}

bool file_is_readable(const char *path)
{
  struct stat status;
  return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, R_OK) == 0;
}

bool file_is_same(const char *a, const char *b)
{
  struct stat first;
  struct stat second;
  const bool a_exists = stat(a, &first) == 0;
  const bool b_exists = stat(b, &second) == 0;
  if (a_exists && b_exists)
    return S_ISREG(first.st_mode) && first.st_dev == second.st_dev && first.st_ino == second.st_ino;
  if (a_exists || b_exists) return false;
  char *first_name = full_name(a);
  char *second_name = full_name(b);
  const bool same = first_name != NULL && second_name != NULL && strcmp(first_name, second_name) == 0;
  free(first_name);
  free(second_name);
  return same;
}

char *file_draft_path(const char *path)
{
  char *resolved = resolved_path(path);
  char *draft = NULL;
  if (resolved != NULL) draft = draft_name(resolved);
  free(resolved);
  return draft;
}

static gmmpi_status out_of_memory(const char *path, gmmpi_error *error)
{
  return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to handle it", path);
}

const char *file_write_remedy(int reason)
{
  switch (reason) {
  case ENOSPC:
  case EDQUOT:
    return "make room or write elsewhere";
  case EFBIG:
    return "raise the limit on the size of files (ulimit -f) or write elsewhere";
  case ENOENT:
    return "create the folder first or write elsewhere";
  default:
    return "check its permissions or write elsewhere";
  }
}

static gmmpi_status cannot_write(const char *path, gmmpi_error *error)
{
  return fail(error, GMMPI_NO_OUTPUT, "%s: cannot be written (%s); %s", path, strerror(errno),
              file_write_remedy(errno));
}

static bool is_special(const char *path)
{
  struct stat status;
  return stat(path, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

/* write() until done; false with errno set on failure. Pipes and devices have no offsets. */
static bool write_fully(int descriptor, const char *bytes, size_t n_bytes)
{
  while (n_bytes > 0) {
    const ssize_t written = write(descriptor, bytes, n_bytes < largest_transfer ? n_bytes : largest_transfer);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes += written;
    n_bytes -= (size_t)written;
  }
  return true;
}

static void sweep_drafts(const char *path)
{
  char *resolved = resolved_path(path);
  if (resolved != NULL) draft_sweep(resolved);
  free(resolved);
}

/* n_bytes: of the text that there must be room for. */
static gmmpi_status try_output(const char *path, const char *text, size_t n_bytes, gmmpi_error *error)
{
  struct stat status;
  const bool exists = stat(path, &status) == 0;
  if (path[0] == '\0') return fail(error, GMMPI_NO_OUTPUT, "an output's name is empty; give a file name");
  if (strcmp(path, "-") == 0)
    return fail(error, GMMPI_WRONG_USAGE, "-: outputs are files; give the name of one (./- where it is called so)");
  if (exists && S_ISDIR(status.st_mode))
    return fail(error, GMMPI_NO_OUTPUT, "%s: is a folder; give the name of a file in it", path);
  if (exists && access(path, W_OK) != 0) return cannot_write(path, error);
  if (exists && !S_ISREG(status.st_mode)) return GMMPI_OK;

  sweep_drafts(path);
  char *draft = file_draft_path(path);
  if (draft == NULL) return out_of_memory(path, error);
  gmmpi_status result = GMMPI_OK;
  const int descriptor = open(draft, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor < 0) {
    result = cannot_write(path, error);
  } else {
    const bool written = n_bytes == 0 || (write_fully(descriptor, text, n_bytes) && fsync(descriptor) == 0);
    if (!written) result = cannot_write(path, error);
    if (close(descriptor) != 0 && written && n_bytes > 0) result = cannot_write(path, error);
    unlink(draft);
  }
  free(draft);
  return result;
}

gmmpi_status file_try_output(const char *path, gmmpi_error *error)
{
  return try_output(path, "", 0, error);
}

gmmpi_status file_try_writing(const char *path, gmmpi_error *error)
{
  static const char text[] = "is there room for so much?\n";
  return try_output(path, text, sizeof text - 1, error);
}

void file_flush_folder_of(const char *path)
{
  char *copy = strdup(path);
  if (copy == NULL) return;
  const int folder = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder >= 0) {
    fsync(folder);
    close(folder);
  }
  free(copy);
}

gmmpi_status file_publish(const char *path, gmmpi_error *error)
{
  char *draft = file_draft_path(path);
  char *target = resolved_path(path);
  gmmpi_status status = GMMPI_OK;
  if (draft == NULL || target == NULL) {
    status = out_of_memory(path, error);
  } else if (rename(draft, target) != 0) {
    status = cannot_write(path, error);
  } else {
    file_flush_folder_of(target);
  }
  free(draft);
  free(target);
  return status;
}

void file_discard_draft(const char *path)
{
  char *draft = file_draft_path(path);
  if (draft != NULL) unlink(draft);
  free(draft);
}

gmmpi_status file_write_at(int descriptor, const char *path, const void *bytes, size_t n_bytes, int64_t offset,
                           gmmpi_error *error)
{
  const char *next = bytes;
  while (n_bytes > 0) {
    const size_t wanted = n_bytes < largest_transfer ? n_bytes : largest_transfer;
    const ssize_t written = pwrite(descriptor, next, wanted, (off_t)offset);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      if (written == 0) errno = ENOSPC;
      return cannot_write(path, error);
    }
    next += written;
    offset += written;
    n_bytes -= (size_t)written;
  }
  return GMMPI_OK;
}

gmmpi_status file_read_at(int descriptor, const char *path, void *bytes, size_t n_bytes, int64_t offset,
                          gmmpi_error *error)
{
  char *next = bytes;
  while (n_bytes > 0) {
    const size_t wanted = n_bytes < largest_transfer ? n_bytes : largest_transfer;
    const ssize_t got = pread(descriptor, next, wanted, (off_t)offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0)
      return fail(error, GMMPI_INPUT_FAILED, "%s: reading failed at byte %lld (%s); check the disk and start again",
                  path, (long long)offset, strerror(errno));
    if (got == 0)
      return fail(error, GMMPI_BAD_DATA, "%s: the file ends at byte %lld, before its content does; copy it anew", path,
                  (long long)offset);
    next += got;
    offset += got;
    n_bytes -= (size_t)got;
  }
  return GMMPI_OK;
}

gmmpi_status file_write_whole(const char *path, const void *bytes, size_t n_bytes, gmmpi_error *error)
{
  const bool direct = is_special(path);
  char *draft = direct ? strdup(path) : file_draft_path(path);
  if (draft == NULL) return out_of_memory(path, error);

  gmmpi_status status = GMMPI_OK;
  const int descriptor = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor < 0) {
    status = cannot_write(path, error);
  } else {
    bool written = write_fully(descriptor, bytes, n_bytes) && (direct || fsync(descriptor) == 0);
    if (!written) status = cannot_write(path, error);
    if (close(descriptor) != 0 && written) status = cannot_write(path, error);
    if (!direct && status == GMMPI_OK) status = file_publish(path, error);
    if (!direct && status != GMMPI_OK) unlink(draft);
  }
  free(draft);
  return status;
}

gmmpi_status file_read_whole(const char *path, void **bytes, size_t *n_bytes, gmmpi_error *error)
{
  /* A pipe without a writer must not make this wait. */
  const int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  struct stat status;
  if (descriptor < 0 || fstat(descriptor, &status) != 0) {
    if (descriptor >= 0) close(descriptor);
    return fail(error, GMMPI_NO_INPUT, "%s: cannot be read (%s); check the name and its permissions", path,
                strerror(errno));
  }
  gmmpi_status result;
  if (!S_ISREG(status.st_mode)) {
    result = fail(error, GMMPI_NO_INPUT, "%s: is not an ordinary file; give the name of one", path);
  } else if ((*bytes = malloc((size_t)status.st_size + 1)) == NULL) {
    result = out_of_memory(path, error);
  } else {
    *n_bytes = (size_t)status.st_size;
    result = file_read_at(descriptor, path, *bytes, *n_bytes, 0, error);
    ((char *)*bytes)[*n_bytes] = '\0';
    if (result != GMMPI_OK) {
      free(*bytes);
      *bytes = NULL;
    }
  }
  close(descriptor);
  return result;
}
