/* SPDX-License-Identifier: BSD-3-Clause */
#include "job/checkpoint.h"

#include "support/error.h"
#include "support/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The names of a checkpoint's files. */
typedef struct file_set {
  char *file;          /* links followed, so that renaming replaces the file and not the link to it */
  char *previous;      /* FILE.prev */
  char *next_previous; /* FILE's second name, before it is renamed to FILE.prev */
  char *draft;
} file_set;

static void forget_names(file_set *set)
{
  free(set->file);
  free(set->previous);
  free(set->next_previous);
  free(set->draft);
}

static char *with_suffix(const char *path, const char *suffix)
{
  char *name = NULL;
  return path != NULL && asprintf(&name, "%s%s", path, suffix) >= 0 ? name : NULL;
}

static gmmpi_status name_files(const char *path, file_set *set, gmmpi_error *error)
{
  char *resolved = realpath(path, NULL);
  set->file = resolved != NULL ? resolved : strdup(path);
  set->previous = with_suffix(set->file, ".prev");
  set->next_previous = with_suffix(set->file, ".prev.new");
  set->draft = file_draft_path(path);
  if (set->previous != NULL && set->next_previous != NULL && set->draft != NULL) return GMMPI_OK;
  forget_names(set);
  return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to handle it", path);
}

char *checkpoint_previous_path(const char *path)
{
  file_set set = {0};
  if (name_files(path, &set, NULL) != GMMPI_OK) return NULL;
  char *previous = set.previous;
  set.previous = NULL;
  forget_names(&set);
  return previous;
}

static gmmpi_status cannot_save(const char *path, gmmpi_error *error)
{
  return fail(error, GMMPI_NO_OUTPUT, "%s: the checkpoint cannot be written (%s); %s", path, strerror(errno),
              file_write_remedy(errno));
}

static gmmpi_status write_draft(const file_set *set, const void *bytes, int64_t n_bytes, gmmpi_error *error)
{
  const int descriptor = open(set->draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor < 0) return cannot_save(set->file, error);
  gmmpi_status status = file_write_at(descriptor, set->file, bytes, (size_t)n_bytes, 0, error);
  if (status == GMMPI_OK && fsync(descriptor) != 0) status = cannot_save(set->file, error);
  if (close(descriptor) != 0 && status == GMMPI_OK) status = cannot_save(set->file, error);
  return status;
}

/* FILE.prev becomes what FILE is; FILE stays where the file system has hard links. */
static gmmpi_status keep_as_previous(const file_set *set, gmmpi_error *error)
{
  unlink(set->next_previous);
  if (link(set->file, set->next_previous) == 0)
    return rename(set->next_previous, set->previous) == 0 ? GMMPI_OK : cannot_save(set->file, error);
  if (errno == ENOENT) return GMMPI_OK; /* somebody removed FILE */
  const bool no_links = errno == EPERM || errno == EOPNOTSUPP || errno == ENOSYS || errno == EMLINK;
  if (no_links && rename(set->file, set->previous) == 0) return GMMPI_OK;
  return cannot_save(set->file, error);
}

gmmpi_status checkpoint_write(const char *path, const void *bytes, int64_t n_bytes, checkpoint_rotation rotation,
                              gmmpi_error *error)
{
  file_set set = {0};
  gmmpi_status status = name_files(path, &set, error);
  if (status != GMMPI_OK) return status;

  struct stat old;
  if (stat(set.file, &old) == 0 && !S_ISREG(old.st_mode))
    status = fail(error, GMMPI_NO_OUTPUT, "%s: is not an ordinary file; name another one for checkpoints", set.file);
  if (status == GMMPI_OK) {
    status = write_draft(&set, bytes, n_bytes, error);
    if (status == GMMPI_OK && rotation == ROTATE) status = keep_as_previous(&set, error);
    if (status == GMMPI_OK && rename(set.draft, set.file) != 0) status = cannot_save(set.file, error);
    if (status == GMMPI_OK && rotation == KEEP_NONE) unlink(set.previous);
    if (status == GMMPI_OK)
      file_flush_folder_of(set.file);
    else
      unlink(set.draft);
  }
  forget_names(&set);
  return status;
}

void checkpoint_remove(const char *path)
{
  file_set set = {0};
  if (name_files(path, &set, NULL) != GMMPI_OK) return;
  unlink(set.draft);
  unlink(set.next_previous);
  unlink(set.previous);
  struct stat status;
  if (stat(set.file, &status) == 0 && S_ISREG(status.st_mode)) unlink(set.file);
  forget_names(&set);
}
