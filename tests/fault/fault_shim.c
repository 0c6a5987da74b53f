/* SPDX-License-Identifier: BSD-3-Clause */
/* To be preloaded into gmmpi: one system call on one file of one rank fails, or gives another byte, or ends or stops
 * the process.
 *
 *   GMMPI_FAULT_FILE   how the file's name ends
 *   GMMPI_FAULT_CALL   read, write, fsync, link, rename or unlink
 *   GMMPI_FAULT_BYTE   read only: the byte of the file that the call must be about (0)
 *   GMMPI_FAULT_SKIP   so many such calls go well before (0)
 *   GMMPI_FAULT_TIMES  to how many calls it happens (0: to all behind those that go well)
 *   GMMPI_FAULT_DOES   EIO, ENOSPC
 *                      KILL: half of what is to be written is, and the process is gone
 *                      FLIP: pread gives a bit of the byte that the file does not have
 *                      STOP: the process stops before the call, which goes well when the process is continued
 *   GMMPI_FAULT_RANK   the rank it happens on (without: on all)
 */
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_long n_calls;

/* Copied before the program begins: MPI's threads call read() while others change the environment. */
static struct {
  const char *name;
  char value[4096];
} settings[] = {{"GMMPI_FAULT_FILE", ""},     {"GMMPI_FAULT_CALL", ""}, {"GMMPI_FAULT_BYTE", ""},
                {"GMMPI_FAULT_SKIP", ""},     {"GMMPI_FAULT_DOES", ""}, {"GMMPI_FAULT_RANK", ""},
                {"OMPI_COMM_WORLD_RANK", ""}, {"GMMPI_FAULT_TIMES", ""}};
enum { N_SETTINGS = sizeof settings / sizeof settings[0] };

static void __attribute__((constructor)) copy_settings(void)
{
  for (int i = 0; i < N_SETTINGS; i++) {
    const char *value = getenv(settings[i].name);
    if (value != NULL) snprintf(settings[i].value, sizeof settings[i].value, "%s", value);
  }
}

static const char *setting(const char *name)
{
  for (int i = 0; i < N_SETTINGS; i++) {
    if (strcmp(settings[i].name, name) == 0) return settings[i].value;
  }
  return "";
}

static bool is_this_rank(void)
{
  const char *wanted = setting("GMMPI_FAULT_RANK");
  const char *rank = setting("OMPI_COMM_WORLD_RANK");
  return *wanted == '\0' || strcmp(wanted, *rank != '\0' ? rank : "0") == 0;
}

static bool is_file(const char *path)
{
  const char *wanted = setting("GMMPI_FAULT_FILE");
  const size_t length = strlen(path);
  const size_t end = strlen(wanted);
  return end > 0 && length >= end && strcmp(path + length - end, wanted) == 0;
}

static bool is_open_file(int descriptor)
{
  char link_name[40];
  char path[4096];
  snprintf(link_name, sizeof link_name, "/proc/self/fd/%d", descriptor);
  const ssize_t length = readlink(link_name, path, sizeof path - 1);
  if (length < 0) return false;
  path[length] = '\0';
  return is_file(path);
}

static bool does(const char *what)
{
  return strcmp(setting("GMMPI_FAULT_DOES"), what) == 0;
}

/* Counts the call, and stops the process where that is asked for. True when the call is not to go well. */
static bool happens(const char *call)
{
  if (strcmp(setting("GMMPI_FAULT_CALL"), call) != 0 || !is_this_rank()) return false;
  const long turn = atomic_fetch_add(&n_calls, 1) - atol(setting("GMMPI_FAULT_SKIP"));
  const long times = atol(setting("GMMPI_FAULT_TIMES"));
  if (turn < 0 || (times > 0 && turn >= times)) return false;
  if (!does("STOP")) return true;
  raise(SIGSTOP);
  return false;
}

static int do_fault(void)
{
  if (does("KILL")) kill(getpid(), SIGKILL);
  errno = does("ENOSPC") ? ENOSPC : EIO;
  return -1;
}

static off_t the_byte(void)
{
  return (off_t)atoll(setting("GMMPI_FAULT_BYTE"));
}

static bool read_fails(int descriptor, size_t n_bytes, off_t offset)
{
  const int before = errno;
  const off_t byte = the_byte();
  const bool fails = offset <= byte && byte < offset + (off_t)n_bytes && is_open_file(descriptor) && happens("read");
  errno = before;
  return fails;
}

static bool write_fails(int descriptor)
{
  const int before = errno;
  const bool fails = strcmp(setting("GMMPI_FAULT_CALL"), "write") == 0 && is_open_file(descriptor) && happens("write");
  errno = before;
  return fails;
}

/* The function that this one stands in front of. */
#define NEXT(type, name) ((type)dlsym(RTLD_NEXT, name))
typedef ssize_t (*pread_function)(int, void *, size_t, off_t);
typedef ssize_t (*read_function)(int, void *, size_t);
typedef ssize_t (*pwrite_function)(int, const void *, size_t, off_t);
typedef ssize_t (*write_function)(int, const void *, size_t);
typedef int (*descriptor_function)(int);
typedef int (*path_function)(const char *);
typedef int (*paths_function)(const char *, const char *);

ssize_t pread(int descriptor, void *bytes, size_t n_bytes, off_t offset)
{
  const pread_function next = NEXT(pread_function, "pread");
  if (!read_fails(descriptor, n_bytes, offset)) return next(descriptor, bytes, n_bytes, offset);
  if (!does("FLIP")) return do_fault();
  const ssize_t n_read = next(descriptor, bytes, n_bytes, offset);
  if (n_read > the_byte() - offset) ((unsigned char *)bytes)[the_byte() - offset] ^= 1;
  return n_read;
}

ssize_t pread64(int descriptor, void *bytes, size_t n_bytes, off_t offset)
{
  return pread(descriptor, bytes, n_bytes, offset);
}

ssize_t read(int descriptor, void *bytes, size_t n_bytes)
{
  if (*setting("GMMPI_FAULT_FILE") != '\0' && read_fails(descriptor, n_bytes, lseek(descriptor, 0, SEEK_CUR)))
    return do_fault();
  return NEXT(read_function, "read")(descriptor, bytes, n_bytes);
}

ssize_t pwrite(int descriptor, const void *bytes, size_t n_bytes, off_t offset)
{
  const pwrite_function next = NEXT(pwrite_function, "pwrite");
  if (!write_fails(descriptor)) return next(descriptor, bytes, n_bytes, offset);
  if (does("KILL")) (void)!next(descriptor, bytes, n_bytes / 2, offset);
  return do_fault();
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t n_bytes, off_t offset)
{
  return pwrite(descriptor, bytes, n_bytes, offset);
}

ssize_t write(int descriptor, const void *bytes, size_t n_bytes)
{
  const write_function next = NEXT(write_function, "write");
  if (!write_fails(descriptor)) return next(descriptor, bytes, n_bytes);
  if (does("KILL")) (void)!next(descriptor, bytes, n_bytes / 2);
  return do_fault();
}

int fsync(int descriptor)
{
  if (is_open_file(descriptor) && happens("fsync")) return do_fault();
  return NEXT(descriptor_function, "fsync")(descriptor);
}

int link(const char *from, const char *to)
{
  if (is_file(from) && happens("link")) return do_fault();
  return NEXT(paths_function, "link")(from, to);
}

int rename(const char *from, const char *to)
{
  if (is_file(to) && happens("rename")) return do_fault();
  return NEXT(paths_function, "rename")(from, to);
}

int unlink(const char *path)
{
  if (is_file(path) && happens("unlink")) return do_fault();
  return NEXT(path_function, "unlink")(path);
}
