/* SPDX-License-Identifier: BSD-3-Clause */
#include "fuzz/fuzz.h"

#include <fcntl.h>
#include <hdf5.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void end(void)
{
  MPI_Finalize();
}

void fuzz_begin(int *argc, char ***argv)
{
  MPI_Init(argc, argv);
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  atexit(end);
}

uint64_t fuzz_take(fuzz_input *input, int n_bytes)
{
  uint64_t number = 0;
  for (; n_bytes > 0 && input->n_left > 0; n_bytes--, input->n_left--) number = number << 8 | *input->next++;
  return number;
}

void fuzz_fill(fuzz_input *input, void *memory, size_t n_bytes)
{
  const size_t n = input->n_left < n_bytes ? input->n_left : n_bytes;
  memset(memory, 0, n_bytes);
  memcpy(memory, input->next, n);
  input->next += n;
  input->n_left -= n;
}

/* The file is one with a name, which HDF5 wants, and is in memory where that is possible. */
static char name[40];

int fuzz_open(const uint8_t *bytes, size_t n_bytes, const char **path)
{
  snprintf(name, sizeof name, "%s/fuzz-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
  const int descriptor = mkostemp(name, O_CLOEXEC);
  if (descriptor < 0) return -1;
  for (size_t done = 0; done < n_bytes;) {
    const ssize_t written = write(descriptor, bytes + done, n_bytes - done);
    if (written <= 0) {
      fuzz_close(descriptor);
      return -1;
    }
    done += (size_t)written;
  }
  *path = name;
  return descriptor;
}

void fuzz_close(int descriptor)
{
  if (descriptor < 0) return;
  close(descriptor);
  unlink(name);
}

void fuzz_insist(int holds, const char *what)
{
  if (holds) return;
  fprintf(stderr, "not true: %s\n", what);
  abort();
}
