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
  gmmpi_fit_options options = gmmpi_fit_defaults(2);
  options.init = GMMPI_INIT_LABELS;
  options.labels = labels;
  options.max_iterations = 1;
  gmmpi_model *model = NULL;
  gmmpi_error error = {0};
  const gmmpi_status status = gmmpi_fit(MPI_COMM_SELF, points, N_POINTS, 1, &options, &model, NULL, &error);
  fuzz_insist((status == GMMPI_OK) == (model != NULL), "a model is there or an error");
  gmmpi_model_destroy(model);
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
