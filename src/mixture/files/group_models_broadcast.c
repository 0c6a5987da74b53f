/* SPDX-License-Identifier: BSD-3-Clause */
/* Giving rank 0's models of groups to every rank. */
#include "mixture/files/group_models.h"

#include "support/error.h"
#include "support/large_messages.h"
#include "support/memory.h"

#include <stdlib.h>
#include <string.h>

/* What the other ranks must know before they can make room. */
enum { FAMILY, PARTS, COMPONENTS, FEATURES, GROUPS, HAS_NUMBERS, KEY_BYTES, NAME_BYTES, TRANSFORM_BYTES, N_OUTLINE };

static int64_t bytes_of(char *const *texts, int64_t n)
{
  int64_t bytes = 0;
  for (int64_t i = 0; texts != NULL && i < n; i++) bytes += (int64_t)strlen(texts[i]) + 1;
  return bytes;
}

static void outline_of(const group_models *models, int64_t outline[N_OUTLINE])
{
  const group_layout *layout = &models->layout;
  outline[FAMILY] = family_index(layout->kind.family);
  outline[PARTS] = layout->kind.parts;
  outline[COMPONENTS] = layout->n_components;
  outline[FEATURES] = layout->n_features;
  outline[GROUPS] = models->keys.n;
  outline[HAS_NUMBERS] = models->keys.numbers != NULL;
  outline[KEY_BYTES] = bytes_of(models->keys.texts, models->keys.n);
  outline[NAME_BYTES] = bytes_of(models->feature_names, layout->n_features);
  outline[TRANSFORM_BYTES] = bytes_of(models->transforms, layout->n_features);
}

/* Collective, with n_bytes of texts, one behind the other, that rank 0 has in *texts; 0: there are none. False on a
 * rank without memory. */
static bool share_texts(MPI_Comm comm, int rank, int64_t n, int64_t n_bytes, char ***texts)
{
  if (n_bytes == 0) return true;
  char *packed = malloc((size_t)n_bytes);
  int all_have = packed != NULL;
  MPI_Allreduce(MPI_IN_PLACE, &all_have, 1, MPI_INT, MPI_MIN, comm);
  bool good = all_have != 0;
  char *next = packed;
  for (int64_t i = 0; good && rank == 0 && i < n; i++) next = stpcpy(next, (*texts)[i]) + 1;
  if (good) broadcast_large(comm, 0, packed, n_bytes, MPI_CHAR);
  if (good && rank > 0) {
    *texts = calloc((size_t)n, sizeof **texts);
    good = *texts != NULL;
    next = packed;
    for (int64_t i = 0; good && i < n; i++, next += strlen(next) + 1) good = ((*texts)[i] = strdup(next)) != NULL;
  }
  free(packed);
  return good;
}

static void share_numbers(MPI_Comm comm, group_models *models)
{
  const int64_t n = models->keys.n;
  for (int f = 0; f < N_GROUP_FACTS; f++) broadcast_large(comm, 0, models->facts[f], n, MPI_DOUBLE);
  for (int i = 0; i < models->layout.n_arrays; i++) {
    const group_array *array = &models->layout.arrays[i];
    broadcast_large(comm, 0, array->numbers, n * array->length, MPI_DOUBLE);
  }
  if (models->keys.numbers != NULL) broadcast_large(comm, 0, models->keys.numbers, n, MPI_DOUBLE);
}

gmmpi_status group_models_broadcast(MPI_Comm comm, group_models **models, gmmpi_error *error)
{
  int rank;
  int64_t outline[N_OUTLINE] = {0};
  gmmpi_error own = {0};
  MPI_Comm_rank(comm, &rank);
  if (rank == 0) outline_of(*models, outline);
  MPI_Bcast(outline, N_OUTLINE, MPI_INT64_T, 0, comm);
  if (rank > 0) {
    const model_kind kind = {all_families[outline[FAMILY]], (unsigned)outline[PARTS]};
    const group_layout layout = group_layout_of(kind, outline[COMPONENTS], outline[FEATURES]);
    group_models_create(&layout, outline[GROUPS], models, &own);
    if (own.status == GMMPI_OK && outline[HAS_NUMBERS] != 0) {
      (*models)->keys.numbers = allocate(outline[GROUPS], sizeof(double));
      if ((*models)->keys.numbers == NULL) fail(&own, GMMPI_NO_MEMORY, "there is no memory for the keys of groups");
    }
  }
  if (agree(comm, &own) == GMMPI_OK) {
    group_models *all = *models;
    share_numbers(comm, all);
    bool good = share_texts(comm, rank, outline[GROUPS], outline[KEY_BYTES], &all->keys.texts);
    good = share_texts(comm, rank, outline[FEATURES], outline[NAME_BYTES], &all->feature_names) && good;
    good = share_texts(comm, rank, outline[FEATURES], outline[TRANSFORM_BYTES], &all->transforms) && good;
    if (!good) fail(&own, GMMPI_NO_MEMORY, "there is no memory for the keys of groups");
    agree(comm, &own);
  }
  return error_pass(error, &own);
}
