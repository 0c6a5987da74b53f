/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/node_memory.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

int64_t node_memory_page(void)
{
  return sysconf(_SC_PAGESIZE);
}

static bool is_unlimited(int resource, int64_t n_bytes)
{
  struct rlimit limit;
  if (getrlimit((__rlimit_resource_t)resource, &limit) != 0) return false;
  return limit.rlim_cur == RLIM_INFINITY || (n_bytes >= 0 && limit.rlim_cur >= (rlim_t)n_bytes);
}

/* Where memory is only promised when it is there a page of a file is not promised, and using it would end the rank. */
static bool memory_is_promised_strictly(void)
{
  FILE *file = fopen("/proc/sys/vm/overcommit_memory", "r");
  int mode = 2;
  if (file == NULL) return true;
  if (fscanf(file, "%d", &mode) != 1) mode = 2;
  fclose(file);
  return mode == 2;
}

bool node_memory_is_allowed(int64_t n_bytes)
{
  return is_unlimited(RLIMIT_AS, -1) && is_unlimited(RLIMIT_DATA, -1) && is_unlimited(RLIMIT_FSIZE, n_bytes) &&
         !memory_is_promised_strictly();
}

bool node_memory_create(int64_t n_bytes, node_memory *memory)
{
  const int file = memfd_create("gmmpi-points", MFD_CLOEXEC);
  *memory = (node_memory){.file = -1};
  if (file < 0) return false;
  void *bytes = MAP_FAILED;
  if (n_bytes > 0 && ftruncate(file, n_bytes) == 0)
    bytes = mmap(NULL, (size_t)n_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (bytes == MAP_FAILED) {
    close(file);
    return false;
  }
  *memory = (node_memory){bytes, n_bytes, file};
  return true;
}

void node_memory_close_file(node_memory *memory)
{
  if (memory->file >= 0) close(memory->file);
  memory->file = -1;
}

void node_memory_destroy(node_memory *memory)
{
  if (memory->bytes == NULL) return;
  node_memory_close_file(memory);
  munmap(memory->bytes, (size_t)memory->n_bytes);
  memory->bytes = NULL;
}

/* Advice about the pages that lie wholly within a part of it; that it is not taken changes nothing. */
static void advise(const node_memory *memory, int64_t first, int64_t n_bytes, int advice)
{
  const int64_t page = node_memory_page();
  const int64_t begin = (first + page - 1) / page * page;
  const int64_t end = (first + n_bytes) / page * page;
  if (end > begin) madvise(memory->bytes + begin, (size_t)(end - begin), advice);
}

void node_memory_release(const node_memory *memory, int64_t first, int64_t n_bytes)
{
  advise(memory, first, n_bytes, MADV_REMOVE);
}

/* Where a page is touched the system maps those beside it too. */
enum { BYTES_AROUND = 1 << 16 };

void node_memory_leave(const node_memory *theirs, int64_t first, int64_t n_bytes)
{
  const int64_t begin = first > BYTES_AROUND ? first - BYTES_AROUND : 0;
  const int64_t left = theirs->n_bytes - first - n_bytes;
  advise(theirs, begin, first + n_bytes + (left < BYTES_AROUND ? left : BYTES_AROUND) - begin, MADV_DONTNEED);
}

node_address node_memory_address(const node_memory *memory)
{
  struct stat about;
  if (memory->file < 0 || fstat(memory->file, &about) != 0) return (node_address){.file = -1};
  return (node_address){getpid(), memory->file, (int64_t)about.st_dev, (int64_t)about.st_ino, memory->n_bytes};
}

/* Another process namespace may have a process of the same number with a file of the same number: it is another file.
 */
static bool is_the_file(int file, node_address address)
{
  struct stat about;
  return fstat(file, &about) == 0 && (int64_t)about.st_dev == address.device &&
         (int64_t)about.st_ino == address.inode && (int64_t)about.st_size == address.n_bytes;
}

bool node_memory_open(node_address address, int64_t n_writable, node_memory *theirs)
{
  char path[64];
  *theirs = (node_memory){.file = -1};
  snprintf(path, sizeof path, "/proc/%lld/fd/%lld", (long long)address.process, (long long)address.file);
  const int file = address.file >= 0 ? open(path, O_RDWR | O_CLOEXEC) : -1;
  if (file < 0) return false;
  void *bytes = MAP_FAILED;
  if (is_the_file(file, address))
    bytes = mmap(NULL, (size_t)address.n_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (bytes == MAP_FAILED) return false;
  *theirs = (node_memory){bytes, address.n_bytes, -1};
  if (address.n_bytes > n_writable)
    mprotect(theirs->bytes + n_writable, (size_t)(address.n_bytes - n_writable), PROT_READ);
  return true;
}
