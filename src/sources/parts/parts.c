/* SPDX-License-Identifier: BSD-3-Clause */
/* Several files as one data set: the rows of the first, then those of the second, and so on. Each is a source of its
 * own, of whatever kind.
 *
 * The ranks share out the files to learn how many rows they have, so that nobody opens thousands; which file is opened
 * for its rows is seen when they are read. */
#include "sources/parts/names.h"
#include "sources/parts/remarks.h"
#include "sources/source.h"
#include "support/error.h"
#include "support/file.h"
#include "support/large_messages.h"
#include "support/memory.h"
#include "support/ranges.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Files that are open at the same time, at most. */
enum { MOST_OPEN = 32 };

typedef struct parts_state {
  source_options options; /* a copy */
  char *names;            /* of all parts, one behind the other */
  int64_t n_parts;
  const char **parts;            /* n_parts, in names */
  int64_t *first_rows;           /* n_parts + 1 */
  int64_t model;                 /* the part whose features are those of all */
  point_source *open[MOST_OPEN]; /* part p at p modulo MOST_OPEN, or NULL */
  int64_t is_open[MOST_OPEN];    /* which part it is */
} parts_state;

static gmmpi_status out_of_memory(const point_source *source, gmmpi_error *error)
{
  return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to open its files", source->label);
}

/* Collective: rank 0 finds the files. */
static gmmpi_status find_parts(MPI_Comm comm, point_source *source, gmmpi_error *error)
{
  parts_state *state = source->state;
  int rank;
  int64_t n_bytes = 0;
  MPI_Comm_rank(comm, &rank);
  if (rank == 0) part_names_find(source->path, source->inside, &state->names, &n_bytes, error);
  if (agree(comm, error) != GMMPI_OK) return error->status;
  MPI_Bcast(&n_bytes, 1, MPI_INT64_T, 0, comm);
  if (rank != 0) state->names = allocate(n_bytes, 1);
  if (state->names == NULL) out_of_memory(source, error);
  if (agree(comm, error) != GMMPI_OK) return error->status;
  broadcast_large(comm, 0, state->names, n_bytes, MPI_BYTE);
  for (int64_t i = 0; i < n_bytes; i++) state->n_parts += state->names[i] == '\0' ? 1 : 0;
  state->parts = allocate(state->n_parts, sizeof *state->parts);
  state->first_rows = allocate(state->n_parts + 1, sizeof *state->first_rows);
  if (state->parts == NULL || state->first_rows == NULL) {
    out_of_memory(source, error);
  } else {
    const char *next = state->names;
    for (int64_t p = 0; p < state->n_parts; p++, next += strlen(next) + 1) state->parts[p] = next;
  }
  return agree(comm, error);
}

/* The model's features are those of all. */
static void take_features(point_source *source, point_source *model)
{
  source->n_features = model->n_features;
  source->n_columns = model->n_columns;
  source->has_names = model->has_names;
  source->streams = model->streams;
  source->has_texts = model->has_texts;
  source->is_transposed = model->is_transposed;
  source->has_fields = model->has_fields;
  source->column_major = model->column_major;
  source->columns = model->columns;
  source->feature_names = model->feature_names;
  source->n_beside = model->n_beside;
  memcpy(source->beside_columns, model->beside_columns, sizeof source->beside_columns);
  memcpy(source->all_columns, model->all_columns, sizeof source->all_columns);
  model->columns = NULL;
  model->feature_names = NULL;
}

/* A part without rows may say nothing of features, as one that was never written to; what names it has count. */
static gmmpi_status same_features(const point_source *source, const point_source *part, gmmpi_error *error)
{
  const parts_state *state = source->state;
  const char *model = state->parts[state->model];
  if (part->n_rows == 0 && (part->n_features == 0 || !part->has_names)) return GMMPI_OK;
  if (part->n_features != source->n_features)
    return fail(error, GMMPI_BAD_DATA,
                "%s: has %" PRId64 " features, %s has %" PRId64 "; leave it out, or pick the same with --columns",
                part->label, part->n_features, model, source->n_features);
  if (part->has_names != source->has_names)
    return fail(error, GMMPI_BAD_DATA, "%s: has %s for its features, %s has %s; leave it out, or write it anew",
                part->label, part->has_names ? "names" : "no names", model, source->has_names ? "names" : "none");
  for (int64_t j = 0; part->has_names && j < part->n_features; j++) {
    if (strcmp(part->feature_names[j], source->feature_names[j]) != 0)
      return fail(error, GMMPI_BAD_DATA,
                  "%s: feature %" PRId64 " is \"%.100s\", in %s it is \"%.100s\"; pick the same with --columns",
                  part->label, j + 1, part->feature_names[j], model, source->feature_names[j]);
  }
  return GMMPI_OK;
}

/* Not collective: a part for this rank alone. */
static gmmpi_status open_part(const point_source *source, int64_t index, point_source **part, gmmpi_error *error)
{
  const parts_state *state = source->state;
  gmmpi_error failure = {0};
  if (source->written != NULL) source->written->base = index;
  if (source_open_part(MPI_COMM_SELF, state->parts[index], &state->options, source->written, part, &failure) ==
      GMMPI_OK)
    same_features(source, *part, &failure);
  if (failure.status == GMMPI_OK) return GMMPI_OK;
  source_close(*part);
  *part = NULL;
  return fail_at(error, index + 1, failure.status, "%s", failure.message);
}

/* Collective: how many rows each part has, of which those up to the model have been opened. */
static gmmpi_status count_rows(MPI_Comm comm, point_source *source, const point_source *model, gmmpi_error *error)
{
  parts_state *state = source->state;
  int rank;
  int n_ranks;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &n_ranks);
  int64_t *rows = state->first_rows;
  if (rank == 0) rows[state->model + 1] = model->n_rows;
  part_remarks seen = part_remarks_none;
  for (int64_t p = rank; p < state->n_parts && error->status == GMMPI_OK; p += n_ranks) {
    point_source *part = NULL;
    if (p != state->model && open_part(source, p, &part, error) == GMMPI_OK) {
      rows[p + 1] = part->n_rows;
      part_remarks_look(&seen, model, p, part);
    }
    source_close(part);
  }
  if (agree(comm, error) != GMMPI_OK) {
    free(seen.notes);
    return error->status;
  }
  part_remarks_share(comm, source, state->parts, &seen);
  allreduce_large(comm, rows, state->n_parts + 1, MPI_INT64_T, MPI_SUM);
  for (int64_t p = 0; p < state->n_parts; p++) {
    if (__builtin_add_overflow(rows[p], rows[p + 1], &rows[p + 1]))
      return fail(error, GMMPI_BAD_DATA, "%s: its files claim more rows than can be counted; are they damaged?",
                  source->label);
  }
  source->n_rows = rows[state->n_parts];
  return GMMPI_OK;
}

/* Collective: the first part with rows, or NULL. */
static gmmpi_status open_model(MPI_Comm comm, point_source *source, const source_options *options, point_source **model,
                               gmmpi_error *error)
{
  parts_state *state = source->state;
  for (state->model = 0; state->model < state->n_parts; state->model++) {
    if (source->written != NULL) source->written->base = state->model;
    if (source_open_part(comm, state->parts[state->model], options, source->written, model, error) != GMMPI_OK)
      return error->status;
    if ((*model)->n_rows > 0) return GMMPI_OK;
    source_close(*model);
    *model = NULL;
  }
  source->no_rows = "none of its files has rows";
  return GMMPI_OK;
}

static gmmpi_status open_parts(MPI_Comm comm, point_source *source, const source_options *options, gmmpi_error *error)
{
  gmmpi_error local = {0};
  parts_state *state = calloc(1, sizeof *state);
  source->state = state;
  if (state == NULL)
    out_of_memory(source, &local);
  else
    source_options_copy(options, source->label, &state->options, &local);
  if (agree(comm, &local) == GMMPI_OK && find_parts(comm, source, &local) == GMMPI_OK) {
    point_source *model = NULL;
    if (open_model(comm, source, options, &model, &local) == GMMPI_OK && model != NULL) {
      take_features(source, model);
      source->buffer_bytes = model->buffer_bytes * (state->n_parts < MOST_OPEN ? state->n_parts : MOST_OPEN);
      part_remarks_of_model(source, state->parts[state->model], model);
      count_rows(comm, source, model, &local);
    }
    source_close(model);
  }
  if (local.status != GMMPI_OK) *error = local;
  return local.status;
}

static void close_parts(point_source *source)
{
  parts_state *state = source->state;
  for (int i = 0; i < MOST_OPEN; i++) source_close(state->open[i]);
  source_options_clear(&state->options);
  free(state->names);
  free(state->parts);
  free(state->first_rows);
  free(state);
}

/* --- reading --- */

/* The part, which is opened unless it is already. */
static gmmpi_status use_part(point_source *source, int64_t index, point_source **part, gmmpi_error *error)
{
  parts_state *state = source->state;
  const int place = (int)(index % MOST_OPEN);
  if (state->open[place] == NULL || state->is_open[place] != index) {
    source_close(state->open[place]);
    state->is_open[place] = index;
    const gmmpi_status status = open_part(source, index, &state->open[place], error);
    if (status != GMMPI_OK) return status;
  }
  *part = state->open[place];
  if ((*part)->n_rows == state->first_rows[index + 1] - state->first_rows[index]) return GMMPI_OK;
  return fail(error, GMMPI_BAD_DATA, "%s: changes while it is read, or is not the same file on all nodes",
              (*part)->label);
}

static gmmpi_status read_parts(point_source *source, int64_t first_row, int64_t n_rows, double *rows,
                               gmmpi_error *error)
{
  const parts_state *state = source->state;
  int64_t done = 0;
  while (done < n_rows) {
    const int64_t row = first_row + done;
    const int64_t index = range_with(state->n_parts, state->first_rows, row);
    const int64_t left = state->first_rows[index + 1] - row;
    const int64_t count = n_rows - done < left ? n_rows - done : left;
    point_source *part;
    gmmpi_status status = use_part(source, index, &part, error);
    if (status != GMMPI_OK) return status;
    gmmpi_error failure = {0};
    part->keeps_text = source->keeps_text;
    part->texts = source->texts;
    part->text_feature = source->text_feature;
    if (source->texts != NULL && !part->has_texts)
      return fail(error, GMMPI_BAD_DATA, "%s: has labels that are numbers, other files texts; give files of one kind",
                  part->label);
    status = source_read(part, row - state->first_rows[index], count, rows + done * source->n_features, &failure);
    if (status != GMMPI_OK)
      return fail_at(error, failure.place > 0 ? state->first_rows[index] + failure.place : 0, status, "%s",
                     failure.message);
    done += count;
  }
  return GMMPI_OK;
}

static void place_text(const point_source *source, int64_t place, char *text, size_t n_bytes)
{
  const parts_state *state = source->state;
  const int64_t index = range_with(state->n_parts, state->first_rows, place - 1);
  snprintf(text, n_bytes, "row %" PRId64 " of %s", place - state->first_rows[index], state->parts[index]);
}

static bool reads(const point_source *source, const char *path)
{
  const parts_state *state = source->state;
  bool found = source->path[0] == '@' && file_is_same(source->path + 1, path);
  for (int64_t p = 0; p < state->n_parts && !found; p++) {
    const char *part = state->parts[p];
    const size_t length = source_path_length(part);
    char *file = strndup(part, length);
    found = file != NULL && file_is_same(file, path);
    free(file);
  }
  return found;
}

const source_kind source_parts = {.name = "several files",
                                  .usage = "'PART-*.h5', or @LIST, a file of names",
                                  .is_meant = part_names_are_meant,
                                  .open = open_parts,
                                  .read = read_parts,
                                  .place_text = place_text,
                                  .reads = reads,
                                  .close = close_parts};
