#include "support/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

bool multiply_fits(int64_t a, int64_t b, int64_t *product)
{
  return a >= 0 && b >= 0 && !__builtin_mul_overflow(a, b, product);
}

void *allocate(int64_t count, size_t size)
{
  int64_t bytes;
  if (!multiply_fits(count, (int64_t)size, &bytes) || bytes > INT64_MAX - MEMORY_ALIGNMENT) return NULL;
  const size_t rounded = ((size_t)bytes + MEMORY_ALIGNMENT) / MEMORY_ALIGNMENT * MEMORY_ALIGNMENT;
  void *memory = aligned_alloc(MEMORY_ALIGNMENT, rounded);
  if (memory != NULL) memset(memory, 0, rounded);
  return memory;
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

/* What is left below the memory limit of this process's control group (version 2, then version 1). */
static int64_t control_group_memory_left(void)
{
  FILE *file = fopen("/proc/self/cgroup", "r");
  int64_t left = INT64_MAX;
  if (file == NULL) return left;
  char line[1024];
  while (fgets(line, sizeof line, file) != NULL) {
    line[strcspn(line, "\n")] = '\0';
    char limit_file[1200];
    char usage_file[1200];
    const char *version_1 = strstr(line, ":memory:");
    if (strncmp(line, "0::", 3) == 0) {
      snprintf(limit_file, sizeof limit_file, "/sys/fs/cgroup%s/memory.max", line + 3);
      snprintf(usage_file, sizeof usage_file, "/sys/fs/cgroup%s/memory.current", line + 3);
    } else if (version_1 != NULL) {
      snprintf(limit_file, sizeof limit_file, "/sys/fs/cgroup/memory%s/memory.limit_in_bytes", version_1 + 8);
      snprintf(usage_file, sizeof usage_file, "/sys/fs/cgroup/memory%s/memory.usage_in_bytes", version_1 + 8);
    } else {
      continue;
    }
    const int64_t limit = number_in_file(limit_file, "", INT64_MAX);
    const int64_t usage = number_in_file(usage_file, "", 0);
    if (limit < INT64_MAX) left = least(left, limit > usage ? limit - usage : 0);
  }
  fclose(file);
  return left;
}

static int64_t address_space_left(void)
{
  struct rlimit limit;
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return INT64_MAX;
  const int64_t used = 1024 * number_in_file("/proc/self/status", "VmSize:", 0);
  return (int64_t)limit.rlim_cur > used ? (int64_t)limit.rlim_cur - used : 0;
}

int64_t memory_available(int n_sharers)
{
  const int64_t machine = number_in_file("/proc/meminfo", "MemAvailable:", INT64_MAX / 1024) * 1024;
  const int64_t shared = least(machine, control_group_memory_left()) / (n_sharers > 0 ? n_sharers : 1);
  return least(shared, address_space_left());
}

int64_t memory_peak(void)
{
  struct rusage usage;
  return getrusage(RUSAGE_SELF, &usage) == 0 ? (int64_t)usage.ru_maxrss * 1024 : 0;
}
