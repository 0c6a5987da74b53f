/* SPDX-License-Identifier: BSD-3-Clause */
/* HDF5 files as they are, as points and as a model. Tests read the corpus only: from other bytes the HDF5 library
 * itself may crash, since not every part of such files has a checksum. */
#include "fuzz/fuzz.h"
#include "mixture/files/model_file.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
  fuzz_begin(argc, argv);
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
  const char *path;
  gmmpi_model *model = NULL;
  gmmpi_error error = {0};
  fuzz_read_points(bytes, n_bytes);
  const int descriptor = fuzz_open(bytes, n_bytes, &path);
  if (descriptor < 0) return 0;
  const gmmpi_status status = model_file_read(path, &model, NULL, &error);
  fuzz_insist((status == GMMPI_OK) == (model != NULL), "a model is there or an error");
  gmmpi_model_destroy(model);
  fuzz_close(descriptor);
  return 0;
}
