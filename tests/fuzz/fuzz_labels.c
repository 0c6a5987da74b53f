/* SPDX-License-Identifier: BSD-3-Clause */
/* Files to start a fit from: labels, and what else they turn out to be. Labels are followed by one iteration. */
#include "fit/start_file.h"
#include "fuzz/fuzz.h"
#include "gmmpi/fit.h"

enum { N_POINTS = 12 };

static double points[N_POINTS];
static shard *held;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
  gmmpi_error error = {0};
  fuzz_begin(argc, argv);
  for (int i = 0; i < N_POINTS; i++) points[i] = (double)(i * i % 7) + 0.1 * i;
  shard_create_from_memory(MPI_COMM_SELF, points, N_POINTS, 1, (shard_options){.n_threads = 1}, &held, &error);
  fuzz_insist(held != NULL, "points are there");
  return 0;
}

static void fit_from(const int64_t *labels)
{
  gmmpi_options *options = NULL;
  gmmpi_points *rows = NULL;
  gmmpi_model *model = NULL;
  gmmpi_error error = {0};
  gmmpi_options_create(&options, &error);
  gmmpi_options_set(options, "components", "2", &error);
  gmmpi_options_set(options, "max-iter", "1", &error);
  gmmpi_options_set_labels(options, labels, N_POINTS, &error);
  fuzz_insist(gmmpi_points_create(MPI_COMM_SELF, points, N_POINTS, 1, options, &rows, &error) == GMMPI_OK,
              "points are taken");
  const gmmpi_status status = gmmpi_fit(rows, options, NULL, &model, NULL, &error);
  fuzz_insist((status == GMMPI_OK) == (model != NULL), "a model is there or an error");
  gmmpi_model_destroy(model);
  gmmpi_points_destroy(rows);
  gmmpi_options_destroy(options);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
  const char *path;
  start_file start = {0};
  gmmpi_error error = {0};
  const int descriptor = fuzz_open(bytes, n_bytes, &path);
  if (descriptor < 0) return 0;
  const fit_options options = {.n_components = 2, .covariance = "full", .init = INIT_MODEL, .init_file = path};
  if (start_file_open(MPI_COMM_SELF, &options, &start, &error) == GMMPI_OK && start.is_labels &&
      start_file_labels(&options, held, &start, &error) == GMMPI_OK)
    fit_from(start.labels);
  start_file_clear(&start);
  fuzz_close(descriptor);
  return 0;
}
