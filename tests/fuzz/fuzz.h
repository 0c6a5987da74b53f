/* SPDX-License-Identifier: BSD-3-Clause */
/* What the fuzzers share. A fuzzer is LLVMFuzzerTestOneInput of one reader: whatever the bytes are, it must neither
 * crash nor take more memory than they justify. clang's libFuzzer (cmake -DGMMPI_FUZZ=ON) makes up inputs from those in
 * corpus/; other compilers link replay.c, which reads just these. */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes);

/* What is left of an input that is read as decisions and numbers. */
typedef struct fuzz_input {
  const uint8_t *next;
  size_t n_left;
} fuzz_input;

/* The next n_bytes (at most 8) as a number; 0 where there are none. */
uint64_t fuzz_take(fuzz_input *input, int n_bytes);

/* Fills n_bytes of memory; zeros where there are none. */
void fuzz_fill(fuzz_input *input, void *memory, size_t n_bytes);

/* For LLVMFuzzerInitialize: MPI, and an HDF5 that does not print. */
void fuzz_begin(int *argc, char ***argv);

/* The bytes as a file, new each time, so that HDF5 never takes it for one that it knows. The name is valid until the
 * next call; to be closed with fuzz_close. Returns -1 when there can be none. */
int fuzz_open(const uint8_t *bytes, size_t n_bytes, const char **path);
void fuzz_close(int descriptor);

/* Reads a table of points, in several ways, from the beginning, the middle and the end. */
void fuzz_read_points(const uint8_t *bytes, size_t n_bytes);

/* Ends the program when what a reader delivered is not what its header promises. */
void fuzz_insist(int holds, const char *what);

#endif
