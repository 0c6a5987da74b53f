/* SPDX-License-Identifier: BSD-3-Clause */
/* Rank 0's model on every rank: all families, with and without names; and what happens when a rank has no memory. */
#include "mixture/files/model_file.h"

#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static int rank;
static int failures;

static void check(int holds, const char *what)
{
  if (holds) return;
  fprintf(stderr, "rank %d: %s\n", rank, what);
  failures++;
}

/* K components in d features, each number different. */
static gmmpi_model *example(const covariance_family *family, int64_t n_components, int64_t d, int named)
{
  gmmpi_model *model = NULL;
  if (model_allocate(gaussian_kind(family), n_components, d, &model, NULL) != GMMPI_OK) abort();
  for (int64_t k = 0; k < n_components; k++) model->weights[k] = 1 + (double)k;
  for (int64_t i = 0; i < n_components * d; i++) model->means[i] = (double)i / 7;
  for (int64_t i = 0; i < family_length(family, n_components, d); i++) {
    model->covariances[i] = (double)i / 11;
    model->precisions_cholesky[i] = (double)i / 13;
  }
  char **names = calloc((size_t)d, sizeof *names);
  for (int64_t j = 0; j < d; j++) {
    names[j] = malloc(64);
    if (names[j] == NULL) abort();
    if (j == 0) names[j][0] = '\0';
    if (j > 0) snprintf(names[j], 64, "feature number %lld", (long long)j);
  }
  if (named && model_set_feature_names(model, names, NULL) != GMMPI_OK) abort();
  if (named && n_components <= d && model_set_component_names(model, names + d - n_components, NULL) != GMMPI_OK)
    abort();
  for (int64_t j = 0; j < d; j++) free(names[j]);
  free(names);
  if (named) {
    if (hierarchy_create(n_components, &model->hierarchy, NULL) != GMMPI_OK) abort();
    for (int64_t k = 0; k < n_components; k++) model->hierarchy->entropy[k] = (double)k / 7;
    for (int64_t k = 1; k < n_components; k++) model->hierarchy->merges[2 * k - 1] = k;
  }
  return model;
}

static void same_everywhere(const covariance_family *family, int64_t n_components, int64_t d, int named)
{
  gmmpi_error error = {0};
  gmmpi_model *expected = example(family, n_components, d, named);
  gmmpi_model *model = rank == 0 ? example(family, n_components, d, named) : NULL;
  check(model_broadcast(MPI_COMM_WORLD, &model, &error) == GMMPI_OK, error.message);
  check(model != NULL && model->family == family, "another family");
  check(model->n_components == n_components && model->n_features == d, "another shape");
  check(model_hash(model) == model_hash(expected), "other numbers");
  check((model->feature_names != NULL) == named, "names or none");
  for (int64_t j = 0; named && j < d; j++)
    check(strcmp(model->feature_names[j], expected->feature_names[j]) == 0, "another name");
  check((model->component_names == NULL) == (expected->component_names == NULL), "names of components or none");
  for (int64_t k = 0; expected->component_names != NULL && k < n_components; k++)
    check(strcmp(model->component_names[k], expected->component_names[k]) == 0, "another name of a component");
  check((model->hierarchy == NULL) == (expected->hierarchy == NULL), "a hierarchy or none");
  if (expected->hierarchy != NULL) {
    const size_t n = (size_t)n_components;
    check(model->hierarchy->n_clusters == n_components, "another number of clusters");
    check(memcmp(model->hierarchy->entropy, expected->hierarchy->entropy, n * sizeof(double)) == 0, "other entropies");
    check(memcmp(model->hierarchy->merges, expected->hierarchy->merges, (n - 1) * 2 * sizeof(int64_t)) == 0,
          "other merges");
  }
  gmmpi_model_destroy(expected);
  gmmpi_model_destroy(model);
}

/* The last rank gets no more memory: all ranks get the same error, and only rank 0 still has a model. */
static void no_memory_on_one_rank(int n_ranks)
{
  if (n_ranks == 1) return;
  gmmpi_error error = {0};
  struct rlimit before;
  getrlimit(RLIMIT_AS, &before);
  gmmpi_model *model = rank == 0 ? example(&family_full, 1, 2048, 0) : NULL;
  if (rank == n_ranks - 1) {
    struct rlimit tight = before;
    tight.rlim_cur = 1; /* nothing more can be mapped */
    setrlimit(RLIMIT_AS, &tight);
  }
  const gmmpi_status status = model_broadcast(MPI_COMM_WORLD, &model, &error);
  setrlimit(RLIMIT_AS, &before);
  check(status == GMMPI_NO_MEMORY && error.status == GMMPI_NO_MEMORY, "not the status for no memory");
  check(strstr(error.message, "1 components in 2048 features") != NULL, error.message);
  check((model != NULL) == (rank == 0), "a model where none should be");
  gmmpi_model_destroy(model);
}

int main(int argc, char **argv)
{
  int n_ranks;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &n_ranks);
  for (int f = 0; f < N_FAMILIES; f++) {
    same_everywhere(all_families[f], 1, 1, 0);
    same_everywhere(all_families[f], 5, 7, f % 2);
    same_everywhere(all_families[f], 3, 40, 1);
  }
  no_memory_on_one_rank(n_ranks);
  int all_failures;
  MPI_Allreduce(&failures, &all_failures, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  MPI_Finalize();
  return all_failures == 0 ? 0 : 1;
}
