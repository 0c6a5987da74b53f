/* SPDX-License-Identifier: BSD-3-Clause */
/* Files that are either there and whole or not there at all, and files that many ranks write.
 *
 * An output is written beside its final place under the name of a *draft* (support/draft.h), flushed to the disk,
 * and then renamed over the old one; a reader never sees a half-written file, and a failed job leaves the old one. */
#ifndef SUPPORT_FILE_H
#define SUPPORT_FILE_H

#include "gmmpi/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The name an output is written under before it is whole, links in path followed. Caller frees; NULL when there is no
 * memory. */
char *file_draft_path(const char *path);

/* Says before any work is done whether path can become an output: its folder exists and can be written, path is no
 * folder and not a read-only file. Drafts that dead jobs left of it are removed, nothing else is changed. 73 otherwise.
 */
gmmpi_status file_try_output(const char *path, gmmpi_error *error);

/* The same, and whether there is room for a few bytes. */
gmmpi_status file_try_writing(const char *path, gmmpi_error *error);

/* What to do about an output that cannot be written for this reason, an errno: "make room or write elsewhere". */
const char *file_write_remedy(int reason);

/* Is path an ordinary file, no folder, device or pipe, that may be read? */
bool file_is_readable(const char *path);

/* Do two names lead to one ordinary file, be it there already or not? Devices are never the same. */
bool file_is_same(const char *a, const char *b);

/* Renames path's finished and flushed draft to path and flushes the folder. 73 on failure. */
gmmpi_status file_publish(const char *path, gmmpi_error *error);

/* Has the name that path was given survive a crash, too. */
void file_flush_folder_of(const char *path);

/* Removes path's draft, if there is one. */
void file_discard_draft(const char *path);

/* Writes n_bytes to path: draft, fsync, rename, fsync of the folder. A path that is a device or a pipe is written
 * directly. 73 on failure, path's old content untouched. */
gmmpi_status file_write_whole(const char *path, const void *bytes, size_t n_bytes, gmmpi_error *error);

/* Reads all of path into memory that the caller frees. 66 when it cannot be opened, 74 when reading fails, 71. */
gmmpi_status file_read_whole(const char *path, void **bytes, size_t *n_bytes, gmmpi_error *error);

/* pwrite and pread until done, whatever the size. `path` is for the message. 73 and 74; reading less than n_bytes is a
 * truncated file: 65. */
gmmpi_status file_write_at(int descriptor, const char *path, const void *bytes, size_t n_bytes, int64_t offset,
                           gmmpi_error *error);
gmmpi_status file_read_at(int descriptor, const char *path, void *bytes, size_t n_bytes, int64_t offset,
                          gmmpi_error *error);

#endif
