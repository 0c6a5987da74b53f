/* SPDX-License-Identifier: BSD-3-Clause */
/* To be preloaded into gmmpi: counts the bytes that a process reads from one file. At its end each process adds a line
 * with its number of bytes to another file.
 *
 *   GMMPI_COUNTED_FILE   how the file's name ends
 *   GMMPI_COUNTS         the file that the numbers go to
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_llong n_bytes_read;
static char counted[256]; /* copied, since the environment may change while others read */

static void __attribute__((constructor)) copy_name(void)
{
  const char *name = getenv("GMMPI_COUNTED_FILE");
  if (name != NULL) snprintf(counted, sizeof counted, "%s", name);
}

static bool is_counted(int descriptor)
{
  char link_name[40];
  char path[4096];
  snprintf(link_name, sizeof link_name, "/proc/self/fd/%d", descriptor);
  const ssize_t length = readlink(link_name, path, sizeof path);
  const size_t end = strlen(counted);
  return end > 0 && length >= (ssize_t)end && memcmp(path + length - end, counted, end) == 0;
}

static ssize_t count(int descriptor, ssize_t n_bytes)
{
  if (n_bytes > 0 && is_counted(descriptor)) atomic_fetch_add(&n_bytes_read, n_bytes);
  return n_bytes;
}

ssize_t pread(int descriptor, void *bytes, size_t n_bytes, off_t offset)
{
  ssize_t (*next)(int, void *, size_t, off_t) = (ssize_t(*)(int, void *, size_t, off_t))dlsym(RTLD_NEXT, "pread");
  return count(descriptor, next(descriptor, bytes, n_bytes, offset));
}

ssize_t pread64(int descriptor, void *bytes, size_t n_bytes, off_t offset)
{
  return pread(descriptor, bytes, n_bytes, offset);
}

ssize_t read(int descriptor, void *bytes, size_t n_bytes)
{
  ssize_t (*next)(int, void *, size_t) = (ssize_t(*)(int, void *, size_t))dlsym(RTLD_NEXT, "read");
  return count(descriptor, next(descriptor, bytes, n_bytes));
}

static void __attribute__((destructor)) tell(void)
{
  char line[40];
  const char *counts = getenv("GMMPI_COUNTS");
  const int file = counts == NULL || n_bytes_read == 0 ? -1 : open(counts, O_WRONLY | O_CREAT | O_APPEND, 0666);
  if (file < 0) return;
  const int length = snprintf(line, sizeof line, "%lld\n", (long long)n_bytes_read);
  (void)!write(file, line, (size_t)length);
  close(file);
}
