/* A part of a shard's rows as a shard of its own. */
#include "points/shard.h"
#include "points/shard_build.h"
#include "support/error.h"
#include "support/memory.h"

#include <stdlib.h>

static int64_t count_chosen(const shard *points, bool (*is_chosen)(const void *context, int64_t row),
                            const void *context)
{
  int64_t n = 0;
  for (int64_t i = 0; i < points->n_rows; i++) n += is_chosen(context, points->first_row + i);
  return n;
}

static void list_chosen(const shard *points, bool (*is_chosen)(const void *context, int64_t row), const void *context,
                        int64_t *chosen)
{
  for (int64_t i = 0; i < points->n_rows; i++) {
    if (is_chosen(context, points->first_row + i)) *chosen++ = i;
  }
}

gmmpi_status shard_subsample(const shard *points, bool (*is_chosen)(const void *context, int64_t row),
                             const void *context, shard **result, gmmpi_error *error)
{
  gmmpi_error local = {0};
  shard *sample = NULL;
  int64_t n_samples;
  const int64_t n_chosen = count_chosen(points, is_chosen, context);
  int64_t *chosen = allocate(n_chosen, sizeof *chosen);
  const shard_options options = {.n_threads = points->n_threads, .single_precision = points->single_precision};
  MPI_Allreduce(&n_chosen, &n_samples, 1, MPI_INT64_T, MPI_SUM, points->comm);
  if (n_samples == 0)
    fail(&local, GMMPI_BAD_DATA, "no points were chosen for a subsample; choose some");
  else if (chosen == NULL)
    fail(&local, GMMPI_NO_MEMORY, "there is no memory for a subsample of %lld points", (long long)n_samples);
  else
    shard_lay_out(points->comm, "subsample", n_samples, points->n_features, options, &sample, &local);
  if (agree(points->comm, &local) == GMMPI_OK) {
    list_chosen(points, is_chosen, context, chosen);
    const row_supply supply = {.n_rows = n_chosen, .held = points, .picked = chosen};
    if (shard_redistribute(&supply, sample, &local) == GMMPI_OK) shard_complete(sample, &local);
  }
  free(chosen);
  if (local.status != GMMPI_OK) {
    shard_destroy(sample);
    sample = NULL;
    if (error != NULL) *error = local;
  }
  *result = sample;
  return local.status;
}
