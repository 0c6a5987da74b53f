/* SPDX-License-Identifier: BSD-3-Clause */
/* How fast plain processes read a file into fresh memory: what a program's reading can be measured against.
 *
 *   plain_read FILE OFFSET BYTES PROCESSES   prints the seconds from the start of all to the end of the last one
 *
 * Every process preads its share of the BYTES behind OFFSET into memory that it has never touched. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* The exit status of a process that reads bytes first ... first + length. */
static int read_share(const char *path, off_t first, size_t length)
{
  const int descriptor = open(path, O_RDONLY);
  char *memory = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (descriptor < 0 || memory == MAP_FAILED) return 1;
  for (size_t done = 0; done < length;) {
    const ssize_t got = pread(descriptor, memory + done, length - done, first + (off_t)done);
    if (got <= 0) return 1;
    done += (size_t)got;
  }
  return 0;
}

int main(int argc, char **argv)
{
  const long long offset = argc == 5 ? atoll(argv[2]) : 0;
  const long long bytes = argc == 5 ? atoll(argv[3]) : 0;
  const int n_processes = argc == 5 ? atoi(argv[4]) : 0;
  if (n_processes < 1 || bytes < n_processes) {
    fprintf(stderr, "usage: plain_read FILE OFFSET BYTES PROCESSES\n");
    return 64;
  }
  const double began = now();
  for (int p = 0; p < n_processes; p++) {
    const long long first = bytes * p / n_processes;
    const long long behind = bytes * (p + 1) / n_processes;
    const pid_t child = fork();
    if (child < 0) return 71;
    if (child == 0) _exit(read_share(argv[1], (off_t)(offset + first), (size_t)(behind - first)));
  }
  int failed = 0;
  int status;
  while (wait(&status) > 0) failed |= status != 0;
  if (failed) {
    fprintf(stderr, "plain_read: %s: reading failed\n", argv[1]);
    return 74;
  }
  printf("{\"seconds\": %.6g}\n", now() - began);
  return 0;
}
