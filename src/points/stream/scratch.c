/* SPDX-License-Identifier: BSD-3-Clause */
#include "points/stream/scratch.h"

#include "support/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>
#include <unistd.h>

struct scratch {
  int descriptor; /* -1: not used, or not any more */
  int64_t chunk_bytes;
  bool *is_kept;                   /* n_chunks */
  char trouble[200];               /* "" while all is well */
  int64_t last_offset, last_bytes; /* of what was written last */
};

static void note(scratch *kept, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void note(scratch *kept, const char *format, ...)
{
  va_list values;
  va_start(values, format);
  vsnprintf(kept->trouble, sizeof kept->trouble, format, values);
  va_end(values);
}

/* --- the file --- */

/* A file without a name; where there are none such, one that has lost it. */
static int open_unnamed(const char *folder)
{
  const int unnamed = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (unnamed >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)) return unnamed;
  char path[PATH_MAX];
  if (snprintf(path, sizeof path, "%s/gmmpi-scratch-XXXXXX", folder) >= (int)sizeof path) return -1;
  const int named = mkostemp(path, O_CLOEXEC);
  if (named >= 0) unlink(path);
  return named;
}

static void open_file(scratch *kept, const char *folder, int64_t n_needed)
{
  struct statfs system;
  kept->descriptor = open_unnamed(folder);
  if (kept->descriptor < 0 || fstatfs(kept->descriptor, &system) != 0) {
    scratch_give_up(kept, strerror(errno));
    return;
  }
  const double n_free = (double)system.f_bavail * (double)system.f_bsize;
  if (system.f_type == TMPFS_MAGIC || system.f_type == (__fsword_t)RAMFS_MAGIC)
    note(kept, "it is in memory");
  else if (n_free < (double)n_needed)
    note(kept, "it has %.3g GB free, and %.3g GB are needed", n_free * 1e-9, (double)n_needed * 1e-9);
  if (kept->trouble[0] != '\0') scratch_give_up(kept, NULL);
}

scratch *scratch_open(const char *folder, int64_t n_chunks, int64_t chunk_bytes, int64_t n_needed)
{
  scratch *kept = calloc(1, sizeof *kept);
  if (kept == NULL) return NULL;
  kept->chunk_bytes = chunk_bytes;
  kept->is_kept = calloc((size_t)n_chunks + 1, sizeof *kept->is_kept);
  if (kept->is_kept == NULL) {
    free(kept);
    return NULL;
  }
  open_file(kept, folder, n_needed);
  return kept;
}

void scratch_give_up(scratch *kept, const char *trouble)
{
  if (kept == NULL) return;
  if (trouble != NULL) note(kept, "%s", trouble);
  if (kept->descriptor >= 0) close(kept->descriptor);
  kept->descriptor = -1;
}

void scratch_close(scratch *kept)
{
  if (kept == NULL) return;
  scratch_give_up(kept, NULL);
  free(kept->is_kept);
  free(kept);
}

const char *scratch_trouble(const scratch *kept)
{
  return kept != NULL && kept->trouble[0] != '\0' ? kept->trouble : NULL;
}

/* --- chunks --- */

/* Has the disk begin with what was just written, and waits for what was written before it, so that never more than two
 * chunks are only in memory, where a control group's limit counts them. */
static void write_back(scratch *kept, int64_t offset, int64_t n_bytes)
{
  sync_file_range(kept->descriptor, offset, n_bytes, SYNC_FILE_RANGE_WRITE);
  if (kept->last_bytes > 0)
    sync_file_range(kept->descriptor, kept->last_offset, kept->last_bytes,
                    SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
  kept->last_offset = offset;
  kept->last_bytes = n_bytes;
}

void scratch_keep(scratch *kept, int64_t chunk, const void *bytes, size_t n_bytes)
{
  gmmpi_error error = {0};
  if (kept == NULL || kept->descriptor < 0 || kept->is_kept[chunk]) return;
  const int64_t offset = chunk * kept->chunk_bytes;
  if (file_write_at(kept->descriptor, "it", bytes, n_bytes, offset, &error) == GMMPI_OK) {
    kept->is_kept[chunk] = true;
    write_back(kept, offset, (int64_t)n_bytes);
  } else {
    scratch_give_up(kept, strerror(errno));
  }
}

bool scratch_take(scratch *kept, int64_t chunk, void *bytes, size_t n_bytes)
{
  gmmpi_error error = {0};
  if (kept == NULL || kept->descriptor < 0 || !kept->is_kept[chunk]) return false;
  if (file_read_at(kept->descriptor, "it", bytes, n_bytes, chunk * kept->chunk_bytes, &error) == GMMPI_OK) return true;
  scratch_give_up(kept, error.status == GMMPI_BAD_DATA ? "it was cut off" : strerror(errno));
  return false;
}
