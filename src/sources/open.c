/* SPDX-License-Identifier: BSD-3-Clause */
/* Opening a source: what the file is, and its kind's own way of opening it. */
#include "sources/beside.h"
#include "sources/kinds.h"
#include "sources/recognise.h"
#include "sources/settings.h"
#include "sources/shape.h"
#include "sources/source.h"
#include "sources/transforms.h"
#include "support/error.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A source that is not open yet, with the settings of its kind; copy belongs to it, also after an error. Not
 * collective. */
static gmmpi_status create(const char *data, const recognition *found, spool *copy, const source_options *options,
                           point_source **source, gmmpi_error *error)
{
  point_source *created = calloc(1, sizeof *created);
  if (created == NULL) {
    spool_release(copy);
    return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to open it", data);
  }
  const char *inside = data + found->path_length;
  created->kind = source_kinds[found->kind];
  created->copy = copy;
  created->path = recognised_path(data, found);
  created->file = copy != NULL ? strdup(copy->file) : strndup(data, (size_t)found->path_length);
  if (created->path == NULL || asprintf(&created->label, "%s%s", created->path, inside) < 0) created->label = NULL;
  created->place_word = "row";
  created->feature_word = "column";
  if (*inside != '\0') created->inside = strdup(inside + 1);
  *source = created;
  if (created->path == NULL || created->file == NULL || created->label == NULL ||
      (*inside != '\0' && created->inside == NULL))
    return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to open it", data);
  return settings_read(created->kind, options->words, options->n_words, &created->choices, &created->settings, error);
}

/* What the user said and the kind has no use for. */
static gmmpi_status check_words(point_source *source, const source_options *options, gmmpi_error *error)
{
  const source_kind *kind = source->kind;
  if (kind->suffixes == NULL) return GMMPI_OK; /* it is made of files, which have a say of their own */
  if (source->choices.transpose != 0 && !kind->transposes)
    return fail(error, GMMPI_WRONG_USAGE,
                "%s: --transpose: %s files are read by rows; turn it into HDF5 with gmmpi convert, and say --transpose "
                "when that is read",
                source->label, kind->name);
  const char *other = settings_word_of_others(kind, options->words, options->n_words);
  if (other != NULL)
    source_doubt(source, "--%s says nothing about %s files, and has no effect; leave it out", other, kind->name);
  return GMMPI_OK;
}

/* Collective: a shape that is not the same on all ranks means that they look at different files under one name. */
static gmmpi_status same_everywhere(MPI_Comm comm, const point_source *source, gmmpi_error *error)
{
  const int64_t mine[6] = {source->n_rows,  source->n_features,  source->n_columns,
                           -source->n_rows, -source->n_features, -source->n_columns};
  int64_t largest[6];
  MPI_Allreduce(mine, largest, 6, MPI_INT64_T, MPI_MAX, comm);
  for (int i = 0; i < 3; i++) {
    if (largest[i] != -largest[i + 3])
      return fail(error, GMMPI_BAD_DATA,
                  "%s: is not the same file on all nodes; put it where every node finds the same one", source->label);
  }
  return GMMPI_OK;
}

/* A source without rows. */
static gmmpi_status refuse_empty(const point_source *source, gmmpi_error *error)
{
  if (source->no_rows != NULL)
    return fail(error, GMMPI_BAD_DATA, "%s: %s; give a file with points", source->label, source->no_rows);
  return fail(error, GMMPI_BAD_DATA, "%s: holds 0 rows of %" PRId64 " columns; give a file with points", source->label,
              source->n_columns);
}

/* Collective. A file without a byte is of no kind, and needs none. */
static void open_kind(MPI_Comm comm, point_source *source, bool is_empty, const source_options *options,
                      gmmpi_error *error)
{
  if (is_empty)
    source->no_rows = "is empty";
  else
    source->kind->open(comm, source, options, error);
  agree(comm, error);
  spool_opened(source->copy);
}

/* Collective. */
static gmmpi_status open_source(MPI_Comm comm, const char *data, bool is_part, const source_options *options,
                                written_files *written, point_source **source, gmmpi_error *error)
{
  spool *copy = NULL;
  gmmpi_error local = {0};
  recognition found = {0};
  point_source *opened = NULL;
  if (recognise_data(comm, data, is_part, &found, &copy, &local) == GMMPI_OK) {
    if (create(data, &found, copy, options, &opened, &local) == GMMPI_OK) check_words(opened, options, &local);
    if (agree(comm, &local) == GMMPI_OK) {
      opened->written = written;
      open_kind(comm, opened, found.is_empty != 0, options, &local);
      opened->written = NULL;
    }
    if (local.status == GMMPI_OK) same_everywhere(comm, opened, &local);
  }
  if (local.status != GMMPI_OK) {
    source_close(opened);
    opened = NULL;
    if (error != NULL) *error = local;
  }
  *source = opened;
  return local.status;
}

gmmpi_status source_open_part(MPI_Comm comm, const char *data, const source_options *options, written_files *written,
                              point_source **source, gmmpi_error *error)
{
  return open_source(comm, data, true, options, written, source, error);
}

/* A file that is not finished may be the reason of an error: the warning comes before it. */
gmmpi_status source_open(MPI_Comm comm, const char *data, const source_options *options, point_source **source,
                         gmmpi_error *error)
{
  written_files written = {0};
  gmmpi_error failure = {0};
  if (open_source(comm, data, false, options, &written, source, &failure) == GMMPI_OK) {
    if ((*source)->n_rows == 0)
      refuse_empty(*source, &failure);
    else if (!beside_is_wanted(options) || beside_add(comm, options, source, &failure) == GMMPI_OK)
      transforms_settle(comm, *source, options, &failure);
  }
  if (failure.status != GMMPI_OK) {
    source_close(*source);
    *source = NULL;
  }
  int rank;
  MPI_Comm_rank(comm, &rank);
  written_files_warn(comm, &written);
  if (failure.status == GMMPI_OK && options->wanted.names == NULL) shape_remark(*source);
  if (failure.status == GMMPI_OK && rank == 0) notes_warn(&(*source)->notes, (*source)->label);
  return error_pass(error, &failure);
}
