/* SPDX-License-Identifier: BSD-3-Clause */
/* Parameters to start from, as JSON. */
#include "fuzz/fuzz.h"
#include "mixture/files/model_file.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
  (void)argc;
  (void)argv;
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
  char *text = malloc(n_bytes + 1);
  if (text == NULL) return 0;
  memcpy(text, bytes, n_bytes);
  text[n_bytes] = '\0';
  for (int i = 0; i < N_FAMILIES; i++) {
    gmmpi_model *model = NULL;
    gmmpi_error error = {0};
    const gmmpi_status status = model_from_json("input", text, all_families[i], &model, &error);
    fuzz_insist((status == GMMPI_OK) == (model != NULL), "a model is there or an error");
    if (model == NULL) continue;
    json_t *again = model_to_json(model);
    fuzz_insist(again != NULL, "what was read can be written");
    json_decref(again);
    gmmpi_model_destroy(model);
  }
  free(text);
  return 0;
}
