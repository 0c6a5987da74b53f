/* SPDX-License-Identifier: BSD-3-Clause */
/* A part of a shard's rows as a shard of its own: sent to its owners by those who hold it, or, of rows that are
 * streamed, read by its owners. */
#include "points/making/from_source.h"
#include "points/making/redistribute.h"
#include "points/stream/stream.h"
#include "support/error.h"
#include "support/memory.h"

#include <limits.h>
#include <stdlib.h>

static int64_t count_chosen(const shard *points, row_filter filter)
{
  int64_t n = 0;
  for (int64_t i = 0; i < points->n_rows; i++) n += filter.is_chosen(filter.context, points->first_row + i);
  return n;
}

static void list_chosen(const shard *points, row_filter filter, int64_t *chosen)
{
  for (int64_t i = 0; i < points->n_rows; i++) {
    if (filter.is_chosen(filter.context, points->first_row + i)) *chosen++ = i;
  }
}

/* Collective: from the ranks' n_chosen rows. */
static gmmpi_status send_rows(const shard *points, row_filter filter, int64_t n_chosen, shard *sample,
                              gmmpi_error *error)
{
  int64_t *chosen = allocate(n_chosen, sizeof *chosen);
  if (chosen == NULL)
    fail(error, GMMPI_NO_MEMORY, "there is no memory for a subsample of %lld points", (long long)sample->n_samples);
  if (agree(points->comm, error) == GMMPI_OK) {
    list_chosen(points, filter, chosen);
    const row_supply supply = {.n_rows = n_chosen, .held = points, .picked = chosen};
    if (shard_redistribute(&supply, sample, error) == GMMPI_OK) held_complete(sample, error);
  }
  free(chosen);
  return error->status;
}

/* Collective: the bytes that the ranks of this node keep of a subsample. */
static int64_t bytes_of_node(const shard *sample)
{
  MPI_Comm node;
  int64_t bytes = sample->n_rows * sample->row_width * (int64_t)sizeof(double);
  MPI_Comm_split_type(sample->comm, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node);
  MPI_Allreduce(MPI_IN_PLACE, &bytes, 1, MPI_INT64_T, MPI_SUM, node);
  MPI_Comm_free(&node);
  return bytes;
}

/* Collective: one rank says, once for all subsamples of the points, why they are not kept on a disk. */
static void tell_about_scratch(const shard *points, const shard *sample)
{
  int rank;
  const char *trouble = stream_scratch_trouble(sample);
  MPI_Comm_rank(points->comm, &rank);
  int teller = trouble != NULL ? rank : INT_MAX;
  MPI_Allreduce(MPI_IN_PLACE, &teller, 1, MPI_INT, MPI_MIN, points->comm);
  if (teller == INT_MAX || !stream_note_trouble(points) || teller != rank) return;
  warn("%s: a subsample of the points cannot be kept there (%s); each pass over it reads all of the points. Give "
       "--scratch a folder on a disk",
       stream_options(sample)->scratch, trouble);
}

/* Collective: from the source. */
static gmmpi_status read_rows(const shard *points, row_filter filter, int64_t n_chosen, shard_options options,
                              shard *sample, gmmpi_error *error)
{
  row_choice *choice = NULL;
  dropped_rows none;
  if (choice_of_subsample(sample, points, reading_choice(stream_reading(points)), filter, n_chosen, &choice, error) !=
      GMMPI_OK) {
    choice_destroy(choice);
    return error->status;
  }
  if (options.scratch != NULL) options.scratch_bytes = bytes_of_node(sample);
  if (shard_read(sample, reading_source(stream_reading(points)), choice, options, &none, error) == GMMPI_OK &&
      options.scratch != NULL)
    tell_about_scratch(points, sample);
  return error->status;
}

/* Can the subsample be read from the source? One of a subsample is sent. */
static bool is_readable(const shard *points)
{
  if (!is_stream(points)) return false;
  const row_choice *choice = reading_choice(stream_reading(points));
  return choice == NULL || choice->filter.is_chosen == NULL;
}

/* How a subsample of n_samples points is held, and, if it is, how much room is left for a copy of it. */
static shard_options options_for(const shard *points, int64_t n_samples, bool readable, int64_t *room_for_copy)
{
  shard_options options = {.n_threads = points->n_threads, .single_precision = points->single_precision};
  shard_note_beside(points, &options);
  *room_for_copy = INT64_MAX;
  if (!readable) return options;
  int n_ranks;
  MPI_Comm_size(points->comm, &n_ranks);
  const int64_t room = stream_options(points)->subsample_bytes;
  const int64_t bytes = shard_bytes(n_samples, points->row_width, n_ranks, points->single_precision);
  if (room == 0) return options;
  if (bytes > room) {
    options.stream_bytes = room;
    options.scratch = stream_options(points)->scratch;
  }
  *room_for_copy = bytes > room ? 0 : room - bytes;
  return options;
}

gmmpi_status shard_subsample(const shard *points, bool (*is_chosen)(const void *context, int64_t row),
                             const void *context, shard **result, gmmpi_error *error)
{
  const row_filter filter = {is_chosen, context};
  const bool readable = is_readable(points);
  gmmpi_error local = {0};
  shard *sample = NULL;
  int64_t n_samples;
  const int64_t n_chosen = count_chosen(points, filter);
  MPI_Allreduce(&n_chosen, &n_samples, 1, MPI_INT64_T, MPI_SUM, points->comm);
  int64_t room_for_copy;
  const shard_options options = options_for(points, n_samples, readable, &room_for_copy);
  if (n_samples == 0)
    fail(&local, GMMPI_BAD_DATA, "no points were chosen for a subsample; choose some");
  else
    lay_out_for_reading(points->comm, "subsample", n_samples, points->n_features, &options, &sample, &local);
  if (sample != NULL) sample->room_for_copy = room_for_copy;
  if (sample != NULL) sample->weight_unit = points->weight_unit;
  shard_failure(points, &local);
  if (agree(points->comm, &local) == GMMPI_OK) {
    if (readable)
      read_rows(points, filter, n_chosen, options, sample, &local);
    else
      send_rows(points, filter, n_chosen, sample, &local);
  }
  if (local.status != GMMPI_OK) {
    shard_destroy(sample);
    sample = NULL;
    if (error != NULL) *error = local;
  }
  *result = sample;
  return local.status;
}
