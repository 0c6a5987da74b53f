/* SPDX-License-Identifier: BSD-3-Clause */
/* Giving rank 0's model to every rank. */
#include "mixture/files/model_file.h"

#include "support/error.h"
#include "support/large_messages.h"

#include <stdlib.h>
#include <string.h>

/* What the other ranks must know before they can make room. */
typedef struct outline {
  int64_t parts;
  int64_t family; /* its index: all ranks run the same program, and so have the same table */
  int64_t n_components;
  int64_t n_features;
  int64_t names_bytes;      /* of all feature names, each with its end; 0: none */
  int64_t transforms_bytes; /* likewise, as of the next ones */
  int64_t components_bytes;
  int64_t n_clusters; /* of its hierarchy; 0: it has none */
} outline;

static int64_t bytes_of(char *const *texts, int64_t n)
{
  int64_t bytes = 0;
  for (int64_t j = 0; texts != NULL && j < n; j++) bytes += (int64_t)strlen(texts[j]) + 1;
  return bytes;
}

static outline outline_of(const gmmpi_model *model)
{
  return (outline){.parts = model->parts,
                   .family = family_index(model->family),
                   .n_components = model->n_components,
                   .n_features = model->n_features,
                   .names_bytes = bytes_of(model->feature_names, model->n_features),
                   .transforms_bytes = bytes_of(model->transforms, model->n_features),
                   .components_bytes = bytes_of(model->component_names, model->n_components),
                   .n_clusters = model->hierarchy != NULL ? model->hierarchy->n_clusters : 0};
}

/* Texts, one behind the other. */
static void pack(char *const *texts, int64_t n, char *packed)
{
  for (int64_t j = 0; texts != NULL && j < n; j++) packed = stpcpy(packed, texts[j]) + 1;
}

static gmmpi_status unpack(gmmpi_model *model, int64_t n, char *packed,
                           gmmpi_status (*set)(gmmpi_model *model, char *const *texts, gmmpi_error *error),
                           gmmpi_error *error)
{
  char **texts = calloc((size_t)n, sizeof *texts);
  if (texts == NULL) return fail(error, GMMPI_NO_MEMORY, "no memory is left for the names in the model");
  for (int64_t j = 0; j < n; j++) {
    texts[j] = packed;
    packed += strlen(packed) + 1;
  }
  const gmmpi_status status = set(model, texts, error);
  free(texts);
  return status;
}

void model_broadcast_parameters(MPI_Comm comm, int root, gmmpi_model *model)
{
  model_array arrays[MODEL_MOST_ARRAYS];
  const int n_arrays = model_arrays(model, arrays);
  for (int i = 0; i < n_arrays; i++) broadcast_large(comm, root, arrays[i].numbers, arrays[i].length, MPI_DOUBLE);
}

static void broadcast_hierarchy(MPI_Comm comm, cluster_hierarchy *hierarchy)
{
  broadcast_large(comm, 0, hierarchy->merges, 2 * (hierarchy->n_clusters - 1), MPI_INT64_T);
  broadcast_large(comm, 0, hierarchy->entropy, hierarchy->n_clusters, MPI_DOUBLE);
}

gmmpi_status model_broadcast(MPI_Comm comm, gmmpi_model **model, gmmpi_error *error)
{
  int rank;
  MPI_Comm_rank(comm, &rank);
  outline facts = {0};
  if (rank == 0) facts = outline_of(*model);
  MPI_Bcast(&facts, (int)sizeof facts, MPI_BYTE, 0, comm);

  gmmpi_error own = {0};
  const int64_t n_bytes = facts.names_bytes + facts.transforms_bytes + facts.components_bytes;
  char *names = malloc((size_t)n_bytes + 1);
  if (names == NULL) fail(&own, GMMPI_NO_MEMORY, "no memory is left for the names in the model");
  if (rank != 0) {
    const model_kind kind = {all_families[facts.family], (unsigned)facts.parts};
    model_allocate(kind, facts.n_components, facts.n_features, model, &own);
    if (own.status == GMMPI_OK && facts.n_clusters > 0) hierarchy_create(facts.n_clusters, &(*model)->hierarchy, &own);
  }
  gmmpi_status status = agree(comm, &own);
  if (status == GMMPI_OK) {
    char *transforms = names + facts.names_bytes;
    char *components = transforms + facts.transforms_bytes;
    model_broadcast_parameters(comm, 0, *model);
    if (rank == 0) {
      pack((*model)->feature_names, facts.n_features, names);
      pack((*model)->transforms, facts.n_features, transforms);
      pack((*model)->component_names, facts.n_components, components);
    }
    broadcast_large(comm, 0, names, n_bytes, MPI_BYTE);
    if (facts.n_clusters > 0) broadcast_hierarchy(comm, (*model)->hierarchy);
    if (rank != 0 && facts.names_bytes > 0) unpack(*model, facts.n_features, names, model_set_feature_names, &own);
    if (rank != 0 && facts.transforms_bytes > 0)
      unpack(*model, facts.n_features, transforms, model_set_transforms, &own);
    if (rank != 0 && facts.components_bytes > 0)
      unpack(*model, facts.n_components, components, model_set_component_names, &own);
    status = agree(comm, &own);
  }
  if (status != GMMPI_OK) {
    if (error != NULL) *error = own;
    if (rank != 0) {
      gmmpi_model_destroy(*model);
      *model = NULL;
    }
  }
  free(names);
  return status;
}
