/* SPDX-License-Identifier: BSD-3-Clause */
/* A shard from a source, of which each rank reads the rows it owns. */
#include "points/making/from_source.h"

#include "points/making/redistribute.h"
#include "points/reading/row_check.h"
#include "points/stream/stream.h"
#include "support/activity.h"
#include "support/error.h"
#include "support/memory.h"

#include <stdlib.h>

static gmmpi_status out_of_memory(const char *label, gmmpi_error *error)
{
  return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to read points", label);
}

gmmpi_status lay_out_for_reading(MPI_Comm comm, const char *label, int64_t n_samples, int64_t n_features,
                                 const shard_options *options, shard **points, gmmpi_error *error)
{
  return options->stream_bytes > 0 ? shard_lay_out(comm, label, n_samples, n_features, options, points, error)
                                   : held_lay_out(comm, label, n_samples, n_features, options, points, error);
}

/* This rank's rows that are kept: n_kept of them, counted from 0, and where they are in the source. */
static void list_kept(const shard *points, const shard_options *options, int64_t *picked, int64_t *origins, double *row)
{
  for (int64_t i = 0; i < points->n_rows; i++) {
    shard_copy_numbers(points, points->first_row + i, row);
    if (!row_is_kept(options, row, points->row_width)) continue;
    *picked++ = i;
    *origins++ = points->first_row + i;
  }
}

/* Collective: a shard of the rows that are left, made from the one that holds all of them. */
static gmmpi_status close_gaps(const char *label, shard_options options, const dropped_rows *dropped, shard **points,
                               gmmpi_error *error)
{
  const shard *old = *points;
  shard *new = NULL;
  const int64_t n_kept = old->n_rows - dropped->n_here;
  int64_t *picked = allocate(n_kept, sizeof *picked);
  int64_t *origins = allocate(n_kept, sizeof *origins);
  double *row = allocate(old->row_width, sizeof *row);
  if (picked == NULL || origins == NULL || row == NULL) out_of_memory(label, error);
  if (held_lay_out(old->comm, label, old->n_samples - dropped->all.n, old->n_features, &options, &new, error) ==
      GMMPI_OK) {
    shard_note_dropped(new, dropped->all);
    if (!held_remember_origins(new)) out_of_memory(label, error);
  }
  if (agree(old->comm, error) == GMMPI_OK) {
    list_kept(old, &options, picked, origins, row);
    const row_supply supply = {.n_rows = n_kept, .held = old, .picked = picked, .consumes = true, .origins = origins};
    shard_redistribute(&supply, new, error);
  }
  free(picked);
  free(origins);
  free(row);
  shard_destroy(*points);
  *points = new;
  return error->status;
}

/* Reads all rows, once. */
static gmmpi_status read_all(shard *points, row_reading *reading, const char *label, gmmpi_error *error)
{
  if (!points->is_streamed) return reading_rows(reading, 0, points->n_rows, held_place(points, 0), NULL, error);
  shard_pass pass = shard_pass_begin_ascending(points);
  while (shard_pass_next(&pass))
    activity_tell(&(activity){.doing = "reading",
                              .object = label,
                              .share = (double)pass.end_block / (double)shard_n_blocks(points),
                              .n = points->n_samples,
                              .unit = "rows"});
  return shard_failure(points, error);
}

gmmpi_status shard_read(shard *points, point_source *source, row_choice *choice, shard_options options,
                        dropped_rows *dropped, gmmpi_error *error)
{
  const bool streams = options.stream_bytes > 0;
  row_reading *reading = NULL;
  *dropped = (dropped_rows){0};
  if (reading_create(points, source, choice, options, streams ? 1 : points->n_threads, &reading, error) == GMMPI_OK &&
      streams)
    stream_open(points, reading, &options, error);
  if (agree(points->comm, error) == GMMPI_OK) {
    read_all(points, reading, source->label, error);
    reading_end(reading, points, &dropped->n_here, &dropped->all, error);
  }
  if (error->status == GMMPI_OK && streams && dropped->all.n == 0) {
    stream_surveyed(points); /* goes on reading */
    return GMMPI_OK;
  }
  if (error->status == GMMPI_OK) dropped->of_blocks = reading_take_dropped(reading);
  if (streams) stream_close(points);
  reading_destroy(reading);
  return error->status;
}

/* Collective: streams the rows that are left, when all have been looked at. */
static gmmpi_status stream_whole_rows(point_source *source, shard_options options, const dropped_rows *dropped,
                                      shard **points, gmmpi_error *error)
{
  const shard *all = *points;
  shard *new = NULL;
  row_choice *choice = NULL;
  dropped_rows none;
  shard_lay_out(all->comm, source->label, all->n_samples - dropped->all.n, all->n_features, &options, &new, error);
  if (agree(all->comm, error) == GMMPI_OK) {
    shard_note_dropped(new, dropped->all);
    if (choice_of_whole_rows(new, all, dropped->of_blocks, &choice, error) == GMMPI_OK) {
      shard_read(new, source, choice, options, &none, error);
      choice = NULL;
    }
  }
  choice_destroy(choice);
  shard_destroy(*points);
  *points = new;
  return error->status;
}

/* A source without a face has what is beside the features as its last columns. */
static int64_t features_of(const point_source *source, const shard_options *options)
{
  return source->n_features - (source->beside == NULL ? shard_n_beside(options) : 0);
}

gmmpi_status shard_create(MPI_Comm comm, point_source *source, shard_options options, shard **result,
                          gmmpi_error *error)
{
  gmmpi_error local = {0};
  shard *points = NULL;
  dropped_rows dropped = {0};
  const bool streams = options.stream_bytes > 0;
  lay_out_for_reading(comm, source->label, source->n_rows, features_of(source, &options), &options, &points, &local);
  if (agree(comm, &local) == GMMPI_OK && shard_read(points, source, NULL, options, &dropped, &local) == GMMPI_OK) {
    if (dropped.all.n > 0 && streams)
      stream_whole_rows(source, options, &dropped, &points, &local);
    else if (dropped.all.n > 0 && close_gaps(source->label, options, &dropped, &points, &local) == GMMPI_OK)
      held_complete(points, &local);
    else if (dropped.all.n == 0 && !streams)
      held_deal(points);
  }
  free(dropped.of_blocks);
  if (local.status != GMMPI_OK) {
    shard_destroy(points);
    points = NULL;
    if (error != NULL) *error = local;
  }
  *result = points;
  return local.status;
}
