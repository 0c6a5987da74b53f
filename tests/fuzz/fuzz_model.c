/* SPDX-License-Identifier: BSD-3-Clause */
/* Model files that are sound HDF5, but hold data sets of any shape, any numbers and any attributes. */
#include "fuzz/fuzz.h"
#include "mixture/files/model_file.h"
#include "support/hdf5_attributes.h"
#include "support/hdf5_image.h"

#include <math.h>
#include <stdlib.h>

enum { MOST_NUMBERS = 512 };

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
  fuzz_begin(argc, argv);
  return 0;
}

/* Whatever was accepted can be cut anywhere. */
static void cut_hierarchy(const gmmpi_model *model)
{
  int64_t cluster_of[4];
  const int64_t suggested = hierarchy_suggestion(model->hierarchy);
  fuzz_insist(suggested >= 1 && suggested <= model->hierarchy->n_clusters, "so many clusters can be had");
  for (int64_t n = 1; n <= model->hierarchy->n_clusters; n++) {
    hierarchy_cut(model->hierarchy, model->n_components, model->weights, n, cluster_of);
    for (int64_t k = 0; k < model->n_components; k++)
      fuzz_insist(cluster_of[k] < n && (cluster_of[k] >= 0) == (model->weights[k] != 0.0), "each has a cluster");
  }
}

static void read_model(const void *bytes, size_t n_bytes)
{
  const char *path;
  gmmpi_model *model = NULL;
  json_t *facts = NULL;
  gmmpi_error error = {0};
  const int descriptor = fuzz_open(bytes, n_bytes, &path);
  if (descriptor < 0) return;
  const gmmpi_status status = model_file_read(path, &model, &facts, &error);
  fuzz_insist((status == GMMPI_OK) == (model != NULL), "a model is there or an error");
  for (int64_t k = 0; model != NULL && k < model->n_components; k++)
    fuzz_insist(isfinite(model->weights[k]), "weights are finite");
  if (model != NULL && model->hierarchy != NULL) cut_hierarchy(model);
  gmmpi_model_destroy(model);
  json_decref(facts);
  fuzz_close(descriptor);
}

/* Shapes are those of a model but for one in eight. Numbers are 1 but where the input has others. */
static void write_set(fuzz_input *input, hid_t file, const char *name, int n_dimensions, int64_t *shape)
{
  double numbers[MOST_NUMBERS];
  const uint64_t how = fuzz_take(input, 1);
  if (how % 8 == 7) n_dimensions = 1 + (int)(how / 8) % 3;
  if (how % 8 == 6 && n_dimensions > 0) shape[n_dimensions - 1] = (int64_t)(how / 8) % 5;
  int64_t count = 1;
  for (int i = 0; i < n_dimensions; i++) count *= shape[i];
  if (count > MOST_NUMBERS) return;
  for (int64_t i = 0; i < count; i++) numbers[i] = 1.0;
  for (uint64_t n = how / 64; n > 0 && count > 0; n--) {
    const int64_t place = (int64_t)fuzz_take(input, 1) % count;
    fuzz_fill(input, &numbers[place], sizeof *numbers);
  }
  hdf5_image_write(file, name, n_dimensions, shape, numbers);
}

static void write_facts(fuzz_input *input, hid_t file, const char *covariance, int64_t n_features)
{
  char name[9] = "";
  const uint64_t how = fuzz_take(input, 1);
  json_t *facts = json_pack("{s:s, s:i, s:s}", "format", how == 255 ? "other" : MODEL_FORMAT, "format_version",
                            how == 254 ? 77 : MODEL_FORMAT_VERSION, "covariance", how == 253 ? "none" : covariance);
  json_t *names = json_array();
  fuzz_fill(input, name, sizeof name - 1);
  if (how % 2 == 1) json_object_set_new(facts, "more", json_real((double)fuzz_take(input, 8)));
  for (int64_t i = how % 8; i < n_features; i++) json_array_append_new(names, json_stringn_nocheck(name, 3));
  if (how % 4 > 1) json_object_set(facts, "feature_names", names);
  hdf5_attributes_write(file, facts);
  json_decref(names);
  json_decref(facts);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
  fuzz_input input = {bytes, n_bytes};
  void *image = NULL;
  size_t n_image = 0;
  const covariance_family *family = all_families[fuzz_take(&input, 1) % N_FAMILIES];
  const int64_t K = 1 + (int64_t)fuzz_take(&input, 1) % 4;
  const int64_t d = 1 + (int64_t)fuzz_take(&input, 1) % 4;
  const hid_t file = hdf5_image_create(1 << 14);
  if (file < 0) return 0;
  const gmmpi_model outline = {.family = family, .n_components = K, .n_features = d};
  model_array arrays[MODEL_MOST_ARRAYS];
  write_facts(&input, file, family->name, d);
  const int n_arrays = model_arrays(&outline, arrays);
  for (int i = 0; i < n_arrays; i++) write_set(&input, file, arrays[i].name, arrays[i].n_dimensions, arrays[i].shape);
  if (fuzz_take(&input, 1) % 2 == 1) {
    write_set(&input, file, "merges", 2, (int64_t[3]){K - 1, 2});
    write_set(&input, file, "merge_entropy", 1, (int64_t[3]){K});
  }
  const bool is_made = hdf5_image_bytes(file, &image, &n_image);
  H5Fclose(file);
  if (is_made) read_model(image, n_image);
  free(image);
  return 0;
}
