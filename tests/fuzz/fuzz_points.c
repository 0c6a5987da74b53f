/* SPDX-License-Identifier: BSD-3-Clause */
/* Tables of points as they are: CSV, NPY, FCS or FITS, which is told from the content. */
#include "fuzz/fuzz.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
  fuzz_begin(argc, argv);
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
  fuzz_read_points(bytes, n_bytes);
  return 0;
}
