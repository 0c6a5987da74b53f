/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/memory.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

bool multiply_fits(int64_t a, int64_t b, int64_t *product)
{
  return a >= 0 && b >= 0 && !__builtin_mul_overflow(a, b, product);
}

/* 0 when they cannot be counted. */
static size_t rounded_bytes(int64_t count, size_t size)
{
  int64_t bytes;
  if (!multiply_fits(count, (int64_t)size, &bytes) || bytes > INT64_MAX - MEMORY_ALIGNMENT) return 0;
  return ((size_t)bytes + MEMORY_ALIGNMENT) / MEMORY_ALIGNMENT * MEMORY_ALIGNMENT;
}

void *allocate_untouched(int64_t count, size_t size)
{
  const size_t rounded = rounded_bytes(count, size);
  return rounded > 0 ? aligned_alloc(MEMORY_ALIGNMENT, rounded) : NULL;
}

int64_t sum_of_bytes(int n, const int64_t *parts)
{
  int64_t bytes = 0;
  for (int i = 0; i < n; i++) {
    if (__builtin_add_overflow(bytes, parts[i], &bytes)) return INT64_MAX;
  }
  return bytes;
}

void *allocate(int64_t count, size_t size)
{
  void *memory = allocate_untouched(count, size);
  if (memory != NULL) memset(memory, 0, rounded_bytes(count, size));
  return memory;
}

/* Advice about the pages that lie wholly in memory; that it is not taken changes nothing. */
static void advise(void *memory, size_t n_bytes, int advice)
{
  const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  const uintptr_t begin = ((uintptr_t)memory + page - 1) / page * page;
  const uintptr_t end = ((uintptr_t)memory + n_bytes) / page * page;
  if (end > begin) madvise((unsigned char *)memory + (begin - (uintptr_t)memory), end - begin, advice);
}

void populate_pages(void *memory, size_t n_bytes)
{
#ifdef MADV_POPULATE_WRITE
  advise(memory, n_bytes, MADV_POPULATE_WRITE);
#else
  (void)memory;
  (void)n_bytes;
#endif
}

void release_pages(void *memory, size_t n_bytes)
{
  advise(memory, n_bytes, MADV_DONTNEED);
}

static int64_t least(int64_t a, int64_t b)
{
  return a < b ? a : b;
}

/* The number behind `name` in a file of "name: number" lines, or `otherwise`. */
static int64_t number_in_file(const char *path, const char *name, int64_t otherwise)
{
  FILE *file = fopen(path, "r");
  if (file == NULL) return otherwise;
  char line[256];
  int64_t found = otherwise;
  const size_t length = strlen(name);
  while (fgets(line, sizeof line, file) != NULL) {
    long long value;
    if (strncmp(line, name, length) == 0 && sscanf(line + length, " %lld", &value) == 1) {
      found = value;
      break;
    }
  }
  fclose(file);
  return found;
}

/* The names of a control group's files in one version of the kernel's interface. */
typedef struct control_group_files {
  const char *root, *limit, *usage, *cache, *shared;
} control_group_files;

static const control_group_files version_1 = {"/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes",
                                              "total_cache", "total_shmem"};
static const control_group_files version_2 = {"/sys/fs/cgroup", "memory.max", "memory.current", "file", "shmem"};

static int64_t number_of_group(const control_group_files *files, const char *group, const char *file, const char *name,
                               int64_t otherwise)
{
  char path[2 * PATH_MAX];
  snprintf(path, sizeof path, "%s%s/%s", files->root, group, file);
  return number_in_file(path, name, otherwise);
}

/* What is left below the limits of a control group and of those that it is part of. Cached files make room when asked
 * to, but for shared memory, which is counted among them. */
static int64_t left_in_group(const control_group_files *files, char *group)
{
  int64_t left = INT64_MAX;
  for (;;) {
    const int64_t limit = number_of_group(files, group, files->limit, "", INT64_MAX);
    const int64_t usage = number_of_group(files, group, files->usage, "", 0);
    const int64_t cache = number_of_group(files, group, "memory.stat", files->cache, 0);
    const int64_t shared = number_of_group(files, group, "memory.stat", files->shared, 0);
    const int64_t held = usage > cache ? usage - cache + shared : shared;
    if (limit < INT64_MAX) left = least(left, limit > held ? limit - held : 0);
    char *last = strrchr(group, '/');
    if (last == NULL) return left;
    *last = '\0';
  }
}

static int64_t control_group_memory_left(void)
{
  FILE *file = fopen("/proc/self/cgroup", "r");
  int64_t left = INT64_MAX;
  if (file == NULL) return left;
  char line[PATH_MAX];
  while (fgets(line, sizeof line, file) != NULL) {
    line[strcspn(line, "\n")] = '\0';
    char *of_version_1 = strstr(line, ":memory:");
    if (strncmp(line, "0::", 3) == 0)
      left = least(left, left_in_group(&version_2, line + 3));
    else if (of_version_1 != NULL)
      left = least(left, left_in_group(&version_1, of_version_1 + 8));
  }
  fclose(file);
  return left;
}

/* What is left below one of this process's limits; used: the name of what it limits. */
static int64_t left_below(rlim_t limit, const char *used)
{
  if (limit == RLIM_INFINITY) return INT64_MAX;
  const int64_t bytes = 1024 * number_in_file("/proc/self/status", used, 0);
  const int64_t most = limit > (rlim_t)INT64_MAX ? INT64_MAX : (int64_t)limit;
  return most > bytes ? most - bytes : 0;
}

int64_t memory_allocatable(void)
{
  struct rlimit space = {.rlim_cur = RLIM_INFINITY};
  struct rlimit data = {.rlim_cur = RLIM_INFINITY};
  getrlimit(RLIMIT_AS, &space);
  getrlimit(RLIMIT_DATA, &data);
  return least(left_below(space.rlim_cur, "VmSize:"), left_below(data.rlim_cur, "VmData:"));
}

int64_t memory_available(int n_sharers)
{
  const int64_t machine = number_in_file("/proc/meminfo", "MemAvailable:", INT64_MAX / 1024) * 1024;
  return least(machine, control_group_memory_left()) / (n_sharers > 0 ? n_sharers : 1);
}

int64_t memory_held(void)
{
  return 1024 * number_in_file("/proc/self/status", "VmRSS:", 0);
}

/* getrusage would count what the parent held when it started this process. */
int64_t memory_peak(void)
{
  return 1024 * number_in_file("/proc/self/status", "VmHWM:", 0);
}
