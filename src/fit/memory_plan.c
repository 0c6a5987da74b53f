/* SPDX-License-Identifier: BSD-3-Clause */
#include "fit/memory_plan.h"

#include "fit/fit.h"
#include "sources/shape.h"
#include "support/error.h"
#include "support/linear_algebra.h"
#include "support/memory.h"

#include <stdio.h>

/* What libraries come to hold while a job goes on, beside what is counted. */
static const int64_t library_bytes = 24 << 20;

static int ranks_on_this_node(MPI_Comm comm)
{
  MPI_Comm node;
  int n;
  MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node);
  MPI_Comm_size(node, &n);
  MPI_Comm_free(&node);
  return n;
}

static int64_t least(int64_t a, int64_t b)
{
  return a < b ? a : b;
}

/* Collective: what every rank may still use. */
static int64_t room_of_all(MPI_Comm comm, int64_t limit, int64_t reserved)
{
  const int64_t allocatable = memory_allocatable();
  int64_t room = memory_available(ranks_on_this_node(comm));
  if (limit > 0) room = least(room, limit - memory_held() - library_bytes);
  if (allocatable < INT64_MAX) room = least(room, allocatable - reserved);
  if (room < 0) room = 0;
  MPI_Allreduce(MPI_IN_PLACE, &room, 1, MPI_INT64_T, MPI_MIN, comm);
  return room;
}

static double gigabytes(int64_t bytes)
{
  return (double)bytes * 1e-9;
}

/* Shares out what there is for points and subsamples that do not fit together. Subsamples, of which there are more
 * passes, are held if that leaves enough to read ahead. */
static void share_out(const memory_need *need, int64_t spare, shard_options *how)
{
  static const int64_t enough = INT64_C(256) << 20;
  int64_t kept = least(spare / 4, enough);
  if (kept < need->least) kept = need->least;
  int64_t subsamples = least(need->subsamples, INT64_MAX - kept);
  if (subsamples + kept > spare) {
    subsamples = spare / 2;
    if (subsamples < need->least_subsamples) subsamples = need->least_subsamples;
    if (subsamples > spare - need->least) subsamples = spare - need->least;
  }
  how->subsample_bytes = subsamples;
  how->stream_bytes = spare - subsamples;
}

/* Rank 0 says it. may_use, whole: bytes that a rank may use, and would need to hold everything. */
static void tell_about_streaming(const point_source *source, const memory_need *need, const shard_options *how,
                                 int64_t may_use, int64_t whole)
{
  char more[80] = "";
  if (how->subsample_bytes < need->subsamples)
    snprintf(more, sizeof more, ", and subsamples of more than %.3g GB", gigabytes(how->subsample_bytes));
  announce(
      "%s: a rank may use %.3g GB and would need %.3g GB to hold its points; it streams them, %.3g of %.3g GB at a "
      "time%s",
      source->label, gigabytes(may_use), gigabytes(whole), gigabytes(how->stream_bytes), gigabytes(need->points), more);
}

static void tell_about_bounds(const point_source *source, const memory_need *need, int64_t may_use, int64_t whole)
{
  announce("%s: a rank may use %.3g GB and needs %.3g GB; there is no room for %.3g GB more in which passes leave what "
           "spares the next ones work: the result is the same, but later",
           source->label, gigabytes(may_use), gigabytes(whole), gigabytes(need->bounds));
}

gmmpi_status memory_plan(MPI_Comm comm, const point_source *source, const memory_need *need, int64_t limit, bool quiet,
                         shard_options *how, gmmpi_error *error)
{
  int rank;
  MPI_Comm_rank(comm, &rank);
  const int64_t room = room_of_all(comm, limit, need->reserved);
  const int64_t rest = sum_of_bytes(2, (int64_t[]){need->rest, source->buffer_bytes});
  const int64_t whole = sum_of_bytes(3, (int64_t[]){rest, need->points, need->subsamples});
  const int64_t smallest = sum_of_bytes(3, (int64_t[]){rest, need->least, need->least_subsamples});
  how->stream_bytes = how->subsample_bytes = 0;
  how->without_bounds = need->bounds > 0 && sum_of_bytes(2, (int64_t[]){whole, need->bounds}) > room;
  if (whole <= room) {
    if (how->without_bounds && rank == 0 && !quiet) tell_about_bounds(source, need, limit > 0 ? limit : room, whole);
  } else if (smallest <= room && !source->streams) {
    fail(error, GMMPI_NO_MEMORY,
         "%s: a rank needs %.3g GB and has %.3g GB, and %s cannot be streamed; turn it into HDF5 with gmmpi convert, "
         "or use more nodes",
         source->label, gigabytes(whole), gigabytes(room), source->kind->name);
  } else if (smallest <= room) {
    /* Of memory that nobody has given a limit for, a part is left to the system. */
    share_out(need, room - rest - (limit > 0 ? 0 : (room - smallest) / 8), how);
    if (rank == 0 && !quiet) tell_about_streaming(source, need, how, limit > 0 ? limit : room, whole);
  } else {
    char shape[200];
    const char *raise = limit > 0 ? "raise --memory-limit, or " : "";
    const char *convert = source->streams ? "" : "turn it into HDF5 with gmmpi convert, which can be streamed, or ";
    const int64_t needed = source->streams ? least(smallest, whole) : whole;
    if (shape_advice(source, shape, sizeof shape))
      fail(error, GMMPI_NO_MEMORY, "%s: a rank needs %.3g GB and has %.3g GB: %s", source->label, gigabytes(needed),
           gigabytes(room), shape);
    else
      fail(error, GMMPI_NO_MEMORY, "%s: a rank needs %.3g GB and has %.3g GB; %s%s%s", source->label, gigabytes(needed),
           gigabytes(room), raise, convert, need->advice);
  }
  return agree(comm, error);
}

gmmpi_status memory_plan_fit(MPI_Comm comm, const point_source *source, const fit_memory *memory, int64_t rest,
                             int64_t limit, bool quiet, shard_options *how, gmmpi_error *error)
{
  int n_ranks;
  MPI_Comm_size(comm, &n_ranks);
  const int64_t all[] = {memory->rest, rest, shard_stream_tables_bytes(source->n_rows, n_ranks)};
  const memory_need need = {
      .rest = sum_of_bytes(3, all),
      .points = memory->points,
      .bounds = memory->bounds,
      .least = shard_least_stream_bytes(source->n_rows, source_row_width(source), shard_drops(how)),
      .subsamples = memory->subsamples,
      .least_subsamples = memory->least_subsamples,
      .reserved = LINEAR_ALGEBRA_BUFFER,
      .advice = "use more nodes, or a smaller model",
  };
  return memory_plan(comm, source, &need, limit, quiet, how, error);
}

gmmpi_status memory_check(MPI_Comm comm, int64_t needed, const char *what, gmmpi_error *error)
{
  const int64_t room = room_of_all(comm, 0, 0);
  if (needed > room)
    fail(error, GMMPI_NO_MEMORY, "%s: a rank needs %.3g GB and has %.3g GB; use more nodes, or a smaller model", what,
         (double)needed * 1e-9, (double)room * 1e-9);
  return agree(comm, error);
}
