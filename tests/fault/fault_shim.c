/* To be preloaded into gmmpi: one system call on one file of one rank fails, or kills the process.
 *
 *   GMMPI_FAULT_FILE   how the file's name ends
 *   GMMPI_FAULT_CALL   read, write, fsync, link, rename or unlink
 *   GMMPI_FAULT_BYTE   read only: the byte of the file that cannot be read (0)
 *   GMMPI_FAULT_SKIP   so many such calls go well before (0); all behind them fail
 *   GMMPI_FAULT_DOES   EIO, ENOSPC, or KILL: half of what is to be written is, and the process is gone
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
} settings[] = {{"GMMPI_FAULT_FILE", ""},    {"GMMPI_FAULT_CALL", ""}, {"GMMPI_FAULT_BYTE", ""},
                {"GMMPI_FAULT_SKIP", ""},    {"GMMPI_FAULT_DOES", ""}, {"GMMPI_FAULT_RANK", ""},
                {"OMPI_COMM_WORLD_RANK", ""}};
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

/* Is it this call's turn to fail? */
static bool is_due(const char *call)
{
  return strcmp(setting("GMMPI_FAULT_CALL"), call) == 0 && is_this_rank() &&
         atomic_fetch_add(&n_calls, 1) >= atol(setting("GMMPI_FAULT_SKIP"));
}

static int do_fault(void)
{
  const char *what = setting("GMMPI_FAULT_DOES");
  if (strcmp(what, "KILL") == 0) kill(getpid(), SIGKILL);
  errno = strcmp(what, "ENOSPC") == 0 ? ENOSPC : EIO;
  return -1;
}

static bool read_fails(int descriptor, size_t n_bytes, off_t offset)
{
  const int before = errno;
  const off_t byte = (off_t)atoll(setting("GMMPI_FAULT_BYTE"));
  const bool fails = offset <= byte && byte < offset + (off_t)n_bytes && is_open_file(descriptor) && is_due("read");
  errno = before;
  return fails;
}

static bool write_fails(int descriptor)
{
  const int before = errno;
  const bool fails = strcmp(setting("GMMPI_FAULT_CALL"), "write") == 0 && is_open_file(descriptor) && is_due("write");
  errno = before;
  return fails;
}

static bool kills(void)
{
  return strcmp(setting("GMMPI_FAULT_DOES"), "KILL") == 0;
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
  if (read_fails(descriptor, n_bytes, offset)) return do_fault();
  return NEXT(pread_function, "pread")(descriptor, bytes, n_bytes, offset);
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
  if (kills()) (void)!next(descriptor, bytes, n_bytes / 2, offset);
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
  if (kills()) (void)!next(descriptor, bytes, n_bytes / 2);
  return do_fault();
}

int fsync(int descriptor)
{
  if (is_open_file(descriptor) && is_due("fsync")) return do_fault();
  return NEXT(descriptor_function, "fsync")(descriptor);
}

int link(const char *from, const char *to)
{
  if (is_file(from) && is_due("link")) return do_fault();
  return NEXT(paths_function, "link")(from, to);
}

int rename(const char *from, const char *to)
{
  if (is_file(to) && is_due("rename")) return do_fault();
  return NEXT(paths_function, "rename")(from, to);
}

int unlink(const char *path)
{
  if (is_file(path) && is_due("unlink")) return do_fault();
  return NEXT(path_function, "unlink")(path);
}
